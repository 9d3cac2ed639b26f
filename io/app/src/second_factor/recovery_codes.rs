//! Owns the set of recovery codes that a person has: given with the first factor, replaced on asking, shown once.

use orgate_core::id::UserId;
use orgate_core::refusal::Refusal;
use orgate_store::Tx;

use super::recovery_code::RecoveryCode;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise;
use crate::error::Error;
use crate::mail::MailTemplate;
use crate::mail::factor_letters::FactorMail;
use crate::visitor::Visitor;

/// Makes a new set; the old one is void. The person is mailed.
///
/// *Errors*: [`Refusal::NoSecondFactor`] where there is no factor that they could stand in for, and those of
/// [`authorise::account_recently`].
pub async fn renew(app: &App, visitor: &Visitor) -> Result<Vec<RecoveryCode>, Error> {
    let codes = app
        .store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                if !caller.check.has_second_factor {
                    return Err(Error::from(Refusal::NoSecondFactor(Vec::new())));
                }
                let user = tx.instance().load_user(caller.user_id()).await?;
                let codes = replace(tx, app, &user.id).await?;
                let event = Event::done("recovery-codes.replaced").target(&user.id, &user.name);
                audit::record(tx, app, Some(visitor), None, &Author::from(&caller), event).await?;
                let mail = FactorMail::RecoveryCodesReplaced { at: app.now(), security_url: super::totp::page(app) };
                app.outbox.put(tx, &user.email, MailTemplate::Factor(mail)).await?;
                Ok(codes)
            })
        })
        .await?;
    app.outbox.wake();
    Ok(codes)
}

/// A set for somebody who has none that serves: with a first factor, in its transaction. Nothing for who has one.
pub(crate) async fn give(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<Vec<RecoveryCode>, Error> {
    if tx.instance().count_unused_recovery_codes(user_id).await? > 0 {
        return Ok(Vec::new());
    }
    replace(tx, app, user_id).await
}

async fn replace(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<Vec<RecoveryCode>, Error> {
    let codes = RecoveryCode::generate_all(&*app.entropy);
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| code.hash(user_id)).collect();
    tx.instance().replace_recovery_codes(user_id, &hashes, app.now()).await?;
    Ok(codes)
}
