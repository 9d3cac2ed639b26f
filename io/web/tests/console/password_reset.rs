//! `/forgotten-password` and `/password-reset/{token}`.

use http::StatusCode;
use orgate_core::proof::{Proof, Proofs};

use crate::browser::Console;
use crate::support::Bed;

const NEW: &str = "nine brass herons above Tartu";

#[tokio::test]
async fn r_in_5_a_known_and_an_unknown_address_get_the_same_page() {
    let console = Console::new().await;
    drop(console.person("olga").await);
    let stranger = console.browser();
    let ask = async |email: &str| {
        let answer = stranger.post("/forgotten-password", &[("email", email)]).await;
        (answer.status, answer.text.replace(email, "?"))
    };
    let known = ask("olga@example.com").await;
    assert_eq!(known, ask("nobody@example.com").await);
    assert_eq!(known.0, StatusCode::OK);
    let wrong = stranger.post("/forgotten-password", &[("email", "olga@")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says(&["value=\"olga@\"", "aria-invalid"]);
}

#[tokio::test]
async fn a_mailed_link_sets_the_password_once_and_makes_no_session() {
    let console = Console::new().await;
    let olga = console.owner("olga", "acme").await;
    let stranger = console.browser();
    stranger.open("/forgotten-password").await;
    stranger.post("/forgotten-password", &[("email", "olga@example.com")]).await;
    let link = console.mailed_path("olga@example.com", "/password-reset/").await;

    stranger.open(&link).await.says(&["Set a new password", "olga@example.com", " in The acme"]);
    stranger.open(&link).await;
    let short = stranger.post(&link, &[("email", "olga@example.com"), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    short.says(&["id=\"password-error\""]);
    let set = stranger.post(&link, &[("password", NEW)]).await;
    assert_eq!(set.location(), "/sign-in");
    stranger.open("/sign-in").await.says(&["Your new password is set"]);
    assert!(!stranger.has_session(), "a reset link is no way in");
    assert_eq!(olga.get("/organizations").await.location(), "/sign-in");
    for answer in [stranger.get(&link).await, stranger.post(&link, &[("password", NEW)]).await] {
        assert_eq!(answer.status, StatusCode::GONE);
        answer.says(&["This is no longer valid"]);
    }
    let signed_in = stranger.post("/sign-in", &[("email", "olga@example.com"), ("password", NEW)]).await;
    assert_eq!(signed_in.location(), "/organizations");
}

#[tokio::test]
async fn a_link_that_never_was_looks_like_one_that_is_over() {
    let console = Console::new().await;
    let answer = console.browser().get("/password-reset/no-such-token").await;
    assert_eq!(answer.status, StatusCode::GONE);
    answer.says(&["This is no longer valid"]);
}

#[tokio::test]
async fn r_in_1_without_passwords_no_page_sets_one_and_an_old_one_can_be_removed() {
    let bed = Bed::sqlite().await;
    let olga = bed.person("olga").await;
    let acme = bed.organization(&olga, "Acme").await;
    bed.link(&olga, &acme.id, "00uOlga").await;
    let console = Console::over(bed.reopened(&[("ORGATE_SIGN_IN_METHODS", "passkey")]).await);
    let stranger = console.browser();
    stranger.open("/sign-in").await.says_nothing_of(&["/forgotten-password"]);
    let asked = stranger.post("/forgotten-password", &[("email", "olga@example.com")]).await;
    for answer in [stranger.get("/forgotten-password").await, stranger.get("/password-reset/any").await, asked] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        answer.says(&["There is no such way to sign in here"]);
    }
    let proofs = Proofs::of(Proof::Passkey { at: console.bed.now() });
    let olga = console.with_session(&olga.id, proofs).await;
    let page = olga.open("/account/security").await;
    page.says(&["It signs you in no longer", "/account/password/removal"]);
    page.says_nothing_of(&["name=\"new_password\"", "name=\"current_password\""]);
    let change = [("current_password", crate::support::PASSWORD), ("new_password", NEW)];
    let changed = olga.post("/account/security/password", &change).await;
    assert_eq!(changed.status, StatusCode::FORBIDDEN, "{}", changed.text);
}
