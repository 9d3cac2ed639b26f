//! Owns finishing a sign-in: callback, token request, keys, ID token, UserInfo, assertion. Each state is a value that
//! takes one answer and gives the next [`Step`].
//!
//! *Source*: R-SSO-8, T-ID-10, T-BCP-2.

use std::sync::Arc;

use orgate_core::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::client::Client;
use crate::exchange::{Response, Step, TransportFailure};
use crate::json::Object;
use crate::oidc::begin::Beginning;
use crate::oidc::callback::Callback;
use crate::oidc::id_token::{self, IdToken};
use crate::oidc::jwks::{self, JwkSet, new_keys_may_help};
use crate::oidc::metadata::{self, Endpoint, Metadata};
use crate::oidc::person::{self, Gap};
use crate::oidc::provider_session::ProviderSession;
use crate::oidc::pushed::Pushing;
use crate::oidc::token_request::{self, Grant};
use crate::oidc::token_response::{self, Tokens};
use crate::oidc::userinfo;
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::UrlRules;

/// One sign-in as it was begun.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The provider that the sign-in was begun with, and what it knows us by.
    pub client: Client,
    /// The redirect URI that was called, and whose state it was.
    pub redirect_uri: String,
    /// As [`AuthorizationSecrets::nonce_hash`](crate::oidc::AuthorizationSecrets::nonce_hash) made it.
    pub nonce_hash: [u8; 32],
    /// The PKCE verifier.
    pub verifier: SecretString,
    /// Whether `max_age=0` was sent.
    pub max_age_zero: bool,
    /// When the sign-in began.
    pub begun_at: Timestamp,
    /// The operator's list.
    pub rules: UrlRules,
}

/// Finishes a sign-in. Ends in [`Step::Done`] or a refusal.
pub fn resume(attempt: Attempt, callback: &Callback) -> Step {
    let started = callback.code(attempt.client.issuer()).and_then(|code| {
        let request = metadata::request(attempt.client.issuer(), &attempt.rules)?;
        let names_issuer = callback.names_issuer();
        Ok(Step::Metadata { request, next: AwaitMetadata::resume(Resuming { attempt, code, names_issuer }) })
    });
    Step::from(started)
}

/// Waits for the provider's metadata.
pub struct AwaitMetadata(WhenMetadata);

enum WhenMetadata {
    Begin(Box<Beginning>),
    Resume(Box<Resuming>),
}

struct Resuming {
    attempt: Attempt,
    code: SecretString,
    names_issuer: bool,
}

impl AwaitMetadata {
    pub(crate) fn begin(beginning: Beginning) -> Self {
        Self(WhenMetadata::Begin(Box::new(beginning)))
    }

    fn resume(resuming: Resuming) -> Self {
        Self(WhenMetadata::Resume(Box::new(resuming)))
    }

    /// Takes the metadata, or why there is none.
    pub fn receive(self, metadata: Result<Arc<Metadata>, SsoRefusal>) -> Step {
        let step = metadata.and_then(|metadata| {
            metadata_of(&metadata, self.issuer())?;
            match self.0 {
                WhenMetadata::Begin(beginning) => beginning.with_metadata(metadata),
                WhenMetadata::Resume(resuming) => resuming.exchange_code(metadata),
            }
        });
        Step::from(step)
    }

    /// The issuer whose metadata is asked for.
    pub fn issuer(&self) -> &str {
        match &self.0 {
            WhenMetadata::Begin(beginning) => beginning.client.issuer(),
            WhenMetadata::Resume(resuming) => resuming.attempt.client.issuer(),
        }
    }
}

/// A cache that mixes up two connections must not mix up two providers.
fn metadata_of(metadata: &Metadata, issuer: &str) -> Result<(), SsoRefusal> {
    if metadata.issuer() == issuer {
        return Ok(());
    }
    Err(SsoRefusal::new(SsoRefusalCode::DiscoveryIssuer).expected(issuer).received(metadata.issuer()))
}

