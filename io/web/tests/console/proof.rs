//! What a session that an SSO proof alone made may not open, and where it leads (R-IN-9, R-LNK-6).

use http::StatusCode;

use crate::browser::Console;

#[tokio::test]
async fn r_in_9_the_account_opens_to_an_sso_proof_only_with_a_mailed_code() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let kim = console.born_by_sso(&olga, "acme", "kim").await;
    kim.open("/organizations/acme/projects").await.says(&["You have no project yet"]);
    for (path, fields) in [
        ("/account/other-sessions/removal", &[][..]),
        ("/account/security/password", &[("new_password", "nine brass herons above Tartu")]),
        ("/organizations", &[("name", "Mine"), ("slug", "mine")]),
    ] {
        assert_eq!(kim.post(path, fields).await.location(), "/account/proof", "{path}");
    }
    assert_eq!(kim.get("/account/security").await.location(), "/account/proof");

    let page = kim.submit("/account/address-proof", &[]).await;
    page.says(&["Make the address yours", "kim@example.com"]).says_nothing_of(&["A new code is on its way."]);
    console.bed.next_code("kim@example.com").await;
    kim.submit("/account/address-proof/code/again", &[]).await.says(&["A new code is on its way."]);
    let code = console.bed.next_code("kim@example.com").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let again = kim.post("/account/address-proof/code", &[("code", wrong)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.says(&["That is not the code"]);
    let proven = kim.post("/account/address-proof/code", &[("code", &code)]).await;
    assert_eq!(proven.location(), "/account/security", "the page that was wanted first");
    kim.open("/account/security").await.says(&["Proven", "SSO of The acme, mailed code", "You have none."]);
}

#[tokio::test]
async fn a_form_that_needed_a_proof_leads_back_to_the_page_that_has_it() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let member = format!("/organizations/acme/members/{}", mia.user_id().await);
    console.bed.advance(16);
    let invite = [("emails", "kim@example.com"), ("role", "owner")];
    for (path, fields, form) in [
        (member.as_str(), &[("role", "owner")][..], member.as_str()),
        ("/organizations/acme/invitations", &invite, "/organizations/acme/invitations/new"),
    ] {
        assert_eq!(olga.post(path, fields).await.location(), "/account/proof?organization=acme");
        let proof = [("method", "password"), ("password", crate::support::PASSWORD)];
        assert_eq!(olga.post("/account/proof?organization=acme", &proof).await.location(), form);
        console.bed.advance(16);
    }
}

#[tokio::test]
async fn a_proof_on_the_way_leaves_the_notice_to_the_page_that_it_is_for() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.post("/organizations/acme/settings", &[("name", "Acme Robotics")]).await;
    olga.open("/account/proof?organization=acme").await.says_nothing_of(&["The new name is saved."]);
    olga.open("/organizations/acme/settings").await.says(&["The new name is saved."]);
}

#[tokio::test]
async fn r_api_2_every_page_that_check_names_leads_back_to_where_a_proxy_says() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    let wish = "return_to=%2Fapp%2Facme%2Freports%3Fa%3D1%26b%3D2";
    let returns = |browser: &crate::browser::Browser<'_>| browser.cookie("__Host-orgate-return");
    for page in ["/sign-in", "/sign-in/acme"] {
        let stranger = console.browser();
        stranger.open(&format!("{page}?{wish}")).await;
        assert_eq!(returns(&stranger).as_deref(), Some("/app/acme/reports?a=1&b=2"), "{page}");
        let stranger = console.browser();
        stranger.open(&format!("{page}?return_to=%2F%2Fevil.example")).await;
        assert_eq!(returns(&stranger), None, "T-WEB-1: {page}");
    }
    olga.open("/account/proof?organization=acme&return_to=%2F%2Fevil.example").await;
    assert_eq!(returns(&olga), None, "T-WEB-1");
    olga.open(&format!("/account/proof?organization=acme&{wish}")).await;
    let proof = [("method", "password"), ("password", crate::support::PASSWORD)];
    let shown = olga.post("/account/proof?organization=acme", &proof).await;
    assert_eq!(shown.location(), "/app/acme/reports?a=1&b=2");
}
