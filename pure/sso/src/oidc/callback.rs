//! Owns reading the callback's query. Whether the state is known, unused and of this browser is the caller's to find
//! out (T-ID-13), who therefore gets the state first.
//!
//! *Source*: RFC 6749, section 4.1.2; RFC 9207; T-BCP-2, T-BCP-3, T-ID-08.

use secrecy::SecretString;
use url::form_urlencoded;

use crate::refusal::{SsoRefusal, SsoRefusalCode};

/// The longest query that is looked at. *Units*: bytes.
const MAX_QUERY: usize = 8 * 1024;
/// The longest code or state. *Units*: bytes.
const MAX_VALUE: usize = 4 * 1024;

/// Parameters that only implicit and hybrid answers carry.
const TOKENS: &[&str] = &["id_token", "access_token", "token_type", "response"];

/// A callback that could be read.
#[derive(Debug, Clone)]
pub struct Callback {
    state: SecretString,
    issuer: Option<String>,
    outcome: Outcome,
}

#[derive(Debug, Clone)]
enum Outcome {
    Code(SecretString),
    Error {
        code: String,
        description: Option<String>,
    },
    /// Refused for what it carries; kept, so that the refusal is filed under the attempt that the state names.
    Refused(SsoRefusal),
}

impl Callback {
    /// Reads the query string of the callback, without the question mark.
    ///
    /// *Errors*: it names no attempt: too long, a repeated parameter, or no state. Anything else that is wrong comes out
    /// of [`resume`](crate::oidc::resume()), when the attempt is known.
    pub fn parse(query: &str) -> Result<Self, SsoRefusal> {
        let malformed = |what: &str| SsoRefusal::new(SsoRefusalCode::CallbackMalformed).received(what);
        if query.len() > MAX_QUERY {
            return Err(malformed("more than 8 KiB"));
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if pairs.iter().any(|(seen, _)| *seen == name) {
                return Err(malformed("a parameter is repeated"));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        let find = |name: &str| pairs.iter().find(|(seen, _)| seen == name).map(|(_, value)| value.as_str());
        let state = find("state").filter(|state| !state.is_empty());
        let state = state.ok_or_else(|| SsoRefusal::new(SsoRefusalCode::StateMissing))?;
        if state.len() > MAX_VALUE {
            return Err(malformed("a state of more than 4 KiB"));
        }
        Ok(Self { state: state.into(), issuer: find("iss").map(str::to_owned), outcome: outcome(&find) })
    }

    /// The state, to find the attempt by its hash ([`state_hash`](crate::oidc::begin::state_hash)).
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// The code, if the IdP that was asked gave one.
    ///
    /// *Errors*: another issuer answered, or this one refused.
    pub(crate) fn code(&self, issuer: &str) -> Result<SecretString, SsoRefusal> {
        if let Some(named) = self.issuer.as_deref().filter(|named| *named != issuer) {
            return Err(SsoRefusal::new(SsoRefusalCode::CallbackIssuer).expected(issuer).received(named));
        }
        self.code_of_any_issuer()
    }

    /// The code, for a provider whose redirect URI is its own and which names itself by no issuer that it promises.
    ///
    /// *Errors*: it refused.
    pub(crate) fn code_of_any_issuer(&self) -> Result<SecretString, SsoRefusal> {
        match &self.outcome {
            Outcome::Code(code) => Ok(code.clone()),
            Outcome::Error { code, description } => Err(idp_error(code, description.as_deref())),
            Outcome::Refused(refusal) => Err(refusal.clone()),
        }
    }

    /// Whether the answer names its issuer, which [`Callback::code`] has compared.
    pub(crate) fn names_issuer(&self) -> bool {
        self.issuer.is_some()
    }
}

fn outcome<'a>(find: &impl Fn(&str) -> Option<&'a str>) -> Outcome {
    if let Some(name) = TOKENS.iter().find(|name| find(name).is_some()) {
        let refusal = SsoRefusal::new(SsoRefusalCode::CallbackResponseType).expected("code");
        return Outcome::Refused(refusal.received(name));
    }
    let code = find("code").filter(|code| !code.is_empty());
    match (find("error"), code) {
        (Some(_), Some(_)) => {
            Outcome::Refused(SsoRefusal::new(SsoRefusalCode::CallbackMalformed).received("both code and error"))
        }
        (Some(error), None) => {
            Outcome::Error { code: error.to_owned(), description: find("error_description").map(str::to_owned) }
        }
        (None, Some(code)) if code.len() <= MAX_VALUE => Outcome::Code(code.into()),
        (None, Some(_)) => {
            Outcome::Refused(SsoRefusal::new(SsoRefusalCode::CallbackMalformed).received("a code of more than 4 KiB"))
        }
        (None, None) => Outcome::Refused(SsoRefusal::new(SsoRefusalCode::CallbackCodeMissing)),
    }
}

/// An error of the authorization endpoint as a refusal.
///
/// *Source*: RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6.
pub(crate) fn idp_error(code: &str, description: Option<&str>) -> SsoRefusal {
    let refusal_code = match code {
        "access_denied" => SsoRefusalCode::IdpAccessDenied,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            SsoRefusalCode::IdpInteractionRequired
        }
        "invalid_request" | "unauthorized_client" | "unsupported_response_type" | "invalid_scope" => {
            SsoRefusalCode::IdpRejectedRequest
        }
        "server_error" | "temporarily_unavailable" => SsoRefusalCode::IdpUnavailable,
        _ => SsoRefusalCode::IdpError,
    };
    let received = description.map_or_else(|| code.to_owned(), |description| format!("{code}: {description}"));
    SsoRefusal::new(refusal_code).expected("a code").received(received)
}
