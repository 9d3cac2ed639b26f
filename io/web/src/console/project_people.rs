//! Owns `/organizations/{slug}/projects/{id}`: who is in a project and as what.

use orgate_app::error::Error;
use orgate_app::invitation::SentInvitation;
use orgate_app::project::people::{self, Added, People};
use orgate_app::project::{self, ProjectView};
use orgate_app::session;
use orgate_core::permission::Permission;
use orgate_core::refusal::{FieldError, Refusal};
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::lists::{Cursor, pager};
use super::organization_frame;
use super::projects::{project_url, role};
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, done, see_other};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::projects::{ProjectInvitation, ProjectPage, ProjectPerson};
use crate::pages::{Choice, Frame, Moment, Person, Section};

/// The project and its people.
pub async fn show(visit: Visit, Path((slug, id)): Path<(String, String)>, Query(query): Query<Cursor>) -> PageResult {
    visit.page(&page(&visit, &slug, &id, query.cursor, &Mistakes::default(), None).await?)
}

/// What the form that adds somebody sends.
#[derive(Deserialize)]
pub struct Typed {
    email: String,
    role: ProjectRole,
}

/// Adds a member, or invites an outsider. Who would have a lesser role by it than they have is asked about first (R-UI-2).
pub async fn create(visit: Visit, Path((slug, id)): Path<(String, String)>, Form(typed): Form<Typed>) -> PageResult {
    let held = project::held_by(visit.app(), &visit.visitor, &slug, &id, &typed.email).await?;
    if let Some((user_id, _)) = held.filter(|(_, held)| typed.role < *held) {
        let role = typed.role.as_str();
        return Ok(see_other(&format!("{}/members/{user_id}/role?role={role}", project_url(&slug, &id))));
    }
    let added = people::add(visit.app(), &visit.visitor, &slug, &id, &typed.email, typed.role).await;
    match added {
        Ok(added) => Ok(done(&project_url(&slug, &id), &sentence(&added, &typed.email))),
        Err(error) => {
            let stranger = matches!(error, Error::Refused(Refusal::NotAnOrganizationMember));
            let error = if stranger { not_a_member(&typed.email) } else { error };
            visit.again(&page(&visit, &slug, &id, None, &Mistakes::of(error)?, Some(&typed)).await?)
        }
    }
}

/// While SSO is enforced a project takes members only (R-INV-3).
fn not_a_member(email: &str) -> Error {
    let message =
        format!("{} is not a member yet. They sign in through SSO first; then you can add them here.", email.trim());
    Error::Refused(Refusal::InvalidInput(vec![FieldError::new("email", message)]))
}

fn sentence(added: &Added, typed: &str) -> String {
    match added {
        Added::Granted(_) => format!("{} has access now.", typed.trim()),
        Added::Invited(sent) => {
            let SentInvitation { invitation, .. } = &**sent;
            format!("{} was mailed an invitation that carries this project.", invitation.email)
        }
        Added::Attached(invitation) => {
            format!("{} is invited already; the invitation carries this project now.", invitation.email)
        }
    }
}

async fn page(
    visit: &Visit,
    slug: &str,
    id: &str,
    cursor: Option<String>,
    mistakes: &Mistakes,
    typed: Option<&Typed>,
) -> Result<ProjectPage, Failure> {
    let (frame, place) = organization_frame(visit, Section::Projects, slug).await?;
    let view = project::get(visit.app(), &visit.visitor, slug, id).await?;
    let people = people::list(visit.app(), &visit.visitor, slug, id, cursor.clone(), None).await?;
    let url = project_url(slug, view.project.id.as_str());
    let chosen = typed.map_or(ProjectRole::ReadOnly, |typed| typed.role);
    Ok(ProjectPage {
        id: view.project.id.to_string(),
        name: view.project.name.clone(),
        role: role(&view),
        may_manage: view.may(Permission::ProjectManage),
        may_edit: view.may(Permission::ProjectManage),
        may_revoke: place.role == OrganizationRole::Owner,
        may_invite_outsiders: view.may_invite_outsiders,
        pager: pager(&url, &[], cursor.as_deref(), people.grants.next_cursor.as_deref()),
        people: rows(&people, &view, &frame),
        invitations: invitations(&people, visit.now()),
        email: mistakes.field("email", typed.map_or("", |typed| typed.email.as_str())),
        roles: roles(chosen),
        frame,
    })
}

