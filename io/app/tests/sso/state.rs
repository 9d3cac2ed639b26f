//! State, cookie, connection and time of a callback: T-ID-13, T-BCP-3, T-WEB-2 to T-WEB-6, REL-7.

use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::visitor::Visitor;
use orgate_app::{connection, connection_test, session};
use orgate_core::id::{ConnectionId, Identifier as _};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::hostile_idp::Endpoint;
use orgate_testkit::{HostileIdp, Mischief, Person as Subject};

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

/// The request of the second connection, as its provider turns it into one for the first one's provider.
fn turned(url: &str, honest: &HostileIdp, redirect_uri: Option<&str>) -> String {
    let rogue = url::Url::parse(url).unwrap();
    let mut turned = url::Url::parse(&honest.issuer()).unwrap();
    turned.set_path(rogue.path());
    let client_id = honest.client_id();
    for (name, value) in rogue.query_pairs() {
        let value = match (&*name, redirect_uri) {
            ("redirect_uri", Some(other)) => other,
            ("client_id", _) => client_id.as_str(),
            _ => &*value,
        };
        turned.query_pairs_mut().append_pair(&name, value);
    }
    turned.into()
}

/// A second connection of the same organization belongs to somebody else: its provider lets the first one's provider sign
/// the person in, and waits for that answer or its code. *Source*: RFC 9700, 4.4.
async fn t_web_6_a_malicious_second_connection_gets_nothing_of_the_first(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let rogue = world.provider();
    let second = world.draft(&site.owner, "acme", &rogue).await;
    let owner = &site.owner.visitor;
    let begin_test = async || {
        let test = connection_test::create(app, owner, "acme", second.as_str()).await.unwrap();
        let begun = connection_test::begin(app, owner, "acme", second.as_str(), test.test.id.as_str()).await;
        (test.test.id, crate::world::address(begun.unwrap()))
    };
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let none_got_anything = |why: &str| {
        assert!(rogue.requests_to(Endpoint::Token).is_empty(), "{why}: the code went to the second one");
        assert!(world.idp.requests_to(Endpoint::Token).is_empty(), "{why}: nor did anybody use it here");
        assert!(rogue.requests_to(Endpoint::UserInfo).is_empty(), "{why}");
    };
    rogue.forget_requests();
    world.idp.forget_requests();

    // The answer comes to the first one's address, with the state of the second.
    let (_, url) = begin_test().await;
    let first_address = connection::redirect_uri(app, &site.connection);
    let location = world.idp.authorize(&turned(&url, &world.idp, Some(&first_address)));
    assert!(location.starts_with(&first_address), "{location}");
    let refusal = refused(world.come_back(owner, &site.connection, &location).await);
    assert_eq!(refusal, Refusal::AttemptOver, "the state is of another connection");
    none_got_anything("at the first one's address");

    // Both addresses are registered at the first one's provider: what tells them apart is the name in its answer.
    world.idp.configure(|setup| setup.issuer_in_response = true);
    let (test, url) = begin_test().await;
    let location = world.idp.authorize(&turned(&url, &world.idp, None));
    let outcome = world.come_back(owner, &second, &location).await.unwrap();
    assert!(matches!(&outcome, Outcome::Tested { test_id, .. } if *test_id == test), "{outcome:?}");
    none_got_anything("at the second one's address");
    let view = connection_test::get(app, owner, "acme", second.as_str(), test.as_str()).await.unwrap();
    assert!(!view.can_be_activated, "{:?}", view.result);

    // Its metadata name the first one's authorization endpoint and its own token endpoint.
    let endpoint = format!("{}{}", world.idp.issuer(), url::Url::parse(&url).unwrap().path());
    rogue.set(Mischief::none().discovery_member("authorization_endpoint", endpoint));
    world.advance(Duration::from_secs(2 * 3600));
    let again = world.with_password(&site.owner).await;
    let test = connection_test::create(app, &again.visitor, "acme", second.as_str()).await.unwrap().test.id;
    let begun = connection_test::begin(app, &again.visitor, "acme", second.as_str(), test.as_str()).await;
    let url = crate::world::address(begun.unwrap());
    assert!(url.starts_with(&world.idp.issuer()), "{url}");
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let location = world.idp.authorize(&url);
    world.come_back(&again.visitor, &second, &location).await.unwrap();
    none_got_anything("by its metadata");
    let view = connection_test::get(app, &again.visitor, "acme", second.as_str(), test.as_str()).await.unwrap();
    assert!(!view.can_be_activated, "{:?}", view.result);
    assert!(world.identities(site.id()).await.is_empty(), "nobody was linked");
}

on_each_world! {
    t_web_6_a_malicious_second_connection_gets_nothing_of_the_first
    t_id_13_an_answer_serves_its_browser_its_connection_once_and_for_ten_minutes
    t_web_4_thirty_two_callbacks_at_once_make_one_session
    rel_7_one_person_arriving_in_sixteen_browsers_at_once_is_one_person
    t_web_5_two_tabs_two_organizations_and_each_finishes_its_own
}
