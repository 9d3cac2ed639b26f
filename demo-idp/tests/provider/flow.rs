//! The whole flow against the provider, as a program without a browser sees it.

use crate::common::{Browser, CHALLENGE, REDIRECT_URI, VERIFIER, start, start_with};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use orgate_demo_idp::NewApplication;
use serde_json::{Value, json};

#[tokio::test]
async fn a_person_signs_in_and_the_code_gives_a_thin_token_that_verifies_and_user_info_with_the_profile() {
    let (idp, clock) = start().await;
    let browser = Browser::new(&idp);
    let callback = browser.sign_in("00udana", &browser.request(&[])).await;
    assert_eq!(callback.parameter("state").as_deref(), Some("the-state"));
    let tokens = browser.redeem(&callback.parameter("code").unwrap(), VERIFIER).await;
    assert_eq!(tokens.0, 200, "{}", tokens.1);

    let keys = browser.json("/oauth2/v1/keys").await;
    let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[browser.client_id()]);
    validation.set_issuer(&[idp.issuer()]);
    validation.validate_exp = false; // The provider's clock is the test's.
    let token = tokens.1["id_token"].as_str().unwrap();
    let claims =
        jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(&key).unwrap(), &validation).unwrap().claims;
    let now = clock.now();
    assert_eq!(claims["sub"], "00udana");
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!((&claims["iat"], &claims["exp"], &claims["auth_time"]), (&json!(now), &json!(now + 3600), &json!(now)));
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert!(claims.get("email").is_none(), "Okta's code flow leaves profile claims to UserInfo");

    let user_info = browser.user_info(tokens.1["access_token"].as_str().unwrap()).await.1;
    assert_eq!(user_info["sub"], "00udana");
    assert_eq!(user_info["email"], "dana.reyes@acme.example");
    assert_eq!(user_info["email_verified"], true);
    assert_eq!(user_info["name"], "Dana Reyes");
}

