//! T-CONF-1: the modules of the OpenID Foundation's conformance suite that security-bar 1.3 names, each under its own name,
//! against our hostile provider. A module ends in a session, or in a refusal whose code the Owner finds among the recent
//! attempts; [`Walk::ends`] looks for both. Those about log-out are in `log_out.rs` and `back_channel.rs`.
//!
//! Where a module leaves a choice, the choice is said at its test.

use std::time::Duration;

use orgate_app::session;
use orgate_app::sign_in::sso::answer::Answer;
use orgate_app::sign_in::sso::begin::{begin, organization_of_tile};
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::Started;
use orgate_testkit::hostile_idp::catalogue;
use orgate_testkit::hostile_idp::{Algorithm, ClientAuthentication, Endpoint, KeySetShape, Mischief, Signing};
use orgate_testkit::{HostileIdp, ManualClock, Person as Subject, Setup};
use serde_json::{Value, json};

use crate::hostile::{SIGNED_IN, Walk};
use crate::support::refused;
use crate::world::{address, asks, parameter, sign_in};

fn none() -> Mischief {
    Mischief::none()
}

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

async fn accepted(mischief: Mischief) {
    assert_eq!(Walk::new().await.ends(mischief).await, SIGNED_IN);
}

async fn refused_with(mischief: Mischief, code: &str) {
    assert_eq!(Walk::new().await.ends(mischief).await, code);
}

/// A provider that signs in this way.
async fn signing(algorithm: Algorithm) -> Walk {
    Walk::with(|setup| setup.algorithm = algorithm).await
}

/// A provider as FAPI 2.0 wants it: PS256, and its name in every answer.
async fn fapi() -> Walk {
    Walk::with(|setup| {
        setup.algorithm = Algorithm::Ps256;
        setup.issuer_in_response = true;
    })
    .await
}

// Basic plan.

#[tokio::test]
async fn oidcc_client_test() {
    let walk = Walk::new().await;
    walk.world.idp.forget_requests();
    assert_eq!(walk.ends(none()).await, SIGNED_IN);
    let [asked] = <[_; 1]>::try_from(walk.world.idp.requests_to(Endpoint::Authorize)).unwrap();
    assert_eq!(asked.parameter("response_type"), Some("code"));
    assert_eq!(asked.parameter("code_challenge_method"), Some("S256"));
    assert!(asked.parameter("state").is_some() && asked.parameter("nonce").is_some());
}

#[tokio::test]
async fn oidcc_client_test_client_secret_basic() {
    let walk = Walk::with(|setup| setup.client_authentication = ClientAuthentication::Basic).await;
    walk.world.idp.forget_requests();
    assert_eq!(walk.ends(none()).await, SIGNED_IN);
    let [token] = <[_; 1]>::try_from(walk.world.idp.requests_to(Endpoint::Token)).unwrap();
    assert!(token.header("authorization").unwrap().starts_with("Basic "));
    assert_eq!((token.parameter("client_secret"), token.parameter("client_assertion")), (None, None));
}

/// The module asks for address and phone, too; we ask for what we use (T-BCP-8), and read what comes for that.
#[tokio::test]
async fn oidcc_client_test_scope_userinfo_claims() {
    let Walk { world, site, .. } = Walk::new().await;
    world.idp.forget_requests();
    let address = json!({"street_address": "1 Main Street", "country": "AT"});
    world.idp.sign_in_as(dana().claim("name", "Dana Doe").claim("phone_number", "+43 1 234").claim("address", address));
    let owner = world.with_password(&site.owner).await;
    let claims = world.test(&owner, "acme", &site.connection, &world.idp).await.result.unwrap().claims;
    let shown = |name: &str| claims.iter().find(|(existing, _)| existing == name).map(|(_, value)| value.as_str());
    assert_eq!((shown("name"), shown("email")), (Some("Dana Doe"), Some("dana@acme.example")));
    assert_eq!(shown("email_verified"), Some("true"));
    let asked = world.idp.requests_to(Endpoint::Authorize);
    assert!(asked.iter().all(|request| request.parameter("scope") == Some("openid email profile")), "{asked:?}");
}

#[tokio::test]
async fn oidcc_client_test_idtoken_sig_rs256() {
    assert_eq!(signing(Algorithm::Rs256).await.ends(none()).await, SIGNED_IN);
}

