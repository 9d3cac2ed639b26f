//! Owns the provider's key set and finding the key of a token in it. Caching it, and how often it is fetched, is the
//! driver's (T-IDP-2).
//!
//! *Source*: RFC 7517; T-ID-03, T-ID-04, T-IDP-1, T-IDP-5.

use serde_json::Value;

use crate::exchange::{Purpose, Request, Response};
use crate::json;
use crate::oidc::algorithm::Algorithm;
use crate::oidc::jwk::Key;
use crate::oidc::metadata::{Endpoint, Metadata};
use crate::refusal::{SsoRefusal, SsoRefusalCode, printable};
use crate::url_rules::UrlRules;

/// The most keys in a set. *Source*: T-IDP-1.
const MAX_KEYS: usize = 64;

/// A provider's published keys.
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: Vec<Key>,
    skipped: Vec<SkippedKey>,
}

/// A published key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its name (`kid`), if it has one.
    pub id: Option<String>,
    /// Why, in a few words.
    pub reason: &'static str,
}

/// The request for a provider's keys.
///
/// *Errors*: its `jwks_uri` may not be contacted.
pub fn request(metadata: &Metadata, rules: &UrlRules) -> Result<Request, SsoRefusal> {
    let url = metadata.endpoint(Endpoint::Keys, rules)?;
    Ok(Request::get(Purpose::Keys, url, "application/jwk-set+json, application/json"))
}

/// Whether the provider may have changed its keys since they were cached, under a new name or the old one (F3).
pub fn new_keys_may_help(code: SsoRefusalCode) -> bool {
    use SsoRefusalCode as C;
    matches!(code, C::KeyUnknown | C::KeysEmpty | C::KeyUnsuitable | C::SignatureInvalid)
}

impl JwkSet {
    /// Reads the answer of the provider's `jwks_uri`. A set without usable keys is read too, so that it can be cached and
    /// is not asked for again at once; a token then finds no key in it.
    ///
    /// *Errors*: no success, no key set, or more than 64 keys.
    pub fn from_response(response: &Response) -> Result<Self, SsoRefusal> {
        response.require_success()?;
        Self::parse(&response.body)
    }

    /// Reads a key set.
    ///
    /// *Errors*: not one, or more than 64 keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, SsoRefusal> {
        let malformed = |what: String| SsoRefusal::new(SsoRefusalCode::KeysMalformed).received(what);
        if bytes.len() > Purpose::Keys.max_bytes() {
            return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
        }
        let document = json::object(bytes).map_err(malformed)?;
        let Some(Value::Array(members)) = document.get("keys") else {
            return Err(malformed("no list of keys".to_owned()));
        };
        if members.len() > MAX_KEYS {
            let refusal = SsoRefusal::new(SsoRefusalCode::KeysTooMany);
            return Err(refusal.expected(MAX_KEYS.to_string()).received(members.len().to_string()));
        }
        let mut set = Self::default();
        for member in members {
            let read = member.as_object().ok_or("malformed").and_then(Key::parse);
            match read {
                Ok(key) => set.keys.push(key),
                Err(reason) => set.skipped.push(SkippedKey { id: id_of(member), reason }),
            }
        }
        Ok(set)
    }

    /// How many keys are usable.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no keys at all, usable or not.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.skipped.is_empty()
    }

    /// The keys that are not, with reasons.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Whether a key is usable for one of these algorithms.
    pub(crate) fn serves(&self, algorithms: &[Algorithm]) -> bool {
        self.keys.iter().any(|key| algorithms.iter().any(|algorithm| key.suits(*algorithm)))
    }

    /// The key of a token.
    ///
    /// *Errors*: none, none that suits, or several. A token that names no key is accepted only from a provider with one
    /// key, so that nothing is tried out.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Key, SsoRefusal> {
        let Some(id) = id else { return self.only_key(algorithm) };
        let named: Vec<_> = self.keys.iter().filter(|key| key.id.as_deref() == Some(id)).collect();
        let suitable: Vec<_> = named.iter().copied().filter(|key| key.suits(algorithm)).collect();
        match (suitable.as_slice(), named.is_empty()) {
            ([key], _) => Ok(key),
            ([_, _, ..], _) => Err(SsoRefusal::new(SsoRefusalCode::KeyAmbiguous).received(id)),
            ([], false) => Err(unsuitable(id, algorithm, "a key for another algorithm")),
            ([], true) => Err(self.missing(id, algorithm)),
        }
    }

    fn only_key(&self, algorithm: Algorithm) -> Result<&Key, SsoRefusal> {
        match self.keys.as_slice() {
            [key] if key.suits(algorithm) => Ok(key),
            [_] => Err(unsuitable("the only key", algorithm, "a key for another algorithm")),
            [] => Err(SsoRefusal::new(SsoRefusalCode::KeysEmpty)),
            [_, _, ..] => Err(SsoRefusal::new(SsoRefusalCode::KeyAmbiguous)
                .expected("a kid, because there are several keys")
                .received("none")),
        }
    }

    fn missing(&self, id: &str, algorithm: Algorithm) -> SsoRefusal {
        match self.skipped.iter().find(|skipped| skipped.id.as_deref() == Some(id)) {
            Some(skipped) => unsuitable(id, algorithm, skipped.reason),
            None if self.keys.is_empty() => SsoRefusal::new(SsoRefusalCode::KeysEmpty),
            None => {
                let known: Vec<_> = self.keys.iter().filter_map(|key| key.id.as_deref()).collect();
                SsoRefusal::new(SsoRefusalCode::KeyUnknown).expected(known.join(", ")).received(id)
            }
        }
    }
}

fn unsuitable(id: &str, algorithm: Algorithm, reason: &str) -> SsoRefusal {
    let expected = format!("a key for {}", algorithm.as_str());
    SsoRefusal::new(SsoRefusalCode::KeyUnsuitable).expected(expected).received(format!("{id}: {reason}"))
}

fn id_of(member: &Value) -> Option<String> {
    member.get("kid").and_then(Value::as_str).map(|id| printable(id, 200))
}
