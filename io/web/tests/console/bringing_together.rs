//! `/account/proof/code`, `/account/address-proof/code` and `/password-reset/{token}` of a person whom SSO made, whose
//! address another account has proven: its second factor is asked for (R-LNK-4).

use http::StatusCode;
use orgate_app::session;

use crate::browser::{Answer, Browser, Console};
use crate::support::Person;
use crate::support::factors::Equipped;

const EMAIL: &str = "kim@example.com";
const NEW: &str = "nine brass herons above Tartu";

/// Somebody whom Acme's SSO brought, and the account that has their address proven.
async fn known_twice(console: &Console) -> (Browser<'_>, Person) {
    let olga = console.owner("olga", "acme").await;
    let born = console.born_by_sso(&olga, "acme", "kim").await;
    let kim = console.person("kim").await;
    let visitor = kim.visitor();
    let current = session::current(&console.bed.app, &visitor).await.unwrap();
    console.bed.read_all(EMAIL).await;
    (born, Person { id: current.user_id, name: current.name, email: current.email, visitor })
}

async fn equipped(console: &Console) -> (Browser<'_>, Equipped) {
    let (born, kim) = known_twice(console).await;
    let kim = console.bed.equip(&kim).await;
    // The step that confirmed the app is used up.
    console.bed.advance(1);
    console.bed.read_all(EMAIL).await;
    (born, kim)
}

#[track_caller]
fn asks_again(answer: &Answer) -> &Answer {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    answer
}

fn another(code: &str) -> &'static str {
    if code == "111111" { "222222" } else { "111111" }
}

/// The page that asks for the factor, with the mailed code in it.
#[track_caller]
fn shows_factor(answer: &Answer, code: &str) {
    let carried = format!("name=\"mailed_code\" value=\"{code}\"");
    asks_again(answer).says(&["Show your second factor", "belongs to another account of yours", &carried]);
}

#[tokio::test]
async fn r_lnk_4_a_right_code_is_followed_by_the_factor_of_the_other_account() {
    let console = Console::new().await;
    let (born, kim) = equipped(&console).await;
    assert_eq!(born.post("/account/proof", &[("method", "code")]).await.location(), "/account/proof/code");
    let code = console.bed.next_code(EMAIL).await;
    let page = "/account/proof/code";
    let wrong = born.post(page, &[("code", another(&code))]).await;
    asks_again(&wrong).says(&["That is not the code"]).says_nothing_of(&["factor"]);
    let asked = born.post(page, &[("code", &code)]).await;
    shows_factor(&asked, &code);
    asked.says(&["Code from your authenticator app", "action=\"/account/proof/code\"", "Use a recovery code"]);

    let refused = born.post(page, &[("mailed_code", &code), ("method", "totp"), ("code", "12345")]).await;
    shows_factor(&refused, &code);
    refused.says(&["That code is not right, or it was used already."]);
    let other = [("mailed_code", code.as_str()), ("method", "totp"), ("code", ""), ("with", "recovery-code")];
    let chosen = born.post(page, &other).await;
    shows_factor(&chosen, &code);
    chosen.says(&["name=\"method\" value=\"recovery-code\"", "Use the authenticator app"]);
    chosen.says_nothing_of(&["That code is not right"]);
    let without = [("mailed_code", another(&code)), ("method", "totp"), ("code", &kim.code(console.bed.now()))];
    asks_again(&born.post(page, &without).await).says(&["That is not the code"]).says_nothing_of(&["factor"]);

    let before = born.cookie("__Host-orgate-session");
    let recovery = &kim.recovery_codes[0];
    let right = [("mailed_code", code.as_str()), ("method", "recovery-code"), ("code", recovery.as_str())];
    assert_eq!(born.post(page, &right).await.location(), "/organizations");
    assert_ne!(born.cookie("__Host-orgate-session"), before, "T-WEB-3");
    born.open("/account/security").await.says(&["SSO of The acme, mailed code, recovery code", "9 codes are left"]);
    born.open("/organizations").await.says(&["The acme"]);
}

#[tokio::test]
async fn r_lnk_4_making_the_address_ones_own_asks_for_the_factor_of_who_has_it() {
    let console = Console::new().await;
    let (born, kim) = equipped(&console).await;
    born.submit("/account/address-proof", &[]).await.says(&["Make the address yours"]);
    let code = console.bed.next_code(EMAIL).await;
    let page = "/account/address-proof/code";
    let asked = born.post(page, &[("code", &code)]).await;
    shows_factor(&asked, &code);
    asked.says(&["action=\"/account/address-proof/code\"", "href=\"/account/security\""]);
    let right = [("mailed_code", code.as_str()), ("method", "totp"), ("code", &kim.code(console.bed.now()))];
    assert_eq!(born.post(page, &right).await.location(), "/account/security");
    born.open("/account/security").await.says(&["SSO of The acme, mailed code, authenticator app"]);
    assert_eq!(born.user_id().await, kim.person.id.as_str());
}

