//! Owns `/account/password/removal`: taking one's own password away.

use orgate_app::account;
use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;

use super::security::URL;
use crate::console::asking::{Question, ask};
use crate::console::frame;
use crate::error::Failure;
use crate::page::{Mistakes, PageResult, Visit, done};
use crate::pages::Section;
use crate::pages::confirmation::{ConfirmationPage, Consequence};

/// Asks before it is gone.
pub async fn new(visit: Visit) -> PageResult {
    visit.page(&page(&visit, None).await?)
}

/// Takes it away.
pub async fn create(visit: Visit) -> PageResult {
    match account::remove_password(visit.app(), &visit.visitor).await {
        Ok(()) => Ok(done(URL, "Your password is removed, and you are signed out everywhere else.")),
        Err(error) => {
            let is_mended_elsewhere = |refusal: &Refusal| matches!(refusal, Refusal::LastWayIn | Refusal::NoWayBackIn);
            let mistakes = Mistakes::or_at(error, "password", is_mended_elsewhere)?;
            visit.again(&page(&visit, mistakes.elsewhere(&[])).await?)
        }
    }
}

fn reassurance(visit: &Visit) -> &'static str {
    if visit.app().settings.sign_in_methods.offers(AuthenticationMethod::Password) {
        "You can set a password again here, or by a link mailed to your address."
    } else {
        "Nobody signs in by a password here."
    }
}

async fn page(visit: &Visit, problem: Option<String>) -> Result<ConfirmationPage, Failure> {
    account::may_remove_password(visit.app(), &visit.visitor).await?;
    let question = Question {
        title: "Remove your password?".to_owned(),
        verb: "Remove password",
        action: "/account/password/removal".to_owned(),
        above: ("Sign-in and security", URL.to_owned()),
    };
    Ok(ConfirmationPage {
        consequences: vec![
            Consequence::plain("From now on you sign in by your other ways alone."),
            Consequence::plain("Every other browser is signed out at its next click."),
        ],
        reassurance: reassurance(visit).to_owned(),
        problem,
        ..ask(frame(visit, Section::Security).await?, question)
    })
}
