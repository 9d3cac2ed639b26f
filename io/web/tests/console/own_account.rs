//! `/account/email-changes`, `/account/password/removal`, `/account/deletion`, `/account/data`.

use http::StatusCode;

use crate::browser::Console;

#[tokio::test]
async fn an_address_is_changed_by_the_code_mailed_to_the_new_one() {
    let console = Console::new().await;
    let olga = console.person("olga").await;
    olga.open("/account/security").await.says(&["olga@example.com", "href=\"/account/email-changes/new\""]);
    olga.open("/account/email-changes/new").await.says(&["New address", "olga@example.com"]);
    let wrong = olga.post("/account/email-changes", &[("email", "olga@")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["aria-invalid", "value=\"olga@\""]);
    let asked = olga.post("/account/email-changes", &[("email", "olga@new.example")]).await;
    let page = asked.location().to_owned();
    olga.open(&page).await.says(&["Confirm the new address", "olga@new.example"]);
    let first = console.bed.next_code("olga@new.example").await;
    let again = olga.post(&format!("{page}/code"), &[]).await.location().to_owned();
    let second = console.bed.next_code("olga@new.example").await;
    assert!(again != page && olga.get(&page).await.status == StatusCode::GONE, "only the newest serves");
    let mistyped = olga.post(&again, &[("code", if second == "000000" { "000001" } else { "000000" })]).await;
    assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
    mistyped.says(&["That is not the code"]).says_nothing_of(&[&first]);
    olga.submit(&again, &[("code", &second)]).await.says(&["Your address is changed", "olga@new.example"]);
}

#[tokio::test]
async fn r_in_5_a_known_and_an_unknown_new_address_get_the_same_page() {
    let console = Console::new().await;
    drop(console.person("kim").await);
    let olga = console.person("olga").await;
    let mut pages = Vec::new();
    for email in ["kim@example.com", "nobody@example.com"] {
        let asked = olga.post("/account/email-changes", &[("email", email)]).await;
        let (status, page) = (asked.status, asked.location().to_owned());
        let id = page.rsplit('/').next().unwrap().to_owned();
        pages.push((status, olga.open(&page).await.text.replace(email, "?").replace(&id, "!")));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn the_only_way_in_is_not_offered_for_removal_and_its_page_says_why() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.open("/account/security").await.says_nothing_of(&["/account/password/removal"]);
    let refused = olga.get("/account/password/removal").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says(&["This is your only way to sign in", "Set up another way"]);
    console.linked(&olga, "acme", "00u-olga").await;
    olga.open("/account/security").await.says(&["href=\"/account/password/removal\""]);
    olga.open("/account/password/removal").await.says(&["Remove your password?"]);
    olga.submit("/account/password/removal", &[]).await.says(&["Your password is removed", "Set password"]);
}

#[tokio::test]
async fn r_org_5_closing_names_the_organizations_that_need_their_last_owner_and_then_ends_everything() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.open("/account/profile").await.says(&["href=\"/account/deletion\"", "href=\"/account/data\""]);
    let needed = olga.open("/account/deletion").await;
    needed.says(&["cannot be closed yet", "The acme", "You are its last Owner", "/organizations/acme/members"]);
    needed.says_nothing_of(&["name=\"confirmation\""]);
    assert_eq!(
        olga.post("/account/deletion", &[("confirmation", "olga@example.com")]).await.location(),
        "/account/deletion"
    );
    drop(console.member(&olga, "acme", "mia", "owner").await);
    olga.open("/account/deletion").await.says(&["Close your account?", "You leave The acme", "new account"]);
    let mistyped = olga.post("/account/deletion", &[("confirmation", "olga")]).await;
    assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
    mistyped.says(&["id=\"confirmation-error\""]);
    let closed = olga.post("/account/deletion", &[("confirmation", "olga@example.com")]).await;
    assert_eq!(closed.location(), "/signed-out");
    assert_eq!(olga.get("/organizations").await.location(), "/sign-in");
}

#[tokio::test]
async fn everything_kept_about_a_person_is_shown_and_downloaded_by_who_proved_it_is_them() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.open("/account/data").await.says(&["Your data", "href=\"/account/data.json\""]);
    let file = olga.open("/account/data.json").await;
    let document: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!(document["profile"]["email"], "olga@example.com");
    assert_eq!(document["memberships"][0]["organization"], "The acme");
    assert!(!file.text.contains("argon2"));
    console.bed.advance(16);
    for path in ["/account/data", "/account/data.json", "/account/deletion", "/account/email-changes/new"] {
        assert_eq!(olga.get(path).await.location(), "/account/proof", "{path}");
    }
}
