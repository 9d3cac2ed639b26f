//! `/organizations/{slug}/enforcement`, and the card under Settings > Single Sign-On.

use http::StatusCode;
use orgate_app::enforcement;

use crate::browser::{Answer, Browser, Console};
use crate::support::PASSWORD;

const CARD: &str = "/organizations/acme/settings/single-sign-on";
const NEW: &str = "/organizations/acme/enforcement/new";
const URL: &str = "/organizations/acme/enforcement";
const EDIT: &str = "/organizations/acme/enforcement/edit";
const REMOVAL: &str = "/organizations/acme/enforcement/removal";
const CONFIRMATION: &str = "/organizations/acme/enforcement/confirmation";
/// What the form sends when no switch was moved.
const AS_OFFERED: [(&str, &str); 3] =
    [("owner_exemption", "true"), ("forecast", "owners-exempt"), ("confirmation", "acme")];
/// What it sends when no Owner shall be exempt.
const STRICT: [(&str, &str); 2] = [("forecast", "nobody-exempt"), ("confirmation", "acme")];

/// An organization with a tested connection.
async fn acme(console: &Console) -> Browser<'_> {
    let olga = console.owner("olga", "acme").await;
    console.connection(&olga, "acme").await;
    olga
}

fn with<'f>(fields: &[(&'f str, &'f str)], more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    [fields, more].concat()
}

async fn refused(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    answer
}

async fn enforces(console: &Console, owner: &Browser<'_>) -> bool {
    enforcement::show(&console.bed.app, &owner.visitor(), "acme").await.unwrap().enabled
}

#[tokio::test]
async fn r_enf_5_an_owner_sees_whom_it_binds_and_enables_it_by_the_short_name() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    olga.post("/organizations/acme/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;

    olga.open(CARD).await.says(&["Enforce SSO…", ">Off<", NEW, "/deactivation"]);
    olga.open(NEW).await.says(&[
        "Enable SSO enforcement",
        "Owner keeps every way to sign in",
        "member must use Okta at their next click; 1 session ends",
        "mia@example.com",
        "of them has never signed in through Okta. Are they assigned there?",
        "pending invitation can only be taken up through Okta",
        "Allow Organization Owners to sign in without SSO",
        "You have none yourself, so you cannot ask it of the others.",
        "Try for 10 minutes",
    ]);
    let wrong = refused(&olga, URL, &with(&AS_OFFERED[..2], &[("confirmation", "acne"), ("mode", "enable")])).await;
    wrong.says(&["Type acme to confirm.", "value=\"acne\""]);
    assert!(!enforces(&console, &olga).await);

    olga.submit(URL, &with(&AS_OFFERED, &[("mode", "enable")]))
        .await
        .says(&[
            "SSO is enforced. All Owners were mailed the login address.",
            ">On<",
            "Members sign in through Okta only.",
            "May sign in without SSO",
            "olga@example.com",
            "Change how Owners are treated",
            "While SSO is enforced it can be replaced, but not disabled.",
        ])
        .says_nothing_of(&["/deactivation", "Enforce SSO…"]);
    assert_eq!(mia.get("/organizations/acme/projects").await.status, StatusCode::UNAUTHORIZED);
    olga.open("/organizations/acme/projects").await;
}

#[tokio::test]
async fn r_in_8_enabling_asks_for_a_proof_before_anything_is_typed_and_comes_back() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    console.bed.advance(16);
    for sends_the_form in [false, true] {
        let answer = if sends_the_form { olga.post(URL, &AS_OFFERED).await } else { olga.get(NEW).await };
        assert_eq!(answer.location(), "/account/proof?organization=acme");
        let proof = [("method", "password"), ("password", PASSWORD)];
        assert_eq!(olga.post("/account/proof", &proof).await.location(), NEW);
        console.bed.advance(16);
    }
    assert!(!enforces(&console, &olga).await);
}

