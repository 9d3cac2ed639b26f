//! What HTTP itself can do on the way to a provider: T-ID-14, T-IDP-1, F1.

use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::begin::{Begun, begin};
use orgate_testkit::hostile_idp::catalogue::{self, Case};
use orgate_testkit::hostile_idp::{Endpoint, Mischief, Wire};
use orgate_testkit::{HostileIdp, ManualClock, Person as Subject, Setup};
use tokio::time::{Instant, timeout};

use crate::hostile::{Walk, try_case};
use crate::refusals;
use crate::world::{World, sign_in};

/// Those that end only at our own time limit.
fn is_slow(case: &Case) -> bool {
    ["a byte a second", "says nothing"].iter().any(|slow| case.name.ends_with(slow))
}

#[tokio::test]
async fn t_id_14_t_idp_1_spoiled_answers_are_refused_and_no_redirect_is_followed() {
    let inside = HostileIdp::start(Setup::plain(&ManualClock::new()));
    let target = format!("{}/inside", inside.issuer());
    let cases = catalogue::wires(&target).into_iter().filter(|case| !is_slow(case)).collect();
    Walk::new().await.through(cases, refusals::WIRES).await;
    assert!(inside.requests().is_empty(), "{:?}", inside.requests());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_slow_providers_cost_five_seconds_and_keep_nobody_else_waiting() {
    let world = World::sqlite().await;
    let good = world.site("Good", &world.idp).await;
    let mut slow = Vec::new();
    for (number, case) in catalogue::wires("https://inside.example").into_iter().filter(is_slow).enumerate() {
        let idp = world.provider();
        let site = world.site(&format!("Slow{number}"), &idp).await;
        slow.push((case, idp, site));
    }
    assert_eq!(slow.len(), 8);
    let began = Instant::now();
    let hanging = join_all(
        slow.iter().enumerate().map(|(number, (case, idp, site))| try_case(&world, site, idp, case, number, false)),
    );
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        timeout(Duration::from_secs(4), world.enter(&good, Subject::new("00uKim", "kim@good.example"))).await.unwrap();
    };
    let (codes, ()) = tokio::join!(hanging, meanwhile);
    assert_eq!(codes, vec!["idp-unreachable"; 8]);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}

/// F1: they all wait for one question, and none of them behind another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_t_idp_2_many_sign_ins_at_a_provider_that_hangs_ask_it_once_and_end_together() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    world.idp.set(Mischief::none().wire(Endpoint::Discovery, Wire::Silence));
    world.bed.app.metadata.forget(&site.connection);
    world.idp.forget_requests();
    let browsers: Vec<_> = (0..8).map(|_| world.bed.stranger()).collect();
    let began = Instant::now();
    let all = join_all(browsers.iter().map(|visitor| begin(&world.bed.app, visitor, sign_in(site.slug())))).await;
    for begun in all {
        let begun = begun.unwrap();
        assert!(matches!(&begun, Begun::Ended(Outcome::Refused(page)) if page.code == "idp-unreachable"), "{begun:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(world.idp.requests_to(Endpoint::Discovery).len(), 1);
}
