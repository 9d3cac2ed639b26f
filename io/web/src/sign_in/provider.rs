//! Owns sending a browser to an identity provider, and what a request of such an attempt ends in.

use axum::response::Response;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::attempts::RefusalPage;
use orgate_app::sign_in::sso::begin::Begun;

use crate::cookies;
use crate::page::{PageResult, Visit, see_other};
use crate::pages::sign_in::LeavePage;

/// Answers a form that begins SSO: with a page that goes on by itself, for the content security policy lets no form end
/// at another host, and an identity provider may send the browser on to others.
pub fn leave(visit: &Visit, begun: Begun, organization_name: &str) -> PageResult {
    match begun {
        Begun::Redirect { url, cookie } => {
            let page = LeavePage { site: visit.site.clone(), organization_name: organization_name.to_owned(), url };
            let mut response = visit.page(&page)?;
            if let Some(token) = cookie {
                cookies::set(response.headers_mut(), cookies::browser(&token));
            }
            Ok(response)
        }
        Begun::Ended(outcome) => Ok(lead_on(visit, outcome)),
    }
}

/// Answers a link that begins SSO, such as the provider's own tile.
pub fn redirect(visit: &Visit, begun: Begun) -> Response {
    match begun {
        Begun::Redirect { url, cookie } => {
            let mut response = see_other(&url);
            if let Some(token) = cookie {
                cookies::set(response.headers_mut(), cookies::browser(&token));
            }
            response
        }
        Begun::Ended(outcome) => lead_on(visit, outcome),
    }
}

/// An operator who is told the reference finds why; what was expected and received is for the Owner alone.
fn refused(page: &RefusalPage) -> Response {
    tracing::info!(
        attempt.reference = %page.reference,
        organization.slug = page.slug,
        refusal.code = page.code,
        "a single sign-on was refused"
    );
    see_other(&format!("/sign-in/{}/attempts/{}", page.slug, page.reference))
}

/// Where an attempt leads: always to a clean address of ours (T-BCP-4).
pub fn lead_on(visit: &Visit, outcome: Outcome) -> Response {
    match outcome {
        Outcome::SignedIn { issued, return_to, slug } => {
            visit.arrived(&issued, return_to.as_deref(), &format!("/organizations/{slug}/projects"))
        }
        Outcome::Asks(id) | Outcome::WrongCode(id) | Outcome::WrongFactor(id) => {
            see_other(&format!("/sign-in/attempts/{id}"))
        }
        Outcome::Tested { slug, connection_id, test_id } => {
            see_other(&format!("/organizations/{slug}/connections/{connection_id}/tests/{test_id}"))
        }
        Outcome::Refused(page) => refused(&page),
        Outcome::Cancelled { slug } => see_other(&format!("/sign-in/{slug}")),
    }
}