impl Resuming {
    fn exchange_code(self, metadata: Arc<Metadata>) -> Result<Step, SsoRefusal> {
        if metadata.names_issuer_in_callback && !self.names_issuer {
            return Err(SsoRefusal::new(SsoRefusalCode::CallbackIssuerMissing)
                .expected(metadata.issuer())
                .received("none"));
        }
        let Self { attempt, code, .. } = self;
        let grant = Grant {
            code: code.expose_secret(),
            verifier: attempt.verifier.expose_secret(),
            redirect_uri: &attempt.redirect_uri,
        };
        let request = token_request::request(&metadata, &attempt.client, grant, &attempt.rules)?;
        let exchanging = Exchanging { attempt, metadata, code };
        Ok(Step::Fetch { request, next: AwaitResponse(WhenResponse::Token(Box::new(exchanging))) })
    }
}

/// Waits for the response to a request.
pub struct AwaitResponse(WhenResponse);

enum WhenResponse {
    Pushed(Box<Pushing>),
    Token(Box<Exchanging>),
    UserInfo(Box<Verified>),
}

struct Exchanging {
    attempt: Attempt,
    metadata: Arc<Metadata>,
    code: SecretString,
}

impl AwaitResponse {
    pub(crate) fn pushed(pushing: Pushing) -> Self {
        Self(WhenResponse::Pushed(Box::new(pushing)))
    }

    /// Takes the response, or why there is none.
    ///
    /// `now` is the moment when it came.
    pub fn receive(self, response: Result<Response, TransportFailure>, now: Timestamp) -> Step {
        let step = match self.0 {
            WhenResponse::Pushed(pushing) => pushing.receive(response),
            WhenResponse::Token(exchanging) => exchanging.receive(response),
            WhenResponse::UserInfo(verified) => verified.receive(response, now),
        };
        Step::from(step)
    }
}

/// The response, or the refusal of a request to that endpoint which got none.
pub(crate) fn arrived(
    response: Result<Response, TransportFailure>,
    metadata: &Metadata,
    endpoint: Endpoint,
    rules: &UrlRules,
) -> Result<Response, SsoRefusal> {
    response.map_err(|failure| match metadata.endpoint(endpoint, rules) {
        Ok(url) => failure.refusal(url.host()),
        Err(refusal) => refusal,
    })
}

impl Exchanging {
    fn receive(self, response: Result<Response, TransportFailure>) -> Result<Step, SsoRefusal> {
        let Self { attempt, metadata, code } = self;
        let response = arrived(response, &metadata, Endpoint::Token, &attempt.rules)?;
        let secrets = [code.expose_secret(), attempt.verifier.expose_secret(), attempt.client.secret()];
        let tokens = token_response::parse(&response, &secrets).map_err(|refusal| refusal.without(&secrets))?;
        Signed { attempt, metadata, code, tokens }.ask_for_keys(false)
    }
}

struct Signed {
    attempt: Attempt,
    metadata: Arc<Metadata>,
    code: SecretString,
    tokens: Tokens,
}

impl Signed {
    fn ask_for_keys(self, refetch: bool) -> Result<Step, SsoRefusal> {
        let request = jwks::request(&self.metadata, &self.attempt.rules)?;
        Ok(Step::Keys { request, refetch, next: AwaitKeys { signed: Box::new(self), refetched: refetch } })
    }

    fn secrets(&self) -> [&str; 4] {
        let Self { attempt, code, tokens, .. } = self;
        let (verifier, access_token) = (attempt.verifier.expose_secret(), tokens.access_token.expose_secret());
        [attempt.client.secret(), code.expose_secret(), verifier, access_token]
    }

    fn verify(&self, keys: &JwkSet, now: Timestamp) -> Result<IdToken, SsoRefusal> {
        let expected = id_token::Expected {
            issuer: self.attempt.client.issuer(),
            client_id: self.attempt.client.id(),
            nonce_hash: &self.attempt.nonce_hash,
            access_token: self.tokens.access_token.expose_secret(),
            code: self.code.expose_secret(),
            max_age_zero: self.attempt.max_age_zero,
            begun_at: self.attempt.begun_at,
            now,
        };
        id_token::verify(self.tokens.id_token.expose_secret(), &self.metadata.id_token_algorithms()?, keys, &expected)
    }
}

