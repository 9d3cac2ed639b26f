//! Owns filling the side bar: who is signed in, where they are, what that place offers them.

use orgate_app::session::{self, Current, CurrentPlace};
use orgate_app::sign_in::Issued;
use orgate_app::token::TokenPurpose;
use orgate_core::permission::{Permission, may};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;

use crate::error::Failure;
use crate::page::Visit;
use crate::pages::frame::OtherOrganization;
use crate::pages::{Banner, Frame, Moment, OrganizationHead, Person, Section};

/// The frame of a page outside any organization.
///
/// *Errors*: [`Refusal::NoSession`], [`Refusal::SsoRequired`].
pub async fn frame(visit: &Visit, section: Section) -> Result<Frame, Failure> {
    let current = session::current(visit.app(), &visit.visitor).await?;
    Ok(fill(visit, section, &current, None))
}

/// The same in the answer that gives the session a new token, which the request did not have yet.
///
/// *Errors*: as [`frame`].
pub async fn frame_of(visit: &Visit, section: Section, issued: &Issued) -> Result<Frame, Failure> {
    let mut visitor = visit.visitor.clone();
    visitor.session = Some(issued.token.hash(TokenPurpose::Session));
    let current = session::current(visit.app(), &visitor).await?;
    Ok(fill(visit, section, &current, None))
}

/// The frame of a page of one organization, and the person's place in it.
///
/// *Errors*: [`Refusal::NotFound`] for who is no member; what is missing, if it is not open, or nothing is told of it
/// (R-IN-9); those of [`frame`].
pub async fn organization_frame(visit: &Visit, section: Section, slug: &str) -> Result<(Frame, CurrentPlace), Failure> {
    let (current, place) = session::current_in(visit.app(), &visit.visitor, slug).await?;
    Ok((fill(visit, section, &current, Some(&place)), place))
}

/// Refuses a page that this place in the organization does not allow. What is done there asks again, in its own
/// transaction.
///
/// *Errors*: [`Refusal::NotPermitted`].
pub fn require(place: &CurrentPlace, permission: Permission) -> Result<(), Refusal> {
    if may(place.role, None, permission) { Ok(()) } else { Err(Refusal::NotPermitted) }
}

fn fill(visit: &Visit, section: Section, current: &Current, here: Option<&CurrentPlace>) -> Frame {
    let elsewhere = |place: &&CurrentPlace| here.is_none_or(|here| here.id != place.id);
    let others = current.organizations.iter().filter(elsewhere);
    Frame {
        site: visit.site.clone(),
        person: Person::new(current.user_id.as_str(), &current.name, &current.email),
        organization: here.map(head),
        others: others.map(|place| OtherOrganization { name: place.name.clone(), slug: place.slug.clone() }).collect(),
        others_hidden: current.others_hidden,
        may_create: current.account_open,
        confirm_url: crate::error::PROOF_PATH.to_owned(),
        section,
        notice: visit.notice.clone(),
        deletion: here.and_then(|place| Some(banner(place, place.deletes_at?, visit.now()))),
    }
}

fn head(place: &CurrentPlace) -> OrganizationHead {
    let may = |permission| may(place.role, None, permission);
    OrganizationHead {
        name: place.name.clone(),
        slug: place.slug.clone(),
        shows_members: may(Permission::MemberList),
        shows_audit_log: may(Permission::AuditRead),
        shows_single_sign_on: may(Permission::ConnectionManage),
        shows_domains: may(Permission::DomainManage),
    }
}

fn banner(place: &CurrentPlace, deletes_at: Timestamp, now: Timestamp) -> Banner {
    Banner { gone_at: Moment::new(deletes_at, now), may_undo: may(place.role, None, Permission::OrganizationDelete) }
}
