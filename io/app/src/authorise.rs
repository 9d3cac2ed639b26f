//! Owns the one question that every use case asks first, in its own transaction: who is this, and may they? It reads
//! the caller as they are now, so a role that was taken away a moment ago allows nothing (T-ORG-3).

use orgate_core::actor::Actor;
use orgate_core::id::{Identifier, OrganizationId, ProjectId, SessionId, UserId};
use orgate_core::permission::{Permission, may};
use orgate_core::policy::{self, AddressState, Decision, Denial, Question, Requirement, World};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::session::SessionEnd;
use orgate_core::time::Timestamp;
use orgate_store::{Project, SessionCheck, Tx, UserPlace};

use crate::app::App;
use crate::error::Error;
use crate::session::ENDED_BY_ENFORCEMENT;
use crate::visitor::Visitor;

/// A person in a session that is alive, with everything that policy knows of them.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The session, the person, and where they are a member.
    pub check: SessionCheck,
    /// The same as policy sees it.
    pub world: World,
    /// The moment of the question.
    pub now: Timestamp,
}

/// A caller for whom one organization is open.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub caller: Caller,
    /// Where, and as what.
    pub place: UserPlace,
}

impl Caller {
    /// Who.
    pub fn user_id(&self) -> &UserId {
        &self.check.user_id
    }

    /// Who, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor::User(self.user_id().clone())
    }

    /// Which session.
    pub fn session_id(&self) -> &SessionId {
        &self.check.session_id
    }

    /// What the session has shown.
    pub fn proofs(&self) -> &Proofs {
        &self.check.proofs
    }

    /// What of it still counts (R-SSO-7).
    pub fn counting(&self) -> impl Iterator<Item = &Proof> + Clone {
        policy::counting(&self.world, self.proofs())
    }

    /// Whether they are told how they stand with this organization (R-IN-9).
    pub(crate) fn may_be_told(&self, organization_id: Option<&OrganizationId>) -> bool {
        policy::may_be_told(&self.world, self.proofs(), organization_id)
    }

    /// Asks the policy.
    pub fn decide(&self, question: Question<'_>) -> Decision {
        policy::decide(question, &self.world, self.proofs())
    }

    /// Asks the policy on recent proofs alone (R-IN-8).
    pub fn decide_recent(&self, question: Question<'_>) -> Decision {
        policy::decide_recent(question, &self.world, self.proofs(), self.now)
    }

    /// Their place in an organization named by id or slug; whether it is open to them is another matter.
    pub fn place(&self, organization: &str) -> Option<&UserPlace> {
        self.check
            .places
            .iter()
            .find(|place| place.organization_id.as_str() == organization || *place.organization.slug == *organization)
    }
}

impl Member {
    /// Which organization.
    pub fn organization_id(&self) -> &OrganizationId {
        &self.place.organization_id
    }

    /// Who, by id.
    pub fn user_id(&self) -> &UserId {
        self.caller.user_id()
    }

    /// As what.
    pub fn role(&self) -> OrganizationRole {
        self.place.role
    }

    /// Whether they are an Owner.
    pub fn is_owner(&self) -> bool {
        self.role() == OrganizationRole::Owner
    }
}

/// The person whose session this is.
///
/// *Errors*: [`Refusal::NoSession`], [`Refusal::SessionEnded`].
pub async fn session(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let token_hash = visitor.session.ok_or(Refusal::NoSession)?;
    let check = tx.instance().check_session(&token_hash).await?.ok_or(Refusal::NoSession)?;
    let caller = caller(app, check, app.now())?;
    app.touches.note(&token_hash, &caller.check.life, caller.now);
    Ok(caller)
}

