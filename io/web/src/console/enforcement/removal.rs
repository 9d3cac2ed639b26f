//! Owns turning SSO enforcement off (R-ENF-9).

use orgate_app::enforcement::{self, EnforcementView, WishForm};
use serde::Deserialize;

use super::{nothing_to_do, overview_url, url, view};
use crate::console::asking::{Question, ask};
use crate::console::organization_frame;
use crate::page::{Form, PageResult, Path, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::{Section, Switch};

const OFF: &str = "SSO is not enforced any more, so there is nothing to turn off.";
const WITHOUT_FACTOR: &str =
    "SSO is not enforced any more, so nothing was changed. Require a second factor under Settings > General.";

/// Says what happens, and asks.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    let stored = enforcement::begin_change(visit.app(), &visit.visitor, &slug).await?;
    if !view::stands(&stored, visit.now()) {
        return Ok(nothing_to_do(&slug, OFF));
    }
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let question = Question {
        title: "Turn SSO enforcement off?".to_owned(),
        verb: "Turn off",
        action: format!("{}/removal", url(&slug)),
        above: ("Single Sign-On", overview_url(&slug)),
    };
    visit.page(&ConfirmationPage {
        text: format!("Members of {} choose again how they sign in.", frame.organization_name()),
        consequences: vec![
            Consequence::plain("Members use their old passwords again, unless another organization binds them to its SSO."),
            Consequence::plain(
                "Members without a password set one by mail, with \u{201c}Forgot your password?\u{201d} on the sign-in page.",
            ),
            Consequence::plain("People can be invited again."),
            Consequence::plain("Sessions that enforcement ended stay ended."),
        ],
        reassurance: "Nobody is signed out, and single sign-on goes on. All Owners are mailed.".to_owned(),
        switches: vec![second_factor(&stored)],
        ..ask(frame, question)
    })
}

fn second_factor(stored: &EnforcementView) -> Switch {
    let mut consequence = "Members who come in without SSO need one.".to_owned();
    if stored.mfa_before {
        consequence.push_str(" It was so before enforcement.");
    }
    if !stored.has_second_factor {
        consequence.push_str(" You have none, so you will need SSO yourself.");
    }
    Switch {
        name: "require_mfa_again".to_owned(),
        label: "Require a second factor again".to_owned(),
        consequence,
        on: stored.mfa_before,
        locked: None,
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    require_mfa_again: bool,
}

/// Turns it off.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    let stored = enforcement::begin_change(visit.app(), &visit.visitor, &slug).await?;
    if !view::stands(&stored, visit.now()) {
        return Ok(nothing_to_do(&slug, if typed.require_mfa_again { WITHOUT_FACTOR } else { OFF }));
    }
    let wish = WishForm { require_mfa_again: typed.require_mfa_again, confirm: true, ..WishForm::default() };
    enforcement::set(visit.app(), &visit.visitor, &slug, wish).await?;
    Ok(done(&overview_url(&slug), "SSO is not enforced any more. All Owners were mailed."))
}
