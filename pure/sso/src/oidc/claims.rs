//! Owns reading what a person's claims say, without trusting their size or type.
//!
//! *Source*: T-IDP-3, T-IDP-4, T-LNK-9.

use orgate_core::assertion::EmailVerified;
use serde_json::Value;

use crate::json::Object;
use crate::refusal::printable;

/// The longest address that is kept. *Units*: bytes.
const MAX_EMAIL: usize = 512;
/// The longest display name. *Units*: characters.
const MAX_NAME: usize = 200;
const MAX_METHODS: usize = 16;
const MAX_CLAIMS: usize = 40;
const MAX_CLAIM_VALUE: usize = 300;
const MAX_CLAIM_NAME: usize = 100;

/// Claims that bind a token to its sign-in: of no use to a reader, and nobody else's business.
const UNSHOWN: &[&str] = &["nonce", "at_hash", "c_hash", "s_hash", "jti", "sid"];

/// The address as asserted, if there is one of bearable length.
pub(crate) fn email(claims: &Object) -> Option<&str> {
    claims.get("email").and_then(Value::as_str).filter(|email| !email.is_empty() && email.len() <= MAX_EMAIL)
}

/// What is said about the address.
pub(crate) fn email_verified(claims: &Object) -> EmailVerified {
    match claims.get("email_verified") {
        None => EmailVerified::Missing,
        Some(Value::Bool(true)) => EmailVerified::True,
        Some(_) => EmailVerified::FalseOrMalformed,
    }
}

/// A display name fit to print.
pub(crate) fn name(claims: &Object) -> Option<String> {
    let text = printable(claims.get("name")?.as_str()?, MAX_NAME);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Authentication methods that the IdP names.
pub(crate) fn methods(claims: &Object) -> Vec<String> {
    let named = claims.get("amr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    named.iter().filter_map(Value::as_str).take(MAX_METHODS).map(|method| printable(method, 64)).collect()
}

/// All claims as names and printed values, for the test's result page.
pub(crate) fn printed(claims: &Object) -> Vec<(String, String)> {
    let shown = claims.iter().filter(|(name, _)| !UNSHOWN.contains(&name.as_str()));
    shown.take(MAX_CLAIMS).map(|(name, value)| (printable(name, MAX_CLAIM_NAME), printed_value(value))).collect()
}

fn printed_value(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text, MAX_CLAIM_VALUE),
        other => printable(&other.to_string(), MAX_CLAIM_VALUE),
    }
}
