//! `orgate doctor` and the identity providers of organizations: each is asked as at a save, and what fails is told with its
//! organization. And the clock of a database server, which a test cannot set: here it is ours that stands still.

use std::sync::Arc;

use orgate_app::doctor::{Finding, examine};
use orgate_testkit::Mischief;
use orgate_testkit::hostile_idp::{Endpoint, Wire};

use crate::world::World;

async fn looked(world: &World, more: &[(&str, &str)]) -> Vec<Finding> {
    examine(world.settings(more), &[], Arc::new(world.bed.clock.clone())).await
}

fn of<'f>(findings: &'f [Finding], what: &str) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| finding.what == what).collect()
}

#[tokio::test]
async fn a_connection_in_order_is_asked_and_a_broken_one_is_told_by_its_organization() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    let findings = looked(&world, &[]).await;
    let [good] = of(&findings, "connections")[..] else { panic!("{findings:?}") };
    assert!(good.ok && good.text.starts_with("1 of 1 active ones asked"), "{good:?}");

    world.idp.set(Mischief::none().wire(Endpoint::Discovery, Wire::Status(503)));
    let findings = looked(&world, &[]).await;
    let [bad] = of(&findings, "connections")[..] else { panic!("{findings:?}") };
    assert!(!bad.ok && bad.text.starts_with(&format!("{}: ", site.organization.slug)), "{bad:?}");
}

#[tokio::test]
async fn an_authority_that_is_missing_is_told_with_the_setting_that_trusts_it() {
    let world = World::sqlite().await;
    world.site("Acme", &world.idp).await;
    let findings = looked(&world, &[("ORGATE_EXTRA_CA_FILE", "")]).await;
    let [bad] = of(&findings, "connections")[..] else { panic!("{findings:?}") };
    assert!(!bad.ok && bad.text.ends_with("needs ORGATE_EXTRA_CA_FILE."), "{bad:?}");
}

#[tokio::test]
async fn a_clock_that_differs_from_the_database_servers_is_to_mend() {
    let Some(world) = World::postgres_with(&[]).await else { return };
    let findings = looked(&world, &[]).await;
    let bad = of(&findings, "clock").into_iter().find(|finding| !finding.ok).unwrap();
    assert!(bad.text.contains("behind the database's") || bad.text.contains("ahead of the database's"), "{bad:?}");
}
