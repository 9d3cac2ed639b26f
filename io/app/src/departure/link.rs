//! Owns the mailed link out of an organization, for who cannot even set a password because that organization's SSO is
//! asked for. The link proves the address; it serves once, within the hour, while the organization still binds.

use std::time::Duration;

use orgate_core::id::OrganizationId;
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_store::{Departure, Tx, User};

use super::{DepartureView, ShownBy, binding, describe, may_leave, perform};
use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::sign_in::second_factor::{TypedFactor, beside};
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// How long a link serves. *Units*: minutes.
pub const LINK_MINUTES: u32 = 60;

/// Makes a link for the mail; `None` for who has no way out.
pub(crate) async fn offer(
    tx: &mut Tx,
    app: &App,
    user: &User,
    organization_id: &OrganizationId,
) -> Result<Option<String>, Error> {
    if !may_leave(user) {
        return Ok(None);
    }
    let now = app.now();
    let token = SecretToken::generate(&*app.entropy);
    let departure = Departure {
        id: app.entropy.id(now),
        token_hash: token.hash(TokenPurpose::Departure),
        user_id: user.id.clone(),
        organization_id: organization_id.clone(),
        email_key: user.email.key().to_owned(),
        created_at: now,
        expires_at: now.plus(Duration::from_secs(u64::from(LINK_MINUTES) * 60)),
    };
    tx.organization(organization_id).insert_departure(&departure).await?;
    Ok(Some(app.settings.public_url.link(&format!("/leave/{}", &*token.reveal()))))
}

/// What the link would end, without using it up.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub async fn open(app: &App, token: &str) -> Result<DepartureView, Error> {
    let hash = token_hash(token)?;
    app.store
        .read((app.clone(), hash), |tx, (app, hash)| {
            Box::pin(async move {
                let departure = tx.instance().find_departure(hash, app.now()).await?.ok_or(Refusal::AttemptOver)?;
                let (user, organization) = parties(tx, app, &departure).await?;
                describe(tx, app, &user, organization, None).await
            })
        })
        .await
}

/// Uses the link, once, and says which organization was left. It makes no session.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::LastOwner`], [`Refusal::NoWayBackIn`],
/// [`Refusal::NeedsSecondFactor`]; the link serves on after these three.
pub async fn complete(app: &App, visitor: &Visitor, token: &str) -> Result<RequiringOrganization, Error> {
    complete_with(app, visitor, token, None).await
}

/// The same with the second factor of who has one.
///
/// *Errors*: as [`complete`], and [`Refusal::InvalidInput`] for a wrong factor, after which the link serves on.
pub async fn complete_with(
    app: &App,
    visitor: &Visitor,
    token: &str,
    factor: Option<TypedFactor>,
) -> Result<RequiringOrganization, Error> {
    let hash = token_hash(token)?;
    let counted = match &factor {
        Some(_) => beside::count(app, visitor, leaver(app, hash).await?, factor.as_ref()).await?,
        None => None,
    };
    let left = app
        .store
        .write((app.clone(), visitor.clone(), hash, factor), |tx, (app, visitor, hash, factor)| {
            Box::pin(async move {
                let departure = tx.instance().consume_departure(hash, app.now()).await?.ok_or(Refusal::AttemptOver)?;
                let (user, organization) = parties(tx, app, &departure).await?;
                let second = beside::take(tx, app, visitor, &user, factor.as_ref()).await?;
                let shown = (ShownBy::MailedLink, second.as_ref());
                perform(tx, app, visitor, &user, &organization, shown).await?;
                Ok::<_, Error>(organization)
            })
        })
        .await;
    beside::settle(app, visitor, counted, &left).await?;
    app.outbox.wake();
    left
}

async fn leaver(app: &App, hash: [u8; 32]) -> Result<User, Error> {
    app.store
        .read((app.now(), hash), |tx, (now, hash)| {
            Box::pin(async move {
                let departure = tx.instance().find_departure(hash, *now).await?.ok_or(Refusal::AttemptOver)?;
                Ok::<_, Error>(tx.instance().load_user(&departure.user_id).await?)
            })
        })
        .await
}

fn token_hash(token: &str) -> Result<[u8; 32], Refusal> {
    SecretToken::parse(token).map(|token| token.hash(TokenPurpose::Departure)).ok_or(Refusal::AttemptOver)
}

/// Who leaves what: the person must still have the address, and the organization must still bind them.
async fn parties(tx: &mut Tx, app: &App, departure: &Departure) -> Result<(User, RequiringOrganization), Error> {
    let user = tx.instance().find_user(&departure.user_id).await?.ok_or(Refusal::AttemptOver)?;
    if !may_leave(&user) || user.email.key() != departure.email_key {
        return Err(Refusal::AttemptOver.into());
    }
    let organizations = binding(tx, app, &user).await?;
    let organization = organizations.into_iter().find(|one| one.id == departure.organization_id);
    Ok((user, organization.ok_or(Refusal::AttemptOver)?))
}
