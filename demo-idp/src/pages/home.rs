//! "My apps": the tiles of the applications to which the person who is signed in is assigned.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::{render, sign_in, signed_in};
use crate::Provider;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    organization: String,
    person: String,
    tiles: Vec<Tile>,
}

struct Tile {
    application: String,
    initial: String,
    /// Where the tile leads, if the application has an address for it.
    start: Option<String>,
}

pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let Some(signed_in) = signed_in(&provider, &headers) else {
        return sign_in::choose_for_home(&provider);
    };
    let directory = provider.directory();
    let assigned =
        directory.applications().iter().filter(|application| application.assigned.contains(&signed_in.subject));
    let tiles = assigned.map(|application| Tile {
        application: application.name.clone(),
        initial: application.name.chars().take(1).collect::<String>().to_uppercase(),
        start: application.initiate_login_uri.as_deref().map(|uri| start(uri, &provider.issuer)),
    });
    let page = HomePage {
        organization: provider.organization.clone(),
        person: directory.person(&signed_in.subject).map(crate::Person::name).unwrap_or_default(),
        tiles: tiles.collect(),
    };
    render(&page, "'self'")
}

/// The address that starts a sign-in at the application. *Source*: OpenID Connect Core 1.0, 4.
fn start(initiate_login_uri: &str, issuer: &str) -> String {
    match url::Url::parse(initiate_login_uri) {
        Ok(mut uri) => {
            uri.query_pairs_mut().append_pair("iss", issuer);
            uri.into()
        }
        // It was parsed when it was saved.
        Err(_) => initiate_login_uri.to_owned(),
    }
}
