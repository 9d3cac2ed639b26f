//! Owns the claim `session_expiry`: when the person's session at the provider ends, and with it what it proves here.
//!
//! *Source*: OpenID Connect Enterprise Extensions 1.0, draft 01; T-ID-16.

use orgate_core::time::Timestamp;

use crate::json::Object;
use crate::oidc::times;
use crate::refusal::{SsoRefusal, SsoRefusalCode};

/// Reads it, if it is there, for a token that is judged `now`.
///
/// *Errors*: it is no time, or one that has passed.
pub(crate) fn read(claims: &Object, now: Timestamp) -> Result<Option<Timestamp>, SsoRefusal> {
    let Some(value) = claims.get("session_expiry") else { return Ok(None) };
    let end = times::moment(value).ok_or_else(|| {
        SsoRefusal::new(SsoRefusalCode::SessionExpiryMalformed)
            .expected("seconds since 1970, as a number")
            .received(value.to_string())
    })?;
    require_ahead(Some(end), now)?;
    Ok(Some(end))
}

/// Asks whether a session at the provider goes on. A sign-in that waited for its person asks again before it ends in a
/// session here. No skew of clocks is forgiven: what ends now is worth nothing a moment later.
///
/// *Errors*: it is over.
pub fn require_ahead(end: Option<Timestamp>, now: Timestamp) -> Result<(), SsoRefusal> {
    match end {
        Some(end) if end <= now => {
            Err(times::compare(SsoRefusalCode::IdpSessionOver, "session_expiry after", now, end))
        }
        Some(_) | None => Ok(()),
    }
}
