//! Owns `/organizations/{slug}/departure`: leaving an organization.

use orgate_app::organization;
use orgate_core::refusal::Refusal;

use super::asking::{Question, ask};
use super::organization_frame;
use crate::error::Failure;
use crate::page::{Mistakes, PageResult, Path, Visit, done};
use crate::pages::Section;
use crate::pages::confirmation::{ConfirmationPage, Consequence};

/// Asks before the person leaves.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&page(&visit, &slug, None).await?)
}

/// The person leaves.
pub async fn create(visit: Visit, Path(slug): Path<String>) -> PageResult {
    match organization::leave(visit.app(), &visit.visitor, &slug).await {
        Ok(()) => Ok(done("/organizations", "You have left the organization.")),
        Err(error) => {
            let is_needed = |refusal: &Refusal| matches!(refusal, Refusal::LastOwner | Refusal::NoWayBackIn);
            let mistakes = Mistakes::or_at(error, "departure", is_needed)?;
            visit.again(&page(&visit, &slug, mistakes.elsewhere(&[])).await?)
        }
    }
}

/// The question, and why it was refused.
pub(super) async fn page(visit: &Visit, slug: &str, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::Settings, slug).await?;
    let question = Question {
        title: format!("Leave {}?", frame.organization_name()),
        verb: "Leave",
        action: format!("/organizations/{slug}/departure"),
        above: ("Settings", format!("/organizations/{slug}/settings")),
    };
    Ok(ConfirmationPage {
        consequences: vec![
            Consequence::plain("Your role here and in its projects ends at once."),
            Consequence::plain("Invitations that you sent and nobody has accepted are revoked."),
            Consequence::plain(
                "You come back by an invitation or through its single sign-on, as a member with no project.",
            ),
        ],
        reassurance: "Your account and your other organizations stay as they are.".to_owned(),
        problem,
        ..ask(frame, question)
    })
}
