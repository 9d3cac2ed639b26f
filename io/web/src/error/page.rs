//! Owns the page of a failure. What the person can mend by another proof sends them there; the rest is said plainly.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use orgate_core::id::Reference;
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::return_to::ReturnTo;

use super::{Asked, Failure, RequestRefusal};
use crate::cookies;
use crate::page::{html, see_other};
use crate::pages::refusal::{BlockedPage, BlockingOrganization, ErrorKind, ErrorPage, RefusalPage};
use crate::pages::sign_in::{SessionEndedPage, SsoProof};
use crate::router;
use crate::state::Web;

/// Where a person proves once more who they are.
pub const PROOF_PATH: &str = "/account/proof";

/// The failure as a person reads it.
pub(super) fn show(_web: &Web, asked: &Asked, failure: &Failure, reference: &Reference) -> Response {
    let refusal = failure.refusal();
    if let Some(response) = refusal.and_then(|refusal| send_on(asked, refusal)) {
        return response;
    }
    let printed = match refusal {
        Some(Refusal::NoSession) => session_over(asked),
        Some(Refusal::SessionEnded(organizations)) => session_ended(asked, organizations),
        Some(Refusal::SsoRequired(organizations)) => {
            let organizations = organizations
                .iter()
                .map(|one| BlockingOrganization { name: one.name.clone(), slug: one.slug.clone(), leave_url: None })
                .collect();
            // No sign-in was stopped, so there is nothing that an Owner could find.
            html(&BlockedPage { site: asked.site.clone(), notice: None, organizations, reference: None })
        }
        _ => plain(asked, failure, reference),
    };
    let mut response = match printed {
        Ok(page) => (failure.status(), page).into_response(),
        Err(source) => {
            tracing::error!(request.reference = %reference, "the page of a refusal could not be printed: {source}");
            failure.status().into_response()
        }
    };
    if matches!(refusal, Some(Refusal::NoSession | Refusal::SessionEnded(_))) && asked.had_cookie {
        cookies::set(response.headers_mut(), cookies::forget_session());
    }
    if let (Some(Refusal::NoSession | Refusal::SessionEnded(_)), Some(back)) = (refusal, page_of(asked)) {
        cookies::set(response.headers_mut(), cookies::return_to(&back));
    }
    response
}

/// To what is missing, and back afterwards. A form that was sent without a session is lost, so its page says so; one that
/// was sent without a proof is lost too, which is said on the way and when the person is back.
fn send_on(asked: &Asked, refusal: &Refusal) -> Option<Response> {
    let inside = asked.route.starts_with("/organizations/{").then(|| asked.uri.path());
    let organization = inside.and_then(|path| path.split('/').nth(2));
    let target = match refusal {
        Refusal::NoSession if asked.method == Method::GET => "/sign-in".to_owned(),
        Refusal::NeedsSso => format!("/sign-in/{}", organization?),
        Refusal::NeedsProof | Refusal::NeedsRecentProof | Refusal::NeedsSecondFactor => match organization {
            Some(organization) => format!("{PROOF_PATH}?organization={organization}"),
            None => PROOF_PATH.to_owned(),
        },
        // Who has no factor is led to one, and back.
        Refusal::NoSecondFactor(asking) => match asking.first() {
            Some(asking) => format!("/account/second-factor/new?organization={}", asking.slug),
            None => "/account/security".to_owned(),
        },
        Refusal::NeedsMailedCode if asked.route.starts_with("/account/passkeys") => {
            return Some(see_other("/account/passkeys/new"));
        }
        Refusal::NeedsMailedCode => return Some(see_other("/account/totp/new")),
        _ => return None,
    };
    // Where to is a path that the router matched; what a person typed into it does not reach the header unless plain.
    let target = ReturnTo::parse(&target)?;
    let mut response = see_other(target.as_str());
    if let Some(back) = page_of(asked) {
        cookies::set(response.headers_mut(), cookies::return_to(&back));
        // What was sent in vain before is no longer what the person is about.
        let unsent = if asked.method.is_safe() { cookies::forget_unsent() } else { cookies::unsent(&back) };
        cookies::set(response.headers_mut(), unsent);
    }
    if *refusal == Refusal::NoSession && asked.had_cookie {
        cookies::set(response.headers_mut(), cookies::forget_session());
    }
    Some(response)
}

