//! Mischief does what it says, and an independent library, or none, can tell.

use std::collections::HashSet;
use std::io::Read as _;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use orgate_testkit::hostile_idp::catalogue::{self, Case, Verdict};
use orgate_testkit::hostile_idp::{Endpoint, KeySetShape, Signing, WeakRsa, Wire};
use orgate_testkit::{HostileIdp, ManualClock, Mischief, Person, Setup};
use serde_json::{Value, json};

use crate::client::{Answer, Client, VERIFIER, body_of, decode, parameter};

fn start() -> HostileIdp {
    let idp = HostileIdp::start(Setup::plain(&ManualClock::new()));
    idp.sign_in_as(Person::new("00uDana", "dana@acme.example"));
    idp
}

/// Whether the signature is right for the first published key, whatever the claims say.
fn is_signed(idp: &HostileIdp, token: &str, algorithm: Algorithm) -> bool {
    let set: JwkSet = serde_json::from_value(idp.key_set()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let key = DecodingKey::from_jwk(&set.keys[0]).unwrap();
    jsonwebtoken::crypto::verify(signature, input.as_bytes(), &key, algorithm).unwrap_or(false)
}

#[test]
fn changed_claims_and_headers_are_signed_like_honest_ones() {
    let idp = start();
    idp.set(
        Mischief::none()
            .claim("iss", "https://evil.example")
            .without_claim("nonce")
            .shift("exp", -7200)
            .header_member("crit", json!(["x"]))
            .payload_bytes(|mut payload| {
                payload.extend(b" ");
                payload
            }),
    );
    let token = idp.id_token("n");
    assert!(is_signed(&idp, &token, Algorithm::RS256));
    let (header, claims) = decode(&token);
    assert_eq!(header["crit"], json!(["x"]));
    assert_eq!(claims["iss"], "https://evil.example");
    assert!(claims.get("nonce").is_none());
    assert_eq!(claims["exp"], ManualClock::START_MILLIS / 1000 - 3600);
}

#[test]
fn wrong_signatures_are_wrong() {
    let idp = start();
    assert!(is_signed(&idp, &idp.id_token("n"), Algorithm::RS256));
    for signing in
        [Signing::WrongKey, Signing::WrongKeyInHeader, Signing::FlippedBit, Signing::Empty, Signing::Unsigned("none")]
    {
        idp.set(Mischief::none().signing(signing));
        assert!(!is_signed(&idp, &idp.id_token("n"), Algorithm::RS256), "{signing:?}");
    }
    idp.set(Mischief::none().signing(Signing::WrongKeyInHeader));
    let token = idp.id_token("n");
    let own_key = serde_json::from_value(decode(&token).0["jwk"].clone()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let own_key = DecodingKey::from_jwk(&own_key).unwrap();
    assert!(jsonwebtoken::crypto::verify(signature, input.as_bytes(), &own_key, Algorithm::RS256).unwrap());
}

#[test]
fn hmac_with_public_values_would_fool_whoever_takes_the_algorithm_from_the_token() {
    let idp = start();
    let secret = idp.client_secret();
    idp.set(Mischief::none().signing(Signing::HmacOfClientSecret));
    let token = idp.id_token("n");
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_secret(secret.as_bytes()), &validation).unwrap();

    idp.set(Mischief::none().key_set(KeySetShape::Symmetric).signing(Signing::HmacOfPublishedSecret));
    assert!(is_signed(&idp, &idp.id_token("n"), Algorithm::HS256));
}

#[test]
fn weak_keys_sign_so_that_only_their_weakness_can_refuse_them() {
    let idp = start();
    for (weak, bits, exponent) in
        [(WeakRsa::Bits512, 512, 65_537_u32), (WeakRsa::Bits1024, 1024, 65_537), (WeakRsa::ExponentOne, 2048, 1)]
    {
        idp.set(Mischief::none().key_set(KeySetShape::Weak(weak)).signing(Signing::Weak(weak)));
        let token = idp.id_token("n");
        let number = |name: &str| {
            let text = idp.key_set()["keys"][0][name].as_str().unwrap().to_owned();
            num_bigint::BigUint::from_bytes_be(&data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).unwrap())
        };
        let (modulus, e) = (number("n"), number("e"));
        assert_eq!((modulus.bits(), &e), (bits, &exponent.into()), "{weak:?}");
        // Textbook verification: the recovered block ends with the digest of what was signed.
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = data_encoding::BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        let block = num_bigint::BigUint::from_bytes_be(&signature).modpow(&e, &modulus).to_bytes_be();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, input.as_bytes());
        assert!(block.starts_with(&[1, 0xff]) && block.ends_with(digest.as_ref()), "{weak:?}");
    }
}

