//! Owns the factors that a person types: the code of an authenticator app and a recovery code. Each serves once.

use orgate_core::actor::Actor;
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_store::{Tx, User};

use super::{recovery, totp};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::limit::{self, Basis, Guess};
use crate::mail::account_letters::AccountMail;
use crate::mail::templates::MailTemplate;
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// What sort of code was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedMethod {
    /// Of an authenticator app.
    Totp,
    /// One of the codes for the day on which that is lost.
    RecoveryCode,
}

impl TypedMethod {
    /// The method that it proves by.
    pub const fn method(self) -> AuthenticationMethod {
        match self {
            Self::Totp => AuthenticationMethod::Totp,
            Self::RecoveryCode => AuthenticationMethod::RecoveryCode,
        }
    }
}

/// A second factor as a person types it.
#[derive(Clone)]
pub struct TypedFactor {
    /// What sort.
    pub method: TypedMethod,
    /// As typed.
    pub code: String,
}

/// A counted try at a factor that is typed, and whose it is.
#[must_use = "say whether it was right"]
pub(crate) struct Try {
    guess: Guess,
    user: User,
    method: TypedMethod,
}

/// Counts a try, before the transaction that compares.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn count(
    app: &App,
    visitor: &Visitor,
    user: User,
    basis: Basis,
    method: TypedMethod,
) -> Result<Try, Error> {
    let guess = limit::second_factor(app, visitor, &user.id, basis).await?;
    Ok(Try { guess, user, method })
}

impl Try {
    /// Says what came of it, as [`Guess::settle`]. A wrong one is written down wherever it was typed.
    pub(crate) async fn settle<T>(self, app: &App, visitor: &Visitor, outcome: &Result<T, Error>) -> Result<(), Error> {
        let Self { guess, user, method } = self;
        guess.settle(app, outcome).await?;
        match outcome {
            Err(Error::Refused(refusal @ Refusal::InvalidCode)) => refused(app, visitor, &user, method, refusal).await,
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Uses the factor up, once. The "no" travels as a value, so that what has to be kept of a wrong try is kept. Whoever calls
/// this counted the try before ([`count`]).
///
/// *Source*: R-IN-4, T-MFA-3.
pub(crate) async fn take(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user: &User,
    typed: &TypedFactor,
) -> Result<Result<Proof, Refusal>, Error> {
    // Recovery codes alone are no factor.
    if !user.has_second_factor {
        return Ok(Err(Refusal::InvalidCode));
    }
    let at = app.now();
    let (right, proof) = match typed.method {
        TypedMethod::Totp => (take_totp(tx, app, user, &typed.code).await?, Proof::Totp { at }),
        TypedMethod::RecoveryCode => {
            (take_recovery_code(tx, app, visitor, user, &typed.code).await?, Proof::RecoveryCode { at })
        }
    };
    Ok(if right { Ok(proof) } else { Err(Refusal::InvalidCode) })
}

async fn take_totp(tx: &mut Tx, app: &App, user: &User, typed: &str) -> Result<bool, Error> {
    let Some(code) = SixDigitCode::parse(typed) else { return Ok(false) };
    let Some(credential) = tx.instance().find_totp(&user.id).await? else { return Ok(false) };
    let secret = app.sealer.open(&totp::place(&user.id), &credential.sealed_secret)?;
    match totp::matching_step(&secret, &code, app.now())? {
        Some(step) => Ok(tx.instance().accept_totp_step(&credential, step).await?),
        None => Ok(false),
    }
}

/// The person is told: whoever found their list of codes is noticed.
async fn take_recovery_code(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user: &User,
    typed: &str,
) -> Result<bool, Error> {
    let now = app.now();
    let hash = recovery::hash(&user.id, typed);
    if !tx.instance().consume_recovery_code(&user.id, &hash, now).await? {
        return Ok(false);
    }
    let left = tx.instance().count_unused_recovery_codes(&user.id).await?;
    let author = Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) };
    let event =
        Event::done("recovery-code.used").target(&user.id, &user.name).data(serde_json::json!({ "left": left }));
    audit::record(tx, app, Some(visitor), None, &author, event).await?;
    let security_url = app.settings.public_url.link("/account/security");
    let mail = AccountMail::RecoveryCodeUsed { at: now, left, security_url };
    app.outbox.put(tx, &user.email, MailTemplate::Account(mail)).await?;
    Ok(true)
}

/// Writes a wrong factor down: at most one event a person, network and minute, so a storm fills no disk (R-OPS-3).
async fn refused(
    app: &App,
    visitor: &Visitor,
    user: &User,
    method: TypedMethod,
    refusal: &Refusal,
) -> Result<(), Error> {
    let event = Event::refused("session.refused", refusal.code())
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "method": method.method().as_str() }));
    limit::note_refused(app, visitor, user.id.as_str(), event).await
}
