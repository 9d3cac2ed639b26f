//! GitHub: requests, answers, refusals.

use std::collections::BTreeMap;

use orgate_core::personal::{PersonalAssertion, PersonalProvider};
use orgate_sso::client::Client;
use orgate_sso::exchange::{Method, Purpose, Request, Response, TransportFailure};
use orgate_sso::oidc::{AuthorizationSecrets, Callback};
use orgate_sso::personal::for_person;
use orgate_sso::personal::github::{Attempt, GitHub, Step, begin, resume};
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode as Code};
use orgate_sso::url_rules::UrlRules;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const REDIRECT: &str = "https://orgate.test/sign-in/with/github/callback";

fn github() -> GitHub {
    let client = Client::new("https://github.com".into(), "Ov23liClient".into(), "canary-secret".into());
    GitHub { client, api_url: "https://api.github.com".into() }
}

fn secrets() -> AuthorizationSecrets {
    AuthorizationSecrets::new([1; 32], [2; 32], [3; 32])
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response { status, body: body.into(), ..Response::default() }
}

/// One sign-in and everything that GitHub answers in it.
struct World {
    query: String,
    token: Response,
    user: Response,
    emails: Response,
}

impl World {
    fn new() -> Self {
        let token = json!({"access_token": "gho_1", "token_type": "bearer", "scope": "read:user,user:email"});
        let user = json!({"id": 583_231, "login": "octocat", "name": "Mona Lisa", "email": "shown@example.com"});
        let emails = json!([
            {"email": "old@example.com", "primary": false, "verified": true, "visibility": null},
            {"email": "mona@example.com", "primary": true, "verified": true, "visibility": "private"},
        ]);
        Self {
            query: "code=code-1&state=state-1".into(),
            token: answer(200, token.to_string()),
            user: answer(200, user.to_string()),
            emails: answer(200, emails.to_string()),
        }
    }

    fn with_user(user: &Value) -> Self {
        Self { user: answer(200, user.to_string()), ..Self::new() }
    }

    fn with_emails(emails: &Value) -> Self {
        Self { emails: answer(200, emails.to_string()), ..Self::new() }
    }

    fn run(&self) -> (Result<PersonalAssertion, SsoRefusal>, Vec<Request>) {
        let mut sent = Vec::new();
        let attempt = Attempt {
            github: github(),
            redirect_uri: REDIRECT.into(),
            verifier: secrets().verifier().clone(),
            rules: UrlRules::default(),
        };
        let mut step = resume(attempt, &Callback::parse(&self.query).unwrap());
        loop {
            step = match step {
                Step::Fetch { request, next } => {
                    let response = match (request.purpose, request.url.as_url().path()) {
                        (Purpose::Token, _) => &self.token,
                        (_, "/user") => &self.user,
                        (_, "/user/emails") => &self.emails,
                        other => panic!("nobody should ask for {other:?}"),
                    };
                    sent.push(request);
                    next.receive(Ok(response.clone()))
                }
                Step::Done(assertion) => return (Ok(*assertion), sent),
                Step::Refuse(refusal) => return (Err(refusal), sent),
            };
        }
    }

    fn code(&self) -> Code {
        self.run().0.unwrap_err().code
    }
}

fn address(emails: &Value) -> Option<String> {
    World::with_emails(emails).run().0.unwrap().email.map(|email| email.as_str().to_owned())
}

#[test]
fn t_lnk_11_a_person_is_their_numeric_id_and_the_verified_primary_address() {
    let assertion = World::new().run().0.unwrap();
    assert_eq!(assertion.provider, PersonalProvider::GitHub);
    assert_eq!(assertion.subject.as_str(), "583231");
    assert_eq!(assertion.email.unwrap().as_str(), "mona@example.com");
    assert_eq!(assertion.name.as_deref(), Some("Mona Lisa"));
    assert!(!assertion.authoritative);
}

#[test]
fn the_browser_is_sent_with_state_pkce_and_the_least_scopes() {
    let url = begin(&github(), REDIRECT, &secrets(), &UrlRules::default()).unwrap();
    let url = url::Url::parse(&url).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("github.com"), "/login/oauth/authorize"));
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(query["scope"], "read:user user:email");
    assert_eq!(query["redirect_uri"], REDIRECT);
    assert_eq!((query["code_challenge_method"].as_str(), query["code_challenge"].len()), ("S256", 43));
    assert_eq!((query["client_id"].as_str(), query["response_type"].as_str()), ("Ov23liClient", "code"));
    assert_eq!(query.len(), 8);
}

