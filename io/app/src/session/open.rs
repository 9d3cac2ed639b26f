//! Owns the one question of `/check`: does this session open this organization? It is asked many times a second, so it is
//! one statement, and its only trace is a note in memory (R-API-2).

use std::borrow::Cow;

use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use orgate_core::policy::{Decision, Question};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::app::App;
use crate::authorise;
use crate::error::Error;

/// Who a session opens an organization for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Who.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Which organization.
    pub organization_id: OrganizationId,
    /// As what.
    pub role: OrganizationRole,
}

/// Whether the session of this token opens the organization of this id or short name.
///
/// *Errors*: [`Refusal::NotAnOrganizationMember`], for an organization that does not exist too; [`Refusal::NeedsSso`],
/// [`Refusal::NeedsProof`], [`Refusal::NeedsSecondFactor`], [`Refusal::NoSecondFactor`]; [`Refusal::NoSession`] and [`Refusal::SsoRequired`] when the
/// session is none, or none any more.
pub async fn open(app: &App, token_hash: Option<[u8; 32]>, organization: &str) -> Result<Opened, Error> {
    let token_hash = token_hash.ok_or(Refusal::NoSession)?;
    let check = app.store.check_session(&token_hash).await?.ok_or(Refusal::NoSession)?;
    let caller = authorise::caller(app, check, app.now())?;
    app.touches.note(&token_hash, &caller.check.life, caller.now);
    let place = caller.place(organization).ok_or(Refusal::NotAnOrganizationMember)?;
    let (organization_id, role) = (place.place.organization_id.clone(), place.place.role);
    match caller.decide(Question::Organization(&organization_id)) {
        Decision::Allow => {
            Ok(Opened { user_id: caller.check.user_id, email: caller.check.email, organization_id, role })
        }
        other => Err(authorise::closed(&other, &caller, place).into()),
    }
}

/// The short name of an organization that is named by it or by its id: where a person goes on is named so. What is no id is given
/// back as it is.
///
/// *Errors*: those of the store.
pub async fn slug<'o>(app: &App, organization: &'o str) -> Result<Cow<'o, str>, Error> {
    let Some(id) = OrganizationId::parse(organization) else { return Ok(organization.into()) };
    let found = app
        .store
        .read(id, |tx, id| Box::pin(async move { Ok::<_, Error>(tx.organization(id).find_organization().await?) }))
        .await?;
    Ok(found.map_or(organization.into(), |found| found.slug.into()))
}
