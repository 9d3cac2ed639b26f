//! Owns organizations: creating, renaming, leaving and deleting them. Who is in them is in [`crate::membership`], single
//! sign-on in [`crate::connection`].

mod change;
mod deletion;
mod forecast;

pub use change::{OrganizationChange, change, rename, require_mfa};
pub use deletion::{DELETION_DELAY, perform_due_deletions, request_deletion, undo_deletion};
pub use forecast::{DeletionForecast, SecondFactorForecast, deletion_forecast, second_factor_forecast};

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::membership::{MembershipOrigin, MembershipState, is_last_owner};
use orgate_core::name::{Name, Slug};
use orgate_core::permission::{Permission, may};
use orgate_core::policy::{Decision, Question};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_store::{Constraint, Organization, StoreError, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::input::Input;
use crate::membership;
use crate::session::{self, CurrentPlace};
use crate::visitor::Visitor;

/// How many short names are tried for a name before a random one is taken.
const SUGGESTIONS: u32 = 20;

/// What a person typed.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The name.
    pub name: String,
    /// The short name; made from the name when left out.
    pub slug: Option<String>,
}

/// An organization as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationView {
    /// Which one.
    pub id: OrganizationId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The member's role.
    pub role: OrganizationRole,
    /// Whether the operator lets it use SSO (R-ORG-7).
    pub sso_entitled: bool,
    /// Whether it enforces SSO.
    pub enforced: bool,
    /// Whether members need a second factor (R-IN-4).
    pub mfa_required: bool,
    /// When its requested deletion takes effect.
    pub deletes_at: Option<Timestamp>,
    /// Its own login address, to hand out (R-IN-6).
    pub login_address: String,
    /// Whether the member is its last Owner and so cannot leave.
    pub is_last_owner: bool,
}

impl OrganizationView {
    /// Whether the member's role in the organization allows it: which entries a page offers.
    pub fn may(&self, permission: Permission) -> bool {
        may(self.role, None, permission)
    }
}

/// One of the person's own organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrganization {
    /// Which one, and what opens it.
    pub place: CurrentPlace,
    /// When the person joined.
    pub joined_at: Timestamp,
    /// Whether they are its last Owner and so cannot leave.
    pub is_last_owner: bool,
}

#[derive(Clone)]
struct Accepted {
    name: Name,
    slug: Option<Slug>,
}

