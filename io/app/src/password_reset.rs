//! Owns setting a forgotten password: a mailed link proves the address and sets the password, and makes no session. It
//! passes neither a second factor nor enforcement (R-IN-3, T-ENF-3, T-MFA-4); where it joins two accounts it asks for the
//! factor (R-LNK-4).

use std::time::Duration;

use orgate_core::actor::Actor;
use orgate_core::email::EmailAddress;
use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::{Decision, PolicyEpoch, decide_life};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::time::Timestamp;
use orgate_store::{PasswordCredential, PasswordReset, Tx, User};

use crate::address;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise;
use crate::departure;
use crate::enforcement::way_back;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::input::Input;
use crate::limit;
use crate::mail::account_letters::AccountMail;
use crate::mail::templates::{MailTemplate, RequiredSignIn, ResetLink};
use crate::passwords::Password;
use crate::sign_in::lookup;
use crate::sign_in::second_factor::{self, TypedFactor, beside};
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// How long a link serves. *Units*: minutes.
pub const RESET_MINUTES: u32 = 60;

/// What a link opens, for its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The address that the link proves.
    pub email: String,
    /// The names of the person's organizations.
    pub organizations: Vec<String>,
    /// The factors to type, perhaps none of them, where the link brings the person to somebody who has a second factor
    /// (R-LNK-4).
    pub factors: Option<Vec<AuthenticationMethod>>,
}

/// Mails a link for each User who has the address, proven or not; nothing for an unknown one, with the same answer. Where passwords
/// are not offered, the mail says how to sign in instead (R-IN-1).
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::TooManyRequests`].
pub async fn request(app: &App, visitor: &Visitor, email: &str) -> Result<(), Error> {
    let mut input = Input::default();
    let Some(email) = input.email("email", email) else { return Err(input.refused()) };
    limit::reset_mail_to(app, visitor, email.key()).await?;
    app.store
        .write((app.clone(), visitor.clone(), email), |tx, (app, visitor, email)| {
            Box::pin(async move {
                let users = tx.instance().list_users_by_email(email).await?;
                let mut mails: Vec<(EmailAddress, Vec<ResetLink>)> = Vec::new();
                for user in users {
                    let Some(link) = link(tx, app, visitor, &user).await? else { continue };
                    // Each link goes to the address as that User wrote it (T-LNK-10).
                    match mails.iter_mut().find(|(to, _)| to.as_str() == user.email.as_str()) {
                        Some((_, links)) => links.push(link),
                        None => mails.push((user.email, vec![link])),
                    }
                }
                for (to, links) in mails {
                    let template = MailTemplate::PasswordReset { links, minutes: RESET_MINUTES };
                    app.outbox.put(tx, &to, template).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Whether the link is alive, without using it up.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::MethodNotOffered`].
pub async fn open(app: &App, token: &str) -> Result<Opened, Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let hash = token_hash(token)?;
    app.store
        .read((app.now(), hash), |tx, (now, hash)| {
            Box::pin(async move {
                let reset = tx.instance().find_password_reset(hash, *now).await?.ok_or(Refusal::AttemptOver)?;
                let user = owner(tx, &reset).await?;
                let places = tx.instance().list_places(&user.id).await?;
                let organizations = places.into_iter().map(|place| place.organization.name.clone()).collect();
                let factors = match address::bearer(tx, &user).await? {
                    Some(bearer) => Some(second_factor::typed_methods(tx, &bearer).await?),
                    None => None,
                };
                Ok(Opened { email: user.email.to_string(), organizations, factors })
            })
        })
        .await
}

/// Uses the link up, once: proves the address, sets the password and ends every session of the User who has the address
/// then. It makes no session.
///
/// *Errors*: [`Refusal::MethodNotOffered`], [`Refusal::AttemptOver`], [`Refusal::InvalidInput`], [`Refusal::SsoRequired`],
/// [`Refusal::NeedsSecondFactor`], [`Refusal::Linking`], [`Refusal::Busy`]. *Source*: R-IN-3, R-LNK-4.
pub async fn complete(app: &App, visitor: &Visitor, token: &str, password: &str) -> Result<(), Error> {
    complete_with(app, visitor, token, password, None).await
}

