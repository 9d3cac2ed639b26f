//! Owns `/organizations/{slug}/members`: the list, one member, their role. What ends their access is in
//! [`super::member_access`].

use orgate_app::error::Error;
use orgate_app::membership::{self, MemberQuery, MemberView};
use orgate_app::organization;
use orgate_app::rows::Member;
use orgate_app::sign_in::lookup;
use orgate_core::membership::MembershipState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::lists::pager;
use super::organization_frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, done};
use crate::pages::members::{MemberFilter, MemberIdentity, MemberPage, MemberProject, MemberRow, MembersPage};
use crate::pages::{Choice, Moment, Person, Section};

/// What may follow `?`.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    filter: String,
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// The members.
pub async fn index(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Members, &slug).await?;
    let (filter, stored) = filter(&wanted.filter);
    let query = MemberQuery { filter: stored, search: wanted.q.clone(), cursor: wanted.cursor.clone(), limit: None };
    let page = membership::list(visit.app(), &visit.visitor, &slug, query).await?;
    let now = visit.now();
    let has_sso = lookup::login_page(visit.app(), &slug).await?.has_sso;
    let enforced = organization::get(visit.app(), &visit.visitor, &slug).await?.enforced;
    let filters = [("filter", filter.value()), ("q", wanted.q.trim())];
    let next = page.members.next_cursor.as_deref();
    visit.page(&MembersPage {
        filter,
        search: wanted.q.trim().to_owned(),
        total: page.total,
        invited: page.invited,
        items: page.members.items.iter().map(|member| row(member, &frame.person.id, has_sso, now)).collect(),
        // Who may see the list may change it: Owners.
        may_manage: true,
        may_invite: !enforced,
        pager: pager(&url(&slug), &filters, wanted.cursor.as_deref(), next),
        frame,
    })
}

/// The filter as the page and as the use case name it; an unknown word filters nothing.
fn filter(word: &str) -> (MemberFilter, membership::MemberFilter) {
    [
        (MemberFilter::Owners, membership::MemberFilter::Owners),
        (MemberFilter::NeverUsedSso, membership::MemberFilter::NeverUsedSso),
        (MemberFilter::Removed, membership::MemberFilter::Removed),
    ]
    .into_iter()
    .find(|(filter, _)| filter.value() == word)
    .unwrap_or_default()
}

/// Joining is an act of the person's own, so they were here then, perhaps in a session that is older.
fn last_seen(member: &Member) -> Timestamp {
    let joined_at = member.membership.joined_at;
    member.membership.last_sign_in_at.map_or(joined_at, |at| at.max(joined_at))
}

/// The ways in that they have, as words. How somebody signs in elsewhere who was removed is not for this organization to see.
fn methods(member: &Member, has_sso: bool) -> Vec<String> {
    if member.membership.state == MembershipState::Removed {
        return Vec::new();
    }
    // A test of the connection links, too, and is no sign-in.
    let uses_sso = has_sso && member.identities > 0 && member.membership.last_sso_sign_in_at.is_some();
    let ways = [(uses_sso, "SSO"), (member.has_password, "Password"), (member.has_passkey, "Passkey")];
    let ways = ways.into_iter().filter(|(has, _)| *has).map(|(_, words)| words);
    let mut words: Vec<String> =
        ways.chain(member.providers.iter().map(|provider| provider.words())).map(str::to_owned).collect();
    if words.is_empty() && has_sso {
        words.push("SSO, at their next sign-in".to_owned());
    }
    words
}

fn row(member: &Member, reader: &str, has_sso: bool, now: Timestamp) -> MemberRow {
    let id = member.membership.user_id.as_str();
    let removed = member.membership.state == MembershipState::Removed;
    MemberRow {
        is_reader: id == reader,
        person: Person::new(id, &member.name, member.email.to_string()),
        email_proven: member.email_proven,
        role: member.membership.role.label().to_owned(),
        methods: methods(member, has_sso),
        never_used_sso: has_sso && !removed && member.membership.last_sso_sign_in_at.is_none(),
        last_seen: Some(Moment::new(last_seen(member), now)),
        removed,
    }
}

/// One member.
pub async fn show(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    visit.page(&page(&visit, &slug, &id, None).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    role: OrganizationRole,
}

/// Gives a member another role.
pub async fn update(visit: Visit, Path((slug, id)): Path<(String, String)>, Form(typed): Form<Typed>) -> PageResult {
    // Asked before: who gives up the role while SSO is enforced may have no session afterwards.
    let current = orgate_app::session::current(visit.app(), &visit.visitor).await?;
    match membership::change_role(visit.app(), &visit.visitor, &slug, &id, typed.role).await {
        Ok(()) => {
            // Who is no Owner any more has no list of members to come back to.
            let gone = current.user_id.as_str() == id && typed.role == OrganizationRole::Member;
            let path = if gone { format!("/organizations/{slug}/projects") } else { member_url(&slug, &id) };
            Ok(done(&path, &format!("The role is {} now.", typed.role.label())))
        }
        Err(error) => again(&visit, &slug, &id, error).await,
    }
}

/// The member's page with the reason why the role stays; any other error goes on as it is.
pub(super) async fn again(visit: &Visit, slug: &str, id: &str, error: Error) -> PageResult {
    let stays = |refusal: &Refusal| matches!(refusal, Refusal::LastOwner | Refusal::NoWayBackIn);
    let mistakes = Mistakes::or_at(error, "role", stays)?;
    visit.again(&page(visit, slug, id, mistakes.field("role", "").error).await?)
}

async fn page(visit: &Visit, slug: &str, id: &str, problem: Option<String>) -> Result<MemberPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::Members, slug).await?;
    let view = membership::get(visit.app(), &visit.visitor, slug, id).await?;
    let now = visit.now();
    let has_sso = lookup::login_page(visit.app(), slug).await?.has_sso;
    let member = row(&view.member, &frame.person.id, has_sso, now);
    // Only an Owner reads this, so the last Owner is the reader.
    let last_owner = member.is_reader && organization::get(visit.app(), &visit.visitor, slug).await?.is_last_owner;
    let reason =
        last_owner.then(|| "An organization always has an Owner. Make somebody else an Owner first.".to_owned());
    Ok(MemberPage {
        joined: Moment::new(view.member.membership.joined_at, now),
        roles: if last_owner { Vec::new() } else { roles(view.member.membership.role) },
        role_problem: problem.or(reason),
        identities: identities(&view, now),
        projects: view
            .projects
            .iter()
            .map(|(project, role)| MemberProject {
                id: project.id.to_string(),
                name: project.name.clone(),
                role: role.label().to_owned(),
            })
            .collect(),
        may_manage: true,
        member,
        frame,
    })
}

fn identities(view: &MemberView, now: Timestamp) -> Vec<MemberIdentity> {
    let host = |issuer: &str| issuer.trim_start_matches("https://").trim_end_matches('/').to_owned();
    view.identities
        .iter()
        .map(|identity| MemberIdentity {
            connection: host(&identity.issuer),
            subject: identity.subject.as_str().to_owned(),
            linked: Moment::new(identity.created_at, now),
        })
        .collect()
}

/// The organization roles to choose from.
pub(super) fn roles(selected: OrganizationRole) -> Vec<Choice> {
    let options = OrganizationRole::ALL.map(|role| (role.as_str(), role.label()));
    Choice::list(&options, selected.as_str())
}

/// The list.
pub(super) fn url(slug: &str) -> String {
    format!("/organizations/{slug}/members")
}

/// The page of one member.
pub(super) fn member_url(slug: &str, id: &str) -> String {
    format!("/organizations/{slug}/members/{id}")
}
