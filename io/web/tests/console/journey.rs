//! The way of two people from nothing to a shared project and apart again.

use http::StatusCode;

use crate::browser::Console;
use crate::support::PASSWORD;

#[tokio::test]
async fn a_person_signs_up_founds_an_organization_and_shares_a_project_until_it_ends() {
    let console = Console::new().await;
    let owner = console.browser();

    let begun =
        owner.post("/sign-up", &[("name", "Olga"), ("email", "olga@example.com"), ("password", PASSWORD)]).await;
    let code = console.bed.next_code("olga@example.com").await;
    let verified = owner.post(begun.location(), &[("code", &code)]).await;
    assert_eq!(verified.location(), "/organizations/new");
    owner.open("/organizations/new").await.says(&["Name your organization"]);
    owner
        .submit("/organizations", &[("name", "Acme Robotics"), ("slug", "")])
        .await
        .says(&["Acme Robotics is ready", "No project yet"]);

    let project = owner.submit("/organizations/acme-robotics/projects", &[("name", "Falcon")]).await;
    project.says(&["Falcon is created", "Your role: Admin"]);
    let id = project.id("prj_");

    let field = format!("project.{id}");
    let invited = owner
        .post(
            "/organizations/acme-robotics/invitations",
            &[("emails", "mia@example.com"), ("role", "member"), (&field, "read_write")],
        )
        .await;
    invited.says(&["Invitations are on their way", "mia@example.com", "https://orgate.example.com/invitations/"]);

    let mia = console.browser();
    let link = console.invitation("mia@example.com").await;
    mia.open(&link).await.says(&[
        "Join Acme Robotics",
        "Olga invites you",
        "Falcon (read and write)",
        "Create an account",
    ]);
    let begun = mia.post("/sign-up", &[("name", "Mia"), ("email", "mia@example.com"), ("password", PASSWORD)]).await;
    let code = console.bed.next_code("mia@example.com").await;
    let back = mia.post(begun.location(), &[("code", &code)]).await;
    assert_eq!(back.location(), link, "who signed up for an invitation comes back to it");
    mia.open(&link).await.says(&["This organization can require its SSO for all your sign-ins."]);
    mia.submit(&format!("{link}/acceptance"), &[]).await.says(&[
        "You are in Acme Robotics now",
        "Falcon",
        "Read and write",
    ]);
    let project_url = format!("/organizations/acme-robotics/projects/{id}");
    mia.open(&project_url).await.says(&["Your role: Read and write"]).says_nothing_of(&["Add somebody"]);

    let mia_id = mia.user_id().await;
    owner
        .submit(&format!("{project_url}/members/{mia_id}"), &[("role", "admin")])
        .await
        .says(&["The role is admin now."]);
    mia.open(&project_url).await.says(&["Your role: Admin", "Add somebody"]);

    let member_url = format!("/organizations/acme-robotics/members/{mia_id}");
    owner
        .open(&format!("{member_url}/removal"))
        .await
        .says(&["Remove Mia from Acme Robotics?", "project closes to them"]);
    owner
        .submit(&format!("{member_url}/removal"), &[])
        .await
        .says(&["The member is removed."])
        .says_nothing_of(&[">Mia<"]);
    assert_eq!(mia.get(&project_url).await.status, StatusCode::NOT_FOUND);
    mia.open("/organizations").await.says(&["You are in no organization"]);
}

#[tokio::test]
async fn another_code_for_a_new_account_is_said_to_be_on_its_way() {
    let console = Console::new().await;
    let sam = console.browser();
    let form = [("name", "Sam"), ("email", "sam@example.com"), ("password", PASSWORD)];
    let begun = sam.post("/sign-up", &form).await;
    sam.open(begun.location()).await.says(&["Confirm your address"]).says_nothing_of(&["A new code is on its way."]);
    console.bed.next_code("sam@example.com").await;
    let again = sam.post(&format!("{}/code", begun.location()), &[]).await;
    sam.open(again.location()).await.says(&["A new code is on its way."]);
    let code = console.bed.next_code("sam@example.com").await;
    assert_eq!(sam.post(again.location(), &[("code", &code)]).await.location(), "/organizations/new");
}

#[tokio::test]
async fn without_a_session_every_way_in_leads_to_sign_in_and_back() {
    let console = Console::new().await;
    drop(console.owner("olga", "acme").await);
    let browser = console.browser();
    assert_eq!(browser.get("/").await.location(), "/organizations");
    assert_eq!(browser.get("/organizations/acme/members?filter=owners").await.location(), "/sign-in");
    let answer = browser.post("/sign-in", &[("email", "olga@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/organizations/acme/members?filter=owners");
    assert_eq!(browser.get("/organizations/acme").await.location(), "/organizations/acme/projects");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_a_form_sent_afterwards_says_that_it_was_lost() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let elsewhere = console.browser();
    elsewhere.post("/sign-in", &[("email", "olga@example.com"), ("password", PASSWORD)]).await;

    olga.submit("/sign-out", &[]).await.says(&["You are signed out"]);
    assert!(!olga.has_session());
    assert_eq!(olga.get("/organizations").await.location(), "/sign-in");
    let lost = olga.post("/organizations/acme/projects", &[("name", "Falcon")]).await;
    assert_eq!(lost.status, StatusCode::UNAUTHORIZED);
    lost.says(&["what you sent was not done", "you come back to where you were"]);
    let sign_in = [("email", "olga@example.com"), ("password", PASSWORD)];
    assert_eq!(olga.post("/sign-in", &sign_in).await.location(), "/organizations/acme/projects/new");
    elsewhere.open("/organizations/acme/projects").await.says(&["No project yet"]);
}
