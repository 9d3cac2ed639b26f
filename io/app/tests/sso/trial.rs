//! Tests of a revision and what they may write (R-SSO-6); edits never break what is in use.

use std::time::Duration;

use orgate_app::connection::AttemptQuery;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::begin::Begun;
use orgate_app::{connection, connection_test, membership};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{Endpoint, Mischief, Wire};

use crate::support::refused;
use crate::world::{World, address};

const NEW: &str = "Somebody new to this organization, perhaps after a mailed code";

async fn a_test_writes_validated_and_nothing_else(world: World) {
    let sam = world.person("sam").await;
    let acme = world.bed.organization(&sam, "Acme").await;
    let kim = world.person("kim").await;
    world.join(&acme.id, &kim, OrganizationRole::Member).await;
    world.person("elsewhere").await;
    let id = world.draft(&sam, "acme", &world.idp).await;

    for (subject, email, resolves_to) in [
        ("00uKim", "kim@example.com", "kim (kim@example.com), Member"),
        ("00uNew", "nobody@example.com", NEW),
        // Who has an account elsewhere is nobody's business here (R-IN-5).
        ("00uElse", "elsewhere@example.com", NEW),
    ] {
        world.idp.sign_in_as(Subject::new(subject, email));
        let view = world.test(&sam, "acme", &id, &world.idp).await;
        assert!(view.can_be_activated);
        assert_eq!(view.result.unwrap().resolves_to, resolves_to, "{email}");
    }
    assert_eq!(world.members(&acme.id).await.len(), 2);
    assert!(world.identities(&acme.id).await.is_empty());
    assert!(world.users("nobody@example.com").await.is_empty());
    assert!(
        world.bed.mail("kim@example.com").await.is_none() && world.bed.mail("elsewhere@example.com").await.is_none()
    );
}

async fn a_test_of_the_acting_owner_links_them_and_no_other_owner(world: World) {
    let sam = world.person("sam").await;
    let acme = world.bed.organization(&sam, "Acme").await;
    let kim = world.person("kim").await;
    world.join(&acme.id, &kim, OrganizationRole::Owner).await;
    let id = world.draft(&sam, "acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    world.test(&sam, "acme", &id, &world.idp).await;
    assert!(world.identities(&acme.id).await.is_empty());
    world.idp.sign_in_as(Subject::new("00uSam", "sam@example.com").claim("email_verified", false));
    world.test(&sam, "acme", &id, &world.idp).await;
    assert!(world.identities(&acme.id).await.is_empty(), "the IdP itself denies the address");
    // Missing: an Owner confirms by own session, and this is it (R-LNK-2).
    world.idp.sign_in_as(Subject::new("00uSam", "sam@example.com").without("email_verified"));
    world.test(&sam, "acme", &id, &world.idp).await;
    let [bond] = <[_; 1]>::try_from(world.identities(&acme.id).await).unwrap();
    assert_eq!((bond.subject.as_str(), bond.user_id), ("00uSam", sam.id));
}

async fn a_test_belongs_to_the_owner_who_started_it_while_they_are_one(world: World) {
    let app = &world.bed.app;
    let sam = world.person("sam").await;
    let acme = world.bed.organization(&sam, "Acme").await;
    let kim = world.person("kim").await;
    world.join(&acme.id, &kim, OrganizationRole::Owner).await;
    let id = world.draft(&sam, "acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uAny", "any@idp.example"));
    let create = async |who: &crate::support::Person| {
        connection_test::create(app, &who.visitor, "acme", id.as_str()).await.unwrap().test.id.to_string()
    };
    let begin = async |who: &crate::support::Person, test: &str| {
        connection_test::begin(app, &who.visitor, "acme", id.as_str(), test).await
    };

    let test = create(&sam).await;
    assert_eq!(refused(begin(&kim, &test).await), Refusal::AttemptOver, "another Owner");
    // Begun by Sam, brought back in the same browser after Kim signed in there.
    let location = world.idp.authorize(&address(begin(&sam, &test).await.unwrap()));
    let mut shared = sam.visitor.clone();
    shared.session = kim.visitor.session;
    assert_eq!(refused(world.come_back(&shared, &id, &location).await), Refusal::AttemptOver);
    assert!(!connection::get(app, &sam.visitor, "acme", id.as_str()).await.unwrap().is_validated());

    let late = create(&sam).await;
    world.advance(connection_test::TEST_LIFETIME);
    assert_eq!(refused(begin(&sam, &late).await), Refusal::AttemptOver, "thirty minutes");

    let (sam, kim) = (world.with_password(&sam).await, world.with_password(&kim).await);
    let test = create(&kim).await;
    let location = world.idp.authorize(&address(begin(&kim, &test).await.unwrap()));
    membership::change_role(app, &sam.visitor, "acme", kim.id.as_str(), OrganizationRole::Member).await.unwrap();
    let outcome = world.come_back(&kim.visitor, &id, &location).await;
    assert!(outcome.is_err(), "R-ORG-6: the tests of who is no Owner any more are over: {outcome:?}");
    assert!(!connection::get(app, &sam.visitor, "acme", id.as_str()).await.unwrap().is_validated());
}

