//! Guessing at second factors: it is slowed down however many sign-ins it is spread over, and nothing but a right one
//! forgives it.

use std::time::Duration;

use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::sign_in::passkey::Answered;
use orgate_app::sign_in::password::{Credentials, Entry, enter};
use orgate_app::sign_in::second_factor::passkey as factor;
use orgate_app::sign_in::second_factor::{Promoted, TypedFactor, TypedMethod, verify};
use orgate_app::visitor::Visitor;
use orgate_core::id::SignInId;
use orgate_core::refusal::Refusal;

use crate::support::passkeys::authenticator;
use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    v_6_6_3_wrong_factors_of_many_sign_ins_make_the_next_one_wait
    a_method_that_is_not_offered_forgives_no_wrong_factor
    a_wrong_passkey_counts_like_a_wrong_code
    l5_guesses_at_a_factor_elsewhere_do_not_keep_its_person_out
    l5_a_mailed_link_brings_no_tries_at_the_second_factor
}

/// A browser nobody knows, with a right password of the person.
async fn held(bed: &Bed, person: &Person) -> (Visitor, SignInId) {
    let visitor = bed.stranger();
    let typed = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    match enter(&bed.app, &visitor, typed, None).await.unwrap().0 {
        Entry::SecondFactor(waiting) => (visitor, waiting.sign_in_id),
        other => panic!("{other:?}"),
    }
}

fn elsewhere(number: u8) -> std::net::IpAddr {
    std::net::IpAddr::from([203, 0, 113, number])
}

/// A wrong code: none when it was compared, else how long to wait.
async fn guess(bed: &Bed, visitor: &Visitor, id: &SignInId) -> Option<Duration> {
    let typed = TypedFactor { method: TypedMethod::RecoveryCode, code: "aaaa-bbbb".to_owned() };
    match refused(verify(&bed.app, visitor, id, typed).await) {
        Refusal::InvalidCode => None,
        Refusal::TooManyRequests { retry_after } => Some(retry_after),
        other => panic!("{other:?}"),
    }
}

/// As many wrong codes as cost no wait, each pair in a sign-in of its own.
async fn use_the_free_tries(bed: &Bed, person: &Person) {
    for _ in 0..5 {
        let (visitor, id) = held(bed, person).await;
        assert_eq!(guess(bed, &visitor, &id).await, None);
        assert_eq!(guess(bed, &visitor, &id).await, None);
    }
}

/// Sets the password by a mailed link in this browser, and signs in with it.
async fn held_behind_a_link(bed: &Bed, visitor: &Visitor, person: &Person) -> SignInId {
    bed.read_all(&person.email).await;
    password_reset::request(&bed.app, visitor, &person.email).await.unwrap();
    let link = bed.next_mail(&person.email).await.link("/password-reset/").unwrap();
    password_reset::complete(&bed.app, visitor, link.rsplit('/').next().unwrap(), PASSWORD).await.unwrap();
    let typed = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    match enter(&bed.app, visitor, typed, None).await.unwrap().0 {
        Entry::SecondFactor(waiting) => waiting.sign_in_id,
        other => panic!("{other:?}"),
    }
}

async fn l5_a_mailed_link_brings_no_tries_at_the_second_factor(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.equip(&sam).await;
    let at = |number: u8| Visitor { ip: elsewhere(number), ..bed.stranger() };
    let mut waits = Vec::new();
    for number in 1..=4 {
        let visitor = at(number);
        let id = held_behind_a_link(&bed, &visitor, &sam).await;
        for _ in 0..3 {
            waits.push(guess(&bed, &visitor, &id).await.is_some());
        }
    }
    assert_eq!(waits.iter().position(|waits| *waits), Some(11), "all of them are a stranger's: {waits:?}");
}

