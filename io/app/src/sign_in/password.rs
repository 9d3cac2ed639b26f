//! Owns signing in with e-mail and password. A known and an unknown address are told apart by nothing: the same work is
//! done for both, and the same words are said (R-IN-5).

use orgate_core::email::EmailAddress;
use orgate_core::id::UserId;
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::Tx;

use super::anchor::Anchor;
use super::blocked::{self, Blocked, Keeper, Stopped};
use super::issue::{Issued, Shown, issue};
use super::second_factor::{self, Held, Waiting};
use super::sso::document::Browser;
use crate::app::App;
use crate::audit::Event;
use crate::authorise;
use crate::error::Error;
use crate::limit;
use crate::passwords::{Comparison, Password};
use crate::token::SecretToken;
use crate::visitor::Visitor;

/// What a person typed.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The address.
    pub email: String,
    /// The password.
    pub password: Password,
}

/// What a right first proof led to.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A session.
    SignedIn(Issued),
    /// Enforced SSO binds the person (R-ENF-3): told only to who knows the password.
    Blocked(Blocked),
    /// The person has a second factor, and no session before it was right (R-IN-4).
    SecondFactor(Waiting),
}

impl Entry {
    /// The session, for who can do nothing with the other outcomes.
    ///
    /// *Errors*: [`Refusal::SsoRequired`], [`Refusal::NeedsSecondFactor`].
    pub fn session(self) -> Result<Issued, Error> {
        match self {
            Self::SignedIn(issued) => Ok(issued),
            Self::Blocked(blocked) => Err(Refusal::SsoRequired(blocked.organizations).into()),
            Self::SecondFactor(_) => Err(Refusal::NeedsSecondFactor.into()),
        }
    }
}

/// Signs in, for a program.
///
/// *Errors*: [`Refusal::InvalidCredentials`], [`Refusal::TooManyRequests`], [`Refusal::Busy`],
/// [`Refusal::MethodNotOffered`].
pub async fn begin(app: &App, visitor: &Visitor, credentials: Credentials) -> Result<Entry, Error> {
    guess(app, visitor, Asked::of(WayIn::Password), &credentials).await
}

/// Signs in, for a browser: a sign-in that is stopped stays as an attempt of that browser, from which the person goes on.
/// The token is the browser's cookie, if it has none yet.
///
/// *Errors*: as [`begin`].
pub async fn enter(
    app: &App,
    visitor: &Visitor,
    credentials: Credentials,
    return_to: Option<String>,
) -> Result<(Entry, Option<SecretToken>), Error> {
    let browser = Browser::of(app, visitor);
    // The browser that gets the cookie is the one that the person is known by from now on.
    let visitor = &Visitor { browser: Some(browser.hash), ..visitor.clone() };
    let keeper = Some(Keeper { browser_hash: browser.hash, return_to });
    let entry = guess(app, visitor, Asked { way: WayIn::Password, keeper }, &credentials).await?;
    Ok((entry, browser.cookie))
}

/// On which way a password is shown.
struct Asked {
    way: WayIn,
    /// The browser that a stopped sign-in is kept for.
    keeper: Option<Keeper>,
}

impl Asked {
    fn of(way: WayIn) -> Self {
        Self { way, keeper: None }
    }
}

/// Counts the try before it is compared, and how it ended.
async fn guess(app: &App, visitor: &Visitor, asked: Asked, credentials: &Credentials) -> Result<Entry, Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let guess = limit::password(app, visitor, &credentials.email).await?;
    let known = find(app, &credentials.email).await?;
    let outcome = compare(app, visitor, asked, known, credentials).await;
    guess.settle(app, &outcome).await?;
    outcome
}

/// The same work for all, whoever is known.
async fn compare(
    app: &App,
    visitor: &Visitor,
    asked: Asked,
    known: Option<(UserId, String)>,
    Credentials { email: typed, password }: &Credentials,
) -> Result<Entry, Error> {
    let stored = known.as_ref().map(|(_, hash)| hash.as_str());
    let comparison = app.passwords.compare(password, stored).await?;
    match (known, comparison) {
        (Some((user_id, hash)), Comparison::Right { needs_rehash }) => {
            let rehashed = if needs_rehash { Some(app.passwords.hash(password, &*app.entropy).await?) } else { None };
            let outcome = finish(app, visitor, asked, Right { user_id: user_id.clone(), hash, rehashed }).await;
            if let Err(Error::Refused(refusal)) = &outcome {
                refused(app, visitor, typed, Some(user_id), refusal.code()).await?;
            }
            outcome
        }
        (Some((user_id, _)), Comparison::Wrong) => {
            refused(app, visitor, typed, Some(user_id), "invalid-credentials").await?;
            Err(Refusal::InvalidCredentials.into())
        }
        (None, _) => {
            refused(app, visitor, typed, None, "invalid-credentials").await?;
            Err(Refusal::InvalidCredentials.into())
        }
    }
}