/// Waits for the provider's keys.
pub struct AwaitKeys {
    signed: Box<Signed>,
    refetched: bool,
}

impl AwaitKeys {
    /// Takes the keys, or why there are none. `now` is the moment that the ID token is judged at.
    pub fn receive(self, keys: Result<Arc<JwkSet>, SsoRefusal>, now: Timestamp) -> Step {
        let Self { signed, refetched } = self;
        let step = keys.and_then(|keys| match signed.verify(&keys, now) {
            Ok(id_token) => {
                let Signed { attempt, metadata, tokens, .. } = *signed;
                let Tokens { access_token, id_token: raw } = tokens;
                Verified { attempt, metadata, keys, access_token, id_token, raw }.fill_gap()
            }
            Err(refusal) if !refetched && new_keys_may_help(refusal.code) => signed.ask_for_keys(true),
            Err(refusal) => Err(refusal.without(&signed.secrets())),
        });
        Step::from(step)
    }
}

struct Verified {
    attempt: Attempt,
    metadata: Arc<Metadata>,
    keys: Arc<JwkSet>,
    access_token: SecretString,
    id_token: IdToken,
    /// The ID token as it came.
    raw: SecretString,
}

impl Verified {
    /// Reads UserInfo where the ID token leaves a gap that matters (R-SSO-8).
    fn fill_gap(self) -> Result<Step, SsoRefusal> {
        if !self.metadata.has(Endpoint::UserInfo) {
            return Ok(self.done(None));
        }
        match person::gap(&self.id_token) {
            Gap::None => Ok(self.done(None)),
            Gap::Email => self.ask_userinfo(),
            Gap::EmailVerified => Ok(Step::Known {
                issuer: self.attempt.client.issuer().to_owned(),
                client_id: self.attempt.client.id().to_owned(),
                subject: self.id_token.subject.clone(),
                next: AwaitKnown(Box::new(self)),
            }),
        }
    }

    fn ask_userinfo(self) -> Result<Step, SsoRefusal> {
        let request = userinfo::request(&self.metadata, &self.access_token, &self.attempt.rules)?;
        Ok(Step::Fetch { request, next: AwaitResponse(WhenResponse::UserInfo(Box::new(self))) })
    }

    fn receive(self, response: Result<Response, TransportFailure>, now: Timestamp) -> Result<Step, SsoRefusal> {
        let response = arrived(response, &self.metadata, Endpoint::UserInfo, &self.attempt.rules)?;
        let expected = userinfo::Expected {
            metadata: &self.metadata,
            keys: &self.keys,
            client_id: self.attempt.client.id(),
            subject: &self.id_token.subject,
            now,
        };
        let secrets = [self.attempt.client.secret(), self.access_token.expose_secret()];
        let claims = userinfo::parse(&response, &expected).map_err(|refusal| refusal.without(&secrets))?;
        Ok(self.done(Some(&claims)))
    }

    fn done(self, userinfo: Option<&Object>) -> Step {
        let session = ProviderSession::of(&self.id_token, &self.raw, &self.metadata);
        Step::Done(Box::new(person::statement(&self.attempt, self.id_token, session, userinfo)))
    }
}

/// Waits to hear whether the person was here before.
pub struct AwaitKnown(Box<Verified>);

impl AwaitKnown {
    /// Takes the answer.
    pub fn receive(self, known: bool) -> Step {
        if known { self.0.done(None) } else { Step::from(self.0.ask_userinfo()) }
    }
}

/// States carry codes, tokens and claims, so only their names are printed.
macro_rules! name_only {
    ($($state:ident)*) => {$(
        impl std::fmt::Debug for $state {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(stringify!($state))
            }
        }
    )*};
}

name_only! { AwaitMetadata AwaitResponse AwaitKeys AwaitKnown }
