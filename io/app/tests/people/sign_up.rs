//! Signing up with e-mail.

use futures_util::future::join_all;
use orgate_app::account;
use orgate_app::audit_log;
use orgate_app::jobs;
use orgate_app::session;
use orgate_app::sign_up::{self, NewSignUp};
use orgate_core::refusal::{Refusal, RefusalKind};

use crate::support::{Bed, PASSWORD, Person, refused};

fn typed(email: &str) -> NewSignUp {
    NewSignUp { email: email.to_owned(), password: PASSWORD.to_owned(), name: "Sam Ode".to_owned(), invitation: None }
}

fn another_code(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

async fn r_org_2_a_mailed_code_makes_a_user_with_a_proven_address_and_a_session(bed: Bed) {
    let visitor = bed.stranger();
    let begun = sign_up::begin(&bed.app, &visitor, typed("Sam@Example.com")).await.unwrap();
    assert_eq!(begun.email, "Sam@example.com");
    let code = bed.next_code("Sam@example.com").await;
    let issued = sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &code).await.unwrap();
    let person = Person::of(&issued, visitor);
    let current = session::current(&bed.app, &person.visitor).await.unwrap();
    assert_eq!((current.name.as_str(), current.email_proven, current.account_open), ("Sam Ode", true, true));
    assert!(current.organizations.is_empty() && !current.others_hidden);
    let security = account::security(&bed.app, &person.visitor).await.unwrap();
    assert!(security.has_password && security.email_proven);
    assert_eq!(security.sessions.len(), 1);
}

async fn r_in_5_a_known_address_gets_the_same_answer_and_a_mail_of_its_own(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.read_all(&sam.email).await;
    let begun = sign_up::begin(&bed.app, &bed.stranger(), typed("SAM@example.com")).await.unwrap();
    assert_eq!(begun.email, "SAM@example.com", "as for anybody");
    let mail = bed.next_mail(&sam.email).await;
    assert!(mail.code().is_none() && mail.text.contains("already"), "{}", mail.text);
    for number in 0..5 {
        let tried = sign_up::verify(&bed.app, &bed.stranger(), begun.id.as_str(), &format!("{number:06}")).await;
        assert_eq!(refused(tried), Refusal::InvalidCode, "as for anybody");
    }
    let over = sign_up::verify(&bed.app, &bed.stranger(), begun.id.as_str(), "000009").await;
    assert_eq!(refused(over), Refusal::AttemptOver);
}

async fn r_org_2_a_code_serves_for_ten_minutes_and_five_tries(bed: Bed) {
    let visitor = bed.stranger();
    let begun = sign_up::begin(&bed.app, &visitor, typed("late@example.com")).await.unwrap();
    let code = bed.next_code("late@example.com").await;
    bed.advance(10);
    let late = sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &code).await;
    assert_eq!(refused(late), Refusal::AttemptOver);

    let begun = sign_up::begin(&bed.app, &visitor, typed("tried@example.com")).await.unwrap();
    let code = bed.next_code("tried@example.com").await;
    for _ in 0..5 {
        let wrong = sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &another_code(&code)).await;
        assert_eq!(refused(wrong), Refusal::InvalidCode);
    }
    let sixth = sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &code).await;
    assert_eq!(refused(sixth), Refusal::AttemptOver, "even the right one");
}

async fn a_code_makes_one_user_under_32_parallel_tries(bed: Bed) {
    let visitor = bed.stranger();
    let begun = sign_up::begin(&bed.app, &visitor, typed("busy@example.com")).await.unwrap();
    let code = bed.next_code("busy@example.com").await;
    let tries = (0..32).map(|_| sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &code));
    let made = join_all(tries).await.into_iter().flatten().count();
    assert_eq!(made, 1);
}

async fn a_code_of_one_sign_up_serves_no_other(bed: Bed) {
    let visitor = bed.stranger();
    let one = sign_up::begin(&bed.app, &visitor, typed("one@example.com")).await.unwrap();
    let two = sign_up::begin(&bed.app, &visitor, typed("two@example.com")).await.unwrap();
    let code = bed.next_code("one@example.com").await;
    let other = sign_up::verify(&bed.app, &visitor, two.id.as_str(), &code).await;
    assert_eq!(refused(other), Refusal::InvalidCode);
    sign_up::verify(&bed.app, &visitor, one.id.as_str(), &code).await.unwrap();
}

