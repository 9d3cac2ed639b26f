//! Owns projects: creating, listing, renaming, deleting. Who is in them is in [`people`].

mod forecast;
pub mod people;

pub use forecast::{ProjectRoleForecast, held_by, role_forecast};

use orgate_core::id::ProjectId;
use orgate_core::name::{Name, Slug};
use orgate_core::permission::{Permission, may};
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Constraint, Project, StoreError, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::input::Input;
use crate::membership::Begun;
use crate::paging::{self, Listed};
use crate::visitor::Visitor;

/// How many short names are tried for a name before a random one is taken.
const SUGGESTIONS: u32 = 20;

/// A project as one of its people sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectView {
    /// The project.
    pub project: Project,
    /// The person's role in the organization.
    pub organization_role: OrganizationRole,
    /// The role of their own grant.
    pub grant: Option<ProjectRole>,
    /// How many people have a grant in it.
    pub people: u64,
    /// Whether an address from outside the organization can be invited: not while SSO is enforced (R-INV-3).
    pub may_invite_outsiders: bool,
}

impl ProjectView {
    /// Whether the person may do it here, by either role.
    pub fn may(&self, permission: Permission) -> bool {
        may(self.organization_role, self.grant, permission)
    }

    /// The role that counts: an Owner of the organization is `admin` in every project (R-ORG-3).
    pub fn role(&self) -> Option<ProjectRole> {
        match self.organization_role {
            OrganizationRole::Owner => Some(ProjectRole::Admin),
            OrganizationRole::Member => self.grant,
        }
    }
}

/// Creates a project; its short name is made from the name.
///
/// *Errors*: those of [`create_as`].
pub async fn create(app: &App, visitor: &Visitor, organization: &str, name: &str) -> Result<ProjectView, Error> {
    create_as(app, visitor, organization, name, None).await
}

