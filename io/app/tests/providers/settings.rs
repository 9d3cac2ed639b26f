//! What the operator says about both, and what that opens to tenants: nothing.

use orgate_app::account::{self, PasswordChange};
use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{self, Credentials};
use orgate_app::sign_in::personal::exchange::{begin, finish, probe, read_callback};
use orgate_app::sign_in::step_up;
use orgate_app::sign_up::{self, NewSignUp};
use orgate_core::personal::PersonalProvider::{self, GitHub, Google};
use orgate_core::refusal::Refusal;
use orgate_sso::url_rules::check_url;

use crate::support::{Bed, PASSWORD, refused};
use crate::world::World;

#[tokio::test]
async fn r_in_1_what_is_not_registered_or_switched_off_is_not_offered() {
    let bed = Bed::sqlite().await;
    for provider in PersonalProvider::ALL {
        assert_eq!(refused(begin(&bed.app, provider).await), Refusal::MethodNotOffered);
    }
    let world = World::with(&[("ORGATE_SIGN_IN_METHODS", "password,github")]).await;
    assert_eq!(refused(begin(&world.bed.app, Google).await), Refusal::MethodNotOffered);
    assert!(world.begin(GitHub).await.is_ok());
}

#[tokio::test]
async fn r_in_1_a_method_that_was_switched_off_meanwhile_finishes_nothing() {
    let world = World::new().await;
    let begun = world.begin(GitHub).await.unwrap();
    let closed = Bed::sqlite().await;
    let (callback, _) = read_callback("code=c&state=s").unwrap();
    let outcome = finish(&closed.app, GitHub, &begun.pending, &callback).await;
    assert_eq!(refused(outcome), Refusal::MethodNotOffered);
}

#[tokio::test]
async fn r_in_1_without_passwords_nobody_signs_in_confirms_or_signs_up_by_one() {
    let bed = Bed::sqlite().await;
    let sam = bed.person("sam").await;
    let bed = bed.reopened(&[("ORGATE_SIGN_IN_METHODS", "passkey")]).await;
    let typed = Credentials { email: sam.email.clone(), password: Password::from_typed(PASSWORD) };
    assert_eq!(refused(password::begin(&bed.app, &bed.stranger(), typed).await), Refusal::MethodNotOffered);
    let again = password::confirm(&bed.app, &sam.visitor, Password::from_typed(PASSWORD)).await;
    assert_eq!(refused(again), Refusal::MethodNotOffered);
    assert!(!step_up::ways(&bed.app, &sam.visitor, None).await.unwrap().password);
    let new = NewSignUp {
        email: "kim@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        name: "Kim".to_owned(),
        invitation: None,
    };
    assert_eq!(refused(sign_up::begin(&bed.app, &bed.stranger(), new).await), Refusal::MethodNotOffered);
}

#[tokio::test]
async fn r_in_1_without_passwords_none_is_set_or_changed_and_the_mail_says_how_to_sign_in() {
    const NEW: &str = "nine brass herons above Tartu";
    let open = Bed::sqlite().await;
    let sam = open.person("sam").await;
    let acme = open.organization(&sam, "Acme").await;
    let born = open.born_by_sso(&acme, "Kim", "kim@example.com").await;
    password_reset::request(&open.app, &open.stranger(), &sam.email).await.unwrap();
    let link = loop {
        if let Some(link) = open.next_mail(&sam.email).await.link("/password-reset/") {
            break link;
        }
    };
    let token = link.rsplit('/').next().unwrap();
    let closed = open.reopened(&[("ORGATE_SIGN_IN_METHODS", "passkey")]).await;
    let app = &closed.app;
    closed.read_all(&sam.email).await;

    let change = PasswordChange { current: Some(PASSWORD.to_owned()), new: NEW.to_owned() };
    assert_eq!(refused(account::change_password(app, &sam.visitor, change).await), Refusal::MethodNotOffered);
    // Known with a password, known without one, and unknown: the same answer.
    for email in [sam.email.as_str(), born.email.as_str(), "nobody@example.com"] {
        password_reset::request(app, &closed.stranger(), email).await.unwrap();
    }
    for email in [sam.email.as_str(), born.email.as_str()] {
        let mail = closed.next_mail(email).await;
        assert!(mail.link("/password-reset/").is_none(), "{}", mail.text);
        assert!(mail.link("/sign-in/acme").is_some(), "{}", mail.text);
    }
    assert!(closed.mail("nobody@example.com").await.is_none());
    assert_eq!(refused(password_reset::open(app, token).await), Refusal::MethodNotOffered);
    let set = password_reset::complete(app, &closed.stranger(), token, NEW).await;
    assert_eq!(refused(set), Refusal::MethodNotOffered);

    let open = [("ORGATE_SIGN_IN_METHODS", "password"), ("ORGATE_SIGN_UP", "open")];
    let again = closed.reopened(&open).await;
    let set = password_reset::complete(&again.app, &again.stranger(), token, NEW).await;
    assert!(set.is_ok(), "nothing was used up: {set:?}");
}

#[tokio::test]
async fn t_ssrf_1_the_operators_addresses_are_no_addresses_for_tenants() {
    let world = World::new().await;
    let outbound = &world.bed.app.outbound;
    for address in [world.google.issuer(), world.github.url().to_owned(), world.github.api_url()] {
        assert!(check_url(&address, outbound.rules()).is_err(), "{address}");
        assert!(check_url(&address, outbound.rules_for(&Google.into())).is_ok(), "{address}");
    }
}

#[test]
fn a_callback_that_names_no_attempt_is_over() {
    for query in ["", "code=c", "code=c&state=", "code=c&state=a&state=b"] {
        assert_eq!(refused(read_callback(query)), Refusal::AttemptOver, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_not_accepted_is_told_before_anybody_signs_in() {
    let world = World::new().await;
    for provider in PersonalProvider::ALL {
        assert!(probe(&world.bed.app, provider).await.unwrap().is_ok());
    }
    world.google.configure(|setup| setup.client_secret = "GOCSPX-another".to_owned());
    world.github.rotate_secret();
    for provider in PersonalProvider::ALL {
        assert_eq!(probe(&world.bed.app, provider).await.unwrap().unwrap_err().code(), "client-rejected");
    }
}
