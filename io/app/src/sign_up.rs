//! Owns signing up with e-mail: a password, a name and a mailed code make a User with a proven address. What they do
//! first, naming an organization, is in [`crate::organization`].

use std::time::Duration;

use orgate_core::challenge::{CODE_LIFETIME, CODE_TRIES};
use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, InvitationId, SignUpId, UserId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::name::Name;
use orgate_core::policy::{AddressState, PolicyEpoch};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_core::way_in::WayIn;
use orgate_store::{PasswordCredential, SignUp, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::input::Input;
use crate::invitation;
use crate::limit;
use crate::mail::templates::MailTemplate;
use crate::settings::SignUpMode;
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::token::{CodePurpose, SixDigitCode};
use crate::visitor::Visitor;

/// How long another code can be asked for: one renewed without end would keep what was allowed at its beginning.
const LONGEST: Duration = Duration::from_secs(3600);

/// What a person typed.
#[derive(Clone)]
pub struct NewSignUp {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The name.
    pub name: String,
    /// The token of an invitation to this address: it opens a closed sign-up.
    pub invitation: Option<String>,
}

/// A sign-up that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Which one.
    pub id: SignUpId,
    /// Where the code went.
    pub email: String,
}

#[derive(Clone)]
struct Accepted {
    email: EmailAddress,
    name: Name,
    password_hash: String,
    invitation_id: Option<InvitationId>,
    begun_at: Timestamp,
}

