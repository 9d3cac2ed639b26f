//! Whom enforced SSO binds: R-ENF-3, R-ENF-11, T-ENF-3, T-ENF-4. Everybody else and every time is in the matrix T-ENF-M.

use orgate_app::sign_in::blocked;
use orgate_app::sign_in::password::Entry;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::answer::Answer;
use orgate_app::sign_in::personal::begin::begin_link;
use orgate_core::personal::PersonalProvider::{GitHub, Google};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{Scene, asks, signed_in};
use crate::support::refused;

async fn r_enf_3_who_is_bound_and_comes_by_google_is_led_to_the_sso_or_out(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    let acme = scene.bed.organization(&sam, "Acme").await;
    let kim = scene.bed.member(&acme, "kim", OrganizationRole::Member).await;
    scene.at_google("1101", "kim@example.com");
    scene.link(&kim, Google).await.unwrap();
    scene.bed.enforce(&sam, &acme).await;
    let visitor = scene.bed.stranger();
    let outcome = scene.arrive(&visitor, Google).await;
    let Outcome::Entered { entry, .. } = outcome else { panic!("{outcome:?}") };
    let Entry::Blocked(stopped) = *entry else { panic!("not stopped") };
    assert_eq!(stopped.organizations.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    let id = stopped.attempt.unwrap();
    assert_eq!(blocked::show(&scene.bed.app, &visitor, &id).await.unwrap().reference, stopped.reference);
    // Out of it by a mailed code: the sign-in goes on with the proof that it began with (R-ENF-13).
    scene.bed.read_all("kim@example.com").await;
    blocked::mail_code(&scene.bed.app, &visitor, &id, "acme").await.unwrap();
    let code = scene.bed.next_code("kim@example.com").await;
    let left = blocked::leave(&scene.bed.app, &visitor, &id, "acme", &code).await.unwrap();
    assert!(matches!(left, blocked::Departed::SignedIn { .. }), "{left:?}");
}

async fn r_enf_3_a_stopped_sign_in_is_over_with_the_link_that_it_hangs_on(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    let acme = scene.bed.organization(&sam, "Acme").await;
    let kim = scene.bed.member(&acme, "kim", OrganizationRole::Member).await;
    scene.at_google("1101", "kim@example.com");
    scene.link(&kim, Google).await.unwrap();
    scene.bed.enforce(&sam, &acme).await;
    let visitor = scene.bed.stranger();
    let Outcome::Entered { entry, .. } = scene.arrive(&visitor, Google).await else { panic!("not stopped") };
    let Entry::Blocked(stopped) = *entry else { panic!("not stopped") };
    let input = kim.id.clone();
    scene
        .bed
        .write(input, |tx, id| Box::pin(async move { tx.instance().delete_personal_identity(id, Google).await }))
        .await;
    let shown = blocked::show(&scene.bed.app, &visitor, &stopped.attempt.unwrap()).await;
    assert_eq!(refused(shown), Refusal::AttemptOver);
}

async fn r_enf_11_nothing_is_linked_to_who_is_bound_not_even_by_what_was_begun_before(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    let acme = scene.bed.organization(&sam, "Acme").await;
    let kim = scene.bed.member(&acme, "kim", OrganizationRole::Member).await;
    scene.at_github(77, "kim@example.com");
    let visitor = scene.bed.stranger();
    let id = asks(scene.arrive(&visitor, GitHub).await);
    scene.bed.enforce(&sam, &acme).await;
    let code = loop {
        if let Some(code) = scene.bed.next_mail("kim@example.com").await.code() {
            break code;
        }
    };
    let outcome = scene.answer(&visitor, &id, Answer::Code(code)).await.unwrap();
    assert_eq!(scene.refused(&visitor, outcome).await.code, "sso-required");
    let [user] = <[_; 1]>::try_from(scene.users("kim@example.com").await).unwrap();
    assert!(scene.identities(&user).await.is_empty());
    assert!(begin_link(&scene.bed.app, &kim.visitor, GitHub).await.is_err(), "the session is over");
    // Sam is exempt, and links.
    let sam = scene.by_password(&sam).await;
    scene.at_github(78, "sam@example.com");
    scene.link(&sam, GitHub).await.unwrap();
    let visitor = scene.bed.stranger();
    let outcome = scene.arrive(&visitor, GitHub).await;
    assert_eq!(signed_in(outcome, &visitor).id, sam.id);
}

on_each_scene! {
    r_enf_3_who_is_bound_and_comes_by_google_is_led_to_the_sso_or_out
    r_enf_3_a_stopped_sign_in_is_over_with_the_link_that_it_hangs_on
    r_enf_11_nothing_is_linked_to_who_is_bound_not_even_by_what_was_begun_before
}