/// Confirms the person again, in the session they have: a new token with a fresh proof (R-IN-8).
///
/// *Errors*: as [`begin`], [`Refusal::NoSession`], [`Refusal::SsoRequired`], and [`Refusal::NeedsSecondFactor`] in a session
/// that was made before the person had one.
pub async fn confirm(app: &App, visitor: &Visitor, password: Password) -> Result<Issued, Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let (caller, stored) = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                let stored = tx.instance().find_password(caller.user_id()).await?;
                Ok::<_, Error>((caller, stored))
            })
        })
        .await?;
    let guess = limit::own_password(app, visitor, &caller).await?;
    // The session's own user, never whoever else has the address.
    let known = stored.map(|stored| (caller.user_id().clone(), stored.hash));
    let asked = Asked::of(WayIn::PasswordAgain);
    let credentials = Credentials { email: caller.check.email, password };
    let outcome = compare(app, visitor, asked, known, &credentials).await;
    guess.settle(app, &outcome).await?;
    outcome?.session()
}

async fn find(app: &App, email: &str) -> Result<Option<(UserId, String)>, Error> {
    let Ok(email) = EmailAddress::parse(email) else { return Ok(None) };
    app.store
        .read(email, |tx, email| {
            Box::pin(async move {
                let Some(user) = tx.instance().find_user_by_proven_email(email).await? else { return Ok(None) };
                let credential = tx.instance().find_password(&user.id).await?;
                Ok::<_, Error>(credential.map(|credential| (user.id, credential.hash)))
            })
        })
        .await
}

/// A password that was right, before the transaction.
struct Right {
    user_id: UserId,
    /// The stored hash that it was compared with.
    hash: String,
    /// The same password under today's parameters, if the stored hash is older.
    rehashed: Option<String>,
}

/// The password was right a moment ago; in the transaction it must still be the same one, and what is confirmed by it has to
/// be there still.
async fn finish(app: &App, visitor: &Visitor, asked: Asked, right: Right) -> Result<Entry, Error> {
    app.store
        .write((app.clone(), visitor.clone(), asked, right), |tx, (app, visitor, Asked { way, keeper }, right)| {
            Box::pin(async move {
                let Right { user_id, hash, rehashed } = right;
                if !way.is_entry() && authorise::session(tx, app, visitor).await?.user_id() != user_id {
                    // The session that was to be confirmed ended meanwhile: it is not made again.
                    return Err(Error::from(Refusal::NoSession));
                }
                let stored = tx.instance().find_password(user_id).await?;
                if stored.is_none_or(|stored| stored.hash != *hash) {
                    return Err(Error::from(Refusal::InvalidCredentials));
                }
                let now = app.now();
                if let Some(rehashed) = rehashed {
                    tx.instance().rehash_password(user_id, hash, rehashed).await?;
                }
                let anchor = Anchor::password(rehashed.as_ref().unwrap_or(hash));
                let shown = Shown::one(Proof::Password { at: now }, *way);
                decide(tx, app, visitor, (user_id, shown, anchor), keeper.as_ref()).await
            })
        })
        .await
}

/// A right first proof makes a session, or an attempt from which the person goes on.
pub(super) async fn decide(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    (user_id, shown, anchor): (&UserId, Shown, Anchor),
    keeper: Option<&Keeper>,
) -> Result<Entry, Error> {
    let goes_on = shown.way.is_entry();
    match issue(tx, app, visitor, user_id, shown.clone()).await {
        Err(Error::Refused(Refusal::SsoRequired(required))) => {
            let stopped = Stopped { user_id, shown, anchor, required };
            blocked::stop(tx, app, visitor, stopped, keeper).await.map(Entry::Blocked)
        }
        // In a session there is, the factor is shown in it.
        Err(Error::Refused(Refusal::NeedsSecondFactor)) if goes_on => {
            let held = Held { user_id, proof: shown.proof, way: shown.way, anchor };
            second_factor::hold(tx, app, held, keeper).await.map(Entry::SecondFactor)
        }
        issued => issued.map(Entry::SignedIn),
    }
}

/// Writes a refused attempt down: at most one event an account, address and minute, so a storm fills no disk (R-OPS-3).
/// A known and an unknown address cost the same writes (R-IN-5).
async fn refused(
    app: &App,
    visitor: &Visitor,
    typed: &str,
    user_id: Option<UserId>,
    code: &'static str,
) -> Result<(), Error> {
    let mut event = Event::refused("session.refused", code).data(serde_json::json!({ "method": "password" }));
    event.target = user_id.as_ref().map(ToString::to_string);
    limit::note_refused(app, visitor, &limit::account(typed), event).await
}
