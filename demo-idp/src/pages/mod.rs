//! The pages that people see. Plain HTML, no script needed, in the look of the product's console.

pub(crate) mod applications;
pub(crate) mod home;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::Provider;
use crate::directory::{Person, SignedIn};

/// The cookie of a browser's sign-in here. Plain HTTP on loopback allows no `__Host-` prefix.
const COOKIE: &str = "demo-idp";

/// One person as a button.
struct PersonButton {
    subject: String,
    name: String,
    initials: String,
    email: String,
    about: String,
    /// Whether they may use the application at hand; true where there is none.
    assigned: bool,
}

impl PersonButton {
    fn new(person: &Person, assigned: bool) -> Self {
        Self {
            subject: person.subject.clone(),
            name: person.name(),
            initials: person.initials(),
            email: person.email.clone(),
            about: person.about.clone(),
            assigned,
        }
    }
}

/// A page that says why something stopped, and what to do.
#[derive(Template)]
#[template(path = "stopped.html")]
struct StoppedPage {
    organization: String,
    title: &'static str,
    text: String,
    values: Vec<(&'static str, String)>,
}

fn stopped(
    provider: &Provider,
    status: StatusCode,
    title: &'static str,
    text: impl Into<String>,
    values: Vec<(&'static str, String)>,
) -> Response {
    let page = StoppedPage { organization: provider.organization.clone(), title, text: text.into(), values };
    (status, render(&page, "'self'")).into_response()
}

/// A page with its content security policy. `form_targets` are the origins to which its forms lead, redirects included.
pub(crate) fn render(page: &impl Template, form_targets: &str) -> Response {
    render_with(page, form_targets, "'none'")
}

/// A page without forms that shows another one of here in a frame.
pub(crate) fn render_framing(page: &impl Template) -> Response {
    render_with(page, "'none'", "'self'")
}

fn render_with(page: &impl Template, form_targets: &str, frames: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; frame-src {frames}; form-action {form_targets}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    match page.render() {
        Ok(html) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response(),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("The page could not be written: {error}")).into_response()
        }
    }
}

/// The value of this provider's cookie.
fn browser(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// Who is signed in with this request's browser.
fn signed_in(provider: &Provider, headers: &HeaderMap) -> Option<SignedIn> {
    provider.directory().signed_in(&browser(headers)?, provider.now()).cloned()
}

/// The header that sets the cookie, or removes it.
fn set_cookie(value: Option<&str>) -> [(HeaderName, String); 1] {
    let cookie = match value {
        Some(value) => format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax"),
        None => format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"),
    };
    [(header::SET_COOKIE, cookie)]
}

pub(crate) async fn not_found(State(provider): State<Arc<Provider>>) -> Response {
    let text = "Applications are under “Admin”, your own under “My apps”.";
    stopped(&provider, StatusCode::NOT_FOUND, "There is no such page", text, Vec::new())
}

pub(crate) async fn stylesheet() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../static/style.css")).into_response()
}

pub(crate) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../static/copy.js")).into_response()
}
