//! What the provider sees of us: T-BCP-1, T-BCP-6, T-BCP-8, R-SSO-8, and what RFC 9207 asks.

use std::collections::HashSet;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use orgate_app::sign_in::sso::begin::begin;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{ClientAuthentication, Endpoint, Mischief};

use crate::world::{World, address, parameter, sign_in};

#[tokio::test]
async fn t_bcp_1_t_bcp_8_an_authorization_request_carries_exactly_what_it_should() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    let visitor = world.bed.stranger();
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let url = world.begin(&visitor, &site).await;
        assert!(url.starts_with(&format!("{}/oauth2/v1/authorize?", world.idp.issuer())), "{url}");
        let pairs: Vec<_> = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "response_type",
                "client_id",
                "redirect_uri",
                "scope",
                "state",
                "nonce",
                "code_challenge",
                "code_challenge_method"
            ]
        );
        assert_eq!(parameter(&url, "response_type"), "code");
        assert_eq!(parameter(&url, "scope"), "openid email profile");
        assert_eq!(parameter(&url, "code_challenge_method"), "S256");
        let redirect = format!("https://orgate.example.com/sso/oidc/{}/callback", site.connection);
        assert_eq!(parameter(&url, "redirect_uri"), redirect);
        for name in ["state", "nonce", "code_challenge"] {
            let value = parameter(&url, name);
            assert_eq!(BASE64URL_NOPAD.decode(value.as_bytes()).unwrap().len(), 32, "256 bits: {name}");
            assert!(seen.insert(value), "{name} is fresh and independent of the others");
        }
    }
    let mut new = sign_in("acme");
    new.login_hint = Some("dana@acme.example".to_owned());
    assert_eq!(
        parameter(&address(begin(&world.bed.app, &visitor, new).await.unwrap()), "login_hint"),
        "dana@acme.example"
    );
}

#[tokio::test]
async fn a_sign_in_through_a_connection_asks_neither_google_nor_github() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    world.begin(&world.bed.stranger(), &site).await;
    assert!(world.google.requests().is_empty());
    assert!(world.github.asked().is_empty());
}

#[tokio::test]
async fn t_bcp_6_the_token_endpoint_gets_basic_and_the_verifier_of_the_challenge() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    // A secret that has to be form-encoded inside of the header. *Source*: RFC 6749, 2.3.1.
    world.idp.configure(|setup| setup.client_secret = "s3cret with space: +&=%/ü".into());
    let saved = world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
    assert!(!saved.report.failed(), "{:?}", saved.report);
    world.validate(&site.owner, "acme", &site.connection, &world.idp).await;
    orgate_app::connection::activate(&world.bed.app, &site.owner.visitor, "acme", site.connection.as_str())
        .await
        .unwrap();

    world.idp.forget_requests();
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let visitor = world.bed.stranger();
    let url = world.begin(&visitor, &site).await;
    let location = world.idp.authorize(&url);
    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    world.signed_in(outcome, &visitor);

    let [token] = <[_; 1]>::try_from(world.idp.requests_to(Endpoint::Token)).unwrap();
    let basic = token.header("authorization").unwrap().strip_prefix("Basic ").unwrap();
    let pair = String::from_utf8(BASE64.decode(basic.as_bytes()).unwrap()).unwrap();
    assert!(pair.starts_with(&format!("{}:", world.idp.client_id())), "{pair}");
    let names: Vec<_> = token.form.iter().map(|(name, _)| name.as_str()).collect::<HashSet<_>>().into_iter().collect();
    assert_eq!(HashSet::from_iter(names), HashSet::from(["grant_type", "code", "redirect_uri", "code_verifier"]));
    assert_eq!(token.parameter("grant_type"), Some("authorization_code"));
    assert_eq!(token.parameter("code"), Some(parameter(&location, "code").as_str()));
    assert_eq!(token.parameter("redirect_uri"), Some(parameter(&url, "redirect_uri").as_str()));
    let verifier = token.parameter("code_verifier").unwrap();
    assert!((43..=128).contains(&verifier.len()));
    let user_info = &world.idp.requests_to(Endpoint::UserInfo)[0];
    assert!(user_info.header("authorization").unwrap().starts_with("Bearer "));
    for request in world.idp.requests() {
        assert!(request.header("cookie").is_none() && request.header("referer").is_none(), "{request:?}");
        assert!(!format!("{:?}", request.query).contains("s3cret"), "no secret in a URL");
    }
}

#[tokio::test]
async fn a_provider_that_takes_the_secret_in_the_body_alone_gets_it_there() {
    let world = World::sqlite().await;
    world.idp.configure(|setup| setup.client_authentication = ClientAuthentication::Post);
    let site = world.site("Acme", &world.idp).await;
    world.idp.forget_requests();
    world.enter(&site, Subject::new("00uDana", "dana@acme.example")).await;
    let token = &world.idp.requests_to(Endpoint::Token)[0];
    assert!(token.header("authorization").is_none());
    assert_eq!(token.parameter("client_secret"), Some(world.idp.client_secret().as_str()));
}

#[tokio::test]
async fn t_bcp_2_a_provider_that_promises_its_name_in_the_answer_has_to_give_it() {
    let world = World::sqlite().await;
    world.idp.configure(|setup| setup.issuer_in_response = true);
    let site = world.site("Acme", &world.idp).await;
    world.member(&site, "kim", OrganizationRole::Member).await;
    world.enter(&site, Subject::new("00uKim", "kim@example.com")).await;
    let slash = format!("{}/", world.idp.issuer());
    for (mischief, code) in [
        (Mischief::none().without_callback_parameter("iss"), "callback-issuer-missing"),
        (Mischief::none().callback_parameter("iss", "https://evil.example"), "callback-issuer-mismatch"),
        (Mischief::none().callback_parameter("iss", slash), "callback-issuer-mismatch"),
    ] {
        world.idp.set(mischief);
        world.idp.forget_requests();
        let outcome = world.arrive(&site, Subject::new("00uKim", "kim@example.com")).await;
        assert_eq!(world.code(&site, &outcome).await, code);
        assert!(world.idp.requests_to(Endpoint::Token).is_empty(), "the code goes to nobody");
    }
}
