//! Signing out: on the provider's own pages, or at the wish of an application whose browser was sent here. The other
//! applications that the sign-in had opened are told before the browser goes on.
//!
//! *Source*: OpenID Connect RP-Initiated Logout 1.0; Back-Channel Logout 1.0.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::sign_in::found;
use super::{browser, set_cookie, signed_in, stopped};
use crate::application::Application;
use crate::{Provider, back_channel};

/// What an application asks for.
#[derive(Default, Deserialize)]
pub(crate) struct Wish {
    id_token_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// Signs the browser out of the provider, and tells the applications.
pub(crate) async fn remove(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    end(&provider, &headers, None).await;
    (set_cookie(None), Redirect::to("/")).into_response()
}

/// The same for an application, which has its browser back afterwards. As at Okta it has to show the ID token.
pub(crate) async fn at_wish(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    Query(wish): Query<Wish>,
) -> Response {
    let stopped =
        |text: &str, values| stopped(&provider, StatusCode::BAD_REQUEST, "You are not signed out here", text, values);
    let Some((application, subject)) = asking(&provider, &wish) else {
        return stopped("The application did not show an ID token of its own from here.", Vec::new());
    };
    let back = wish.post_logout_redirect_uri.clone();
    if let Some(back) = back.as_ref().filter(|back| !application.post_logout_redirect_uris.contains(back)) {
        let text = "The application asked for its browser back at an address that is not among its sign-out redirect URIs. \
                    Add it on the application's page, exactly as received.";
        let registered = application.post_logout_redirect_uris.join("\n");
        return stopped(text, vec![("Received", back.clone()), ("Registered", registered)]);
    }
    let location = back.map_or_else(|| "/".to_owned(), |back| with_state(&back, wish.state.as_deref()));
    // A browser that somebody else has signed in with meanwhile stays theirs.
    if signed_in(&provider, &headers).is_some_and(|signed_in| signed_in.subject == subject) {
        end(&provider, &headers, Some(&application.client_id)).await;
        return (set_cookie(None), found(&location)).into_response();
    }
    found(&location)
}

/// The application that asks, and about whom.
fn asking(provider: &Provider, wish: &Wish) -> Option<(Application, String)> {
    let claims = provider.key.read(wish.id_token_hint.as_deref()?)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let client_id = text("aud").filter(|id| wish.client_id.as_deref().is_none_or(|named| named == *id))?;
    Some((provider.directory().application(client_id)?.clone(), text("sub")?.to_owned()))
}

async fn end(provider: &Provider, headers: &HeaderMap, asking: Option<&str>) {
    let signed_out = browser(headers).and_then(|browser| provider.directory().sign_out(&browser));
    if let Some(signed_out) = signed_out {
        back_channel::tell(provider, &signed_out, asking).await;
    }
}

fn with_state(back: &str, state: Option<&str>) -> String {
    match (url::Url::parse(back), state) {
        (Ok(mut location), Some(state)) => {
            location.query_pairs_mut().append_pair("state", state);
            location.into()
        }
        _ => back.to_owned(),
    }
}
