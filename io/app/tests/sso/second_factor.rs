//! The second factor that a first sign-in asks for: of somebody known elsewhere who joins (R-LNK-3), and of who has the
//! address proven that a code of the attempt proved for a person whom SSO made (R-LNK-4).

use orgate_app::session;
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::{Answer, Question, question};
use orgate_app::sign_in::sso::attempts::{self, RefusedAttempt};
use orgate_app::visitor::Visitor;
use orgate_core::id::SignInId;
use orgate_core::method::AuthenticationMethod::{self, Sso, Totp};
use orgate_core::proof::Proof;
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_store::{AuditEvent, AuditFilter};
use orgate_testkit::Person as Subject;

use crate::support::{Person, refused};
use crate::world::{Site, World, asks};

/// Acme knows somebody by SSO with the address that Kim has proven elsewhere.
async fn known_twice(world: &World) -> (Site, Person, Person) {
    let site = world.site("Acme", &world.idp).await;
    let born = world.bed.born_by_sso(&site.organization, "Kim at Acme", "kim@example.com").await;
    let kim = world.person("kim").await;
    (site, born, kim)
}

/// Comes with that address, which the IdP does not vouch for, and types the code that is mailed then.
async fn with_code(world: &World, site: &Site) -> (Visitor, Outcome) {
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com").claim("email_verified", false));
    let id = asks(&world.sign_in(&visitor, site, &world.idp).await);
    let code = world.bed.next_code("kim@example.com").await;
    let outcome = world.answer(&visitor, &id, Answer::Code(code)).await.unwrap();
    (visitor, outcome)
}

fn wrong() -> Answer {
    Answer::Factor(TypedFactor { method: TypedMethod::Totp, code: "no code".to_owned() })
}

async fn methods(world: &World, visitor: &Visitor, id: &SignInId) -> Vec<AuthenticationMethod> {
    match question(&world.bed.app, visitor, id).await.unwrap().question {
        Question::Factor { methods } => methods,
        other => panic!("{other:?}"),
    }
}

async fn shown(world: &World, person: &Person) -> Vec<AuthenticationMethod> {
    let current = session::current(&world.bed.app, &person.visitor).await.unwrap();
    current.proofs.iter().map(Proof::method).collect()
}

async fn refusal(world: &World, outcome: &Outcome) -> RefusedAttempt {
    let Outcome::Refused(page) = outcome else { panic!("not refused but {outcome:?}") };
    attempts::refused(&world.bed.app, &page.slug, page.reference.as_str()).await.unwrap()
}

async fn r_lnk_3_who_is_known_elsewhere_shows_the_factor_and_joins(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let kim = world.person("kim").await;
    let app = world.bed.authenticator(&kim.id).await;
    let (visitor, outcome) = with_code(&world, &site).await;
    let id = asks(&outcome);
    assert_eq!(methods(&world, &visitor, &id).await, [Totp]);
    assert!(!world.members(site.id()).await.contains(&kim.id));
    let outcome = world.answer(&visitor, &id, wrong()).await.unwrap();
    let Outcome::WrongFactor(id) = outcome else { panic!("{outcome:?}") };
    let right = Answer::Factor(app.typed(world.bed.now()));
    let entered = world.signed_in(world.answer(&visitor, &id, right.clone()).await.unwrap(), &visitor);
    assert_eq!(entered.id, kim.id);
    assert_eq!(shown(&world, &entered).await, [Sso, Totp]);
    assert!(world.members(site.id()).await.contains(&kim.id));
    assert_eq!(refused(world.answer(&visitor, &id, right).await), Refusal::AttemptOver, "once");
}

async fn r_lnk_4_a_code_within_a_sign_in_asks_for_the_factor_of_who_has_the_address(world: World) {
    let (site, born, kim) = known_twice(&world).await;
    let app = world.bed.authenticator(&kim.id).await;
    let (visitor, outcome) = with_code(&world, &site).await;
    let id = asks(&outcome);
    assert_eq!(methods(&world, &visitor, &id).await, [Totp]);
    assert!(world.identities(site.id()).await.is_empty(), "nothing is written before it");
    let outcome = world.answer(&visitor, &id, wrong()).await.unwrap();
    let Outcome::WrongFactor(id) = outcome else { panic!("{outcome:?}") };
    let right = Answer::Factor(app.typed(world.bed.now()));
    let entered = world.signed_in(world.answer(&visitor, &id, right).await.unwrap(), &visitor);
    assert_eq!(entered.id, kim.id);
    assert_eq!(shown(&world, &entered).await, [Sso, Totp]);
    let [bond] = <[_; 1]>::try_from(world.identities(site.id()).await).unwrap();
    assert_eq!((&bond.user_id, bond.subject.as_str()), (&kim.id, "00uKim"));
    assert_eq!(refused(session::current(&world.bed.app, &born.visitor).await), Refusal::NoSession);
    let members = world.members(site.id()).await;
    assert!(members.contains(&kim.id) && !members.contains(&born.id));
    assert_eq!(world.enter(&site, Subject::new("00uKim", "kim@example.com")).await.id, kim.id, "known from now on");
}

