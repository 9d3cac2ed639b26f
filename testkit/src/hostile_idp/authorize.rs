//! The authorization endpoint: who gets a code, and what goes back to the application.

use super::keys::base64url;
use super::mischief::Parameters;
use super::provider::{Grant, Provider};
use super::pushed::PushedRequests;
use super::{Person, first};
use crate::ambient::random;

/// The answer of the authorization endpoint.
pub(crate) enum Authorized {
    Redirect(String),
    /// A page at the provider: the request cannot be answered elsewhere.
    Page(u16, String),
}

/// Why the authorization endpoint gives no code.
enum Refused {
    NobodyHere,
    Error(&'static str, &'static str),
}

impl Provider {
    /// Answers an authorization request for the person who is signed in.
    pub(crate) fn authorize(&mut self, query: &Parameters) -> Authorized {
        let was_pushed = first(query, "request_uri").is_some();
        let query = &match self.request_of(query) {
            Ok(request) => request,
            Err(text) => return Authorized::Page(400, text.to_owned()),
        };
        let get = |name: &str| first(query, name);
        if get("client_id") != Some(self.setup.client_id.as_str()) {
            return Authorized::Page(400, "Invalid client id".to_owned());
        }
        let Some(redirect_uri) = get("redirect_uri").filter(|uri| self.is_registered(uri)) else {
            return Authorized::Page(400, "The 'redirect_uri' is not registered".to_owned());
        };
        let outcome = if !was_pushed && self.setup.pushed_requests == PushedRequests::Required {
            Err(Refused::Error("invalid_request", "Authorization requests have to be pushed."))
        } else {
            self.decide(query)
        };
        let mut response: Parameters = match outcome {
            Ok((person, authenticated)) => {
                let code = base64url(&random(24));
                self.codes.insert(
                    code.clone(),
                    Grant {
                        person,
                        redirect_uri: redirect_uri.to_owned(),
                        challenge: get("code_challenge").map(str::to_owned),
                        nonce: get("nonce").map(str::to_owned),
                        authenticated,
                        issued: self.setup.clock.now_seconds(),
                        sid: self.sid.clone(),
                    },
                );
                vec![("code".to_owned(), code)]
            }
            Err(Refused::NobodyHere) => return Authorized::Page(200, "Sign in".to_owned()),
            Err(Refused::Error(error, description)) => {
                vec![("error".to_owned(), error.to_owned()), ("error_description".to_owned(), description.to_owned())]
            }
        };
        if let Some(state) = get("state") {
            response.push(("state".to_owned(), state.to_owned()));
        }
        if self.setup.issuer_in_response {
            response.push(("iss".to_owned(), self.issuer.clone()));
        }
        let response = self.mischief.callback.iter().fold(response, |response, rewrite| rewrite(response));
        let Ok(mut location) = url::Url::parse(redirect_uri) else {
            return Authorized::Page(400, "The 'redirect_uri' is not a URL".to_owned());
        };
        location.query_pairs_mut().extend_pairs(response);
        Authorized::Redirect(location.into())
    }

    pub(crate) fn is_registered(&self, uri: &str) -> bool {
        self.setup.redirect_uris.as_ref().is_none_or(|uris| uris.contains(uri))
    }

    /// Who is authorized, and when they proved who they are.
    fn decide(&self, query: &Parameters) -> Result<(Person, i64), Refused> {
        let get = |name: &str| first(query, name);
        if get("response_type") != Some("code") {
            return Err(Refused::Error("unsupported_response_type", "The response type is not supported."));
        }
        if !get("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == "openid")) {
            return Err(Refused::Error("invalid_scope", "The scope 'openid' is missing."));
        }
        if self.setup.require_pkce && (get("code_challenge").is_none() || get("code_challenge_method") != Some("S256"))
        {
            return Err(Refused::Error("invalid_request", "PKCE with S256 is required."));
        }
        let silent = get("prompt") == Some("none");
        let Some((person, since)) = &self.current else {
            let login_required =
                Refused::Error("login_required", "The client specified not to prompt, but the user is not signed in.");
            return Err(if silent { login_required } else { Refused::NobodyHere });
        };
        let now = self.setup.clock.now_seconds();
        let age = now - since;
        let too_old = get("max_age").and_then(|limit| limit.parse::<i64>().ok()).is_some_and(|limit| age >= limit);
        if silent && too_old {
            return Err(Refused::Error("login_required", "The user signed in too long ago."));
        }
        if !person.assigned {
            return Err(Refused::Error("access_denied", "User is not assigned to the client application."));
        }
        let again = too_old || get("prompt") == Some("login");
        Ok((person.clone(), if again { now } else { *since }))
    }
}
