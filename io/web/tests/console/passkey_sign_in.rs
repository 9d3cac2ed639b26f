//! Signing in by a passkey in a browser, showing one as the second factor, and confirming by one (R-IN-1, R-IN-4, R-IN-8).

use http::StatusCode;
use orgate_testkit::authenticator::Authenticator;
use serde_json::Value;

use crate::browser::{Browser, Console};
use crate::passkeys::{
    ALL, NEW, PROOF, SCRIPT, SECURITY, SIGN_IN, Spoil, add, by_password, challenge, enforce, send, show,
};
use crate::second_factors::key;
use crate::support::factors::code_of;
use crate::support::passkeys::authenticator;
use crate::support::{Bed, PASSWORD};

#[tokio::test]
async fn r_in_1_the_sign_in_page_offers_passkeys_where_the_operator_and_the_address_do() {
    let console = Console::new().await;
    let page = console.browser().open("/sign-in").await;
    page.says(&[SCRIPT, "autocomplete=\"username webauthn\"", "data-autofill", "Sign in with a passkey"]);
    page.says(&[
        "action=\"/sign-in/passkey\"",
        "data-passkey=\"get\"",
        "data-challenge=\"/sign-in/passkey/challenge\"",
    ]);
    for settings in [("ORGATE_SIGN_IN_METHODS", "password"), ("ORGATE_PUBLIC_URL", "https://192.0.2.7")] {
        let console = Console::over(Bed::sqlite_with(&[settings]).await);
        let page = console.browser().open("/sign-in").await;
        page.says(&["name=\"password\""]).says_nothing_of(&["passkeys.js", "data-passkey", "Sign in with a passkey"]);
    }
}

#[tokio::test]
async fn r_in_1_what_the_operator_does_not_offer_is_on_no_page_and_behind_no_form() {
    let console = Console::over(Bed::sqlite_with(&[("ORGATE_SIGN_IN_METHODS", "password")]).await);
    let sam = console.person("sam").await;
    sam.open(SECURITY).await.says_nothing_of(&[NEW, "Passkeys"]);
    // A sign-in gives the browser the cookie that its challenges are bound to.
    sam.post("/sign-in", &[("email", "sam@example.com"), ("password", PASSWORD)]).await;
    assert!(sam.cookie("__Host-orgate-browser").is_some());
    let empty = [("ceremony_id", "cer_00000000000000000000000000"), ("credential", "{}"), ("name", "Laptop")];
    for path in [
        "/sign-in/passkey/challenge",
        SIGN_IN,
        "/account/passkeys/challenge",
        ALL,
        "/account/proof/passkey/challenge",
        PROOF,
    ] {
        let answer = sam.post(path, &empty).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text);
        answer.says(&["There is no such way to sign in here"]);
    }
    assert_eq!(sam.get(NEW).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn r_in_1_a_passkey_signs_in_with_nothing_typed_and_leads_to_what_was_wanted() {
    let console = Console::new().await;
    let mut device = add(&console, &console.person("sam").await, "sam", 1).await;
    let browser = console.browser();
    assert_eq!(browser.get("/account/profile?tab=name").await.location(), "/sign-in");
    let drawn = challenge(&browser, SIGN_IN).await;
    assert!(browser.cookie("__Host-orgate-browser").is_some(), "the challenge is bound to this browser");
    let options = &drawn["options"];
    assert_eq!((&options["rpId"], &options["userVerification"]), (&"orgate.example.com".into(), &"required".into()));
    assert_eq!(options["allowCredentials"], Value::Array(Vec::new()), "nobody is named");
    let credential = device.get(options);
    let stolen = console.browser();
    stolen.open("/sign-in").await;
    challenge(&stolen, SIGN_IN).await;
    let elsewhere = send(&stolen, SIGN_IN, &drawn, &credential, &[]).await;
    assert_eq!(elsewhere.status, StatusCode::UNPROCESSABLE_ENTITY);
    elsewhere.says(&["This is no longer valid", "Sign in with a passkey"]);
    assert!(!stolen.has_session());

    let entered = send(&browser, SIGN_IN, &drawn, &credential, &[]).await;
    assert_eq!(entered.location(), "/account/profile?tab=name");
    assert!(browser.has_session());
    assert_eq!(browser.cookie("__Host-orgate-return"), None, "followed once");
    browser.open(SECURITY).await.says(&["last used", "with passkey"]);
    browser.post("/sign-out", &[]).await;
    let replayed = send(&browser, SIGN_IN, &drawn, &credential, &[]).await;
    assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY);
    replayed.says(&["This is no longer valid", "Sign in with a passkey"]);
    assert!(!browser.has_session());
    assert_eq!(show(&browser, SIGN_IN, &mut device).await.location(), "/organizations");
}

