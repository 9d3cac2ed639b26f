//! An organization whose IdP says whatever its Owner wants: T-LNK-7, T-ENF-10.

use orgate_app::session::{self, Access};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::catalogue;

use crate::support::refused;
use crate::world::World;

const VICTIMS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_lnk_7_asserting_everybody_of_another_organization_opens_nothing() {
    let world = World::sqlite().await;
    let site = world.site("Victim", &world.idp).await;
    let rogue_idp = world.provider();
    let rogue = world.site("Rogue", &rogue_idp).await;
    let mut victims = Vec::new();
    for number in 0..VICTIMS {
        let role = if number % 4 == 0 { OrganizationRole::Owner } else { OrganizationRole::Member };
        victims.push(world.member(&site, &format!("victim{number}"), role).await);
    }
    world.bed.app.outbox.send_due().await.unwrap();
    for victim in &victims {
        world.enter(&site, Subject::new(format!("00u{}", victim.name), &victim.email)).await;
    }

    for victim in &victims {
        // The victim's own subject at their own IdP is a stranger's at another one.
        for (shape, subject) in catalogue::email_verified_shapes(&format!("00u{}", victim.name), &victim.email) {
            rogue_idp.sign_in_as(subject);
            let visitor = world.bed.stranger();
            let outcome = world.sign_in(&visitor, &rogue, &rogue_idp).await;
            assert!(matches!(outcome, Outcome::Asks(_)), "{} {shape}: {outcome:?}", victim.email);
            assert_eq!(refused(session::current(&world.bed.app, &visitor).await), Refusal::NoSession);
        }
    }
    assert_eq!(world.members(rogue.id()).await, std::slice::from_ref(&rogue.owner.id));
    assert!(world.identities(rogue.id()).await.is_empty());
    assert_eq!(world.identities(site.id()).await.len(), VICTIMS);
    assert!(world.bed.mail(&rogue.owner.email).await.is_none_or(|mail| mail.code().is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_lnk_7_a_member_of_both_is_opened_in_the_rogue_one_only() {
    let world = World::sqlite().await;
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
