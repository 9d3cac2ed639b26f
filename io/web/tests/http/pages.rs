//! The pages between a stranger and the console, as a browser walks them.

use axum::http::StatusCode;

use crate::support::{Answer, PASSWORD, Person, Site};

const SESSION: &str = "__Host-orgate-session";
const RETURN: &str = "__Host-orgate-return";

/// Signs in by the form, with what the browser wants to return to.
async fn sign_in(site: &Site, email: &str, password: &str, return_to: Option<&str>) -> Answer {
    let ask = site.post("/sign-in").header("sec-fetch-site", "same-origin");
    let ask = match return_to {
        Some(path) => ask.header("cookie", &format!("{RETURN}={path}")),
        None => ask,
    };
    ask.form(&[("email", email), ("password", password)]).send().await
}

#[tokio::test]
async fn a_person_signs_up_and_lands_where_the_first_organization_is_named() {
    let site = Site::new().await;
    let form = [("name", "Sam"), ("email", "sam@example.com"), ("password", PASSWORD)];
    let begun = site.post("/sign-up").form(&form).expect(StatusCode::SEE_OTHER).await;
    let attempt = begun.location().to_owned();
    site.get(&attempt).expect(StatusCode::OK).await;
    let wrong = site.post(&attempt).form(&[("code", "000000")]).expect(StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(wrong.text().contains("That is not the code"), "{}", wrong.text());
    let code = site.code("sam@example.com").await;
    let done = site.post(&attempt).form(&[("code", &code)]).expect(StatusCode::SEE_OTHER).await;
    assert_eq!(done.location(), "/organizations/new");
    let sam = Person { id: String::new(), email: String::new(), token: done.cookie(SESSION).unwrap() };
    let made = site.post("/organizations").cookie(&sam).form(&[("name", "Acme"), ("slug", "")]);
    let made = made.expect(StatusCode::SEE_OTHER).await;
    assert_eq!(made.location(), "/organizations/acme/projects");
    let list = site.get("/organizations").cookie(&sam).expect(StatusCode::OK).await;
    assert!(list.text().contains("Acme"));
}

#[tokio::test]
async fn a_form_that_was_not_taken_comes_back_with_its_mistakes_and_without_the_password() {
    let site = Site::new().await;
    let form = [("name", "Sam"), ("email", "nobody"), ("password", "canary-1")];
    let page = site.post("/sign-up").form(&form).expect(StatusCode::UNPROCESSABLE_ENTITY).await.text();
    assert!(page.contains("Type an e-mail address") && page.contains("value=\"Sam\""), "{page}");
    assert!(!page.contains("canary-1"));
}

#[tokio::test]
async fn r_in_5_a_known_and_an_unknown_address_get_the_same_page() {
    let site = Site::new().await;
    site.person("sam").await;
    let known = sign_in(&site, "sam@example.com", "wrong wrong wrong", None).await;
    let unknown = sign_in(&site, "kim@example.com", "wrong wrong wrong", None).await;
    assert_eq!((known.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(known.text().replace("sam@", "kim@"), unknown.text());
    assert_eq!(known.headers, unknown.headers);
}

#[tokio::test]
async fn t_web_3_the_session_is_a_new_one_after_every_sign_in() {
    let site = Site::new().await;
    site.person("sam").await;
    let first = sign_in(&site, "sam@example.com", PASSWORD, None).await;
    assert_eq!((first.status, first.location()), (StatusCode::SEE_OTHER, "/organizations"));
    let second = sign_in(&site, "sam@example.com", PASSWORD, None).await;
    assert_ne!(first.cookie(SESSION), second.cookie(SESSION));
}

#[tokio::test]
async fn who_was_asked_to_sign_in_comes_back_to_where_they_were() {
    let site = Site::new().await;
    site.person("sam").await;
    let wanted = "/organizations/acme/members?filter=owners";
    let sent = site.get(wanted).expect(StatusCode::SEE_OTHER).await;
    assert_eq!(sent.location(), "/sign-in");
    let remembered = sent.cookie(RETURN).unwrap();
    assert_eq!(remembered, wanted);
    let back = sign_in(&site, "sam@example.com", PASSWORD, Some(&remembered)).await;
    assert_eq!(back.location(), wanted);
    assert_eq!(back.cookie(RETURN).as_deref(), Some(""), "followed once");
}

#[tokio::test]
async fn t_web_1_no_address_sends_a_browser_to_another_host() {
    let site = Site::new().await;
    site.person("sam").await;
    for foreign in [
        "//evil.example",
        "/\\evil.example",
        "/%2f%2fevil.example",
        "javascript:alert(1)",
        "https://evil.example",
        "/x@evil.example",
        "/\t/evil.example",
        "/a%0d%0aSet-Cookie:x=y",
        "/\u{ff0f}evil.example",
    ] {
        let query = serde_urlencoded::to_string([("return_to", foreign)]).unwrap();
        let page = site.get(&format!("/sign-in?{query}")).expect(StatusCode::OK).await;
        assert_eq!(page.cookie(RETURN), None, "{foreign:?}");
        if foreign.is_ascii() && !foreign.contains('\t') {
            let answer = sign_in(&site, "sam@example.com", PASSWORD, Some(foreign)).await;
            assert_eq!(answer.location(), "/organizations", "{foreign:?}");
        }
    }
    let page = site.get("/sign-in?return_to=%2Fapp%2Freports%3Fa%3D1").expect(StatusCode::OK).await;
    assert_eq!(page.cookie(RETURN).as_deref(), Some("/app/reports?a=1"));
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_says_so_and_takes_the_cookie_back() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    site.ask(axum::http::Method::DELETE, "/api/v1/session").bearer(&sam).expect(StatusCode::NO_CONTENT).await;
    let answer = site.post("/organizations").cookie(&sam).form(&[("name", "Acme"), ("slug", "")]);
    let answer = answer.expect(StatusCode::UNAUTHORIZED).await;
    assert!(answer.text().contains("was not done"), "{}", answer.text());
    assert_eq!(answer.cookie(SESSION).as_deref(), Some(""));
}

#[tokio::test]
async fn r_in_8_a_far_reaching_act_sends_for_a_fresh_proof_and_back() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let slug = site.organization(&sam, "Acme").await;
    site.advance(20);
    let path = format!("/organizations/{slug}/connections");
    let answer = site.post(&path).cookie(&sam).form(&[("kind", "okta-oidc")]).expect(StatusCode::SEE_OTHER).await;
    assert_eq!(answer.location(), format!("/account/proof?organization={slug}"));
    assert_eq!(answer.cookie(RETURN), Some(format!("/organizations/{slug}/connections/new")));
}

#[tokio::test]
async fn a_page_that_is_not_there_is_a_page() {
    let site = Site::new().await;
    let answer = site.get("/nowhere").expect(StatusCode::NOT_FOUND).await;
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.text().contains("Nothing is here") && answer.text().contains("Reference"));
}