#[tokio::test]
async fn callbacks_user_info_and_token_responses_change_as_told() {
    let idp = start();
    let client = Client { idp: &idp, authority: None };
    idp.set(Mischief::none().callback_parameter("state", "other").callback_parameter("iss", "https://evil.example"));
    let callback = idp.authorize(&client.request());
    assert_eq!(parameter(&callback, "state").as_deref(), Some("other"));
    assert_eq!(parameter(&callback, "iss").as_deref(), Some("https://evil.example"));
    idp.set(Mischief::none().callback_error("access_denied", "<b>no</b>"));
    let callback = idp.authorize(&client.request());
    assert_eq!((parameter(&callback, "code"), parameter(&callback, "error").as_deref()), (None, Some("access_denied")));

    idp.set(Mischief::none().user_info_claim("sub", "other").token_response(|response| {
        response.insert("token_type".to_owned(), json!("mac"));
    }));
    let tokens = client.redeem(&client.code(), VERIFIER, &idp.client_secret()).await.json();
    assert_eq!(tokens["token_type"], "mac");
    assert_eq!(client.user_info(tokens["access_token"].as_str().unwrap()).await.json()["sub"], "other");

    idp.set(Mischief::none().signed_user_info(Signing::Honest));
    let signed = client.user_info(tokens["access_token"].as_str().unwrap()).await;
    assert!(signed.head.contains("application/jwt"));
    assert!(is_signed(&idp, std::str::from_utf8(&signed.body).unwrap(), Algorithm::RS256));
}

/// Reads what never ends, until it is plain.
async fn endless(client: &Client<'_>, wire: Wire, is_enough: fn(&[u8]) -> bool) -> Answer {
    client.idp.set(Mischief::none().wire(Endpoint::Keys, wire));
    client.get_until("/oauth2/v1/keys", is_enough).await
}

#[tokio::test]
async fn the_wire_is_spoiled_as_told() {
    let idp = start();
    let client = Client { idp: &idp, authority: None };
    let spoiled = async |wire| {
        idp.set(Mischief::none().wire(Endpoint::Keys, wire));
        client.get("/oauth2/v1/keys").await
    };
    let redirect = spoiled(Wire::Redirect { status: 307, to: "http://127.0.0.1:1/inside".to_owned() }).await;
    assert!(redirect.status == 307 && redirect.head.contains("location: http://127.0.0.1:1/inside"));

    let large = spoiled(Wire::Oversize(300 << 10)).await;
    assert_eq!(large.body.len(), 300 << 10);
    assert!(large.json()["keys"].is_array(), "only its size is wrong");

    let bomb = spoiled(Wire::GzipBomb(8 << 20)).await;
    assert!(bomb.head.contains("content-encoding: gzip") && bomb.body.len() < 64 << 10);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bomb.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked.len(), 8 << 20);

    let drip = endless(&client, Wire::Drip, |bytes| body_of(bytes).is_some_and(|body| body.len() > 1)).await;
    assert!(!drip.ended && serde_json::from_slice::<Value>(&drip.body).is_err(), "byte by byte: {}", drip.body.len());
    let headers = endless(&client, Wire::EndlessHeaders, |bytes| bytes.len() > 10_000).await;
    assert!(!headers.ended && headers.body.is_empty());
    let body = endless(&client, Wire::EndlessBody, |all| body_of(all).is_some_and(|body| body.len() > 10_000)).await;
    assert!(!body.ended);
    let anything = endless(&client, Wire::Silence, |bytes| !bytes.is_empty());
    assert!(tokio::time::timeout(Duration::from_millis(500), anything).await.is_err(), "it says nothing");
    let cut = spoiled(Wire::Cut).await;
    assert!(cut.ended && !cut.body.is_empty() && serde_json::from_slice::<Value>(&cut.body).is_err());
    let failed = spoiled(Wire::Status(500)).await;
    assert!(failed.status == 500 && failed.head.contains("text/html"));

    idp.behave();
    assert!(client.get("/oauth2/v1/keys").await.json()["keys"].is_array(), "honest again");
}

