//! Owns the identity provider of the targets: its key, what it publishes, and a whole sign-in through it, in which the
//! fuzzer writes what it likes.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use data_encoding::BASE64URL_NOPAD;
use orgate_core::time::Timestamp;
use orgate_sso::client::Client;
use orgate_sso::exchange::{Purpose, Response, Step};
use orgate_sso::oidc::begin::Beginning;
use orgate_sso::oidc::jwks::JwkSet;
use orgate_sso::oidc::metadata::Metadata;
use orgate_sso::oidc::{Attempt, AuthorizationOptions, AuthorizationSecrets, Callback, Statement, begin, resume};
use orgate_sso::refusal::SsoRefusal;
use orgate_sso::url_rules::UrlRules;
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://acme.okta.com";
pub(crate) const CLIENT: &str = "0oaclient";
pub(crate) const SECRET: &str = "canary-client-secret";
pub(crate) const CODE: &str = "canary-code";
/// 2026-11-22T06:00:00Z. *Units*: seconds.
pub(crate) const NOW: i64 = 1_795_327_200;
const KEY_ID: &str = "k";

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("any 32 bytes are a seed"));

static METADATA: LazyLock<Arc<Metadata>> =
    LazyLock::new(|| Arc::new(Metadata::parse(ISSUER, document().to_string().as_bytes()).expect("a good document")));

static KEYS: LazyLock<Arc<JwkSet>> = LazyLock::new(|| {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": KEY_ID, "x": base64(KEY.public_key().as_ref()) });
    Arc::new(JwkSet::parse(json!({ "keys": [key] }).to_string().as_bytes()).expect("a good set"))
});

fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/oauth2/v1/authorize"),
        "token_endpoint": format!("{ISSUER}/oauth2/v1/token"),
        "userinfo_endpoint": format!("{ISSUER}/oauth2/v1/userinfo"),
        "jwks_uri": format!("{ISSUER}/oauth2/v1/keys"),
    })
}

pub(crate) fn metadata() -> &'static Metadata {
    &METADATA
}

pub(crate) fn key_set() -> &'static JwkSet {
    &KEYS
}

pub(crate) fn client() -> Client {
    Client::new(ISSUER.to_owned(), CLIENT.to_owned(), SECRET.to_owned().into())
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Any header and payload, rightly signed.
pub(crate) fn signed(header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", base64(header), base64(payload));
    let signature = KEY.sign(message.as_bytes());
    format!("{message}.{}", base64(signature.as_ref()))
}

/// Header and claims of a token that this provider has signed, read without a line of the product.
pub(crate) fn read_signed(token: &str) -> Option<(Value, Value)> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
    UnparsedPublicKey::new(&ED25519, KEY.public_key().as_ref()).verify(message.as_bytes(), &signature).ok()?;
    let json = |part: &str| serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok();
    Some((json(header)?, json(payload)?))
}

pub(crate) fn secrets() -> AuthorizationSecrets {
    AuthorizationSecrets::new([1; 32], [2; 32], [3; 32])
}

/// An ID token with everything right in it.
pub(crate) fn good_token() -> String {
    let claims = json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "00u1", "iat": NOW - 1, "exp": NOW + 3600, "nonce": base64(&[2; 32]),
    });
    signed(json!({ "alg": "EdDSA", "kid": KEY_ID }).to_string().as_bytes(), claims.to_string().as_bytes())
}

/// An answer of the token endpoint with this ID token.
pub(crate) fn token_answer(id_token: &str) -> Response {
    answer(200, json!({ "token_type": "Bearer", "access_token": "canary-access", "id_token": id_token }).to_string())
}

pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response { status, content_type: Some("application/json".to_owned()), body: body.into(), ..Response::default() }
}

