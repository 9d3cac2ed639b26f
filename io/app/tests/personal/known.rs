//! Somebody whose address has an account: never linked silently.

use orgate_app::sign_in::password::Entry;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::answer::{Answer, Question, ask_link, link_in_session};
use orgate_app::sign_in::second_factor::{self, Promoted, TypedFactor, TypedMethod};
use orgate_app::token::{TokenPurpose, hash_text};
use orgate_core::personal::PersonalProvider::{GitHub, Google};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{Scene, asks, signed_in};
use crate::support::{Person, refused};

/// Dana, who has a password and an address of Google.
async fn dana(scene: &Scene) -> Person {
    scene.bed.sign_up("Dana", "dana@gmail.com", scene.bed.stranger()).await
}

async fn r_lnk_9_a_known_address_of_google_asks_for_a_way_that_the_person_has(scene: Scene) {
    let dana = dana(&scene).await;
    scene.at_google("1101", "dana@gmail.com");
    let mut visitor = scene.bed.stranger();
    let id = asks(scene.arrive(&visitor, Google).await);
    assert_eq!(scene.question(&visitor, &id).await, Question::Link);
    assert!(scene.linked(&dana).await.is_empty(), "never silently");
    assert_eq!(refused(ask_link(&scene.bed.app, &visitor, &id).await), Refusal::NoSession);
    // They sign in with their password in the same browser, and link.
    visitor.session = scene.by_password(&dana).await.visitor.session;
    let view = ask_link(&scene.bed.app, &visitor, &id).await.unwrap();
    assert_eq!((view.email.as_str(), view.person.email.as_str()), ("dana@gmail.com", "dana@gmail.com"));
    assert!(matches!(link_in_session(&scene.bed.app, &visitor, &id).await.unwrap(), Outcome::Linked { .. }));
    let again = link_in_session(&scene.bed.app, &visitor, &id).await;
    assert_eq!(refused(again), Refusal::AttemptOver, "T-LNK-4: consumed");
    scene.bed.read_all("nobody@example.com").await;
    let mut subjects = Vec::new();
    while let Some(mail) = scene.bed.mail("dana@gmail.com").await {
        subjects.push(mail.subject);
    }
    assert!(subjects.iter().any(|subject| subject.contains("Google is linked")), "{subjects:?}");
    assert_eq!(scene.enter(Google).await.id, dana.id);
}

async fn r_lnk_9_or_a_code_mailed_to_the_stored_address(scene: Scene) {
    let dana = dana(&scene).await;
    scene.bed.read_all("dana@gmail.com").await;
    scene.at_google("1101", "Dana@Gmail.com");
    let visitor = scene.bed.stranger();
    let id = asks(scene.arrive(&visitor, Google).await);
    let asked = asks(scene.answer(&visitor, &id, Answer::MailCode).await.unwrap());
    let code = scene.bed.next_code("dana@gmail.com").await;
    let outcome = scene.answer(&visitor, &asked, Answer::Code(code)).await.unwrap();
    assert_eq!(signed_in(outcome, &visitor).id, dana.id);
    assert_eq!(scene.linked(&dana).await.len(), 1);
    assert!(scene.bed.next_mail("dana@gmail.com").await.subject.contains("Google is linked"));
}

async fn r_in_5_where_nobody_answers_for_the_address_known_and_unknown_look_the_same(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    scene.bed.read_all("sam@example.com").await;
    for (id, email) in [(1, "sam@example.com"), (2, "unknown@example.com")] {
        scene.at_github(id, email);
        let visitor = scene.bed.stranger();
        let asked = asks(scene.arrive(&visitor, GitHub).await);
        assert_eq!(scene.question(&visitor, &asked).await, Question::Code);
        let code = scene.bed.next_code(email).await;
        let outcome = scene.answer(&visitor, &asked, Answer::Code(code)).await.unwrap();
        assert_eq!(signed_in(outcome, &visitor).id == sam.id, email == sam.email);
    }
    assert_eq!(scene.linked(&sam).await.len(), 1);
}

/// A second factor of this person: a recovery code beside one that is enrolled.
async fn second_factor(scene: &Scene, person: &Person) -> String {
    let code = "abcd2345wxyz6789";
    let hash = hash_text(TokenPurpose::RecoveryCode, &format!("{} {code}", person.id));
    scene
        .bed
        .write((person.id.clone(), hash, scene.bed.now()), |tx, (id, hash, now)| {
            Box::pin(async move {
                tx.instance().replace_recovery_codes(id, &[*hash], *now).await?;
                tx.instance().set_has_second_factor(id, true).await
            })
        })
        .await;
    code.to_owned()
}