#[tokio::test]
async fn r_lnk_4_who_has_but_a_passkey_reads_what_to_do() {
    let console = Console::new().await;
    let (born, kim) = known_twice(&console).await;
    console.bed.passkey(&kim.id, 7).await;
    let help = ["A second factor is required", "get recovery codes under Sign-in and security"];
    for (ask, page) in
        [("/account/address-proof", "/account/address-proof/code"), ("/account/proof", "/account/proof/code")]
    {
        born.post(ask, &[("method", "code")]).await;
        let code = console.bed.next_code(EMAIL).await;
        asks_again(&born.post(page, &[("code", &code)]).await).says(&help).says_nothing_of(&["<form"]);
    }
    let link = reset_link(&console).await;
    born.open(&link).await.says(&help).says_nothing_of(&["<form"]);
    asks_again(&born.post(&link, &[("password", NEW)]).await).says(&help).says_nothing_of(&["<form", NEW]);
}

/// The path of the link for the person whom SSO made: the mail's second one.
async fn reset_link(console: &Console) -> String {
    console.browser().post("/forgotten-password", &[("email", EMAIL)]).await;
    loop {
        let links = console.bed.next_mail(EMAIL).await.links();
        let links: Vec<_> = links.into_iter().filter(|link| link.contains("/password-reset/")).collect();
        if let Some(link) = links.get(1) {
            return link.strip_prefix("https://orgate.example.com").unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn r_lnk_4_a_new_password_goes_in_one_form_with_the_factor_and_into_no_page() {
    let console = Console::new().await;
    let (_, kim) = equipped(&console).await;
    let stranger = console.browser();
    let link = reset_link(&console).await;
    let both = ["Set a new password", "id=\"password\"", "another account of yours"];
    let page = stranger.open(&link).await;
    page.says(&both).says(&["name=\"method\" value=\"totp\"", &format!("{link}?with=recovery-code")]);
    let page = stranger.open(&format!("{link}?with=recovery-code")).await;
    page.says(&both).says(&["name=\"method\" value=\"recovery-code\"", "Use the authenticator app"]);

    let without = stranger.post(&link, &[("password", NEW)]).await;
    asks_again(&without).says(&both).says(&["This is asked for too."]).says_nothing_of(&[NEW]);
    let typed = [("password", NEW), ("method", "recovery-code"), ("code", "abcd-efgh")];
    let wrong = stranger.post(&link, &typed).await;
    asks_again(&wrong).says(&both).says(&["That code is not right", "value=\"recovery-code\""]);
    wrong.says_nothing_of(&[NEW, "abcd-efgh"]);
    let code = kim.code(console.bed.now());
    let short = stranger.post(&link, &[("password", "short"), ("method", "totp"), ("code", &code)]).await;
    asks_again(&short).says(&["id=\"password-error\""]).says_nothing_of(&["code-error", &code]);

    let set = stranger.post(&link, &[("password", NEW), ("method", "totp"), ("code", &code)]).await;
    assert_eq!(set.location(), "/sign-in");
    assert!(!stranger.has_session(), "a reset link is no way in");
    assert_eq!(stranger.get(&link).await.status, StatusCode::GONE);
    let signed_in = stranger.post("/sign-in", &[("email", EMAIL), ("password", NEW)]).await;
    assert!(signed_in.location().starts_with("/sign-in/second-factor/"), "T-MFA-4: {}", signed_in.location());
}

#[tokio::test]
async fn a_link_that_joins_nothing_asks_for_no_factor() {
    let console = Console::new().await;
    let (_, kim) = equipped(&console).await;
    let stranger = console.browser();
    stranger.post("/forgotten-password", &[("email", EMAIL)]).await;
    let own = console.mailed_path(EMAIL, "/password-reset/").await;
    stranger.open(&own).await.says(&["Set a new password"]).says_nothing_of(&["factor", "name=\"code\""]);
    // It sets that account's password, and its factor is asked for at sign-in as before.
    assert_eq!(stranger.post(&own, &[("password", NEW)]).await.location(), "/sign-in");
    assert!(session::current(&console.bed.app, &kim.person.visitor).await.is_err());
}