async fn a_code_that_is_sent_again_replaces_the_one_before(bed: Bed) {
    let visitor = bed.stranger();
    let begun = sign_up::begin(&bed.app, &visitor, typed("again@example.com")).await.unwrap();
    let first = bed.next_code("again@example.com").await;
    let again = sign_up::resend(&bed.app, &visitor, begun.id.as_str()).await.unwrap();
    let second = bed.next_code("again@example.com").await;
    let old = sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &first).await;
    assert_eq!(refused(old), Refusal::AttemptOver);
    let issued = sign_up::verify(&bed.app, &visitor, again.id.as_str(), &second).await.unwrap();
    assert_eq!(issued.user.email.as_str(), "again@example.com");
}

async fn r_org_2_another_code_is_mailed_for_an_hour_and_no_longer(bed: Bed) {
    let visitor = bed.stranger();
    let mut begun = sign_up::begin(&bed.app, &visitor, typed("slow@example.com")).await.unwrap();
    for _ in 0..6 {
        bed.next_code("slow@example.com").await;
        bed.advance(9);
        begun = sign_up::resend(&bed.app, &visitor, begun.id.as_str()).await.unwrap();
    }
    let code = bed.next_code("slow@example.com").await;
    bed.advance(6);
    let late = sign_up::resend(&bed.app, &visitor, begun.id.as_str()).await;
    assert_eq!(refused(late), Refusal::AttemptOver, "an hour after the beginning, though this code is good still");
    sign_up::verify(&bed.app, &visitor, begun.id.as_str(), &code).await.unwrap();
}

async fn what_cannot_be_taken_is_told_for_every_field_at_once(bed: Bed) {
    let wrong =
        NewSignUp { email: "nobody".to_owned(), password: "short".to_owned(), name: " ".to_owned(), invitation: None };
    let Refusal::InvalidInput(fields) = refused(sign_up::begin(&bed.app, &bed.stranger(), wrong).await) else {
        panic!("three fields are wrong")
    };
    assert_eq!(fields.iter().map(|field| field.field).collect::<Vec<_>>(), ["email", "name", "password"]);
}

async fn mails_to_one_address_are_limited_for_known_and_unknown_alike(bed: Bed) {
    let sam = bed.person("sam").await;
    for email in [sam.email.as_str(), "unknown@example.com"] {
        let mut sent = u32::from(email == sam.email);
        let refusal = loop {
            match sign_up::begin(&bed.app, &bed.stranger(), typed(email)).await {
                Ok(_) => sent += 1,
                other => break refused(other),
            }
        };
        assert_eq!((sent, refusal.kind()), (10, RefusalKind::TooMany), "{email}");
    }
}

async fn what_is_over_is_swept_after_a_day(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.advance(60 * 49);
    assert!(jobs::sweep_once(&bed.app).await.unwrap() >= 3, "sign-up, session, mail, counters");
    assert_eq!(refused(session::current(&bed.app, &sam.visitor).await), Refusal::NoSession);
    assert_eq!(jobs::sweep_once(&bed.app).await.unwrap(), 0);
}

async fn events_of_people_belong_to_no_organization(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let events =
        audit_log::list(&bed.app, &sam.visitor, acme.id.as_str(), audit_log::AuditQuery::default()).await.unwrap();
    let actions: Vec<_> = events.items.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["organization.created"]);
}

on_each_engine! {
    r_org_2_a_mailed_code_makes_a_user_with_a_proven_address_and_a_session
    r_in_5_a_known_address_gets_the_same_answer_and_a_mail_of_its_own
    r_org_2_a_code_serves_for_ten_minutes_and_five_tries
    a_code_makes_one_user_under_32_parallel_tries
    a_code_of_one_sign_up_serves_no_other
    a_code_that_is_sent_again_replaces_the_one_before
    r_org_2_another_code_is_mailed_for_an_hour_and_no_longer
    what_cannot_be_taken_is_told_for_every_field_at_once
    mails_to_one_address_are_limited_for_known_and_unknown_alike
    what_is_over_is_swept_after_a_day
    events_of_people_belong_to_no_organization
}

#[tokio::test]
async fn sign_ups_of_one_network_are_limited() {
    let bed = Bed::sqlite_with(&[("ORGATE_LIMIT_SIGN_UPS", "2")]).await;
    for name in ["one", "two"] {
        sign_up::begin(&bed.app, &bed.stranger(), typed(&format!("{name}@example.com"))).await.unwrap();
    }
    let third = sign_up::begin(&bed.app, &bed.stranger(), typed("three@example.com")).await;
    assert_eq!(refused(third).kind(), RefusalKind::TooMany);
    bed.advance(60);
    sign_up::begin(&bed.app, &bed.stranger(), typed("three@example.com")).await.unwrap();
}
