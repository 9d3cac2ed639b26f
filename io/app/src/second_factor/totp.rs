//! Owns setting up an authenticator app and taking it away. The secret waits until a right code shows that the app has it;
//! that code's step is used up by it (T-MFA-3).

use std::time::Duration;

use orgate_core::id::UserId;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{TotpCredential, Tx, User};
use zeroize::Zeroizing;

use super::authenticator::TotpSecret;
use super::recovery_code::RecoveryCode;
use super::removal::{self, RemovalForecast};
use super::{keep_way_back_without, may_enrol, recovery_codes, refresh};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::error::{Error, invalid};
use crate::limit;
use crate::mail::MailTemplate;
use crate::mail::factor_letters::{Factor, FactorMail};
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// How long a secret waits for its first code. *Units*: fifteen minutes, as long as the proofs are recent that began it.
const PENDING_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A secret that waits for its first right code.
#[derive(Debug, Clone)]
pub struct PendingTotp {
    /// The secret, to be typed.
    pub secret: Zeroizing<String>,
    /// The same as the QR code says it.
    pub uri: Zeroizing<String>,
}

/// What setting up ends in.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The session's new token, with the factor among its proofs (T-WEB-3).
    pub issued: Issued,
    /// New recovery codes, shown this once; none for who had some already.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// Draws a secret, in place of another that waits.
///
/// *Errors*: [`Refusal::FactorExists`], and those of `may_enrol`.
pub async fn begin(app: &App, visitor: &Visitor) -> Result<PendingTotp, Error> {
    app.store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = may_enrol(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let secret = TotpSecret::generate(&*app.entropy);
                let sealed = secret.seal(app, &user.id)?;
                if !tx.instance().set_pending_totp(&user.id, &sealed, app.now()).await? {
                    return Err(Error::from(Refusal::FactorExists));
                }
                let event = Event::done("totp.begun").target(&user.id, &user.name);
                audit::record(tx, app, Some(visitor), None, &Author::from(&caller), event).await?;
                Ok(shown(app, &user, &secret))
            })
        })
        .await
}

/// The secret that waits, for the page that shows it.
///
/// *Errors*: [`Refusal::AttemptOver`] when none waits any more, and those of `may_enrol`.
pub async fn find(app: &App, visitor: &Visitor) -> Result<PendingTotp, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = may_enrol(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let (_, secret) = pending(tx, app, &user.id).await?;
                Ok(shown(app, &user, &secret))
            })
        })
        .await
}

/// Takes the first code: the app is a second factor. Every other session ends, and the person is mailed.
///
/// *Errors*: [`Refusal::InvalidInput`] for a wrong code, [`Refusal::AttemptOver`], [`Refusal::TooManyRequests`], and those
/// of `may_enrol`.
pub async fn confirm(app: &App, visitor: &Visitor, typed: &str) -> Result<Enrolled, Error> {
    let code = SixDigitCode::parse(typed).ok_or_else(wrong_code)?;
    let caller = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| Box::pin(may_enrol(tx, app, visitor)))
        .await?;
    limit::confirmation(app, &caller).await?;
    let enrolled = app
        .store
        .write((app.clone(), visitor.clone(), code), |tx, (app, visitor, code)| {
            Box::pin(async move {
                let caller = may_enrol(tx, app, visitor).await?;
                enrol(tx, app, visitor, &caller, code).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(enrolled)
}

async fn enrol(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    code: &SixDigitCode,
) -> Result<Enrolled, Error> {
    let (now, user) = (app.now(), tx.instance().load_user(caller.user_id()).await?);
    let (credential, secret) = pending(tx, app, &user.id).await?;
    let step = secret.step_of(code, now)?.ok_or_else(wrong_code)?;
    if !tx.instance().confirm_totp(&credential, step, now).await? {
        return Err(Refusal::AttemptOver.into());
    }
    refresh(tx, app, caller).await?;
    let recovery_codes = recovery_codes::give(tx, app, &user.id).await?;
    let event = Event::done("totp.added").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), None, &Author::from(caller), event).await?;
    let mail = FactorMail::Added { factor: Factor::Authenticator, at: now, security_url: page(app) };
    app.outbox.put(tx, &user.email, MailTemplate::Factor(mail)).await?;
    let shown = Shown { proof: Proof::Totp { at: now }, second: None, way: WayIn::TotpEnrolment };
    let issued = issue(tx, app, visitor, &user.id, shown).await?;
    Ok(Enrolled { issued, recovery_codes })
}

/// Takes the app away. Every other session ends, and the person is mailed. With the last factor go its recovery codes;
/// where an organization asks for a factor, it is closed until there is one again.
///
/// *Errors*: [`Refusal::NotFound`] where there is none, [`Refusal::NoWayBackIn`], and those of
/// [`authorise::account_recently`], which asks for the factor. *Source*: T-MFA-5, R-ENF-14.
pub async fn remove(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let stored = tx.instance().find_totp(&user.id).await?;
                if stored.is_none_or(|stored| stored.confirmed_at.is_none()) {
                    return Err(Error::from(Refusal::NotFound));
                }
                tx.instance().delete_totp(&user.id).await?;
                if !super::has_one(tx, &user.id).await? {
                    keep_way_back_without(tx, app, &caller).await?;
                }
                refresh(tx, app, &caller).await?;
                let event = Event::done("totp.removed").target(&user.id, &user.name);
                audit::record(tx, app, Some(visitor), None, &Author::from(&caller), event).await?;
                let mail =
                    FactorMail::Removed { factor: Factor::Authenticator, at: app.now(), security_url: page(app) };
                app.outbox.put(tx, &user.email, MailTemplate::Factor(mail)).await?;
                Ok(())
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// What removing it would mean, for the page that asks before.
///
/// *Errors*: [`Refusal::NotFound`] where there is none, and those of [`authorise::account_recently`].
pub async fn forecast_removal(app: &App, visitor: &Visitor) -> Result<RemovalForecast, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let stored = tx.instance().find_totp(caller.user_id()).await?;
                if stored.is_none_or(|stored| stored.confirmed_at.is_none()) {
                    return Err(Error::from(Refusal::NotFound));
                }
                let is_last = !super::has_another(tx, caller.user_id()).await?;
                removal::forecast(tx, &caller, is_last).await
            })
        })
        .await
}

async fn pending(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<(TotpCredential, TotpSecret), Error> {
    let stored = tx.instance().find_totp(user_id).await?;
    let is_alive = |stored: &TotpCredential| {
        stored.confirmed_at.is_none() && app.now().since(stored.created_at) <= PENDING_LIFETIME
    };
    let pending = stored.filter(is_alive).ok_or(Refusal::AttemptOver)?;
    let secret = TotpSecret::open(app, user_id, &pending.sealed_secret)?;
    Ok((pending, secret))
}

fn shown(app: &App, user: &User, secret: &TotpSecret) -> PendingTotp {
    PendingTotp { secret: secret.text(), uri: secret.uri(&app.settings.product_name, user.email.as_str()) }
}

fn wrong_code() -> Error {
    invalid("code", "This is not the code that the app shows now. Codes change every 30 seconds.")
}

/// Where the person sees their factors.
pub(super) fn page(app: &App) -> String {
    app.settings.public_url.link("/account/security")
}
