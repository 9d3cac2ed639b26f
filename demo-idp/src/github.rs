//! The addresses of GitHub, as far as a sign-in with an account there needs them, so that the demonstration's button works
//! without the internet. The page on which one chooses a person is the provider's own; an account's number is the person's
//! place in the list. Refusals of the token address have status 200, as GitHub's have.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Provider;
use crate::directory::Person;
use crate::protocol::{Redeemed, TokenRequest, redeem};

/// The scope without which GitHub tells nobody's addresses.
const ADDRESSES: &str = "user:email";

pub(crate) async fn token(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Json<Value> {
    let request = serde_urlencoded::from_bytes::<TokenRequest>(&form).unwrap_or_default();
    Json(match redeem(&provider, &headers, &request) {
        Redeemed::Grant(grant) => {
            let access_token = provider.secret();
            let scope = grant.scope.replace(' ', ",");
            provider.directory().issue_access_token(access_token.clone(), *grant, provider.now());
            json!({"access_token": access_token, "token_type": "bearer", "scope": scope})
        }
        Redeemed::NoClient => json!({
            "error": "incorrect_client_credentials",
            "error_description": "The client_id and/or client_secret passed are incorrect.",
        }),
        Redeemed::NoCode => json!({
            "error": "bad_verification_code",
            "error_description": "The code passed is incorrect or expired.",
        }),
    })
}

pub(crate) async fn user(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    answer(&provider, &headers, |id, person, _| {
        let login = person.given_name.to_lowercase();
        Some(json!({"id": id, "login": login, "name": person.name(), "email": null, "type": "User"}))
    })
}

pub(crate) async fn emails(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    answer(&provider, &headers, |_, person, scope| {
        let address = json!({
            "email": person.email, "primary": true, "verified": person.email_verified, "visibility": "private",
        });
        scope.split(' ').any(|scope| scope == ADDRESSES).then(|| json!([address]))
    })
}

fn answer(provider: &Provider, headers: &HeaderMap, tell: impl Fn(usize, &Person, &str) -> Option<Value>) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let directory = provider.directory();
    let Some(grant) = bearer.and_then(|token| directory.access_token(token, provider.now())) else {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "Bad credentials"}))).into_response();
    };
    let mut numbered = (1..).zip(directory.people());
    let found = numbered.find(|(_, person)| person.subject == grant.signed_in.subject);
    match found.and_then(|(id, person)| tell(id, person, &grant.scope)) {
        Some(told) => Json(told).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response(),
    }
}
