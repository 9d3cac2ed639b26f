//! Owns a person's own account: name and password here, address, closing and export beside. Its sessions are in [`crate::session`], setting a forgotten password
//! in [`crate::password_reset`].

pub mod closing;
pub mod email_change;
pub mod export;
mod password_removal;
pub(crate) mod ways;

pub use password_removal::{may_remove_password, remove_password};
pub use ways::Ways;

use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_store::{Identity, PasswordCredential, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::input::Input;
use crate::limit;
use crate::mail::templates::MailTemplate;
use crate::password_reset;
use crate::passwords::{Comparison, Password};
use crate::session::{self, SessionView};
use crate::visitor::Visitor;

/// What "Sign-in and security" shows.
#[derive(Debug, Clone)]
pub struct Security {
    /// Who.
    pub user: User,
    /// Whether the address is proven.
    pub email_proven: bool,
    /// Whether there is a password.
    pub has_password: bool,
    /// The ways in that can be used.
    pub ways: Ways,
    /// The identities at organizations' IdPs, with the organization's name.
    pub identities: Vec<(Identity, String)>,
    /// The sessions, this one first.
    pub sessions: Vec<SessionView>,
}

/// A new password, with the old one where there is one.
#[derive(Clone)]
pub struct PasswordChange {
    /// The password so far.
    pub current: Option<String>,
    /// The password from now on.
    pub new: String,
}

/// Gives the person another name, which every organization sees: so the account has to be open. Who is known to one
/// organization only is renamed for nobody else, and needs no more than its sign-on.
///
/// *Errors*: `Refusal::InvalidInput`, and those of [`authorise::account`]. *Source*: R-IN-9, R-LNK-6.
pub async fn rename(app: &App, visitor: &Visitor, name: &str) -> Result<(), Error> {
    let mut input = Input::default();
    let Some(name) = input.name("name", name) else { return Err(input.refused()) };
    app.store
        .write((app.clone(), visitor.clone(), name), |tx, (app, visitor, name)| {
            Box::pin(async move {
                let caller = may_rename(tx, app, visitor).await?;
                if caller.check.name == name.as_str() {
                    return Ok(());
                }
                tx.instance().rename_user(caller.user_id(), name.as_str()).await?;
                let event = Event::done("user.renamed").target(caller.user_id(), name.as_str());
                audit::record(tx, app, Some(visitor), None, &Author::from(&caller), event).await
            })
        })
        .await
}

async fn may_rename(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let caller = authorise::session(tx, app, visitor).await?;
    match caller.check.address {
        AddressState::LocalTo(_) => Ok(caller),
        AddressState::Proven | AddressState::Unproven => authorise::account(tx, app, visitor).await,
    }
}

/// Credentials, identities and sessions of the person.
///
/// *Errors*: those of [`authorise::account`] (R-IN-9).
pub async fn security(app: &App, visitor: &Visitor) -> Result<Security, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let ways = ways::of(tx, app, &caller).await?;
                Ok(Security {
                    email_proven: user.address == AddressState::Proven,
                    has_password: tx.instance().find_password(&user.id).await?.is_some(),
                    ways,
                    identities: tx.instance().list_linked_identities(&user.id).await?,
                    sessions: session::views(tx, app, &caller).await?,
                    user,
                })
            })
        })
        .await
}

/// Sets the first password or changes the one there is. Every other session ends, and the person is mailed.
///
/// *Errors*: `Refusal::MethodNotOffered` without passwords (R-IN-1), `Refusal::InvalidInput` (a wrong current password too),
/// `Refusal::SsoRequired` where enforcement binds
/// the person (T-ENF-4), `Refusal::TooManyRequests`, `Refusal::Busy`, and those of [`authorise::account`]; for a first
/// password those of [`authorise::account_recently`].
pub async fn change_password(app: &App, visitor: &Visitor, change: PasswordChange) -> Result<(), Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let (caller, user, stored) = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| Box::pin(may_change(tx, app, visitor)))
        .await?;
    confirm(app, visitor, &caller, stored.as_deref(), change.current.as_deref()).await?;
    let mut input = Input::default();
    let own_words = [user.email.as_str(), user.name.as_str()];
    let Some(new) = input.password("new_password", app.settings.password_policy, &change.new, &own_words) else {
        return Err(input.refused());
    };
    let hash = app.passwords.hash(&new, &*app.entropy).await?;
    app.store
        .write((app.clone(), visitor.clone(), stored, hash), |tx, (app, visitor, confirmed, hash)| {
            Box::pin(async move {
                let (caller, user, stored) = may_change(tx, app, visitor).await?;
                if stored != *confirmed {
                    return Err(wrong_password());
                }
                set(tx, app, visitor, &caller, &user, hash).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// A caller whose account is open and whose policy lets a password count, with the hash there is.
async fn may_change(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<(Caller, User, Option<String>), Error> {
    let caller = authorise::account(tx, app, visitor).await?;
    let user = tx.instance().load_user(caller.user_id()).await?;
    let epoch = tx.instance().load_policy_epoch().await?;
    password_reset::allowed(tx, &user, epoch, app.now()).await??;
    let stored = tx.instance().find_password(&user.id).await?;
    if stored.is_none() {
        // V7.5.1: a first password asks for no other, so the proofs have to be fresh.
        authorise::account_recently(tx, app, visitor).await?;
    }
    Ok((caller, user, stored.map(|credential| credential.hash)))
}

/// V6.2.3: a change needs the current password.
async fn confirm(
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    stored: Option<&str>,
    typed: Option<&str>,
) -> Result<(), Error> {
    let Some(stored) = stored else { return Ok(()) };
    let guess = limit::own_password(app, visitor, caller).await?;
    let typed = Password::from_typed(typed.unwrap_or_default());
    let compared = match app.passwords.compare(&typed, Some(stored)).await {
        Ok(Comparison::Right { .. }) => Ok(()),
        Ok(Comparison::Wrong) => Err(Error::from(Refusal::InvalidCredentials)),
        Err(fault) => Err(Error::from(fault)),
    };
    guess.settle(app, &compared).await?;
    compared.map_err(|error| match error {
        Error::Refused(Refusal::InvalidCredentials) => wrong_password(),
        other => other,
    })
}

fn wrong_password() -> Error {
    crate::error::invalid("current_password", "This is not your current password.")
}

async fn set(tx: &mut Tx, app: &App, visitor: &Visitor, caller: &Caller, user: &User, hash: &str) -> Result<(), Error> {
    let now = app.now();
    let credential = PasswordCredential { user_id: user.id.clone(), hash: hash.to_owned(), set_at: now };
    tx.instance().set_password(&credential).await?;
    tx.instance().end_sessions_of_user(&user.id, Some(caller.session_id()), "password-changed", now).await?;
    tx.instance().delete_password_resets_of_user(&user.id).await?;
    way_back::review_of_user(tx, app, &user.id).await?;
    let event = Event::done("password.changed").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), None, &Author::from(caller), event).await?;
    let reset_url = app.settings.public_url.link("/forgotten-password");
    app.outbox.put(tx, &user.email, MailTemplate::PasswordChanged { at: now, reset_url }).await
}
