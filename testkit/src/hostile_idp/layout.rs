//! Where a provider's addresses are below its issuer.

use super::mischief::Endpoint;

/// Whose paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// An Okta organization's.
    Okta,
    /// Google's, gathered from its hosts below one.
    Google,
}

impl Layout {
    /// The path of an address.
    pub fn path(self, endpoint: Endpoint) -> &'static str {
        match (self, endpoint) {
            (Self::Okta, endpoint) => endpoint.path(),
            (Self::Google, Endpoint::Authorize) => "/o/oauth2/v2/auth",
            (Self::Google, Endpoint::Token) => "/token",
            (Self::Google, Endpoint::UserInfo) => "/v1/userinfo",
            (Self::Google, Endpoint::Keys) => "/oauth2/v3/certs",
            (Self::Google, Endpoint::Discovery | Endpoint::EndSession | Endpoint::PushedRequest | Endpoint::Other) => {
                endpoint.path()
            }
        }
    }
}