/// Creates an organization; the person is its Owner. With a short name the call can be repeated: what the person made by
/// the same name and short name before is answered once more (R-API-1).
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::SlugTaken`], [`Refusal::OrganizationLimit`], and those of
/// [`authorise::account`] (R-IN-9).
pub async fn create(app: &App, visitor: &Visitor, typed: NewOrganization) -> Result<OrganizationView, Error> {
    let mut input = Input::default();
    let name = input.name("name", &typed.name);
    let slug = typed.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty());
    let slug = slug.map(|slug| input.slug("slug", slug));
    let (Some(name), None | Some(Some(_))) = (name, &slug) else { return Err(input.refused()) };
    let accepted = Accepted { name, slug: slug.flatten() };
    app.store
        .write((app.clone(), visitor.clone(), accepted), |tx, (app, visitor, accepted)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                if let Some(organization) = made_before(tx, &caller, accepted).await? {
                    return view(tx, app, organization, OrganizationRole::Owner).await;
                }
                refuse_beyond_limit(tx, app, caller.user_id()).await?;
                let slug = free_slug(tx, app, accepted).await?;
                let now = app.now();
                let id: OrganizationId = app.entropy.id(now);
                insert(tx, app, &id, &slug, &accepted.name, caller.user_id()).await?;
                let event = Event::done("organization.created").target(&id, accepted.name.as_str());
                audit::record(tx, app, Some(visitor), Some(&id), &Author::from(&caller), event).await?;
                let organization = tx.organization(&id).load_organization().await?;
                view(tx, app, organization, OrganizationRole::Owner).await
            })
        })
        .await
}

/// Whether the person may create an organization: what [`create`] asks, for a page that has a form for it.
///
/// *Errors*: [`Refusal::OrganizationLimit`], and those of [`authorise::account`] (R-IN-9).
pub async fn may_create(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                refuse_beyond_limit(tx, app, caller.user_id()).await
            })
        })
        .await
}

/// The person's organizations that this session may name (R-IN-9), with what leaving takes.
///
/// *Errors*: those of [`authorise::session`].
pub async fn list(app: &App, visitor: &Visitor) -> Result<Vec<OwnOrganization>, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                let mut own = Vec::new();
                for place in session::describe(app, &caller).organizations {
                    let mut view = tx.organization(&place.id);
                    let membership = view.load_active_membership(caller.user_id()).await?;
                    let is_last_owner =
                        place.role == OrganizationRole::Owner && is_last_owner(view.count_owners().await?);
                    own.push(OwnOrganization { joined_at: membership.joined_at, is_last_owner, place });
                }
                Ok(own)
            })
        })
        .await
}

/// One of the person's organizations.
///
/// *Errors*: those of [`authorise::member`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str) -> Result<OrganizationView, Error> {
    app.store
        .read((app.clone(), visitor.clone(), organization.to_owned()), |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let member = authorise::member(tx, app, visitor, organization).await?;
                let organization = tx.organization(member.organization_id()).load_organization().await?;
                view(tx, app, organization, member.role()).await
            })
        })
        .await
}

/// Leaves the organization: grants end, invitations sent and tests started are revoked.
///
/// *Errors*: [`Refusal::LastOwner`] (R-ORG-5), and those of [`authorise::member`].
pub async fn leave(app: &App, visitor: &Visitor, organization: &str) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), organization.to_owned()), |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let member = authorise::member(tx, app, visitor, organization).await?;
                let id = member.organization_id();
                let begun = membership::end(tx, app, id, member.user_id(), MembershipState::Left).await?;
                let event = Event::done("member.left").target(member.user_id(), &member.caller.check.name);
                begun.record(tx, app, visitor, id, &Author::from(&member.caller), event).await
            })
        })
        .await
}

/// R-ORG-2: how many one person may create is the operator's setting.
async fn refuse_beyond_limit(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<(), Error> {
    let Some(limit) = app.settings.limits.organizations_per_user else { return Ok(()) };
    let created = tx.instance().count_organizations_created_by(user_id).await?;
    if created < u64::from(limit.get()) { Ok(()) } else { Err(Refusal::OrganizationLimit.into()) }
}

/// What the caller made by the same name and short name, if they own it still and it is open to them.
async fn made_before(tx: &mut Tx, caller: &Caller, accepted: &Accepted) -> Result<Option<Organization>, Error> {
    let own = accepted.slug.as_ref().and_then(|slug| caller.place(slug.as_str()));
    let own = own.filter(|place| {
        let question = Question::Organization(&place.organization_id);
        place.role == OrganizationRole::Owner
            && *place.organization.name == *accepted.name.as_str()
            && caller.decide(question) == Decision::Allow
    });
    let Some(place) = own else { return Ok(None) };
    let organization = tx.organization(&place.organization_id).load_organization().await?;
    Ok(Some(organization).filter(|organization| organization.created_by == *caller.user_id()))
}

/// The short name that was typed, or the first free one that the name suggests.
async fn free_slug(tx: &mut Tx, app: &App, accepted: &Accepted) -> Result<Slug, Error> {
    if let Some(slug) = &accepted.slug {
        let taken = tx.instance().find_organization_by_slug(slug.as_str()).await?.is_some();
        return if taken { Err(Refusal::SlugTaken.into()) } else { Ok(slug.clone()) };
    }
    for number in 1..=SUGGESTIONS {
        let slug = Slug::suggest(accepted.name.as_str(), (number > 1).then_some(number));
        if tx.instance().find_organization_by_slug(slug.as_str()).await?.is_none() {
            return Ok(slug);
        }
    }
    let number = u32::from_be_bytes(app.entropy.bytes());
    Ok(Slug::suggest(accepted.name.as_str(), Some(number)))
}

async fn insert(
    tx: &mut Tx,
    app: &App,
    id: &OrganizationId,
    slug: &Slug,
    name: &Name,
    owner: &UserId,
) -> Result<(), Error> {
    let now = app.now();
    let inserted = tx.instance().insert_organization(id, slug.as_str(), name.as_str(), owner, now).await;
    match inserted {
        Ok(()) => {}
        // Somebody took it between the look and the insert.
        Err(StoreError::Conflict(Constraint::OrganizationSlug)) => return Err(Refusal::SlugTaken.into()),
        Err(fault) => return Err(fault.into()),
    }
    membership::join(tx, app, id, owner, OrganizationRole::Owner, MembershipOrigin::Created).await
}

async fn view(
    tx: &mut Tx,
    app: &App,
    organization: Organization,
    role: OrganizationRole,
) -> Result<OrganizationView, Error> {
    let owners = tx.organization(&organization.id).count_owners().await?;
    Ok(OrganizationView {
        login_address: app.settings.public_url.link(&format!("/sign-in/{}", organization.slug)),
        is_last_owner: role == OrganizationRole::Owner && is_last_owner(owners),
        id: organization.id,
        slug: organization.slug,
        name: organization.name,
        role,
        sso_entitled: organization.sso_entitled,
        enforced: organization.enforcement.enforced,
        mfa_required: organization.mfa_required,
        deletes_at: organization.deletes_at,
    })
}
