//! The provider's pages, as a person and as a hostile web page meet them.

use crate::common::{Browser, start};

#[tokio::test]
async fn the_sign_in_page_lists_the_people_and_says_who_is_not_assigned() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let page = browser.get(&browser.request(&[])).await;
    assert!(page.body.contains("Identity provider of the demonstration"));
    assert!(page.body.contains("Sign in to Orgate"));
    assert!(page.body.contains("Sign in as Dana Reyes"));
    assert_eq!(page.body.matches("Not assigned here").count(), 1);
    let policy = page.policy.unwrap();
    assert!(policy.contains("form-action 'self' https://orgate.example;"), "the form's redirect may leave: {policy}");
}

#[tokio::test]
async fn a_person_finds_their_tiles_with_the_issuer_and_signs_out() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let signed_in = browser.post("/sign-in", &[("subject", "00udana"), ("request", "")], &[]).await;
    assert_eq!(signed_in.location.as_deref(), Some("/"));
    let cookie = signed_in.cookie.clone().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");

    let browser = signed_in.with_cookie(&browser);
    let home = browser.get("/").await.body;
    let issuer: String = url::form_urlencoded::byte_serialize(idp.issuer().as_bytes()).collect();
    assert!(home.contains(&format!("https://orgate.example/sso/oidc/con_1/initiate?iss={issuer}")), "{home}");
    assert_eq!(browser.post("/sign-out", &[], &[]).await.status, 303);
    assert!(browser.get("/").await.body.contains("Sign in as Dana Reyes"));
}

#[tokio::test]
async fn an_administrator_follows_the_guide_by_hand() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let form = [
        ("name", "Acme's <Orgate>"),
        ("redirect_uris", " https://orgate.example/sso/oidc/con_2/callback \r\n"),
        ("initiate_login_uri", ""),
        ("access", "nobody"),
    ];
    let created = browser.post("/admin", &form, &[]).await;
    assert_eq!(created.status, 303, "{}", created.body);
    let application = idp.applications().pop().unwrap();
    assert_eq!(application.redirect_uris, ["https://orgate.example/sso/oidc/con_2/callback"]);
    assert!(application.assigned.is_empty() && application.initiate_login_uri.is_none());

    let path = format!("/admin/{}", application.client_id);
    let page = browser.get(&path).await.body;
    for value in [&application.client_id, &application.client_secret, idp.issuer()] {
        assert!(page.contains(value), "the page shows {value}");
    }
    assert!(!page.contains("<Orgate>"), "a name is text");

    let assign = [("subject", "00udana"), ("assigned", "true")];
    assert_eq!(browser.post(&format!("{path}/assignments"), &assign, &[]).await.status, 303);
    assert!(idp.applications().pop().unwrap().assigned.contains("00udana"));

    assert_eq!(browser.post(&format!("{path}/secret"), &[], &[]).await.status, 303);
    let rotated = idp.applications().pop().unwrap();
    assert_ne!(rotated.client_secret, application.client_secret);

    let edit = [("name", "Orgate"), ("redirect_uris", "https://orgate.example/a\nhttps://orgate.example/b")];
    assert_eq!(browser.post(&path, &edit, &[]).await.status, 303);
    let edited = idp.applications().pop().unwrap();
    assert_eq!(edited.redirect_uris.len(), 2);
    assert!(edited.assigned.contains("00udana"), "an edit leaves assignments");
}

#[tokio::test]
async fn a_refused_form_comes_back_with_the_reason_and_what_was_typed() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    for (uris, reason) in [("orgate.example/callback", "not a full address"), ("", "Paste at least one address")] {
        let page = browser.post("/admin", &[("name", "My new app"), ("redirect_uris", uris)], &[]).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(reason) && page.body.contains("My new app"), "{}", page.body);
    }
    assert_eq!(idp.applications().len(), 1, "nothing was created");
}

#[tokio::test]
async fn another_sites_form_and_another_host_name_change_nothing() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let form = "name=Evil&redirect_uris=https%3A%2F%2Fevil.example".to_owned();
    for (headers, status) in [
        ([("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], 403),
        ([("host", "evil.example"), ("sec-fetch-site", "same-origin")], 421),
    ] {
        assert_eq!(browser.send("POST", "/admin", form.clone(), &headers).await.status, status, "{headers:?}");
    }
    assert_eq!(idp.applications().len(), 1);
}

#[tokio::test]
async fn unknown_people_applications_and_pages_get_a_page_that_says_so() {
    let (idp, _clock) = start().await;
    let browser = Browser::new(&idp);
    let nobody = browser.post("/sign-in", &[("subject", "00unobody"), ("request", "")], &[]).await;
    assert_eq!((nobody.status, nobody.cookie), (400, None));
    assert_eq!(browser.get("/admin/0oanobody").await.status, 404);
    assert_eq!(browser.get("/nowhere").await.status, 404);
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let settings = orgate_demo_idp::Settings {
        address: ([192, 0, 2, 1], 0).into(),
        issuer: None,
        organization: String::new(),
        people: Vec::new(),
        applications: Vec::new(),
        state_file: None,
        thin_id_tokens: true,
    };
    let effects = orgate_demo_idp::Effects { now: std::sync::Arc::new(|| 0), fill: std::sync::Arc::new(|_| ()) };
    assert!(matches!(
        orgate_demo_idp::Server::start(settings, effects).await,
        Err(orgate_demo_idp::StartError::NotLoopback(_))
    ));
}
