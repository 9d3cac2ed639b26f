//! GitHub: what it says about a person, and every way in which that is worth nothing.

use orgate_core::email::EmailAddress;
use orgate_core::personal::PersonalProvider::GitHub;
use orgate_testkit::github::{Account, Place, address};

use crate::world::{World, code};

fn mona() -> Account {
    Account::new(583_231, "octocat", "mona@example.com").named("Mona Lisa")
}

#[tokio::test]
async fn t_lnk_11_github_names_a_person_by_numeric_id_and_is_never_believed_about_the_address() {
    let world = World::new().await;
    world.github.sign_in_as(mona());
    let assertion = world.sign_in(GitHub).await.unwrap();
    assert_eq!((assertion.provider, assertion.subject.as_str()), (GitHub, "583231"));
    assert_eq!(assertion.email.unwrap().as_str(), "mona@example.com");
    assert_eq!((assertion.authoritative, assertion.name.as_deref()), (false, Some("Mona Lisa")));
    let asked = world.github.asked();
    let places: Vec<_> = asked.iter().map(|asked| asked.place).collect();
    assert_eq!(places, [Place::Token, Place::User, Place::Emails]);
    let token = asked.first().unwrap();
    assert_eq!(token.header("accept"), Some("application/json"));
    assert_eq!(token.parameter("code_verifier").map(str::len), Some(43));
    for question in asked.iter().skip(1) {
        assert!(question.header("authorization").unwrap().starts_with("Bearer gho_"));
        assert_eq!(question.header("x-github-api-version"), Some("2022-11-28"));
    }
}

#[tokio::test]
async fn t_lnk_11_a_login_that_changed_hands_is_another_person() {
    let world = World::new().await;
    world.github.sign_in_as(mona());
    let first = world.sign_in(GitHub).await.unwrap();
    world.github.sign_in_as(Account::new(999, "octocat", "mona@example.com"));
    assert_ne!(world.sign_in(GitHub).await.unwrap().subject, first.subject);
}

#[tokio::test]
async fn t_lnk_11_only_a_verified_primary_address_that_reaches_somebody_is_taken() {
    let world = World::new().await;
    for (emails, expected) in [
        (
            vec![address("old@example.com", false, true), address("new@example.com", true, true)],
            Some("new@example.com"),
        ),
        (vec![address("old@example.com", false, true), address("new@example.com", true, false)], None),
        (vec![address("only@example.com", false, true)], None),
        (vec![address("1+mona@users.noreply.github.com", true, true)], None),
        (
            vec![address("1+mona@users.noreply.github.com", false, true), address("a@b.example", true, true)],
            Some("a@b.example"),
        ),
        (vec![], None),
    ] {
        world.github.sign_in_as(mona().with_emails(&emails));
        let email = world.sign_in(GitHub).await.unwrap().email;
        assert_eq!(email.as_ref().map(EmailAddress::as_str), expected, "{emails:?}");
    }
}

#[tokio::test]
async fn somebody_who_keeps_their_addresses_is_still_known() {
    let world = World::new().await;
    world.github.sign_in_as(mona());
    let begun = world.begin(GitHub).await.unwrap();
    let location = world.github.authorize_with_scopes(&begun.url, "read:user");
    let assertion = world.come_back(GitHub, &begun, &location).await.unwrap();
    assert_eq!((assertion.subject.as_str(), assertion.email), ("583231", None));
}

#[tokio::test]
async fn a_no_of_the_person_or_of_github_comes_back_with_its_code() {
    let world = World::new().await;
    world.github.sign_in_as(mona());
    for (error, expected) in [("access_denied", "idp-access-denied"), ("application_suspended", "idp-error")] {
        world.github.refuse(error, "because");
        assert_eq!(code(world.sign_in(GitHub).await), expected);
    }
    world.github.behave();
    world.github.register_callback("http://localhost:1/sign-in/with/github/callback");
    let begun = world.begin(GitHub).await.unwrap();
    assert!(world.github.authorize(&begun.url).contains("error=redirect_uri_mismatch"));
}

#[tokio::test]
async fn errors_with_status_200_are_refusals() {
    let world = World::new().await;
    world.github.sign_in_as(mona());
    let begun = world.begin(GitHub).await.unwrap();
    let location = world.github.authorize(&begun.url);
    assert!(world.come_back(GitHub, &begun, &location).await.is_ok());
    assert_eq!(code(world.come_back(GitHub, &begun, &location).await), "code-rejected", "the code was used");

    let (mut mine, theirs) = (world.begin(GitHub).await.unwrap(), world.begin(GitHub).await.unwrap());
    let location = world.github.authorize(&theirs.url);
    mine.state_hash = theirs.state_hash;
    assert_eq!(code(world.come_back(GitHub, &mine, &location).await), "code-rejected", "another verifier");

    world.github.rotate_secret();
    let refusal = world.sign_in(GitHub).await.unwrap_err();
    assert_eq!(refusal.code(), "client-rejected");
    assert!(!format!("{refusal:?}").contains("0123456789abcdef"), "{refusal:?}");
}

#[tokio::test]
async fn answers_that_are_worth_nothing_are_refused_each_by_its_own_code() {
    let world = World::new().await;
    world.github.sign_in_as(mona());
    let limited = r#"{"message":"API rate limit exceeded for user ID 583231."}"#;
    let unverified = r#"{"error":"unverified_user_email"}"#;
    for (place, status, body, expected) in [
        (Place::Token, 200, unverified, "idp-address-unverified"),
        (Place::Token, 200, r#"{"error":"unsupported_grant_type"}"#, "token-request-rejected"),
        (Place::Token, 200, "access_token=gho_1&token_type=bearer", "token-response-malformed"),
        (Place::Token, 200, r#"{"access_token":"a","token_type":"mac"}"#, "token-type-unsupported"),
        (Place::Token, 404, r#"{"message":"Not Found"}"#, "client-rejected"),
        (Place::Token, 503, "", "idp-unexpected-status"),
        (Place::User, 401, r#"{"message":"Bad credentials"}"#, "userinfo-rejected"),
        (Place::User, 403, limited, "idp-rate-limited"),
        (Place::User, 200, r#"{"id":"583231"}"#, "userinfo-malformed"),
        (Place::User, 200, r#"{"id":1,"id":2}"#, "userinfo-malformed"),
        (Place::Emails, 403, limited, "idp-rate-limited"),
        (Place::Emails, 429, "", "idp-rate-limited"),
        (Place::Emails, 401, "{}", "userinfo-rejected"),
        (Place::Emails, 200, "{}", "userinfo-malformed"),
    ] {
        world.github.behave();
        world.github.answer(place, status, body);
        assert_eq!(code(world.sign_in(GitHub).await), expected, "{place:?} {status} {body}");
    }
    world.github.behave();
    world.github.answer(Place::User, 200, vec![b' '; 70 * 1024]);
    assert_eq!(code(world.sign_in(GitHub).await), "idp-response-too-large");
}