/// The same with a short name of the caller's choice. Then the call can be repeated: a project of the same name and short
/// name is answered as it is (R-API-1).
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::SlugTaken`], and those of [`authorise::permitted`].
pub async fn create_as(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    name: &str,
    slug: Option<&str>,
) -> Result<ProjectView, Error> {
    let mut input = Input::default();
    let name = input.name("name", name);
    let slug = slug.map(|slug| input.slug("slug", slug));
    let (Some(name), None | Some(Some(_))) = (name, &slug) else { return Err(input.refused()) };
    let input = (app.clone(), visitor.clone(), organization.to_owned(), name, slug.flatten());
    app.store
        .write(input, |tx, (app, visitor, organization, name, slug)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ProjectCreate).await?;
                if let Some(project) = made_before(tx, &member, name, slug.as_ref()).await? {
                    return describe(tx, &member, project, None).await;
                }
                let id: ProjectId = app.entropy.id(app.now());
                let slug = match slug {
                    Some(slug) => slug.clone(),
                    None => free_slug(tx, app, &member, name).await?,
                };
                let project = insert(tx, app, &member, &id, (name, &slug)).await?;
                note(tx, app, visitor, &member, Event::done("project.created").target(&id, name.as_str())).await?;
                describe(tx, &member, project, None).await
            })
        })
        .await
}

/// The project that has the chosen short name and the name as well.
///
/// *Errors*: [`Refusal::SlugTaken`] when it has another name.
async fn made_before(tx: &mut Tx, member: &Member, name: &Name, slug: Option<&Slug>) -> Result<Option<Project>, Error> {
    let Some(slug) = slug else { return Ok(None) };
    match tx.organization(member.organization_id()).find_project_by_slug(slug.as_str()).await? {
        Some(project) if project.name != name.as_str() => Err(Refusal::SlugTaken.into()),
        found => Ok(found),
    }
}

async fn insert(
    tx: &mut Tx,
    app: &App,
    member: &Member,
    id: &ProjectId,
    (name, slug): (&Name, &Slug),
) -> Result<Project, Error> {
    let mut view = tx.organization(member.organization_id());
    match view.insert_project(id, slug.as_str(), name.as_str(), member.user_id(), app.now()).await {
        Ok(()) => {}
        // Somebody took it between the look and the insert.
        Err(StoreError::Conflict(Constraint::ProjectSlug)) => return Err(Refusal::SlugTaken.into()),
        Err(fault) => return Err(fault.into()),
    }
    Ok(view.find_project(id).await?.ok_or(Refusal::NotFound)?)
}

/// The projects that the person may see: all for an Owner, else those of their grants (R-ORG-4).
///
/// *Errors*: those of [`authorise::member`].
pub async fn list(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<Listed<ProjectView>, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), cursor, limit);
    app.store
        .read(input, |tx, (app, visitor, organization, cursor, limit)| {
            Box::pin(async move {
                let member = authorise::member(tx, app, visitor, organization).await?;
                let after = paging::after::<ProjectId>(cursor.as_deref())?;
                let limit = paging::limit(*limit);
                let page = visible(tx, &member, after.as_ref(), limit).await?;
                let mut items = Vec::with_capacity(page.items.len());
                for (project, grant) in page.items {
                    items.push(describe(tx, &member, project, grant).await?);
                }
                Ok(Listed { items, next_cursor: page.next_cursor })
            })
        })
        .await
}

/// One project.
///
/// *Errors*: those of [`authorise::project`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str, project: &str) -> Result<ProjectView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), project.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization, project)| {
            Box::pin(async move {
                let (member, project, grant) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectRead).await?;
                describe(tx, &member, project, grant).await
            })
        })
        .await
}

/// Gives it another name; the short name stays.
///
/// *Errors*: [`Refusal::InvalidInput`], and those of [`authorise::project`].
pub async fn rename(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    name: &str,
) -> Result<ProjectView, Error> {
    let mut input = Input::default();
    let Some(name) = input.name("name", name) else { return Err(input.refused()) };
    let input = (app.clone(), visitor.clone(), organization.to_owned(), project.to_owned(), name);
    app.store
        .write(input, |tx, (app, visitor, organization, project, name)| {
            Box::pin(async move {
                let (member, mut project, grant) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectManage).await?;
                if project.name != name.as_str() {
                    tx.organization(member.organization_id()).rename_project(&project.id, name.as_str()).await?;
                    let event = Event::done("project.renamed")
                        .target(&project.id, name.as_str())
                        .data(serde_json::json!({ "from": project.name }));
                    note(tx, app, visitor, &member, event).await?;
                    name.as_str().clone_into(&mut project.name);
                }
                describe(tx, &member, project, grant).await
            })
        })
        .await
}

/// Deletes it with everybody's access to it. Invitations that its admins sent to it alone are revoked: with the project goes the
/// right by which they were sent (R-INV-1, R-ORG-6).
///
/// *Errors*: those of [`authorise::project`].
pub async fn delete(app: &App, visitor: &Visitor, organization: &str, project: &str) -> Result<(), Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), project.to_owned());
    app.store
        .write(input, |tx, (app, visitor, organization, project)| {
            Box::pin(async move {
                let (member, project, _) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectDelete).await?;
                let mut view = tx.organization(member.organization_id());
                // Before the project: afterwards nobody knows any more what they carried.
                let revoked = view.revoke_invitations_to_project_alone(&project.id, app.now()).await?;
                view.delete_project(&project.id).await?;
                let (begun, author) = (Begun::revoked(app, revoked), Author::from(&member.caller));
                let event = Event::done("project.deleted").target(&project.id, &project.name);
                begun.record(tx, app, visitor, member.organization_id(), &author, event).await
            })
        })
        .await
}

async fn visible(
    tx: &mut Tx,
    member: &Member,
    after: Option<&ProjectId>,
    limit: u32,
) -> Result<Listed<(Project, Option<ProjectRole>)>, Error> {
    let mut view = tx.organization(member.organization_id());
    Ok(match member.role() {
        OrganizationRole::Owner => {
            let page = view.list_projects(after, limit).await?;
            Listed::of(page, |project| project.id.as_str()).map(|project| (project, None))
        }
        OrganizationRole::Member => {
            let page = view.list_projects_of_user(member.user_id(), after, limit).await?;
            Listed::of(page, |(project, _)| project.id.as_str()).map(|(project, role)| (project, Some(role)))
        }
    })
}

async fn describe(
    tx: &mut Tx,
    member: &Member,
    project: Project,
    grant: Option<ProjectRole>,
) -> Result<ProjectView, Error> {
    Ok(ProjectView {
        people: tx.organization(member.organization_id()).count_grants(&project.id).await?,
        project,
        organization_role: member.role(),
        grant,
        may_invite_outsiders: !member.place.organization.enforcement.enforced,
    })
}

async fn free_slug(tx: &mut Tx, app: &App, member: &Member, name: &Name) -> Result<Slug, Error> {
    let mut view = tx.organization(member.organization_id());
    for number in 1..=SUGGESTIONS {
        let slug = Slug::suggest(name.as_str(), (number > 1).then_some(number));
        if view.find_project_by_slug(slug.as_str()).await?.is_none() {
            return Ok(slug);
        }
    }
    Ok(Slug::suggest(name.as_str(), Some(u32::from_be_bytes(app.entropy.bytes()))))
}

async fn note(tx: &mut Tx, app: &App, visitor: &Visitor, member: &Member, event: Event) -> Result<(), Error> {
    audit::record(tx, app, Some(visitor), Some(member.organization_id()), &Author::from(&member.caller), event).await
}
