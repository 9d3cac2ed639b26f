//! Owns the checks of an ID token's claims, one function and one code each. The signature was checked before: claims
//! come out of [`Jws::verify`] only.
//!
//! *Source*: OpenID Connect Core 1.0, section 3.1.3.7; T-ID-01, 02, 05 to 09, 12, 16.

use orgate_core::assertion::Subject;
use orgate_core::time::Timestamp;
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::json::Object;
use crate::oidc::algorithm::Algorithm;
use crate::oidc::begin::sha256;
use crate::oidc::jwks::JwkSet;
use crate::oidc::jws::{Jws, Kind};
use crate::oidc::{session_expiry, times};
use crate::refusal::{SsoRefusal, SsoRefusalCode};

/// What the token has to agree with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce_hash: &'a [u8; 32],
    pub(crate) access_token: &'a str,
    pub(crate) code: &'a str,
    pub(crate) max_age_zero: bool,
    pub(crate) begun_at: Timestamp,
    pub(crate) now: Timestamp,
}

/// A token that passed every check.
#[derive(Debug, Clone)]
pub(crate) struct IdToken {
    pub(crate) subject: Subject,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) session_expiry: Option<Timestamp>,
    pub(crate) claims: Object,
}

/// Checks signature and claims.
///
/// *Errors*: the first check that fails, with its code.
pub(crate) fn verify(
    token: &str,
    allowed: &[Algorithm],
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<IdToken, SsoRefusal> {
    let jws = Jws::parse(token, Kind::Plain, allowed)?;
    let claims = jws.verify(keys)?;
    check_kind(&claims)?;
    check_issuer(&claims, expected.issuer)?;
    check_audience(&claims, expected.client_id)?;
    check_authorized_party(&claims, expected.client_id)?;
    times::check(&claims, expected.begun_at, expected.now)?;
    check_nonce(&claims, expected.nonce_hash)?;
    let subject = subject(&claims)?;
    check_hashes(&claims, jws.algorithm(), expected)?;
    let auth_time = times::auth_time(&claims, expected.max_age_zero, expected.begun_at, expected.now)?;
    let session_expiry = session_expiry::read(&claims, expected.now)?;
    Ok(IdToken { subject, auth_time, session_expiry, claims })
}

/// T-ID-12: logout tokens, security events and revocations carry `events`; an ID token never does.
pub(crate) fn check_kind(claims: &Object) -> Result<(), SsoRefusal> {
    if claims.contains_key("events") {
        return Err(SsoRefusal::new(SsoRefusalCode::IdTokenType)
            .expected("an ID token")
            .received("a token with events"));
    }
    Ok(())
}

/// T-ID-01: byte for byte.
pub(crate) fn check_issuer(claims: &Object, issuer: &str) -> Result<(), SsoRefusal> {
    let named = claims.get("iss");
    if named.and_then(Value::as_str) == Some(issuer) {
        return Ok(());
    }
    Err(SsoRefusal::new(SsoRefusalCode::IdTokenIssuer).expected(issuer).received(shown(named)))
}

/// T-ID-02: this client and nobody else.
pub(crate) fn check_audience(claims: &Object, client_id: &str) -> Result<(), SsoRefusal> {
    let named = claims.get("aud");
    let only = match named.and_then(Value::as_array).map(Vec::as_slice) {
        Some([audience]) => Some(audience),
        Some(_) => None,
        None => named,
    };
    if only.and_then(Value::as_str) == Some(client_id) {
        return Ok(());
    }
    Err(SsoRefusal::new(SsoRefusalCode::IdTokenAudience).expected(client_id).received(shown(named)))
}

fn check_authorized_party(claims: &Object, client_id: &str) -> Result<(), SsoRefusal> {
    match claims.get("azp") {
        None => Ok(()),
        Some(Value::String(party)) if party == client_id => Ok(()),
        named => {
            Err(SsoRefusal::new(SsoRefusalCode::IdTokenAuthorizedParty).expected(client_id).received(shown(named)))
        }
    }
}

/// T-ID-06. Neither the nonce nor its hash is shown.
fn check_nonce(claims: &Object, nonce_hash: &[u8; 32]) -> Result<(), SsoRefusal> {
    let refusal = || SsoRefusal::new(SsoRefusalCode::IdTokenNonce).expected("the nonce of this sign-in");
    let Some(Value::String(nonce)) = claims.get("nonce") else { return Err(refusal().received("none")) };
    if bool::from(sha256(nonce).ct_eq(nonce_hash)) {
        return Ok(());
    }
    Err(refusal().received("another nonce"))
}

/// T-ID-07.
fn subject(claims: &Object) -> Result<Subject, SsoRefusal> {
    let named = claims.get("sub");
    named.and_then(Value::as_str).and_then(Subject::parse).ok_or_else(|| {
        SsoRefusal::new(SsoRefusalCode::IdTokenSubject).expected("1 to 255 ASCII characters").received(shown(named))
    })
}

/// T-ID-08: checked whenever they are there.
fn check_hashes(claims: &Object, algorithm: Algorithm, expected: &Expected<'_>) -> Result<(), SsoRefusal> {
    check_hash(claims, "at_hash", algorithm, expected.access_token, SsoRefusalCode::IdTokenAccessTokenHash)?;
    check_hash(claims, "c_hash", algorithm, expected.code, SsoRefusalCode::IdTokenCodeHash)
}

fn check_hash(
    claims: &Object,
    name: &str,
    algorithm: Algorithm,
    hashed: &str,
    code: SsoRefusalCode,
) -> Result<(), SsoRefusal> {
    let Some(named) = claims.get(name) else { return Ok(()) };
    let half = algorithm.half_hash(hashed);
    let fits = named.as_str().is_some_and(|named| bool::from(named.as_bytes().ct_eq(half.as_bytes())));
    if fits { Ok(()) } else { Err(SsoRefusal::new(code).received(format!("another {name}"))) }
}

/// A claim for the Owner to read; [`SsoRefusal`] cuts it.
fn shown(claim: Option<&Value>) -> String {
    match claim {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
