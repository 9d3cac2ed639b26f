//! Owns `/sign-in/passkey`, and what every form of a passkey has: the challenge that the script asks for, and the answer
//! that it sends (R-IN-1). Passkeys are the one thing that needs the script.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use orgate_app::error::Error;
use orgate_app::passkey::ceremony::Begun;
use orgate_app::sign_in::passkey::{self, Answered};
use orgate_core::refusal::Refusal;
use serde::{Deserialize, Serialize};

use super::password;
use crate::cookies;
use crate::page::{Form, PageResult, Visit};
use crate::pages::passkeys::PasskeyForm;

/// The form of the sign-in page.
pub fn form() -> PasskeyForm {
    PasskeyForm::at("/sign-in/passkey")
}

/// What the script gets.
#[derive(Serialize)]
struct Challenge {
    ceremony_id: String,
    options: serde_json::Value,
}

/// The answer to a script that asks for a challenge.
pub fn challenge_of(begun: Begun) -> Response {
    Json(Challenge { ceremony_id: begun.id.to_string(), options: begun.options }).into_response()
}

/// What the script puts into a form.
#[derive(Deserialize)]
pub struct Typed {
    ceremony_id: String,
    credential: String,
    /// The organization that the person was going to, where that matters.
    #[serde(default)]
    pub purpose: Option<String>,
}

impl From<Typed> for Answered {
    fn from(typed: Typed) -> Self {
        Self { ceremony_id: typed.ceremony_id, credential: typed.credential }
    }
}

/// What the page says that asked for the passkey, where another try may be right; any other error goes on. A challenge that
/// is over is no reason to leave the page, which draws another: whether what it belongs to is over, the page itself says.
///
/// *Errors*: the error itself.
pub fn problem(error: Error) -> Result<String, Error> {
    match error {
        Error::Refused(refusal @ (Refusal::Passkey(_) | Refusal::AttemptOver)) => Ok(refusal.told()),
        other => Err(other),
    }
}

/// Draws a challenge for this browser, which gets a cookie if it has none.
pub async fn challenge(visit: Visit) -> PageResult {
    let (begun, cookie) = passkey::begin(visit.app(), &visit.visitor).await?;
    let mut response = challenge_of(begun);
    if let Some(token) = cookie {
        cookies::set(response.headers_mut(), cookies::browser(&token));
    }
    Ok(response)
}

/// Signs in.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    let wanted = visit.return_to.as_ref().map(|path| path.as_str().to_owned());
    match passkey::enter(visit.app(), &visit.visitor, &typed.into(), wanted).await {
        Ok(entry) => password::entered(&visit, entry, None),
        Err(error) => password::again(&visit, problem(error)?),
    }
}
