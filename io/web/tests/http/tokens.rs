//! T-WEB-7: a secret serves what it was given for. Every secret that people and browsers carry, tried wherever a secret is
//! asked for.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{OPERATOR, Person, Site};

/// Where a secret is taken: a name, and what is sent with it.
struct Taker {
    name: &'static str,
    method: Method,
    path: &'static str,
    body: Option<Value>,
}

fn takers() -> Vec<Taker> {
    let of = |name, method, path, body| Taker { name, method, path, body };
    let password = json!({ "password": "eleven loud trumpets under Oslo" });
    let code = json!({ "method": "totp", "code": "123456" });
    vec![
        of("reset", Method::POST, "/api/v1/password-resets/{}/completion", Some(password)),
        of("invitation", Method::POST, "/api/v1/invitations/{}/acceptance", None),
        of("second factor", Method::POST, "/api/v1/sign-ins/{}/second-factor", Some(code)),
        of("passkey", Method::POST, "/api/v1/passkey-challenges/{}/answer", Some(json!({ "credential": {} }))),
        of("departure", Method::POST, "/leave/{}", None),
        of("session", Method::GET, "/api/v1/session", None),
        of("operator", Method::GET, "/api/v1/operator/organizations", None),
    ]
}

impl Taker {
    /// What it says to a secret; of the secret itself and of the number of the failure nothing is left.
    async fn says(&self, site: &Site, secret: &str, kim: &Person) -> String {
        let ask = site.ask(self.method.clone(), &self.path.replace("{}", secret));
        let ask = match self.name {
            "session" | "operator" => ask.header("authorization", &format!("Bearer {secret}")),
            "departure" => ask.header("origin", crate::support::PUBLIC_URL),
            _ => ask.bearer(kim),
        };
        let ask = match &self.body {
            Some(body) => ask.json(body),
            None => ask,
        };
        let answer = ask.send().await;
        let code = match answer.maybe("content-type") {
            Some("application/problem+json") => answer.json()["code"].to_string(),
            _ => String::new(),
        };
        format!("{} {code}", answer.status.as_u16())
    }
}

#[tokio::test]
async fn t_web_7_no_secret_serves_where_another_is_asked_for() {
    let site = Site::new().await;
    let (sam, kim) = (site.person("sam").await, site.person("kim").await);
    let slug = site.organization(&sam, "Acme").await;
    let invited = json!({ "emails": [kim.email], "role": "member" });
    let sent = site.post(&format!("/api/v1/organizations/{slug}/invitations")).bearer(&sam).json(&invited);
    let link = sent.expect(StatusCode::CREATED).await.json()["items"][0]["link"].as_str().unwrap().to_owned();
    let mailed = site.token(&kim.email, "/invitations/").await;
    site.post("/api/v1/password-resets").json(&json!({ "email": kim.email })).expect(StatusCode::ACCEPTED).await;
    let reset = site.token(&kim.email, "/password-reset/").await;
    let drawn = site.post("/sign-in/passkey/challenge").header("origin", crate::support::PUBLIC_URL);
    let browser = drawn.expect(StatusCode::OK).await;
    let challenge = site.post("/api/v1/passkey-challenges").expect(StatusCode::CREATED).await.json();
    let secrets = [
        ("session", sam.token.clone()),
        ("browser", browser.cookie("__Host-orgate-browser").unwrap()),
        ("reset", reset),
        ("invitation", mailed),
        ("invitation", link.rsplit('/').next().unwrap().to_owned()),
        ("passkey", challenge["id"].as_str().unwrap().to_owned()),
        ("operator", OPERATOR.to_owned()),
    ];
    let mut judged = 0;
    for taker in takers() {
        let unknown = taker.says(&site, &"A".repeat(43), &kim).await;
        for (what, secret) in secrets.iter().filter(|(what, _)| *what != taker.name) {
            assert_eq!(taker.says(&site, secret, &kim).await, unknown, "the secret of {what} as one of {}", taker.name);
            judged += 1;
        }
    }
    assert!(judged >= 40, "only {judged}");
    // None was used up by that: each serves its own.
    for (name, expected) in [("session", "200 "), ("operator", "200 "), ("invitation", "200 "), ("reset", "204 ")] {
        let taker = takers().into_iter().find(|taker| taker.name == name).unwrap();
        let (_, secret) = secrets.iter().find(|(what, _)| *what == name).unwrap();
        assert_eq!(taker.says(&site, secret, &kim).await, expected, "{name}");
    }
}
