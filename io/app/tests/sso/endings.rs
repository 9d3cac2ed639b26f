//! What disabling, replacing and removing a connection ends, and what a rotated secret does not: R-SSO-7, T-ENF-21.

use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use orgate_app::sign_in::sso::answer::Answer;
use orgate_app::sign_in::sso::begin::begin;
use orgate_app::sign_in::step_up;
use orgate_app::{connection, connection_test, session};
use orgate_core::connection::ConnectionState;
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::Proofs;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{Endpoint, Mischief};

use crate::support::{Person, refused};
use crate::world::{Site, World, address, asks, sign_in};

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

/// An act of the Owner, who has proven again that it is them.
async fn act(world: &World, site: &Site, what: &str) {
    let owner = world.with_password(&site.owner).await;
    let (app, id) = (&world.bed.app, site.connection.as_str());
    world.advance(Duration::from_secs(1));
    match what {
        "disable" => connection::disable(app, &owner.visitor, site.slug(), id).await.map(drop),
        "remove" => connection::remove(app, &owner.visitor, site.slug(), id).await,
        "replace" => {
            let other = world.provider();
            world.connect(&owner, site.slug(), &other).await;
            Ok(())
        }
        "activate" => connection::activate(app, &owner.visitor, site.slug(), id).await.map(drop),
        _ => unreachable!(),
    }
    .unwrap();
    world.advance(Duration::from_secs(1));
}

async fn is_open(world: &World, person: &Person) -> bool {
    session::open(&world.bed.app, person.visitor.session, "acme").await.is_ok()
}

async fn r_sso_7_the_proofs_of_a_connection_end_with_it_and_for_good(world: World) {
    for (name, what) in [("Acme", "disable"), ("Other", "replace")] {
        let site = world.site(name, &world.idp).await;
        let by_sso = world.enter(&site, dana()).await;
        assert!(session::open(&world.bed.app, by_sso.visitor.session, site.slug()).await.is_ok());
        act(&world, &site, what).await;
        assert_eq!(refused(session::current(&world.bed.app, &by_sso.visitor).await), Refusal::NoSession, "{what}");
        let view = world.connection(&site).await;
        assert_eq!(view.connection.state, ConnectionState::Disabled, "{what}");

        act(&world, &site, "activate").await;
        assert_eq!(refused(session::current(&world.bed.app, &by_sso.visitor).await), Refusal::NoSession, "I7: {what}");
        let again = world.enter(&site, dana()).await;
        assert_eq!(again.id, by_sso.id, "the bond outlives it: {what}");
        act(&world, &site, "remove").await;
        assert_eq!(refused(session::current(&world.bed.app, &again.visitor).await), Refusal::NoSession, "{what}");
        let gone = connection::get(&world.bed.app, &site.owner.visitor, site.slug(), site.connection.as_str()).await;
        assert_eq!(refused(gone), Refusal::NotFound);
    }
}

async fn r_sso_7_a_session_with_another_proof_goes_on_with_that(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let outcome = world.sign_in(&site.owner.visitor, &site, &world.idp).await;
    let both = world.signed_in(outcome, &site.owner.visitor);
    act(&world, &site, "disable").await;
    assert!(is_open(&world, &both).await, "the password is still a proof");
}

async fn r_sso_7_a_proof_that_counts_no_more_is_named_nowhere(world: World) {
    for (name, what) in [("Acme", "disable"), ("Other", "replace")] {
        let site = world.site(name, &world.idp).await;
        world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
        let outcome = world.sign_in(&site.owner.visitor, &site, &world.idp).await;
        let both = world.signed_in(outcome, &site.owner.visitor);
        let app = &world.bed.app;
        let has_sso = |proofs: &Proofs| proofs.iter().any(|proof| proof.method() == AuthenticationMethod::Sso);
        let named = async || {
            let current = session::current(app, &both.visitor).await.unwrap();
            let listed = session::list(app, &both.visitor).await.unwrap();
            let ways = step_up::ways(app, &both.visitor, None).await.unwrap();
            [has_sso(&current.proofs), has_sso(&listed[0].session.proofs), ways.mailed_code.is_some()]
        };
        assert_eq!(named().await, [true; 3], "{what}");
        act(&world, &site, what).await;
        assert_eq!(named().await, [false; 3], "{what}");
        let code = step_up::mail_code(app, &both.visitor).await;
        assert_eq!(refused(code), Refusal::NeedsProof, "{what}");
    }
}

