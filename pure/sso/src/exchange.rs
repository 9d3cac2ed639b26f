//! Owns what a protocol and its driver say to each other: a [`Request`] to send, the [`Response`] that came, and the
//! [`Step`] that comes next. It does not know any protocol's rules.

use orgate_core::assertion::Subject;
use secrecy::SecretString;

use crate::oidc::Statement;
use crate::oidc::resume::{AwaitKeys, AwaitKnown, AwaitMetadata, AwaitResponse};
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::CheckedUrl;

const KIB: usize = 1024;

/// What comes next in an exchange with an IdP. Each step that asks for something carries the one thing that can take
/// the answer, so an answer cannot be given twice or to the wrong question.
#[derive(Debug)]
pub enum Step {
    /// Send the browser here. Ends a `begin`.
    Redirect {
        /// The IdP's authorization endpoint with this attempt's values.
        url: String,
    },
    /// The provider's metadata, from the driver's cache or by sending `request`.
    Metadata {
        /// How to get it; [`Metadata::from_response`](crate::oidc::metadata::Metadata::from_response) reads the answer.
        request: Request,
        /// Takes the metadata.
        next: AwaitMetadata,
    },
    /// The provider's keys, from the driver's cache or by sending `request`. *Source*: T-IDP-2: the driver sends one
    /// request at a time, refetches at most once in 30 seconds a connection, and answers with the old keys when it may
    /// not or cannot.
    Keys {
        /// How to get them; [`JwkSet::from_response`](crate::oidc::jwks::JwkSet::from_response) reads the answer.
        request: Request,
        /// The cached keys did not do; asked for once an exchange.
        refetch: bool,
        /// Takes the keys.
        next: AwaitKeys,
    },
    /// Send `request` without following redirects.
    Fetch {
        /// What to send.
        request: Request,
        /// Takes the response, or the reason why there is none.
        next: AwaitResponse,
    },
    /// Say whether an Identity is stored under this key, so that UserInfo is read at a first contact only (R-SSO-8).
    Known {
        /// The verified issuer.
        issuer: String,
        /// The client id that the token was made for.
        client_id: String,
        /// The IdP's name for the person.
        subject: Subject,
        /// Takes the answer.
        next: AwaitKnown,
    },
    /// The IdP's statement holds.
    Done(Box<Statement>),
    /// It does not, or there is none.
    Refuse(SsoRefusal),
}

impl From<SsoRefusal> for Step {
    fn from(refusal: SsoRefusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl From<Result<Step, SsoRefusal>> for Step {
    fn from(outcome: Result<Step, SsoRefusal>) -> Self {
        outcome.unwrap_or_else(Self::Refuse)
    }
}

/// What a request is for; it fixes how much may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The discovery document.
    Discovery,
    /// The key set.
    Keys,
    /// An authorization request, told to the provider before the browser is sent there.
    PushedRequest,
    /// Exchanging the code.
    Token,
    /// The person's claims.
    UserInfo,
    /// An authorization request sent by the server itself, as a check at save; the body is not read for meaning.
    AuthorizationProbe,
}

impl Purpose {
    /// The word in measurements.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::PushedRequest => "pushed-request",
            Self::Token => "token",
            Self::UserInfo => "userinfo",
            Self::AuthorizationProbe => "authorization-probe",
        }
    }

    /// The largest body to accept, after decompression. *Units*: bytes. *Source*: T-IDP-1.
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::Discovery | Self::PushedRequest | Self::UserInfo => 64 * KIB,
            Self::Keys | Self::Token | Self::AuthorizationProbe => 256 * KIB,
        }
    }
}

/// The HTTP method of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// One header of a [`Request`]; the value may be a credential, so it is never printed.
#[derive(Debug, Clone)]
pub struct Header {
    /// Lower-case name.
    pub name: &'static str,
    /// Value.
    pub value: SecretString,
}

/// An HTTP request as a value. The driver sends it without following redirects, without a proxy and without cookies.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it is for.
    pub purpose: Purpose,
    /// The method.
    pub method: Method,
    /// Where to; the driver still checks every address that the host resolves to.
    pub url: CheckedUrl,
    /// Headers to set besides `host` and `content-length`.
    pub headers: Vec<Header>,
    /// The body of a POST.
    pub body: Option<SecretString>,
}

