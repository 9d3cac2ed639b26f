//! Owns starting a sign-in: the authorization request, made of random bytes that the caller draws, as a URL or as what is
//! pushed to a provider that takes it so.
//!
//! *Source*: R-SSO-8, T-BCP-1, T-BCP-7, T-BCP-8; RFC 7636.

use std::borrow::Cow;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};

use crate::client::Client;
use crate::exchange::Step;
use crate::oidc::SCOPES;
use crate::oidc::metadata::{self, Endpoint, Metadata};
use crate::oidc::pushed::{self, Pushing};
use crate::oidc::resume::AwaitMetadata;
use crate::refusal::SsoRefusal;
use crate::url_rules::{CheckedUrl, UrlRules};

/// The three values of one attempt, independent of each other. The SignIn row keeps the hashes of state and nonce, and
/// the verifier; the browser only ever sees state and nonce.
#[derive(Debug, Clone)]
pub struct AuthorizationSecrets {
    state: SecretString,
    nonce: SecretString,
    verifier: SecretString,
}

impl AuthorizationSecrets {
    /// From three draws of 32 random bytes.
    pub fn new(state: [u8; 32], nonce: [u8; 32], verifier: [u8; 32]) -> Self {
        let text = |bytes: [u8; 32]| SecretString::from(BASE64URL_NOPAD.encode(&bytes));
        Self { state: text(state), nonce: text(nonce), verifier: text(verifier) }
    }

    /// SHA-256 of the state as the callback will carry it, as [`state_hash`] makes it.
    pub fn state_hash(&self) -> [u8; 32] {
        state_hash(self.state.expose_secret())
    }

    /// SHA-256 of the nonce as the ID token will carry it.
    pub fn nonce_hash(&self) -> [u8; 32] {
        sha256(self.nonce.expose_secret())
    }

    /// The PKCE verifier, to keep until the callback.
    pub fn verifier(&self) -> &SecretString {
        &self.verifier
    }

    /// The state, for an authorization request.
    pub(crate) fn state(&self) -> &str {
        self.state.expose_secret()
    }

    /// The S256 challenge of the verifier.
    pub(crate) fn challenge(&self) -> String {
        BASE64URL_NOPAD.encode(&sha256(self.verifier.expose_secret()))
    }
}

/// SHA-256 of a state as it came, to find the SignIn row by.
pub fn state_hash(state: &str) -> [u8; 32] {
    sha256(state)
}

pub(crate) fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

/// What an authorization request may ask for besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizationOptions {
    /// Have the IdP ask the person again (`max_age=0`, R-IN-8).
    pub max_age_zero: bool,
    /// Forbid the IdP to show a page (`prompt=none`).
    pub prompt_none: bool,
    /// Have the IdP ask which of several accounts is meant (`prompt=select_account`).
    pub select_account: bool,
    /// The address the person typed, to spare them typing it again; at most 320 bytes are sent.
    pub login_hint: Option<String>,
}

/// Everything that [`begin`] needs; kept while the metadata is fetched.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// The provider, and what it knows us by.
    pub client: Client,
    /// The redirect URI, built from the public URL alone (R-SSO-2).
    pub redirect_uri: String,
    /// This attempt's values.
    pub secrets: AuthorizationSecrets,
    /// What to ask for besides.
    pub options: AuthorizationOptions,
    /// The operator's list.
    pub rules: UrlRules,
}

/// Starts a sign-in. Ends in [`Step::Redirect`] or a refusal.
pub fn begin(beginning: Beginning) -> Step {
    match metadata::request(beginning.client.issuer(), &beginning.rules) {
        Ok(request) => Step::Metadata { request, next: AwaitMetadata::begin(beginning) },
        Err(refusal) => Step::Refuse(refusal),
    }
}

impl Beginning {
    /// The step that follows the metadata.
    ///
    /// *Errors*: an endpoint that is needed is not there or may not be contacted.
    pub(crate) fn with_metadata(self, metadata: Arc<Metadata>) -> Result<Step, SsoRefusal> {
        match pushed::request(&self, &metadata)? {
            Some(request) => Ok(Pushing::step(request, self, metadata)),
            None => Ok(Step::Redirect { url: self.authorization_url(&metadata)?.as_str().to_owned() }),
        }
    }

    /// The authorization request as an address.
    pub(crate) fn authorization_url(&self, metadata: &Metadata) -> Result<CheckedUrl, SsoRefusal> {
        let endpoint = metadata.endpoint(Endpoint::Authorization, &self.rules)?;
        Ok(endpoint.with_query(&self.parameters()))
    }

    /// The authorization request.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let mut parameters = vec![
            ("response_type", Cow::from("code")),
            ("client_id", self.client.id().into()),
            ("redirect_uri", self.redirect_uri.as_str().into()),
            ("scope", SCOPES.into()),
            ("state", self.secrets.state().into()),
            ("nonce", self.secrets.nonce.expose_secret().into()),
            ("code_challenge", self.secrets.challenge().into()),
            ("code_challenge_method", "S256".into()),
        ];
        if self.options.max_age_zero {
            parameters.push(("max_age", "0".into()));
        }
        if self.options.prompt_none {
            parameters.push(("prompt", "none".into()));
        } else if self.options.select_account {
            parameters.push(("prompt", "select_account".into()));
        }
        if let Some(hint) = self.options.login_hint.as_deref().filter(|hint| hint.len() <= 320) {
            parameters.push(("login_hint", hint.into()));
        }
        parameters
    }

    /// What a pushed request tells the provider and nobody else may read.
    pub(crate) fn secrets_sent(&self) -> [&str; 3] {
        [self.client.secret(), self.secrets.state(), self.secrets.nonce.expose_secret()]
    }
}
