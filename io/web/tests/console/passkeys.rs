//! Passkeys as a browser uses them: adding, naming and removing one, signing in by it, as a second factor and as the proof
//! that it is the same person (R-IN-1, R-IN-4, R-IN-8). What the script of the pages does, this file does with an
//! authenticator in software.

use http::StatusCode;
use orgate_testkit::authenticator::Authenticator;
use serde_json::Value;

use crate::browser::{Answer, Browser, Console};
use crate::support::PASSWORD;
use crate::support::passkeys::authenticator;

pub const SCRIPT: &str = "<script src=\"/static/passkeys.js?v=";
pub const SECURITY: &str = "/account/security";
pub const NEW: &str = "/account/passkeys/new";
pub const ALL: &str = "/account/passkeys";
pub const SIGN_IN: &str = "/sign-in/passkey";
pub const PROOF: &str = "/account/proof/passkey";

/// Makes an authenticator, or the browser before it, do one thing wrongly.
pub type Spoil = fn(&mut Authenticator);

/// Draws a challenge as the script does.
pub async fn challenge(browser: &Browser<'_>, path: &str) -> Value {
    let answer = browser.post(&format!("{path}/challenge"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.cache_control.as_deref(), Some("no-store"));
    let drawn: Value = serde_json::from_str(&answer.text).unwrap();
    let fields: Vec<&str> = drawn.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["ceremony_id", "options"]);
    drawn
}

/// Sends the form that a page has for a passkey, with this answer to a challenge.
pub async fn send(browser: &Browser<'_>, path: &str, drawn: &Value, credential: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [("ceremony_id", drawn["ceremony_id"].as_str().unwrap()), ("credential", credential)];
    browser.post(path, &[&fields, more].concat()).await
}

/// Uses a passkey at this form.
pub async fn show(browser: &Browser<'_>, path: &str, device: &mut Authenticator) -> Answer {
    let drawn = challenge(browser, path).await;
    let credential = device.get(&drawn["options"]);
    send(browser, path, &drawn, &credential, &[]).await
}

/// Makes a passkey of this name in a session that may.
pub async fn make(browser: &Browser<'_>, query: &str, device: &mut Authenticator, name: &str) -> Answer {
    let drawn = challenge(browser, ALL).await;
    let credential = device.create(&drawn["options"]);
    send(browser, &format!("{ALL}{query}"), &drawn, &credential, &[("name", name)]).await
}

/// The code that is mailed before a first factor; gives the page that it leads to.
pub async fn confirm(console: &Console, browser: &Browser<'_>, email: &str, query: &str) -> Answer {
    browser.submit(&format!("/account/enrolment-codes?{query}"), &[]).await.says(&["Confirm it is you", email]);
    let code = console.bed.next_code(email).await;
    browser.submit(&format!("/account/enrolment-codes/verification?{query}"), &[("code", &code)]).await
}

/// Somebody with one passkey, in the browser that it was added in.
pub async fn add(console: &Console, browser: &Browser<'_>, name: &str, seed: u8) -> Authenticator {
    let mut device = authenticator(seed);
    confirm(console, browser, &format!("{name}@example.com"), "next=passkey").await;
    make(browser, "", &mut device, "Laptop").await.says(&["Keep your recovery codes"]);
    device
}

/// Signs in by password, which leads to the page of the second factor.
pub async fn by_password(browser: &Browser<'_>, name: &str) -> String {
    let email = format!("{name}@example.com");
    let answer = browser.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).await;
    let page = answer.location().to_owned();
    assert!(page.starts_with("/sign-in/second-factor/sin_"), "{page}");
    assert!(!browser.has_session());
    page
}

/// The recovery codes that a page shows.
pub fn codes(page: &Answer) -> Vec<String> {
    let list = page.text.split("aria-label=\"Recovery codes\">").nth(1).unwrap();
    list.split("</pre>").next().unwrap().lines().map(str::to_owned).collect()
}

/// Enforces The acme's SSO as Olga, whom it exempts.
pub async fn enforce(console: &Console, olga: &Browser<'_>) {
    console.connection(olga, "acme").await;
    let form = [("owner_exemption", "true"), ("forecast", "owners-exempt"), ("confirmation", "acme")];
    olga.submit("/organizations/acme/enforcement", &form).await;
}

