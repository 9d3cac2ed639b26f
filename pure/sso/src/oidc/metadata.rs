//! Owns reading the discovery document. Its endpoints come out as [`CheckedUrl`]s only, checked at each use.
//!
//! *Source*: OpenID Connect Discovery 1.0, section 4; T-ID-15, T-SSRF-4.

use crate::exchange::{Purpose, Request, Response};
use crate::json::{self, Object};
use crate::oidc::algorithm::Algorithm;
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::{CheckedUrl, UrlRules, check_url};

/// The path under the issuer. *Source*: OpenID Connect Discovery 1.0, section 4.1.
const PATH: &str = "/.well-known/openid-configuration";

/// An endpoint of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Where the browser goes.
    Authorization,
    /// Where the code is exchanged.
    Token,
    /// Where the keys are.
    Keys,
    /// Where the claims are; optional.
    UserInfo,
    /// Where a person signs out; optional.
    EndSession,
    /// Where authorization requests are pushed to; optional (RFC 9126).
    PushedRequest,
}

impl Endpoint {
    /// Its name in the discovery document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization_endpoint",
            Self::Token => "token_endpoint",
            Self::Keys => "jwks_uri",
            Self::UserInfo => "userinfo_endpoint",
            Self::EndSession => "end_session_endpoint",
            Self::PushedRequest => "pushed_authorization_request_endpoint",
        }
    }
}

/// How the client secret is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
}

/// A provider's metadata, as far as a relying party needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    pushed_request_endpoint: Option<String>,
    /// Whether the provider takes no authorization request that was not pushed (RFC 9126).
    pub requires_pushed_requests: bool,
    /// Whether every answer names the issuer (RFC 9207).
    pub names_issuer_in_callback: bool,
    /// `response_types_supported`, if given.
    pub response_types: Option<Vec<String>>,
    /// `grant_types_supported`, if given.
    pub grant_types: Option<Vec<String>>,
    /// `code_challenge_methods_supported`, if given.
    pub code_challenge_methods: Option<Vec<String>>,
    /// `scopes_supported`, if given.
    pub scopes: Option<Vec<String>>,
    client_authentication: Option<Vec<String>>,
    id_token_algorithms: Option<Vec<String>>,
    userinfo_algorithms: Option<Vec<String>>,
}

/// The request for an issuer's discovery document.
///
/// *Errors*: the issuer may not be contacted.
pub fn request(issuer: &str, rules: &UrlRules) -> Result<Request, SsoRefusal> {
    let text = format!("{}{PATH}", issuer.strip_suffix('/').unwrap_or(issuer));
    let url = check_url(&text, rules).map_err(|refusal| {
        SsoRefusal::new(SsoRefusalCode::AddressRefused).received(format!("{issuer} {}", refusal.as_str()))
    })?;
    Ok(Request::get(Purpose::Discovery, url, "application/json"))
}

impl Metadata {
    /// Reads the answer to [`request`].
    ///
    /// *Errors*: no success, no metadata, or metadata of another issuer.
    pub fn from_response(issuer: &str, response: &Response) -> Result<Self, SsoRefusal> {
        response.require_success()?;
        Self::parse(issuer, &response.body)
    }

