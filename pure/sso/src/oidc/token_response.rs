//! Owns reading the answer of the token endpoint: tokens, or the error it names.
//!
//! *Source*: RFC 6749, sections 5.1 and 5.2; T-ID-14.

use secrecy::SecretString;

use crate::exchange::{Purpose, Response};
use crate::json::{self, Object};
use crate::refusal::{SsoRefusal, SsoRefusalCode, without_secrets};

/// The tokens, none of them looked into.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) id_token: SecretString,
    pub(crate) access_token: SecretString,
}

/// Reads the answer. `secrets` were part of the request and are removed from the messages of the IdP.
///
/// *Errors*: an error of the IdP, or no usable token response.
pub(crate) fn parse(response: &Response, secrets: &[&str]) -> Result<Tokens, SsoRefusal> {
    if response.body.len() > Purpose::Token.max_bytes() {
        return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
    }
    if let Some(refusal) = error(response, secrets) {
        return Err(refusal);
    }
    response.require_success()?;
    let malformed = |what: String| SsoRefusal::new(SsoRefusalCode::TokenResponseMalformed).received(what);
    let document = json::object(&response.body).map_err(malformed)?;
    let text = |name| json::text(&document, name).map_err(malformed);
    let kind = text("token_type")?.unwrap_or("none");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(SsoRefusal::new(SsoRefusalCode::TokenType)
            .expected("Bearer")
            .received(without_secrets(kind, secrets)));
    }
    let access_token = text("access_token")?.filter(|token| is_bearer_token(token));
    let access_token = access_token.ok_or_else(|| malformed("no access_token that can be sent".to_owned()))?;
    let id_token = text("id_token")?.ok_or_else(|| SsoRefusal::new(SsoRefusalCode::IdTokenMissing))?;
    Ok(Tokens { id_token: id_token.into(), access_token: access_token.into() })
}

/// The error that a 4xx answer names, or one with status 200, as some providers send it. *Source*: RFC 6749, section 5.2.
pub(crate) fn error(response: &Response, secrets: &[&str]) -> Option<SsoRefusal> {
    if !matches!(response.status, 200 | 400..500) {
        return None;
    }
    let document = json::object(&response.body).ok();
    let named = document.as_ref().and_then(|document| json::text(document, "error").ok().flatten());
    let code = match (named, response.status) {
        // Keycloak says "unauthorized_client" of a wrong secret, with status 401.
        (Some("invalid_client"), _) | (Some("unauthorized_client") | None, 401) => SsoRefusalCode::ClientRejected,
        (Some("invalid_grant"), _) => SsoRefusalCode::CodeRejected,
        (Some(_), _) => SsoRefusalCode::TokenRequestRejected,
        (None, _) => return None,
    };
    let received = match (named, document.as_ref().and_then(description)) {
        (Some(named), Some(description)) => format!("{named}: {description}"),
        (Some(named), None) => named.to_owned(),
        (None, _) => response.status.to_string(),
    };
    Some(SsoRefusal::new(code).received(without_secrets(&received, secrets)))
}

fn description(document: &Object) -> Option<&str> {
    json::text(document, "error_description").ok().flatten()
}

/// Whether a token can stand in an `authorization` header. *Source*: RFC 6750, section 2.1.
fn is_bearer_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
