//! A provider as a value, and a driver that runs one sign-in against it.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD;
use orgate_core::time::Timestamp;
use orgate_sso::exchange::{Purpose, Request, Response, Step};
use orgate_sso::kind::ConnectionKind;
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::oidc::{Attempt, AuthorizationSecrets, Callback, Statement, resume};
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode};
use orgate_sso::settings::{Settings, SettingsInput};
use orgate_sso::url_rules::UrlRules;
use proptest::prelude::{Strategy, any};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://acme.okta.com";
pub(crate) const CLIENT: &str = "0oaclient";
pub(crate) const REDIRECT: &str = "https://orgate.test/sso/oidc/con_1/callback";
/// 2026-11-22T06:00:00Z.
pub(crate) const NOW: i64 = 1_795_327_200;

/// One key pair of every kind; RSA takes long to make, so there is one for all tests.
pub(crate) struct Keys {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) p256: EcdsaKeyPair,
    pub(crate) p384: EcdsaKeyPair,
    pub(crate) ed25519: Ed25519KeyPair,
}

fn new_keys() -> Keys {
    Keys {
        rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
        p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
        ed25519: Ed25519KeyPair::generate().unwrap(),
    }
}

pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(new_keys);
/// Keys that the provider does not publish.
pub(crate) static OTHER_KEYS: LazyLock<Keys> = LazyLock::new(new_keys);

impl Keys {
    pub(crate) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |encoding| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(encoding, &random, message, &mut signature).unwrap();
            signature
        };
        match algorithm {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            "ES256" => self.p256.sign(&random, message).unwrap().as_ref().to_vec(),
            "ES384" => self.p384.sign(&random, message).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed25519.sign(message).as_ref().to_vec(),
            other => panic!("no key for {other}"),
        }
    }

    /// The public key for an algorithm, named after it.
    pub(crate) fn jwk(&self, algorithm: &str) -> Value {
        let mut jwk = match algorithm {
            "ES256" => elliptic("P-256", self.p256.public_key().as_ref()),
            "ES384" => elliptic("P-384", self.p384.public_key().as_ref()),
            "EdDSA" => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(self.ed25519.public_key().as_ref())}),
            _ => {
                let key = self.rsa.public_key();
                let (n, e) =
                    (key.modulus().big_endian_without_leading_zero(), key.exponent().big_endian_without_leading_zero());
                json!({"kty": "RSA", "n": b64(n), "e": b64(e)})
            }
        };
        jwk["kid"] = algorithm.into();
        jwk["use"] = "sig".into();
        jwk
    }
}

fn elliptic(curve: &str, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at((point.len() - 1) / 2);
    json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)})
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(crate) fn secrets() -> AuthorizationSecrets {
    AuthorizationSecrets::new([1; 32], [2; 32], [3; 32])
}

pub(crate) fn nonce() -> String {
    b64([2; 32])
}

pub(crate) fn settings() -> Settings {
    static SETTINGS: LazyLock<Settings> = LazyLock::new(merged_settings);
    SETTINGS.clone()
}

fn merged_settings() -> Settings {
    let input = SettingsInput {
        kind: ConnectionKind::OktaOidc,
        address: "acme.okta.com".into(),
        client_id: CLIENT.into(),
        client_secret: Some("canary-secret".into()),
    };
    Settings::merge(None, &input, &UrlRules::default()).unwrap().settings
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "00u1", "iat": NOW - 1, "exp": NOW + 3600, "nonce": nonce(),
        "email": "ada@acme.example", "email_verified": true, "name": "Ada Lovelace",
    })
}

pub(crate) fn claims_with(changes: Value) -> Value {
    let mut all = claims();
    for (name, value) in changes.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

pub(crate) fn claims_without(name: &str) -> Value {
    let mut all = claims();
    all.as_object_mut().unwrap().remove(name).unwrap();
    all
}

/// Signs whatever text is given.
pub(crate) fn sign_raw(keys: &Keys, algorithm: &str, header: &str, payload: &[u8]) -> String {
    let message = format!("{}.{}", b64(header), b64(payload));
    let signature = keys.sign(algorithm, message.as_bytes());
    format!("{message}.{}", b64(signature))
}

pub(crate) fn sign(algorithm: &str, claims: &Value) -> String {
    let header = json!({"alg": algorithm, "kid": algorithm}).to_string();
    sign_raw(&KEYS, algorithm, &header, claims.to_string().as_bytes())
}

/// The header of a token by the published key for an algorithm: one RSA key serves all of RSA.
pub(crate) fn header_of(algorithm: &str) -> String {
    let key = if algorithm.starts_with(['R', 'P']) { "RS256" } else { algorithm };
    json!({"alg": algorithm, "kid": key}).to_string()
}

/// Signs by the published key for an algorithm.
pub(crate) fn sign_as_published(algorithm: &str, claims: &Value) -> String {
    sign_raw(&KEYS, algorithm, &header_of(algorithm), claims.to_string().as_bytes())
}

pub(crate) fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/oauth2/v1/authorize"),
        "token_endpoint": format!("{ISSUER}/oauth2/v1/token"),
        "userinfo_endpoint": format!("{ISSUER}/oauth2/v1/userinfo"),
        "jwks_uri": format!("{ISSUER}/oauth2/v1/keys"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile"],
    })
}

pub(crate) fn response(body: &Value) -> Response {
    Response {
        status: 200,
        content_type: Some("application/json".into()),
        body: body.to_string().into(),
        ..Response::default()
    }
}

/// A key of every kind.
pub(crate) fn usual_keys() -> Value {
    let keys = ["RS256", "ES256", "ES384", "EdDSA"].map(|algorithm| KEYS.jwk(algorithm));
    json!({ "keys": keys })
}