#[tokio::test]
async fn an_answer_that_is_not_taken_shows_the_sign_in_page_again_and_says_why() {
    let console = Console::new().await;
    let mut device = add(&console, &console.person("sam").await, "sam", 1).await;
    let browser = console.browser();
    let spoils: [(Spoil, &str, &str); 4] = [
        (
            |device| device.id = vec![9; 20],
            "That passkey is not known here.",
            "It may have been removed from your account.",
        ),
        (|device| device.origin = "https://evil.example".to_owned(), "for another site.", "at its own address"),
        (|device| device.verifies = false, "did not check that it is you.", "fingerprint, face or PIN"),
        (|device| device.synchronized = true, "answer cannot be used.", "Try again, or use another way."),
    ];
    for (spoil, title, advice) in spoils {
        let mut spoilt = authenticator(1);
        spoilt.user_handle.clone_from(&device.user_handle);
        spoil(&mut spoilt);
        let answer = show(&browser, SIGN_IN, &mut spoilt).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{title}");
        answer.says(&["<h1>Sign in</h1>", "role=\"alert\"", title, advice, SCRIPT, "Sign in with a passkey"]);
        assert!(!browser.has_session(), "{title}");
    }
    for credential in ["", "{}", "<script>alert(1)</script>"] {
        let drawn = challenge(&browser, SIGN_IN).await;
        let answer = send(&browser, SIGN_IN, &drawn, credential, &[]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.says(&["answer cannot be used."]).says_nothing_of(&["alert(1)"]);
    }
    let without_script = browser.post(SIGN_IN, &[("ceremony_id", ""), ("credential", "")]).await;
    assert_eq!(without_script.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(show(&browser, SIGN_IN, &mut device).await.location(), "/organizations");
}

/// Olga owns The acme, which enforces its SSO; Mia is a member. Both have a passkey.
async fn acme_with_mia(console: &Console) -> (Browser<'_>, Authenticator, Authenticator) {
    let olga = console.owner("olga", "acme").await;
    let of_olga = add(console, &olga, "olga", 1).await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    let of_mia = add(console, &mia, "mia", 2).await;
    (olga, of_olga, of_mia)
}

#[tokio::test]
async fn r_enf_3_a_passkey_is_stopped_by_enforced_sso_on_the_page_that_names_it() {
    let console = Console::new().await;
    let (olga, mut of_olga, mut of_mia) = acme_with_mia(&console).await;
    let begun = console.browser();
    let page = by_password(&begun, "mia").await;
    enforce(&console, &olga).await;
    let mia = console.browser();
    mia.get("/account/profile").await;
    let stopped = show(&mia, SIGN_IN, &mut of_mia).await.location().to_owned();
    assert!(stopped.starts_with("/sign-in/blocked/sin_"), "{stopped}");
    assert!(!mia.has_session());
    mia.open(&stopped).await.says(&[
        "The acme requires single sign-on",
        "action=\"/sign-in/acme\"",
        "Leave The acme instead",
        "Reference <code>",
    ]);
    assert_eq!(console.browser().get(&stopped).await.status, StatusCode::GONE);
    let log = olga.open("/organizations/acme/audit-log?action=session.blocked").await;
    log.says(&["mia was stopped at sign-in by passkey"]);
    // So is one that was begun before, as a second factor.
    let stopped = show(&begun, &format!("{page}/passkey"), &mut of_mia).await.location().to_owned();
    assert!(stopped.starts_with("/sign-in/blocked/sin_"), "{stopped}");
    assert!(!begun.has_session());
    begun.open(&stopped).await.says(&["The acme requires single sign-on"]);
    // An exempt Owner comes in by it.
    let back = console.browser();
    assert_eq!(show(&back, SIGN_IN, &mut of_olga).await.location(), "/organizations");
    back.open("/organizations/acme/projects").await;
}

#[tokio::test]
async fn r_in_4_the_second_factor_is_a_passkey_first_and_the_others_by_a_link() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    let mut device = add(&console, &sam, "sam", 1).await;
    sam.post("/account/totp", &[]).await;
    let key = key(&sam.open("/account/totp").await);
    let code = code_of(&key, console.bed.now());
    assert_eq!(sam.post("/account/totp/confirmation", &[("code", &code)]).await.status, StatusCode::SEE_OTHER);

    let browser = console.browser();
    browser.get("/account/profile").await;
    let page = by_password(&browser, "sam").await;
    let shown = browser.open(&page).await;
    shown.says(&["Your password was right.", "Use your passkey", SCRIPT, "data-passkey=\"get\""]);
    shown.says(&[&format!("action=\"{page}/passkey\""), &format!("data-challenge=\"{page}/passkey/challenge\"")]);
    shown.says(&[&format!("href=\"{page}?with=totp\""), &format!("href=\"{page}?with=recovery-code\"")]);
    shown.says_nothing_of(&["name=\"code\"", "Use a passkey"]);
    for (with, field, other) in
        [("totp", "Code from your authenticator app", "recovery-code"), ("recovery-code", "Recovery code", "totp")]
    {
        let chosen = browser.open(&format!("{page}?with={with}")).await;
        chosen.says(&[field, "name=\"code\"", "Use a passkey", &format!("href=\"{page}?with=passkey\"")]);
        chosen.says(&[&format!("href=\"{page}?with={other}\"")]).says_nothing_of(&["data-passkey="]);
    }
    let form = format!("{page}/passkey");
    assert_eq!(
        console.browser().post(&format!("{form}/challenge"), &[]).await.status,
        StatusCode::GONE,
        "another browser"
    );
    let wrong = show(&browser, &form, &mut authenticator(9)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["That passkey is not known here.", "role=\"alert\"", "Use your passkey", "Use a recovery code"]);
    assert!(!browser.has_session());
    let drawn = challenge(&browser, &form).await;
    assert_eq!(drawn["options"]["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = device.get(&drawn["options"]);
    let done = send(&browser, &form, &drawn, &credential, &[]).await;
    assert_eq!(done.location(), "/account/profile");
    browser.open(SECURITY).await.says(&["password, passkey"]);
    assert_eq!(browser.get(&page).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_challenge_that_is_over_leaves_the_sign_in_that_waits_for_another_try() {
    let console = Console::new().await;
    let mut device = add(&console, &console.person("sam").await, "sam", 1).await;
    let browser = console.browser();
    let form = format!("{}/passkey", by_password(&browser, "sam").await);
    let over = browser.post(&form, &[("ceremony_id", ""), ("credential", "")]).await;
    assert_eq!(over.status, StatusCode::UNPROCESSABLE_ENTITY);
    over.says(&["This is no longer valid", "Use your passkey"]);
    assert_eq!(show(&browser, &form, &mut device).await.location(), "/organizations");
    console.bed.advance(16);
    let over = browser.post(PROOF, &[("ceremony_id", ""), ("credential", "")]).await;
    assert_eq!(over.status, StatusCode::UNPROCESSABLE_ENTITY);
    over.says(&["This is no longer valid", "Use a passkey"]);
    assert_eq!(show(&browser, PROOF, &mut device).await.location(), "/organizations");
}

#[tokio::test]
async fn t_mfa_2_five_wrong_passkeys_end_the_sign_in() {
    let console = Console::new().await;
    let mut device = add(&console, &console.person("sam").await, "sam", 1).await;
    let browser = console.browser();
    let page = by_password(&browser, "sam").await;
    let form = format!("{page}/passkey");
    for _ in 0..4 {
        assert_eq!(show(&browser, &form, &mut authenticator(9)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let drawn = challenge(&browser, &form).await;
    let right = device.get(&drawn["options"]);
    let last = show(&browser, &form, &mut authenticator(9)).await;
    assert_eq!(last.status, StatusCode::GONE);
    last.says(&["This is no longer valid"]);
    assert_eq!(send(&browser, &form, &drawn, &right, &[]).await.status, StatusCode::GONE);
    assert_eq!(browser.get(&page).await.status, StatusCode::GONE);
    assert!(!browser.has_session());
}

#[tokio::test]
async fn r_in_8_a_passkey_confirms_who_it_is_and_leads_back() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let mut device = add(&console, &olga, "olga", 1).await;
    let mut stranger = add(&console, &console.person("kim").await, "kim", 2).await;
    console.bed.advance(16);
    let wanted = "/organizations/acme/deletion";
    assert_eq!(olga.get(wanted).await.location(), "/account/proof?organization=acme");
    let page = olga.open("/account/proof?organization=acme").await;
    page.says(&[
        "name=\"password\"",
        "Use a passkey",
        SCRIPT,
        "<input type=\"hidden\" name=\"purpose\" value=\"acme\">",
    ]);
    let drawn = challenge(&olga, PROOF).await;
    let wrong = stranger.get(&drawn["options"]);
    let again = send(&olga, PROOF, &drawn, &wrong, &[("purpose", "acme")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.says(&["That passkey is not known here.", "name=\"purpose\" value=\"acme\"", "name=\"password\""]);
    let before = olga.cookie("__Host-orgate-session");
    let drawn = challenge(&olga, PROOF).await;
    let right = device.get(&drawn["options"]);
    assert_eq!(send(&olga, PROOF, &drawn, &right, &[("purpose", "acme")]).await.location(), wanted);
    assert_ne!(olga.cookie("__Host-orgate-session"), before, "T-WEB-3");
    olga.open(wanted).await;
    let nobody = console.person("robin").await;
    console.bed.advance(16);
    nobody.open("/account/proof").await.says(&["name=\"password\""]).says_nothing_of(&["passkey"]);
    assert_eq!(nobody.post("/account/proof/passkey/challenge", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r_in_4_where_a_factor_is_what_is_missing_the_proof_asks_for_the_passkey() {
    let console = Console::new().await;
    let sam = console.person("sam").await;
    let mut device = add(&console, &sam, "sam", 1).await;
    console.bed.advance(16);
    // A recent password, and a passkey that is not.
    assert_eq!(sam.get(NEW).await.location(), "/account/proof");
    let proof = [("method", "password"), ("password", PASSWORD)];
    assert_eq!(sam.post("/account/proof", &proof).await.location(), NEW);
    assert_eq!(sam.get(NEW).await.location(), "/account/proof");
    let page = sam.open("/account/proof").await;
    page.says(&["asks for your second factor", "Use your passkey", "action=\"/account/proof/passkey\"", SCRIPT]);
    page.says(&["href=\"/account/proof?with=recovery-code\""]).says_nothing_of(&["name=\"password\""]);
    let wrong = show(&sam, PROOF, &mut authenticator(9)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["That passkey is not known here.", "Use your passkey", "Use a recovery code"]);
    assert_eq!(show(&sam, PROOF, &mut device).await.location(), NEW);
    sam.open(NEW).await.says(&["Create passkey"]);
}
