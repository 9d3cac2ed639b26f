//! Authorization requests that are pushed to the provider before the browser comes with their names. *Source*: RFC 9126.

use serde_json::{Map, Value, json};

use super::keys::base64url;
use super::mischief::Parameters;
use super::provider::{Failure, Provider};
use super::{Recorded, first};
use crate::ambient::random;

/// Whether requests are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushedRequests {
    /// There is no address for that.
    Unknown,
    /// They may be.
    Offered,
    /// No others are taken.
    Required,
}

/// A request that waits for its browser.
pub(crate) struct Pushed {
    parameters: Parameters,
    expires: i64,
}

impl Provider {
    /// Takes a request, checks it as the authorization endpoint would, and names it.
    pub(crate) fn push(&mut self, request: &Recorded) -> Result<Value, Failure> {
        self.authenticate_client(request)?;
        let get = |name: &str| first(&request.form, name);
        if get("client_id") != Some(self.setup.client_id.as_str()) {
            return Err((400, "invalid_request", "The parameter client_id is not that of the authenticated client."));
        }
        if get("request_uri").is_some() {
            return Err((400, "invalid_request", "A pushed request has no request_uri."));
        }
        if !get("redirect_uri").is_some_and(|uri| self.is_registered(uri)) {
            return Err((400, "invalid_request", "The 'redirect_uri' is not registered"));
        }
        let name = format!("urn:ietf:params:oauth:request_uri:{}", base64url(&random(24)));
        let expires = self.setup.clock.now_seconds() + self.setup.pushed_lifetime_seconds;
        let parameters = request.form.iter().filter(|(name, _)| name != "client_secret").cloned().collect();
        self.pushed.insert(name.clone(), Pushed { parameters, expires });
        let mut response = Map::new();
        response.insert("request_uri".to_owned(), json!(name));
        response.insert("expires_in".to_owned(), json!(self.setup.pushed_lifetime_seconds));
        self.mischief.push_response.iter().for_each(|edit| edit(&mut response));
        Ok(Value::Object(response))
    }

    /// The request that the browser came with: the pushed one that it names, once and in time, or what it says itself.
    ///
    /// An error is a page at the provider.
    pub(crate) fn request_of(&mut self, query: &Parameters) -> Result<Parameters, &'static str> {
        let Some(name) = first(query, "request_uri") else { return Ok(query.clone()) };
        let pushed = self.pushed.remove(name).ok_or("The request_uri is unknown or was used before")?;
        if self.setup.clock.now_seconds() >= pushed.expires {
            return Err("The request_uri has expired");
        }
        if first(query, "client_id") != Some(self.setup.client_id.as_str()) {
            return Err("The request_uri is another client's");
        }
        Ok(pushed.parameters)
    }
}