async fn r_lnk_4_without_a_factor_the_code_within_a_sign_in_is_enough(world: World) {
    let (site, born, kim) = known_twice(&world).await;
    let (visitor, outcome) = with_code(&world, &site).await;
    assert_eq!(world.signed_in(outcome, &visitor).id, kim.id);
    assert!(!world.members(site.id()).await.contains(&born.id));
}

async fn t_mfa_2_five_wrong_factors_end_the_attempt_and_the_page_says_what_to_do(world: World) {
    let (site, born, kim) = known_twice(&world).await;
    let app = world.bed.authenticator(&kim.id).await;
    let (visitor, outcome) = with_code(&world, &site).await;
    let mut id = asks(&outcome);
    for _ in 0..4 {
        let outcome = world.answer(&visitor, &id, wrong()).await.unwrap();
        let Outcome::WrongFactor(next) = outcome else { panic!("{outcome:?}") };
        id = next;
    }
    let outcome = world.answer(&visitor, &id, wrong()).await.unwrap();
    let page = refusal(&world, &outcome).await;
    assert_eq!(page.code, "needs-second-factor");
    assert_eq!(page.text, "A second factor is required.");
    assert!(page.advice.contains("recovery code"), "{}", page.advice);
    let right = Answer::Factor(app.typed(world.bed.now()));
    assert_eq!(refused(world.answer(&visitor, &id, right).await), Refusal::AttemptOver);
    assert!(world.identities(site.id()).await.is_empty());
    // One event of the minute, and one mail, about who has the factor and to them.
    let [event] = <[AuditEvent; 1]>::try_from(refusals_of(&world, &kim).await).unwrap();
    assert_eq!((event.outcome.as_str(), event.tries), ("invalid-code", 5));
    let mail = world.bed.next_mail("kim@example.com").await;
    assert!(mail.subject.contains("was stopped") && mail.text.contains("Acme"), "{}", mail.text);
    assert!(world.bed.mail("kim@example.com").await.is_none());
    // The Owner's record names the person whom the organization knows, and not who has the address.
    let Outcome::Refused(page) = outcome else { panic!("{outcome:?}") };
    assert_eq!(world.found(&site, &page.reference).await.record.user_id, Some(born.id));
}

/// What the instance's log holds of this person's refused tries.
async fn refusals_of(world: &World, person: &Person) -> Vec<AuditEvent> {
    let filter = AuditFilter { action: Some("session.refused".to_owned()), ..AuditFilter::default() };
    let listed = world
        .bed
        .write(filter, |tx, filter| Box::pin(async move { tx.instance().list_audit_events(filter, None, 50).await }));
    let is_theirs = |event: &AuditEvent| event.target.as_deref() == Some(person.id.as_str());
    listed.await.items.into_iter().filter(is_theirs).collect()
}

async fn l5_the_wrong_factor_that_ends_an_attempt_forgives_none_before_it(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let kim = world.person("kim").await;
    world.bed.authenticator(&kim.id).await;
    let mut compared = Vec::new();
    for _ in 0..3 {
        let (visitor, outcome) = with_code(&world, &site).await;
        let mut id = asks(&outcome);
        for _ in 0..5 {
            match world.answer(&visitor, &id, wrong()).await {
                Ok(Outcome::WrongFactor(next)) => {
                    id = next;
                    compared.push(true);
                }
                Ok(Outcome::Refused(_)) => compared.push(true),
                other => {
                    assert_eq!(refused(other).kind(), RefusalKind::TooMany);
                    compared.push(false);
                }
            }
        }
    }
    assert_eq!(compared, [vec![true; 11], vec![false; 4]].concat());
}

async fn r_in_4_who_has_but_a_passkey_is_told_what_to_do_instead_of_a_form(world: World) {
    let (site, born, kim) = known_twice(&world).await;
    world.bed.passkey(&kim.id, 7).await;
    let (_, outcome) = with_code(&world, &site).await;
    let page = refusal(&world, &outcome).await;
    assert_eq!(page.code, "needs-second-factor");
    assert!(page.advice.contains("passkey") && page.advice.contains("Sign-in and security"), "{}", page.advice);
    assert!(session::current(&world.bed.app, &born.visitor).await.is_ok());
    // The same for who would only join.
    let rival = world.site("Rival", &world.idp).await;
    let (_, outcome) = with_code(&world, &rival).await;
    assert_eq!(refusal(&world, &outcome).await.code, "needs-second-factor");
    assert!(!world.members(rival.id()).await.contains(&kim.id));
}

on_each_world! {
    r_lnk_3_who_is_known_elsewhere_shows_the_factor_and_joins
    r_lnk_4_a_code_within_a_sign_in_asks_for_the_factor_of_who_has_the_address
    r_lnk_4_without_a_factor_the_code_within_a_sign_in_is_enough
    t_mfa_2_five_wrong_factors_end_the_attempt_and_the_page_says_what_to_do
    l5_the_wrong_factor_that_ends_an_attempt_forgives_none_before_it
    r_in_4_who_has_but_a_passkey_is_told_what_to_do_instead_of_a_form
}
