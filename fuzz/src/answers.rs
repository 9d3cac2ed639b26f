//! What providers answer: `a` the token endpoint, `b` UserInfo, `c` signed UserInfo, `d` GitHub's three answers, `e` what Google
//! signs, `f` the callback of any of them, `g` where authorization requests are pushed to.

use orgate_core::personal::PersonalAssertion;
use orgate_sso::exchange::Response;
use orgate_sso::oidc::Callback;
use orgate_sso::personal::github::{self, GitHub};
use orgate_sso::personal::google;
use orgate_sso::url_rules::UrlRules;
use secrecy::ExposeSecret as _;

use crate::input::{choose, parts, text};
use crate::provider::{self, CLIENT, ISSUER, SECRET};

/// What comes out of an answer is bounded, prints, is about the person that the ID token names, and repeats no secret.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 7);
    match choice {
        0 => token_endpoint(rest),
        1 => userinfo(provider::answer(200, rest)),
        2 => signed_userinfo(rest),
        3 => github(rest),
        4 => google(rest),
        5 => callback(&text(rest)),
        _ => pushed_request(&with_status(rest)),
    }
}

/// The status, written in front of the body as three digits; 200 where there are none.
fn with_status(bytes: &[u8]) -> Response {
    let digits = bytes.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    match digits {
        Some(status) => provider::answer(status, bytes.get(3..).unwrap_or_default()),
        None => provider::answer(200, bytes),
    }
}

fn token_endpoint(bytes: &[u8]) {
    let said = text(bytes).replace("{id_token}", &provider::good_token());
    let userinfo = provider::answer(200, r#"{"sub":"00u1"}"#);
    if let Ok(statement) = provider::sign_in(with_status(said.as_bytes()), userinfo) {
        provider::check_statement(&statement);
    }
}

fn userinfo(answer: Response) {
    if let Ok(statement) = provider::sign_in(provider::token_answer(&provider::good_token()), answer) {
        provider::check_statement(&statement);
        assert_eq!(statement.subject.as_str(), "00u1");
    }
}

fn signed_userinfo(bytes: &[u8]) {
    let [header, payload] = parts(bytes);
    let token = provider::signed(header, payload);
    userinfo(Response { content_type: Some("application/jwt".to_owned()), ..provider::answer(200, token) });
}

fn github(bytes: &[u8]) {
    let answers: [&[u8]; 3] = parts(bytes);
    let attempt = github::Attempt {
        github: GitHub {
            client: orgate_sso::client::Client::new(
                github::URL.to_owned(),
                CLIENT.to_owned(),
                SECRET.to_owned().into(),
            ),
            api_url: github::API_URL.to_owned(),
        },
        redirect_uri: "https://id.example.com/sign-in/with/github/callback".to_owned(),
        verifier: provider::secrets().verifier().clone(),
        rules: UrlRules::default(),
    };
    let callback = Callback::parse(&format!("code={}&state=s", provider::CODE)).expect("a good answer");
    let mut step = github::resume(attempt, &callback);
    for answer in answers.into_iter().map(with_status) {
        step = match step {
            github::Step::Fetch { next, .. } => next.receive(Ok(answer)),
            ended => ended,
        };
    }
    match step {
        github::Step::Fetch { request, .. } => unreachable!("a fourth question: {}", request.url.as_str()),
        github::Step::Refuse(refusal) => provider::check_words(&refusal),
        github::Step::Done(assertion) => {
            check_person(&assertion);
            assert!(!assertion.authoritative, "GitHub answers for no address");
            assert!(assertion.subject.as_str().parse::<u64>().is_ok_and(|id| id > 0));
        }
    }
}

fn google(payload: &[u8]) {
    let token = provider::signed(br#"{"alg":"EdDSA","kid":"k"}"#, payload);
    let nothing = provider::answer(200, r#"{"sub":"00u1"}"#);
    let Ok(statement) = provider::sign_in(provider::token_answer(&token), nothing) else { return };
    let assertion = google::assertion(statement);
    check_person(&assertion);
    if assertion.authoritative {
        let (_, claims) = provider::read_signed(&token).expect("what is accepted is signed");
        assert_eq!(claims.get("email_verified"), Some(&serde_json::Value::Bool(true)), "{claims}");
        let domain = assertion.email.as_ref().expect("an address").domain().to_owned();
        let own = ["gmail.com", "googlemail.com"].contains(&domain.as_str());
        assert!(own || claims.get("hd").is_some_and(serde_json::Value::is_string), "{claims}");
    }
}

fn check_person(assertion: &PersonalAssertion) {
    if let Some(email) = &assertion.email {
        crate::addresses::check_email(email);
    }
    let name = assertion.name.as_deref().unwrap_or("x");
    assert!((1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control), "{name:?}");
}

/// The browser goes to the authorization endpoint or nowhere, and what was pushed is in no refusal.
fn pushed_request(answer: &Response) {
    for required in [false, true] {
        match provider::push(required, answer.clone()) {
            Ok(url) => {
                let url = url::Url::parse(&url).expect("an address");
                assert_eq!((url.origin().ascii_serialization().as_str(), url.path()), (ISSUER, "/oauth2/v1/authorize"));
                let pairs: Vec<_> = url.query_pairs().collect();
                let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_ref()).collect();
                assert!(names == ["client_id", "request_uri"] || (!required && names.contains(&"state")), "{url}");
                assert!(url.as_str().len() < 4096 && url.as_str().is_ascii(), "{url}");
            }
            Err(refusal) => {
                assert!(required, "an offer keeps nobody out: {refusal}");
                provider::check_words(&refusal);
                let secrets = [SECRET.to_owned(), provider::base64(&[1; 32]), provider::base64(&[2; 32])];
                assert!(secrets.iter().all(|secret| !refusal.to_string().contains(secret)), "{refusal}");
            }
        }
    }
}

fn callback(query: &str) {
    match Callback::parse(query) {
        Err(refusal) => provider::check_words(&refusal),
        Ok(callback) => {
            let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
            let one = |name: &str| pairs.iter().filter(|(found, _)| found == name).count() == 1;
            assert!(one("state") && pairs.iter().all(|(name, _)| one(name)), "{query}");
            let state = callback.state().expose_secret();
            assert!((1..=4096).contains(&state.len()), "{query}");
            follow(query, &callback, &pairs);
        }
    }
}

/// An answer with a token, an error or another issuer in it leads nowhere.
fn follow(query: &str, callback: &Callback, pairs: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)]) {
    let step = github::resume(
        github::Attempt {
            github: GitHub { client: provider::client(), api_url: ISSUER.to_owned() },
            redirect_uri: ISSUER.to_owned(),
            verifier: provider::secrets().verifier().clone(),
            rules: UrlRules::default(),
        },
        callback,
    );
    let has = |name: &str| pairs.iter().any(|(found, _)| found == name);
    match step {
        github::Step::Fetch { .. } => {
            assert!(has("code"), "{query}");
            let foreign = ["error", "id_token", "access_token", "token_type", "response"];
            assert!(!foreign.iter().any(|name| has(name)), "{query}");
        }
        github::Step::Refuse(refusal) => provider::check_words(&refusal),
        github::Step::Done(_) => unreachable!("nobody was asked"),
    }
}
