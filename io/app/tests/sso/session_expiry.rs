//! When the IdP says that its own session ends, what it proved here ends then: T-ID-16.

use std::time::Duration;

use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::Answer;
use orgate_app::sign_in::step_up;
use orgate_app::{enforcement, session};
use orgate_core::method::AuthenticationMethod::{self, MailedCode, Password, Sso};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::Mischief;
use serde_json::json;

use crate::support::{Person, refused};
use crate::world::{Site, World, asks};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

/// The provider says from now on that its session ends so much later.
fn ends_in(world: &World, after: Duration) {
    let end = world.bed.now().plus(after).as_seconds();
    world.idp.set(Mischief::none().claim("session_expiry", end));
}

async fn is_open(world: &World, person: &Person) -> bool {
    session::open(&world.bed.app, person.visitor.session, "acme").await.is_ok()
}

/// What the session shows, and its absolute end.
async fn shows(world: &World, person: &Person) -> (Vec<AuthenticationMethod>, Timestamp) {
    let current = session::current(&world.bed.app, &person.visitor).await.unwrap();
    (current.proofs.iter().map(Proof::method).collect(), current.expires_at)
}

async fn t_id_16_a_session_ends_when_the_idp_says_that_its_own_does(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let began = world.bed.now();
    ends_in(&world, HOUR);
    let dana = world.enter(&site, self::dana()).await;
    assert_eq!(shows(&world, &dana).await, (vec![Sso], began.plus(HOUR)), "and the cookie with it");
    world.advance(HOUR.saturating_sub(SECOND));
    assert!(is_open(&world, &dana).await);
    world.advance(SECOND);
    assert!(!is_open(&world, &dana).await, "not a moment longer, though it was used a second ago");
    assert_eq!(refused(session::current(&world.bed.app, &dana.visitor).await), Refusal::NoSession);

    // Signing in there anew is all it takes; and an end far away prolongs nothing.
    ends_in(&world, 90 * HOUR);
    let again = world.enter(&site, self::dana()).await;
    assert_eq!(again.id, dana.id);
    assert_eq!(shows(&world, &again).await.1, world.bed.now().plus(24 * HOUR));
    for _ in 0..5 {
        assert!(is_open(&world, &again).await);
        session::flush(&world.bed.app).await.unwrap();
        world.advance(5 * HOUR);
    }
    assert!(!is_open(&world, &again).await);
}

async fn t_id_16_the_newest_word_of_the_idp_counts(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let began = world.bed.now();
    ends_in(&world, HOUR);
    let first = world.enter(&site, dana()).await;
    world.advance(HOUR / 2);
    ends_in(&world, 3 * HOUR);
    let outcome = world.sign_in(&first.visitor, &site, &world.idp).await;
    let longer = world.signed_in(outcome, &first.visitor);
    assert_eq!(shows(&world, &longer).await, (vec![Sso], began.plus(HOUR / 2 + 3 * HOUR)));
    ends_in(&world, SECOND);
    let outcome = world.sign_in(&longer.visitor, &site, &world.idp).await;
    let shorter = world.signed_in(outcome, &longer.visitor);
    assert!(is_open(&world, &shorter).await);
    world.advance(SECOND);
    assert!(!is_open(&world, &shorter).await);
}

async fn t_id_16_what_a_person_showed_of_their_own_outlives_it(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let own_end = shows(&world, &site.owner).await.1;
    ends_in(&world, HOUR);
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let outcome = world.sign_in(&site.owner.visitor, &site, &world.idp).await;
    let both = world.signed_in(outcome, &site.owner.visitor);
    assert_eq!(shows(&world, &both).await, (vec![Password, Sso], own_end), "the password's day is not shortened");
    world.advance(HOUR);
    assert_eq!(shows(&world, &both).await, (vec![Password], own_end), "and the proof is gone");
    assert!(is_open(&world, &both).await);
    let views = session::list(app, &both.visitor).await.unwrap();
    let methods: Vec<_> = views[0].session.proofs.iter().map(Proof::method).collect();
    assert_eq!((views[0].current, methods), (true, vec![Password]));
}

async fn t_id_16_a_code_on_top_ends_with_the_proof_below(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let end = world.bed.now().plus(HOUR);
    ends_in(&world, HOUR);
    let dana = world.enter(&site, self::dana()).await;
    world.advance(HOUR / 2);
    step_up::mail_code(&world.bed.app, &dana.visitor).await.unwrap();
    let code = world.bed.next_code("dana@acme.example").await;
    let issued = step_up::confirm(&world.bed.app, &dana.visitor, &code).await.unwrap();
    let confirmed = Person::of(&issued, dana.visitor.clone());
    assert_eq!(shows(&world, &confirmed).await, (vec![Sso, MailedCode], end));
    world.advance(HOUR / 2);
    assert_eq!(refused(session::current(&world.bed.app, &confirmed.visitor).await), Refusal::NoSession);
}