#[tokio::test]
async fn a_code_works_once_within_a_minute_for_its_client_verifier_and_redirect_uri() {
    let (idp, clock) = start().await;
    let browser = Browser::new(&idp);
    let code = || async { browser.sign_in("00udana", &browser.request(&[])).await.parameter("code").unwrap() };

    let used = code().await;
    assert_eq!(browser.redeem(&used, VERIFIER).await.0, 200);
    let again = browser.redeem(&used, VERIFIER).await;
    assert_eq!((again.0, &again.1["error"]), (400, &json!("invalid_grant")));

    let other = browser.redeem(&code().await, "another-verifier-another-verifier-another-verifier").await;
    assert_eq!(other.1["error"], "invalid_grant");

    let late = code().await;
    clock.advance(60);
    assert_eq!(browser.redeem(&late, VERIFIER).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_from_a_wrong_code() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let good = browser.redeem("no-such-code", VERIFIER).await;
    assert_eq!((good.0, &good.1["error"]), (400, &json!("invalid_grant")));
    let bad = browser.with_secret("wrong").redeem("no-such-code", VERIFIER).await;
    assert_eq!((bad.0, &bad.1["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn client_credentials_in_the_form_serve_as_well_as_in_the_header() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let code = browser.sign_in("00udana", &browser.request(&[])).await.parameter("code").unwrap();
    let application = &idp.applications()[0];
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
        ("client_id", &application.client_id),
        ("client_secret", &application.client_secret),
    ];
    assert_eq!(browser.post("/oauth2/v1/token", &form, &[]).await.status, 200);
}

#[tokio::test]
async fn whoever_is_not_assigned_is_denied_in_oktas_words_until_assigned() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let denied = browser.sign_in("00ucasey", &browser.request(&[])).await;
    assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(
        denied.parameter("error_description").as_deref(),
        Some("User is not assigned to the client application.")
    );
    assert_eq!(denied.parameter("state").as_deref(), Some("the-state"));
    idp.assign(browser.client_id(), "00ucasey", true).unwrap();
    assert!(browser.sign_in("00ucasey", &browser.request(&[])).await.parameter("code").is_some());
}

#[tokio::test]
async fn prompt_none_needs_a_sign_in_that_is_not_older_than_max_age_and_keeps_its_time() {
    let (idp, clock) = start().await;
    let browser = Browser::new(&idp);
    let silent = [("prompt", "none")];
    let nobody = browser.silently(&browser.request(&silent)).await;
    assert_eq!(nobody.parameter("error").as_deref(), Some("login_required"));

    let signed_in = browser.sign_in("00udana", &browser.request(&[])).await;
    let signed_in_at = clock.now();
    clock.advance(120);
    let code = signed_in.with_cookie(&browser).silently(&browser.request(&silent)).await.parameter("code").unwrap();
    let tokens = browser.redeem(&code, VERIFIER).await.1;
    assert_eq!(payload(&tokens)["auth_time"], json!(signed_in_at));
    assert_eq!(payload(&tokens)["iat"], json!(signed_in_at + 120));

    let too_old = browser.request(&[("prompt", "none"), ("max_age", "60")]);
    let refused = signed_in.with_cookie(&browser).silently(&too_old).await;
    assert_eq!(refused.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn requests_without_pkce_openid_or_code_are_refused_at_the_application() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    for (change, error) in [
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "email"), "invalid_scope"),
        (("response_type", "id_token"), "unsupported_response_type"),
    ] {
        let answer = browser.silently(&browser.request(&[change])).await;
        assert_eq!(answer.parameter("error").as_deref(), Some(error), "{change:?}");
    }
}

#[tokio::test]
async fn unknown_clients_and_unregistered_addresses_get_a_page_and_never_a_redirect() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    for change in [("client_id", "0oanobody"), ("redirect_uri", "https://orgate.example/sso/oidc/con_1/callback/")] {
        let page = browser.get(&browser.request(&[change])).await;
        assert_eq!((page.status, page.location.as_deref()), (400, None), "{change:?}");
        assert!(page.body.contains(change.1), "the page says what was received");
    }
}

#[tokio::test]
async fn applications_and_the_signing_key_outlast_a_restart_and_are_readable_by_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idp.json");
    let (idp, _clock) = start_with(Some(file.clone()), true).await;
    let browser = Browser::new(&idp);
    let new = NewApplication {
        name: "By hand".to_owned(),
        redirect_uris: vec!["https://orgate.example/other".to_owned()],
        ..NewApplication::default()
    };
    let created = idp.create_application(new).unwrap();
    assert!(created.client_id.starts_with("0oa") && created.client_id.len() == 20);
    assert_eq!(created.client_secret.len(), 64);
    idp.add_redirect_uri(&created.client_id, "https://orgate.example/third").unwrap();
    let keys = browser.json("/oauth2/v1/keys").await;
    let applications = idp.applications();
    idp.stop().await.unwrap();

    let (idp, _clock) = start_with(Some(file.clone()), true).await;
    assert_eq!(idp.applications(), applications);
    assert_eq!(Browser::new(&idp).json("/oauth2/v1/keys").await, keys);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn tokens_can_carry_the_profile_where_the_demonstration_asks_for_it() {
    let (idp, _clock) = start_with(None, false).await;
    let browser = Browser::new(&idp);
    let code = browser.sign_in("00udana", &browser.request(&[])).await.parameter("code").unwrap();
    let tokens = browser.redeem(&code, VERIFIER).await.1;
    assert_eq!(payload(&tokens)["email"], "dana.reyes@acme.example");
}

#[test]
fn the_challenge_of_these_tests_is_the_s256_of_their_verifier() {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    assert_eq!(BASE64URL_NOPAD.encode(digest.as_ref()), CHALLENGE);
}

fn payload(tokens: &Value) -> Value {
    let token = tokens["id_token"].as_str().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}
