//! R-API-1: the API has the same use cases as the console. Each form of the pages has its call, or a reason why it has
//! none; a form that is added without a word stops the test.

use std::collections::BTreeSet;

use axum::http::Method;
use orgate_web::route::Surface;
use orgate_web::router::routes;

const COOKIE: &str = "it is a cookie of the browser that looks";
const BY_BROWSER: &str = "a sign-in through a provider goes through a browser, which comes back to pages";
const OF_A_PAGE: &str = "it is a choice on the page of a sign-in that a browser is in the middle of";
const WAY_OUT: &str = "it belongs to the page or the mail that a browser was refused with, and makes no session";

/// The path of a form, and its call or the reason.
const WORDS: &[(&str, &str)] = &[
    ("/account/address-proof", "POST /api/v1/session/codes"),
    ("/account/address-proof/code", "POST /api/v1/session/proofs"),
    ("/account/address-proof/code/again", "POST /api/v1/session/codes"),
    ("/account/appearance", COOKIE),
    ("/account/deletion", "POST /api/v1/account/deletion"),
    ("/account/email-changes", "POST /api/v1/account/email-changes"),
    ("/account/email-changes/{id}", "POST /api/v1/account/email-changes/{id}/verification"),
    ("/account/email-changes/{id}/code", "POST /api/v1/account/email-changes"),
    ("/account/enrolment-codes", "POST /api/v1/account/enrolment-codes"),
    ("/account/enrolment-codes/again", "POST /api/v1/account/enrolment-codes"),
    ("/account/enrolment-codes/verification", "POST /api/v1/account/enrolment-codes/verification"),
    ("/account/other-sessions/removal", "DELETE /api/v1/account/other-sessions"),
    ("/account/passkeys", "POST /api/v1/account/passkeys"),
    ("/account/passkeys/challenge", "POST /api/v1/account/passkey-challenges"),
    ("/account/passkeys/{id}", "PATCH /api/v1/account/passkeys/{id}"),
    ("/account/passkeys/{id}/removal", "DELETE /api/v1/account/passkeys/{id}"),
    ("/account/password/removal", "DELETE /api/v1/account/password"),
    ("/account/profile", "PATCH /api/v1/account"),
    ("/account/proof", "POST /api/v1/session/proofs"),
    ("/account/proof/code", "POST /api/v1/session/proofs"),
    ("/account/proof/code/again", "POST /api/v1/session/codes"),
    ("/account/proof/passkey", "POST /api/v1/session/proofs"),
    ("/account/proof/passkey/challenge", "POST /api/v1/session/passkey-challenges"),
    ("/account/recovery-codes", "POST /api/v1/account/recovery-codes"),
    ("/account/security/linked-accounts/{provider}", BY_BROWSER),
    ("/account/security/linked-accounts/{provider}/removal", "DELETE /api/v1/account/linked-accounts/{provider}"),
    ("/account/security/password", "PUT /api/v1/account/password"),
    ("/account/security/sessions/{id}/removal", "DELETE /api/v1/account/sessions/{id}"),
    ("/account/totp", "POST /api/v1/account/totp"),
    ("/account/totp/confirmation", "POST /api/v1/account/totp/confirmation"),
    ("/account/totp/removal", "DELETE /api/v1/account/totp"),
    ("/forgotten-password", "POST /api/v1/password-resets"),
    ("/invitations/{token}/acceptance", "POST /api/v1/invitations/{token}/acceptance"),
    ("/invitations/{token}/code", "POST /api/v1/invitations/{token}/acceptance"),
    ("/invitations/{token}/code/again", "POST /api/v1/invitations/{token}/codes"),
    ("/leave/{token}", WAY_OUT),
    ("/organizations", "POST /api/v1/organizations"),
    ("/organizations/{slug}/connections", "POST /api/v1/organizations/{organization}/connections"),
    (
        "/organizations/{slug}/connections/{id}/activation",
        "POST /api/v1/organizations/{organization}/connections/{id}/activation",
    ),
    (
        "/organizations/{slug}/connections/{id}/deactivation",
        "DELETE /api/v1/organizations/{organization}/connections/{id}/activation",
    ),
    (
        "/organizations/{slug}/connections/{id}/identities/removal",
        "POST /api/v1/organizations/{organization}/identities/removal",
    ),
    ("/organizations/{slug}/connections/{id}/removal", "DELETE /api/v1/organizations/{organization}/connections/{id}"),
    (
        "/organizations/{slug}/connections/{id}/settings",
        "PUT /api/v1/organizations/{organization}/connections/{id}/settings",
    ),
    (
        "/organizations/{slug}/connections/{id}/tests",
        "POST /api/v1/organizations/{organization}/connections/{id}/tests",
    ),
    ("/organizations/{slug}/connections/{id}/tests/{test}", BY_BROWSER),
    ("/organizations/{slug}/deletion", "POST /api/v1/organizations/{organization}/deletion"),
    ("/organizations/{slug}/deletion/removal", "DELETE /api/v1/organizations/{organization}/deletion"),
    ("/organizations/{slug}/departure", "DELETE /api/v1/organizations/{organization}/members/{user_id}"),
    ("/organizations/{slug}/enforcement", "PUT /api/v1/organizations/{organization}/sso-enforcement"),
    ("/organizations/{slug}/enforcement/confirmation", "PUT /api/v1/organizations/{organization}/sso-enforcement"),
    ("/organizations/{slug}/enforcement/edit", "PUT /api/v1/organizations/{organization}/sso-enforcement"),
    ("/organizations/{slug}/enforcement/removal", "PUT /api/v1/organizations/{organization}/sso-enforcement"),
    ("/organizations/{slug}/invitations", "POST /api/v1/organizations/{organization}/invitations"),
    (
        "/organizations/{slug}/invitations/{id}/links",
        "POST /api/v1/organizations/{organization}/invitations/{id}/links",
    ),
    (
        "/organizations/{slug}/invitations/{id}/mails",
        "POST /api/v1/organizations/{organization}/invitations/{id}/mails",
    ),
    ("/organizations/{slug}/invitations/{id}/removal", "DELETE /api/v1/organizations/{organization}/invitations/{id}"),
    ("/organizations/{slug}/members/{id}", "PATCH /api/v1/organizations/{organization}/members/{user_id}"),
    (
        "/organizations/{slug}/members/{id}/identities/removal",
        "DELETE /api/v1/organizations/{organization}/members/{user_id}/identities",
    ),
    (
        "/organizations/{slug}/members/{id}/proofs/removal",
        "DELETE /api/v1/organizations/{organization}/members/{user_id}/proofs",
    ),
    (
        "/organizations/{slug}/members/{id}/readmission",
        "POST /api/v1/organizations/{organization}/members/{user_id}/readmission",
    ),
    ("/organizations/{slug}/members/{id}/removal", "DELETE /api/v1/organizations/{organization}/members/{user_id}"),
    ("/organizations/{slug}/projects", "POST /api/v1/organizations/{organization}/projects"),
    ("/organizations/{slug}/projects/{id}", "PATCH /api/v1/organizations/{organization}/projects/{project}"),
    (
        "/organizations/{slug}/projects/{id}/members",
        "POST /api/v1/organizations/{organization}/projects/{project}/members",
    ),
    (
        "/organizations/{slug}/projects/{id}/members/{user}",
        "PATCH /api/v1/organizations/{organization}/projects/{project}/members/{user_id}",
    ),
    (
        "/organizations/{slug}/projects/{id}/members/{user}/removal",
        "DELETE /api/v1/organizations/{organization}/projects/{project}/members/{user_id}",
    ),
    ("/organizations/{slug}/projects/{id}/removal", "DELETE /api/v1/organizations/{organization}/projects/{project}"),
    ("/organizations/{slug}/settings", "PATCH /api/v1/organizations/{organization}"),
    ("/organizations/{slug}/settings/domains", "POST /api/v1/organizations/{organization}/domains"),
    ("/organizations/{slug}/settings/domains/{id}/removal", "DELETE /api/v1/organizations/{organization}/domains/{id}"),
    (
        "/organizations/{slug}/settings/domains/{id}/verification",
        "POST /api/v1/organizations/{organization}/domains/{id}/verification",
    ),
    ("/organizations/{slug}/settings/second-factor", "PATCH /api/v1/organizations/{organization}"),
    ("/password-reset/{token}", "POST /api/v1/password-resets/{token}/completion"),
    ("/sign-in", "POST /api/v1/sessions"),
    ("/sign-in/attempts/{id}", BY_BROWSER),
    ("/sign-in/attempts/{id}/choice", OF_A_PAGE),
    ("/sign-in/attempts/{id}/code", BY_BROWSER),
    ("/sign-in/blocked/{id}/departures/{slug}", WAY_OUT),
    ("/sign-in/blocked/{id}/departures/{slug}/code", WAY_OUT),
    ("/sign-in/blocked/{id}/departures/{slug}/code/again", WAY_OUT),
    ("/sign-in/passkey", "POST /api/v1/passkey-challenges/{id}/answer"),
    ("/sign-in/passkey/challenge", "POST /api/v1/passkey-challenges"),
    ("/sign-in/second-factor/{id}", "POST /api/v1/sign-ins/{id}/second-factor"),
    ("/sign-in/second-factor/{id}/passkey", "POST /api/v1/sign-ins/{id}/second-factor"),
    ("/sign-in/second-factor/{id}/passkey/challenge", "POST /api/v1/sign-ins/{id}/passkey-challenges"),
    ("/sign-in/sso", BY_BROWSER),
    ("/sign-in/with/attempts/{id}", BY_BROWSER),
    ("/sign-in/with/attempts/{id}/choice", OF_A_PAGE),
    ("/sign-in/with/attempts/{id}/code", BY_BROWSER),
    ("/sign-in/with/attempts/{id}/link", BY_BROWSER),
    ("/sign-in/with/{provider}", BY_BROWSER),
    ("/sign-in/{slug}", BY_BROWSER),
    ("/sign-out", "DELETE /api/v1/session"),
    ("/sign-up", "POST /api/v1/sign-ups"),
    ("/sign-up/{id}", "POST /api/v1/sign-ups/{id}/verification"),
    ("/sign-up/{id}/code", "POST /api/v1/sign-ups/{id}/codes"),
];

