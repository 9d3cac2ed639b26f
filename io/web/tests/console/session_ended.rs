//! The page that says why a session ended: enforced SSO ended it (R-ENF-6, R-ENF-7).

use http::StatusCode;

use crate::browser::{Browser, Console};

const ENABLE: [(&str, &str); 3] =
    [("owner_exemption", "true"), ("forecast", "owners-exempt"), ("confirmation", "acme")];

/// Two people in an organization that enforces its SSO since a moment.
async fn enforced(console: &Console) -> (Browser<'_>, Browser<'_>) {
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    console.connection(&olga, "acme").await;
    olga.submit("/organizations/acme/enforcement", &ENABLE).await;
    (olga, mia)
}

#[tokio::test]
async fn a_members_next_click_shows_the_organization_and_its_sso() {
    let console = Console::new().await;
    let (_, mia) = enforced(&console).await;
    let answer = mia.get("/organizations/acme/projects").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    answer
        .says(&[
            "Your session ended",
            "The acme now asks its members to sign in through its SSO, so your session ended. Sign in again",
            "action=\"/sign-in/acme\"",
            "Continue with The acme's SSO",
        ])
        .says_nothing_of(&["Nothing you sent was done."]);
    assert!(!mia.has_session(), "the dead session is forgotten");
    assert_eq!(mia.cookie("__Host-orgate-return").as_deref(), Some("/organizations/acme/projects"));
    assert_eq!(mia.get("/organizations/acme/projects").await.location(), "/sign-in");
}

#[tokio::test]
async fn a_form_that_was_sent_is_said_to_be_lost_and_its_page_is_come_back_to() {
    let console = Console::new().await;
    let (_, mia) = enforced(&console).await;
    let answer = mia.post("/account/profile", &[("name", "Maria")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    answer.says(&["Nothing you sent was done.", "action=\"/sign-in/acme\""]);
    assert_eq!(mia.cookie("__Host-orgate-return").as_deref(), Some("/account/profile"));
}

#[tokio::test]
async fn an_owner_who_gives_up_the_role_is_not_told_that_nothing_was_done() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let oona = console.member(&olga, "acme", "oona", "owner").await;
    console.connection(&olga, "acme").await;
    olga.submit("/organizations/acme/enforcement", &ENABLE).await;
    let own = format!("/organizations/acme/members/{}", oona.user_id().await);
    assert_eq!(oona.post(&own, &[("role", "member")]).await.location(), "/organizations/acme/projects");
    let ended = oona.get("/organizations/acme/projects").await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED, "it exempts Owners only");
    ended.says(&["Your session ended"]).says_nothing_of(&["Nothing you sent was done."]);
    olga.open("/organizations/acme/members?filter=owners").await.says_nothing_of(&["oona@example.com"]);
}

#[tokio::test]
async fn signing_out_of_a_session_that_ended_is_signing_out() {
    let console = Console::new().await;
    let (_, mia) = enforced(&console).await;
    assert_eq!(mia.post("/sign-out", &[]).await.location(), "/signed-out");
    assert!(!mia.has_session());
}

#[tokio::test]
async fn r_in_9_an_organization_that_the_session_may_not_know_is_not_named() {
    let console = Console::new().await;
    let zoe = console.owner("zoe", "zeta").await;
    console.connection(&zoe, "zeta").await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    // In another browser she came in through zeta's SSO alone, which knows nothing of acme.
    console.member_again(&zoe, "zeta", &mia).await;
    let by_zeta = console.by_sso(&zoe, "zeta", &mia).await;
    console.connection(&olga, "acme").await;
    olga.submit("/organizations/acme/enforcement", &ENABLE).await;
    let answer = by_zeta.get("/organizations/zeta/projects").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    answer
        .says(&["An organization you belong to now asks its members", "href=\"/sign-in\""])
        .says_nothing_of(&["The acme", "/sign-in/acme"]);
}