/// The person whose session the browser has, whoever it is; `None` without one that is alive.
pub(crate) async fn find_session(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Option<Caller>, Error> {
    match session(tx, app, visitor).await {
        Ok(caller) => Ok(Some(caller)),
        Err(Error::Refused(_)) => Ok(None),
        Err(fault @ Error::Fault(_)) => Err(fault),
    }
}

/// Judges a session's row and what its user's places make of it: pure but for the operator's limits.
///
/// *Errors*: [`Refusal::NoSession`], [`Refusal::SessionEnded`].
pub fn caller(app: &App, mut check: SessionCheck, now: Timestamp) -> Result<Caller, Refusal> {
    check.proofs.keep_holding(now);
    let end = check.life.end(app.settings.session, now);
    let by_enforcement = check.end_reason.as_deref() == Some(ENDED_BY_ENFORCEMENT);
    match end {
        None => {}
        Some(SessionEnd::Ended) if by_enforcement => return Err(ended(&check)),
        Some(SessionEnd::Ended | SessionEnd::Expired | SessionEnd::Idle) => return Err(Refusal::NoSession),
    }
    let world = world(check.address.clone(), check.has_second_factor, &check.places);
    match policy::decide_life(&world, &check.proofs, check.judged()) {
        Decision::Allow => Ok(Caller { check, world, now }),
        Decision::Deny(Denial::SsoRequired(_)) => Err(ended(&check)),
        Decision::Deny(Denial::NoProof | Denial::NotAMember) | Decision::Require(_) => Err(Refusal::NoSession),
    }
}

/// Names the organizations that ask for their SSO today, as far as the session's proofs may know of them (R-IN-9). If
/// none does any more, what ended the session is past, and any way leads to a new one.
fn ended(check: &SessionCheck) -> Refusal {
    let enforcing: Vec<&UserPlace> =
        check.places.iter().filter(|place| place.organization.enforcement.enforced).collect();
    if enforcing.is_empty() {
        return Refusal::NoSession;
    }
    let personal = check.proofs.iter().any(|proof| proof.method().is_personal());
    let may_be_named =
        |id: &OrganizationId| personal || check.proofs.iter().any(|proof| proof.organization_id() == Some(id));
    let ids = enforcing.iter().map(|place| &place.organization_id);
    let named: Vec<OrganizationId> = ids.filter(|id| may_be_named(id)).cloned().collect();
    let mut required = requiring(&named, &check.places);
    required.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    Refusal::SessionEnded(required)
}

/// A person and their places as policy sees them.
pub(crate) fn world(address: AddressState, has_second_factor: bool, places: &[UserPlace]) -> World {
    World { address, has_second_factor, places: places.iter().map(UserPlace::policy_place).collect() }
}

/// A member to whom the organization is open, whatever their role.
///
/// *Errors*: [`Refusal::NeedsProof`] for every organization that the session is told nothing of, whether there is one or
/// not (R-IN-9); else [`Refusal::NotFound`] for who is no member (R-ORG-6), [`Refusal::NeedsSso`], [`Refusal::NeedsProof`],
/// [`Refusal::NeedsSecondFactor`], [`Refusal::NoSecondFactor`]; and those of [`session`].
pub async fn member(tx: &mut Tx, app: &App, visitor: &Visitor, organization: &str) -> Result<Member, Error> {
    let caller = session(tx, app, visitor).await?;
    let place = opened(&caller, organization)?.clone();
    Ok(Member { caller, place })
}

/// The caller's place in an organization, named by id or slug, that is open to them: the one answer of the API, the
/// console and `/check`.
///
/// *Errors*: as [`member`], without those of a session that is over.
pub(crate) fn opened<'c>(caller: &'c Caller, organization: &str) -> Result<&'c UserPlace, Refusal> {
    let place = caller.place(organization);
    let id = place.map(|place| &place.organization_id);
    let decision = id.map_or(Decision::Deny(Denial::NotAMember), |id| caller.decide(Question::Organization(id)));
    match (place, decision) {
        (Some(place), Decision::Allow) => Ok(place),
        _ if !caller.may_be_told(id) => Err(Refusal::NeedsProof),
        (Some(place), other) => Err(closed(&other, caller, place)),
        (None, other) => Err(refusal(&other, &caller.check.places)),
    }
}

/// A member whose role in the organization allows it.
///
/// *Errors*: [`Refusal::NotPermitted`], and those of [`member`].
pub async fn permitted(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    permission: Permission,
) -> Result<Member, Error> {
    let member = member(tx, app, visitor, organization).await?;
    if may(member.role(), None, permission) { Ok(member) } else { Err(Refusal::NotPermitted.into()) }
}