/// Where SSO is required the password does not carry the session on, and what was refused once stays refused.
async fn t_id_16_where_sso_is_required_the_session_ends_with_the_proof_and_for_good(world: World) {
    let app = &world.bed.app;
    // An Owner who has a password, and so is a way back in.
    let owner = world.bed.person("sam").await;
    let organization = world.bed.organization(&owner, "Acme").await;
    let connection = world.connect(&owner, "acme", &world.idp).await;
    let site = Site { owner, organization, connection };
    world.bed.enforce(&site.owner, &site.organization).await;
    let mut sessions = Vec::new();
    for name in ["kim", "lee"] {
        let person = world.member(&site, name, OrganizationRole::Member).await;
        sessions.push(world.bed.session(&person, both(&world, &site)).await);
    }
    for session in &sessions {
        assert!(is_open(&world, session).await);
    }
    world.advance(HOUR);
    for session in &sessions {
        let refusal = refused(session::current(app, &session.visitor).await);
        assert!(matches!(refusal, Refusal::SessionEnded(_)), "{refusal:?}");
    }
    // Once by the sweeper's mark, and once by judging what was in force before.
    let owner = world.with_password(&site.owner).await;
    enforcement::sweep_once(app, enforcement::Pace::Brisk).await.unwrap();
    world.bed.stop_enforcing(&owner, &site.organization).await;
    for session in &sessions {
        assert_eq!(refused(session::current(app, &session.visitor).await), Refusal::NoSession, "I7");
    }
    enforcement::sweep_once(app, enforcement::Pace::Brisk).await.unwrap();
    for session in &sessions {
        assert_eq!(refused(session::current(app, &session.visitor).await), Refusal::NoSession, "I7");
    }
}

/// A password, and a proof by the organization's SSO that holds for an hour.
fn both(world: &World, site: &Site) -> Proofs {
    let at = world.bed.now();
    Proofs::of(Proof::Password { at }).with(Proof::Sso {
        connection_id: site.connection.clone(),
        organization_id: site.id().clone(),
        at,
        authenticated_at: None,
        holds_until: Some(at.plus(HOUR)),
    })
}

async fn t_id_16_an_end_that_has_passed_or_is_no_time_is_refused_and_told(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let now = world.bed.now().as_seconds();
    for (claim, code, expected, received) in [
        (json!(now), "idp-session-over", "session_expiry after 2026-11-22T06:00:00Z", "2026-11-22T06:00:00Z"),
        (json!(now - 86_400), "idp-session-over", "session_expiry after 2026-11-22T06:00:00Z", "2026-11-21T06:00:00Z"),
        (json!("soon"), "session-expiry-malformed", "seconds since 1970, as a number", "\"soon\""),
        (json!(now * 1000), "session-expiry-malformed", "seconds since 1970, as a number", "1795327200000"),
    ] {
        world.idp.set(Mischief::none().claim("session_expiry", claim));
        let outcome = world.arrive(&site, dana()).await;
        let Outcome::Refused(page) = outcome else { panic!("{code}: {outcome:?}") };
        let attempt = world.found(&site, &page.reference).await;
        let told = (attempt.record.expected.unwrap(), attempt.record.received.unwrap());
        assert_eq!((attempt.record.code.as_str(), told.0.as_str(), told.1.as_str()), (code, expected, received));
        assert!(attempt.mend.contains("session_expiry"), "{}", attempt.mend);
    }
    assert!(world.users("dana@acme.example").await.is_empty());
    assert!(world.identities(site.id()).await.is_empty());
}

async fn t_id_16_a_sign_in_that_waited_past_the_end_is_refused(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.person("kim").await;
    ends_in(&world, 5 * 60 * SECOND);
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    let question = asks(&world.sign_in(&visitor, &site, &world.idp).await);
    let code = world.bed.next_code("kim@example.com").await;
    world.advance(5 * 60 * SECOND);
    let outcome = world.answer(&visitor, &question, Answer::Code(code)).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "idp-session-over");
    assert_eq!(world.members(site.id()).await, std::slice::from_ref(&site.owner.id), "nobody joined");
    assert!(world.identities(site.id()).await.is_empty());
}

on_each_world! {
    t_id_16_a_session_ends_when_the_idp_says_that_its_own_does
    t_id_16_the_newest_word_of_the_idp_counts
    t_id_16_what_a_person_showed_of_their_own_outlives_it
    t_id_16_a_code_on_top_ends_with_the_proof_below
    t_id_16_where_sso_is_required_the_session_ends_with_the_proof_and_for_good
    t_id_16_an_end_that_has_passed_or_is_no_time_is_refused_and_told
    t_id_16_a_sign_in_that_waited_past_the_end_is_refused
}