/// The page to come back to: the one that was asked for, or the one whose form was sent. A proof is asked for on the way to
/// somewhere, and that stays where the person goes.
fn page_of(asked: &Asked) -> Option<ReturnTo> {
    if asked.route.starts_with(PROOF_PATH) {
        return None;
    }
    let path = asked.uri.path();
    if asked.method == Method::GET {
        return ReturnTo::parse(asked.uri.path_and_query().map_or(path, |both| both.as_str()));
    }
    // The page of the same name says that a code was mailed: back is where one asks for it.
    match asked.route {
        "/account/enrolment-codes" => return ReturnTo::parse("/account/totp/new"),
        "/account/address-proof" => return ReturnTo::parse("/account/security"),
        "/invitations/{token}/code" => return ReturnTo::parse(path.strip_suffix("/code")?),
        _ => {}
    }
    let form = format!("{}/new", asked.route);
    if router::has_page(&form) {
        return ReturnTo::parse(&format!("{path}/new"));
    }
    let (mut route, mut page) = (asked.route, path);
    while !router::has_page(route) {
        (route, page) = (route.rsplit_once('/')?.0, page.rsplit_once('/')?.0);
    }
    ReturnTo::parse(page)
}

/// Enforced SSO ended it: by whose SSO a new one begins, as far as the old one may know (R-ENF-6, R-IN-9).
fn session_ended(
    asked: &Asked,
    organizations: &[RequiringOrganization],
) -> Result<axum::response::Html<String>, askama::Error> {
    let names: Vec<&str> = organizations.iter().map(|organization| organization.name.as_str()).collect();
    let mut reason = match names.as_slice() {
        [] => "An organization you belong to now asks its members to sign in through its SSO, so your session ended."
            .to_owned(),
        [name] => format!("{name} now asks its members to sign in through its SSO, so your session ended."),
        [first @ .., last] => format!(
            "{} and {last} now ask their members to sign in through their SSO, so your session ended.",
            first.join(", ")
        ),
    };
    if !asked.method.is_safe() {
        reason.push_str(" Nothing you sent was done.");
    }
    let named = |one: &RequiringOrganization| SsoProof { organization_name: one.name.clone(), slug: one.slug.clone() };
    html(&SessionEndedPage {
        site: asked.site.clone(),
        reason,
        organizations: organizations.iter().map(named).collect(),
        sign_in_url: "/sign-in".to_owned(),
    })
}

fn session_over(asked: &Asked) -> Result<axum::response::Html<String>, askama::Error> {
    html(&SessionEndedPage {
        site: asked.site.clone(),
        reason: "Your session is over, so what you sent was not done.".to_owned(),
        organizations: Vec::new(),
        sign_in_url: "/sign-in".to_owned(),
    })
}

fn plain(
    asked: &Asked,
    failure: &Failure,
    reference: &Reference,
) -> Result<axum::response::Html<String>, askama::Error> {
    if let Some(kind) = kind(failure) {
        let text = Some(failure.advice());
        return html(&ErrorPage { site: asked.site.clone(), kind, text, reference: Some(reference.to_string()) });
    }
    let inside = asked.uri.path().starts_with("/organizations") || asked.uri.path().starts_with("/account");
    let (back_url, back_label) =
        if inside { ("/organizations", "Go to your organizations") } else { ("/sign-in", "Back to sign-in") };
    html(&RefusalPage {
        site: asked.site.clone(),
        title: failure.title().to_owned(),
        happened: failure.advice(),
        mend: String::new(),
        reference: None,
        back_url: back_url.to_owned(),
        back_label: back_label.to_owned(),
    })
}

/// The failures whose page has a title of its own.
fn kind(failure: &Failure) -> Option<ErrorKind> {
    match failure {
        Failure::App(orgate_app::error::Error::Refused(refusal)) => match refusal {
            Refusal::NotFound => Some(ErrorKind::NotFound),
            Refusal::NotPermitted => Some(ErrorKind::Forbidden),
            Refusal::TooManyRequests { .. } => Some(ErrorKind::TooManyRequests),
            Refusal::Busy => Some(ErrorKind::Unavailable),
            _ => None,
        },
        Failure::Unreadable(_)
        | Failure::Request(RequestRefusal::Malformed | RequestRefusal::TooLarge | RequestRefusal::MediaType) => {
            Some(ErrorKind::BadRequest)
        }
        Failure::Request(_) => None,
        Failure::App(_) | Failure::Panic(_) | Failure::Render(_) => {
            let outage = failure.status() == StatusCode::SERVICE_UNAVAILABLE;
            Some(if outage { ErrorKind::Unavailable } else { ErrorKind::Fault })
        }
    }
}