#[tokio::test]
async fn r_in_4_a_passkey_is_added_after_a_mailed_code_and_its_recovery_codes_are_shown_once() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    let elsewhere = console.browser();
    elsewhere.post("/sign-in", &[("email", "sam@example.com"), ("password", PASSWORD)]).await;
    elsewhere.open("/organizations").await;
    let page = sam.open(SECURITY).await;
    page.says(&["Passkeys", "You have none yet.", "href=\"/account/passkeys/new\""]).says_nothing_of(&[SCRIPT]);
    let page = sam.open(NEW).await;
    page.says(&["First, confirm your address", "s•••@example.com", "action=\"/account/enrolment-codes?next=passkey\""]);
    page.says_nothing_of(&["Create passkey", "data-passkey="]);
    assert_eq!(sam.post("/account/passkeys/challenge", &[]).await.location(), NEW, "the mailed code comes first");

    let page = confirm(&console, &sam, "sam@example.com", "next=passkey").await;
    page.says(&[SCRIPT, "data-passkey=\"create\"", "data-challenge=\"/account/passkeys/challenge\""]);
    page.says(&["action=\"/account/passkeys\"", "name=\"ceremony_id\"", "name=\"credential\"", "Create passkey"]);
    page.says(&["value=\"An unknown program\"", "Passkeys need JavaScript in this browser."]);
    let mut device = authenticator(1);
    let before = sam.cookie("__Host-orgate-session");
    let drawn = challenge(&sam, ALL).await;
    let options = &drawn["options"];
    assert_eq!(
        (&options["rp"]["id"], &options["user"]["name"]),
        (&"orgate.example.com".into(), &"sam@example.com".into())
    );
    let credential = device.create(options);
    let done = send(&sam, ALL, &drawn, &credential, &[("name", "Blue <b>laptop</b>")]).await;
    assert_eq!(done.status, StatusCode::OK);
    done.says(&["Your passkey is added, and you are signed out everywhere else.", "Keep your recovery codes"]);
    done.says(&["download=\"recovery-codes.txt\"", "href=\"/account/security\""]);
    assert_eq!(done.cache_control.as_deref(), Some("no-store"));
    assert_ne!(sam.cookie("__Host-orgate-session"), before, "T-WEB-3");
    assert_eq!(elsewhere.get("/organizations").await.location(), "/sign-in");

    let shown = codes(&done);
    assert_eq!(shown.len(), 10);
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    let again = send(&sam, ALL, &drawn, &credential, &[("name", "Laptop")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.says(&["This is no longer valid", "Create passkey", "value=\"Laptop\""]).says_nothing_of(&shown);
    let page = sam.open(SECURITY).await;
    page.says(&["Blue &#60;b&#62;laptop&#60;/b&#62;", "not used yet", "10 codes are left"]).says_nothing_of(&shown);
    let key: Value = serde_json::from_str(&credential).unwrap();
    page.says_nothing_of(&["You have none yet.", "<b>laptop", key["id"].as_str().unwrap()]);
    sam.open("/account/recovery-codes/new").await.says_nothing_of(&shown);
}

#[tokio::test]
async fn a_key_that_is_not_right_or_has_no_name_is_asked_for_again_with_what_was_typed() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    confirm(&console, &sam, "sam@example.com", "next=passkey").await;
    let mut device = authenticator(1);
    device.verifies = false;
    let wrong = make(&sam, "", &mut device, "Laptop").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&[
        "Your device did not check that it is you.",
        "PIN.",
        "value=\"Laptop\"",
        "data-passkey=\"create\"",
        SCRIPT,
    ]);
    device.verifies = true;
    device.origin = "https://evil.example".to_owned();
    make(&sam, "?organization=acme", &mut device, "Laptop")
        .await
        .says(&["That passkey is for another site.", "action=\"/account/passkeys?organization=acme\""]);
    device.origin = "https://orgate.example.com".to_owned();
    let unnamed = make(&sam, "", &mut device, " ").await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    unnamed.says(&["id=\"name-error\"", "aria-invalid=\"true\""]);
    let without_script = sam.post(ALL, &[("ceremony_id", ""), ("credential", ""), ("name", "Laptop")]).await;
    assert_eq!(without_script.status, StatusCode::UNPROCESSABLE_ENTITY);
    without_script.says(&["This is no longer valid", "Passkeys need JavaScript in this browser."]);
    sam.open(SECURITY).await.says(&["You have none yet."]);

    make(&sam, "", &mut device, "Laptop").await.says(&["Keep your recovery codes"]);
    // The same authenticator once more: a browser refuses it by itself, unless it does not look.
    let twice = make(&sam, "", &mut device, "Laptop again").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    twice.says(&["There is a passkey for this account on that device already.", "value=\"Laptop again\""]);
    let second = make(&sam, "", &mut authenticator(2), "Phone").await;
    assert_eq!(second.location(), SECURITY, "there are recovery codes already");
    sam.open(SECURITY).await.says(&["Your passkey is added", "Laptop", "Phone", "aria-label=\"Rename Phone\""]);
}

