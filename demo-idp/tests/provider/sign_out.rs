//! Signing out at the wish of an application, and telling the others.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use orgate_demo_idp::{NewApplication, Server};
use serde_json::Value;

use crate::common::{Answer, Browser, SIGNED_OUT_URI, VERIFIER, start};

/// Dana signs in to the application of the tests; her browser, and the ID token.
async fn signed_in(idp: &Server) -> (Browser, String) {
    let browser = Browser::new(idp);
    let callback = browser.sign_in("00udana", &browser.request(&[])).await;
    let (status, tokens) = browser.redeem(&callback.parameter("code").unwrap(), VERIFIER).await;
    assert_eq!(status, 200, "{tokens}");
    (callback.with_cookie(&browser), tokens.get("id_token").unwrap().as_str().unwrap().to_owned())
}

async fn ask(browser: &Browser, hint: &str, back: &str) -> Answer {
    let query = [("id_token_hint", hint), ("post_logout_redirect_uri", back), ("state", "s-1")];
    browser.get(&format!("/oauth2/v1/logout?{}", serde_urlencoded::to_string(query).unwrap())).await
}

/// Whether the provider still knows the browser.
async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/").await.body.contains("Signed in as Dana Reyes")
}

#[tokio::test]
async fn t_lo_1_an_application_that_shows_its_token_has_its_browser_back_signed_out() {
    let (idp, _) = start().await;
    let (browser, id_token) = signed_in(&idp).await;
    assert!(is_signed_in(&browser).await);
    let discovery = browser.json("/.well-known/openid-configuration").await;
    assert_eq!(discovery["end_session_endpoint"], format!("{}/oauth2/v1/logout", idp.issuer()));
    let answer = ask(&browser, &id_token, SIGNED_OUT_URI).await;
    assert_eq!((answer.status, answer.location), (302, Some(format!("{SIGNED_OUT_URI}?state=s-1"))));
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn t_lo_1_nobody_is_signed_out_or_sent_on_for_an_address_or_a_token_that_is_not_the_applications() {
    let (idp, _) = start().await;
    let (browser, id_token) = signed_in(&idp).await;
    let elsewhere = ask(&browser, &id_token, "https://evil.example/").await;
    assert_eq!((elsewhere.status, elsewhere.location), (400, None));
    assert!(elsewhere.body.contains("https://evil.example/") && elsewhere.body.contains(SIGNED_OUT_URI));
    let mut damaged = id_token.clone();
    damaged.pop();
    for hint in ["", "x.y.z", &damaged] {
        let refused = ask(&browser, hint, SIGNED_OUT_URI).await;
        assert_eq!((refused.status, refused.location), (400, None), "{hint}");
    }
    assert!(is_signed_in(&browser).await);
}

/// What a program on this machine was posted.
async fn listener() -> (String, Arc<Mutex<Vec<String>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("http://{}/backchannel-logout", listener.local_addr().unwrap());
    let keep = |State(received): State<Arc<Mutex<Vec<String>>>>, body: String| async move {
        received.lock().unwrap().push(body);
    };
    let router = Router::new().route("/backchannel-logout", post(keep)).with_state(Arc::clone(&received));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (uri, received)
}

#[tokio::test]
async fn t_lo_2_signing_out_there_tells_each_application_that_was_opened_once() {
    let (idp, clock) = start().await;
    let (uri, received) = listener().await;
    let new = |name: &str| NewApplication {
        name: name.to_owned(),
        redirect_uris: vec![crate::common::REDIRECT_URI.to_owned()],
        backchannel_logout_uri: Some(uri.clone()),
        assigned: ["00udana".to_owned()].into(),
        ..NewApplication::default()
    };
    let opened = idp.create_application(new("Opened")).unwrap();
    idp.create_application(new("Never opened")).unwrap();
    let browser = Browser::new(&idp).of(&opened);
    let callback = browser.sign_in("00udana", &browser.request(&[])).await;
    browser.redeem(&callback.parameter("code").unwrap(), VERIFIER).await;
    let browser = callback.with_cookie(&browser);

    assert_eq!(browser.post("/sign-out", &[], &[]).await.status, 303);
    let posted = received.lock().unwrap().clone();
    assert_eq!(posted.len(), 1, "{posted:?}");
    let token = posted[0].strip_prefix("logout_token=").unwrap();
    let part = |index: usize| -> Value {
        let bytes = data_encoding::BASE64URL_NOPAD.decode(token.split('.').nth(index).unwrap().as_bytes()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    assert_eq!(part(0)["typ"], "logout+jwt");
    let claims = part(1);
    assert_eq!((&claims["aud"], &claims["sub"]), (&opened.client_id.clone().into(), &"00udana".into()));
    assert_eq!((claims["iat"].as_i64(), claims["iss"].as_str()), (Some(clock.now()), Some(idp.issuer())));
    assert!(claims["sid"].is_string() && claims["jti"].is_string() && claims.get("nonce").is_none(), "{claims}");
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());

    browser.post("/sign-out", &[], &[]).await;
    assert_eq!(received.lock().unwrap().len(), 1, "nobody was signed in any more");
}