/// A sign-in in which the token endpoint and UserInfo answer so.
pub(crate) fn sign_in(token: Response, userinfo: Response) -> Result<Statement, SsoRefusal> {
    let attempt = Attempt {
        client: client(),
        redirect_uri: "https://id.example.com/sso/oidc/con_1/callback".to_owned(),
        nonce_hash: secrets().nonce_hash(),
        verifier: secrets().verifier().clone(),
        max_age_zero: false,
        begun_at: Timestamp::from_seconds(NOW - 30),
        rules: UrlRules::default(),
    };
    let callback = Callback::parse(&format!("code={CODE}&state=s")).expect("a good answer");
    let mut answers = (Some(token), Some(userinfo));
    let mut step = resume(attempt, &callback);
    let outcome = loop {
        step = match step {
            Step::Metadata { next, .. } => next.receive(Ok(METADATA.clone())),
            Step::Keys { next, .. } => next.receive(Ok(KEYS.clone()), now()),
            Step::Known { next, .. } => next.receive(false),
            Step::Fetch { request, next } => {
                let answer = if request.purpose == Purpose::Token { answers.0.take() } else { answers.1.take() };
                next.receive(Ok(answer.expect("each is asked for once")), now())
            }
            Step::Redirect { url } => unreachable!("an answer leads to {url}"),
            Step::Done(statement) => break Ok(*statement),
            Step::Refuse(refusal) => break Err(refusal),
        };
    };
    if let Err(refusal) = &outcome {
        check_words(refusal);
    }
    outcome
}

/// Where the browser is sent if a pushed request is answered so, by a provider that takes no others or does.
pub(crate) fn push(required: bool, answer: Response) -> Result<String, SsoRefusal> {
    let mut document = document();
    if let Some(members) = document.as_object_mut() {
        members.insert("pushed_authorization_request_endpoint".to_owned(), format!("{ISSUER}/oauth2/v1/par").into());
        members.insert("require_pushed_authorization_requests".to_owned(), required.into());
    }
    let metadata = Metadata::parse(ISSUER, document.to_string().as_bytes()).expect("a good document");
    let mut step = begin(Beginning {
        client: client(),
        redirect_uri: "https://id.example.com/sso/oidc/con_1/callback".to_owned(),
        secrets: secrets(),
        options: AuthorizationOptions::default(),
        rules: UrlRules::default(),
    });
    let (metadata, mut answer) = (Arc::new(metadata), Some(answer));
    loop {
        step = match step {
            Step::Metadata { next, .. } => next.receive(Ok(Arc::clone(&metadata))),
            Step::Fetch { next, .. } => next.receive(Ok(answer.take().expect("asked for once")), now()),
            Step::Redirect { url } => return Ok(url),
            Step::Refuse(refusal) => return Err(refusal),
            Step::Keys { .. } | Step::Known { .. } | Step::Done(_) => unreachable!("nobody has answered yet"),
        };
    }
}

/// A refusal is bounded and prints on one line.
pub(crate) fn check_words(refusal: &SsoRefusal) {
    for text in [&refusal.expected, &refusal.received].into_iter().flatten() {
        assert!(text.chars().count() <= 200, "too long: {text:?}");
        assert!(!text.chars().any(char::is_control), "not to be printed: {text:?}");
    }
}

/// What is said of a person is bounded and prints.
pub(crate) fn check_statement(statement: &Statement) {
    assert_eq!((statement.issuer.as_str(), statement.client_id.as_str()), (ISSUER, CLIENT));
    let subject = statement.subject.as_str();
    assert!((1..=255).contains(&subject.len()) && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    assert!(statement.email.as_ref().is_none_or(|email| (1..=512).contains(&email.len())));
    assert!(statement.name.as_ref().is_none_or(|name| (1..=200).contains(&name.chars().count())));
    assert!(statement.claims.len() <= 40 && statement.amr.len() <= 16);
    let printed = statement.claims.iter().flat_map(|(name, value)| [name, value]);
    for text in printed.chain(&statement.amr).chain(&statement.name) {
        assert!(text.chars().count() <= 300 && !text.chars().any(char::is_control), "not to be printed: {text:?}");
    }
    assert!(!format!("{:?}", statement.session).contains("canary"));
}
