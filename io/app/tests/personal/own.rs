//! Linking and unlinking in a session.

use orgate_app::linked_account;
use orgate_app::session;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::begin::begin_link;
use orgate_app::sign_in::step_up;
use orgate_core::personal::PersonalProvider::{GitHub, Google};
use orgate_core::refusal::Refusal;

use crate::scene::{Scene, signed_in};
use crate::support::refused;

async fn r_in_9_linking_asks_for_a_fresh_proof_and_takes_what_is_nobodys(scene: Scene) {
    let (sam, lee) = (scene.bed.person("sam").await, scene.bed.person("lee").await);
    scene.at_google("1101", "work@other.example");
    assert!(matches!(scene.link(&sam, Google).await.unwrap(), Outcome::Linked { provider: Google, .. }));
    assert_eq!(scene.enter(Google).await.id, sam.id, "whatever its address");
    // It is Sam's now, and Sam has one.
    let outcome = scene.link(&lee, Google).await.unwrap();
    assert_eq!(scene.refused(&lee.visitor, outcome).await.code, "linked-to-somebody-else");
    scene.at_google("1102", "sam@example.com");
    let outcome = scene.link(&sam, Google).await.unwrap();
    assert_eq!(scene.refused(&sam.visitor, outcome).await.code, "another-account-linked");
    scene.at_github(5, "sam@example.com");
    scene.link(&sam, GitHub).await.unwrap();
    assert_eq!(scene.linked(&sam).await.len(), 2);
    // An hour later who sits at the browser has to show again who they are.
    scene.advance(16);
    let late = begin_link(&scene.bed.app, &lee.visitor, GitHub).await;
    assert_eq!(refused(late), Refusal::NeedsRecentProof);
    let nobody = begin_link(&scene.bed.app, &scene.bed.stranger(), GitHub).await;
    assert_eq!(refused(nobody), Refusal::NoSession);
}

async fn r_in_8_a_linked_account_confirms_that_it_is_the_same_person(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    scene.at_google("1101", "sam@example.com");
    scene.link(&sam, Google).await.unwrap();
    scene.advance(16);
    let removal = linked_account::may_remove(&scene.bed.app, &sam.visitor, Google).await;
    assert_eq!(refused(removal), Refusal::NeedsRecentProof);
    let ways = step_up::ways(&scene.bed.app, &sam.visitor, None).await.unwrap();
    assert_eq!(ways.personal, [Google]);
    let outcome = scene.arrive(&sam.visitor, Google).await;
    let again = signed_in(outcome, &sam.visitor);
    assert_eq!(again.id, sam.id);
    linked_account::may_remove(&scene.bed.app, &again.visitor, Google).await.unwrap();
    let current = session::current(&scene.bed.app, &again.visitor).await.unwrap();
    assert_eq!(current.proofs.iter().count(), 2, "the password's proof is kept beside it");
}

async fn unlinking_ends_other_sessions_and_is_refused_for_the_last_way_in(scene: Scene) {
    scene.at_google("1101", "dana@gmail.com");
    let dana = scene.enter(Google).await;
    let removed = linked_account::remove(&scene.bed.app, &dana.visitor, Google).await;
    assert_eq!(refused(removed), Refusal::LastWayIn);
    scene.at_github(5, "dana@gmail.com");
    scene.link(&dana, GitHub).await.unwrap();
    let other = scene.enter(Google).await;
    scene.bed.read_all("dana@gmail.com").await;
    linked_account::remove(&scene.bed.app, &dana.visitor, Google).await.unwrap();
    assert!(scene.bed.next_mail("dana@gmail.com").await.subject.contains("no longer linked"));
    assert_eq!(refused(session::current(&scene.bed.app, &other.visitor).await), Refusal::NoSession);
    assert!(session::current(&scene.bed.app, &dana.visitor).await.is_ok());
    assert_eq!(refused(linked_account::remove(&scene.bed.app, &dana.visitor, Google).await), Refusal::NotFound);
    assert_eq!(refused(linked_account::remove(&scene.bed.app, &dana.visitor, GitHub).await), Refusal::LastWayIn);
    // What was unlinked opens nothing any more.
    let visitor = scene.bed.stranger();
    assert!(matches!(scene.arrive(&visitor, Google).await, Outcome::Asks(_)));
}

on_each_scene! {
    r_in_9_linking_asks_for_a_fresh_proof_and_takes_what_is_nobodys
    r_in_8_a_linked_account_confirms_that_it_is_the_same_person
    unlinking_ends_other_sessions_and_is_refused_for_the_last_way_in
}