#[test]
fn t_sec_3_the_secret_goes_to_the_token_address_alone_and_nothing_is_printed() {
    let (_, sent) = World::new().run();
    let [token, user, emails] = sent.as_slice() else { panic!("three requests, not {}", sent.len()) };
    assert_eq!((token.method, token.url.as_str()), (Method::Post, "https://github.com/login/oauth/access_token"));
    let form: BTreeMap<String, String> =
        serde_urlencoded::from_str(token.body.as_ref().unwrap().expose_secret()).unwrap();
    assert_eq!((form["client_secret"].as_str(), form["code"].as_str()), ("canary-secret", "code-1"));
    assert_eq!((form["redirect_uri"].as_str(), form["code_verifier"].len()), (REDIRECT, 43));
    for request in [user, emails] {
        assert_eq!((request.url.host(), request.body.is_none()), ("api.github.com", true));
        let authorization = request.headers.iter().find(|header| header.name == "authorization").unwrap();
        assert_eq!(authorization.value.expose_secret(), "Bearer gho_1");
    }
    let shown = format!("{sent:?}");
    assert!(!shown.contains("canary") && !shown.contains("gho_1") && !shown.contains("code-1"), "{shown}");
}

#[test]
fn t_lnk_11_only_the_primary_address_that_github_has_verified_counts() {
    let entry = |email: &str, primary: Value, verified: Value| json!({"email": email, "primary": primary, "verified": verified});
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(address(&json!([])), None);
    assert_eq!(address(&json!([entry("a@example.com", yes.clone(), no.clone())])), None);
    assert_eq!(address(&json!([entry("a@example.com", no.clone(), yes.clone())])), None);
    assert_eq!(address(&json!([entry("a@example.com", json!("true"), yes.clone())])), None);
    assert_eq!(address(&json!([entry("a@example.com", yes.clone(), json!(1))])), None);
    assert_eq!(
        address(&json!([entry("a@example.com", yes.clone(), no), entry("b@example.com", json!(false), yes.clone())])),
        None
    );
    for hidden in ["1+mona@users.noreply.github.com", "mona@users.noreply.github.example.com", "mona"] {
        assert_eq!(address(&json!([entry(hidden, yes.clone(), yes.clone())])), None, "{hidden}");
    }
    let twice = json!([entry("a@example.com", yes.clone(), yes.clone()), entry("b@example.com", yes.clone(), yes)]);
    assert_eq!(World::with_emails(&twice).code(), Code::UserInfoMalformed);
}

