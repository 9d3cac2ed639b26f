//! Owns what the present session is and opens. What it may not show is left out before anybody asks (R-IN-9).

use orgate_core::id::{OrganizationId, SessionId, UserId};
use orgate_core::policy::{AddressState, Decision, Question, Requirement, counts};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::UserPlace;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::authorise::{self, Caller};
use crate::error::Error;
use crate::visitor::Visitor;

/// What opens an organization to this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It is open.
    Open,
    /// Its own SSO is missing.
    NeedsSso,
    /// A proof is missing.
    NeedsProof,
    /// The second factor is missing.
    NeedsSecondFactor,
}

/// One of the person's organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentPlace {
    /// Which one.
    pub id: OrganizationId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The person's role.
    pub role: OrganizationRole,
    /// What opens it.
    pub access: Access,
    /// The organization's own login address.
    pub sign_in_url: String,
    /// When its requested deletion takes effect.
    pub deletes_at: Option<Timestamp>,
}

/// The present session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Which session.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// Whether it is proven.
    pub email_proven: bool,
    /// What was shown and still counts.
    pub proofs: Proofs,
    /// The session's absolute end.
    pub expires_at: Timestamp,
    /// Whether the person's own account is open (R-IN-9).
    pub account_open: bool,
    /// Whether the person has a second factor.
    pub has_second_factor: bool,
    /// The organizations that may be named.
    pub organizations: Vec<CurrentPlace>,
    /// Whether there are more: "Other organizations: confirm it is you".
    pub others_hidden: bool,
}

/// The present session and what it opens: one look-up, never from a cache.
///
/// *Errors*: those of [`authorise::session`].
pub async fn current(app: &App, visitor: &Visitor) -> Result<Current, Error> {
    Ok(describe(app, &caller(app, visitor).await?))
}

/// The same with the place in one organization, which is open.
///
/// *Errors*: those of [`authorise::member`].
pub async fn current_in(app: &App, visitor: &Visitor, organization: &str) -> Result<(Current, CurrentPlace), Error> {
    let caller = caller(app, visitor).await?;
    let place = view(app, &caller, authorise::opened(&caller, organization)?);
    Ok((describe(app, &caller), place))
}

async fn caller(app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let token_hash = visitor.session.ok_or(Refusal::NoSession)?;
    let check = app.store.check_session(&token_hash).await?.ok_or(Refusal::NoSession)?;
    let caller = authorise::caller(app, check, app.now())?;
    app.touches.note(&token_hash, &caller.check.life, caller.now);
    Ok(caller)
}

pub(crate) fn describe(app: &App, caller: &Caller) -> Current {
    let account_open = caller.decide(Question::Account) == Decision::Allow;
    let all = &caller.check.places;
    let organizations: Vec<CurrentPlace> = all
        .iter()
        .filter(|place| account_open || may_be_named(caller, place))
        .map(|place| view(app, caller, place))
        .collect();
    Current {
        session_id: caller.session_id().clone(),
        user_id: caller.user_id().clone(),
        name: caller.check.name.clone(),
        email: caller.check.email.clone(),
        email_proven: caller.check.address == AddressState::Proven,
        proofs: caller.proofs().filter(|proof| counts(&caller.world, proof)),
        expires_at: caller.check.life.expires_at,
        account_open,
        has_second_factor: caller.check.has_second_factor,
        others_hidden: organizations.len() < all.len(),
        organizations,
    }
}

/// An SSO proof alone shows what it opens and whose it is, and of the others nothing.
fn may_be_named(caller: &Caller, place: &UserPlace) -> bool {
    let own = |proof: &Proof| proof.organization_id() == Some(&place.organization_id);
    access(caller, place) == Access::Open || caller.counting().any(own)
}

fn view(app: &App, caller: &Caller, place: &UserPlace) -> CurrentPlace {
    CurrentPlace {
        id: place.organization_id.clone(),
        slug: place.organization.slug.clone(),
        name: place.organization.name.clone(),
        role: place.role,
        access: access(caller, place),
        sign_in_url: app.settings.public_url.link(&format!("/sign-in/{}", place.organization.slug)),
        deletes_at: place.organization.deletes_at,
    }
}

fn access(caller: &Caller, place: &UserPlace) -> Access {
    match caller.decide(Question::Organization(&place.organization_id)) {
        Decision::Allow => Access::Open,
        Decision::Require(Requirement::Sso) => Access::NeedsSso,
        Decision::Require(Requirement::SecondFactor) => Access::NeedsSecondFactor,
        Decision::Require(Requirement::Proof) | Decision::Deny(_) => Access::NeedsProof,
    }
}
