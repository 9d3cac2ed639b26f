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
    let access_token = access_token(&document, secrets)?;
    let id_token = json::text(&document, "id_token").map_err(malformed)?;
    let id_token = id_token.ok_or_else(|| SsoRefusal::new(SsoRefusalCode::IdTokenMissing))?;
    Ok(Tokens { id_token: id_token.into(), access_token })
}

/// The access token of a response: a bearer token, and one that can be sent.
pub(crate) fn access_token(document: &Object, secrets: &[&str]) -> Result<SecretString, SsoRefusal> {
    let malformed = |what: String| SsoRefusal::new(SsoRefusalCode::TokenResponseMalformed).received(what);
    let text = |name| json::text(document, name).map_err(malformed);
    let kind = text("token_type")?.unwrap_or("none");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(SsoRefusal::new(SsoRefusalCode::TokenType)
            .expected("Bearer")
            .received(without_secrets(kind, secrets)));
    }
    let access_token = text("access_token")?.filter(|token| is_bearer_token(token));
    access_token.map(Into::into).ok_or_else(|| malformed("no access_token that can be sent".to_owned()))
}

/// The error that a 4xx answer names, or one with status 200, as some providers send it. *Source*: RFC 6749, section 5.2.
pub(crate) fn error(response: &Response, secrets: &[&str]) -> Option<SsoRefusal> {
    let error = named_error(response, secrets);
    let code = match (error.as_ref().map(|error| error.name.as_str()), response.status) {
        // Keycloak says "unauthorized_client" of a wrong secret, with status 401.
        (Some("invalid_client"), _) | (Some("unauthorized_client") | None, 401) => SsoRefusalCode::ClientRejected,
        (Some("invalid_grant"), _) => SsoRefusalCode::CodeRejected,
        (Some(_), _) => SsoRefusalCode::TokenRequestRejected,
        (None, _) => return None,
    };
    Some(SsoRefusal::new(code).received(error.map_or_else(|| response.status.to_string(), |error| error.shown)))
}

/// An error that an answer of the token endpoint names.
pub(crate) struct NamedError {
    /// Its name.
    pub(crate) name: String,
    /// Name and description, to read.
    pub(crate) shown: String,
}

/// The error that a 4xx answer names, or one with status 200.
pub(crate) fn named_error(response: &Response, secrets: &[&str]) -> Option<NamedError> {
    if !matches!(response.status, 200 | 400..500) {
        return None;
    }
    let document = json::object(&response.body).ok()?;
    let name = json::text(&document, "error").ok().flatten()?.to_owned();
    let received = description(&document).map_or_else(|| name.clone(), |description| format!("{name}: {description}"));
    Some(NamedError { name, shown: without_secrets(&received, secrets) })
}

fn description(document: &Object) -> Option<&str> {
    json::text(document, "error_description").ok().flatten()
}

/// Whether a token can stand in an `authorization` header. *Source*: RFC 6750, section 2.1.
fn is_bearer_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