/// One sign-in and everything that the provider answers in it.
pub(crate) struct World {
    /// Whether the usual document and keys count, read once for all tests, in place of the next two.
    usual: bool,
    pub(crate) document: Value,
    /// Key sets in the order in which they are handed out; the last one stays.
    pub(crate) key_sets: Vec<Value>,
    pub(crate) query: String,
    pub(crate) token_response: Response,
    pub(crate) userinfo: Response,
    pub(crate) known: bool,
    pub(crate) max_age_zero: bool,
    pub(crate) begun_at: i64,
    pub(crate) now: i64,
}

pub(crate) struct Outcome {
    pub(crate) result: Result<Statement, SsoRefusal>,
    pub(crate) sent: Vec<Request>,
    pub(crate) refetches: usize,
}

impl Outcome {
    pub(crate) fn code(&self) -> Option<SsoRefusalCode> {
        self.result.as_ref().err().map(|refusal| refusal.code)
    }

    pub(crate) fn asked(&self, purpose: Purpose) -> bool {
        self.sent.iter().any(|request| request.purpose == purpose)
    }
}

impl World {
    /// A sign-in that succeeds if the token is right.
    pub(crate) fn new(id_token: &str) -> Self {
        Self { usual: false, document: document(), key_sets: vec![usual_keys()], ..Self::usual(id_token) }
    }

    /// The same with the usual document and keys, for tests that judge many tokens.
    fn usual(id_token: &str) -> Self {
        Self {
            usual: true,
            document: Value::Null,
            key_sets: Vec::new(),
            query: "code=code-1&state=state-1".into(),
            token_response: response(
                &json!({"token_type": "Bearer", "access_token": "access-1", "id_token": id_token}),
            ),
            userinfo: response(&json!({"sub": "00u1", "email": "ada@acme.example", "email_verified": true})),
            known: false,
            max_age_zero: false,
            begun_at: NOW - 30,
            now: NOW,
        }
    }

    pub(crate) fn of(claims: &Value) -> Self {
        Self::new(&sign("ES256", claims))
    }

    fn metadata(&self) -> Result<Arc<Metadata>, SsoRefusal> {
        static USUAL: LazyLock<Arc<Metadata>> =
            LazyLock::new(|| Arc::new(Metadata::from_response(ISSUER, &response(&document())).unwrap()));
        if self.usual {
            return Ok(Arc::clone(&USUAL));
        }
        Metadata::from_response(ISSUER, &response(&self.document)).map(Arc::new)
    }

    fn keys(&self, refetches: usize) -> Result<Arc<JwkSet>, SsoRefusal> {
        static USUAL: LazyLock<Arc<JwkSet>> =
            LazyLock::new(|| Arc::new(JwkSet::from_response(&response(&usual_keys())).unwrap()));
        if self.usual {
            return Ok(Arc::clone(&USUAL));
        }
        let set = self.key_sets.get(refetches).unwrap_or_else(|| self.key_sets.last().unwrap());
        JwkSet::from_response(&response(set)).map(Arc::new)
    }

    fn attempt(&self) -> Attempt {
        Attempt {
            client: settings().client().clone(),
            redirect_uri: REDIRECT.into(),
            nonce_hash: secrets().nonce_hash(),
            verifier: secrets().verifier().clone(),
            max_age_zero: self.max_age_zero,
            begun_at: Timestamp::from_seconds(self.begun_at),
            rules: UrlRules::default(),
        }
    }

    pub(crate) fn run(&self) -> Outcome {
        let (mut sent, mut refetches) = (Vec::new(), 0);
        let now = Timestamp::from_seconds(self.now);
        let mut step = match Callback::parse(&self.query) {
            Ok(callback) => resume(self.attempt(), &callback),
            Err(refusal) => Step::Refuse(refusal),
        };
        let result = loop {
            step = match step {
                Step::Metadata { request, next } => {
                    sent.push(request);
                    next.receive(self.metadata())
                }
                Step::Keys { request, refetch, next } => {
                    sent.push(request);
                    refetches += usize::from(refetch);
                    assert!(refetches <= 1, "keys are asked for again once");
                    next.receive(self.keys(refetches), now)
                }
                Step::Fetch { request, next } => {
                    let answer = match request.purpose {
                        Purpose::Token => self.token_response.clone(),
                        Purpose::UserInfo => self.userinfo.clone(),
                        other => panic!("nobody should ask for {other:?}"),
                    };
                    sent.push(request);
                    next.receive(Ok(answer), now)
                }
                Step::Known { next, .. } => next.receive(self.known),
                Step::Redirect { url } => panic!("resume sent the browser to {url}"),
                Step::Done(assertion) => break Ok(*assertion),
                Step::Refuse(refusal) => break Err(refusal),
            };
        };
        Outcome { result, sent, refetches }
    }
}

/// Whether there is time for more than the usual number of cases.
pub(crate) fn is_deep() -> bool {
    std::env::var_os("ORGATE_DEEP").is_some()
}

/// What becomes of a sign-in with these claims.
pub(crate) fn judge(claims: &Value) -> Option<SsoRefusalCode> {
    World::of(claims).run().code()
}

/// What becomes of a sign-in with this token.
pub(crate) fn judge_token(token: &str) -> Option<SsoRefusalCode> {
    World::usual(token).run().code()
}

/// Text that is nearly what is expected, so that it reaches the deeper parts.
pub(crate) fn nearly(good: String) -> impl Strategy<Value = String> {
    let length = good.chars().count();
    (0..length, 0..length, any::<String>()).prop_map(move |(from, to, middle)| {
        let (from, to) = (from.min(to), from.max(to));
        good.chars().take(from).chain(middle.chars()).chain(good.chars().skip(to)).collect()
    })
}
