//! An organization whose IdP says whatever its Owner wants: T-LNK-7, T-ENF-10.
//!
//! Everybody of another organization is asserted in one shape of claims each, and the first of them in every shape;
//! `ORGATE_DEEP=1` asserts everybody in every shape. What is decided of all of them in every shape is in
//! `pure/core/src/linking.rs`, beside the rule.

use orgate_app::session::{self, Access};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::catalogue;
use serde_json::Value;

use crate::support::refused;
use crate::world::World;

/// How many people the other organization has.
const VICTIMS: usize = 1_000;
/// How many of them have signed in through their own IdP before.
const KNOWN: usize = 20;
/// How many of them are asserted in one shape each when there is little time.
const TURNS: usize = 100;

/// Which people are asserted in a shape: everybody in turn, and each of the first few.
fn is_tried(victim: usize, shape: usize, shapes: usize) -> bool {
    std::env::var_os("ORGATE_DEEP").is_some() || victim < KNOWN / 4 || (victim < TURNS && victim % shapes == shape)
}

async fn t_lnk_7_asserting_everybody_of_another_organization_opens_nothing(world: World) {
    let site = world.site("Victim", &world.idp).await;
    let rogue_idp = world.provider();
    let rogue = world.site("Rogue", &rogue_idp).await;
    let victims = world.crowd(&site, (0..VICTIMS).map(|number| format!("victim{number}"))).await;
    for victim in victims.iter().take(KNOWN) {
        world.enter(&site, Subject::new(format!("00u{}", victim.name), victim.email.as_str())).await;
    }

    let mut tried = 0;
    for (number, victim) in victims.iter().enumerate() {
        // The victim's own subject at their own IdP is a stranger's at another one.
        let shapes = catalogue::claim_shapes(&format!("00u{}", victim.name), victim.email.as_str());
        let count = shapes.len();
        for (index, (shape, subject)) in shapes.into_iter().enumerate() {
            if !is_tried(number, index, count) {
                continue;
            }
            tried += 1;
            let has_address = subject.claims.get("email").is_some_and(Value::is_string);
            rogue_idp.configure(|setup| setup.thin = number % 2 == 0);
            rogue_idp.sign_in_as(subject);
            let visitor = world.bed.stranger();
            let outcome = world.sign_in(&visitor, &rogue, &rogue_idp).await;
            match (&outcome, has_address) {
                (Outcome::Asks(_), true) => {}
                (Outcome::Refused(_), false) => {
                    assert_eq!(world.code(&rogue, &outcome).await, "email-missing", "{} {shape}", victim.email);
                }
                _ => panic!("{} {shape}: {outcome:?}", victim.email),
            }
            assert_eq!(refused(session::current(&world.bed.app, &visitor).await), Refusal::NoSession);
        }
    }
    eprintln!("{tried} assertions about {VICTIMS} people");
    assert_eq!(world.members(rogue.id()).await, std::slice::from_ref(&rogue.owner.id));
    assert!(world.identities(rogue.id()).await.is_empty());
    assert_eq!(world.identities(site.id()).await.len(), KNOWN);
    assert!(world.bed.mail(&rogue.owner.email).await.is_none_or(|mail| mail.code().is_none()));
}

async fn t_lnk_7_a_member_of_both_is_opened_in_the_rogue_one_only(world: World) {
    let app = &world.bed.app;
    let site = world.site("Victim", &world.idp).await;
    let rogue_idp = world.provider();
    let rogue = world.site("Rogue", &rogue_idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Owner).await;
    world.join(rogue.id(), &kim, OrganizationRole::Member).await;
    rogue_idp.sign_in_as(Subject::new("00uForged", "kim@example.com"));
    let visitor = world.bed.stranger();
    let outcome = world.sign_in(&visitor, &rogue, &rogue_idp).await;
    let forged = world.signed_in(outcome, &visitor);
    assert_eq!(forged.id, kim.id);
    let current = session::current(app, &forged.visitor).await.unwrap();
    let named: Vec<_> = current.organizations.iter().map(|place| (place.slug.as_str(), place.access)).collect();
    assert_eq!(named, [("rogue", Access::Open)]);
    assert_eq!(refused(session::open(app, forged.visitor.session, "victim").await), Refusal::NeedsProof);
    assert_eq!(refused(session::list(app, &forged.visitor).await), Refusal::NeedsProof);
    // The victim's own browser and sessions are as they were.
    assert!(session::open(app, kim.visitor.session, "victim").await.is_ok());
}

on_each_world! {
    // The limit on mails would stop the storm at the tenth code for one address.
    with [("ORGATE_LIMIT_MAILS", "100000")];
    t_lnk_7_asserting_everybody_of_another_organization_opens_nothing
    t_lnk_7_a_member_of_both_is_opened_in_the_rogue_one_only
}
