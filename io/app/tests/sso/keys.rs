//! Keys that come and go: T-IDP-2, T-CONF-1 (rotation), F3.

use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::session;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{Endpoint, KeySetShape, Mischief, Wire};

use crate::support::Person;
use crate::world::{Site, World};

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

/// A world whose provider's keys were last asked for longer ago than the pause.
async fn rested() -> (World, Site) {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    world.enter(&site, dana()).await;
    world.advance(Duration::from_secs(31));
    world.idp.forget_requests();
    (world, site)
}

fn asked(world: &World) -> usize {
    world.idp.requests_to(Endpoint::Keys).len()
}

#[tokio::test]
async fn t_idp_2_a_stream_of_unknown_key_names_causes_one_refetch_in_thirty_seconds() {
    let (world, site) = rested().await;
    for round in 1..=2 {
        for number in 0..15 {
            world.idp.set(Mischief::none().header_member("kid", format!("unknown-{round}-{number}")));
            let outcome = world.arrive(&site, dana()).await;
            assert_eq!(world.code(&site, &outcome).await, "key-unknown");
        }
        assert_eq!(asked(&world), round);
        world.advance(Duration::from_secs(30));
    }
    world.idp.behave();
    world.enter(&site, dana()).await;
}

#[tokio::test]
async fn t_idp_2_an_empty_set_is_asked_for_no_more_often() {
    let (world, site) = rested().await;
    world.bed.app.jwks.forget(&site.connection);
    world.idp.set(Mischief::none().key_set(KeySetShape::Empty));
    for _ in 0..10 {
        let outcome = world.arrive(&site, dana()).await;
        assert_eq!(world.code(&site, &outcome).await, "keys-empty");
    }
    assert_eq!(asked(&world), 1);
}

#[tokio::test]
async fn t_conf_1_new_keys_are_found_by_one_refetch_even_by_many_at_once() {
    let (world, site) = rested().await;
    world.idp.rotate_keys(false);
    world.idp.sign_in_as(dana());
    let browsers: Vec<_> = (0..12).map(|_| world.bed.stranger()).collect();
    let all = join_all(browsers.iter().map(|visitor| world.sign_in(visitor, &site, &world.idp))).await;
    for outcome in all {
        assert!(matches!(outcome, Outcome::SignedIn { .. }), "{outcome:?}");
    }
    assert_eq!(asked(&world), 1, "single-flight");
}

#[tokio::test]
async fn t_idp_2_known_keys_serve_while_the_key_address_is_out_of_order() {
    let (world, site) = rested().await;
    world.idp.set(Mischief::none().wire(Endpoint::Keys, Wire::Status(503)));
    world.advance(Duration::from_secs(600));
    for _ in 0..3 {
        world.enter(&site, dana()).await;
    }
    assert_eq!(asked(&world), 1);
    world.idp.rotate_keys(false);
    let outcome = world.arrive(&site, dana()).await;
    assert_eq!(
        world.code(&site, &outcome).await,
        "key-unknown",
        "the old keys stay, and the new one is in nobody's hands"
    );
    world.idp.behave();
    world.advance(Duration::from_secs(30));
    world.enter(&site, dana()).await;
}

#[tokio::test]
async fn t_idp_2_saving_settings_takes_nothing_from_the_ones_in_use() {
    let (world, site) = rested().await;
    let down = [Endpoint::Discovery, Endpoint::Keys];
    world.idp.set(down.into_iter().fold(Mischief::none(), |all, endpoint| all.wire(endpoint, Wire::Status(503))));
    let saved = world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
    assert!(saved.report.failed());
    world.enter(&site, dana()).await;

    // What changed there shows as soon as it can be had.
    world.idp.behave();
    world.advance(Duration::from_secs(30));
    world.idp.forget_requests();
    world.enter(&site, dana()).await;
    assert_eq!((world.idp.requests_to(Endpoint::Discovery).len(), asked(&world)), (1, 1));
}

/// A session from before opens its organization.
async fn still_opens(world: &World, site: &Site, person: &Person) {
    session::open(&world.bed.app, person.visitor.session, site.slug()).await.unwrap();
}

#[tokio::test]
async fn f3_keys_are_replaced_with_and_without_overlap_and_nobody_is_refused() {
    for keeps_old in [true, false] {
        let (world, site) = rested().await;
        let before = world.enter(&site, dana()).await;
        world.idp.rotate_keys(keeps_old);
        world.enter(&site, dana()).await;
        still_opens(&world, &site, &before).await;
        assert_eq!(asked(&world), 1, "old keys published: {keeps_old}");
    }
}

#[tokio::test]
async fn f3_a_new_key_under_the_old_name_is_found_by_one_refetch() {
    let (world, site) = rested().await;
    let before = world.enter(&site, dana()).await;
    let name = world.idp.key_set()["keys"][0]["kid"].as_str().unwrap().to_owned();
    world.idp.rotate_keys(false);
    let published = name.clone();
    let renamed = Mischief::none().header_member("kid", name).keys(move |set| {
        set["keys"][0]["kid"] = published.clone().into();
    });
    world.idp.set(renamed);
    world.enter(&site, dana()).await;
    still_opens(&world, &site, &before).await;
    assert_eq!(asked(&world), 1);
}

#[tokio::test]
async fn f3_ten_minutes_without_any_published_key_refuse_nobody_and_end_no_session() {
    let (world, site) = rested().await;
    let before = world.enter(&site, dana()).await;
    world.idp.set(Mischief::none().key_set(KeySetShape::Empty));
    // From when what is remembered is asked for again, with somebody signing in every half minute.
    world.advance(Duration::from_secs(570));
    for _ in 0..20 {
        world.advance(Duration::from_secs(30));
        world.enter(&site, dana()).await;
        still_opens(&world, &site, &before).await;
    }
    assert!((15..=20).contains(&asked(&world)), "{}", asked(&world));
    world.idp.behave();
    world.idp.rotate_keys(false);
    world.advance(Duration::from_secs(30));
    world.enter(&site, dana()).await;
    still_opens(&world, &site, &before).await;
}

#[tokio::test]
async fn f2_clocks_a_minute_apart_pass_and_three_minutes_apart_are_called_so() {
    for (seconds, code) in [(60, None), (-60, None), (180, Some("clock")), (-180, Some("clock"))] {
        let world = World::sqlite().await;
        let site = world.site("Acme", &world.idp).await;
        world.advance_provider(seconds);
        let outcome = world.arrive(&site, dana()).await;
        match code {
            None => assert!(matches!(outcome, Outcome::SignedIn { .. }), "{seconds}: {outcome:?}"),
            Some(code) => assert_eq!(world.code(&site, &outcome).await, code, "{seconds}"),
        }
    }
}
