//! `/organizations`, `/organizations/{slug}/settings` and `/departure`.

use http::StatusCode;

use crate::browser::Console;
use crate::support::Bed;

#[tokio::test]
async fn a_taken_short_name_is_said_at_its_field_and_the_name_stays() {
    let console = Console::new().await;
    drop(console.owner("olga", "acme").await);
    let mia = console.person("mia").await;
    let answer = mia.post("/organizations", &[("name", "Acme Two"), ("slug", "acme")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&[
        "That short name is taken.",
        "value=\"Acme Two\"",
        "value=\"acme\"",
        "https://orgate.example.com/sign-in/",
    ]);
    let answer = mia.post("/organizations", &[("name", ""), ("slug", "A B")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["id=\"name-error\"", "id=\"slug-error\""]);
}

#[tokio::test]
async fn the_switcher_names_the_other_organizations_and_the_first_form_has_no_way_back() {
    let console = Console::new().await;
    let olga = console.person("olga").await;
    olga.open("/organizations/new").await.says(&["Name your organization"]).says_nothing_of(&["Cancel"]);
    olga.submit("/organizations", &[("name", "Acme"), ("slug", "acme")]).await;
    olga.open("/organizations/new").await.says(&["New organization", "Cancel"]);
    olga.submit("/organizations", &[("name", "Zeta"), ("slug", "zeta")]).await;
    olga.open("/organizations/acme/projects").await.says(&["href=\"/organizations/zeta/projects\""]);
    olga.open("/organizations").await.says(&["Acme", "Zeta", "Owner · zeta"]);
}

#[tokio::test]
async fn r_org_2_who_may_create_no_organization_is_offered_none() {
    let console = Console::over(Bed::sqlite_with(&[("ORGATE_LIMIT_ORGANIZATIONS", "1")]).await);
    let olga = console.person("olga").await;
    let button = "<a class=\"button primary\" href=\"/organizations/new\"";
    olga.open("/organizations").await.says(&[button, "or create an organization of your own"]);
    olga.submit("/organizations", &[("name", "Acme"), ("slug", "acme")]).await.says(&["New organization"]);
    let refused = olga.get("/organizations/new").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says(&["You cannot create another organization"]);
    olga.open("/organizations").await.says(&["Acme"]).says_nothing_of(&[button]);

    // R-IN-9: the account of somebody with an SSO proof alone is closed.
    let kim = console.born_by_sso(&olga, "acme", "kim").await;
    assert_eq!(kim.get("/organizations/new").await.location(), "/account/proof");
    kim.open("/organizations/acme/projects").await.says_nothing_of(&["New organization"]);
    kim.open("/organizations").await.says_nothing_of(&["New organization"]);
}

#[tokio::test]
async fn an_owner_renames_the_organization_and_a_member_only_reads() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let url = "/organizations/acme/settings";
    olga.submit(url, &[("name", "Acme Robotics")]).await.says(&["The new name is saved.", "value=\"Acme Robotics\""]);
    let wrong = olga.post(url, &[("name", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["aria-invalid"]);
    mia.open(url)
        .await
        .says(&["Acme Robotics", "https://orgate.example.com/sign-in/acme", "Leave"])
        .says_nothing_of(&["Single Sign-On</a>", "/deletion", "Members</a>"]);
    assert_eq!(mia.post(url, &[("name", "Mine")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_member_leaves_after_reading_what_that_means() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    mia.open("/organizations/acme/departure")
        .await
        .says(&["Leave The acme?", "Your role here and in its projects ends at once."]);
    mia.submit("/organizations/acme/departure", &[]).await.says(&["You have left the organization."]);
    assert_eq!(mia.get("/organizations/acme/projects").await.status, StatusCode::NOT_FOUND);
}
