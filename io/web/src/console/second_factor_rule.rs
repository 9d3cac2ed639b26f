//! Owns `/organizations/{slug}/settings/second-factor`: whether members need a second factor (R-IN-4).

use orgate_app::error::Error;
use orgate_app::organization::{self, OrganizationView, SecondFactorForecast};
use orgate_app::rows::Member;
use orgate_app::session;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::{organization_frame, require};
use crate::error::Failure;
use crate::page::{Form, PageResult, Path, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::{Hidden, Person, Section};

/// Says what would change for whom.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&page(&visit, &slug, None).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    mfa_required: bool,
}

/// Changes it.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    match organization::require_mfa(visit.app(), &visit.visitor, &slug, typed.mfa_required).await {
        Ok(view) => {
            let sentence = if view.mfa_required {
                "Members need a second factor from now on. All Owners were mailed."
            } else {
                "Members need no second factor any more. All Owners were mailed."
            };
            Ok(done(&settings(&slug), sentence))
        }
        Err(Error::Refused(Refusal::MfaManagedByIdp)) => {
            let refusal = Refusal::MfaManagedByIdp;
            let problem = refusal.told();
            visit.again(&page(&visit, &slug, Some(problem)).await?)
        }
        // Who has a factor is asked for it; who has none cannot ask it of the others.
        Err(Error::Refused(Refusal::NeedsSecondFactor)) if !has_one(&visit).await? => {
            let problem = "You have no second factor yourself. Set one up under Sign-in and security first.".to_owned();
            visit.again(&page(&visit, &slug, Some(problem)).await?)
        }
        Err(other) => Err(other.into()),
    }
}

fn settings(slug: &str) -> String {
    format!("/organizations/{slug}/settings")
}

async fn has_one(visit: &Visit) -> Result<bool, Error> {
    Ok(session::current(visit.app(), &visit.visitor).await?.has_second_factor)
}

async fn page(visit: &Visit, slug: &str, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    let (frame, place) = organization_frame(visit, Section::Settings, slug).await?;
    require(&place, Permission::OrganizationUpdate)?;
    let view = organization::get(visit.app(), &visit.visitor, slug).await?;
    let asked = !view.mfa_required;
    let none_yourself =
        || "You have no second factor yourself. Set one up under Sign-in and security first.".to_owned();
    let problem = match problem {
        None if asked && !has_one(visit).await? => Some(none_yourself()),
        other => other,
    };
    let name = frame.organization_name().to_owned();
    let question = Question {
        title: if asked {
            format!("Require a second factor in {name}?")
        } else {
            "Stop requiring a second factor?".to_owned()
        },
        verb: if asked { "Require it" } else { "Stop requiring it" },
        action: format!("{}/second-factor", settings(slug)),
        above: ("Settings", settings(slug)),
    };
    let forecast = organization::second_factor_forecast(visit.app(), &visit.visitor, slug).await?;
    Ok(ConfirmationPage {
        consequences: consequences(&view, &forecast),
        reassurance:
            "Who comes in through this organization's own SSO notices nothing: the identity provider answers for \
                      second factors. All Owners are mailed."
                .to_owned(),
        problem,
        weight: if asked { Weight::Beginning } else { Weight::Ending },
        hidden: vec![Hidden { name: "mfa_required".to_owned(), value: asked.to_string() }],
        ..ask(frame, question)
    })
}

fn consequences(view: &OrganizationView, forecast: &SecondFactorForecast) -> Vec<Consequence> {
    if view.mfa_required {
        let text = "Members who have no second factor come in without one. Who has one is still asked for it.";
        return vec![Consequence::plain(text)];
    }
    let person =
        |member: &Member| Person::new(member.membership.user_id.as_str(), &member.name, member.email.to_string());
    let text = if forecast.without == 1 {
        "member has none and sets one up at the next click"
    } else {
        "members have none and set one up at their next click"
    };
    vec![Consequence {
        people: forecast.first_without.iter().map(person).collect(),
        ..Consequence::counted(forecast.without, text)
    }]
}
