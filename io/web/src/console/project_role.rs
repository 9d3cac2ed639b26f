//! Owns `/organizations/{slug}/projects/{id}/members/{user}/role`: saying what another role in a project does before it is
//! given (R-UI-2). Giving it is in [`super::project_people`].

use orgate_app::project::{self, ProjectRoleForecast};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::role::ProjectRole;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::projects::project_url;
use super::{ending, organization_frame};
use crate::page::{PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::{Hidden, Section};

/// What the form beside the person chose; nothing chosen means the weakest role.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    role: Option<ProjectRole>,
}

/// Asks before somebody gets another role.
pub async fn ask_role(
    visit: Visit,
    Path((slug, id, user_id)): Path<(String, String, String)>,
    Query(wanted): Query<Wanted>,
) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Projects, &slug).await?;
    let view = project::get(visit.app(), &visit.visitor, &slug, &id).await?;
    if !view.may(Permission::ProjectManage) {
        return Err(Refusal::NotPermitted.into());
    }
    let role = wanted.role.unwrap_or(ProjectRole::ReadOnly);
    let forecast = project::role_forecast(visit.app(), &visit.visitor, &slug, &id, &user_id, role).await?;
    let project = view.project.name;
    let words = role.label().to_lowercase();
    if forecast.held == role {
        return Ok(done(&project_url(&slug, &id), &format!("The role is {words} already.")));
    }
    let is_reader = frame.person.id == forecast.user.id.as_str();
    let title = if is_reader {
        format!("Change your role in {project} to {words}?")
    } else {
        format!("Change the role of {} in {project} to {words}?", forecast.user.name)
    };
    let question = Question {
        title,
        verb: "Change role",
        action: format!("{}/members/{user_id}", project_url(&slug, &id)),
        above: (&project, project_url(&slug, &id)),
    };
    let weight = if role < forecast.held { Weight::Ending } else { Weight::Beginning };
    let stay = if is_reader { "You stay" } else { "They stay" };
    visit.page(&ConfirmationPage {
        text: forecast.user.email.to_string(),
        consequences: consequences(&forecast, role, is_reader),
        reassurance: format!("{stay} in the project, and the role can be changed again."),
        weight,
        hidden: vec![Hidden { name: "role".to_owned(), value: role.as_str().to_owned() }],
        ..ask(frame, question)
    })
}

fn consequences(forecast: &ProjectRoleForecast, role: ProjectRole, is_reader: bool) -> Vec<Consequence> {
    let (they, begins) = if is_reader { ("you", "You") } else { ("they", "They") };
    let may = match role {
        ProjectRole::Admin => "change everything in it, and decide who else is in it and as what",
        ProjectRole::ReadWrite => "look at everything in it and change it, and decide nothing about its people",
        ProjectRole::ReadOnly => "look at everything in it and change nothing",
    };
    let mut consequences = vec![Consequence::plain(format!("{begins} {may}."))];
    let ended = ending::lines(forecast.ending, they);
    if !ended.is_empty() {
        // The right to invite is one, whichever project gave it (R-ORG-6).
        consequences.push(Consequence::plain(format!(
            "What {they} began in the organization as somebody who may invite ends, whichever project it was for."
        )));
        consequences.extend(ended);
    }
    consequences
}
