//! The administrator's side: application integrations, created and edited as the set-up guide says, and who is assigned.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{PersonButton, render, stopped};
use crate::Provider;
use crate::application::{Application, NewApplication, Refusal};

#[derive(Template)]
#[template(path = "applications.html")]
struct ListPage {
    organization: String,
    applications: Vec<Row>,
}

struct Row {
    name: String,
    client_id: String,
    assigned: usize,
    people: usize,
}

pub(crate) async fn list(State(provider): State<Arc<Provider>>) -> Response {
    let directory = provider.directory();
    let people = directory.people().len();
    let rows = directory.applications().iter().map(|application| Row {
        name: application.name.clone(),
        client_id: application.client_id.clone(),
        assigned: application.assigned.len(),
        people,
    });
    render(&ListPage { organization: provider.organization.clone(), applications: rows.collect() }, "'self'")
}

/// The form of a new application, with what was typed if it was refused.
#[derive(Template)]
#[template(path = "new_application.html")]
struct NewPage {
    organization: String,
    typed: Typed,
    refusal: Option<String>,
}

/// What an administrator typed.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Typed {
    name: String,
    redirect_uris: String,
    #[serde(default)]
    initiate_login_uri: String,
    #[serde(default)]
    post_logout_redirect_uris: String,
    #[serde(default)]
    backchannel_logout_uri: String,
    #[serde(default)]
    access: Access,
}

/// "Controlled access": who is assigned from the start.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Access {
    #[default]
    Nobody,
    Everyone,
}

impl Typed {
    fn parse(&self, everyone: BTreeSet<String>) -> NewApplication {
        let line = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        NewApplication {
            name: self.name.clone(),
            redirect_uris: self.redirect_uris.lines().filter_map(line).collect(),
            initiate_login_uri: line(&self.initiate_login_uri),
            post_logout_redirect_uris: self.post_logout_redirect_uris.lines().filter_map(line).collect(),
            backchannel_logout_uri: line(&self.backchannel_logout_uri),
            assigned: match self.access {
                Access::Nobody => BTreeSet::new(),
                Access::Everyone => everyone,
            },
        }
    }
}

pub(crate) async fn new(State(provider): State<Arc<Provider>>) -> Response {
    let organization = provider.organization.clone();
    render(&NewPage { organization, typed: Typed::default(), refusal: None }, "'self'")
}

pub(crate) async fn create(State(provider): State<Arc<Provider>>, Form(typed): Form<Typed>) -> Response {
    let everyone = provider.directory().people().iter().map(|person| person.subject.clone()).collect();
    let created = provider.directory().create(typed.parse(everyone), &provider.effects);
    match created {
        Ok(application) => see(&application.client_id, "created"),
        Err(refusal) => {
            let (organization, status) = (provider.organization.clone(), status(&refusal));
            let page = NewPage { organization, typed, refusal: Some(refusal.to_string()) };
            (status, render(&page, "'self'")).into_response()
        }
    }
}

/// One application: what to copy from it, what to edit, who is assigned.
#[derive(Template)]
#[template(path = "application.html")]
struct ShowPage {
    organization: String,
    issuer: String,
    client_id: String,
    client_secret: String,
    typed: Typed,
    people: Vec<PersonButton>,
    notice: Option<&'static str>,
    refusal: Option<String>,
}

impl ShowPage {
    fn new(provider: &Provider, application: &Application) -> Self {
        let assigned = |subject: &str| application.assigned.contains(subject);
        let people = provider.directory();
        let people = people.people().iter().map(|person| PersonButton::new(person, assigned(&person.subject)));
        Self {
            organization: provider.organization.clone(),
            issuer: provider.issuer.clone(),
            client_id: application.client_id.clone(),
            client_secret: application.client_secret.clone(),
            typed: Typed {
                name: application.name.clone(),
                redirect_uris: application.redirect_uris.join("\n"),
                initiate_login_uri: application.initiate_login_uri.clone().unwrap_or_default(),
                post_logout_redirect_uris: application.post_logout_redirect_uris.join("\n"),
                backchannel_logout_uri: application.backchannel_logout_uri.clone().unwrap_or_default(),
                access: Access::Nobody,
            },
            people: people.collect(),
            notice: None,
            refusal: None,
        }
    }
}

/// What was just done, carried over the redirect.
#[derive(Default, Deserialize)]
pub(crate) struct Done {
    done: Option<String>,
}

impl Done {
    fn notice(&self) -> Option<&'static str> {
        match self.done.as_deref() {
            Some("created") => Some("Created. Now assign people, yourself first, and copy the three values."),
            Some("saved") => Some("Saved."),
            Some("secret") => Some("There is a new client secret. The old one is refused from now on."),
            Some("assigned") => Some("The assignment is changed. It holds from the next sign-in."),
            Some(_) | None => None,
        }
    }
}

pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    Path(client_id): Path<String>,
    Query(done): Query<Done>,
) -> Response {
    match find(&provider, &client_id) {
        Ok(application) => {
            let page = ShowPage { notice: done.notice(), ..ShowPage::new(&provider, &application) };
            render(&page, "'self'")
        }
        Err(page) => *page,
    }
}

pub(crate) async fn update(
    State(provider): State<Arc<Provider>>,
    Path(client_id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let application = match find(&provider, &client_id) {
        Ok(application) => application,
        Err(page) => return *page,
    };
    let outcome = provider.directory().edit(&client_id, typed.parse(BTreeSet::new()));
    match outcome {
        Ok(()) => see(&client_id, "saved"),
        Err(refusal) => {
            let status = status(&refusal);
            let page = ShowPage { typed, refusal: Some(refusal.to_string()), ..ShowPage::new(&provider, &application) };
            (status, render(&page, "'self'")).into_response()
        }
    }
}

pub(crate) async fn rotate_secret(State(provider): State<Arc<Provider>>, Path(client_id): Path<String>) -> Response {
    let outcome = provider.directory().rotate_secret(&client_id, &provider.effects);
    outcome.map_or_else(|refusal| refused(&provider, &refusal), |()| see(&client_id, "secret"))
}

/// A person and whether they are to be assigned.
#[derive(Deserialize)]
pub(crate) struct Assignment {
    subject: String,
    assigned: bool,
}

pub(crate) async fn assign(
    State(provider): State<Arc<Provider>>,
    Path(client_id): Path<String>,
    Form(assignment): Form<Assignment>,
) -> Response {
    let outcome = provider.directory().assign(&client_id, &assignment.subject, assignment.assigned);
    outcome.map_or_else(|refusal| refused(&provider, &refusal), |()| see(&client_id, "assigned"))
}

fn find(provider: &Provider, client_id: &str) -> Result<Application, Box<Response>> {
    let application = provider.directory().application(client_id).cloned();
    application.ok_or_else(|| Box::new(refused(provider, &Refusal::UnknownApplication)))
}

fn see(client_id: &str, done: &str) -> Response {
    Redirect::to(&format!("/admin/{client_id}?done={done}")).into_response()
}

fn refused(provider: &Provider, refusal: &Refusal) -> Response {
    stopped(provider, status(refusal), "That was not done", refusal.to_string(), Vec::new())
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NameMissing | Refusal::RedirectUriMissing | Refusal::NotAUri(_) | Refusal::UnregisteredUri(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refusal::UnknownApplication | Refusal::UnknownPerson => StatusCode::NOT_FOUND,
        Refusal::NotSaved(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
