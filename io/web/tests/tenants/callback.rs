//! What a browser is sent to an identity provider with, and what it brings back, as the browser sees it: T-WEB-2, T-WEB-10.

use axum::http::{Method, StatusCode};
use orgate_testkit::Person as Subject;

use crate::ask::{Answer, Ask, PUBLIC_URL};
use crate::every_route::on_each_town;
use crate::place::Place;
use crate::town::Town;

on_each_town! {
    t_web_2_somebody_elses_answer_signs_nobody_in_and_changes_no_session
    t_web_10_every_address_at_a_provider_is_made_of_the_public_url
}

/// A browser: what it was given it sends along.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for set in answer.headers.get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            self.cookies.retain(|(existing, _)| existing != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value));
            }
        }
    }

    async fn get(&mut self, town: &Town, path: &str) -> Answer {
        let answer = town.get(path).header("cookie", &self.header()).send().await;
        self.keep(&answer);
        answer
    }

    async fn post(&mut self, town: &Town, path: &str, more: &[(&str, &str)]) -> Answer {
        let ask = town.post(path).header("cookie", &self.header()).header("origin", PUBLIC_URL);
        let ask = more.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        let answer = ask.form(&[]).send().await;
        self.keep(&answer);
        answer
    }

    fn has_session(&self) -> bool {
        self.cookies.iter().any(|(name, _)| name == "__Host-orgate-session")
    }
}

/// Where the page that leads out sends the browser.
fn way_out(answer: &Answer, issuer: &str) -> String {
    let text = answer.text().replace("&amp;", "&").replace("&#38;", "&");
    let start = text.find(&format!("{issuer}/")).unwrap_or_else(|| panic!("no way to {issuer} in {text}"));
    text[start..].chars().take_while(|c| !matches!(c, '"' | '\'' | '<' | ' ')).collect()
}

/// The path and query of an address of ours.
fn path_of(location: &str) -> String {
    location.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{location} is not ours")).to_owned()
}

async fn t_web_2_somebody_elses_answer_signs_nobody_in_and_changes_no_session(town: Town) {
    let idp = &town.world.idp;
    let place = Place::founded(&town, "Acme", idp).await;
    let mut attacker = Browser::default();
    let led = attacker.post(&town, "/sign-in/acme", &[]).await;
    idp.sign_in_as(Subject::new("00uAttacker", "attacker@acme.example"));
    let answer = path_of(&idp.authorize(&way_out(&led, &idp.issuer())));

    // In a browser that was never here, in one that begins a sign-in of its own, and in one where somebody is signed in.
    let mut fresh = Browser::default();
    let mut begun = Browser::default();
    let own = begun.post(&town, "/sign-in/acme", &[]).await;
    let member = town.caller(&place.people["member"]).await;
    let mut inside = Browser::default();
    inside.cookies.push(("__Host-orgate-session".to_owned(), member.token.clone()));
    inside.post(&town, "/sign-in/acme", &[]).await;
    for browser in [&mut fresh, &mut begun] {
        let refused = browser.get(&town, &answer).await;
        assert!(!browser.has_session(), "{}", refused.status);
        assert_ne!(refused.status, StatusCode::OK);
        let session = town.get("/api/v1/session").header("cookie", &browser.header()).send().await;
        assert_eq!(session.status, StatusCode::UNAUTHORIZED);
    }
    inside.get(&town, &answer).await;
    let session = town.get("/api/v1/session").header("cookie", &inside.header()).expect(StatusCode::OK).await;
    assert_eq!(session.json()["user"]["id"], member.id.as_str(), "the person goes on as who they are");
    assert_eq!(session.json()["proofs"].as_array().unwrap().len(), 1, "and nothing was added");

    // Their own sign-in goes on, and so does the attacker's own.
    idp.sign_in_as(Subject::new("00umember", &place.people["member"].email));
    let own = path_of(&idp.authorize(&way_out(&own, &idp.issuer())));
    begun.get(&town, &own).await;
    assert!(begun.has_session());
    attacker.get(&town, &answer).await;
    assert!(attacker.has_session());
}

async fn t_web_10_every_address_at_a_provider_is_made_of_the_public_url(town: Town) {
    let idp = &town.world.idp;
    let place = Place::founded(&town, "Acme", idp).await;
    let lies = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example;proto=http"),
    ];
    let callback = format!("{PUBLIC_URL}/sso/oidc/{}/callback", place.site.connection);
    let mut browser = Browser::default();
    let led = browser.post(&town, "/sign-in/acme", &lies).await;
    let request = url::Url::parse(&way_out(&led, &idp.issuer())).unwrap();
    let of =
        |url: &url::Url, name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    assert_eq!(of(&request, "redirect_uri").as_deref(), Some(callback.as_str()));
    let tile = format!("/sso/oidc/{}/initiate", place.site.connection);
    let lied = |ask| lies.iter().fold(ask, |ask: Ask<'_>, (name, value)| ask.header(name, value));
    let by_form = lied(town.ask(Method::POST, &tile).form(&[])).send().await;
    assert_eq!(by_form.location(), tile, "an address of ours without a host");
    let by_link = lied(town.get(&tile)).send().await;
    let request_of_tile = url::Url::parse(by_link.location()).unwrap();
    assert_eq!(of(&request_of_tile, "redirect_uri").as_deref(), Some(callback.as_str()));
    // In: the browser is led to an address of ours without a host; out: the provider is told to send it back to ours.
    idp.sign_in_as(Subject::new("00umember", &place.people["member"].email));
    let back = path_of(&idp.authorize(request.as_str()));
    let ask = town.get(&back).header("cookie", &browser.header());
    let entered = lies.iter().fold(ask, |ask, (name, value)| ask.header(name, value)).send().await;
    assert!(entered.location().starts_with("/organizations/"), "{}", entered.location());
    browser.keep(&entered);
    let out = browser.post(&town, "/sign-out", &lies).await;
    let request = url::Url::parse(&way_out(&out, &idp.issuer())).unwrap();
    let signed_out = format!("{PUBLIC_URL}/sso/oidc/{}/signed-out", place.site.connection);
    assert_eq!(of(&request, "post_logout_redirect_uri").as_deref(), Some(signed_out.as_str()));
    assert!(!out.text().contains("evil.example"));
}
