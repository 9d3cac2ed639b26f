//! Owns sending a person to the provider to sign out there: the request as a URL, made of what the sign-in left behind.
//!
//! *Source*: OpenID Connect RP-Initiated Logout 1.0, sections 2 and 3; T-LO-1.

use data_encoding::BASE64URL_NOPAD;
use url::form_urlencoded;

use crate::oidc::begin::sha256;
use crate::oidc::provider_session::ProviderSession;
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::{UrlRules, check_url};

/// A log-out to ask for.
#[derive(Debug, Clone, Copy)]
pub struct LogOutRequest<'a> {
    /// What the sign-in left behind.
    pub session: &'a ProviderSession,
    /// Who asks.
    pub client_id: &'a str,
    /// Where the provider sends the browser afterwards, built from the public URL alone.
    pub post_logout_redirect_uri: &'a str,
    /// 32 random bytes that have to come back.
    pub state: &'a [u8; 32],
}

/// The state as it travels.
fn written(state: &[u8; 32]) -> String {
    BASE64URL_NOPAD.encode(state)
}

/// The state that a browser brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// None.
    Nothing,
    /// Several, of which none is meant.
    Several,
    /// SHA-256 of the one.
    State([u8; 32]),
}

/// The state in the query of a return; the provider adds nothing else that counts.
pub fn returned(query: &str) -> Returned {
    let mut states = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "state");
    match (states.next(), states.next()) {
        (None, _) => Returned::Nothing,
        (Some((_, state)), None) if state.is_empty() => Returned::Nothing,
        (Some((_, state)), None) => Returned::State(sha256(&state)),
        (Some(_), Some(_)) => Returned::Several,
    }
}

impl LogOutRequest<'_> {
    /// SHA-256 of the state as it will come back, as [`begin::state_hash`](crate::oidc::begin::state_hash) makes it.
    pub fn state_hash(&self) -> [u8; 32] {
        sha256(&written(self.state))
    }

    /// Where to send the browser; `None` when the provider has no such address. The ID token is the hint; where it was too
    /// long to keep, the name of the session is.
    ///
    /// *Errors*: the address is none that a browser is sent to: the rules are those of every address of a provider.
    pub fn url(&self, rules: &UrlRules) -> Result<Option<String>, SsoRefusal> {
        let Some(endpoint) = &self.session.end_session_endpoint else { return Ok(None) };
        let url = check_url(endpoint, rules).map_err(|refusal| {
            SsoRefusal::new(SsoRefusalCode::EndpointRefused)
                .expected("https on port 443 of a public host")
                .received(format!("end_session_endpoint {endpoint} {}", refusal.as_str()))
        })?;
        let state = written(self.state);
        let mut query = vec![("client_id", self.client_id)];
        match (&self.session.id_token, &self.session.sid) {
            (Some(id_token), _) => query.push(("id_token_hint", id_token)),
            (None, Some(sid)) => query.push(("logout_hint", sid.as_str())),
            (None, None) => {}
        }
        query.push(("post_logout_redirect_uri", self.post_logout_redirect_uri));
        query.push(("state", &state));
        Ok(Some(url.with_query(&query).as_str().to_owned()))
    }
}
