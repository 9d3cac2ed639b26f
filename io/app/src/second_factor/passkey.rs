//! Owns adding a passkey, naming it and taking it away. It is a second factor, so it is added on the same terms as any
//! other (R-IN-4), and a way in by itself, so the last one is not taken from who has nothing else.

use orgate_core::id::{Identifier as _, PasskeyId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::passkey::{CeremonyPurpose, MOST_PASSKEYS};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{Constraint, Passkey, StoreError, Tx, User};

use super::removal::{self, RemovalForecast};
use super::totp::{Enrolled, page};
use super::{keep_way_back_without, may_enrol, recovery_codes, refresh};
use crate::account::ways;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::enforcement::way_back;
use crate::entropy::Draw as _;
use crate::error::{Error, invalid};
use crate::input::Input;
use crate::limit;
use crate::mail::MailTemplate;
use crate::mail::factor_letters::{Factor, FactorMail};
use crate::passkey::ceremony::{self, Begun, BoundTo};
use crate::passkey::{Attestation, NewCredential, Site};
use crate::sign_in::issue::{Shown, issue};
use crate::sign_in::passkey::Answered;
use crate::visitor::Visitor;

/// The person's passkeys, oldest first.
///
/// *Errors*: those of [`authorise::account`].
pub async fn list(app: &App, visitor: &Visitor) -> Result<Vec<Passkey>, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                Ok(tx.instance().list_passkeys(caller.user_id()).await?)
            })
        })
        .await
}

/// One of them.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`list`].
pub async fn find(app: &App, visitor: &Visitor, id: &str) -> Result<Passkey, Error> {
    let all = list(app, visitor).await?;
    all.into_iter().find(|passkey| passkey.id.as_str() == id).ok_or_else(|| Refusal::NotFound.into())
}

/// Draws the challenge for a new one, bound to this session.
///
/// *Errors*: [`Refusal::MethodNotOffered`], [`Refusal::InvalidInput`] for who has too many, and those of `may_enrol`.
pub async fn begin(app: &App, visitor: &Visitor) -> Result<Begun, Error> {
    let site = Site::of(app)?;
    limit::challenge(app, visitor).await?;
    app.store
        .write((app.clone(), visitor.clone(), site), |tx, (app, visitor, site)| {
            Box::pin(async move {
                let caller = may_enrol(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let known = tx.instance().list_passkeys(&user.id).await?;
                if u64::try_from(known.len()).unwrap_or(u64::MAX) >= MOST_PASSKEYS {
                    return Err(invalid("credential", "You have as many passkeys as there can be. Remove one first."));
                }
                let bound_to = BoundTo::Session(caller.session_id().clone());
                let (id, challenge) = ceremony::draw(tx, app, CeremonyPurpose::Enrolment, &bound_to).await?;
                Ok(Begun { id, options: site.creation_options(&user, &known, &challenge) })
            })
        })
        .await
}

/// Takes the answer: the passkey is a second factor, and a way in. Every other session ends, and the person is mailed.
///
/// *Errors*: [`Refusal::Passkey`], [`Refusal::AttemptOver`], [`Refusal::FactorExists`], [`Refusal::InvalidInput`] for the
/// name, [`Refusal::TooManyRequests`], and those of [`begin`].
pub async fn finish(app: &App, visitor: &Visitor, answered: &Answered, name: &str) -> Result<Enrolled, Error> {
    let site = Site::of(app)?;
    let name = named(name)?;
    let caller = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| Box::pin(may_enrol(tx, app, visitor)))
        .await?;
    limit::confirmation(app, &caller).await?;
    let bound_to = BoundTo::Session(caller.session_id().clone());
    let challenge = ceremony::consume(app, &answered.ceremony_id, CeremonyPurpose::Enrolment, bound_to).await?;
    let attestation = Attestation::parse(&answered.credential).map_err(Refusal::from)?;
    let made = site.register(&challenge, &attestation).map_err(Refusal::from)?;
    let enrolled = app
        .store
        .write((app.clone(), visitor.clone(), made, name), |tx, (app, visitor, made, name)| {
            Box::pin(async move {
                let caller = may_enrol(tx, app, visitor).await?;
                enrol(tx, app, visitor, &caller, (made, name)).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(enrolled)
}

fn named(typed: &str) -> Result<String, Error> {
    let mut input = Input::default();
    let name = input.name("name", typed);
    input.finish()?;
    name.map(|name| name.as_str().to_owned()).ok_or_else(|| Refusal::NotFound.into())
}

async fn enrol(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    (made, name): (&NewCredential, &str),
) -> Result<Enrolled, Error> {
    let (now, user) = (app.now(), tx.instance().load_user(caller.user_id()).await?);
    let passkey = Passkey {
        id: app.entropy.id(now),
        user_id: user.id.clone(),
        credential_id: made.credential_id.clone(),
        public_key: made.public_key.clone(),
        name: name.to_owned(),
        sign_count: made.sign_count,
        backup_eligible: made.backup_eligible,
        backed_up: made.backed_up,
        created_at: now,
        last_used_at: None,
    };
    tx.instance().insert_passkey(&passkey).await.map_err(|error| match error {
        StoreError::Conflict(Constraint::PasskeyCredential) => Error::from(Refusal::FactorExists),
        other => Error::from(other),
    })?;
    refresh(tx, app, caller).await?;
    let recovery_codes = recovery_codes::give(tx, app, &user.id).await?;
    note(tx, app, visitor, (caller, &user), "passkey.added", &passkey.name).await?;
    let mail = FactorMail::Added { factor: Factor::Passkey, at: now, security_url: page(app) };
    app.outbox.put(tx, &user.email, MailTemplate::Factor(mail)).await?;
    let shown = Shown::one(Proof::Passkey { at: now }, WayIn::PasskeyEnrolment);
    let issued = issue(tx, app, visitor, &user.id, shown).await?;
    Ok(Enrolled { issued, recovery_codes })
}

async fn note(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    (caller, user): (&Caller, &User),
    action: &'static str,
    name: &str,
) -> Result<(), Error> {
    let event = Event::done(action).target(&user.id, &user.name).data(serde_json::json!({ "name": name }));
    audit::record(tx, app, Some(visitor), None, &Author::from(caller), event).await
}

/// Gives it another name.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::InvalidInput`], and those of [`authorise::account`].
pub async fn rename(app: &App, visitor: &Visitor, id: &str, name: &str) -> Result<(), Error> {
    let (id, name) = (PasskeyId::parse(id).ok_or(Refusal::NotFound)?, named(name)?);
    app.store
        .write((app.clone(), visitor.clone(), id, name), |tx, (app, visitor, id, name)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                if !tx.instance().rename_passkey(&user.id, id, name).await? {
                    return Err(Error::from(Refusal::NotFound));
                }
                note(tx, app, visitor, (&caller, &user), "passkey.renamed", name).await
            })
        })
        .await
}

/// Its name, and what removing it would mean, for the page that asks before.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::account_recently`].
pub async fn forecast_removal(app: &App, visitor: &Visitor, id: &str) -> Result<(String, RemovalForecast), Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.to_owned()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let Removal { passkey, is_last_factor, .. } = find_removal(tx, &caller, id).await?;
                Ok((passkey.name, removal::forecast(tx, &caller, is_last_factor).await?))
            })
        })
        .await
}

