//! The signing key: one RSA key of 2048 bits, RS256, as Okta has it.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use data_encoding::{BASE64, HEXLOWER};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::Value;

use crate::StartError;

/// The key and its public half.
pub(crate) struct SigningKey {
    private: EncodingKey,
    public: Jwk,
    key_id: String,
}

impl SigningKey {
    /// A new key, and its PEM for the next start.
    pub(crate) fn generate() -> Result<(Self, String), StartError> {
        let unusable = |_| StartError::Key("it could not be generated".to_owned());
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(unusable)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(unusable)?;
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der.as_ref()));
        Ok((Self::parse(&pem)?, pem))
    }

    /// The key of an earlier start.
    pub(crate) fn parse(pem: &str) -> Result<Self, StartError> {
        let unusable = |error: jsonwebtoken::errors::Error| StartError::Key(error.to_string());
        let private = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(unusable)?;
        let mut public = Jwk::from_encoding_key(&private, Algorithm::RS256).map_err(unusable)?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pem.as_bytes());
        let key_id: String = HEXLOWER.encode(digest.as_ref()).chars().take(16).collect();
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { private, public, key_id })
    }

    /// The public key.
    pub(crate) fn public(&self) -> &Jwk {
        &self.public
    }

    /// Signs claims as an ID token, or as the kind of token that is named.
    pub(crate) fn sign(&self, claims: &Value, kind: Option<&str>) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::RS256);
        header.typ = kind.map(str::to_owned);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, claims, &self.private)
    }

    /// The claims of a token that this key has signed, however old.
    pub(crate) fn read(&self, token: &str) -> Option<Value> {
        let mut rules = Validation::new(Algorithm::RS256);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        rules.required_spec_claims.clear();
        let key = DecodingKey::from_jwk(&self.public).ok()?;
        jsonwebtoken::decode::<Value>(token, &key, &rules).ok().map(|token| token.claims)
    }
}
