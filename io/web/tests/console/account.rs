//! `/account`.

use http::StatusCode;

use crate::browser::Console;
use crate::support::PASSWORD;

const NEW: &str = "nine brass herons above Tartu";

#[tokio::test]
async fn a_name_and_a_theme_are_changed() {
    let console = Console::new().await;
    let olga = console.person("olga").await;
    assert_eq!(olga.get("/account").await.location(), "/account/profile");
    olga.submit("/account/profile", &[("name", "Olga Vale")])
        .await
        .says(&["Your name is saved.", "value=\"Olga Vale\""]);
    let wrong = olga.post("/account/profile", &[("name", " ")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["aria-invalid"]);
    olga.submit("/account/appearance", &[("theme", "dark")]).await.says(&["data-theme=\"dark\""]);
    olga.submit("/account/appearance", &[("theme", "system")]).await.says_nothing_of(&["data-theme"]);
    assert_eq!(olga.post("/account/appearance", &[("theme", "neon")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_a_wrong_one_is_said_at_its_field() {
    let console = Console::new().await;
    let olga = console.person("olga").await;
    let other = console.browser();
    let sign_in = |password| [("email", "olga@example.com"), ("password", password)];
    other.post("/sign-in", &sign_in(PASSWORD)).await;
    other.open("/organizations").await;

    let wrong = olga.post("/account/security/password", &[("current_password", "no"), ("new_password", NEW)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["This is not your current password."]).says_nothing_of(&[NEW]);
    let short =
        olga.post("/account/security/password", &[("current_password", PASSWORD), ("new_password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    short.says(&["id=\"new_password-error\""]);
    olga.submit("/account/security/password", &[("current_password", PASSWORD), ("new_password", NEW)])
        .await
        .says(&["Your password is changed"]);
    assert_eq!(other.get("/organizations").await.location(), "/sign-in");
    assert_eq!(other.post("/sign-in", &sign_in(NEW)).await.location(), "/organizations");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_at_once() {
    let console = Console::new().await;
    let olga = console.person("olga").await;
    let others = [console.browser(), console.browser(), console.browser()];
    for other in &others {
        other.post("/sign-in", &[("email", "olga@example.com"), ("password", PASSWORD)]).await;
    }
    let page = olga.open("/account/security").await;
    page.says(&["This browser", "with password", "End all others"]);
    let end = page.text.split("action=\"").find(|piece| piece.starts_with("/account/security/sessions/")).unwrap();
    olga.submit(end.split('"').next().unwrap(), &[]).await.says(&["That session is over."]);
    olga.open("/account/other-sessions/removal").await.says(&["<b>2</b>", "other browsers are signed out"]);
    olga.submit("/account/other-sessions/removal", &[])
        .await
        .says(&["2 other sessions are over."])
        .says_nothing_of(&["End all others"]);
    for other in &others {
        assert_eq!(other.get("/organizations").await.location(), "/sign-in");
    }
}

#[tokio::test]
async fn another_persons_session_is_not_found() {
    let console = Console::new().await;
    let olga = console.person("olga").await;
    let mia = console.person("mia").await;
    let elsewhere = console.browser();
    elsewhere.post("/sign-in", &[("email", "mia@example.com"), ("password", PASSWORD)]).await;
    let page = mia.open("/account/security").await;
    let end = page.text.split("action=\"").find(|piece| piece.starts_with("/account/security/sessions/")).unwrap();
    let end = end.split('"').next().unwrap();
    assert_eq!(olga.post(end, &[]).await.status, StatusCode::NOT_FOUND);
    elsewhere.open("/organizations").await;
    mia.submit(end, &[]).await;
    assert_eq!(elsewhere.get("/organizations").await.location(), "/sign-in");
}

#[tokio::test]
async fn memberships_say_who_cannot_leave_and_why() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    olga.open("/account/organizations").await.says(&["You are its last Owner."]).says_nothing_of(&["/departure"]);
    mia.open("/account/organizations").await.says(&["Member, joined", "/organizations/acme/departure"]);
}
