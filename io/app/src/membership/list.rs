//! Owns what the members pages show.

use orgate_core::id::{Identifier as _, UserId};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::role::ProjectRole;
use orgate_store::{Identity, Member, MemberFilter as Stored, Project};

use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::paging::{self, Listed};
use crate::visitor::Visitor;

/// How many projects of one member are shown.
const MOST_PROJECTS: u32 = 100;

/// Which members to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemberFilter {
    /// All members.
    #[default]
    All,
    /// Owners.
    Owners,
    /// Members who never signed in through SSO.
    NeverUsedSso,
    /// People whom an Owner removed, latest first.
    Removed,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct MemberQuery {
    /// Which members.
    pub filter: MemberFilter,
    /// A part of the name or address.
    pub search: String,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// A part of the list.
#[derive(Debug, Clone)]
pub struct MemberPage {
    /// The members and the cursor of the next page.
    pub members: Listed<Member>,
    /// How many members the organization has.
    pub total: u64,
    /// How many invitations are pending.
    pub invited: u64,
}

/// One member.
#[derive(Debug, Clone)]
pub struct MemberView {
    /// The member.
    pub member: Member,
    /// Their identities at the organization's IdPs.
    pub identities: Vec<Identity>,
    /// Their projects, with their role in each.
    pub projects: Vec<(Project, ProjectRole)>,
}

/// The members of an organization.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn list(app: &App, visitor: &Visitor, organization: &str, query: MemberQuery) -> Result<MemberPage, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), query);
    app.store
        .read(input, |tx, (app, visitor, organization, query)| {
            Box::pin(async move {
                let reader = authorise::permitted(tx, app, visitor, organization, Permission::MemberList).await?;
                let mut view = tx.organization(reader.organization_id());
                let after = paging::after::<UserId>(query.cursor.as_deref())?;
                let limit = paging::limit(query.limit);
                let search = query.search.trim().to_lowercase();
                let page = match stored(query.filter) {
                    None => view.list_removed(&search, after.as_ref(), limit).await?,
                    Some(filter) if search.is_empty() => view.list_members(filter, after.as_ref(), limit).await?,
                    Some(filter) => view.search_members(filter, &search, after.as_ref(), limit).await?,
                };
                Ok(MemberPage {
                    members: Listed::of(page, |member| member.membership.user_id.as_str()),
                    total: view.count_members().await?,
                    invited: view.count_pending_invitations(app.now()).await?,
                })
            })
        })
        .await
}

/// One member, or somebody whom an Owner removed.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::permitted`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str, user_id: &str) -> Result<MemberView, Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), user_id);
    app.store
        .read(input, |tx, (app, visitor, organization, user_id)| {
            Box::pin(async move {
                let reader = authorise::permitted(tx, app, visitor, organization, Permission::MemberList).await?;
                let mut view = tx.organization(reader.organization_id());
                Ok(MemberView {
                    member: view.find_member(user_id).await?.ok_or(Refusal::NotFound)?,
                    identities: view.list_identities_of_user(user_id).await?,
                    projects: view.list_projects_of_user(user_id, None, MOST_PROJECTS).await?.items,
                })
            })
        })
        .await
}

/// The filter as the store knows it; none for those who are members no more.
fn stored(filter: MemberFilter) -> Option<Stored> {
    match filter {
        MemberFilter::All => Some(Stored::All),
        MemberFilter::Owners => Some(Stored::Owners),
        MemberFilter::NeverUsedSso => Some(Stored::NeverUsedSso),
        MemberFilter::Removed => None,
    }
}
