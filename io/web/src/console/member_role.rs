//! Owns `/organizations/{slug}/members/{id}/role`: saying what another role in the organization does before it is given
//! (R-UI-2). Giving it is in [`super::members`].

use orgate_app::membership::{self, RoleForecast};
use orgate_core::role::OrganizationRole;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::members::{self, member_url};
use super::{ending, organization_frame};
use crate::page::{PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::{Frame, Hidden, Section};

/// What the form on the member's page chose; nothing chosen means the other role.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    role: Option<OrganizationRole>,
}

/// Asks before a member gets another role.
pub async fn ask_role(
    visit: Visit,
    Path((slug, id)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Members, &slug).await?;
    let held = membership::get(visit.app(), &visit.visitor, &slug, &id).await?.member.membership.role;
    let role = wanted.role.unwrap_or(match held {
        OrganizationRole::Owner => OrganizationRole::Member,
        OrganizationRole::Member => OrganizationRole::Owner,
    });
    match membership::role_forecast(visit.app(), &visit.visitor, &slug, &id, role).await {
        Ok(forecast) if forecast.held == role => {
            Ok(done(&member_url(&slug, &id), &format!("The role is {} already.", role.label())))
        }
        Ok(forecast) => visit.page(&question(frame, &slug, &forecast, role)),
        Err(error) => members::again(&visit, &slug, &id, error).await,
    }
}

fn question(frame: Frame, slug: &str, forecast: &RoleForecast, role: OrganizationRole) -> ConfirmationPage {
    let url = member_url(slug, forecast.user.id.as_str());
    let (name, organization) = (&forecast.user.name, frame.organization_name().to_owned());
    let is_reader = frame.person.id == forecast.user.id.as_str();
    let (title, verb) = match role {
        OrganizationRole::Owner => (format!("Make {name} an Owner of {organization}?"), "Make Owner"),
        OrganizationRole::Member if is_reader => (format!("Give up your role in {organization}?"), "Give up role"),
        OrganizationRole::Member => (format!("Make {name} a member, where they are an Owner?"), "Make member"),
    };
    let (consequences, reassurance, weight) = match role {
        OrganizationRole::Owner => (gained(), "All Owners are mailed.".to_owned(), Weight::Beginning),
        OrganizationRole::Member => (lost(forecast, is_reader), kept(is_reader), Weight::Ending),
    };
    let email = forecast.user.email.to_string();
    let hidden = vec![Hidden { name: "role".to_owned(), value: role.as_str().to_owned() }];
    let asked = Question { title, verb, action: url.clone(), above: (name, url) };
    ConfirmationPage { text: email, consequences, reassurance, weight, hidden, ..ask(frame, asked) }
}

/// What an Owner may do (R-ORG-3).
fn gained() -> Vec<Consequence> {
    vec![
        Consequence::plain("They manage members, single sign-on, domains and settings, and read the audit log."),
        Consequence::plain("They are admin in every project."),
        Consequence::plain("They can make and remove other Owners, you as well, and delete the organization."),
    ]
}

fn lost(forecast: &RoleForecast, is_reader: bool) -> Vec<Consequence> {
    let (they, they_see) = if is_reader { ("you", "You manage") } else { ("they", "They manage") };
    let sees = format!("{they_see} nothing here any more, and {they} see the projects only that {they} were added to.");
    let mut consequences = vec![Consequence::plain(sees)];
    consequences.extend(ending::lines(forecast.ending, they));
    if forecast.sessions_to_end > 0 {
        let ends = if forecast.sessions_to_end == 1 { "session ends" } else { "sessions end" };
        let text = format!("{ends} at once: only Owners may sign in without single sign-on here");
        consequences.push(Consequence::counted(forecast.sessions_to_end, text));
    }
    consequences
}

fn kept(is_reader: bool) -> String {
    if is_reader {
        "You stay a member, with the projects you were added to. Only an Owner can make you one again.".to_owned()
    } else {
        "They stay a member, with the projects that they were added to. They are mailed.".to_owned()
    }
}
