//! Signing in: the authorization request's page with its people, and what choosing one of them does.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{PersonButton, render, set_cookie, signed_in, stopped};
use crate::Provider;
use crate::application::Application;
use crate::directory::SignedIn;
use crate::protocol::{self, AuthorizationRequest, Unanswerable};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    organization: String,
    application: Option<String>,
    people: Vec<PersonButton>,
    /// The query of the authorization request, to be answered after the choice; empty where there is none.
    request: String,
}

/// Answers an authorization request: at once with `prompt=none` or an error, otherwise after somebody was chosen.
pub(crate) async fn authorize(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let (request, application, redirect_uri) = match read(&provider, &query) {
        Ok(read) => read,
        Err(page) => return *page,
    };
    let decided = match protocol::check(&request) {
        Err(error) => Err(error),
        Ok(()) if request.prompt.as_deref() == Some("none") => {
            protocol::silently(&request, signed_in(&provider, &headers).as_ref(), provider.now())
                .and_then(|signed_in| protocol::authorize(&provider, &application, &request, signed_in))
        }
        Ok(()) => return choose(&provider, &application, &redirect_uri, &request, query),
    };
    found(&protocol::answer(&redirect_uri, request.state.as_deref(), decided))
}

/// The request, the application that sent it and where it is answered, or the page that says why it cannot be.
fn read(provider: &Provider, query: &str) -> Result<(AuthorizationRequest, Application, String), Box<Response>> {
    let page =
        |text: &str, values| Box::new(stopped(provider, StatusCode::BAD_REQUEST, "Sign-in cannot go on", text, values));
    let unreadable = |error: serde_urlencoded::de::Error| {
        let text = "The application sent an authorization request that cannot be read.";
        page(text, vec![("Reason", error.to_string())])
    };
    let request: AuthorizationRequest = serde_urlencoded::from_str(query).map_err(unreadable)?;
    match protocol::resolve(&request, &provider.directory()) {
        Ok((application, redirect_uri)) => Ok((request, application, redirect_uri)),
        Err(Unanswerable::UnknownClient) => {
            let text = "No application here has this client ID. Compare it with “Client ID” on the application's page.";
            Err(page(text, vec![("Received", request.client_id.unwrap_or_default())]))
        }
        Err(Unanswerable::UnregisteredUri { received, registered }) => {
            let text = "The application asked to be answered at an address that is not among its sign-in redirect URIs. \
                        Add it on the application's page, exactly as received.";
            Err(page(text, vec![("Received", received), ("Registered", registered.join("\n"))]))
        }
    }
}

/// The page that asks who signs in. A person that the application hints at comes first.
fn choose(
    provider: &Provider,
    application: &Application,
    redirect_uri: &str,
    request: &AuthorizationRequest,
    query: String,
) -> Response {
    let directory = provider.directory();
    let assigned = |subject: &str| application.assigned.contains(subject);
    let mut people: Vec<_> =
        directory.people().iter().map(|person| PersonButton::new(person, assigned(&person.subject))).collect();
    people.sort_by_key(|person| request.login_hint.as_deref() != Some(person.email.as_str()));
    let page = SignInPage {
        organization: provider.organization.clone(),
        application: Some(application.name.clone()),
        people,
        request: query,
    };
    render(&page, &form_targets(redirect_uri))
}

/// The same page without an application, for the provider's own pages.
pub(super) fn choose_for_home(provider: &Provider) -> Response {
    let people = provider.directory().people().iter().map(|person| PersonButton::new(person, true)).collect();
    let (organization, request) = (provider.organization.clone(), String::new());
    render(&SignInPage { organization, application: None, people, request }, "'self'")
}

/// The origins to which the form leads: browsers check `form-action` against redirects too.
fn form_targets(redirect_uri: &str) -> String {
    let origin = url::Url::parse(redirect_uri).map(|uri| uri.origin().ascii_serialization());
    format!("'self' {}", origin.unwrap_or_default())
}

/// The choice on the sign-in page.
#[derive(Deserialize)]
pub(crate) struct Choice {
    subject: String,
    request: String,
}

/// Signs the chosen person in and answers the authorization request, if there is one.
pub(crate) async fn create(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Response {
    if provider.directory().person(&choice.subject).is_none() {
        let text = "Go back and choose one of the people on the page.";
        return stopped(&provider, StatusCode::BAD_REQUEST, "Nobody has that name here", text, Vec::new());
    }
    // Who is chosen once more goes on in the same sign-in, so that signing out ends all that it opened.
    let earlier = signed_in(&provider, &headers).filter(|earlier| earlier.subject == choice.subject);
    let sid = earlier.map_or_else(|| provider.secret(), |earlier| earlier.sid);
    let signed_in = SignedIn { subject: choice.subject, authenticated: provider.now(), sid };
    let location = if choice.request.is_empty() {
        "/".to_owned()
    } else {
        let (request, application, redirect_uri) = match read(&provider, &choice.request) {
            Ok(read) => read,
            Err(page) => return *page,
        };
        let outcome = protocol::check(&request)
            .and_then(|()| protocol::authorize(&provider, &application, &request, signed_in.clone()));
        protocol::answer(&redirect_uri, request.state.as_deref(), outcome)
    };
    let browser = provider.secret();
    provider.directory().sign_in(browser.clone(), signed_in);
    (set_cookie(Some(&browser)), Redirect::to(&location)).into_response()
}

/// A redirect as Okta sends it, 302.
pub(super) fn found(location: &str) -> Response {
    (StatusCode::FOUND, [(axum::http::header::LOCATION, location)]).into_response()
}