#[tokio::test]
async fn r_ui_2_numbers_that_were_not_shown_are_not_confirmed() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let fields = [("forecast", "owners-exempt"), ("confirmation", "acme"), ("mode", "enable")];
    refused(&olga, URL, &fields).await.says(&[
        "You moved a switch, so the numbers are others now.",
        "<b>0</b>",
        "Owners keep every way to sign in",
        "You are bound as well",
        "value=\"nobody-exempt\"",
        "value=\"acme\"",
    ]);
    assert!(!enforces(&console, &olga).await);
}

#[tokio::test]
async fn r_enf_5_what_would_lock_everybody_out_is_refused_with_what_to_do_and_the_typed_values() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let no_way_back = refused(&olga, URL, &with(&STRICT, &[("mode", "enable")])).await;
    no_way_back.says(&["Nobody could come back in if Okta were down.", "value=\"acme\"", "value=\"nobody-exempt\""]);
    no_way_back.says_nothing_of(&["role=\"switch\" value=\"true\" aria-describedby=\"owner_exemption-hint\" checked"]);

    let accepted = with(&STRICT, &[("mode", "enable"), ("accept_operator_recovery", "true")]);
    refused(&olga, URL, &accepted).await.says(&[
        "With these switches you need SSO yourself.",
        "Sign in through Okta",
        "action=\"/account/proof\"",
        "name=\"method\" value=\"sso\"",
        "aria-describedby=\"accept_operator_recovery-hint\" checked",
    ]);
    assert!(!enforces(&console, &olga).await);

    // The way back from the provider keeps the switches.
    let olga = console.by_sso(&olga, "acme", &olga).await;
    olga.open(&format!("{NEW}?owner_exemption=false&owner_second_factor=false&accept_operator_recovery=true"))
        .await
        .says(&["value=\"nobody-exempt\"", "aria-describedby=\"accept_operator_recovery-hint\" checked"]);
    let done = olga.post(URL, &accepted).await;
    assert_eq!(done.location(), CARD);
    // She is bound as well, as the page said.
    assert_eq!(olga.get(CARD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn r_enf_8_a_second_factor_is_not_asked_of_others_by_who_has_none() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let fields = [
        ("owner_exemption", "true"),
        ("owner_second_factor", "true"),
        ("forecast", "owners-with-second-factor-exempt"),
        ("confirmation", "acme"),
    ];
    refused(&olga, URL, &fields).await.says(&["You have no second factor yourself"]);
}

#[tokio::test]
async fn r_enf_5_without_a_tested_connection_or_twice_nothing_can_be_enabled() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.open(NEW).await.says(&["There is no active connection"]).says_nothing_of(&["Try for 10 minutes"]);
    refused(&olga, URL, &AS_OFFERED).await.says(&["There is no active connection"]);
    console.connection(&olga, "acme").await;
    olga.submit(URL, &AS_OFFERED).await;
    refused(&olga, URL, &with(&AS_OFFERED, &[("mode", "trial")])).await.says(&["SSO is enforced already."]);
    olga.open(NEW).await.says(&["SSO is enforced already."]).says_nothing_of(&["Try for 10 minutes"]);
}

#[tokio::test]
async fn r_org_7_without_entitlement_enforcement_stays_on_and_is_not_enabled_anew() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    olga.submit(URL, &AS_OFFERED).await;
    orgate_app::operator::set_sso_entitled(&console.bed.app, None, "acme", false).await.unwrap();
    olga.open(CARD).await.says(&["Enforcement stays on", ">On<", "Turn off"]);
    olga.submit(REMOVAL, &[]).await.says(&[">Off<", "It cannot be enforced while"]).says_nothing_of(&["Enforce SSO…"]);
    refused(&olga, URL, &AS_OFFERED).await.says(&["Single sign-on is not part of the plan"]);
}

