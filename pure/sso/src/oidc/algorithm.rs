//! Owns the signature algorithms that are accepted, and the digest that each implies for hashes inside the token.
//!
//! *Source*: T-ID-04; RFC 7518, RFC 8037.

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;

/// An accepted signature algorithm. `none` and the symmetric ones cannot even be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads a registered name in its one writing.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }

    /// The verifying library's name for it.
    pub(crate) const fn verifier(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as Verifier;
        match self {
            Self::Rs256 => Verifier::RS256,
            Self::Rs384 => Verifier::RS384,
            Self::Rs512 => Verifier::RS512,
            Self::Ps256 => Verifier::PS256,
            Self::Ps384 => Verifier::PS384,
            Self::Ps512 => Verifier::PS512,
            Self::Es256 => Verifier::ES256,
            Self::Es384 => Verifier::ES384,
            Self::EdDsa => Verifier::EdDSA,
        }
    }

    /// The left half of the digest that `at_hash` and `c_hash` carry.
    ///
    /// *Source*: OpenID Connect Core 1.0, section 3.1.3.6; Ed25519 hashes with SHA-512.
    pub(crate) fn half_hash(self, text: &str) -> String {
        let digest = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::EdDsa => &digest::SHA512,
        };
        let hash = digest::digest(digest, text.as_bytes());
        let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
        BASE64URL_NOPAD.encode(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_id_04_only_listed_algorithms_in_their_one_writing_are_read() {
        for name in [
            "none", "None", "nOnE", "", "HS256", "HS512", "rs256", "RS256 ", "RS1", "ES512", "ES256K", "EDDSA",
            "Ed448", "dir",
        ] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
    }

    #[test]
    fn t_id_08_the_half_hash_is_that_of_the_standard() {
        // OpenID Connect Core 1.0, appendix A.3 and A.4.
        assert_eq!(Algorithm::Rs256.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            Algorithm::Rs256.half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
        assert_eq!(Algorithm::EdDsa.half_hash("x").len(), 43);
    }
}
