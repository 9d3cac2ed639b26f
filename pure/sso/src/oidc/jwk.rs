//! Owns reading one published key: which are usable for verifying, and why another is not.
//!
//! *Source*: RFC 7517, RFC 7518 section 6, RFC 8037; T-ID-04, T-IDP-5.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::DecodingKey;

use crate::json::{self, Object};
use crate::oidc::algorithm::Algorithm;

/// Members that only private or symmetric keys have.
const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// The sizes of RSA keys that are accepted. *Units*: bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A usable key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The key's name (`kid`).
    pub(crate) id: Option<String>,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<Algorithm>,
    kind: Kind,
    pub(crate) verifier: DecodingKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    const fn suits(self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match self {
            Self::Rsa => matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512),
            Self::P256 => matches!(algorithm, A::Es256),
            Self::P384 => matches!(algorithm, A::Es384),
            Self::Ed25519 => matches!(algorithm, A::EdDsa),
        }
    }
}

impl Key {
    /// Reads a member of the set's `keys`.
    ///
    /// *Errors*: why it cannot be used, in a few words.
    pub(crate) fn parse(jwk: &Object) -> Result<Self, &'static str> {
        if PRIVATE_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
            return Err("a private or symmetric key");
        }
        may_verify(jwk)?;
        let (kind, verifier) = match text(jwk, "kty")? {
            Some("RSA") => (Kind::Rsa, rsa(jwk)?),
            Some("EC") => elliptic(jwk)?,
            Some("OKP") => (Kind::Ed25519, edwards(jwk)?),
            Some(_) | None => return Err("a key type that is not used for signatures"),
        };
        let algorithm = match text(jwk, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::parse(name).ok_or("for an algorithm that is not accepted")?),
        };
        if algorithm.is_some_and(|algorithm| !kind.suits(algorithm)) {
            return Err("its algorithm does not fit its type");
        }
        Ok(Self { id: text(jwk, "kid")?.map(str::to_owned), algorithm, kind, verifier })
    }

    /// Whether this key may verify signatures of this algorithm.
    pub(crate) fn suits(&self, algorithm: Algorithm) -> bool {
        self.kind.suits(algorithm) && self.algorithm.is_none_or(|only| only == algorithm)
    }
}

fn may_verify(jwk: &Object) -> Result<(), &'static str> {
    if !matches!(text(jwk, "use")?, None | Some("sig")) {
        return Err("not for signatures");
    }
    match json::texts(jwk, "key_ops").map_err(|_| "malformed")? {
        Some(operations) if !operations.iter().any(|operation| operation == "verify") => Err("not for verifying"),
        Some(_) | None => Ok(()),
    }
}

fn rsa(jwk: &Object) -> Result<DecodingKey, &'static str> {
    let (modulus, exponent) = (integer(jwk, "n")?, integer(jwk, "e")?);
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err("an RSA key of less than 2048 or more than 8192 bits");
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if !odd(&modulus) || !odd(&exponent) || exponent == [1] || exponent.len() > 4 {
        return Err("an RSA key with an unsafe exponent or modulus");
    }
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn elliptic(jwk: &Object) -> Result<(Kind, DecodingKey), &'static str> {
    let (kind, length) = match text(jwk, "crv")? {
        Some("P-256") => (Kind::P256, 32),
        Some("P-384") => (Kind::P384, 48),
        Some(_) | None => return Err("on a curve that is not accepted"),
    };
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != length || y.len() != length {
        return Err("malformed");
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    Ok((kind, DecodingKey::from_ec_der(&point)))
}

fn edwards(jwk: &Object) -> Result<DecodingKey, &'static str> {
    if text(jwk, "crv")? != Some("Ed25519") {
        return Err("on a curve that is not accepted");
    }
    let x = bytes(jwk, "x")?;
    if x.len() == 32 { Ok(DecodingKey::from_ed_der(&x)) } else { Err("malformed") }
}

fn text<'a>(jwk: &'a Object, name: &str) -> Result<Option<&'a str>, &'static str> {
    json::text(jwk, name).map_err(|_| "malformed")
}

fn bytes(jwk: &Object, name: &str) -> Result<Vec<u8>, &'static str> {
    let text = text(jwk, name)?.ok_or("malformed")?;
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| "malformed")
}

/// An unsigned integer without leading zero bytes, which some providers add.
fn integer(jwk: &Object, name: &str) -> Result<Vec<u8>, &'static str> {
    Ok(bytes(jwk, name)?.into_iter().skip_while(|byte| *byte == 0).collect())
}
