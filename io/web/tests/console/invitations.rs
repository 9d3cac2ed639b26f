//! `/organizations/{slug}/invitations` and `/invitations/{token}`.

use http::StatusCode;

use crate::browser::Console;

#[tokio::test]
async fn addresses_that_cannot_be_mailed_are_named_and_everything_typed_stays() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let id = olga.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    let field = format!("project.{id}");
    let fields = [("emails", "kim@example.com\nlee@"), ("role", "owner"), (field.as_str(), "admin")];
    let answer = olga.post("/organizations/acme/invitations", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&[
        "lee@ is no address that we can mail.",
        "kim@example.com\nlee@</textarea>",
        "<option value=\"owner\" selected>",
        "<option value=\"admin\" selected>",
    ]);
    olga.open("/organizations/acme/invitations").await.says(&["No open invitation"]);
}

#[tokio::test]
async fn a_member_already_is_left_out_and_said_so() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let answer = olga
        .post("/organizations/acme/invitations", &[("emails", "olga@example.com, kim@example.com"), ("role", "member")])
        .await;
    answer.says(&["olga@example.com is a member already.", "1 person was mailed a link"]);
    olga.open("/organizations/acme/invitations").await.says(&["kim@example.com", "by olga"]);
}

#[tokio::test]
async fn an_invitation_is_sent_again_copied_and_revoked() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.post("/organizations/acme/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;
    let first = console.invitation("kim@example.com").await;
    let list = olga.open("/organizations/acme/invitations").await;
    let url = format!("/organizations/acme/invitations/{}", list.id("inv_"));

    olga.submit(&format!("{url}/mails"), &[]).await.says(&["kim@example.com was mailed a new link."]);
    let second = console.invitation("kim@example.com").await;
    let copied = olga.post(&format!("{url}/links"), &[]).await;
    copied.says(&["A new link to copy", "The mailed one still does."]);
    let copied = copied.link_to_copy();

    let stranger = console.browser();
    stranger.open(&first).await.says(&["This invitation can no longer be used"]);
    stranger.open(&second).await.says(&["Join The acme", "kim@example.com"]);
    stranger.open(&copied).await.says(&["Join The acme"]).says_nothing_of(&["kim@example.com"]);

    olga.open(&format!("{url}/removal")).await.says(&["Revoke the invitation to kim@example.com?"]);
    olga.submit(&format!("{url}/removal"), &[]).await.says(&["The invitation is revoked.", "No open invitation"]);
    for link in [second, copied] {
        stranger.open(&link).await.says(&["This invitation can no longer be used"]).says_nothing_of(&["acme"]);
    }
    assert_eq!(olga.get(&format!("{url}/removal")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn somebody_else_signs_out_and_goes_on_with_the_invitation() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.post("/organizations/acme/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;
    let link = console.invitation("kim@example.com").await;
    let mia = console.person("mia").await;
    mia.open(&link).await.says(&["You are signed in as mia@example.com"]);
    let refused = mia.post(&format!("{link}/acceptance"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.says(&["The invitation is for somebody else"]);
    let token = link.strip_prefix("/invitations/").unwrap();
    let answer = mia.post("/sign-out", &[("invitation", token)]).await;
    assert_eq!(answer.location(), link);
    mia.open(&link).await.says(&["Sign in to accept", &format!("/sign-in?return_to={link}")]);
}

#[tokio::test]
async fn r_inv_2_over_a_copied_link_an_unproven_address_needs_a_mailed_code_first() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let zoe = console.owner("zoe", "zeta").await;
    let kim = console.born_by_sso(&olga, "acme", "kim").await;
    let invited =
        zoe.post("/organizations/zeta/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;
    let link = invited.link_to_copy();
    console.bed.read_all("kim@example.com").await;

    kim.open(&link).await.says(&["Mail me a code", "kim@example.com"]);
    let refused = kim.post(&format!("{link}/acceptance"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.says(&["Confirm your address first"]);
    let page = kim.submit(&format!("{link}/code"), &[]).await;
    page.says(&["Confirm the invited address", "The invitation to The zeta is for", &format!("{link}/acceptance")]);
    page.says_nothing_of(&["A new code is on its way."]);
    console.bed.next_code("kim@example.com").await;
    kim.submit(&format!("{link}/code/again"), &[]).await.says(&["A new code is on its way."]);
    let code = console.bed.next_code("kim@example.com").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let again = kim.post(&format!("{link}/acceptance"), &[("code", wrong)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.says(&["That is not the code", "Confirm the invited address"]);
    let accepted = kim.post(&format!("{link}/acceptance"), &[("code", &code)]).await;
    assert_eq!(accepted.location(), "/organizations/zeta/projects");
}

#[tokio::test]
async fn an_invitation_that_never_was_looks_like_one_that_is_over() {
    let console = Console::new().await;
    let stranger = console.browser();
    stranger.open("/invitations/no-such-token").await.says(&["This invitation can no longer be used"]);
    let kim = console.person("kim").await;
    assert_eq!(kim.post("/invitations/no-such-token/acceptance", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(kim.get("/invitations/no-such-token/code").await.status, StatusCode::NOT_FOUND);
}
