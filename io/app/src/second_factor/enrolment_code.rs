//! Owns the code that is mailed before somebody sets up their first second factor, whichever way they came in: who has
//! only a password, or only a browser that was left open, binds no factor to the account (R-IN-4).

use orgate_core::challenge::ChallengePurpose;
use orgate_core::policy::AddressState;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{Tx, User};

use crate::app::App;
use crate::authorise::{self, Caller};
use crate::challenge::{self, Ask};
use crate::error::Error;
use crate::limit;
use crate::mail::MailTemplate;
use crate::mail::factor_letters::FactorMail;
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// Mails the code, bound to this session.
///
/// *Errors*: [`Refusal::NeedsProof`] while the address is not proven, [`Refusal::TooManyRequests`], and those of
/// [`authorise::account_recently`].
pub async fn mail(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = with_proven_address(tx, &caller).await?;
                limit::code_in(tx, app, ChallengePurpose::Enrolment, &user).await?;
                let bound_to = caller.session_id().to_string();
                let ask = Ask {
                    purpose: ChallengePurpose::Enrolment,
                    bound_to: &bound_to,
                    user_id: Some(&user.id),
                    email: &user.email,
                };
                let (_, code) = challenge::put(tx, app, ask).await?;
                app.outbox.put(tx, &user.email, MailTemplate::Factor(FactorMail::EnrolmentCode { code })).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Takes the code: a new token, with the code among its proofs. For 15 minutes the way to a first factor is free.
///
/// *Errors*: [`Refusal::InvalidCode`], [`Refusal::AttemptOver`], and those of [`authorise::account_recently`].
pub async fn confirm(app: &App, visitor: &Visitor, typed: &str) -> Result<Issued, Error> {
    let code = SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?;
    let issued = app
        .store
        .write((app.clone(), visitor.clone(), code), |tx, (app, visitor, code)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                with_proven_address(tx, &caller).await?;
                // A wrong try has to be kept, so the refusal travels as a value and the transaction commits.
                if let Err(refusal) = take(tx, app, &caller, code).await? {
                    return Ok(Err(refusal));
                }
                let shown =
                    Shown { proof: Proof::MailedCode { at: app.now() }, second: None, way: WayIn::EnrolmentCode };
                issue(tx, app, visitor, caller.user_id(), shown).await.map(Ok)
            })
        })
        .await?;
    issued.map_err(|refusal: Refusal| Error::from(refusal))
}

async fn with_proven_address(tx: &mut Tx, caller: &Caller) -> Result<User, Error> {
    let user = tx.instance().load_user(caller.user_id()).await?;
    if user.address == AddressState::Proven { Ok(user) } else { Err(Refusal::NeedsProof.into()) }
}

async fn take(tx: &mut Tx, app: &App, caller: &Caller, code: &SixDigitCode) -> Result<Result<(), Refusal>, Error> {
    let bound_to = caller.session_id().to_string();
    match tx.instance().find_challenge(ChallengePurpose::Enrolment, &bound_to, app.now()).await? {
        Some(pending) => challenge::take(tx, app, &pending, code).await,
        None => Ok(Err(Refusal::AttemptOver)),
    }
}
