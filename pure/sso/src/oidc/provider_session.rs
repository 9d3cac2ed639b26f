//! Owns [`ProviderSession`]: what a sign-in leaves behind so that the person can sign out at the provider, and the
//! provider can say here that they did.
//!
//! *Source*: OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0; T-LO-1, T-LO-2.

use orgate_core::sid::Sid;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::oidc::id_token::IdToken;
use crate::oidc::metadata::{Endpoint, Metadata};

/// The longest ID token that is kept as a hint. It travels in the address of a request, and proxies cut those off at
/// 8 KiB. *Units*: bytes.
const MAX_HINT: usize = 4 * 1024;

/// What is known of the person's session at the provider. The ID token is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderSession {
    /// The provider's name for it (`sid`), if it has one that can be kept.
    pub sid: Option<Sid>,
    /// The ID token, if it is short enough to be a hint.
    pub id_token: Option<String>,
    /// Where a person signs out there, as the metadata says it: checked when it is used.
    pub end_session_endpoint: Option<String>,
}

impl std::fmt::Debug for ProviderSession {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProviderSession")
            .field("end_session_endpoint", &self.end_session_endpoint)
            .finish_non_exhaustive()
    }
}

impl ProviderSession {
    /// Of a sign-in whose ID token was verified; `raw` is that token.
    pub(crate) fn of(id_token: &IdToken, raw: &SecretString, metadata: &Metadata) -> Self {
        let sid = id_token.claims.get("sid").and_then(Value::as_str).and_then(Sid::parse);
        let raw = raw.expose_secret();
        Self {
            sid,
            id_token: (raw.len() <= MAX_HINT).then(|| raw.to_owned()),
            end_session_endpoint: metadata.text_of(Endpoint::EndSession).map(str::to_owned),
        }
    }
}
