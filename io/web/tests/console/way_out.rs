//! `/sign-in/blocked/{id}` and `/leave/{token}`: what a person sees whom enforced SSO stops, and the way out.

use http::StatusCode;

use crate::browser::{Answer, Browser, Console};
use crate::support::PASSWORD;

/// Signs in as somebody whom enforcement binds; gives the page that the browser is led to.
async fn stopped(browser: &Browser<'_>, email: &str) -> String {
    let answer = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
    assert!(answer.location().starts_with("/sign-in/blocked/sin_"), "{}", answer.location());
    assert!(!browser.has_session());
    answer.location().to_owned()
}

/// The number that the page asks to read out.
fn reference(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("Reference <code>").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Enforces an organization's SSO as its Owner, whom it exempts.
async fn enforce(console: &Console, owner: &Browser<'_>, slug: &str) {
    console.connection(owner, slug).await;
    let form = [("owner_exemption", "true"), ("forecast", "owners-exempt"), ("confirmation", slug)];
    owner.submit(&format!("/organizations/{slug}/enforcement"), &form).await;
}

/// Olga owns The acme, which enforces its SSO; Mia is a member.
async fn acme_with_mia(console: &Console) -> Browser<'_> {
    let owner = console.owner("olga", "acme").await;
    console.member(&owner, "acme", "mia", "member").await;
    enforce(console, &owner, "acme").await;
    owner
}

#[tokio::test]
async fn r_enf_3_who_is_stopped_reads_a_reference_that_an_owner_finds() {
    let console = Console::new().await;
    let owner = acme_with_mia(&console).await;
    let mia = console.browser();
    let page = stopped(&mia, "mia@example.com").await;
    let shown = mia.open(&page).await;
    shown.says(&[
        "The acme requires single sign-on",
        "action=\"/sign-in/acme\"",
        "Continue with The acme's SSO",
        "Leave The acme instead",
    ]);
    let log = owner.open("/organizations/acme/audit-log?action=session.blocked").await;
    log.says(&["mia was stopped at sign-in by password", &format!("reference {}", reference(&shown))]);
    mia.open(&page).await.says(&[&reference(&shown)]);
    let other = console.browser().get(&page).await;
    assert_eq!(other.status, StatusCode::GONE);
    other.says(&["This is no longer valid"]).says_nothing_of(&["acme"]);
}

