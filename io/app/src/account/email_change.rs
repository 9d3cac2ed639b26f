//! Owns taking another address: a code is mailed to the new one, and whoever types it in the session that asked has proven
//! it. The answer is the same whether somebody has that address or not; only its mailbox hears the difference (R-IN-5).
//! Enforcement follows memberships, so a new address leads out of nothing, and whom it binds changes none (T-ENF-5).

use orgate_core::challenge::ChallengePurpose;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ChallengeId, Identifier as _};
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Challenge, Constraint, StoreError, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::challenge::{self, Ask};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::input::Input;
use crate::limit;
use crate::mail::MailTemplate;
use crate::mail::account_letters::AccountMail;
use crate::password_reset;
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// A change that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailChange {
    /// Which one.
    pub id: ChallengeId,
    /// The address that the code was mailed to.
    pub email: String,
    /// Until when the code is good.
    pub expires_at: Timestamp,
}

/// Whether the person may ask for another address, for the page that asks which.
///
/// *Errors*: those of [`begin`].
pub async fn may_begin(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                may_change(tx, app, &caller).await.map(|_| ())
            })
        })
        .await
}

/// Mails a code to the new address. Where somebody has it proven, the mail says so instead, and no code serves.
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::SsoRequired`] where enforcement binds the person (R-ENF-11, T-ENF-5),
/// [`Refusal::NeedsProof`] while the own address is not proven, [`Refusal::TooManyRequests`], and those of
/// [`authorise::account_recently`].
pub async fn begin(app: &App, visitor: &Visitor, typed: &str) -> Result<EmailChange, Error> {
    let mut input = Input::default();
    let Some(email) = input.new_email("email", typed) else { return Err(input.refused()) };
    let begun = app
        .store
        .write((app.clone(), visitor.clone(), email), |tx, (app, visitor, email)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = may_change(tx, app, &caller).await?;
                if user.email.as_str() == email.as_str() {
                    return Err(crate::error::invalid("email", "This is your address already."));
                }
                limit::email_change(tx, app, &user.id).await?;
                limit::mail_in(tx, app, email.key()).await?;
                ask(tx, app, visitor, &caller, &user, email).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(begun)
}

/// The change that this session waits for, for the page that asks for its code.
///
/// *Errors*: [`Refusal::AttemptOver`], and those of [`authorise::account`].
pub async fn find(app: &App, visitor: &Visitor, id: &str) -> Result<EmailChange, Error> {
    let id = ChallengeId::parse(id).ok_or(Refusal::AttemptOver)?;
    app.store
        .read((app.clone(), visitor.clone(), id), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                let challenge = pending(tx, app, &caller, id).await?;
                Ok(EmailChange {
                    id: challenge.id,
                    email: challenge.email.to_string(),
                    expires_at: challenge.expires_at,
                })
            })
        })
        .await
}

/// Takes the code, once: the new address is the person's, proven. Every other session ends, what was mailed to the old
/// address serves no more, and that address is told.
///
/// *Errors*: [`Refusal::InvalidCode`], [`Refusal::AttemptOver`] (also when somebody else has proven the address meanwhile),
/// [`Refusal::SsoRequired`], and those of [`authorise::account`].
pub async fn confirm(app: &App, visitor: &Visitor, id: &str, typed: &str) -> Result<(), Error> {
    let id = ChallengeId::parse(id).ok_or(Refusal::AttemptOver)?;
    let code = SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?;
    let outcome: Result<(), Refusal> = app
        .store
        .write((app.clone(), visitor.clone(), id, code), |tx, (app, visitor, id, code)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                let user = may_change(tx, app, &caller).await?;
                // A wrong try has to be kept, so the refusal travels as a value and the transaction commits.
                match take(tx, app, &caller, id, code).await? {
                    Err(refusal) => Ok(Err(refusal)),
                    Ok(email) => change(tx, app, visitor, &caller, &user, &email).await.map(Ok),
                }
            })
        })
        .await?;
    app.outbox.wake();
    outcome.map_err(Error::from)
}

/// The person, if their address is theirs to change and no enforcement binds them.
async fn may_change(tx: &mut Tx, app: &App, caller: &Caller) -> Result<User, Error> {
    let user = tx.instance().load_user(caller.user_id()).await?;
    match user.address {
        // Who lost their address with its domain gives the account another one (R-LNK-7).
        AddressState::Proven | AddressState::Unproven => {}
        AddressState::LocalTo(_) => return Err(Refusal::NeedsProof.into()),
    }
    let epoch = tx.instance().load_policy_epoch().await?;
    password_reset::allowed(tx, &user, epoch, app.now()).await??;
    Ok(user)
}

async fn ask(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    user: &User,
    email: &EmailAddress,
) -> Result<EmailChange, Error> {
    let bound_to = caller.session_id().to_string();
    let ask = Ask { purpose: ChallengePurpose::EmailChange, bound_to: &bound_to, user_id: Some(&user.id), email };
    let (challenge, code) = challenge::put(tx, app, ask).await?;
    let mail = if is_anothers(tx, user, email).await? {
        AccountMail::EmailTaken { sign_in_url: app.settings.public_url.link("/sign-in") }
    } else {
        AccountMail::EmailChangeCode { code }
    };
    app.outbox.put(tx, email, MailTemplate::Account(mail)).await?;
    let event = Event::done("user.email-change-requested").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), None, &Author::from(caller), event).await?;
    Ok(EmailChange { id: challenge.id, email: email.to_string(), expires_at: challenge.expires_at })
}

async fn is_anothers(tx: &mut Tx, user: &User, email: &EmailAddress) -> Result<bool, Error> {
    Ok(tx.instance().find_user_by_proven_email(email).await?.is_some_and(|holder| holder.id != user.id))
}

async fn pending(tx: &mut Tx, app: &App, caller: &Caller, id: &ChallengeId) -> Result<Challenge, Error> {
    let bound_to = caller.session_id().to_string();
    let found = tx.instance().find_challenge(ChallengePurpose::EmailChange, &bound_to, app.now()).await?;
    let found = found.filter(|challenge| challenge.id == *id);
    Ok(found.ok_or(Refusal::AttemptOver)?)
}

async fn take(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    id: &ChallengeId,
    code: &SixDigitCode,
) -> Result<Result<EmailAddress, Refusal>, Error> {
    let pending = pending(tx, app, caller, id).await?;
    Ok(challenge::take(tx, app, &pending, code).await?.map(|()| pending.email))
}

async fn change(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    user: &User,
    email: &EmailAddress,
) -> Result<(), Error> {
    let now = app.now();
    // A code that was never mailed may have been guessed: the address is looked for again.
    if is_anothers(tx, user, email).await? {
        return Err(Refusal::AttemptOver.into());
    }
    match tx.instance().change_email(&user.id, email, now).await {
        Ok(true) => {}
        // Somebody proved it between the look and the update.
        Ok(false) | Err(StoreError::Conflict(Constraint::UserProvenEmail)) => return Err(Refusal::AttemptOver.into()),
        Err(fault) => return Err(fault.into()),
    }
    // What was mailed to the old address gives no power over this account any more.
    let mut instance = tx.instance();
    instance.delete_password_resets_of_user(&user.id).await?;
    instance.delete_departures_everywhere(&user.id).await?;
    instance.delete_challenges_of_user(&user.id).await?;
    instance.end_sessions_of_user(&user.id, Some(caller.session_id()), "email-changed", now).await?;
    way_back::review_of_user(tx, app, &user.id).await?;
    tell(tx, app, visitor, caller, user, email).await
}

/// The person's log, the log of every organization they are in, and the old address.
async fn tell(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    user: &User,
    email: &EmailAddress,
) -> Result<(), Error> {
    let event = || {
        Event::done("user.email-changed")
            .target(&user.id, &user.name)
            .data(serde_json::json!({ "from": user.email.as_str(), "to": email.as_str() }))
    };
    let author = Author::from(caller);
    audit::record(tx, app, Some(visitor), None, &author, event()).await?;
    for place in &caller.check.places {
        audit::record(tx, app, Some(visitor), Some(&place.organization_id), &author, event()).await?;
    }
    let mail = AccountMail::EmailChanged { at: app.now(), masked_email: email.masked() };
    app.outbox.put(tx, &user.email, MailTemplate::Account(mail)).await?;
    Ok(())
}
