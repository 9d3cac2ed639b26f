//! The provider in GitHub's place.

use crate::common::{Browser, REDIRECT_URI, VERIFIER, start};
use serde_json::{Value, json};

async fn redeem(browser: &Browser, secret: &str, code: &str) -> Value {
    let form = [
        ("client_id", browser.client_id()),
        ("client_secret", secret),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    let answer = browser.post("/login/oauth/access_token", &form, &[]).await;
    assert_eq!(answer.status, 200, "refusals come with 200 too");
    serde_json::from_str(&answer.body).unwrap()
}

async fn ask(browser: &Browser, path: &str, token: &str) -> (u16, Value) {
    let answer = browser.send("GET", path, String::new(), &[("authorization", &format!("Bearer {token}"))]).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn a_person_is_a_number_with_addresses_for_who_may_see_them() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let secret = idp.applications().remove(0).client_secret;
    for (scope, status) in [("read:user user:email", 200), ("read:user", 404)] {
        let request = browser.request(&[("scope", scope)]).replace("/oauth2/v1/authorize", "/login/oauth/authorize");
        let code = browser.sign_in("00udana", &request).await.parameter("code").unwrap();
        let token = redeem(&browser, &secret, &code).await["access_token"].as_str().unwrap().to_owned();
        let (_, user) = ask(&browser, "/api/v3/user", &token).await;
        assert_eq!((&user["id"], &user["login"], &user["name"]), (&json!(1), &json!("dana"), &json!("Dana Reyes")));
        let (answered, emails) = ask(&browser, "/api/v3/user/emails?per_page=100", &token).await;
        assert_eq!(answered, status);
        if status == 200 {
            assert_eq!(emails[0]["email"], "dana.reyes@acme.example");
            assert_eq!((&emails[0]["primary"], &emails[0]["verified"]), (&json!(true), &json!(true)));
        }
        assert_eq!(redeem(&browser, &secret, &code).await["error"], "bad_verification_code", "a code serves once");
    }
    assert_eq!(redeem(&browser, "wrong", "code").await["error"], "incorrect_client_credentials");
    assert_eq!(ask(&browser, "/api/v3/user", "forged").await.0, 401);
}