/// The same with the second factor of who has the address proven that is local to the person of the link.
///
/// *Errors*: as [`complete`], and [`Refusal::InvalidInput`] for a wrong factor, after which the link serves on;
/// [`Refusal::TooManyRequests`].
pub async fn complete_with(
    app: &App,
    visitor: &Visitor,
    token: &str,
    password: &str,
    factor: Option<TypedFactor>,
) -> Result<(), Error> {
    app.settings.sign_in_methods.require(AuthenticationMethod::Password)?;
    let hash = token_hash(token)?;
    let (opened, bearer) = parties(app, hash).await?;
    let mut input = Input::default();
    let own_words = [opened.email.as_str(), opened.name.as_str()];
    let Some(password) = input.password("password", app.settings.password_policy, password, &own_words) else {
        return Err(input.refused());
    };
    let counted = match bearer {
        Some(bearer) => beside::count(app, visitor, bearer, factor.as_ref()).await?,
        None => None,
    };
    // What was not counted is not compared.
    let factor = factor.filter(|_| counted.is_some());
    let outcome = use_up(app, visitor, hash, &password, factor).await;
    beside::settle(app, visitor, counted, &outcome).await?;
    app.outbox.wake();
    outcome
}

/// The person a living link is for, and whose second factor it asks for.
async fn parties(app: &App, hash: [u8; 32]) -> Result<(User, Option<User>), Error> {
    app.store
        .read((app.now(), hash), |tx, (now, hash)| {
            Box::pin(async move {
                let reset = tx.instance().find_password_reset(hash, *now).await?.ok_or(Refusal::AttemptOver)?;
                let user = owner(tx, &reset).await?;
                let bearer = address::bearer(tx, &user).await?;
                Ok((user, bearer))
            })
        })
        .await
}

async fn use_up(
    app: &App,
    visitor: &Visitor,
    hash: [u8; 32],
    password: &Password,
    factor: Option<TypedFactor>,
) -> Result<(), Error> {
    let turn = app.passwords.turn().await?;
    // Somebody may have used it up while this one waited, and a password that nobody needs is not hashed.
    parties(app, hash).await?;
    let password_hash = turn.hash(password, &*app.entropy).await?;
    app.store
        .write((app.clone(), visitor.clone(), hash, password_hash, factor), |tx, input| {
            Box::pin(async move {
                let (app, visitor, hash, password_hash, factor) = input;
                let now = app.now();
                let reset = tx.instance().consume_password_reset(hash, now).await?.ok_or(Refusal::AttemptOver)?;
                let born = owner(tx, &reset).await?;
                let user = address::prove(tx, app, visitor, born, factor.as_ref().into()).await?.owner;
                still_allowed(tx, &user, reset.policy_epoch, now).await?;
                set(tx, app, visitor, &user, password_hash).await
            })
        })
        .await
}

fn token_hash(token: &str) -> Result<[u8; 32], Refusal> {
    SecretToken::parse(token).map(|token| token.hash(TokenPurpose::PasswordReset)).ok_or(Refusal::AttemptOver)
}

/// The person a link is for, while they still have the address that it was mailed to.
async fn owner(tx: &mut Tx, reset: &PasswordReset) -> Result<User, Error> {
    let user = tx.instance().find_user(&reset.user_id).await?.ok_or(Refusal::AttemptOver)?;
    let same = user.closed_at.is_none() && user.email.key() == reset.email_key;
    if same { Ok(user) } else { Err(Refusal::AttemptOver.into()) }
}

/// A link; or none, and a mail with what to use instead, where the policy would refuse the password (T-ENF-3) or nobody signs in
/// by one (R-IN-1).
async fn link(tx: &mut Tx, app: &App, visitor: &Visitor, user: &User) -> Result<Option<ResetLink>, Error> {
    let now = app.now();
    let epoch = tx.instance().load_policy_epoch().await?;
    match allowed(tx, user, epoch, now).await? {
        Ok(()) => {}
        Err(Refusal::SsoRequired(required)) => {
            let template = use_sso(tx, app, user, required).await?;
            app.outbox.put(tx, &user.email, template).await?;
            return Ok(None);
        }
        Err(refusal) => return Err(refusal.into()),
    }
    if !app.settings.sign_in_methods.offers(AuthenticationMethod::Password) {
        let template = other_ways(tx, app, user).await?;
        app.outbox.put(tx, &user.email, template).await?;
        return Ok(None);
    }
    let token = SecretToken::generate(&*app.entropy);
    let reset = PasswordReset {
        id: app.entropy.id(now),
        token_hash: token.hash(TokenPurpose::PasswordReset),
        user_id: user.id.clone(),
        email_key: user.email.key().to_owned(),
        created_at: now,
        expires_at: now.plus(Duration::from_secs(u64::from(RESET_MINUTES) * 60)),
        policy_epoch: epoch,
    };
    tx.instance().insert_password_reset(&reset).await?;
    let event = Event::done("password-reset.requested").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), None, &Author::anonymous(), event).await?;
    let url = app.settings.public_url.link(&format!("/password-reset/{}", &*token.reveal()));
    let organizations =
        tx.instance().list_places(&user.id).await?.into_iter().map(|place| place.organization.name.clone()).collect();
    Ok(Some(ResetLink { organizations, url }))
}

