//! Owns signed tokens in compact form. The payload comes out of [`Jws::verify`] alone, so claims cannot be read before
//! the signature was checked.
//!
//! *Source*: RFC 7515, RFC 8725; T-ID-03, T-ID-04, T-ID-11, T-ID-12.

use data_encoding::BASE64URL_NOPAD;

use crate::json::{self, Object};
use crate::oidc::algorithm::Algorithm;
use crate::oidc::jwks::JwkSet;
use crate::refusal::{SsoRefusal, SsoRefusalCode};

/// The longest token that is looked at. *Units*: bytes. *Source*: T-ID-11.
const MAX_TOKEN: usize = 16 * 1024;

/// What a token says it is. *Source*: RFC 8725, section 3.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An ID token, or anything else that need not say.
    Plain,
    /// A log-out token, which has to say so.
    LogOut,
}

impl Kind {
    /// Whether `typ` is this kind's.
    fn allows(self, named: Option<&str>) -> bool {
        match (self, named) {
            (Self::Plain, None) => true,
            (Self::Plain, Some(named)) => named.eq_ignore_ascii_case("JWT"),
            (Self::LogOut, None) => false,
            // A media type may be written with its prefix (RFC 7515, section 4.1.9).
            (Self::LogOut, Some(named)) => {
                ["logout+jwt", "application/logout+jwt"].iter().any(|kind| named.eq_ignore_ascii_case(kind))
            }
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "JWT",
            Self::LogOut => "logout+jwt",
        }
    }
}

/// A token whose header was read and allowed, and nothing else.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    /// Header and payload as signed.
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Reads a token as far as its header. Of the header only `alg`, `kid`, `typ` and `crit` mean anything; keys and
    /// addresses of keys in it (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
    ///
    /// *Errors*: too long, encrypted, malformed, another kind of token, or an algorithm that is not allowed.
    pub(crate) fn parse(token: &'a str, kind: Kind, allowed: &[Algorithm]) -> Result<Self, SsoRefusal> {
        if token.len() > MAX_TOKEN {
            let refusal = SsoRefusal::new(SsoRefusalCode::IdTokenTooLarge);
            return Err(refusal.expected("at most 16384 bytes").received(token.len().to_string()));
        }
        let parts: Vec<_> = token.split('.').take(6).collect();
        let (header, payload, signature) = match parts.as_slice() {
            [header, payload, signature] => (*header, *payload, *signature),
            [_, _, _, _, _] => return Err(SsoRefusal::new(SsoRefusalCode::IdTokenEncrypted)),
            _ => return Err(malformed("not three parts")),
        };
        let header_object = decode(header).and_then(|bytes| json::object(&bytes).map_err(|what| malformed(&what)))?;
        let (algorithm, key_id) = read_header(&header_object, kind, allowed)?;
        let signed = token.get(..header.len() + 1 + payload.len()).ok_or_else(|| malformed("not three parts"))?;
        Ok(Self { algorithm, key_id, signed, payload, signature })
    }

    /// The algorithm, one of those that were allowed.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The claims, if the signature holds with the one key of the set that is meant.
    ///
    /// *Errors*: no such key, a wrong signature, or claims that are not strict JSON.
    pub(crate) fn verify(&self, keys: &JwkSet) -> Result<Object, SsoRefusal> {
        let key = keys.find(self.key_id.as_deref(), self.algorithm)?;
        let verifier = self.algorithm.verifier();
        let holds = jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), &key.verifier, verifier);
        if !holds.unwrap_or(false) {
            let refusal = SsoRefusal::new(SsoRefusalCode::SignatureInvalid);
            return Err(refusal.expected(format!(
                "{} by key {}",
                self.algorithm.as_str(),
                key.id.as_deref().unwrap_or("(unnamed)")
            )));
        }
        decode(self.payload).and_then(|bytes| json::object(&bytes).map_err(|what| malformed(&what)))
    }
}

fn read_header(header: &Object, kind: Kind, allowed: &[Algorithm]) -> Result<(Algorithm, Option<String>), SsoRefusal> {
    if header.contains_key("enc") {
        return Err(SsoRefusal::new(SsoRefusalCode::IdTokenEncrypted));
    }
    if let Some(critical) = header.get("crit") {
        return Err(SsoRefusal::new(SsoRefusalCode::IdTokenCritical)
            .expected("no crit")
            .received(critical.to_string()));
    }
    let text = |name| json::text(header, name).map_err(|what| malformed(&what));
    let named = text("typ")?;
    if !kind.allows(named) {
        let refusal = SsoRefusal::new(SsoRefusalCode::IdTokenType).expected(kind.as_str());
        return Err(refusal.received(named.unwrap_or("no typ")));
    }
    // Only a token inside a token has a content type.
    if let Some(content) = header.get("cty") {
        return Err(SsoRefusal::new(SsoRefusalCode::IdTokenType).expected("no cty").received(content.to_string()));
    }
    let named = text("alg")?;
    let algorithm = named.and_then(Algorithm::parse).filter(|algorithm| allowed.contains(algorithm));
    let algorithm = algorithm.ok_or_else(|| {
        let names: Vec<_> = allowed.iter().map(|algorithm| algorithm.as_str()).collect();
        SsoRefusal::new(SsoRefusalCode::IdTokenAlgorithm)
            .expected(names.join(", "))
            .received(named.unwrap_or("none named"))
    })?;
    Ok((algorithm, text("kid")?.map(str::to_owned)))
}

fn decode(part: &str) -> Result<Vec<u8>, SsoRefusal> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| malformed("not base64url"))
}

fn malformed(what: &str) -> SsoRefusal {
    SsoRefusal::new(SsoRefusalCode::IdTokenMalformed).received(what)
}