#[tokio::test]
async fn r_enf_12_a_trial_counts_down_and_is_confirmed_by_who_came_through_the_connection() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    olga.submit(URL, &with(&AS_OFFERED, &[("mode", "trial")])).await.says(&[
        "The trial runs for 10 minutes.",
        "in 10 minutes",
        "title=\"22 November 2026, 06:10:00 UTC\"",
        "Turn off now",
        CONFIRMATION,
    ]);
    let refused = olga.post(CONFIRMATION, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.says(&["First sign in through Okta", "that shows that the door works", "action=\"/account/proof\""]);
    let by_sso = console.by_sso(&olga, "acme", &olga).await;
    by_sso.open(CONFIRMATION).await.says(&["Keep SSO enforced?", "06:10:00 UTC"]);
    by_sso.submit(CONFIRMATION, &[]).await.says(&["Confirmed: SSO stays enforced.", ">On<"]);
    let again = by_sso.get(CONFIRMATION).await;
    assert_eq!(again.location(), CARD);
    by_sso.open(CARD).await.says(&["There is no trial to confirm any more."]);
}

#[tokio::test]
async fn r_enf_12_confirming_after_the_trial_enables_nothing() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    olga.submit(URL, &with(&AS_OFFERED, &[("mode", "trial")])).await;
    console.bed.advance(10);
    let by_sso = console.by_sso(&olga, "acme", &olga).await;
    by_sso.submit(CONFIRMATION, &[]).await.says(&["There is no trial to confirm any more."]);
    enforcement::roll_back_once(&console.bed.app).await.unwrap();
    by_sso.submit(CONFIRMATION, &[]).await.says(&["There is no trial to confirm any more.", ">Off<"]);
    assert!(!enforces(&console, &olga).await);
}

#[tokio::test]
async fn r_enf_12_changing_how_owners_are_treated_after_the_trial_enables_nothing() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    olga.submit(URL, &with(&AS_OFFERED, &[("mode", "trial")])).await;
    console.bed.advance(10);
    let moved = with(&AS_OFFERED[..2], &[("accept_operator_recovery", "true")]);
    olga.submit(EDIT, &moved).await.says(&["SSO is not enforced, so there is nothing to change."]);
    assert_eq!(olga.get(EDIT).await.location(), CARD);
    let off = olga.submit(REMOVAL, &[("require_mfa_again", "true")]).await;
    off.says(&["so nothing was changed. Require a second factor under Settings"]);
    off.says_nothing_of(&["All Owners were mailed"]);
    enforcement::roll_back_once(&console.bed.app).await.unwrap();
    assert!(!enforces(&console, &olga).await);
    olga.submit(REMOVAL, &[]).await.says(&["SSO is not enforced any more", ">Off<"]);
}

#[tokio::test]
async fn r_enf_5_switches_are_changed_after_the_new_numbers_were_seen() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let oona = console.member(&olga, "acme", "oona", "owner").await;
    olga.submit(URL, &with(&AS_OFFERED, &[("mode", "trial")])).await;
    let as_it_is = [("owner_exemption", "true"), ("forecast", "owners-exempt")];
    olga.open(EDIT).await.says(&["As it is now", "Continue", "Owners keep every way to sign in", "oona@example.com"]);
    olga.submit(EDIT, &as_it_is).await.says(&["Nothing was changed."]);

    let strict = [("accept_operator_recovery", "true"), ("forecast", "owners-exempt")];
    let preview = olga.post(EDIT, &strict).await;
    assert_eq!(preview.status, StatusCode::OK);
    preview.says(&["With these switches", "members sign in through Okta only", "value=\"nobody-exempt\"", ">Save<"]);
    let seen = [("accept_operator_recovery", "true"), ("forecast", "nobody-exempt")];
    refused(&olga, EDIT, &seen).await.says(&["With these switches you need SSO yourself.", "Sign in through Okta"]);
    let by_sso = console.by_sso(&olga, "acme", &olga).await;
    by_sso.open(&format!("{EDIT}?owner_exemption=false&accept_operator_recovery=true")).await.says(&[">Save<"]);
    assert_eq!(by_sso.post(EDIT, &seen).await.location(), CARD);

    assert_eq!(oona.get("/organizations/acme/projects").await.status, StatusCode::UNAUTHORIZED);
    let ended = by_sso.get(CARD).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED, "and so is who did it");
}

