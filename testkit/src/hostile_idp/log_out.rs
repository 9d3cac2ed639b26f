//! Log-out at the provider: its end-session endpoint, and the tokens that it posts when a session has ended.
//!
//! *Source*: OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::first;
use super::keys::base64url;
use super::mischief::Parameters;
use super::provider::Provider;
use super::token;
use crate::ambient::random;

/// The event of a log-out token.
pub(crate) const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Provider {
    /// Signs the current person out and says where the browser goes, or why it stays.
    pub(crate) fn end_session(&mut self, query: &Parameters) -> Result<String, &'static str> {
        let get = |name: &str| first(query, name);
        if get("client_id") != Some(self.setup.client_id.as_str()) {
            return Err("Invalid client id");
        }
        let to = get("post_logout_redirect_uri").ok_or("The 'post_logout_redirect_uri' is missing")?;
        if self.setup.post_logout_redirect_uris.as_ref().is_some_and(|uris| !uris.contains(to)) {
            return Err("The 'post_logout_redirect_uri' is not registered");
        }
        let mut location = url::Url::parse(to).map_err(|_| "The 'post_logout_redirect_uri' is not a URL")?;
        self.current = None;
        if let Some(state) = get("state") {
            location.query_pairs_mut().append_pair("state", state);
        }
        Ok(location.into())
    }

    /// A log-out token.
    pub(crate) fn log_out_token(&self, subject: Option<&str>, sid: Option<&str>) -> String {
        let now = self.setup.clock.now_seconds();
        let mut claims = Map::new();
        let base = [
            ("iss", json!(self.issuer)),
            ("aud", json!(self.setup.client_id)),
            ("iat", json!(now)),
            ("exp", json!(now + 120)),
            ("jti", json!(base64url(&random(16)))),
            ("events", json!({ EVENT: {} })),
        ];
        claims.extend(base.into_iter().map(|(name, value)| (name.to_owned(), value)));
        for (name, value) in [("sub", subject), ("sid", sid)] {
            claims.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        let mut changes = self.mischief.log_out_token.clone();
        let typed = Arc::new(|header: &mut Map<String, Value>| {
            header.insert("typ".to_owned(), json!("logout+jwt"));
        });
        changes.header.insert(0, typed);
        token::write(&self.signer(), claims, &changes)
    }
}