#[test]
fn every_catalogued_token_differs_from_an_honest_one_as_its_verdict_says() {
    let idp = start();
    let cases: Vec<Case> = catalogue::id_tokens().into_iter().chain(catalogue::age_of_sign_in()).collect();
    for case in &cases {
        idp.set(case.mischief.clone());
        let token = idp.id_token("The-Nonce");
        idp.behave();
        if case.verdict == Verdict::Accept {
            assert!(is_signed(&idp, &token, Algorithm::RS256), "{}", case.name);
            continue;
        }
        let unlike = !is_signed_as_it_says(&idp, &token) || decoded(&token) != decoded(&idp.id_token("The-Nonce"));
        assert!(unlike, "{} is an honest token", case.name);
    }
}

/// Whether the header names what really signed it.
fn is_signed_as_it_says(idp: &HostileIdp, token: &str) -> bool {
    let parts = token.split('.').count();
    parts == 3 && !token.ends_with(['=', '\n', '.']) && is_signed(idp, token, Algorithm::RS256)
}

/// Header and claims without what differs between any two tokens.
fn decoded(token: &str) -> Option<(Vec<u8>, Value)> {
    let mut parts = token.split('.');
    let header = data_encoding::BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
    let payload = data_encoding::BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
    let repeated =
        ["\"sub\":", "\"nonce\":"].iter().any(|name| String::from_utf8_lossy(&payload).matches(name).count() > 1);
    let mut claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.as_object_mut()?.remove("jti");
    (!repeated).then_some((header, claims))
}

#[test]
fn names_are_unique_within_each_list_and_every_case_has_a_rule() {
    for list in lists() {
        let names: HashSet<_> = list.iter().map(|case| case.name.clone()).collect();
        assert_eq!(names.len(), list.len());
        assert!(list.iter().all(|case| case.rule.starts_with("T-")));
    }
    assert_eq!(catalogue::email_verified_shapes("s", "a@b.example").len(), 9);
    let shapes = catalogue::claim_shapes("s", "a@b.example");
    assert_eq!(shapes.iter().map(|(name, _)| name).collect::<HashSet<_>>().len(), shapes.len());
    let dialects = catalogue::dialects();
    assert_eq!(dialects.iter().map(|dialect| dialect.name).collect::<HashSet<_>>().len(), dialects.len());
}

/// Every list of deviations that a provider can show in a sign-in.
fn lists() -> [Vec<Case>; 8] {
    [
        catalogue::id_tokens(),
        catalogue::age_of_sign_in(),
        catalogue::callbacks(),
        catalogue::token_responses(),
        catalogue::user_infos(),
        catalogue::key_sets(),
        catalogue::discoveries(),
        catalogue::wires("http://127.0.0.1:1/"),
    ]
}

/// What a provider can do wrong in a sign-in. The other rules of these families are about what we do: what an authorization
/// request carries (T-BCP-1, 8), what is logged (T-BCP-4), which addresses there are (T-SSRF-1, 2, 5, 6).
#[test]
fn every_rule_has_a_case_in_the_catalogue() {
    let rules: HashSet<_> = lists().iter().flatten().map(|case| case.rule).collect();
    let (tokens, idps) = (1..=15, 1..=5);
    let wanted = tokens.map(|number| format!("T-ID-{number:02}")).chain(idps.map(|number| format!("T-IDP-{number}")));
    let wanted = wanted.chain(["T-BCP-2", "T-BCP-6", "T-SSRF-3", "T-SSRF-4", "T-CONF-1"].map(str::to_owned));
    let missing: Vec<_> = wanted.filter(|rule| !rules.contains(rule.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new());
}