async fn r_lnk_9_with_a_second_factor_the_mailed_code_links_nothing_before_it(scene: Scene) {
    let dana = dana(&scene).await;
    let recovery = second_factor(&scene, &dana).await;
    scene.bed.read_all("dana@gmail.com").await;
    scene.at_google("1101", "dana@gmail.com");
    let visitor = scene.bed.stranger();
    let id = asks(scene.arrive(&visitor, Google).await);
    let asked = asks(scene.answer(&visitor, &id, Answer::MailCode).await.unwrap());
    let code = scene.bed.next_code("dana@gmail.com").await;
    let outcome = scene.answer(&visitor, &asked, Answer::Code(code)).await.unwrap();
    let Outcome::Entered { entry, .. } = outcome else { panic!("{outcome:?}") };
    let Entry::SecondFactor(waiting) = *entry else { panic!("the factor is missing") };
    let [user] = <[_; 1]>::try_from(scene.users("dana@gmail.com").await).unwrap();
    assert!(scene.identities(&user).await.is_empty(), "and nothing is linked so far");
    let typed = |code: &str| TypedFactor { method: TypedMethod::RecoveryCode, code: code.to_owned() };
    let wrong = second_factor::verify(&scene.bed.app, &visitor, &waiting.sign_in_id, typed("nonsense")).await;
    assert_eq!(refused(wrong), Refusal::InvalidCode);
    assert!(scene.identities(&user).await.is_empty());
    let right = second_factor::verify(&scene.bed.app, &visitor, &waiting.sign_in_id, typed(&recovery)).await.unwrap();
    assert!(matches!(right, Promoted::SignedIn { .. }), "{right:?}");
    assert_eq!(scene.identities(&user).await.len(), 1);
}

async fn r_lnk_9_a_session_that_sso_made_links_nothing_before_the_second_factor_either(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    let acme = scene.bed.organization(&sam, "Acme").await;
    let kim = scene.bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = scene.bed.authenticator(&kim.id).await;
    // Whoever signs in at Acme's IdP as Kim, and reads one mail.
    let visitor = scene.bed.sso_session(&kim, &acme.id).await.visitor;
    scene.bed.read_all(&kim.email).await;
    scene.at_github(77, &kim.email);
    let asked = asks(scene.arrive(&visitor, GitHub).await);
    let code = scene.bed.next_code(&kim.email).await;
    let outcome = scene.answer(&visitor, &asked, Answer::Code(code)).await.unwrap();
    let Outcome::Entered { entry, .. } = outcome else { panic!("{outcome:?}") };
    let Entry::SecondFactor(waiting) = *entry else { panic!("the factor is missing") };
    let [user] = <[_; 1]>::try_from(scene.users(&kim.email).await).unwrap();
    assert!(scene.identities(&user).await.is_empty());
    let typed = app.typed(scene.bed.now());
    let right = second_factor::verify(&scene.bed.app, &visitor, &waiting.sign_in_id, typed).await.unwrap();
    assert!(matches!(right, Promoted::SignedIn { .. }), "{right:?}");
    assert_eq!(scene.identities(&user).await.len(), 1);
}

async fn r_in_4_google_does_not_stand_for_the_second_factor(scene: Scene) {
    let dana = dana(&scene).await;
    scene.at_google("1101", "dana@gmail.com");
    scene.link(&dana, Google).await.unwrap();
    let recovery = second_factor(&scene, &dana).await;
    let visitor = scene.bed.stranger();
    let outcome = scene.arrive(&visitor, Google).await;
    let Outcome::Entered { entry, .. } = outcome else { panic!("{outcome:?}") };
    let Entry::SecondFactor(waiting) = *entry else { panic!("the factor is missing") };
    let typed = TypedFactor { method: TypedMethod::RecoveryCode, code: recovery };
    let right = second_factor::verify(&scene.bed.app, &visitor, &waiting.sign_in_id, typed).await.unwrap();
    assert!(matches!(right, Promoted::SignedIn { .. }), "{right:?}");
}

on_each_scene! {
    r_lnk_9_a_known_address_of_google_asks_for_a_way_that_the_person_has
    r_lnk_9_or_a_code_mailed_to_the_stored_address
    r_in_5_where_nobody_answers_for_the_address_known_and_unknown_look_the_same
    r_lnk_9_with_a_second_factor_the_mailed_code_links_nothing_before_it
    r_lnk_9_a_session_that_sso_made_links_nothing_before_the_second_factor_either
    r_in_4_google_does_not_stand_for_the_second_factor
}
