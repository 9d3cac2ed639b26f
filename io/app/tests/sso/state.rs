//! State, cookie, connection and time of a callback: T-ID-13, T-BCP-3, T-WEB-2 to T-WEB-6, REL-7.

use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::session;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::visitor::Visitor;
use orgate_core::id::{ConnectionId, Identifier as _};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::Endpoint;

use crate::support::{Person, refused};
use crate::world::{World, parameter};

async fn t_id_13_an_answer_serves_its_browser_its_connection_once_and_for_ten_minutes(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let other = world.site("Other", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.idp.forget_requests();
    let over = async |visitor: &Visitor, id: &ConnectionId, location: &str, why: &str| {
        let refusal = refused(world.come_back(visitor, id, location).await);
        assert_eq!(refusal, Refusal::AttemptOver, "{why}");
    };

    let unknown = location.replace(&parameter(&location, "state"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    over(&visitor, &site.connection, &unknown, "unknown state").await;
    assert!(world.is_told(&site, "state-unknown").await && !world.is_told(&other, "state-unknown").await);
    over(&world.bed.stranger(), &site.connection, &location, "T-WEB-2: another browser").await;
    over(&Visitor { browser: None, ..visitor.clone() }, &site.connection, &location, "no cookie").await;
    over(&visitor, &other.connection, &location, "T-BCP-2: another organization's connection").await;
    assert!(world.is_told(&other, "state-unknown").await, "told where it arrived");
    let second = world.draft(&site.owner, "acme", &world.provider()).await;
    over(&visitor, &second, &location, "T-WEB-6: another connection of the same organization").await;
    let nobody = ConnectionId::parse(&format!("con_{}", "0".repeat(26))).unwrap();
    over(&visitor, &nobody, &location, "a connection that does not exist").await;
    let error = "https://orgate.example.com/?error=access_denied&state=AAAA";
    over(&visitor, &site.connection, error, "an error needs a valid state, too").await;
    assert!(world.idp.requests_to(Endpoint::Token).is_empty(), "no code was sent anywhere");

    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    let dana = world.signed_in(outcome, &visitor);
    over(&visitor, &site.connection, &location, "T-BCP-3: the same answer again").await;
    over(&dana.visitor, &site.connection, &location, "and in the session that it made").await;
    assert_eq!(world.idp.requests_to(Endpoint::Token).len(), 1);

    let late = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.advance(Duration::from_secs(10 * 60));
    over(&visitor, &site.connection, &late, "ten minutes").await;
    let url = world.begin(&visitor, &site).await;
    world.advance(Duration::from_secs(10 * 60 - 1));
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let in_time = world.idp.authorize(&url);
    assert!(matches!(world.come_back(&visitor, &site.connection, &in_time).await, Ok(Outcome::SignedIn { .. })));
}

async fn t_web_4_thirty_two_callbacks_at_once_make_one_session(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.idp.forget_requests();
    let all = join_all((0..32).map(|_| world.come_back(&visitor, &site.connection, &location))).await;
    let made = all.iter().filter(|outcome| matches!(outcome, Ok(Outcome::SignedIn { .. }))).count();
    assert_eq!(made, 1);
    for outcome in all.into_iter().filter(|outcome| !matches!(outcome, Ok(Outcome::SignedIn { .. }))) {
        assert_eq!(refused(outcome), Refusal::AttemptOver);
    }
    assert_eq!(world.idp.requests_to(Endpoint::Token).len(), 1);
    assert_eq!(world.users("dana@acme.example").await.len(), 1);
}

async fn rel_7_one_person_arriving_in_sixteen_browsers_at_once_is_one_person(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let mut arrivals = Vec::new();
    for _ in 0..16 {
        let visitor = world.bed.stranger();
        let location = world.idp.authorize(&world.begin(&visitor, &site).await);
        arrivals.push((visitor, location));
    }
    let all =
        join_all(arrivals.iter().map(|(visitor, location)| world.come_back(visitor, &site.connection, location))).await;
    for (outcome, (visitor, _)) in all.into_iter().zip(&arrivals) {
        world.signed_in(outcome.unwrap(), visitor);
    }
    assert_eq!(world.users("dana@acme.example").await.len(), 1);
    assert_eq!(world.identities(site.id()).await.len(), 1);
    assert_eq!(world.members(site.id()).await.len(), 2);
}

async fn t_web_5_two_tabs_two_organizations_and_each_finishes_its_own(world: World) {
    let app = &world.bed.app;
    let other_idp = world.provider();
    let (acme, other) = (world.site("Acme", &world.idp).await, world.site("Other", &other_idp).await);
    let kim = world.member(&acme, "kim", OrganizationRole::Member).await;
    world.join(other.id(), &kim, OrganizationRole::Member).await;
    for idp in [&world.idp, &other_idp] {
        idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    }
    let mut browser = world.bed.stranger();
    let first = world.begin(&browser, &acme).await;
    let second = world.begin(&browser, &other).await;
    // The other tab is faster, and the session that it makes is in the browser when the first one comes back.
    let outcome = world.come_back(&browser, &other.connection, &other_idp.authorize(&second)).await.unwrap();
    browser = world.signed_in(outcome, &browser).visitor;
    let outcome = world.come_back(&browser, &acme.connection, &world.idp.authorize(&first)).await.unwrap();
    let both: Person = world.signed_in(outcome, &browser);
    for slug in ["acme", "other"] {
        assert_eq!(session::open(app, both.visitor.session, slug).await.unwrap().user_id, kim.id, "{slug}");
    }
}

on_each_world! {
    t_id_13_an_answer_serves_its_browser_its_connection_once_and_for_ten_minutes
    t_web_4_thirty_two_callbacks_at_once_make_one_session
    rel_7_one_person_arriving_in_sixteen_browsers_at_once_is_one_person
    t_web_5_two_tabs_two_organizations_and_each_finishes_its_own
}