async fn v_6_6_3_wrong_factors_of_many_sign_ins_make_the_next_one_wait(bed: Bed) {
    let sam = bed.person("sam").await;
    let equipped = bed.equip(&sam).await;
    use_the_free_tries(&bed, &sam).await;
    let (visitor, id) = held(&bed, &sam).await;
    assert_eq!(guess(&bed, &visitor, &id).await, None, "the first that costs one");
    let wait = guess(&bed, &visitor, &id).await.unwrap();
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    bed.advance(1);
    let typed = TypedFactor { method: TypedMethod::Totp, code: equipped.code(bed.now()) };
    let right = verify(&bed.app, &visitor, &id, typed).await.unwrap();
    assert!(matches!(right, Promoted::SignedIn { .. }));
    let (visitor, id) = held(&bed, &sam).await;
    assert_eq!(guess(&bed, &visitor, &id).await, None, "a right one forgives");
    assert_eq!(guess(&bed, &visitor, &id).await, None);
}

async fn a_method_that_is_not_offered_forgives_no_wrong_factor(bed: Bed) {
    let bed = bed.reopened(&[("ORGATE_SIGN_IN_METHODS", "password")]).await;
    let sam = bed.person("sam").await;
    bed.equip(&sam).await;
    use_the_free_tries(&bed, &sam).await;
    let (visitor, id) = held(&bed, &sam).await;
    assert_eq!(guess(&bed, &visitor, &id).await, None);
    let answered = Answered { ceremony_id: "cer_0".to_owned(), credential: "{}".to_owned() };
    for _ in 0..3 {
        let outcome = factor::verify(&bed.app, &visitor, &id, &answered).await;
        assert_eq!(refused(outcome), Refusal::MethodNotOffered);
    }
    assert!(guess(&bed, &visitor, &id).await.is_some(), "the tries before are still counted");
}

async fn a_wrong_passkey_counts_like_a_wrong_code(bed: Bed) {
    let sam = bed.person("sam").await;
    let sam = bed.confirmed_by_mail(&sam).await;
    bed.enrol(&sam, &mut authenticator(1), "Laptop").await;
    let mut strange = authenticator(2);
    strange.user_handle = Some(sam.id.as_str().as_bytes().to_vec());
    for _ in 0..11 {
        let (visitor, id) = held(&bed, &sam).await;
        let begun = factor::begin(&bed.app, &visitor, &id).await.unwrap();
        let answered = Answered { ceremony_id: begun.id.to_string(), credential: strange.get(&begun.options) };
        let outcome = factor::verify(&bed.app, &visitor, &id, &answered).await;
        assert!(matches!(refused(outcome), Refusal::Passkey(_)));
    }
    let (visitor, id) = held(&bed, &sam).await;
    assert!(guess(&bed, &visitor, &id).await.is_some());
}

async fn l5_guesses_at_a_factor_elsewhere_do_not_keep_its_person_out(bed: Bed) {
    let sam = bed.person("sam").await;
    let equipped = bed.equip(&sam).await;
    for number in 0..8 {
        let (mut visitor, id) = held(&bed, &sam).await;
        visitor.ip = elsewhere(number);
        while guess(&bed, &visitor, &id).await.is_none() {
            if refused(verify_again(&bed, &visitor, &id).await) == Refusal::AttemptOver {
                break;
            }
        }
    }
    // The browser in which Sam signed up and set the app up.
    let typed = Credentials { email: sam.email.clone(), password: Password::from_typed(PASSWORD) };
    let own = Visitor { session: None, ..equipped.person.visitor.clone() };
    let Entry::SecondFactor(waiting) = enter(&bed.app, &own, typed, None).await.unwrap().0 else { panic!("no factor") };
    bed.advance(1);
    let typed = TypedFactor { method: TypedMethod::Totp, code: equipped.code(bed.now()) };
    let right = verify(&bed.app, &own, &waiting.sign_in_id, typed).await.unwrap();
    assert!(matches!(right, Promoted::SignedIn { .. }));
}

async fn verify_again(bed: &Bed, visitor: &Visitor, id: &SignInId) -> Result<Promoted, orgate_app::Error> {
    let typed = TypedFactor { method: TypedMethod::Totp, code: "000000".to_owned() };
    verify(&bed.app, visitor, id, typed).await
}
