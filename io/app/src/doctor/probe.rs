//! Owns the word by which a node tells the doctor's own request from everybody else's, and what it answers: what it saw of the
//! way that the request came. The word is a MAC under the deployment's key, so nobody else learns anything by asking.

use std::net::IpAddr;

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use orgate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::instance_key::InstanceKey;

/// The header that carries the word.
pub const HEADER: &str = "x-orgate-doctor";

/// How long a word counts, and by how much clocks may differ. *Units*: ten minutes.
const LIFETIME_MS: i64 = 10 * 60 * 1_000;

/// What a node saw of the doctor's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The version that runs.
    pub version: String,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// Whose request that counts as.
    pub client: IpAddr,
    /// Whether the peer is among the trusted proxies.
    pub is_trusted: bool,
    /// The hops that `X-Forwarded-For` named, in order.
    pub forwarded_for: Vec<String>,
    /// Whether any header says that a proxy passed it on.
    pub is_forwarded: bool,
}

/// A word for a request sent now.
pub fn word(key: &InstanceKey, now: Timestamp) -> String {
    let at = now.as_millis().to_string();
    let tag = hmac::sign(&mac_key(key), at.as_bytes());
    format!("{at}.{}", HEXLOWER.encode(tag.as_ref()))
}

/// Whether this is such a word, of any of the deployment's keys.
pub fn is_word(app: &App, text: &str) -> bool {
    let settings = &app.settings;
    let mut keys = std::iter::once(&settings.secret_key).chain(&settings.other_secret_keys);
    keys.any(|key| is_word_of(key, app.now(), text))
}

fn is_word_of(key: &InstanceKey, now: Timestamp, text: &str) -> bool {
    let Some((at, tag)) = text.split_once('.') else { return false };
    let (Ok(tag), Ok(moment)) = (HEXLOWER.decode(tag.as_bytes()), at.parse::<i64>()) else { return false };
    let is_recent = now.as_millis().saturating_sub(moment).saturating_abs() <= LIFETIME_MS;
    is_recent && hmac::verify(&mac_key(key), at.as_bytes(), &tag).is_ok()
}

fn mac_key(key: &InstanceKey) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &*key.derive("doctor's request"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_for_its_key_and_its_time_only() {
        let (key, other) = (InstanceKey::from_bytes([1; 32]), InstanceKey::from_bytes([2; 32]));
        let at = |millis| Timestamp::from_millis(millis);
        let text = word(&key, at(1_000_000));
        assert!(is_word_of(&key, at(1_000_000 + LIFETIME_MS), &text));
        assert!(is_word_of(&key, at(1_000_000 - LIFETIME_MS), &text));
        assert!(!is_word_of(&key, at(1_000_001 + LIFETIME_MS), &text));
        assert!(!is_word_of(&other, at(1_000_000), &text));
        let later = text.replacen("1000000", "1000001", 1);
        for wrong in ["", "1000000", "1000000.", "x.y", &text[..text.len() - 2], &later] {
            assert!(!is_word_of(&key, at(1_000_000), wrong), "{wrong}");
        }
        assert!(!is_word_of(&key, at(0), &format!("{}.00", i64::MIN)));
    }
}