/// The same for what reaches far: the proofs that open the organization, each at most 15 minutes old.
///
/// *Errors*: [`Refusal::NeedsRecentProof`], and those of [`permitted`]. *Source*: R-IN-8.
pub async fn permitted_recently(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    permission: Permission,
) -> Result<Member, Error> {
    let member = permitted(tx, app, visitor, organization, permission).await?;
    match member.caller.decide_recent(Question::Organization(member.organization_id())) {
        Decision::Allow => Ok(member),
        Decision::Require(_) | Decision::Deny(_) => Err(Refusal::NeedsRecentProof.into()),
    }
}

/// A member who may do this in one project, by their role there or in the organization.
///
/// *Errors*: [`Refusal::NotFound`] when they may not even see it (R-ORG-4), [`Refusal::NotPermitted`], and those of
/// [`member`].
pub async fn project(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    permission: Permission,
) -> Result<(Member, Project, Option<ProjectRole>), Error> {
    let member = member(tx, app, visitor, organization).await?;
    let mut view = tx.organization(member.organization_id());
    let found = match ProjectId::parse(project) {
        Some(id) => view.find_project(&id).await?,
        None => view.find_project_by_slug(project).await?,
    };
    let found = found.ok_or(Refusal::NotFound)?;
    let grant = view.find_grant(&found.id, member.user_id()).await?;
    if !may(member.role(), grant, Permission::ProjectRead) {
        return Err(Refusal::NotFound.into());
    }
    if !may(member.role(), grant, permission) {
        return Err(Refusal::NotPermitted.into());
    }
    Ok((member, found, grant))
}

/// A person to whom their own account is open.
///
/// *Errors*: [`Refusal::NeedsProof`], [`Refusal::NeedsSecondFactor`], and those of [`session`]. *Source*: R-IN-9.
pub async fn account(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let caller = session(tx, app, visitor).await?;
    match caller.decide(Question::Account) {
        Decision::Allow => Ok(caller),
        other => Err(refusal(&other, &caller.check.places).into()),
    }
}

/// The same for what changes how a person comes in, or ends the account: the proofs that open it, each at most 15 minutes
/// old, the second factor among them if there is one.
///
/// *Errors*: [`Refusal::NeedsRecentProof`], and those of [`account`]. *Source*: R-IN-4, R-IN-8.
pub async fn account_recently(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let caller = account(tx, app, visitor).await?;
    match caller.decide_recent(Question::Account) {
        Decision::Allow => Ok(caller),
        Decision::Require(_) | Decision::Deny(_) => Err(Refusal::NeedsRecentProof.into()),
    }
}

/// Why this organization is not open. Who is asked for a second factor and has none is told which organization asks.
///
/// *Source*: R-IN-4.
fn closed(decision: &Decision, caller: &Caller, place: &UserPlace) -> Refusal {
    match decision {
        Decision::Require(Requirement::SecondFactor) if !caller.check.has_second_factor => {
            Refusal::NoSecondFactor(requiring(std::slice::from_ref(&place.organization_id), &caller.check.places))
        }
        other => refusal(other, &caller.check.places),
    }
}

/// A policy decision as the "no" that travels; [`Decision::Allow`] has none and reads as a missing session.
pub(crate) fn refusal(decision: &Decision, places: &[UserPlace]) -> Refusal {
    match decision {
        Decision::Require(Requirement::Sso) => Refusal::NeedsSso,
        Decision::Require(Requirement::Proof) => Refusal::NeedsProof,
        Decision::Require(Requirement::SecondFactor) => Refusal::NeedsSecondFactor,
        Decision::Deny(Denial::NotAMember) => Refusal::NotFound,
        Decision::Deny(Denial::NoProof) | Decision::Allow => Refusal::NoSession,
        Decision::Deny(Denial::SsoRequired(organizations)) => Refusal::SsoRequired(requiring(organizations, places)),
    }
}

/// Organizations as a refusal names them.
pub(crate) fn requiring(organizations: &[OrganizationId], places: &[UserPlace]) -> Vec<RequiringOrganization> {
    places
        .iter()
        .filter(|place| organizations.contains(&place.organization_id))
        .map(|place| RequiringOrganization {
            id: place.organization_id.clone(),
            slug: place.organization.slug.clone(),
            name: place.organization.name.clone(),
        })
        .collect()
}
