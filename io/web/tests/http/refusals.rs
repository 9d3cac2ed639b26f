//! How a "no" travels: one status and one code each, with a reference, as a page or as a problem document.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use orgate_core::invitation::InvitationEnd;
use orgate_core::linking::LinkingRefusal;
use orgate_core::passkey::PasskeyRefusal;
use orgate_core::personal_linking::PersonalLinkingRefusal;
use orgate_core::refusal::Refusal;
use orgate_web::error::{Failure, RequestRefusal};

use crate::support::Site;

#[test]
fn r_sso_9_every_code_that_a_row_can_hold_is_read_back() {
    for refusal in all().into_iter().filter(|refusal| !matches!(refusal, Refusal::InvalidInput(_))) {
        let read = Refusal::of_code(refusal.code());
        assert_eq!(read.map(|read| read.code()), Some(refusal.code()), "{refusal:?}");
    }
    assert_eq!(Refusal::of_code("no such code"), None);
}

/// Every refusal of the use cases; [`is_listed`] holds it against the type.
fn all() -> Vec<Refusal> {
    let mut all = vec![
        Refusal::InvalidCredentials,
        Refusal::NoSession,
        Refusal::SessionEnded(Vec::new()),
        Refusal::SsoRequired(Vec::new()),
        Refusal::NeedsSso,
        Refusal::NeedsProof,
        Refusal::NeedsSecondFactor,
        Refusal::NeedsRecentProof,
        Refusal::NotAnOrganizationMember,
        Refusal::NotPermitted,
        Refusal::NotFound,
        Refusal::LastOwner,
        Refusal::LastOwnerOf(Vec::new()),
        Refusal::LastWayIn,
        Refusal::MemberLimit,
        Refusal::OrganizationLimit,
        Refusal::SlugTaken,
        Refusal::SsoNotEntitled,
        Refusal::SsoEnforced,
        Refusal::NoWayBackIn,
        Refusal::AlreadyEnforced,
        Refusal::MfaManagedByIdp,
        Refusal::InvitationsDisabledBySso,
        Refusal::ConnectionNotValidated,
        Refusal::NoActiveConnection,
        Refusal::InvalidInput(Vec::new()),
        Refusal::InvalidCode,
        Refusal::AttemptOver,
        Refusal::InvitationForAnotherAddress,
        Refusal::InvitationNeedsCode,
        Refusal::TooManyRequests { retry_after: std::time::Duration::from_secs(40) },
        Refusal::SignUpClosed,
        Refusal::MethodNotOffered,
        Refusal::Busy,
        Refusal::NoSecondFactor(Vec::new()),
        Refusal::NeedsMailedCode,
        Refusal::FactorExists,
        Refusal::ConnectionChanged,
        Refusal::DomainExists,
        Refusal::DomainLimit,
        Refusal::AddressTaken,
        Refusal::SignedOutAtProvider,
        Refusal::LogOutStateMissing,
        Refusal::LogOutStateUnknown,
    ];
    all.extend([InvitationEnd::Accepted, InvitationEnd::Revoked, InvitationEnd::Expired].map(Refusal::InvitationOver));
    all.extend(LinkingRefusal::ALL.map(Refusal::Linking));
    all.extend(PersonalLinkingRefusal::ALL.map(Refusal::PersonalLinking));
    all.extend(PasskeyRefusal::ALL.map(Refusal::Passkey));
    all
}

/// A new variant stops the compiler here: it belongs into the list above as well.
fn is_listed(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::InvalidCredentials | Refusal::NoSession | Refusal::SsoRequired(_) | Refusal::NeedsSso => true,
        Refusal::NeedsProof | Refusal::NeedsSecondFactor | Refusal::NeedsRecentProof => true,
        Refusal::NotAnOrganizationMember | Refusal::NotPermitted | Refusal::NotFound | Refusal::LastOwner => true,
        Refusal::MemberLimit | Refusal::OrganizationLimit | Refusal::SlugTaken | Refusal::SsoNotEntitled => true,
        Refusal::SsoEnforced | Refusal::InvitationsDisabledBySso | Refusal::ConnectionNotValidated => true,
        Refusal::NoActiveConnection | Refusal::InvalidInput(_) | Refusal::InvalidCode | Refusal::AttemptOver => true,
        Refusal::InvitationOver(_) | Refusal::InvitationForAnotherAddress | Refusal::InvitationNeedsCode => true,
        Refusal::TooManyRequests { .. } | Refusal::SignUpClosed | Refusal::Busy | Refusal::Linking(_) => true,
        Refusal::ConnectionChanged | Refusal::SessionEnded(_) | Refusal::NoWayBackIn => true,
        Refusal::AlreadyEnforced | Refusal::MfaManagedByIdp => true,
        Refusal::SignedOutAtProvider | Refusal::LogOutStateMissing | Refusal::LogOutStateUnknown => true,
        Refusal::LastOwnerOf(_) | Refusal::LastWayIn | Refusal::MethodNotOffered => true,
        Refusal::PersonalLinking(_)
        | Refusal::Passkey(_)
        | Refusal::NoSecondFactor(_)
        | Refusal::NeedsMailedCode
        | Refusal::FactorExists
        | Refusal::DomainExists
        | Refusal::DomainLimit
        | Refusal::AddressTaken => true,
    }
}

