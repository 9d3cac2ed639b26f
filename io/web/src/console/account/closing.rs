//! Owns `/account/deletion`: closing one's own account, with what it takes along said before.

use orgate_app::account::closing::{self, ClosingForecast, ClosingPlace};
use orgate_app::error::Error;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use crate::console::asking::{Question, ask};
use crate::console::frame;
use crate::cookies;
use crate::page::{Form, Mistakes, PageResult, Visit, see_other};
use crate::pages::account::{ClosingRefusedPage, NeededBy};
use crate::pages::confirmation::{ConfirmationPage, Consequence, TypedName};
use crate::pages::{Frame, Section};

const URL: &str = "/account/deletion";
const ABOVE: (&str, &str) = ("Profile", "/account/profile");

/// Says what would end; or which organizations need the person, and what to do.
pub async fn new(visit: Visit) -> PageResult {
    let forecast = closing::forecast(visit.app(), &visit.visitor).await?;
    let frame = frame(&visit, Section::Profile).await?;
    let needed: Vec<NeededBy> = forecast.places.iter().filter_map(needed_by).collect();
    if needed.is_empty() {
        visit.page(&page(frame, &forecast, &Mistakes::default(), ""))
    } else {
        visit.page(&ClosingRefusedPage { frame, organizations: needed })
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    confirmation: String,
}

/// Closes it.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    match closing::close(visit.app(), &visit.visitor, &typed.confirmation).await {
        Ok(()) => {
            let mut response = see_other("/signed-out");
            cookies::set(response.headers_mut(), cookies::forget_session());
            Ok(response)
        }
        // Somebody else went meanwhile: the page names who needs the person now.
        Err(Error::Refused(Refusal::LastOwnerOf(_) | Refusal::NoWayBackIn)) => Ok(see_other(URL)),
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            let forecast = closing::forecast(visit.app(), &visit.visitor).await?;
            visit.again(&page(frame(&visit, Section::Profile).await?, &forecast, &mistakes, &typed.confirmation))
        }
    }
}

fn needed_by(place: &ClosingPlace) -> Option<NeededBy> {
    let obstacle = place.obstacle.as_ref()?;
    let slug = &place.organization.slug;
    let (why, url, act) = match obstacle {
        Refusal::LastOwner => (
            "You are its last Owner. Make another member Owner, or delete it and wait the seven days until it is gone."
                .to_owned(),
            format!("/organizations/{slug}/members"),
            "Choose a member",
        ),
        other => (other.advice(), format!("/organizations/{slug}/settings/single-sign-on"), "Look at single sign-on"),
    };
    Some(NeededBy { name: place.organization.name.clone(), why, url, act: act.to_owned() })
}

fn page(frame: Frame, forecast: &ClosingForecast, mistakes: &Mistakes, typed: &str) -> ConfirmationPage {
    let (label, above) = ABOVE;
    let question = Question {
        title: "Close your account?".to_owned(),
        verb: "Close account",
        action: URL.to_owned(),
        above: (label, above.to_owned()),
    };
    ConfirmationPage {
        text: "At once and for good: nobody can bring it back.".to_owned(),
        consequences: consequences(forecast),
        reassurance:
            "Organizations keep their audit logs, in which your name stays beside what you did. You can sign up \
                      again with the same address; it will be a new account, which organizations have to invite anew."
                .to_owned(),
        typed_name: Some(TypedName {
            expected: forecast.email.clone(),
            confirmation: mistakes.field("confirmation", typed),
        }),
        problem: mistakes.elsewhere(&["confirmation"]),
        ..ask(frame, question)
    }
}

/// What ends; of what there is none of, nothing is said.
fn consequences(forecast: &ClosingForecast) -> Vec<Consequence> {
    let places = forecast.places.iter().map(|place| {
        Consequence::plain(format!(
            "You leave {}, and invitations that you sent there are revoked.",
            place.organization.name
        ))
    });
    let counted = [
        (forecast.grants, "role in a project ends", "roles in projects end"),
        (forecast.other_sessions, "other browser is signed out", "other browsers are signed out"),
        (forecast.identities, "link to single sign-on is deleted", "links to single sign-on are deleted"),
    ];
    let counted = counted
        .into_iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| Consequence::counted(count, if count == 1 { one } else { many }));
    let last = Consequence::plain("Your password and every other way to sign in is deleted. A last mail tells you so.");
    places.chain(counted).chain([last]).collect()
}
