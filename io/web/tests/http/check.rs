//! R-API-2: `GET /check`.

use axum::http::StatusCode;
use orgate_core::id::{Identifier as _, UserId};
use orgate_core::proof::{Proof, Proofs};
use serde_json::{Value, json};

use crate::support::{PUBLIC_URL, Person, Site, text};

#[tokio::test]
async fn an_open_organization_names_the_person_and_their_role() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let organization = site.get(&format!("/api/v1/organizations/{slug}")).bearer(&owner).send().await.json();
    let id = organization["id"].as_str().unwrap();
    for (named, by_cookie) in [(slug.as_str(), false), (slug.as_str(), true), (id, false)] {
        let ask = site.get(&format!("/check?organization={named}"));
        let ask = if by_cookie { ask.cookie(&owner) } else { ask.bearer(&owner) };
        let answer = ask.expect(StatusCode::OK).await;
        assert_eq!(answer.header("x-orgate-user"), owner.id);
        assert_eq!(answer.header("x-orgate-email"), "sam@example.com");
        assert_eq!(answer.header("x-orgate-organization"), id);
        assert_eq!(answer.header("x-orgate-role"), "owner");
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn without_a_session_it_says_where_to_sign_in() {
    let site = Site::new().await;
    for ask in [
        site.get("/check?organization=acme"),
        site.get("/check?organization=acme").header("authorization", "Bearer nonsense"),
        site.get("/check?organization=acme").header("cookie", &format!("__Host-orgate-session={}", "A".repeat(43))),
    ] {
        let answer = ask.expect(StatusCode::UNAUTHORIZED).await;
        assert_eq!(answer.header("x-orgate-code"), "no-session");
        assert_eq!(answer.header("x-orgate-sign-in"), format!("{PUBLIC_URL}/sign-in"));
        assert_eq!(answer.maybe("x-orgate-user"), None);
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn another_organization_and_one_that_does_not_exist_are_told_apart_by_nothing() {
    let site = Site::new().await;
    let (sam, kim) = (site.person("sam").await, site.person("kim").await);
    let slug = site.organization(&sam, "Acme").await;
    let others = site.get(&format!("/check?organization={slug}")).bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    let nobodys = site.get("/check?organization=nowhere").bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    assert_eq!(others.header("x-orgate-code"), "not-an-organization-member");
    assert_eq!(others.headers, nobodys.headers);
    assert!(others.body.is_empty() && nobodys.body.is_empty());
}

#[tokio::test]
async fn where_to_go_on_is_named_by_the_short_name_whatever_was_asked_by() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let kim = site.member(&owner, &slug, "kim").await;
    let organization = site.get(&format!("/api/v1/organizations/{slug}")).bearer(&owner).send().await.json();
    let id = organization["id"].as_str().unwrap();
    site.advance(1);
    let proofs = format!("/api/v1/organizations/{slug}/members/{}/proofs", kim.id);
    site.ask(axum::http::Method::DELETE, &proofs).bearer(&owner).expect(StatusCode::NO_CONTENT).await;
    for named in [slug.as_str(), id] {
        let answer = site.get(&format!("/check?organization={named}")).bearer(&kim).expect(StatusCode::FORBIDDEN).await;
        assert_eq!(answer.header("x-orgate-code"), "needs-proof");
        let address = format!("{PUBLIC_URL}/account/proof?organization={slug}");
        assert_eq!(answer.header("x-orgate-sign-in"), address, "{named}");
    }
}

/// By `/check`, the API and the console, which have one answer.
#[tokio::test]
async fn r_in_9_r_org_6_an_sso_proof_alone_is_told_nothing_of_any_other_organization() {
    let site = Site::new().await;
    let (sam, olga) = (site.person("sam").await, site.person("olga").await);
    let own = site.organization(&olga, "Bolt").await;
    let (open, foreign) = (site.organization(&sam, "Acme").await, site.organization(&sam, "Zeta").await);
    let strict = site.organization(&sam, "Cobalt").await;
    for slug in [&open, &strict] {
        let invited = json!({ "emails": [olga.email], "role": "member" });
        let path = format!("/api/v1/organizations/{slug}/invitations");
        site.post(&path).bearer(&sam).json(&invited).expect(StatusCode::CREATED).await;
        let token = site.token(&olga.email, "/invitations/").await;
        site.post(&format!("/api/v1/invitations/{token}/acceptance")).bearer(&olga).expect(StatusCode::OK).await;
    }
    let id_of_own = site.connection(&olga, &own).await;
    for slug in [&foreign, &strict] {
        site.connection(&sam, slug).await;
    }
    let path = format!("/api/v1/organizations/{strict}/sso-enforcement");
    let on = json!({ "enabled": true, "confirm": true });
    site.ask(axum::http::Method::PUT, &path).bearer(&sam).json(&on).expect(StatusCode::OK).await;

    let by_own = site.by_sso(&olga, &id_of_own).await;
    site.get(&format!("/check?organization={own}")).bearer(&by_own).expect(StatusCode::OK).await;
    let acme = site.get(&format!("/api/v1/organizations/{open}")).bearer(&sam).expect(StatusCode::OK).await.json();
    let id = text(&acme["id"]);
    let (mut answers, mut pages) = (Vec::new(), Vec::new());
    for named in [open.as_str(), id.as_str(), "nowhere", strict.as_str(), foreign.as_str()] {
        let check = site.get(&format!("/check?organization={named}")).bearer(&by_own).send().await;
        let mut problem = site.get(&format!("/api/v1/organizations/{named}")).bearer(&by_own).send().await.json();
        problem["reference"] = Value::Null;
        let console = site.get(&format!("/organizations/{named}/projects")).cookie(&by_own).send().await;
        let proof = format!("/account/proof?organization={named}");
        let page = site.get(&proof).cookie(&by_own).expect(StatusCode::OK).await;
        assert_eq!((check.status, check.header("x-orgate-code")), (StatusCode::FORBIDDEN, "needs-proof"), "{named}");
        assert_eq!(check.header("x-orgate-sign-in"), format!("{PUBLIC_URL}{proof}"));
        assert_eq!((console.status, console.location()), (StatusCode::SEE_OTHER, proof.as_str()));
        assert!(check.body.is_empty());
        answers.push((problem, console.text().replace(named, "?")));
        pages.push(page.text().replace(named, "?"));
    }
    assert_eq!(answers[0].0["code"], "needs-proof");
    for other in &answers[1..] {
        assert_eq!(*other, answers[0]);
    }
    // Whether an organization has single sign-on its login address says to everybody; the page offers it, member or not.
    assert_eq!((&pages[1], &pages[2]), (&pages[0], &pages[0]));
    assert_eq!(pages[3], pages[4]);
    assert!(pages[3].contains("Continue with SSO") && !pages[0].contains("Continue with SSO"));
    // With a password on top the true answers follow.
    let proofs = Proofs::of(site.bed.sso_proof(&id_of_own, None).await);
    let proofs = proofs.with(Proof::Password { at: site.app.now() });
    let token = site.bed.session_token(&UserId::parse(&olga.id).unwrap(), proofs).await.reveal().to_string();
    let by_both = Person { token, ..olga.clone() };
    site.get(&format!("/check?organization={open}")).bearer(&by_both).expect(StatusCode::OK).await;
    let true_answers = [
        (&strict, "needs-sso", "needs-sso"),
        (&foreign, "not-an-organization-member", "not-found"),
        (&"nowhere".to_owned(), "not-an-organization-member", "not-found"),
    ];
    for (named, by_check, by_api) in true_answers {
        let check = site.get(&format!("/check?organization={named}")).bearer(&by_both).send().await;
        assert_eq!(check.header("x-orgate-code"), by_check, "{named}");
        let problem = site.get(&format!("/api/v1/organizations/{named}")).bearer(&by_both).send().await.json();
        assert_eq!(problem["code"], by_api, "{named}");
    }
}

#[tokio::test]
async fn a_name_that_goes_back_as_it_came_adds_nothing_to_the_address() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let by_sso = site.by_sso(&owner, &site.connection(&owner, &slug).await).await;
    let typed = "/check?organization=a%26with%3Dtotp%0D%0A";
    let answer = site.get(typed).bearer(&by_sso).expect(StatusCode::FORBIDDEN).await;
    let address = format!("{PUBLIC_URL}/account/proof?organization=a%26with%3Dtotp%0D%0A");
    assert_eq!(answer.header("x-orgate-sign-in"), address);
}

#[tokio::test]
async fn it_never_answers_from_the_past() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let kim = site.member(&owner, &slug, "kim").await;
    let path = format!("/check?organization={slug}");
    site.get(&path).bearer(&kim).expect(StatusCode::OK).await;
    let member = format!("/api/v1/organizations/{slug}/members/{}", kim.id);
    site.ask(axum::http::Method::PATCH, &member)
        .bearer(&owner)
        .json(&json!({ "role": "owner" }))
        .expect(StatusCode::OK)
        .await;
    assert_eq!(site.get(&path).bearer(&kim).send().await.header("x-orgate-role"), "owner");
    site.ask(axum::http::Method::DELETE, &member).bearer(&owner).expect(StatusCode::NO_CONTENT).await;
    site.get(&path).bearer(&kim).expect(StatusCode::FORBIDDEN).await;
    site.ask(axum::http::Method::DELETE, "/api/v1/session").bearer(&kim).expect(StatusCode::NO_CONTENT).await;
    site.get(&path).bearer(&kim).expect(StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn a_session_ends_by_itself_and_use_is_noted_in_memory_only() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let path = format!("/check?organization={slug}");
    site.advance(5 * 60 + 55);
    site.get(&path).bearer(&owner).expect(StatusCode::OK).await;
    assert_eq!(orgate_app::session::flush(&site.app).await.unwrap(), 1);
    site.advance(5 * 60 + 55);
    site.get(&path).bearer(&owner).expect(StatusCode::OK).await;
    // That use was not written: six hours after the one that was, the session is idle too long.
    site.advance(10);
    site.get(&path).bearer(&owner).expect(StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn a_question_without_an_organization_is_none() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    site.get("/check").bearer(&owner).expect(StatusCode::BAD_REQUEST).await;
    site.get("/check?organization=").bearer(&owner).expect(StatusCode::FORBIDDEN).await;
}