/// Where to sign in without a password: the common page, and each organization's own for its SSO.
async fn other_ways(tx: &mut Tx, app: &App, user: &User) -> Result<MailTemplate, Error> {
    let addresses = lookup::addresses(app, &tx.instance().list_places(&user.id).await?);
    let sign_in_url = app.settings.public_url.link("/sign-in");
    Ok(MailTemplate::Account(AccountMail::PasswordNotOffered { sign_in_url, addresses }))
}

/// Where to sign in instead, and the way out of each organization (R-ENF-13).
async fn use_sso(
    tx: &mut Tx,
    app: &App,
    user: &User,
    organizations: Vec<RequiringOrganization>,
) -> Result<MailTemplate, Error> {
    let mut required = Vec::new();
    for one in organizations {
        required.push(RequiredSignIn {
            url: app.settings.public_url.link(&format!("/sign-in/{}", one.slug)),
            leave_url: departure::offer(tx, app, user, &one.id).await?,
            organization: one.name,
        });
    }
    Ok(MailTemplate::SsoInsteadOfPassword { required, minutes: departure::LINK_MINUTES })
}

/// Whether a session that a password had opened when `began` changes of terms had been counted would be alive: a link
/// dies with enforcement as a session does (T-ENF-3). The policy's "no" travels as a value.
pub(crate) async fn allowed(
    tx: &mut Tx,
    user: &User,
    began: PolicyEpoch,
    now: Timestamp,
) -> Result<Result<(), Refusal>, Error> {
    let places = tx.instance().list_places(&user.id).await?;
    let world = authorise::world(user.address.clone(), user.has_second_factor, &places);
    let decision = decide_life(&world, &Proofs::of(Proof::Password { at: now }), began.max(user.settled_epoch));
    Ok(match decision {
        Decision::Allow | Decision::Require(_) => Ok(()),
        Decision::Deny(_) => Err(authorise::refusal(&decision, &places)),
    })
}

/// Refuses a link that enforcement came upon. Once nobody enforces any more it is over like any other old link.
pub(crate) async fn still_allowed(tx: &mut Tx, user: &User, began: PolicyEpoch, now: Timestamp) -> Result<(), Error> {
    match allowed(tx, user, began, now).await? {
        Ok(()) => Ok(()),
        Err(Refusal::SsoRequired(_)) => {
            let epoch = tx.instance().load_policy_epoch().await?;
            let today = allowed(tx, user, epoch, now).await?;
            Err(today.err().unwrap_or(Refusal::AttemptOver).into())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Sets the password; whoever is signed in anywhere has to know it from now on.
async fn set(tx: &mut Tx, app: &App, visitor: &Visitor, user: &User, password_hash: &str) -> Result<(), Error> {
    let now = app.now();
    let credential = PasswordCredential { user_id: user.id.clone(), hash: password_hash.to_owned(), set_at: now };
    tx.instance().set_password(&credential).await?;
    tx.instance().set_sessions_not_before(&user.id, now).await?;
    tx.instance().end_sessions_of_user(&user.id, None, "password-reset", now).await?;
    tx.instance().delete_password_resets_of_user(&user.id).await?;
    // Whoever guesses from elsewhere does not keep the person out of what they just set (L5).
    limit::remember_only(tx, app, visitor, user).await?;
    way_back::review_of_user(tx, app, &user.id).await?;
    let author = Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) };
    let event = Event::done("password.reset").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), None, &author, event).await?;
    let reset_url = app.settings.public_url.link("/forgotten-password");
    app.outbox.put(tx, &user.email, MailTemplate::PasswordChanged { at: now, reset_url }).await
}
