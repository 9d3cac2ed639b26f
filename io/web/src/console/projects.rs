//! Owns `/organizations/{slug}/projects`: listing, creating, renaming and deleting projects. Who is in one is in
//! [`super::project_people`].

use orgate_app::project::{self, ProjectView, people};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::lists::{Cursor, pager};
use super::{organization_frame, require};
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::projects::{EditProjectPage, NewProjectPage, ProjectRow, ProjectsPage};
use crate::pages::{Moment, Person, Section};

/// How many people a question names.
const NAMED: u32 = 10;

/// The projects that the person may see.
pub async fn index(visit: Visit, Path(slug): Path<String>, Query(query): Query<Cursor>) -> PageResult {
    let (frame, place) = organization_frame(&visit, Section::Projects, &slug).await?;
    let listed = project::list(visit.app(), &visit.visitor, &slug, query.cursor.clone(), None).await?;
    let now = visit.now();
    visit.page(&ProjectsPage {
        frame,
        items: listed.items.iter().map(|view| row(view, now)).collect(),
        may_create: require(&place, Permission::ProjectCreate).is_ok(),
        pager: pager(&url(&slug), &[], query.cursor.as_deref(), listed.next_cursor.as_deref()),
    })
}

fn row(view: &ProjectView, now: Timestamp) -> ProjectRow {
    ProjectRow {
        id: view.project.id.to_string(),
        name: view.project.name.clone(),
        role: role(view),
        people: view.people,
        created: Moment::new(view.project.created_at, now),
    }
}

/// The reader's role, as words.
pub(super) fn role(view: &ProjectView) -> String {
    view.role().map(|role| role.label().to_owned()).unwrap_or_default()
}

/// The form for a new one.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&new_page(&visit, &slug, &Mistakes::default(), "").await?)
}

/// What the forms send.
#[derive(Deserialize)]
pub struct Typed {
    name: String,
}

/// Creates one.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    match project::create(visit.app(), &visit.visitor, &slug, &typed.name).await {
        Ok(view) => {
            Ok(done(&project_url(&slug, view.project.id.as_str()), &format!("{} is created.", view.project.name)))
        }
        Err(error) => visit.again(&new_page(&visit, &slug, &Mistakes::of(error)?, &typed.name).await?),
    }
}

async fn new_page(visit: &Visit, slug: &str, mistakes: &Mistakes, typed: &str) -> Result<NewProjectPage, Failure> {
    let (frame, place) = organization_frame(visit, Section::Projects, slug).await?;
    require(&place, Permission::ProjectCreate)?;
    Ok(NewProjectPage { frame, name: mistakes.field("name", typed) })
}

/// The form for another name.
pub async fn edit(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    visit.page(&edit_page(&visit, &slug, &id, &Mistakes::default(), None).await?)
}

/// Renames one.
pub async fn update(visit: Visit, Path((slug, id)): Path<(String, String)>, Form(typed): Form<Typed>) -> PageResult {
    match project::rename(visit.app(), &visit.visitor, &slug, &id, &typed.name).await {
        Ok(_) => Ok(done(&project_url(&slug, &id), "The new name is saved.")),
        Err(error) => visit.again(&edit_page(&visit, &slug, &id, &Mistakes::of(error)?, Some(&typed.name)).await?),
    }
}

async fn edit_page(
    visit: &Visit,
    slug: &str,
    id: &str,
    mistakes: &Mistakes,
    typed: Option<&str>,
) -> Result<EditProjectPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::Projects, slug).await?;
    let view = managed(visit, slug, id, Permission::ProjectManage).await?;
    Ok(EditProjectPage {
        frame,
        id: view.project.id.to_string(),
        name: mistakes.field("name", typed.unwrap_or(&view.project.name)),
        may_delete: view.may(Permission::ProjectDelete),
        current_name: view.project.name,
    })
}

/// Asks before one is deleted.
pub async fn ask_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Projects, &slug).await?;
    let view = managed(&visit, &slug, &id, Permission::ProjectDelete).await?;
    let people = people::list(visit.app(), &visit.visitor, &slug, &id, None, Some(NAMED)).await?;
    let named = people.grants.items.iter();
    let losing = Consequence {
        people: named
            .map(|grant| Person::new(grant.user_id.to_string(), &grant.name, grant.email.to_string()))
            .collect(),
        ..Consequence::counted(
            view.people,
            if view.people == 1 { "person loses access at once" } else { "people lose access at once" },
        )
    };
    let organization = frame.organization_name().to_owned();
    let question = Question {
        title: format!("Delete {}?", view.project.name),
        verb: "Delete project",
        action: format!("{}/removal", project_url(&slug, &id)),
        above: ("Edit project", format!("{}/edit", project_url(&slug, &id))),
    };
    visit.page(&ConfirmationPage {
        text: "This cannot be undone.".to_owned(),
        consequences: vec![
            losing,
            Consequence::plain("Invitations to this project alone that its admins sent are revoked."),
            Consequence::plain("Other invitations that carry this project go on without it."),
        ],
        reassurance: format!("Everybody stays a member of {organization}."),
        ..ask(frame, question)
    })
}

/// Deletes one.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    project::delete(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&url(&slug), "The project is deleted."))
}

/// The project, for who may do this to it.
async fn managed(visit: &Visit, slug: &str, id: &str, permission: Permission) -> Result<ProjectView, Failure> {
    let view = project::get(visit.app(), &visit.visitor, slug, id).await?;
    if view.may(permission) { Ok(view) } else { Err(Refusal::NotPermitted.into()) }
}

fn url(slug: &str) -> String {
    format!("/organizations/{slug}/projects")
}

/// The page of a project.
pub(super) fn project_url(slug: &str, id: &str) -> String {
    format!("/organizations/{slug}/projects/{id}")
}
