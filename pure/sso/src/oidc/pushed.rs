//! Owns pushing an authorization request: it goes to the provider from here, under the client's authentication, and the
//! browser carries only the name that the provider gave it. Each sign-in pushes its own; no name is kept.
//!
//! What may not be sent is refused. What was sent and not taken is put into the browser's address after all, as if the
//! provider did not take pushed requests, unless it says that it takes no others.
//!
//! *Source*: RFC 9126; RFC 9700, section 2.1; T-BCP-7, T-SSRF-4.

use std::sync::Arc;

use url::Url;

use crate::exchange::{Purpose, Request, Response, Step, TransportFailure};
use crate::json;
use crate::oidc::begin::Beginning;
use crate::oidc::metadata::{Endpoint, Metadata};
use crate::oidc::resume::{AwaitResponse, arrived};
use crate::oidc::token_request::post_with_secret;
use crate::oidc::token_response::{self, NamedError};
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::CheckedUrl;

/// The longest name of a request that goes into an address. *Units*: bytes.
const MAX_REQUEST_URI: usize = 1024;

/// The request to push, if the provider takes any.
///
/// *Errors*: it takes no others and says not where; the endpoint may not be contacted, or takes the secret in no way that is
/// spoken here.
pub(crate) fn request(beginning: &Beginning, metadata: &Metadata) -> Result<Option<Request>, SsoRefusal> {
    if !metadata.has(Endpoint::PushedRequest) && !metadata.requires_pushed_requests {
        return Ok(None);
    }
    // Where the browser may not be sent, there is nothing to push for.
    metadata.endpoint(Endpoint::Authorization, &beginning.rules)?;
    let url = metadata.endpoint(Endpoint::PushedRequest, &beginning.rules)?;
    let parameters = beginning.parameters();
    post_with_secret(metadata, &beginning.client, Purpose::PushedRequest, url, &parameters).map(Some)
}

/// Waits for the answer to a pushed request.
pub(crate) struct Pushing {
    beginning: Beginning,
    metadata: Arc<Metadata>,
}

impl Pushing {
    /// The step that sends it.
    pub(crate) fn step(request: Request, beginning: Beginning, metadata: Arc<Metadata>) -> Step {
        Step::Fetch { request, next: AwaitResponse::pushed(Self { beginning, metadata }) }
    }

    /// Takes the answer, or why there is none.
    pub(crate) fn receive(self, response: Result<Response, TransportFailure>) -> Result<Step, SsoRefusal> {
        let Self { beginning, metadata } = self;
        let url = match answered(&beginning, &metadata, response)? {
            Pushed::Taken(url) => url,
            Pushed::Not(_) => beginning.authorization_url(&metadata)?,
        };
        Ok(Step::Redirect { url: url.as_str().to_owned() })
    }
}

/// What became of a pushed request that need not have been taken.
pub(crate) enum Pushed {
    /// The authorization endpoint with its name.
    Taken(CheckedUrl),
    /// Not taken, and why.
    Not(SsoRefusal),
}

/// Reads what became of it.
///
/// *Errors*: not taken by a provider that takes no others, or the endpoint turned out to be where nothing may be sent.
pub(crate) fn answered(
    beginning: &Beginning,
    metadata: &Metadata,
    response: Result<Response, TransportFailure>,
) -> Result<Pushed, SsoRefusal> {
    let secrets = beginning.secrets_sent();
    let taken = arrived(response, metadata, Endpoint::PushedRequest, &beginning.rules)
        .and_then(|response| parse(&response, &secrets).map_err(|refusal| refusal.without(&secrets)));
    match taken {
        Ok(request_uri) => {
            let endpoint = metadata.endpoint(Endpoint::Authorization, &beginning.rules)?;
            let query = [("client_id", beginning.client.id()), ("request_uri", request_uri.as_str())];
            Ok(Pushed::Taken(endpoint.with_query(&query)))
        }
        Err(refusal) if metadata.requires_pushed_requests || refusal.code == SsoRefusalCode::AddressRefused => {
            Err(refusal)
        }
        Err(refusal) => Ok(Pushed::Not(refusal)),
    }
}

/// The name that the provider gave. Its lifetime only has to be one: the browser is sent on at once.
///
/// *Errors*: an error of the provider, or no such answer. `secrets` were part of the request and are removed from messages.
fn parse(response: &Response, secrets: &[&str]) -> Result<String, SsoRefusal> {
    if response.body.len() > Purpose::PushedRequest.max_bytes() {
        return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
    }
    if let Some(refusal) = error(response, secrets) {
        return Err(refusal);
    }
    if response.status != 201 {
        // 201 is the rule, and 200 is what some send.
        response.require_success()?;
    }
    let malformed = |what: &str| {
        SsoRefusal::new(SsoRefusalCode::PushedRequestMalformed).expected("request_uri and expires_in").received(what)
    };
    let document = json::object(&response.body).map_err(|what| malformed(&what))?;
    let request_uri = json::text(&document, "request_uri").map_err(|what| malformed(&what))?.unwrap_or_default();
    let lifetime = document.get("expires_in").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if !is_request_uri(request_uri) {
        return Err(malformed("no request_uri that can be sent on"));
    }
    if lifetime == 0 {
        return Err(malformed("no expires_in above 0"));
    }
    Ok(request_uri.to_owned())
}

/// A URI of bearable length, in the characters that URIs have.
fn is_request_uri(text: &str) -> bool {
    text.len() <= MAX_REQUEST_URI && text.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(text).is_ok()
}

/// The error that the answer names. *Source*: RFC 9126, section 2.3.
fn error(response: &Response, secrets: &[&str]) -> Option<SsoRefusal> {
    let error = token_response::named_error(response, secrets);
    let code = match (error.as_ref().map(|error| error.name.as_str()), response.status) {
        (_, 429) => SsoRefusalCode::RateLimited,
        (Some("invalid_client"), _) | (Some("unauthorized_client") | None, 401) => SsoRefusalCode::ClientRejected,
        (Some(_), _) => SsoRefusalCode::PushedRequestRejected,
        (None, _) => return None,
    };
    let shown = error.map_or_else(|| response.status.to_string(), |NamedError { shown, .. }| shown);
    Some(SsoRefusal::new(code).expected("a request_uri").received(shown))
}
