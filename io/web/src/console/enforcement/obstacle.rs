//! Owns what the forms say when enforcement was not changed as asked: what happened, what to do, and the way there.

use axum::response::Response;
use orgate_app::error::Error;
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;

use super::overview_url;
use crate::cookies;
use crate::error::Failure;
use crate::pages::enforcement::{Obstacle, Way};
use crate::pages::{Hidden, Tone};

/// The fields that make `/account/proof` go on to this organization's SSO.
pub fn by_sso(slug: &str) -> Vec<Hidden> {
    let field = |name: &str, value: &str| Hidden { name: name.to_owned(), value: value.to_owned() };
    vec![field("method", "sso"), field("organization", slug)]
}

/// Remembers where the browser goes once it came in through SSO.
pub fn remember(response: &mut Response, back: Option<String>) {
    if let Some(back) = back.as_deref().and_then(ReturnTo::parse) {
        cookies::set(response.headers_mut(), cookies::return_to(&back));
    }
}

/// The refusal in the words of this page.
///
/// *Errors*: whatever is not about enforcement.
pub fn of(error: Error, slug: &str, provider: &str, product: &str) -> Result<Obstacle, Failure> {
    let Error::Refused(refusal) = &error else { return Err(error.into()) };
    let (text, way) = match refusal {
        Refusal::NoWayBackIn => (
            format!(
                "Nobody could come back in if {provider} were down. Let an Owner who has a password sign in without SSO, \
                 or accept below that only whoever runs {product} can let you back in."
            ),
            None,
        ),
        Refusal::NeedsRecentProof => (
            format!(
                "With these switches you need SSO yourself. So first show that it lets you in: sign in through {provider}. \
                 You come back here with the switches as they are."
            ),
            Some(Way::Sso(by_sso(slug))),
        ),
        Refusal::NeedsSecondFactor => {
            ("You have no second factor yourself, so you cannot ask it of the other Owners.".to_owned(), None)
        }
        Refusal::ConnectionNotValidated => return Ok(not_validated(slug)),
        Refusal::AlreadyEnforced => return Ok(already_enforced(slug)),
        Refusal::SsoNotEntitled => return Ok(not_entitled()),
        _ => return Err(error.into()),
    };
    Ok(Obstacle { text, way, tone: Tone::Danger })
}

/// There is no connection that a test sign-in went through.
pub fn not_validated(slug: &str) -> Obstacle {
    Obstacle {
        text: "There is no active connection that a test sign-in went through, so nobody could come in. Test the \
               connection and activate it first."
            .to_owned(),
        way: Some(Way::Link { url: overview_url(slug), label: "Go to the connection" }),
        tone: Tone::Danger,
    }
}

/// It is on.
pub fn already_enforced(slug: &str) -> Obstacle {
    Obstacle {
        text: "SSO is enforced already. To try it again, turn it off first.".to_owned(),
        way: Some(Way::Link { url: overview_url(slug), label: "See how it stands" }),
        tone: Tone::Danger,
    }
}

/// The plan does not include it.
pub fn not_entitled() -> Obstacle {
    let refusal = Refusal::SsoNotEntitled;
    Obstacle { text: refusal.told(), way: None, tone: Tone::Danger }
}

/// The switches were moved since the numbers were shown.
pub fn look_again() -> Obstacle {
    Obstacle {
        text: "You moved a switch, so the numbers are others now. Look at them, then confirm.".to_owned(),
        way: None,
        tone: Tone::Warning,
    }
}
