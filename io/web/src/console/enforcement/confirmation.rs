//! Owns confirming a trial (R-ENF-12). It takes a session that came in through the connection, so who has none is led
//! through it and back here.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use orgate_app::connection;
use orgate_app::enforcement::{self, WishForm};
use orgate_app::error::Error;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;

use super::obstacle::{by_sso, remember};
use super::{nothing_to_do, overview_url, url, view};
use crate::console::asking::{Question, ask};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{PageResult, Path, Visit, done, html};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::{Moment, Section};

const OVER: &str = "There is no trial to confirm any more. Look how enforcement stands.";

/// Asks whether the trial becomes permanent.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    let stored = enforcement::show(visit.app(), &visit.visitor, &slug).await?;
    let Some(end) = view::trial_end(&stored, visit.now()) else { return Ok(nothing_to_do(&slug, OVER)) };
    let (page, provider) = page(&visit, &slug, end).await?;
    visit.page(&ConfirmationPage {
        consequences: vec![
            Consequence::plain(format!("Members go on signing in through {provider} only.")),
            Consequence::plain("It stays on until an Owner turns it off."),
        ],
        reassurance: "Nobody is signed out by confirming.".to_owned(),
        ..page
    })
}

/// Confirms.
pub async fn create(visit: Visit, Path(slug): Path<String>) -> PageResult {
    let stored = enforcement::show(visit.app(), &visit.visitor, &slug).await?;
    let Some(end) = view::trial_end(&stored, visit.now()) else { return Ok(nothing_to_do(&slug, OVER)) };
    let wish = WishForm { enabled: true, confirm: true, ..WishForm::default() };
    match enforcement::adjust(visit.app(), &visit.visitor, &slug, wish).await {
        Ok(now) if !now.enabled => Ok(nothing_to_do(&slug, OVER)),
        Ok(_) => Ok(done(&overview_url(&slug), "Confirmed: SSO stays enforced. All Owners were mailed.")),
        Err(Error::Refused(Refusal::NeedsRecentProof)) => through_sso(&visit, &slug, end).await,
        Err(other) => Err(other.into()),
    }
}

/// The same form leads to the provider instead, and from there to the question.
async fn through_sso(visit: &Visit, slug: &str, end: Timestamp) -> PageResult {
    let (page, provider) = page(visit, slug, end).await?;
    let page = ConfirmationPage {
        title: format!("First sign in through {provider}"),
        consequences: vec![
            Consequence::plain(format!(
                "Only an Owner who came in through {provider} a moment ago can confirm: that shows that the door works."
            )),
            Consequence::plain("You come back here to confirm."),
        ],
        reassurance: "Nothing was changed. The trial goes on meanwhile.".to_owned(),
        verb: format!("Sign in through {provider}"),
        action: crate::error::PROOF_PATH.to_owned(),
        hidden: by_sso(slug),
        ..page
    };
    let mut response = (StatusCode::FORBIDDEN, html(&page)?).into_response();
    remember(&mut response, Some(format!("{}/confirmation", url(slug))));
    Ok(response)
}

async fn page(visit: &Visit, slug: &str, end: Timestamp) -> Result<(ConfirmationPage, &'static str), Failure> {
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    let provider = view::provider(&connection::overview(visit.app(), &visit.visitor, slug).await?);
    let question = Question {
        title: "Keep SSO enforced?".to_owned(),
        verb: "Confirm",
        action: format!("{}/confirmation", url(slug)),
        above: ("Single Sign-On", overview_url(slug)),
    };
    let ends = Moment::new(end, visit.now());
    let text = format!("The trial ends {} ({}) and would turn enforcement off.", ends.relative, ends.exact);
    Ok((ConfirmationPage { text, weight: Weight::Beginning, ..ask(frame, question) }, provider))
}