/// Begins. A known address gets the same answer after the same work, and a mail that says the account exists (R-IN-5).
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::SignUpClosed`], [`Refusal::TooManyRequests`], [`Refusal::Busy`],
/// [`Refusal::MethodNotOffered`] without passwords.
pub async fn begin(app: &App, visitor: &Visitor, typed: NewSignUp) -> Result<Begun, Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let mut input = Input::default();
    let email = input.new_email("email", &typed.email);
    let name = input.name("name", &typed.name);
    let password =
        input.password("password", app.settings.password_policy, &typed.password, &[&typed.email, &typed.name]);
    let (Some(email), Some(name), Some(password)) = (email, name, password) else { return Err(input.refused()) };
    let invitation_id = match app.settings.sign_up {
        SignUpMode::Open => None,
        SignUpMode::Closed => Some(invitation::opens_sign_up(app, typed.invitation.as_deref(), &email).await?),
    };
    limit::sign_up(app, visitor, email.key()).await?;
    let password_hash = app.passwords.hash(&password, &*app.entropy).await?;
    let accepted = Accepted { email, name, password_hash, invitation_id, begun_at: app.now() };
    let begun = app
        .store
        .write((app.clone(), visitor.clone(), accepted), |tx, (app, visitor, accepted)| {
            Box::pin(async move {
                let id: SignUpId = app.entropy.id(app.now());
                remember(tx, app, visitor, &id, accepted).await?;
                Ok::<_, Error>(Begun { id, email: accepted.email.to_string() })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(begun)
}

/// Mails another code, for an hour: the sign-up goes on under another id, and the older code is void.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::TooManyRequests`]; [`Refusal::SignUpClosed`] and [`Refusal::MethodNotOffered`]
/// as [`begin`].
pub async fn resend(app: &App, visitor: &Visitor, id: &str) -> Result<Begun, Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let id = SignUpId::parse(id).ok_or(Refusal::AttemptOver)?;
    let sign_up = app
        .store
        .read((id, app.now()), |tx, (id, now)| Box::pin(async move { tx.instance().find_sign_up(id, *now).await }))
        .await
        .map_err(Error::from)?
        .filter(|sign_up| app.now() < sign_up.begun_at.plus(LONGEST))
        .ok_or(Refusal::AttemptOver)?;
    limit::mail_to(app, visitor, sign_up.email.key()).await?;
    let begun = app
        .store
        .write((app.clone(), visitor.clone(), sign_up), |tx, (app, visitor, old)| {
            Box::pin(async move {
                still_open(tx, app, old).await??;
                if !tx.instance().consume_sign_up(&old.id, app.now()).await? {
                    return Err(Error::from(Refusal::AttemptOver));
                }
                let id: SignUpId = app.entropy.id(app.now());
                let name = Name::parse(&old.name).map_err(|_| Refusal::AttemptOver)?;
                let accepted = Accepted {
                    email: old.email.clone(),
                    name,
                    password_hash: old.password_hash.clone(),
                    invitation_id: old.invitation_id.clone(),
                    begun_at: old.begun_at,
                };
                remember(tx, app, visitor, &id, &accepted).await?;
                Ok(Begun { id, email: accepted.email.to_string() })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(begun)
}

/// Takes the code: makes the User and their first session. Each code serves once, for ten minutes and five tries.
///
/// *Errors*: [`Refusal::InvalidCode`], [`Refusal::AttemptOver`]; [`Refusal::SignUpClosed`] and [`Refusal::MethodNotOffered`]
/// as [`begin`].
pub async fn verify(app: &App, visitor: &Visitor, id: &str, code: &str) -> Result<Issued, Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let id = SignUpId::parse(id).ok_or(Refusal::AttemptOver)?;
    let code = SixDigitCode::parse(code).ok_or(Refusal::InvalidCode)?;
    let outcome = app
        .store
        .write((app.clone(), visitor.clone(), id, code), |tx, (app, visitor, id, code)| {
            Box::pin(async move {
                match take(tx, app, id, code).await? {
                    // A wrong try has to be kept, so the refusal travels as a value and the transaction commits.
                    Err(refusal) => Ok(Err(refusal)),
                    Ok(sign_up) => provision(tx, app, visitor, sign_up).await.map(Ok),
                }
            })
        })
        .await?;
    outcome.map_err(|refusal: Refusal| Error::from(refusal))
}

/// Writes a pending sign-up and its mail. For a known address the code is drawn, never mailed, and opens nothing.
async fn remember(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignUpId, accepted: &Accepted) -> Result<(), Error> {
    let now = app.now();
    let code = app.entropy.six_digits();
    let sign_up = SignUp {
        id: id.clone(),
        email: accepted.email.clone(),
        name: accepted.name.as_str().to_owned(),
        password_hash: accepted.password_hash.clone(),
        code_mac: app.code_key.mac(CodePurpose::SignUp, id.as_str(), &code),
        tries_left: CODE_TRIES,
        invitation_id: accepted.invitation_id.clone(),
        begun_at: accepted.begun_at,
        created_at: now,
        expires_at: now.plus(CODE_LIFETIME),
        ip: visitor.ip.to_canonical().to_string(),
        user_agent: visitor.user_agent.clone(),
    };
    tx.instance().insert_sign_up(&sign_up).await?;
    let (to, template) = match tx.instance().find_user_by_proven_email(&accepted.email).await? {
        None => (accepted.email.clone(), MailTemplate::SignUpCode { code }),
        Some(known) => {
            let sign_in_url = app.settings.public_url.link("/sign-in");
            (known.email, MailTemplate::SignUpWithKnownAddress { sign_in_url })
        }
    };
    app.outbox.put(tx, &to, template).await
}

async fn take(tx: &mut Tx, app: &App, id: &SignUpId, code: &SixDigitCode) -> Result<Result<SignUp, Refusal>, Error> {
    let now = app.now();
    if !tx.instance().spend_sign_up_try(id, now).await? {
        return Ok(Err(Refusal::AttemptOver));
    }
    let Some(sign_up) = tx.instance().find_sign_up(id, now).await? else { return Ok(Err(Refusal::AttemptOver)) };
    if let Err(refusal) = still_open(tx, app, &sign_up).await? {
        return Ok(Err(refusal));
    }
    if !app.code_key.matches(CodePurpose::SignUp, id.as_str(), code, &sign_up.code_mac) {
        return Ok(Err(Refusal::InvalidCode));
    }
    if !tx.instance().consume_sign_up(id, now).await? {
        return Ok(Err(Refusal::AttemptOver));
    }
    // Somebody proved the address meanwhile: theirs it stays.
    let taken = tx.instance().find_user_by_proven_email(&sign_up.email).await?.is_some();
    Ok(if taken { Err(Refusal::AttemptOver) } else { Ok(sign_up) })
}

/// The decision of the beginning, taken again: an invitation that has been revoked or has expired since makes no account.
async fn still_open(tx: &mut Tx, app: &App, sign_up: &SignUp) -> Result<Result<(), Refusal>, Error> {
    match app.settings.sign_up {
        SignUpMode::Open => Ok(Ok(())),
        SignUpMode::Closed => {
            invitation::still_opens_sign_up(tx, app, sign_up.invitation_id.as_ref(), &sign_up.email).await
        }
    }
}

async fn provision(tx: &mut Tx, app: &App, visitor: &Visitor, sign_up: SignUp) -> Result<Issued, Error> {
    let now = app.now();
    let user = new_user(app.entropy.id(now), sign_up.name, sign_up.email, now);
    tx.instance().insert_user(&user).await?;
    let credential = PasswordCredential { user_id: user.id.clone(), hash: sign_up.password_hash, set_at: now };
    tx.instance().set_password(&credential).await?;
    let event =
        Event::done("user.created").target(&user.id, &user.name).data(serde_json::json!({ "method": "password" }));
    audit::record(tx, app, Some(visitor), None, &Author::anonymous(), event).await?;
    issue(tx, app, visitor, &user.id, Shown::one(Proof::Password { at: now }, WayIn::SignUp)).await
}

fn new_user(id: UserId, name: String, email: EmailAddress, now: Timestamp) -> User {
    let start = Timestamp::from_millis(0);
    User {
        id,
        name,
        email,
        address: AddressState::Proven,
        created_at: now,
        closed_at: None,
        sessions_not_before_at: start,
        settled_epoch: PolicyEpoch::default(),
        has_second_factor: false,
    }
}