async fn a_refused_test_says_why_on_its_page_and_validates_nothing(world: World) {
    let app = &world.bed.app;
    let sam = world.person("sam").await;
    world.bed.organization(&sam, "Acme").await;
    let id = world.draft(&sam, "acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uAny", "any@idp.example"));
    world.idp.set(Mischief::none().claim("aud", "another-client"));
    let view = world.test(&sam, "acme", &id, &world.idp).await;
    assert!(!view.can_be_activated && !view.is_open);
    let failure = view.result.unwrap().failure.unwrap();
    assert_eq!(failure.code, "id-token-audience");
    assert_eq!(failure.expected.as_deref(), Some(world.idp.client_id().as_str()));
    assert_eq!(failure.received.as_deref(), Some("another-client"));
    let query = AttemptQuery { reference: Some(failure.reference.to_string()), ..AttemptQuery::default() };
    let found = connection::attempts(app, &sam.visitor, "acme", id.as_str(), query).await.unwrap().items;
    assert_eq!((found[0].record.purpose.as_str(), found[0].record.code.as_str()), ("test", "id-token-audience"));
    let early = connection::activate(app, &sam.visitor, "acme", id.as_str()).await;
    assert_eq!(refused(early), Refusal::ConnectionNotValidated);
}

async fn r_sso_9_a_test_that_cannot_be_begun_is_refused_on_its_page(world: World) {
    let app = &world.bed.app;
    let sam = world.person("sam").await;
    world.bed.organization(&sam, "Acme").await;
    let id = world.draft(&sam, "acme", &world.idp).await;
    world.idp.set(Mischief::none().wire(Endpoint::Discovery, Wire::Status(503)));
    world.bed.app.metadata.forget(&id);
    let test = connection_test::create(app, &sam.visitor, "acme", id.as_str()).await.unwrap().test.id;
    let begun = connection_test::begin(app, &sam.visitor, "acme", id.as_str(), test.as_str()).await.unwrap();
    assert!(matches!(&begun, Begun::Ended(Outcome::Tested { test_id, .. }) if *test_id == test), "{begun:?}");
    let view = connection_test::get(app, &sam.visitor, "acme", id.as_str(), test.as_str()).await.unwrap();
    assert_eq!((view.test.outcome.as_deref(), view.is_open), (Some("refused"), false));
    let failure = view.result.unwrap().failure.unwrap();
    assert_eq!(failure.code, "idp-unexpected-status");
    let query = AttemptQuery { reference: Some(failure.reference.to_string()), ..AttemptQuery::default() };
    let found = connection::attempts(app, &sam.visitor, "acme", id.as_str(), query).await.unwrap().items;
    assert_eq!((found[0].record.purpose.as_str(), found[0].record.code.as_str()), ("test", "idp-unexpected-status"));
}

async fn an_edit_is_a_draft_until_it_is_tested_and_activated(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.enter(&site, Subject::new("00uKim", "kim@acme.example")).await;
    let moved = world.provider();
    world.save(&site.owner, "acme", &site.connection, &moved).await.unwrap();
    let view = world.connection(&site).await;
    assert_eq!((view.linked, view.linked_elsewhere), (1, 1), "the page says how many stay behind");
    let early = connection::activate(app, &site.owner.visitor, "acme", site.connection.as_str()).await;
    assert_eq!(refused(early), Refusal::ConnectionNotValidated);
    world.enter(&site, Subject::new("00uKim", "kim@acme.example")).await;

    // A test of an older draft validates nothing of a newer one.
    moved.sign_in_as(Subject::new("00uKim", "kim@acme.example"));
    let test = connection_test::create(app, &site.owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    let id = (site.connection.as_str(), test.test.id.as_str());
    let begun = connection_test::begin(app, &site.owner.visitor, "acme", id.0, id.1).await.unwrap();
    let location = moved.authorize(&address(begun));
    world.save(&site.owner, "acme", &site.connection, &moved).await.unwrap();
    let outcome = world.come_back(&site.owner.visitor, &site.connection, &location).await;
    assert!(!matches!(outcome, Ok(Outcome::SignedIn { .. })));
    assert!(!world.connection(&site).await.is_validated());

    world.advance(Duration::from_secs(1));
    world.validate(&site.owner, "acme", &site.connection, &moved).await;
    connection::activate(app, &site.owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    // Another issuer starts afresh with R-LNK-2: the address matches, the subject of the old issuer does not count.
    moved.sign_in_as(Subject::new("another-subject", "kim@acme.example"));
    let visitor = world.bed.stranger();
    let outcome = world.sign_in(&visitor, &site, &moved).await;
    assert_eq!(world.signed_in(outcome, &visitor).id, kim.id);
}

on_each_world! {
    a_test_writes_validated_and_nothing_else
    a_test_of_the_acting_owner_links_them_and_no_other_owner
    a_test_belongs_to_the_owner_who_started_it_while_they_are_one
    a_refused_test_says_why_on_its_page_and_validates_nothing
    r_sso_9_a_test_that_cannot_be_begun_is_refused_on_its_page
    an_edit_is_a_draft_until_it_is_tested_and_activated
}