#[tokio::test]
async fn r_enf_13_a_person_leaves_by_code_and_lands_where_they_wanted() {
    let console = Console::new().await;
    let owner = acme_with_mia(&console).await;
    let mia = console.browser();
    assert_eq!(mia.get("/account/profile").await.location(), "/sign-in");
    let page = stopped(&mia, "mia@example.com").await;
    let leave = format!("{page}/departures/acme");
    mia.open(&leave).await.says(&[
        "Leave The acme?",
        "your projects",
        "Owners of The acme are told",
        "m•••@example.com",
        "Mail me a code",
    ]);
    let code_page = mia.post(&leave, &[]).await.location().to_owned();
    assert_eq!(code_page, format!("{leave}/code"));
    let code = console.bed.next_code("mia@example.com").await;
    mia.open(&code_page).await.says(&["Entering it ends your access to The acme", "Leave The acme</button>"]);
    for wrong in ["000", if code == "111111" { "222222" } else { "111111" }] {
        let again = mia.post(&code_page, &[("code", wrong)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        again.says(&["That is not the code"]);
    }
    mia.submit(&format!("{code_page}/again"), &[]).await.says(&["A new code is on its way."]);
    let code = console.bed.next_code("mia@example.com").await;
    let done = mia.post(&code_page, &[("code", &code)]).await;
    assert_eq!(done.location(), "/account/profile");
    assert!(mia.has_session());
    mia.open("/account/profile").await.says(&["You left The acme."]);
    mia.open("/organizations").await.says_nothing_of(&["The acme</"]);
    let replayed = console.browser().post(&code_page, &[("code", &code)]).await;
    assert_eq!(replayed.status, StatusCode::GONE);
    owner.open("/organizations/acme/audit-log?action=member.left").await.says(&["mia left the organization"]);
    owner.open("/organizations/acme/members").await.says_nothing_of(&["mia@example.com"]);
}

#[tokio::test]
async fn r_enf_3_r_lnk_7_who_has_no_proven_address_is_offered_no_way_out_and_reads_the_page() {
    let console = Console::new().await;
    acme_with_mia(&console).await;
    let mia = console.browser();
    let page = stopped(&mia, "mia@example.com").await;
    mia.open(&page).await.says(&["Leave The acme instead"]);
    console.bed.sabotage("update users set email_proven_at = null where email_key = 'mia@example.com'").await;
    let shown = mia.open(&page).await;
    shown.says(&["The acme requires single sign-on", "Reference <code>"]).says_nothing_of(&["Leave The acme"]);
    assert_eq!(mia.get(&format!("{page}/departures/acme")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r_enf_13_nobody_lands_in_what_they_left() {
    let console = Console::new().await;
    acme_with_mia(&console).await;
    let mia = console.browser();
    mia.get("/organizations/acme/projects").await;
    let page = stopped(&mia, "mia@example.com").await;
    let code_page = mia.post(&format!("{page}/departures/acme"), &[]).await.location().to_owned();
    let code = console.bed.next_code("mia@example.com").await;
    assert_eq!(mia.post(&code_page, &[("code", &code)]).await.location(), "/organizations");
    mia.post("/sign-out", &[]).await;
    let later = mia.post("/sign-in", &[("email", "mia@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(later.location(), "/organizations", "the wish is forgotten as well");
}

#[tokio::test]
async fn r_enf_13_of_two_organizations_the_page_goes_on_with_the_one_that_is_left() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let rhea = console.owner("rhea", "borealis").await;
    let mia = console.member(&olga, "acme", "mia", "member").await;
    console.member_again(&rhea, "borealis", &mia).await;
    enforce(&console, &olga, "acme").await;
    enforce(&console, &rhea, "borealis").await;
    let mia = console.browser();
    let page = stopped(&mia, "mia@example.com").await;
    mia.open(&page).await.says(&["Your organizations require single sign-on", "Leave The acme", "Leave The borealis"]);
    let code_page = mia.post(&format!("{page}/departures/acme"), &[]).await.location().to_owned();
    let code = console.bed.next_code("mia@example.com").await;
    let rest = mia.submit(&code_page, &[("code", &code)]).await;
    rest.says(&["You left The acme.", "The borealis requires single sign-on"]);
    rest.says_nothing_of(&["Leave The acme"]);
    assert!(!mia.has_session());
}

#[tokio::test]
async fn r_enf_13_the_only_owner_reads_why_they_stay_and_what_to_do() {
    let console = Console::new().await;
    let owner = console.owner("olga", "acme").await;
    let rhea = console.owner("rhea", "borealis").await;
    console.member_again(&rhea, "borealis", &owner).await;
    enforce(&console, &owner, "acme").await;
    enforce(&console, &rhea, "borealis").await;
    let olga = console.browser();
    let leave = format!("{}/departures/acme", stopped(&olga, "olga@example.com").await);
    let why = ["You cannot leave yet", "make somebody else Owner first"];
    olga.open(&leave).await.says(&why).says_nothing_of(&["Mail me a code"]);
    let sent = olga.post(&leave, &[]).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    sent.says(&why);
    let elsewhere = olga.get(&leave.replace("/acme", "/nowhere")).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r_enf_13_the_mail_that_refuses_a_reset_leads_out_without_a_session() {
    let console = Console::new().await;
    acme_with_mia(&console).await;
    let stranger = console.browser();
    let ask =
        async |email: &str| stranger.post("/forgotten-password", &[("email", email)]).await.text.replace(email, "?");
    assert_eq!(ask("mia@example.com").await, ask("nobody@example.com").await, "the same page for all (R-IN-5)");
    let link = console.mailed_path("mia@example.com", "/leave/").await;
    for _ in 0..2 {
        stranger.open(&link).await.says(&["Leave The acme?", "m•••@example.com", "This does not sign you in"]);
    }
    let left = stranger.post(&link, &[]).await;
    assert_eq!(left.status, StatusCode::OK);
    left.says(&["You left The acme", "Ask for the password link again if you need it", "href=\"/forgotten-password\""]);
    assert!(!stranger.has_session());
    for over in [stranger.get(&link).await, stranger.post(&link, &[]).await] {
        assert_eq!(over.status, StatusCode::GONE);
        over.says(&["This is no longer valid"]);
    }
    let signed_in = stranger.post("/sign-in", &[("email", "mia@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(signed_in.location(), "/organizations", "nobody binds her any more");
}