#[test]
fn every_code_has_one_status_and_looks_like_a_code() {
    assert!(all().iter().all(is_listed));
    let refusals = all().into_iter().map(Failure::from);
    let failures: Vec<Failure> = refusals.chain(RequestRefusal::ALL.map(Failure::from)).collect();
    let mut lines = BTreeSet::new();
    for failure in &failures {
        let code = failure.code();
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
        assert!(failure.status().is_client_error() || failure.status() == 503, "{code}");
        lines.insert(format!("{code:<36} {}\n", failure.status().as_u16()));
    }
    let codes: BTreeSet<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(codes.len(), lines.len(), "a code with two statuses");
    crate::routes::golden("tests/http/golden/refusals.txt", &lines.into_iter().collect::<String>());
}

#[tokio::test]
async fn a_problem_says_what_to_do_and_what_to_quote() {
    let site = Site::new().await;
    let problem = site.get("/api/v1/session").refused(StatusCode::UNAUTHORIZED, "no-session").await;
    assert_eq!(problem["type"], "urn:orgate:problem:no-session");
    assert_eq!(problem["status"], 401);
    for field in ["title", "detail", "reference"] {
        assert!(!problem[field].as_str().unwrap().is_empty(), "{problem}");
    }
    let answer = site.get("/api/v1/session").send().await;
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_ne!(answer.json()["reference"], problem["reference"]);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_told_where() {
    let site = Site::new().await;
    let post = || site.post("/api/v1/sessions").header("content-type", "application/json");
    let problem = post().bytes(b"{").refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    assert!(problem["detail"].as_str().unwrap().contains("line 1"), "{problem}");
    let strange = br#"{"method":"password","email":"a@b.example","password":"x","admin":true}"#;
    let problem = post().bytes(strange).refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    assert!(problem["detail"].as_str().unwrap().contains("admin"), "{problem}");
    let large = vec![b' '; 65 * 1024];
    post().bytes(&large).refused(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large").await;
}

#[tokio::test]
async fn wrong_fields_are_named_all_at_once() {
    let site = Site::new().await;
    let body = serde_json::json!({ "email": "nobody", "password": "short", "name": " " });
    let problem =
        site.post("/api/v1/sign-ups").json(&body).refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input").await;
    let fields: BTreeSet<&str> =
        problem["fields"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(fields, BTreeSet::from(["email", "name", "password"]));
}

#[tokio::test]
async fn too_many_tries_are_told_when_to_come_back() {
    let site = Site::with(&[("ORGATE_LIMIT_SIGN_INS", "2")]).await;
    let body = serde_json::json!({ "method": "password", "email": "a@example.com", "password": "wrong wrong wrong" });
    for _ in 0..2 {
        site.post("/api/v1/sessions").json(&body).refused(StatusCode::UNAUTHORIZED, "invalid-credentials").await;
    }
    let answer = site.post("/api/v1/sessions").json(&body).expect(StatusCode::TOO_MANY_REQUESTS).await;
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&wait), "until the hour is over: {wait}");
    let page = site.post("/sign-in").form(&[("email", "a@example.com"), ("password", "x")]);
    let page = page.expect(StatusCode::TOO_MANY_REQUESTS).await;
    assert!(page.text().contains("Too many tries. Try again in "), "{}", page.text());
    assert!(page.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
}

/// U+0000 comes in nowhere, on either engine: by a path, a query, the JSON of a call, a form.
#[tokio::test]
async fn z3_nul_is_refused_wherever_text_comes_in() {
    let site = Site::new().await;
    let kim = site.person("kim").await;
    let slug = site.organization(&kim, "Acme").await;
    let own = format!("/api/v1/organizations/{slug}");
    let named = |name: &str| serde_json::json!({ "name": name });
    let asked = [
        site.get(&format!("{own}/projects/a%00b")).bearer(&kim),
        site.get(&format!("{own}/audit-events?actor=a%00b")).bearer(&kim),
        site.post(&format!("{own}/projects")).bearer(&kim).json(&named("a\0b")),
    ];
    for ask in asked {
        ask.refused(StatusCode::BAD_REQUEST, "malformed-request").await;
    }
    let check = site.get(&format!("/check?organization={slug}%00")).bearer(&kim);
    check.expect(StatusCode::BAD_REQUEST).await;
    let form = site.post(&format!("/organizations/{slug}/projects")).cookie(&kim);
    form.form(&[("name", "a\0b")]).expect(StatusCode::BAD_REQUEST).await;
    // What only looks like it is a name like any other.
    site.post(&format!("{own}/projects")).bearer(&kim).json(&named("a\\u0000b")).expect(StatusCode::CREATED).await;
}
