//! What a proven domain changes for who signs in: linking (R-LNK-2 to R-LNK-4) and reach (R-LNK-6); and that it opens nothing
//! to another organization's IdP (T-LNK-7).

use std::time::Duration;

use orgate_app::domain;
use orgate_app::session::{self, Access};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_core::domain::DomainState;
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::dns::Answer;
use orgate_testkit::hostile_idp::catalogue;
use serde_json::Value;

use crate::support::refused;
use crate::world::World;

const DOMAIN: &str = "acme.example";
const VICTIMS: usize = 6;
/// Fewer codes than are mailed to one address in an hour.
const MAILS_AN_HOUR: usize = 8;

async fn r_lnk_3_a_person_known_elsewhere_joins_without_a_code_where_the_domain_is_proven(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let dana = world.person_at("dana", "dana@acme.example").await;
    let asked = world.arrive(&site, Subject::new("00uDana", "dana@acme.example")).await;
    assert!(matches!(asked, Outcome::Asks(_)), "{asked:?}");
    world.hold(&site, DOMAIN).await;
    let denied = Subject::new("00uDana", "dana@acme.example").claim("email_verified", false);
    assert!(matches!(world.arrive(&site, denied).await, Outcome::Asks(_)), "the IdP denies it");
    let joined = world.enter(&site, Subject::new("00uDana", "dana@acme.example").without("email_verified")).await;
    assert_eq!(joined.id, dana.id);
    assert_eq!(world.members(site.id()).await.len(), 2);
    // A domain below it is another one.
    let sam = world.person_at("sam", "sam@eu.acme.example").await;
    assert!(matches!(world.arrive(&site, Subject::new("00uSam", &sam.email)).await, Outcome::Asks(_)));
}

async fn r_lnk_4_a_newcomer_of_a_proven_domain_has_a_proven_address_and_a_known_subject_proves_a_stored_one(
    world: World,
) {
    let site = world.site("Acme", &world.idp).await;
    let early = world.enter(&site, Subject::new("00uEarly", "early@acme.example")).await;
    let taken = world.enter(&site, Subject::new("00uTaken", "taken@acme.example")).await;
    assert_eq!(world.address_of(&early.id).await, AddressState::LocalTo(site.id().clone()));
    let held = world.hold(&site, DOMAIN).await;
    let new = world.enter(&site, Subject::new("00uNew", "new@acme.example")).await;
    assert_eq!(world.address_of(&new.id).await, AddressState::Proven);

    // "If the domain is proven later": the stored address, asserted by the known subject.
    world.enter(&site, Subject::new("00uEarly", "other@acme.example")).await;
    assert_eq!(world.address_of(&early.id).await, AddressState::LocalTo(site.id().clone()), "another address");
    world.enter(&site, Subject::new("00uEarly", "early@acme.example")).await;
    assert_eq!(world.address_of(&early.id).await, AddressState::Proven);

    // Somebody else has it proven: it waits for the mailed code.
    world.person_at("rival", "taken@acme.example").await;
    world.enter(&site, Subject::new("00uTaken", "taken@acme.example")).await;
    assert_eq!(world.address_of(&taken.id).await, AddressState::LocalTo(site.id().clone()));
    // And once the domain is lost, newcomers are local again.
    domain::remove(&world.bed.app, &site.owner.visitor, "acme", held.domain.id.as_str()).await.unwrap();
    let late = world.enter(&site, Subject::new("00uLate", "late@acme.example")).await;
    assert_eq!(world.address_of(&late.id).await, AddressState::LocalTo(site.id().clone()));
}

async fn r_lnk_6_an_sso_proof_reaches_further_by_the_domain_of_the_stored_proven_address(world: World) {
    let app = &world.bed.app;
    let (acme, other) = (world.site("Acme", &world.idp).await, world.site("Other", &world.provider()).await);
    let kim = world.person_at("kim", "kim@acme.example").await;
    world.join(acme.id(), &kim, OrganizationRole::Member).await;
    world.join(other.id(), &kim, OrganizationRole::Member).await;
    let by_sso = world.enter(&acme, Subject::new("00uKim", "kim@acme.example")).await;
    assert_eq!(by_sso.id, kim.id);
    let opens = |slug: &'static str| session::open(app, by_sso.visitor.session, slug);
    assert!(opens("acme").await.is_ok());
    assert_eq!(refused(opens("other").await), Refusal::NeedsProof);

    // The same session, at the next click after the domain was proven; and no more after it was given up (R-API-2).
    let held = world.hold(&acme, DOMAIN).await;
    assert!(opens("other").await.is_ok());
    let current = session::current(app, &by_sso.visitor).await.unwrap();
    assert!(current.account_open && !current.others_hidden, "R-IN-9: it reaches everywhere");
    assert!(current.organizations.iter().all(|place| place.access == Access::Open));
    world.publish(&held.record_name, &[]);
    assert_eq!(world.verify(&acme, &held).await.view.domain.state, DomainState::Lapsed);
    assert_eq!(refused(opens("other").await), Refusal::NeedsProof);
    assert!(opens("acme").await.is_ok(), "its own organization stays open");
}

