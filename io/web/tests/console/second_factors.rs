//! Two-step verification as a browser sets it up, and an organization that requires it (R-IN-4).

use http::StatusCode;

use crate::browser::{Answer, Browser, Console};
use crate::support::PASSWORD;
use crate::support::factors::code_of;

/// The key that the page shows, as an app reads it.
pub fn key(page: &Answer) -> String {
    let field = page.text.split("<textarea id=\"secret\"").nth(1).unwrap();
    field.split(['>', '<']).nth(1).unwrap().replace(' ', "")
}

/// From the page that offers it to the page with the QR code.
async fn begin(console: &Console, browser: &Browser<'_>, email: &str, query: &str) -> Answer {
    browser.open(&format!("/account/totp/new{query}")).await.says(&["First, confirm your address", "Mail me a code"]);
    let page = browser.submit(&format!("/account/enrolment-codes{query}"), &[]).await;
    page.says(&["Confirm it is you", email]);
    let code = console.bed.next_code(email).await;
    let verification = format!("/account/enrolment-codes/verification{query}");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(browser.post(&verification, &[("code", wrong)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.submit(&verification, &[("code", &code)]).await
}

#[tokio::test]
async fn r_in_4_an_authenticator_app_is_set_up_and_removed_without_a_script() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    sam.open("/account/security").await.says(&["Two-step verification", "Set up an authenticator app"]);
    let page = begin(&console, &sam, "sam@example.com", "").await;
    page.says(&["<svg class=\"qr\"", "otpauth://totp/", "Turn on"]);
    let secret = key(&page);
    let wrong = sam.post("/account/totp/confirmation", &[("code", "12345")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong
        .says(&["This is not the code that the app shows now", &page.text[page.text.find("otpauth").unwrap()..][..60]]);
    let before = sam.cookie("__Host-orgate-session");
    let code = code_of(&secret, console.bed.now());
    let done = sam.post("/account/totp/confirmation", &[("code", &code)]).await;
    assert_eq!(done.status, StatusCode::OK);
    done.says(&["Keep your recovery codes", "download=\"recovery-codes.txt\"", "href=\"/account/security\""]);
    assert_ne!(sam.cookie("__Host-orgate-session"), before, "T-WEB-3");
    assert_eq!(sam.get("/account/totp").await.location(), "/account/security", "nothing waits any more");
    sam.open("/account/security").await.says(&["10 codes are left", "Remove the authenticator app"]);
    sam.open("/account/recovery-codes/new").await.says(&["old codes no longer serve"]);
    sam.post("/account/recovery-codes", &[]).await.says(&["The old ones no longer serve."]);
    sam.open("/account/totp/removal").await.says(&["You are no longer asked for a second factor"]);
    let page = sam.submit("/account/totp/removal", &[]).await;
    page.says(&["Your authenticator app is removed", "Set up an authenticator app"]);
}

#[tokio::test]
async fn r_in_4_an_organization_that_requires_a_factor_leads_to_one_and_on_to_what_was_wanted() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let kim = console.member(&olga, "acme", "kim", "member").await;
    let rule = "/organizations/acme/settings/second-factor";
    olga.open("/organizations/acme/settings").await.says(&["Not required", "Require a second factor"]);
    olga.open(rule).await.says(&["members have none"]);
    let refused = olga.post(rule, &[("mfa_required", "true")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says(&["You have no second factor yourself"]);
    let secret = key(&begin(&console, &olga, "olga@example.com", "").await);
    let code = code_of(&secret, console.bed.now());
    olga.post("/account/totp/confirmation", &[("code", &code)]).await.says(&["Keep your recovery codes"]);
    olga.open(rule).await.says(&["member has none", "kim@example.com"]);
    olga.submit(rule, &[("mfa_required", "true")]).await.says(&["Members need a second factor from now on"]);

    let wanted = "/organizations/acme/projects";
    let required = "/account/second-factor/new?organization=acme";
    assert_eq!(kim.get(wanted).await.location(), required);
    kim.open("/organizations").await.says(&["Needs a second factor", required]);
    kim.open(required).await.says(&["The acme requires a second factor", "/account/totp/new?organization=acme"]);
    assert_eq!(kim.get("/account/second-factor/new?organization=other").await.status, StatusCode::NOT_FOUND);
    assert_eq!(kim.get(wanted).await.location(), required);
    let secret = key(&begin(&console, &kim, "kim@example.com", "?organization=acme").await);
    let code = code_of(&secret, console.bed.now());
    let done = kim.post("/account/totp/confirmation?organization=acme", &[("code", &code)]).await;
    done.says(&["Keep your recovery codes", &format!("href=\"{wanted}\"")]);
    kim.open(wanted).await;
    assert_eq!(kim.get(required).await.location(), "/organizations/acme");
    kim.open("/account/totp/removal").await.says(&["The acme requires a second factor: it stays closed"]);
}

#[tokio::test]
async fn r_in_4_a_factor_is_set_up_by_a_recent_proof_only() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    assert_eq!(sam.post("/account/totp", &[]).await.location(), "/account/totp/new", "the mailed code comes first");
    console.bed.advance(16);
    assert_eq!(sam.get("/account/totp/new").await.location(), "/account/proof");
    let proven = sam.post("/account/proof", &[("method", "password"), ("password", PASSWORD)]).await;
    assert_eq!(proven.location(), "/account/totp/new");
    sam.open("/account/totp/new").await.says(&["Mail me a code"]);
}
