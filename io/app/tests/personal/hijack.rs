//! Whatever an attacker prepared under somebody's address is worth nothing once that person comes: T-LNK-5, T-LNK-6.

use orgate_app::session;
use orgate_app::sign_in::personal::answer::Answer;
use orgate_app::sign_in::personal::begin::begin_link;
use orgate_app::sign_in::step_up;
use orgate_app::sign_up::{self, NewSignUp};
use orgate_core::personal::PersonalProvider::{GitHub, Google};
use orgate_core::refusal::Refusal;

use crate::scene::{Scene, asks, signed_in};
use crate::support::{PASSWORD, refused};

const VICTIM: &str = "victim@gmail.com";

async fn t_lnk_5_a_sign_up_that_an_attacker_began_gives_them_nothing(scene: Scene) {
    let attacker = scene.bed.stranger();
    let typed = NewSignUp {
        email: VICTIM.to_owned(),
        password: PASSWORD.to_owned(),
        name: "Mallory".to_owned(),
        invitation: None,
    };
    let begun = sign_up::begin(&scene.bed.app, &attacker, typed).await.unwrap();
    let code = scene.bed.next_code(VICTIM).await;
    scene.at_google("1101", VICTIM);
    let victim = scene.enter(Google).await;
    let taken = sign_up::verify(&scene.bed.app, &attacker, begun.id.as_str(), &code).await;
    assert_eq!(refused(taken), Refusal::AttemptOver, "even with the code");
    let [user] = <[_; 1]>::try_from(scene.users(VICTIM).await).unwrap();
    assert_eq!((user.id, user.name.as_str()), (victim.id.clone(), "Dana Reyes"));
    let password = scene
        .bed
        .write(victim.id.clone(), |tx, id| Box::pin(async move { tx.instance().find_password(id).await }))
        .await;
    assert!(password.is_none(), "the attacker's password is nobody's");
}

async fn t_lnk_5_a_person_of_a_rogue_sso_with_the_address_is_somebody_else(scene: Scene) {
    let mallory = scene.bed.person("mallory").await;
    let rogue = scene.bed.organization(&mallory, "Rogue").await;
    let local = scene.bed.born_by_sso(&rogue, "Victim", VICTIM).await;
    // An unproven account holds nothing that opens it: no link to Google of the attacker's own.
    let link = begin_link(&scene.bed.app, &local.visitor, Google).await;
    assert_eq!(refused(link), Refusal::NeedsProof);
    scene.at_google("1101", VICTIM);
    let victim = scene.enter(Google).await;
    assert_ne!(victim.id, local.id);
    let current = session::current(&scene.bed.app, &victim.visitor).await.unwrap();
    assert!(current.organizations.is_empty(), "nothing binds them to the rogue organization");
    assert_eq!(scene.users(VICTIM).await.len(), 2);
    // If the rogue session then wants the address, a code goes to the victim; by it they are brought together, and what the
    // rogue account came in by opens nothing of the victim's.
    step_up::mail_code(&scene.bed.app, &local.visitor).await.unwrap();
    scene.bed.next_code(VICTIM).await;
    let guessed = step_up::confirm(&scene.bed.app, &local.visitor, "000000").await;
    assert!(guessed.is_err());
    assert!(session::current(&scene.bed.app, &local.visitor).await.unwrap().email_proven.eq(&false));
}

async fn t_lnk_5_an_attackers_own_account_at_the_provider_needs_the_mailbox(scene: Scene) {
    // Once verified there, by whoever had the mailbox then: GitHub and Google say so for years.
    let victim = scene.bed.sign_up("Victim", "victim@example.com", scene.bed.stranger()).await;
    scene.bed.read_all("victim@example.com").await;
    for provider in [GitHub, Google] {
        scene.at_github(666, "victim@example.com");
        scene.at_google("666", "victim@example.com");
        let attacker = scene.bed.stranger();
        let id = asks(scene.arrive(&attacker, provider).await);
        for guess in 0..5 {
            drop(scene.answer(&attacker, &id, Answer::Code(format!("{guess:06}"))).await);
        }
        let code = scene.bed.next_code("victim@example.com").await;
        let late = scene.answer(&attacker, &id, Answer::Code(code)).await;
        assert_eq!(refused(late), Refusal::AttemptOver, "five tries");
    }
    assert!(scene.linked(&victim).await.is_empty());
}

async fn t_lnk_10_a_code_from_before_somebody_had_the_address_proves_nothing_about_them(scene: Scene) {
    scene.at_github(77, "kim@example.com");
    let early = scene.bed.stranger();
    let id = asks(scene.arrive(&early, GitHub).await);
    let code = scene.bed.next_code("kim@example.com").await;
    // Meanwhile somebody signs up with it: the code was mailed to the address as GitHub spelled it, not to theirs.
    let kim = scene.bed.sign_up("Kim", "Kim@example.com", scene.bed.stranger()).await;
    let outcome = scene.answer(&early, &id, Answer::Code(code)).await.unwrap();
    let asked = asks(outcome);
    assert!(scene.linked(&kim).await.is_empty());
    let newer = scene.bed.next_code("Kim@example.com").await;
    let outcome = scene.answer(&early, &asked, Answer::Code(newer)).await.unwrap();
    assert_eq!(signed_in(outcome, &early).id, kim.id);
}

on_each_scene! {
    t_lnk_5_a_sign_up_that_an_attacker_began_gives_them_nothing
    t_lnk_5_a_person_of_a_rogue_sso_with_the_address_is_somebody_else
    t_lnk_5_an_attackers_own_account_at_the_provider_needs_the_mailbox
    t_lnk_10_a_code_from_before_somebody_had_the_address_proves_nothing_about_them
}