async fn r_lnk_6_the_asserted_address_reaches_nothing(world: World) {
    let app = &world.bed.app;
    let rogue_idp = world.provider();
    let (acme, rogue) = (world.site("Acme", &world.idp).await, world.site("Rogue", &rogue_idp).await);
    // The rogue organization holds a domain of its own, and its IdP says that Kim is in it.
    world.hold(&rogue, "rogue.example").await;
    let kim = world.person_at("kim", "kim@acme.example").await;
    world.join(acme.id(), &kim, OrganizationRole::Owner).await;
    world.join(rogue.id(), &kim, OrganizationRole::Member).await;
    for asserted in ["kim@acme.example", "kim@rogue.example"] {
        rogue_idp.sign_in_as(Subject::new("00uKim", "kim@acme.example"));
        let visitor = world.bed.stranger();
        world.sign_in(&visitor, &rogue, &rogue_idp).await;
        rogue_idp.sign_in_as(Subject::new("00uKim", asserted));
        let visitor = world.bed.stranger();
        let outcome = world.sign_in(&visitor, &rogue, &rogue_idp).await;
        let forged = world.signed_in(outcome, &visitor);
        assert_eq!(forged.id, kim.id, "a member there, matched by the stored address");
        assert_eq!(
            refused(session::open(app, forged.visitor.session, "acme").await),
            Refusal::NeedsProof,
            "{asserted}"
        );
        assert_eq!(refused(session::list(app, &forged.visitor).await), Refusal::NeedsProof);
    }
    assert_eq!(world.address_of(&kim.id).await, AddressState::Proven);
}

async fn t_lnk_7_an_organization_opens_nothing_of_the_people_of_anothers_proven_domain(world: World) {
    let app = &world.bed.app;
    let rogue_idp = world.provider();
    let (site, rogue) = (world.site("Victim", &world.idp).await, world.site("Rogue", &rogue_idp).await);
    world.hold(&site, DOMAIN).await;
    world.hold(&rogue, "rogue.example").await;
    let claim = world.claim(&rogue, DOMAIN).await;
    assert_eq!(world.verify(&rogue, &claim).await.view.domain.state, DomainState::Pending);
    let mut victims = Vec::new();
    for number in 0..VICTIMS {
        let email = format!("victim{number}@acme.example");
        let victim = world.enter(&site, Subject::new(format!("00uVictim{number}"), &email)).await;
        assert_eq!(world.address_of(&victim.id).await, AddressState::Proven);
        let shapes = catalogue::claim_shapes(&format!("00u{email}"), &email);
        victims.push((victim, shapes));
    }
    let shapes = victims[0].1.len();
    let mut tried: usize = 0;
    for index in 0..shapes {
        if index.is_multiple_of(MAILS_AN_HOUR) {
            world.advance(Duration::from_secs(3600));
        }
        for (victim, shapes) in &victims {
            let (shape, subject) = &shapes[index];
            tried += 1;
            rogue_idp.configure(|setup| setup.thin = tried.is_multiple_of(2));
            rogue_idp.sign_in_as(subject.clone());
            let visitor = world.bed.stranger();
            let outcome = world.sign_in(&visitor, &rogue, &rogue_idp).await;
            if subject.claims.get("email").is_some_and(Value::is_string) {
                assert!(matches!(outcome, Outcome::Asks(_)), "{} {shape}: {outcome:?}", victim.email);
            } else {
                assert_eq!(world.code(&rogue, &outcome).await, "email-missing", "{} {shape}", victim.email);
            }
            assert_eq!(refused(session::current(app, &visitor).await), Refusal::NoSession);
        }
    }
    eprintln!("{tried} assertions about {VICTIMS} people of a proven domain, {shapes} shapes of claims each");
    assert_eq!(tried, VICTIMS * 20);
    assert_eq!(world.members(rogue.id()).await, std::slice::from_ref(&rogue.owner.id));
    assert!(world.identities(rogue.id()).await.is_empty());
}

async fn t_lnk_8_a_domain_older_than_a_day_is_looked_at_before_a_sign_in_relies_on_it(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let held = world.hold(&site, DOMAIN).await;
    world.person_at("dana", "dana@acme.example").await;
    let asked =
        |world: &World| world.dns.questions().iter().filter(|question| question.name == held.record_name).count();
    let before = asked(&world);
    world.enter(&site, Subject::new("00uNew", "new@acme.example")).await;
    assert_eq!(asked(&world), before, "looked at a moment ago");
    world.advance(Duration::from_secs(25 * 3600));
    world.publish(&held.record_name, &[]);
    let outcome = world.arrive(&site, Subject::new("00uDana", "dana@acme.example")).await;
    assert!(matches!(outcome, Outcome::Asks(_)), "the record is gone: {outcome:?}");
    assert_eq!(world.domain(&site, &held).await.domain.state, DomainState::Lapsed);
}

async fn t_lnk_8_without_an_answer_the_domain_counts_until_it_lapses(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let held = world.hold(&site, DOMAIN).await;
    world.advance(Duration::from_secs(25 * 3600));
    world.dns.set(&held.record_name, Answer::Failure);
    let (one, two) = (Subject::new("00uOne", "one@acme.example"), Subject::new("00uTwo", "two@acme.example"));
    let entered = world.enter(&site, one).await;
    assert_eq!(world.address_of(&entered.id).await, AddressState::Proven);
    world.advance(Duration::from_secs(73 * 3600));
    let entered = world.enter(&site, two).await;
    assert_eq!(world.address_of(&entered.id).await, AddressState::LocalTo(site.id().clone()));
    assert_eq!(world.domain(&site, &held).await.domain.state, DomainState::Lapsed);
}

on_each_world! {
    r_lnk_3_a_person_known_elsewhere_joins_without_a_code_where_the_domain_is_proven
    r_lnk_4_a_newcomer_of_a_proven_domain_has_a_proven_address_and_a_known_subject_proves_a_stored_one
    r_lnk_6_an_sso_proof_reaches_further_by_the_domain_of_the_stored_proven_address
    r_lnk_6_the_asserted_address_reaches_nothing
    t_lnk_7_an_organization_opens_nothing_of_the_people_of_anothers_proven_domain
    t_lnk_8_a_domain_older_than_a_day_is_looked_at_before_a_sign_in_relies_on_it
    t_lnk_8_without_an_answer_the_domain_counts_until_it_lapses
}