    /// Reads a discovery document that was fetched for `issuer`.
    ///
    /// *Errors*: not one, of another issuer, or incomplete.
    pub fn parse(issuer: &str, bytes: &[u8]) -> Result<Self, SsoRefusal> {
        let malformed = |what: String| SsoRefusal::new(SsoRefusalCode::DiscoveryMalformed).received(what);
        if bytes.len() > Purpose::Discovery.max_bytes() {
            return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
        }
        let document = json::object(bytes).map_err(malformed)?;
        let named = json::text(&document, "issuer").map_err(malformed)?;
        if named != Some(issuer) {
            let refusal = SsoRefusal::new(SsoRefusalCode::DiscoveryIssuer).expected(issuer);
            return Err(refusal.received(named.unwrap_or("none")));
        }
        let list = |name| json::texts(&document, name).map_err(malformed);
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: required(&document, Endpoint::Authorization)?,
            token_endpoint: required(&document, Endpoint::Token)?,
            jwks_uri: required(&document, Endpoint::Keys)?,
            userinfo_endpoint: optional(&document, Endpoint::UserInfo)?,
            end_session_endpoint: optional(&document, Endpoint::EndSession)?,
            pushed_request_endpoint: optional(&document, Endpoint::PushedRequest)?,
            requires_pushed_requests: says_true(&document, "require_pushed_authorization_requests"),
            names_issuer_in_callback: says_true(&document, "authorization_response_iss_parameter_supported"),
            response_types: list("response_types_supported")?,
            grant_types: list("grant_types_supported")?,
            code_challenge_methods: list("code_challenge_methods_supported")?,
            scopes: list("scopes_supported")?,
            client_authentication: list("token_endpoint_auth_methods_supported")?,
            id_token_algorithms: list("id_token_signing_alg_values_supported")?,
            userinfo_algorithms: list("userinfo_signing_alg_values_supported")?,
        })
    }

    /// The issuer, byte for byte the one it was fetched for.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// An endpoint, checked now.
    ///
    /// *Errors*: there is none, or it may not be contacted.
    pub fn endpoint(&self, endpoint: Endpoint, rules: &UrlRules) -> Result<CheckedUrl, SsoRefusal> {
        let text = self.text_of(endpoint).ok_or_else(|| incomplete(endpoint))?;
        check_url(text, rules).map_err(|refusal| {
            SsoRefusal::new(SsoRefusalCode::EndpointRefused)
                .expected("https on port 443 of a public host")
                .received(format!("{} {text} {}", endpoint.as_str(), refusal.as_str()))
        })
    }

    /// Whether the provider has this endpoint.
    pub fn has(&self, endpoint: Endpoint) -> bool {
        self.text_of(endpoint).is_some()
    }

    /// An endpoint as the provider wrote it, to be checked when it is used.
    pub(crate) fn text_of(&self, endpoint: Endpoint) -> Option<&str> {
        match endpoint {
            Endpoint::Authorization => Some(&self.authorization_endpoint),
            Endpoint::Token => Some(&self.token_endpoint),
            Endpoint::Keys => Some(&self.jwks_uri),
            Endpoint::UserInfo => self.userinfo_endpoint.as_deref(),
            Endpoint::EndSession => self.end_session_endpoint.as_deref(),
            Endpoint::PushedRequest => self.pushed_request_endpoint.as_deref(),
        }
    }

    /// How to send the client secret: basic unless only post is offered.
    ///
    /// *Errors*: neither is offered. *Source*: T-BCP-6; the default is that of the standard.
    pub fn client_authentication(&self) -> Result<ClientAuthentication, SsoRefusal> {
        let Some(offered) = &self.client_authentication else { return Ok(ClientAuthentication::Basic) };
        let offers = |name: &str| offered.iter().any(|method| method == name);
        if offers("client_secret_basic") {
            Ok(ClientAuthentication::Basic)
        } else if offers("client_secret_post") {
            Ok(ClientAuthentication::Post)
        } else {
            Err(SsoRefusal::new(SsoRefusalCode::ClientAuthenticationUnsupported)
                .expected("client_secret_basic or client_secret_post")
                .received(offered.join(" ")))
        }
    }

    /// The algorithms that ID tokens may be signed with: ours, as far as the provider lists them.
    ///
    /// *Errors*: none is left. *Source*: T-ID-04.
    pub fn id_token_algorithms(&self) -> Result<Vec<Algorithm>, SsoRefusal> {
        accepted(self.id_token_algorithms.as_deref())
    }

    /// The same for signed UserInfo.
    pub(crate) fn userinfo_algorithms(&self) -> Result<Vec<Algorithm>, SsoRefusal> {
        accepted(self.userinfo_algorithms.as_deref())
    }
}

fn accepted(offered: Option<&[String]>) -> Result<Vec<Algorithm>, SsoRefusal> {
    let Some(offered) = offered else { return Ok(Algorithm::ALL.to_vec()) };
    let accepted: Vec<_> = offered.iter().filter_map(|name| Algorithm::parse(name)).collect();
    if accepted.is_empty() {
        let refusal = SsoRefusal::new(SsoRefusalCode::AlgorithmsUnsupported);
        let ours = Algorithm::ALL.map(Algorithm::as_str).join(" ");
        return Err(refusal.expected(ours).received(offered.join(" ")));
    }
    Ok(accepted)
}

fn says_true(document: &Object, name: &str) -> bool {
    document.get(name) == Some(&serde_json::Value::Bool(true))
}

fn incomplete(endpoint: Endpoint) -> SsoRefusal {
    SsoRefusal::new(SsoRefusalCode::DiscoveryIncomplete).expected(endpoint.as_str())
}

fn required(document: &Object, endpoint: Endpoint) -> Result<String, SsoRefusal> {
    optional(document, endpoint)?.ok_or_else(|| incomplete(endpoint))
}

fn optional(document: &Object, endpoint: Endpoint) -> Result<Option<String>, SsoRefusal> {
    let text = json::text(document, endpoint.as_str())
        .map_err(|what| SsoRefusal::new(SsoRefusalCode::DiscoveryMalformed).received(what))?;
    Ok(text.map(str::to_owned))
}