#[tokio::test]
async fn who_has_twenty_passkeys_reads_that_there_can_be_no_more() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    add(&console, &sam, "sam", 1).await;
    for seed in 2..=20 {
        sam.open(NEW).await.says_nothing_of(&["as many passkeys as there can be"]);
        assert_eq!(make(&sam, "", &mut authenticator(seed), &format!("Key {seed}")).await.location(), SECURITY);
    }
    sam.open(NEW).await.says(&["You have as many passkeys as there can be. Remove one first."]);
    assert_eq!(sam.post("/account/passkeys/challenge", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn r_in_8_adding_a_passkey_asks_for_a_recent_proof_and_comes_back() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    let mut device = add(&console, &sam, "sam", 1).await;
    let drawn = challenge(&sam, ALL).await;
    let credential = authenticator(2).create(&drawn["options"]);
    console.bed.advance(16);
    assert_eq!(sam.get(NEW).await.location(), "/account/proof");
    assert_eq!(sam.post("/account/passkeys/challenge", &[]).await.location(), "/account/proof");
    assert_eq!(send(&sam, ALL, &drawn, &credential, &[("name", "Phone")]).await.location(), "/account/proof");
    sam.open("/account/proof").await.says(&[
        SCRIPT,
        "Use a passkey",
        "data-challenge=\"/account/proof/passkey/challenge\"",
    ]);
    assert_eq!(show(&sam, PROOF, &mut device).await.location(), NEW);
    sam.open(NEW).await.says(&["Create passkey"]);
}

/// The address of the only passkey on the page.
pub fn address(page: &Answer) -> String {
    format!("{ALL}/{}", page.id("psk_"))
}

#[tokio::test]
async fn a_passkey_is_renamed_by_its_person_alone() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    add(&console, &sam, "sam", 1).await;
    let kim = console.person("kim").await;
    add(&console, &kim, "kim", 2).await;
    let passkey = address(&sam.open(SECURITY).await);
    sam.open(&passkey).await.says(&["Rename passkey", "value=\"Laptop\"", &format!("action=\"{passkey}\"")]);
    let wrong = sam.post(&passkey, &[("name", " ")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["id=\"name-error\"", "<title>Rename Laptop"]);
    sam.submit(&passkey, &[("name", "Work laptop")]).await.says(&["The passkey has its new name.", "Work laptop"]);
    let removal = format!("{passkey}/removal");
    for stranger in [kim.get(&passkey).await, kim.get(&removal).await, kim.post(&passkey, &[("name", "Mine")]).await] {
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
        stranger.says_nothing_of(&["Work laptop"]);
    }
    assert_eq!(kim.post(&removal, &[]).await.status, StatusCode::NOT_FOUND);
    sam.open(SECURITY).await.says(&["Work laptop"]);
}

#[tokio::test]
async fn t_mfa_5_a_passkey_is_removed_after_reading_what_that_means() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    let mut device = add(&console, &sam, "sam", 1).await;
    let elsewhere = console.browser();
    show(&elsewhere, SIGN_IN, &mut device).await;
    elsewhere.open("/organizations").await;
    let page = sam.open(SECURITY).await;
    let removal = format!("{}/removal", address(&page));
    page.says(&[&format!("href=\"{removal}\" aria-label=\"Remove Laptop\"")]);
    sam.open(&removal).await.says(&[
        "Remove the passkey Laptop?",
        "It no longer signs you in.",
        "<b>1</b>",
        "other browser is signed out",
        "Your recovery codes no longer serve.",
        "Remove it from your device or password manager too",
    ]);
    console.bed.advance(16);
    assert_eq!(sam.get(&removal).await.location(), "/account/proof");
    assert_eq!(sam.post(&removal, &[]).await.location(), "/account/proof");
    assert_eq!(show(&sam, PROOF, &mut device).await.location(), removal);
    sam.submit(&removal, &[]).await.says(&[
        "The passkey is removed",
        "You have none yet.",
        "Set up an authenticator app",
    ]);
    assert_eq!(elsewhere.get("/organizations").await.location(), "/sign-in");
    assert_eq!(sam.get(&removal).await.status, StatusCode::NOT_FOUND);
    show(&elsewhere, SIGN_IN, &mut device).await.says(&["That passkey is not known here."]);
    let email = [("email", "sam@example.com"), ("password", PASSWORD)];
    assert_eq!(elsewhere.post("/sign-in", &email).await.location(), "/organizations", "no factor is left to ask for");
}