#[tokio::test]
async fn r_enf_9_turning_off_says_what_happens_and_lets_old_passwords_work() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    assert_eq!(olga.get(REMOVAL).await.location(), CARD, "there is nothing to turn off yet");
    olga.submit(URL, &AS_OFFERED).await;
    let elsewhere = console.browser();
    let credentials = [("email", "mia@example.com"), ("password", PASSWORD)];
    elsewhere.post("/sign-in", &credentials).await;
    assert!(!elsewhere.has_session(), "a right password opens nothing");
    let question = olga.open(REMOVAL).await;
    question.says(&[
        "Turn SSO enforcement off?",
        "Members use their old passwords again",
        "Require a second factor again",
    ]);
    question.says_nothing_of(&["require_mfa_again-hint\" checked"]);
    olga.submit(REMOVAL, &[]).await.says(&["SSO is not enforced any more.", ">Off<", "Enforce SSO…"]);
    assert_eq!(mia.get("/organizations/acme/projects").await.location(), "/sign-in", "dead stays dead");
    elsewhere.post("/sign-in", &credentials).await;
    elsewhere.open("/organizations/acme/projects").await;
}

#[tokio::test]
async fn r_sso_7_the_connection_in_use_is_not_disabled_while_enforced() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    olga.submit(URL, &AS_OFFERED).await;
    let connection = olga.open(CARD).await.id("con_");
    for noun in ["deactivation", "removal"] {
        let path = format!("/organizations/acme/connections/{connection}/{noun}");
        olga.open(&path).await.says(&["Not while SSO is enforced. Turn SSO enforcement off first."]);
        assert_eq!(olga.post(&path, &[]).await.status, StatusCode::CONFLICT, "{noun}");
    }
}

#[tokio::test]
async fn r_sso_7_replacing_the_connection_while_enforced_promises_no_other_way_in() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    let made = olga.post("/organizations/acme/connections", &[("kind", "okta-oidc")]).await;
    let question = format!("{}/activation", made.location());
    let free = ["Other ways to sign in keep working.", "You can disable it at any time."];
    olga.open(&question).await.says(&free);
    olga.submit(URL, &AS_OFFERED).await;
    let bound = olga.open(&question).await;
    bound.says(&["SSO stays enforced", "it can be replaced, but not disabled."]).says_nothing_of(&free);
}

#[tokio::test]
async fn r_inv_3_while_enforced_pages_offer_the_login_address_instead_of_invitations() {
    let console = Console::new().await;
    let olga = acme(&console).await;
    olga.post("/organizations/acme/invitations", &[("emails", "kim@example.com"), ("role", "member")]).await;
    let project = olga.submit("/organizations/acme/projects", &[("name", "Falcon")]).await.id("prj_");
    olga.submit(URL, &AS_OFFERED).await;
    let said = ["While SSO is enforced nobody is invited", "https://orgate.example.com/sign-in/acme"];
    let list = olga.open("/organizations/acme/invitations").await;
    list.says(&said).says(&["kim@example.com", "Revoke"]).says_nothing_of(&["Invite people</a>", "Send again"]);
    olga.open("/organizations/acme/invitations/new").await.says(&said).says_nothing_of(&["<textarea"]);
    olga.open("/organizations/acme/members").await.says_nothing_of(&["Invite people</a>"]);
    let people = format!("/organizations/acme/projects/{project}/members");
    let outsider = [("email", "kim@example.com"), ("role", "read_only")];
    refused(&olga, &people, &outsider).await.says(&[
        "kim@example.com is not a member yet. They sign in through SSO first; then you can add them here.",
        "Members of The acme only",
    ]);
}

/// The badge, and not the tab of the same name.
const BADGE: &str = "<span class=\"badge warning\">Never used SSO</span>";

#[tokio::test]
async fn the_list_of_members_shows_who_has_not_used_sso_yet() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    olga.open("/organizations/acme/members").await.says_nothing_of(&[BADGE]);
    console.connection(&olga, "acme").await;
    olga.open("/organizations/acme/members").await.says(&[BADGE]);
    let member = format!("/organizations/acme/members/{}", olga.user_id().await);
    olga.open(&member).await.says(&[BADGE]);
    olga.open("/organizations/acme/members?filter=never-used-sso").await.says(&["olga@example.com", BADGE]);
}