struct Removal {
    passkey: Passkey,
    is_last: bool,
    is_last_factor: bool,
}

async fn find_removal(tx: &mut Tx, caller: &Caller, id: &str) -> Result<Removal, Error> {
    let all = tx.instance().list_passkeys(caller.user_id()).await?;
    let is_last = all.len() == 1;
    let passkey = all.into_iter().find(|passkey| passkey.id.as_str() == id).ok_or(Refusal::NotFound)?;
    let totp = tx.instance().find_totp(caller.user_id()).await?;
    let has_totp = totp.is_some_and(|totp| totp.confirmed_at.is_some());
    Ok(Removal { passkey, is_last, is_last_factor: is_last && !has_totp })
}

/// Takes it away. Every other session ends, and the person is mailed.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::LastWayIn`], [`Refusal::NoWayBackIn`], and those of
/// [`authorise::account_recently`], which asks for the factor. *Source*: T-MFA-5, R-ENF-14.
pub async fn remove(app: &App, visitor: &Visitor, id: &str) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), id.to_owned()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let removal = find_removal(tx, &caller, id).await?;
                may_go(tx, app, &caller, &removal).await?;
                tx.instance().delete_passkey(&user.id, &removal.passkey.id).await?;
                refresh(tx, app, &caller).await?;
                note(tx, app, visitor, (&caller, &user), "passkey.removed", &removal.passkey.name).await?;
                let mail = FactorMail::Removed { factor: Factor::Passkey, at: app.now(), security_url: page(app) };
                app.outbox.put(tx, &user.email, MailTemplate::Factor(mail)).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Whether the person, and every organization that they are the way back into, can do without it. Asked before anything is
/// written.
async fn may_go(tx: &mut Tx, app: &App, caller: &Caller, removal: &Removal) -> Result<(), Error> {
    if !removal.is_last {
        return Ok(());
    }
    let ways = ways::of(tx, app, caller).await?;
    if !ways.is_in_without(AuthenticationMethod::Passkey) {
        return Err(Refusal::LastWayIn.into());
    }
    if !ways.have(AuthenticationMethod::Password) {
        way_back::keep_all(tx, app, caller).await?;
    }
    if removal.is_last_factor { keep_way_back_without(tx, app, caller).await } else { Ok(()) }
}