#[tokio::test]
async fn the_last_way_in_is_kept_and_the_page_says_why() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    add(&console, &sam, "sam", 1).await;
    sam.submit("/account/password/removal", &[]).await.says(&["Your password is removed"]);
    let removal = format!("{}/removal", address(&sam.open(SECURITY).await));
    let refused = sam.post(&removal, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says(&["This is your only way to sign in.", "Set up another way", "Remove the passkey Laptop?"]);
    sam.open(SECURITY).await.says(&["Laptop"]);
    make(&sam, "", &mut authenticator(2), "Phone").await;
    sam.submit(&removal, &[]).await.says(&["The passkey is removed", "Phone"]).says_nothing_of(&["Rename Laptop"]);
}

#[tokio::test]
async fn r_enf_14_the_last_way_back_is_kept_and_the_page_says_why() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    add(&console, &olga, "olga", 1).await;
    enforce(&console, &olga).await;
    console.linked(&olga, "acme", "00u-olga").await;
    olga.submit("/account/password/removal", &[]).await.says(&["Your password is removed"]);
    let removal = format!("{}/removal", address(&olga.open(SECURITY).await));
    let refused = olga.post(&removal, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says(&["Nobody could come back in.", "a password or a passkey", "Remove the passkey Laptop?"]);
    olga.open(SECURITY).await.says(&["Laptop"]);
}

#[tokio::test]
async fn r_in_4_an_organization_that_requires_a_factor_offers_a_passkey_and_leads_on_to_what_was_wanted() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    add(&console, &olga, "olga", 1).await;
    let kim = console.member(&olga, "acme", "kim", "member").await;
    olga.submit("/organizations/acme/settings/second-factor", &[("mfa_required", "true")]).await;

    let wanted = "/organizations/acme/projects";
    let required = "/account/second-factor/new?organization=acme";
    assert_eq!(kim.get(wanted).await.location(), required);
    kim.open(required).await.says(&[
        "The acme requires",
        "href=\"/account/passkeys/new?organization=acme\"",
        "Add a passkey",
    ]);
    let query = "organization=acme&next=passkey";
    kim.open(&format!("{NEW}?organization=acme"))
        .await
        .says(&[&format!("action=\"/account/enrolment-codes?{}\"", query.replace('&', "&#38;"))]);
    assert_eq!(kim.get(wanted).await.location(), required);
    let page = confirm(&console, &kim, "kim@example.com", query).await;
    page.says(&["action=\"/account/passkeys?organization=acme\"", "Create passkey"]);
    let mut device = authenticator(2);
    let done = make(&kim, "?organization=acme", &mut device, "Phone").await;
    done.says(&["Keep your recovery codes", &format!("href=\"{wanted}\"")]);
    kim.open(wanted).await;
    assert_eq!(kim.get(required).await.location(), "/organizations/acme");
    let passkey = address(&kim.open(SECURITY).await);
    kim.open(&format!("{passkey}/removal")).await.says(&["The acme requires a second factor: it stays closed"]);
    // By it alone she is in, and so she is in the organization.
    let browser = console.browser();
    browser.get(wanted).await;
    assert_eq!(show(&browser, SIGN_IN, &mut device).await.location(), wanted);
    browser.open(wanted).await;
}
