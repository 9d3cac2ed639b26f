//! Owns `/organizations/{slug}/deletion`: asking for an organization's deletion, and taking that back (R-ORG-5).

use orgate_app::organization::{self, DeletionForecast};
use orgate_app::rows::Member;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::organization_frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence, TypedName};
use crate::pages::{Person, Section};

/// Says what would be lost, and asks for the short name.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&page(&visit, &slug, &Mistakes::default(), "").await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    confirmation: String,
}

/// Asks for the deletion.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    let asked = organization::request_deletion(visit.app(), &visit.visitor, &slug, &typed.confirmation).await;
    match asked {
        Ok(view) => Ok(done(
            &format!("/organizations/{slug}/settings"),
            &format!("The deletion of {} is under way. All Owners were mailed.", view.name),
        )),
        Err(error) => visit.again(&page(&visit, &slug, &Mistakes::of(error)?, &typed.confirmation).await?),
    }
}

/// Takes it back.
pub async fn remove(visit: Visit, Path(slug): Path<String>) -> PageResult {
    organization::undo_deletion(visit.app(), &visit.visitor, &slug).await?;
    Ok(done(&format!("/organizations/{slug}/settings"), "The organization stays."))
}

async fn page(visit: &Visit, slug: &str, mistakes: &Mistakes, typed: &str) -> Result<ConfirmationPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::Settings, slug).await?;
    let forecast = organization::deletion_forecast(visit.app(), &visit.visitor, slug).await?;
    let question = Question {
        title: format!("Delete {}?", frame.organization_name()),
        verb: "Delete organization",
        action: format!("/organizations/{slug}/deletion"),
        above: ("Settings", format!("/organizations/{slug}/settings")),
    };
    Ok(ConfirmationPage {
        text: "For everybody in it, 7 days from now.".to_owned(),
        consequences: consequences(&forecast),
        reassurance: "Until then everything works as before and any Owner can keep it. All Owners are mailed."
            .to_owned(),
        typed_name: Some(TypedName { expected: slug.to_owned(), confirmation: mistakes.field("confirmation", typed) }),
        problem: mistakes.elsewhere(&["confirmation"]),
        ..ask(frame, question)
    })
}

/// What is lost, and of whom; of what there is none of, nothing is said.
fn consequences(forecast: &DeletionForecast) -> Vec<Consequence> {
    let line = |count: u64, one: &'static str, many: &'static str| {
        Consequence::counted(count, if count == 1 { one } else { many })
    };
    let person =
        |member: &Member| Person::new(member.membership.user_id.as_str(), &member.name, member.email.to_string());
    let members = Consequence {
        people: forecast.first_members.iter().map(person).collect(),
        ..line(forecast.members, "member loses their role", "members lose their roles")
    };
    let things = [
        line(forecast.projects, "project is deleted", "projects are deleted"),
        line(
            forecast.connections,
            "single sign-on connection is deleted; nobody signs in through it any more",
            "single sign-on connections are deleted; nobody signs in through them any more",
        ),
        line(forecast.invitations, "invitation can no longer be accepted", "invitations can no longer be accepted"),
    ];
    std::iter::once(members).chain(things.into_iter().filter(|line| line.count != Some(0))).collect()
}