#[test]
fn a_person_who_keeps_their_addresses_to_themselves_is_still_known_by_their_id() {
    for status in [403, 404] {
        let world = World { emails: answer(status, r#"{"message":"Not Found"}"#), ..World::new() };
        assert_eq!(world.run().0.unwrap().email, None);
    }
}

#[test]
fn t_lnk_11_an_id_that_is_no_positive_whole_number_is_nobody() {
    for id in [json!("583231"), json!(0), json!(-1), json!(1.5), json!(null), json!([1]), json!(1e20)] {
        assert_eq!(World::with_user(&json!({"id": id, "login": "octocat"})).code(), Code::UserInfoMalformed, "{id}");
    }
    assert_eq!(World::with_user(&json!({"login": "octocat"})).code(), Code::UserInfoMalformed);
    let twice = World { user: answer(200, r#"{"id":1,"id":2,"login":"a"}"#), ..World::new() };
    assert_eq!(twice.code(), Code::UserInfoMalformed);
    let largest = World::with_user(&json!({"id": u64::MAX, "login": "octocat"})).run().0.unwrap();
    assert_eq!(largest.subject.as_str(), u64::MAX.to_string());
}

#[test]
fn who_tells_no_name_goes_by_their_login() {
    for name in [json!(null), json!(""), json!("  "), json!(7)] {
        let assertion = World::with_user(&json!({"id": 1, "login": "octocat", "name": name})).run().0.unwrap();
        assert_eq!(assertion.name.as_deref(), Some("octocat"), "{name}");
    }
    let world = World::with_user(&json!({"id": 1, "login": "o", "name": format!("a\u{202e}\n{}", "x".repeat(500))}));
    assert_eq!(world.run().0.unwrap().name.unwrap().chars().count(), 200);
}

#[test]
fn errors_that_come_with_status_200_are_refusals_each_by_its_own_code() {
    for (error, code) in [
        ("incorrect_client_credentials", Code::ClientRejected),
        ("bad_verification_code", Code::CodeRejected),
        ("unverified_user_email", Code::AddressUnverified),
        ("redirect_uri_mismatch", Code::TokenRequestRejected),
        ("something_new", Code::TokenRequestRejected),
    ] {
        let body = json!({"error": error, "error_description": "it was code-1 with canary-secret"});
        for status in [200, 400, 401] {
            let refusal = World { token: answer(status, body.to_string()), ..World::new() }.run().0.unwrap_err();
            assert_eq!(refusal.code, code, "{error} {status}");
            assert!(!refusal.to_string().contains("canary") && !refusal.to_string().contains("code-1"), "{refusal}");
        }
    }
}

#[test]
fn token_answers_that_give_no_token_are_refused() {
    let token = |body: &str| World { token: answer(200, body), ..World::new() }.code();
    assert_eq!(token("access_token=gho_1&token_type=bearer"), Code::TokenResponseMalformed);
    assert_eq!(token(r#"{"token_type":"bearer"}"#), Code::TokenResponseMalformed);
    assert_eq!(token(r#"{"access_token":"a b","token_type":"bearer"}"#), Code::TokenResponseMalformed);
    assert_eq!(token(r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#), Code::TokenResponseMalformed);
    assert_eq!(token(r#"{"access_token":"a","token_type":"mac"}"#), Code::TokenType);
    assert_eq!(World { token: answer(404, "Not Found"), ..World::new() }.code(), Code::ClientRejected);
    assert_eq!(World { token: answer(302, ""), ..World::new() }.code(), Code::Redirected);
    assert_eq!(World { token: answer(503, "<html>"), ..World::new() }.code(), Code::UnexpectedStatus);
    assert_eq!(World { token: answer(200, vec![b' '; 300 * 1024]), ..World::new() }.code(), Code::ResponseTooLarge);
}

#[test]
fn a_revoked_token_and_a_spent_allowance_are_told_apart() {
    let limited = r#"{"message":"API rate limit exceeded for user ID 1."}"#;
    let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
    for (status, body, code) in [
        (401, r#"{"message":"Bad credentials"}"#, Code::UserInfoRejected),
        (403, r#"{"message":"Sorry. Your account was suspended."}"#, Code::UserInfoRejected),
        (403, limited, Code::RateLimited),
        (403, secondary, Code::RateLimited),
        (429, "", Code::RateLimited),
        (301, "", Code::Redirected),
        (500, "", Code::UnexpectedStatus),
        (200, "[]", Code::UserInfoMalformed),
        (200, "{", Code::UserInfoMalformed),
    ] {
        assert_eq!(World { user: answer(status, body), ..World::new() }.code(), code, "{status} {body}");
    }
    for (status, body, code) in [
        (401, r#"{"message":"Bad credentials"}"#, Code::UserInfoRejected),
        (403, limited, Code::RateLimited),
        (429, "", Code::RateLimited),
        (200, "{}", Code::UserInfoMalformed),
        (200, "[1]", Code::UserInfoMalformed),
        (200, r#"[{"primary":true,"verified":true,"email":7}]"#, Code::UserInfoMalformed),
        (502, "", Code::UnexpectedStatus),
    ] {
        assert_eq!(World { emails: answer(status, body), ..World::new() }.code(), code, "{status} {body}");
    }
    assert_eq!(World { user: answer(200, vec![b' '; 70 * 1024]), ..World::new() }.code(), Code::ResponseTooLarge);
}

#[test]
fn a_callback_with_an_error_is_a_refusal_and_asks_nothing() {
    for (query, code) in [
        ("error=access_denied&error_description=no&state=s", Code::IdpAccessDenied),
        ("error=application_suspended&state=s", Code::IdpError),
        ("error=redirect_uri_mismatch&state=s", Code::IdpError),
        ("state=s", Code::CallbackCodeMissing),
        ("access_token=gho_1&state=s", Code::CallbackResponseType),
        ("code=a&error=b&state=s", Code::CallbackMalformed),
    ] {
        let (outcome, sent) = World { query: query.into(), ..World::new() }.run();
        assert_eq!((outcome.unwrap_err().code, sent.len()), (code, 0), "{query}");
    }
}

#[test]
fn a_server_that_cannot_be_asked_is_named_without_particulars() {
    let attempt = Attempt {
        github: github(),
        redirect_uri: REDIRECT.into(),
        verifier: secrets().verifier().clone(),
        rules: UrlRules::default(),
    };
    let Step::Fetch { next, .. } = resume(attempt, &Callback::parse("code=c&state=s").unwrap()) else { panic!() };
    let Step::Refuse(refusal) = next.receive(Err(TransportFailure::Unreachable)) else { panic!() };
    assert_eq!((refusal.code, refusal.received.as_deref()), (Code::Unreachable, Some("https://github.com")));
}

#[test]
fn t_ssrf_1_an_address_that_may_not_be_contacted_is_not() {
    let inside = GitHub { api_url: "https://10.0.0.1".into(), ..github() };
    let attempt = Attempt {
        github: inside,
        redirect_uri: REDIRECT.into(),
        verifier: secrets().verifier().clone(),
        rules: UrlRules::default(),
    };
    let Step::Fetch { next, .. } = resume(attempt, &Callback::parse("code=c&state=s").unwrap()) else { panic!() };
    let Step::Refuse(refusal) = next.receive(Ok(World::new().token)) else { panic!() };
    assert_eq!(refusal.code, Code::AddressRefused);
}

#[test]
fn a_person_reads_what_to_do_and_nothing_about_organizations() {
    for code in Code::ALL {
        for provider in PersonalProvider::ALL {
            let text = for_person(provider, *code);
            assert!(text.contains(provider.words()) && text.ends_with('.'), "{text}");
            assert!(!text.contains("organization") && !text.contains("administrator"), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn t_idp_3_whatever_github_answers_is_a_refusal_or_a_person(status in 100u16..600, body: Vec<u8>, place in 0..3) {
        let mut world = World::new();
        let spoiled = answer(status, body);
        match place {
            0 => world.token = spoiled,
            1 => world.user = spoiled,
            _ => world.emails = spoiled,
        }
        let (outcome, _) = world.run();
        if let Ok(assertion) = outcome {
            prop_assert!(!assertion.authoritative);
        }
    }
}