impl Request {
    /// A GET that accepts `media_types`.
    pub(crate) fn get(purpose: Purpose, url: CheckedUrl, media_types: &'static str) -> Self {
        let accept = Header { name: "accept", value: media_types.into() };
        Self { purpose, method: Method::Get, url, headers: vec![accept], body: None }
    }

    /// A POST of a form that accepts JSON.
    pub(crate) fn post_form(purpose: Purpose, url: CheckedUrl, form: SecretString) -> Self {
        let content_type = Header { name: "content-type", value: "application/x-www-form-urlencoded".into() };
        let mut request = Self::get(purpose, url, "application/json");
        request.method = Method::Post;
        request.headers.push(content_type);
        request.body = Some(form);
        request
    }

    /// The same with another header.
    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push(Header { name, value: value.into() });
        self
    }

    /// The same with an `authorization` header.
    pub(crate) fn authorized(mut self, value: SecretString) -> Self {
        self.headers.push(Header { name: "authorization", value });
        self
    }
}

/// What came back, as far as a protocol reads it.
#[derive(Clone, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The `content-type` header.
    pub content_type: Option<String>,
    /// The `location` header.
    pub location: Option<String>,
    /// The body, at most [`Purpose::max_bytes`].
    pub body: Vec<u8>,
}

/// Bodies carry tokens, so only their size is printed.
impl std::fmt::Debug for Response {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// The media type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let text = self.content_type.as_deref().unwrap_or_default();
        text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Refuses a redirect, and any status but 200.
    ///
    /// *Source*: T-ID-14: redirects of token, key, UserInfo and discovery endpoints are refused.
    pub(crate) fn require_success(&self) -> Result<(), SsoRefusal> {
        match self.status {
            200 => Ok(()),
            300..400 => Err(SsoRefusal::new(SsoRefusalCode::Redirected).expected("200").received(format!(
                "{} to {}",
                self.status,
                self.location.as_deref().unwrap_or("nowhere")
            ))),
            status => {
                Err(SsoRefusal::new(SsoRefusalCode::UnexpectedStatus).expected("200").received(status.to_string()))
            }
        }
    }
}

/// Why a request has no response. Refused, closed and filtered ports and time limits are one variant on purpose, so
/// that nobody can map a network through Orgate (T-SSRF-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportFailure {
    /// The host has no address.
    NameNotResolved,
    /// An address of the host may not be contacted.
    AddressRefused,
    /// No connection, or no complete response in time.
    Unreachable,
    /// The server's certificate is not valid for the host.
    Certificate,
    /// More than [`Purpose::max_bytes`].
    TooLarge,
}

impl TransportFailure {
    /// The word in measurements.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameNotResolved => "name-not-resolved",
            Self::AddressRefused => "address-refused",
            Self::Unreachable => "unreachable",
            Self::Certificate => "certificate",
            Self::TooLarge => "too-large",
        }
    }

    /// The refusal of a request to `host` that failed so.
    pub fn refusal(self, host: &str) -> SsoRefusal {
        let code = match self {
            Self::NameNotResolved => SsoRefusalCode::NameNotResolved,
            Self::AddressRefused => SsoRefusalCode::AddressRefused,
            Self::Unreachable => SsoRefusalCode::Unreachable,
            Self::Certificate => SsoRefusalCode::Certificate,
            Self::TooLarge => SsoRefusalCode::ResponseTooLarge,
        };
        SsoRefusal::new(code).received(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_id_14_redirects_and_other_statuses_are_refused() {
        let response = |status| Response { status, ..Response::default() };
        assert!(response(200).require_success().is_ok());
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(response(status).require_success().unwrap_err().code, SsoRefusalCode::Redirected);
        }
        for status in [204, 400, 404, 500, 999, 0] {
            assert_eq!(response(status).require_success().unwrap_err().code, SsoRefusalCode::UnexpectedStatus);
        }
    }

    #[test]
    fn t_sec_3_printing_a_response_shows_no_token() {
        let response = Response { status: 200, body: b"canary-token".to_vec(), ..Response::default() };
        assert!(!format!("{response:?}").contains("canary"));
    }

    #[test]
    fn every_transport_failure_has_its_own_code() {
        use TransportFailure as F;
        let all = [F::NameNotResolved, F::AddressRefused, F::Unreachable, F::Certificate, F::TooLarge];
        let codes: std::collections::BTreeSet<_> = all.iter().map(|f| f.refusal("idp.test").code.as_str()).collect();
        assert_eq!(codes.len(), all.len());
    }
}
