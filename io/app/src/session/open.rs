//! Owns the one question of `/check`: does this session open this organization? It is asked many times a second, so it is
//! one statement, and its only trace is a note in memory (R-API-2).

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::app::App;
use crate::authorise::{self, Caller};
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

/// Why a session does not open an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub refusal: Refusal,
    /// The organization's short name, by which a person goes on; `None` where the session is told nothing of it.
    pub slug: Option<String>,
}

/// Whether the session of this token opens the organization of this id or short name.
///
/// *Errors*: what [`ask`] says of what is closed, and its own.
pub async fn open(app: &App, token_hash: Option<[u8; 32]>, organization: &str) -> Result<Opened, Error> {
    ask(app, token_hash, organization).await?.map_err(|closed| closed.refusal.into())
}

/// The same, with the name by which a person goes on. It is closed by [`Refusal::NotAnOrganizationMember`], for an
/// organization that does not exist too, [`Refusal::NeedsSso`], [`Refusal::NeedsProof`], [`Refusal::NeedsSecondFactor`] or
/// [`Refusal::NoSecondFactor`].
///
/// *Errors*: [`Refusal::NoSession`] and [`Refusal::SessionEnded`] when the session is none, or none any more.
pub async fn ask(app: &App, token_hash: Option<[u8; 32]>, organization: &str) -> Result<Result<Opened, Closed>, Error> {
    let token_hash = token_hash.ok_or(Refusal::NoSession)?;
    let check = app.store.check_session(&token_hash).await?.ok_or(Refusal::NoSession)?;
    let caller = authorise::caller(app, check, app.now())?;
    app.touches.note(&token_hash, &caller.check.life, caller.now);
    let (organization_id, role) = match authorise::opened(&caller, organization) {
        Ok(place) => (place.organization_id.clone(), place.role),
        Err(refusal) => return Ok(Err(closed(&caller, organization, refusal))),
    };
    Ok(Ok(Opened { user_id: caller.check.user_id, email: caller.check.email, organization_id, role }))
}

fn closed(caller: &Caller, organization: &str, refusal: Refusal) -> Closed {
    let told = caller.place(organization).filter(|place| caller.may_be_told(Some(&place.organization_id)));
    let refusal = if refusal == Refusal::NotFound { Refusal::NotAnOrganizationMember } else { refusal };
    Closed { refusal, slug: told.map(|place| place.organization.slug.clone()) }
}