async fn r_sso_7_nothing_in_flight_through_it_finishes(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let (at_idp, at_code) = (world.bed.stranger(), world.bed.stranger());
    world.person("kim").await;
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    let question = asks(&world.sign_in(&at_code, &site, &world.idp).await);
    let code = world.bed.next_code("kim@example.com").await;
    world.idp.sign_in_as(dana());
    let location = world.idp.authorize(&world.begin(&at_idp, &site).await);
    world.idp.forget_requests();
    act(&world, &site, "disable").await;
    act(&world, &site, "activate").await;

    let outcome = world.come_back(&at_idp, &site.connection, &location).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "connection-changed");
    assert!(world.idp.requests_to(Endpoint::Token).is_empty(), "and the code is sent nowhere");
    let outcome = world.answer(&at_code, &question, Answer::Code(code)).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "connection-changed");
    assert!(world.users("dana@acme.example").await.is_empty());
    assert!(world.identities(site.id()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_enf_21_a_connection_disabled_while_the_code_is_exchanged_lets_nobody_in() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    let (entered, mut at_token) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    world.idp.set(Mischief::none().token_response(move |_| {
        entered.send(()).unwrap();
        released.lock().unwrap().recv_timeout(Duration::from_secs(4)).unwrap();
    }));
    world.idp.sign_in_as(dana());
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    let owner = world.with_password(&site.owner).await;
    let meanwhile = async {
        at_token.recv().await.unwrap();
        world.bed.clock.advance(Duration::from_secs(1));
        let (app, id) = (&world.bed.app, site.connection.as_str());
        connection::disable(app, &owner.visitor, "acme", id).await.unwrap();
        connection::activate(app, &owner.visitor, "acme", id).await.unwrap();
        release.send(()).unwrap();
    };
    let (outcome, ()) = tokio::join!(world.come_back(&visitor, &site.connection, &location), meanwhile);
    assert_eq!(world.code(&site, &outcome.unwrap()).await, "connection-changed");
    assert!(world.users("dana@acme.example").await.is_empty());
}

async fn t_enf_21_what_a_clock_that_was_ahead_began_with_the_former_client_lets_nobody_in(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let (visitor, now) = (world.bed.stranger(), world.bed.now());
    world.idp.sign_in_as(dana());
    world.advance(Duration::from_secs(1));
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    set_clocks(&world, now);
    world.idp.configure(|setup| setup.client_id = "0oaAnother".into());
    world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
    world.validate(&site.owner, "acme", &site.connection, &world.idp).await;
    connection::activate(&world.bed.app, &site.owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    world.idp.forget_requests();

    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "connection-changed");
    assert!(world.idp.requests_to(Endpoint::Token).is_empty(), "the code is sent nowhere");
    assert!(world.users("dana@acme.example").await.is_empty());
}

/// Acme's connection is activated by a clock that is an hour ahead and then put right.
async fn activated_ahead(world: &World) -> Site {
    let site = world.site("Acme", &world.idp).await;
    let (app, id, now) = (&world.bed.app, site.connection.as_str(), world.bed.now());
    world.advance(Duration::from_secs(3600));
    let ahead = world.with_password(&site.owner).await;
    connection::disable(app, &ahead.visitor, "acme", id).await.unwrap();
    connection::activate(app, &ahead.visitor, "acme", id).await.unwrap();
    set_clocks(world, now);
    site
}

async fn f2_what_was_activated_while_the_clock_was_ahead_is_put_right_beside_a_draft_too(world: World) {
    let site = activated_ahead(&world).await;
    let owner = world.with_password(&site.owner).await;
    world.save(&owner, "acme", &site.connection, &world.idp).await.unwrap();
    let activate = || connection::activate(&world.bed.app, &owner.visitor, "acme", site.connection.as_str());
    activate().await.unwrap();
    world.enter(&site, dana()).await;
    assert_eq!(refused(activate().await), Refusal::ConnectionNotValidated, "from then on it is about the draft");
}

async fn f2_what_was_activated_while_the_clock_was_ahead_lets_people_in_once_activated_again(world: World) {
    let site = activated_ahead(&world).await;
    let (app, id) = (&world.bed.app, site.connection.as_str());
    let outcome = world.arrive(&site, dana()).await;
    assert_eq!(world.code(&site, &outcome).await, "connection-changed");

    let owner = world.with_password(&site.owner).await;
    connection::activate(app, &owner.visitor, "acme", id).await.unwrap();
    let by_sso = world.enter(&site, dana()).await;
    assert!(is_open(&world, &by_sso).await);
    world.advance(Duration::from_secs(1));
    let owner = world.with_password(&site.owner).await;
    connection::activate(app, &owner.visitor, "acme", id).await.unwrap();
    assert!(is_open(&world, &by_sso).await, "and once more changes nothing");
}

/// Puts both clocks on a moment.
fn set_clocks(world: &World, moment: Timestamp) {
    world.bed.clock.set(moment);
    world.advance(Duration::ZERO);
}

async fn r_sso_7_a_test_of_a_removed_connection_is_over(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let (app, owner, id) = (&world.bed.app, &site.owner.visitor, site.connection.as_str());
    let test = connection_test::create(app, owner, "acme", id).await.unwrap().test.id;
    let begun = connection_test::begin(app, owner, "acme", id, test.as_str()).await.unwrap();
    let location = world.idp.authorize(&address(begun));
    connection::remove(app, owner, "acme", id).await.unwrap();
    let answer = world.come_back(owner, &site.connection, &location).await;
    assert_eq!(refused(answer), Refusal::AttemptOver);
}

async fn r_sso_7_a_rotated_secret_signs_nobody_out(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let by_sso = world.enter(&site, dana()).await;
    let visitor = world.bed.stranger();
    let url = world.begin(&visitor, &site).await;
    world.advance(Duration::from_secs(1));
    world.idp.configure(|setup| setup.client_secret = "a-rotated-secret".into());
    let owner = world.with_password(&site.owner).await;
    world.save(&owner, "acme", &site.connection, &world.idp).await.unwrap();
    world.validate(&owner, "acme", &site.connection, &world.idp).await;
    let active = connection::activate(&world.bed.app, &owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    assert_eq!((active.active.unwrap().revision.number, active.draft.is_none()), (2, true));
    world.advance(Duration::from_secs(1));
    assert!(is_open(&world, &by_sso).await);
    // What began with the old secret is told so by the IdP, and the next one finishes.
    world.idp.sign_in_as(dana());
    let outcome = world.come_back(&visitor, &site.connection, &world.idp.authorize(&url)).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "client-rejected");
    assert_eq!(world.enter(&site, dana()).await.id, by_sso.id);
}

async fn r_sso_7_settings_of_another_client_start_afresh(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let by_sso = world.enter(&site, dana()).await;
    world.idp.configure(|setup| setup.client_id = "0oaAnother".into());
    world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
    world.validate(&site.owner, "acme", &site.connection, &world.idp).await;
    act(&world, &site, "activate").await;
    assert!(!is_open(&world, &by_sso).await);
    // R-LNK-2 afresh: the address matches, and the old subject does not stand in the way.
    let again = world.enter(&site, Subject::new("another-subject", "dana@acme.example")).await;
    assert_eq!(again.id, by_sso.id);
}

async fn r_sso_7_one_connection_is_in_use_and_activating_again_changes_nothing(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let by_sso = world.enter(&site, dana()).await;
    world.advance(Duration::from_secs(1));
    connection::activate(&world.bed.app, &site.owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    assert!(is_open(&world, &by_sso).await);
    act(&world, &site, "replace").await;
    let overview = connection::overview(&world.bed.app, &site.owner.visitor, "acme").await.unwrap();
    let states: Vec<_> = overview.connections.iter().map(|view| view.connection.state).collect();
    assert_eq!(states, [ConnectionState::Active, ConnectionState::Disabled]);
    let outcome = connection::disable(&world.bed.app, &site.owner.visitor, "acme", site.connection.as_str()).await;
    assert_eq!(refused(outcome), Refusal::NoActiveConnection);
}

#[tokio::test]
async fn a_sign_in_without_an_active_connection_is_refused() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    act(&world, &site, "disable").await;
    for (slug, refusal) in [("acme", Refusal::NoActiveConnection), ("nobody", Refusal::NotFound)] {
        assert_eq!(refused(begin(&world.bed.app, &world.bed.stranger(), sign_in(slug)).await), refusal);
    }
}

on_each_world! {
    r_sso_7_the_proofs_of_a_connection_end_with_it_and_for_good
    r_sso_7_a_session_with_another_proof_goes_on_with_that
    r_sso_7_a_proof_that_counts_no_more_is_named_nowhere
    r_sso_7_nothing_in_flight_through_it_finishes
    t_enf_21_what_a_clock_that_was_ahead_began_with_the_former_client_lets_nobody_in
    f2_what_was_activated_while_the_clock_was_ahead_is_put_right_beside_a_draft_too
    f2_what_was_activated_while_the_clock_was_ahead_lets_people_in_once_activated_again
    r_sso_7_a_test_of_a_removed_connection_is_over
    r_sso_7_a_rotated_secret_signs_nobody_out
    r_sso_7_settings_of_another_client_start_afresh
    r_sso_7_one_connection_is_in_use_and_activating_again_changes_nothing
}
