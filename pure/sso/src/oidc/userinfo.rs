//! Owns reading the UserInfo answer, plain or signed. It has to be about the same subject as the ID token.
//!
//! *Source*: OpenID Connect Core 1.0, section 5.3; T-ID-10.

use orgate_core::assertion::Subject;
use orgate_core::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::exchange::{Purpose, Request, Response};
use crate::json::{self, Object};
use crate::oidc::id_token;
use crate::oidc::jwks::JwkSet;
use crate::oidc::jws::{Jws, Kind};
use crate::oidc::metadata::{Endpoint, Metadata};
use crate::oidc::times;
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::UrlRules;

/// The request for the person's claims.
///
/// *Errors*: the endpoint may not be contacted.
pub(crate) fn request(
    metadata: &Metadata,
    access_token: &SecretString,
    rules: &UrlRules,
) -> Result<Request, SsoRefusal> {
    let url = metadata.endpoint(Endpoint::UserInfo, rules)?;
    let request = Request::get(Purpose::UserInfo, url, "application/json, application/jwt");
    Ok(request.authorized(format!("Bearer {}", access_token.expose_secret()).into()))
}

/// What the answer has to agree with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) metadata: &'a Metadata,
    pub(crate) keys: &'a JwkSet,
    pub(crate) client_id: &'a str,
    pub(crate) subject: &'a Subject,
    pub(crate) now: Timestamp,
}

/// Reads the answer.
///
/// *Errors*: no success, no claims, a signature that does not hold, or another subject: the sign-in fails as a whole.
pub(crate) fn parse(response: &Response, expected: &Expected<'_>) -> Result<Object, SsoRefusal> {
    if response.body.len() > Purpose::UserInfo.max_bytes() {
        return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
    }
    if matches!(response.status, 401 | 403) {
        return Err(SsoRefusal::new(SsoRefusalCode::UserInfoRejected).received(response.status.to_string()));
    }
    response.require_success()?;
    let claims = if response.media_type() == "application/jwt" {
        signed(&response.body, expected).map_err(|inner| {
            SsoRefusal { code: SsoRefusalCode::UserInfoSignature, ..inner.clone() }.received(inner.to_string())
        })?
    } else {
        json::object(&response.body).map_err(malformed)?
    };
    let named = json::text(&claims, "sub").map_err(malformed)?;
    if named != Some(expected.subject.as_str()) {
        let refusal = SsoRefusal::new(SsoRefusalCode::UserInfoSubject).expected(expected.subject.as_str());
        return Err(refusal.received(named.unwrap_or("none")));
    }
    Ok(claims)
}

/// Signed claims pass the checks of an ID token, except those that bind a token to one sign-in.
fn signed(body: &[u8], expected: &Expected<'_>) -> Result<Object, SsoRefusal> {
    let token = std::str::from_utf8(body).map_err(|_| malformed("not text".to_owned()))?;
    let jws = Jws::parse(token.trim(), Kind::Plain, &expected.metadata.userinfo_algorithms()?)?;
    let claims = jws.verify(expected.keys)?;
    id_token::check_kind(&claims)?;
    id_token::check_issuer(&claims, expected.metadata.issuer())?;
    id_token::check_audience(&claims, expected.client_id)?;
    times::check_present(&claims, expected.now)?;
    Ok(claims)
}

fn malformed(what: String) -> SsoRefusal {
    SsoRefusal::new(SsoRefusalCode::UserInfoMalformed).received(what)
}