#[test]
fn r_api_1_every_form_of_the_console_has_its_call_or_a_reason() {
    let forms: BTreeSet<&str> = routes()
        .iter()
        .filter(|route| route.surface == Surface::Page && route.method == Method::POST)
        .map(|route| route.path)
        .collect();
    let told: BTreeSet<&str> = WORDS.iter().map(|(form, _)| *form).collect();
    assert_eq!(told.len(), WORDS.len(), "each form once");
    let silent: Vec<_> = forms.symmetric_difference(&told).collect();
    assert!(silent.is_empty(), "say in parity.rs which call does it, or why none: {silent:?}");
    let calls: BTreeSet<String> = routes()
        .iter()
        .filter(|route| route.surface == Surface::Api)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let reasons = [BY_BROWSER, COOKIE, OF_A_PAGE, WAY_OUT];
    for (form, word) in WORDS {
        assert!(calls.contains(*word) || reasons.contains(word), "{form}: there is no call {word}");
    }
}

/// What is told before an act, and what is handed out as a file.
#[test]
fn r_api_1_what_the_console_says_before_an_act_or_hands_out_can_be_read() {
    let reads: BTreeSet<&str> = routes()
        .iter()
        .filter(|route| route.surface == Surface::Api && route.method == Method::GET)
        .map(|route| route.path)
        .collect();
    for call in [
        "/api/v1/account/deletion",
        "/api/v1/account/export",
        "/api/v1/organizations/{organization}/audit-events/export",
        "/api/v1/organizations/{organization}/deletion",
        "/api/v1/organizations/{organization}/mfa-requirement",
        "/api/v1/organizations/{organization}/sso-enforcement",
    ] {
        assert!(reads.contains(call), "{call}");
    }
}
