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
        ("/account/password", &[("new_password", "nine brass herons above Tartu")]),
        ("/organizations", &[("name", "Mine"), ("slug", "mine")]),
    ] {
        assert_eq!(kim.post(path, fields).await.location(), "/account/proof", "{path}");
    }
    assert_eq!(kim.get("/account/security").await.location(), "/account/proof");

    let page = kim.submit("/account/address-proof", &[]).await;
    page.says(&["Make the address yours", "kim@example.com"]);
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