/// Owners first; an Owner who has a grant as well is listed once, for the grant changes nothing for them.
fn rows(people: &People, view: &ProjectView, frame: &Frame) -> Vec<ProjectPerson> {
    let manages = view.may(Permission::ProjectManage);
    let owners = people.owners.iter().map(|owner| ProjectPerson {
        is_reader: owner.id.as_str() == frame.person.id,
        person: Person::new(owner.id.as_str(), &owner.name, owner.email.to_string()),
        role: ProjectRole::Admin.label().to_owned(),
        roles: Vec::new(),
        by_ownership: true,
    });
    let owns = |id: &str| people.owners.iter().any(|owner| owner.id.as_str() == id);
    let grants = people.grants.items.iter().filter(|grant| !owns(grant.user_id.as_str())).map(|grant| ProjectPerson {
        is_reader: grant.user_id.as_str() == frame.person.id,
        person: Person::new(grant.user_id.as_str(), &grant.name, grant.email.to_string()),
        role: grant.role.label().to_owned(),
        roles: if manages { roles(grant.role) } else { Vec::new() },
        by_ownership: false,
    });
    owners.chain(grants).collect()
}

fn invitations(people: &People, now: Timestamp) -> Vec<ProjectInvitation> {
    people
        .invitations
        .iter()
        .map(|(invitation, role)| ProjectInvitation {
            id: invitation.id.to_string(),
            email: invitation.email.to_string(),
            role: role.label().to_owned(),
            expires: Moment::new(invitation.expires_at, now),
        })
        .collect()
}

/// The project roles to choose from.
pub(super) fn roles(selected: ProjectRole) -> Vec<Choice> {
    let options = ProjectRole::ALL.map(|role| (role.as_str(), role.label()));
    Choice::list(&options, selected.as_str())
}

/// What the form of a role sends.
#[derive(Deserialize)]
pub struct TypedRole {
    role: ProjectRole,
}

/// Gives somebody another role.
pub async fn update(
    visit: Visit,
    Path((slug, id, user_id)): Path<(String, String, String)>,
    Form(typed): Form<TypedRole>,
) -> PageResult {
    people::change_role(visit.app(), &visit.visitor, &slug, &id, &user_id, typed.role).await?;
    Ok(done(&project_url(&slug, &id), &format!("The role is {} now.", typed.role.label().to_lowercase())))
}

/// Asks before somebody is taken out.
pub async fn ask_removal(visit: Visit, Path((slug, id, user_id)): Path<(String, String, String)>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Projects, &slug).await?;
    let view = project::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let (user, _) = people::get(visit.app(), &visit.visitor, &slug, &id, &user_id).await?;
    let (organization, project) = (frame.organization_name().to_owned(), &view.project.name);
    let (title, verb, words) = if frame.person.id == user_id {
        (format!("Leave {project}?"), "Leave", ["Your access", "you", "You stay", "your"])
    } else {
        let title = format!("Remove {} from {project}?", user.name);
        (title, "Remove", ["Their access", "they", "They stay", "their"])
    };
    let [access, they, stay, their] = words;
    let question = Question {
        title,
        verb,
        action: format!("{}/members/{user_id}/removal", project_url(&slug, &id)),
        above: (project, project_url(&slug, &id)),
    };
    visit.page(&ConfirmationPage {
        text: user.email.to_string(),
        consequences: vec![
            Consequence::plain(format!("{access} to {project} ends at once.")),
            Consequence::plain(format!("Invitations that {they} sent and nobody has accepted are revoked.")),
        ],
        reassurance: format!("{stay} a member of {organization}, with {their} other projects."),
        ..ask(frame, question)
    })
}

/// Takes somebody out.
pub async fn remove(visit: Visit, Path((slug, id, user_id)): Path<(String, String, String)>) -> PageResult {
    people::remove(visit.app(), &visit.visitor, &slug, &id, &user_id).await?;
    let current = session::current(visit.app(), &visit.visitor).await?;
    if current.user_id.as_str() == user_id {
        return Ok(done(&format!("/organizations/{slug}/projects"), "You are out of the project."));
    }
    Ok(done(&project_url(&slug, &id), "Their access to the project has ended."))
}