#[tokio::test]
async fn oidcc_client_test_invalid_sig_rs256() {
    assert_eq!(signing(Algorithm::Rs256).await.ends(none().signing(Signing::FlippedBit)).await, "signature-invalid");
}

/// A client may accept or refuse an unsigned token of the code flow; we refuse.
#[tokio::test]
async fn oidcc_client_test_idtoken_sig_none() {
    refused_with(none().signing(Signing::Unsigned("none")), "id-token-algorithm").await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_iss() {
    refused_with(none().claim("iss", "https://evil.example"), "id-token-issuer").await;
}

#[tokio::test]
async fn oidcc_client_test_missing_sub() {
    refused_with(none().without_claim("sub"), "id-token-subject").await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_aud() {
    refused_with(none().claim("aud", "another-client"), "id-token-audience").await;
}

#[tokio::test]
async fn oidcc_client_test_missing_iat() {
    refused_with(none().without_claim("iat"), "id-token-time").await;
}

#[tokio::test]
async fn oidcc_client_test_nonce_invalid() {
    refused_with(none().claim("nonce", "another-nonce"), "id-token-nonce").await;
}

#[tokio::test]
async fn oidcc_client_test_userinfo_invalid_sub() {
    refused_with(none().user_info_claim("sub", "somebody-else"), "userinfo-subject-mismatch").await;
}

#[tokio::test]
async fn oidcc_client_test_kid_absent_single_jwks() {
    accepted(none().key_set(KeySetShape::OneWithoutId)).await;
}

/// A client may try all keys or refuse; we try nothing out.
#[tokio::test]
async fn oidcc_client_test_kid_absent_multiple_jwks() {
    refused_with(none().key_set(KeySetShape::ManyWithoutId), "key-ambiguous").await;
}

// Config plan. Its sixth module is `oidcc_client_test_idtoken_sig_none`.

#[tokio::test]
async fn oidcc_client_test_discovery_openid_config() {
    let walk = Walk::new().await;
    walk.world.idp.forget_requests();
    assert_eq!(walk.ends(none()).await, SIGNED_IN);
    let document = &walk.world.idp.requests_to(Endpoint::Discovery)[0];
    assert_eq!(document.path, "/.well-known/openid-configuration");
    assert!(walk.world.idp.requests_to(Endpoint::Other).is_empty(), "addresses come out of the document alone");
}

/// The address of the keys is another one in each document.
#[tokio::test]
async fn oidcc_client_test_discovery_jwks_uri_keys() {
    let walk = Walk::new().await;
    for run in ["1", "2"] {
        walk.world.idp.forget_requests();
        let keys = format!("{}/oauth2/v1/keys?run={run}", walk.world.idp.issuer());
        assert_eq!(walk.ends(none().discovery_member("jwks_uri", keys)).await, SIGNED_IN);
        let [asked] = <[_; 1]>::try_from(walk.world.idp.requests_to(Endpoint::Keys)).unwrap();
        assert_eq!(asked.parameter("run"), Some(run));
    }
}

#[tokio::test]
async fn oidcc_client_test_discovery_issuer_mismatch() {
    refused_with(none().discovery_member("issuer", "https://evil.example"), "discovery-issuer-mismatch").await;
}

#[tokio::test]
async fn oidcc_client_test_signing_key_rotation() {
    let Walk { world, site, .. } = Walk::new().await;
    world.enter(&site, dana()).await;
    world.advance(Duration::from_secs(31));
    world.idp.rotate_keys(true);
    world.enter(&site, dana()).await;
}

#[tokio::test]
async fn oidcc_client_test_signing_key_rotation_just_before_signing() {
    let Walk { world, site, .. } = Walk::new().await;
    world.enter(&site, dana()).await;
    world.advance(Duration::from_secs(31));
    world.idp.forget_requests();
    world.idp.sign_in_as(dana());
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.idp.rotate_keys(false);
    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    world.signed_in(outcome, &visitor);
    assert_eq!(world.idp.requests_to(Endpoint::Keys).len(), 1, "an unknown name is asked for once");
}

// Modules of the comprehensive plan.

#[tokio::test]
async fn oidcc_client_test_missing_aud() {
    refused_with(none().without_claim("aud"), "id-token-audience").await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_athash() {
    refused_with(none().claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "id-token-access-token-hash").await;
}

/// The hash is required where an access token comes beside the ID token on the front channel, which we refuse as a whole;
/// in the code flow the standard lets it be missing.
#[tokio::test]
async fn oidcc_client_test_missing_athash() {
    let hybrid = none().callback_parameter("access_token", "AAAA").callback_parameter("token_type", "Bearer");
    refused_with(hybrid.without_claim("at_hash"), "callback-response-type").await;
    accepted(none().without_claim("at_hash")).await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_chash() {
    refused_with(none().claim("c_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "id-token-code-hash").await;
}

/// As with `at_hash`: required beside a code on the front channel only.
#[tokio::test]
async fn oidcc_client_test_missing_chash() {
    refused_with(none().callback_parameter("id_token", "AAAA.AAAA.AAAA"), "callback-response-type").await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_sig_es256() {
    let broken = none().signing(Signing::FlippedBit);
    assert_eq!(signing(Algorithm::Es256).await.ends(broken).await, "signature-invalid");
}

#[tokio::test]
async fn oidcc_client_test_invalid_sig_hs256() {
    for forged in [Signing::HmacOfClientSecret, Signing::HmacOfPublicPem] {
        refused_with(none().signing(forged), "id-token-algorithm").await;
    }
}

#[tokio::test]
async fn oidcc_client_test_userinfo_bearer_header() {
    let walk = Walk::new().await;
    walk.world.idp.forget_requests();
    assert_eq!(walk.ends(none()).await, SIGNED_IN);
    let [asked] = <[_; 1]>::try_from(walk.world.idp.requests_to(Endpoint::UserInfo)).unwrap();
    assert_eq!((asked.method.as_str(), asked.form.len(), asked.query.len()), ("GET", 0, 0));
    assert!(asked.header("authorization").unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn oidcc_client_test_userinfo_signed() {
    accepted(none().signed_user_info(Signing::Honest)).await;
}

#[tokio::test]
async fn oidcc_client_test_ignores_unparseable_key_in_jwks() {
    accepted(catalogue::unreadable_keys()).await;
}

/// Claims in somebody else's token are not read.
#[tokio::test]
async fn oidcc_client_test_aggregated_claims() {
    elsewhere_is_ignored().await;
}

/// Nor is anybody asked for claims at an address that a provider names.
#[tokio::test]
async fn oidcc_client_test_distributed_claims() {
    let asked = elsewhere_is_ignored().await;
    assert!(asked.requests().is_empty(), "{:?}", asked.requests());
}

/// Signs Dana in with her name and address in another token, too, and somewhere else; gives who was named there.
async fn elsewhere_is_ignored() -> HostileIdp {
    let Walk { world, site, .. } = Walk::new().await;
    let other = HostileIdp::start(Setup::plain(&ManualClock::new()));
    world.idp.set(catalogue::elsewhere(&format!("{}/claims", other.issuer())));
    let entered = world.enter(&site, dana()).await;
    assert_eq!(entered.email, "dana@acme.example");
    let nameless = Subject::new("00uEmpty", "nobody@acme.example").without("email");
    let outcome = world.arrive(&site, nameless).await;
    assert_eq!(world.code(&site, &outcome).await, "email-missing");
    other
}

// Third-party-initiated login.

#[tokio::test]
async fn oidcc_client_test_3rd_party_init_login() {
    let Walk { world, site, .. } = Walk::new().await;
    let app = &world.bed.app;
    let (slug, _) = organization_of_tile(app, &site.connection, Some(&world.idp.issuer())).await.unwrap();
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(dana());
    let mut new = sign_in(&slug);
    new.started = Started::ByTile;
    let url = address(begin(app, &visitor, new).await.unwrap());
    assert!(!parameter(&url, "state").is_empty() && !parameter(&url, "nonce").is_empty(), "a request of our own");
    let outcome = world.come_back(&visitor, &site.connection, &world.idp.authorize(&url)).await.unwrap();
    // A person is made only on yes (R-SSO-8).
    assert_eq!(refused(session::current(app, &visitor).await), Refusal::NoSession);
    let outcome = world.answer(&visitor, &asks(&outcome), Answer::Yes).await.unwrap();
    world.signed_in(outcome, &visitor);
    let evil = organization_of_tile(app, &site.connection, Some("https://evil.example")).await;
    assert_eq!(refused(evil), Refusal::NotFound);
}

// FAPI 2.0 Security Profile, the modules of its client that concern a sign-in. Mirrored; the profile is not claimed.

#[tokio::test]
async fn fapi2_security_profile_final_client_test_happy_path() {
    assert_eq!(fapi().await.ends(none()).await, SIGNED_IN);
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_remove_authorization_response_iss() {
    let without = none().without_callback_parameter("iss");
    assert_eq!(fapi().await.ends(without).await, "callback-issuer-missing");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_authorization_response_iss() {
    let other = none().callback_parameter("iss", "https://evil.example");
    assert_eq!(fapi().await.ends(other).await, "callback-issuer-mismatch");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_ensure_authorization_response_with_invalid_missing_state_fails() {
    assert_eq!(fapi().await.ends(none().without_callback_parameter("state")).await, "state-missing");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_ensure_authorization_response_with_invalid_state_fails() {
    let walk = fapi().await;
    let other = none().callback(|parameters| {
        let appended = |(name, value): (String, String)| match name.as_str() {
            "state" => (name, format!("{value}1")),
            _ => (name, value),
        };
        parameters.into_iter().map(appended).collect()
    });
    walk.world.idp.forget_requests();
    assert_eq!(walk.ends(other).await, "state-unknown");
    assert!(walk.world.idp.requests_to(Endpoint::Token).is_empty(), "the code goes to nobody");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_alternate_alg() {
    let other = none().signing(Signing::Algorithm(Algorithm::Rs256));
    assert_eq!(fapi().await.ends(other).await, "id-token-algorithm");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_null_alg() {
    assert_eq!(fapi().await.ends(none().signing(Signing::Unsigned("none"))).await, "id-token-algorithm");
    assert_eq!(fapi().await.ends(none().header_member("alg", Value::Null)).await, "id-token-malformed");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_expired_exp() {
    assert_eq!(fapi().await.ends(none().shift("exp", -3600 - 301)).await, "id-token-expired");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_missing_exp() {
    assert_eq!(fapi().await.ends(none().without_claim("exp")).await, "id-token-time");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_iss() {
    assert_eq!(fapi().await.ends(none().claim("iss", "https://evil.example")).await, "id-token-issuer");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_missing_iss() {
    assert_eq!(fapi().await.ends(none().without_claim("iss")).await, "id-token-issuer");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_aud() {
    assert_eq!(fapi().await.ends(none().claim("aud", "another-client")).await, "id-token-audience");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_missing_aud() {
    assert_eq!(fapi().await.ends(none().without_claim("aud")).await, "id-token-audience");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_secondary_aud() {
    let walk = fapi().await;
    let both = json!([walk.world.idp.client_id(), "another-client"]);
    assert_eq!(walk.ends(none().claim("aud", both)).await, "id-token-audience");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_valid_aud_as_array() {
    let walk = fapi().await;
    let one = json!([walk.world.idp.client_id()]);
    assert_eq!(walk.ends(none().claim("aud", one)).await, SIGNED_IN);
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_nonce() {
    assert_eq!(fapi().await.ends(none().claim("nonce", "another-nonce")).await, "id-token-nonce");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_invalid_missing_nonce() {
    assert_eq!(fapi().await.ends(none().without_claim("nonce")).await, "id-token-nonce");
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_token_type_case_insensitivity() {
    let inverted = none().token_response(|response| drop(response.insert("token_type".into(), json!("bEARER"))));
    assert_eq!(fapi().await.ends(inverted).await, SIGNED_IN);
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_token_endpoint_response_without_expires_in() {
    let without = none().token_response(|response| drop(response.remove("expires_in")));
    assert_eq!(fapi().await.ends(without).await, SIGNED_IN);
}

#[tokio::test]
async fn fapi2_security_profile_final_client_test_discovery_issuer_mismatch() {
    let other = none().discovery_member("issuer", "https://evil.example");
    assert_eq!(fapi().await.ends(other).await, "discovery-issuer-mismatch");
}
