//! Owns the moments in a token: reading them as JSON numbers and judging them against our clock. The caller passes `now`.
//!
//! *Source*: T-ID-05, T-ID-09; F2 of the security bar: clocks a minute apart pass, three minutes apart are diagnosed.

use std::time::Duration;

use orgate_core::time::Timestamp;
use serde_json::Value;

use crate::json::Object;
use crate::oidc::CLOCK_SKEW_SECONDS;
use crate::refusal::{SsoRefusal, SsoRefusalCode};

const SKEW: Duration = Duration::from_secs(CLOCK_SKEW_SECONDS.unsigned_abs());
const MAX_AGE: Duration = Duration::from_secs(600);
/// The end of the year 9999. *Units*: milliseconds.
const LATEST: i64 = 253_402_300_799_999;

/// Checks `exp`, `iat` and `nbf` of an ID token for a sign-in that began at `begun_at`.
///
/// *Errors*: a required time is missing or no number, the token is expired or old, or the clocks differ. A token that was
/// issued before the sign-in began, though it carries the nonce of this sign-in, says that the IdP's clock is slow.
pub(crate) fn check(claims: &Object, begun_at: Timestamp, now: Timestamp) -> Result<(), SsoRefusal> {
    let issued = check_unasked(claims, now)?;
    if issued < begun_at.minus(SKEW) {
        return Err(compare(SsoRefusalCode::Clock, "iat after", begun_at.minus(SKEW), issued));
    }
    Ok(())
}

/// Checks `exp`, `iat` and `nbf` of a token that came without being asked for, and says when it was issued.
///
/// *Errors*: as [`check`], but for the beginning of a sign-in.
pub(crate) fn check_unasked(claims: &Object, now: Timestamp) -> Result<Timestamp, SsoRefusal> {
    let (expires, issued) = (required(claims, "exp")?, required(claims, "iat")?);
    let not_before = optional(claims, "nbf")?;
    not_in_future("iat", issued, now)?;
    check_expiry(expires, now)?;
    if issued < now.minus(MAX_AGE) {
        return Err(compare(SsoRefusalCode::IdTokenTooOld, "iat after", now.minus(MAX_AGE), issued));
    }
    if let Some(not_before) = not_before {
        not_in_future("nbf", not_before, now)?;
    }
    Ok(issued)
}

/// Checks the times of a signed answer that need not have any.
///
/// *Errors*: expired, from the future, or no number.
pub(crate) fn check_present(claims: &Object, now: Timestamp) -> Result<(), SsoRefusal> {
    if let Some(expires) = optional(claims, "exp")? {
        check_expiry(expires, now)?;
    }
    for name in ["iat", "nbf"] {
        if let Some(moment) = optional(claims, name)? {
            not_in_future(name, moment, now)?;
        }
    }
    Ok(())
}

/// When the person authenticated, if the token says so; it must if `max_age=0` was asked for, and then since `begun_at`.
///
/// *Errors*: missing, no number, from the future, or stale.
pub(crate) fn auth_time(
    claims: &Object,
    max_age_zero: bool,
    begun_at: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>, SsoRefusal> {
    let missing =
        |received: &str| SsoRefusal::new(SsoRefusalCode::AuthTimeMissing).expected("a number").received(received);
    let moment = match claims.get("auth_time") {
        None if max_age_zero => return Err(missing("no auth_time")),
        None => return Ok(None),
        Some(value) => moment(value).ok_or_else(|| missing("another type"))?,
    };
    not_in_future("auth_time", moment, now)?;
    if max_age_zero && moment < begun_at.minus(SKEW) {
        return Err(compare(SsoRefusalCode::AuthTimeStale, "auth_time after", begun_at.minus(SKEW), moment));
    }
    Ok(Some(moment))
}

fn check_expiry(expires: Timestamp, now: Timestamp) -> Result<(), SsoRefusal> {
    if expires.plus(SKEW) <= now {
        return Err(compare(SsoRefusalCode::IdTokenExpired, "exp after", now.minus(SKEW), expires));
    }
    Ok(())
}

fn not_in_future(name: &str, moment: Timestamp, now: Timestamp) -> Result<(), SsoRefusal> {
    if moment > now.plus(SKEW) {
        return Err(compare(SsoRefusalCode::Clock, &format!("{name} before"), now.plus(SKEW), moment));
    }
    Ok(())
}

fn required(claims: &Object, name: &str) -> Result<Timestamp, SsoRefusal> {
    optional(claims, name)?.ok_or_else(|| SsoRefusal::new(SsoRefusalCode::IdTokenTime).expected(name).received("none"))
}

fn optional(claims: &Object, name: &str) -> Result<Option<Timestamp>, SsoRefusal> {
    let wrong = || {
        SsoRefusal::new(SsoRefusalCode::IdTokenTime).expected(format!("{name} as a number")).received("another type")
    };
    claims.get(name).map(|value| moment(value).ok_or_else(wrong)).transpose()
}

/// Seconds since 1970, with or without a fraction.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    let Value::Number(number) = value else { return None };
    let millis = match number.as_i64() {
        Some(seconds) => Timestamp::from_seconds(seconds).as_millis(),
        None => i64::try_from(Duration::try_from_secs_f64(number.as_f64()?).ok()?.as_millis()).ok()?,
    };
    (0..=LATEST).contains(&millis).then(|| Timestamp::from_millis(millis))
}

pub(crate) fn compare(code: SsoRefusalCode, what: &str, bound: Timestamp, received: Timestamp) -> SsoRefusal {
    SsoRefusal::new(code).expected(format!("{what} {}", bound.to_rfc3339())).received(received.to_rfc3339())
}
