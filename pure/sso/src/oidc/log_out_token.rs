//! Owns log-out tokens: what a provider posts when a person's session there has ended. One check, one code; the signature
//! is checked before any claim is read.
//!
//! *Source*: OpenID Connect Back-Channel Logout 1.0, sections 2.4 to 2.6; T-LO-2, T-ID-12.

use orgate_core::assertion::Subject;
use orgate_core::sid::Sid;
use orgate_core::time::Timestamp;
use serde_json::Value;
use url::form_urlencoded;

use crate::client::Client;
use crate::json::Object;
use crate::oidc::algorithm::Algorithm;
use crate::oidc::begin::sha256;
use crate::oidc::id_token::{check_audience, check_issuer};
use crate::oidc::jwks::JwkSet;
use crate::oidc::jws::{Jws, Kind};
use crate::oidc::metadata::Metadata;
use crate::oidc::times;
use crate::refusal::{SsoRefusal, SsoRefusalCode};

/// The one event that counts.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The parameter of the form.
const PARAMETER: &str = "logout_token";

/// Whose sessions ended, by the provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedOut {
    /// All of this person's.
    Person(Subject),
    /// The one of this name, whoever's it is.
    Session(Sid),
    /// The one of this name, which is this person's.
    SessionOf {
        /// The person.
        subject: Subject,
        /// The session.
        sid: Sid,
    },
}

impl LoggedOut {
    /// The person, if named.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Person(subject) | Self::SessionOf { subject, .. } => Some(subject),
            Self::Session(_) => None,
        }
    }

    /// The session, if named.
    pub fn sid(&self) -> Option<&Sid> {
        match self {
            Self::Session(sid) | Self::SessionOf { sid, .. } => Some(sid),
            Self::Person(_) => None,
        }
    }
}

/// A log-out token that passed every check but one: whether it came before is the caller's to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOutToken {
    /// Whose sessions ended.
    pub ended: LoggedOut,
    /// SHA-256 of its id: the same one counts once.
    pub id_hash: [u8; 32],
    /// When the provider issued it.
    pub issued_at: Timestamp,
}

/// The token in the body of a request.
///
/// *Errors*: there is none, or several.
pub fn from_form(body: &[u8]) -> Result<String, SsoRefusal> {
    let missing = |received: &str| {
        let refusal = SsoRefusal::new(SsoRefusalCode::LogOutTokenMissing);
        Err(refusal.expected("a form with one logout_token").received(received))
    };
    let mut tokens = form_urlencoded::parse(body).filter(|(name, _)| name == PARAMETER);
    match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) => Ok(token.into_owned()),
        (None, _) => missing("none"),
        (Some(_), Some(_)) => missing("several"),
    }
}

/// Looks at a token's form alone, so that nothing is asked of a provider for what cannot be a log-out token of its.
///
/// *Errors*: too long, malformed, no log-out token, or an algorithm that is accepted from nobody.
pub fn look(token: &str) -> Result<(), SsoRefusal> {
    Jws::parse(token, Kind::LogOut, &Algorithm::ALL).map(|_| ()).map_err(about_log_out)
}

/// Checks signature and claims.
///
/// *Errors*: the first check that fails, with its code.
pub fn verify(
    token: &str,
    metadata: &Metadata,
    keys: &JwkSet,
    client: &Client,
    now: Timestamp,
) -> Result<LogOutToken, SsoRefusal> {
    checked(token, metadata, keys, client, now).map_err(about_log_out)
}

fn checked(
    token: &str,
    metadata: &Metadata,
    keys: &JwkSet,
    client: &Client,
    now: Timestamp,
) -> Result<LogOutToken, SsoRefusal> {
    let claims = Jws::parse(token, Kind::LogOut, &metadata.id_token_algorithms()?)?.verify(keys)?;
    check_issuer(&claims, client.issuer())?;
    check_audience(&claims, client.id())?;
    let issued_at = times::check_unasked(&claims, now)?;
    check_event(&claims)?;
    check_no_nonce(&claims)?;
    Ok(LogOutToken { ended: ended(&claims)?, id_hash: id_hash(&claims)?, issued_at })
}

/// One event, which says nothing more about itself.
fn check_event(claims: &Object) -> Result<(), SsoRefusal> {
    let refusal = || SsoRefusal::new(SsoRefusalCode::LogOutTokenEvent).expected(format!("{EVENT} alone, an object"));
    let Some(Value::Object(events)) = claims.get("events") else {
        return Err(refusal().received(if claims.contains_key("events") { "another type" } else { "no events" }));
    };
    match events.get(EVENT) {
        Some(Value::Object(_)) if events.len() == 1 => Ok(()),
        Some(Value::Object(_)) => Err(refusal().received("further events")),
        Some(_) => Err(refusal().received("an event that is no object")),
        None => Err(refusal().received(events.keys().next().map_or("no event", String::as_str))),
    }
}

/// An ID token has one; nothing that has one ends a session.
fn check_no_nonce(claims: &Object) -> Result<(), SsoRefusal> {
    if claims.contains_key("nonce") {
        return Err(SsoRefusal::new(SsoRefusalCode::LogOutTokenNonce).expected("no nonce").received("a nonce"));
    }
    Ok(())
}

fn ended(claims: &Object) -> Result<LoggedOut, SsoRefusal> {
    match (named(claims, "sub", Subject::parse)?, named(claims, "sid", Sid::parse)?) {
        (Some(subject), Some(sid)) => Ok(LoggedOut::SessionOf { subject, sid }),
        (Some(subject), None) => Ok(LoggedOut::Person(subject)),
        (None, Some(sid)) => Ok(LoggedOut::Session(sid)),
        (None, None) => {
            Err(SsoRefusal::new(SsoRefusalCode::LogOutTokenSubject).expected("sub or sid").received("neither"))
        }
    }
}

fn named<T>(claims: &Object, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, SsoRefusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let read = value.as_str().and_then(parse);
    read.map(Some).ok_or_else(|| {
        let expected = format!("{name} of 1 to 255 ASCII characters");
        SsoRefusal::new(SsoRefusalCode::LogOutTokenSubject).expected(expected).received("something else")
    })
}

fn id_hash(claims: &Object) -> Result<[u8; 32], SsoRefusal> {
    let id = claims.get("jti").and_then(Value::as_str).filter(|id| (1..=255).contains(&id.len()));
    id.map(sha256).ok_or_else(|| {
        let refusal = SsoRefusal::new(SsoRefusalCode::LogOutTokenId).expected("jti of 1 to 255 bytes");
        refusal.received(if claims.contains_key("jti") { "something else" } else { "none" })
    })
}

/// Says of a log-out token what the shared checks say of an ID token.
fn about_log_out(refusal: SsoRefusal) -> SsoRefusal {
    use SsoRefusalCode as C;
    let code = match refusal.code {
        C::IdTokenMalformed | C::IdTokenCritical | C::IdTokenEncrypted => C::LogOutTokenMalformed,
        C::IdTokenTooLarge => C::LogOutTokenTooLarge,
        C::IdTokenType => C::LogOutTokenType,
        C::IdTokenAlgorithm => C::LogOutTokenAlgorithm,
        C::IdTokenIssuer => C::LogOutTokenIssuer,
        C::IdTokenAudience => C::LogOutTokenAudience,
        C::IdTokenTime => C::LogOutTokenTime,
        C::IdTokenExpired => C::LogOutTokenExpired,
        C::IdTokenTooOld => C::LogOutTokenTooOld,
        other => other,
    };
    SsoRefusal { code, ..refusal }
}
