//! Connections while SSO is enforced: T-ENF-11, T-ENF-21, R-SSO-7.

use orgate_app::connection;
use orgate_app::enforcement::{self, WishForm};
use orgate_core::connection::ConnectionState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;

use crate::scene::{join, lives, opens, sign_in};
use crate::support::{Bed, Person, refused};
use crate::world::{Site, World};

on_each_world! {
    t_enf_11_while_enforced_the_connection_is_neither_disabled_nor_removed
    t_enf_11_r_sso_7_a_replacement_that_passed_a_test_ends_what_the_old_one_opened
    t_enf_11_other_settings_of_the_connection_need_a_test_of_their_own
    t_enf_21_what_is_in_flight_through_the_old_connection_is_refused_at_the_insert
}

/// Acme with a connection to the world's provider, enforced by Sam, who has a password.
async fn enforced(world: &World) -> Site {
    let owner = world.bed.person("sam").await;
    let organization = world.bed.organization(&owner, "Acme").await;
    let connection = world.connect(&owner, "acme", &world.idp).await;
    world.bed.enforce(&owner, &organization).await;
    Site { owner, organization, connection }
}

async fn kim(world: &World, site: &Site) -> Person {
    let kim = world.bed.person("kim").await;
    join(&world.bed, &site.organization, &kim, OrganizationRole::Member).await;
    world.enter(site, subject()).await
}

fn subject() -> Subject {
    Subject::new("00uKim", "kim@example.com")
}

async fn is_enforced(bed: &Bed, owner: &Person) -> bool {
    enforcement::show(&bed.app, &owner.visitor, "acme").await.unwrap().enabled
}

async fn t_enf_11_while_enforced_the_connection_is_neither_disabled_nor_removed(world: World) {
    let site = enforced(&world).await;
    let kim = kim(&world, &site).await;
    let (app, owner, id) = (&world.bed.app, &site.owner.visitor, site.connection.as_str());
    assert_eq!(refused(connection::disable(app, owner, "acme", id).await), Refusal::SsoEnforced);
    assert_eq!(refused(connection::remove(app, owner, "acme", id).await), Refusal::SsoEnforced);
    assert_eq!(world.connection(&site).await.connection.state, ConnectionState::Active);
    assert!(is_enforced(&world.bed, &site.owner).await && opens(&world.bed, &kim, "acme").await);
    // A draft beside it is nobody's way in.
    let draft = world.draft(&site.owner, "acme", &world.idp).await;
    connection::remove(app, owner, "acme", draft.as_str()).await.unwrap();
    world.bed.stop_enforcing(&site.owner, &site.organization).await;
    connection::disable(app, owner, "acme", id).await.unwrap();
    let form = WishForm { enabled: true, confirm: true, ..WishForm::default() };
    assert_eq!(refused(enforcement::set(app, owner, "acme", form).await), Refusal::ConnectionNotValidated);
}

async fn t_enf_11_r_sso_7_a_replacement_that_passed_a_test_ends_what_the_old_one_opened(world: World) {
    let site = enforced(&world).await;
    let kim = kim(&world, &site).await;
    let (app, owner) = (&world.bed.app, &site.owner.visitor);
    let other = world.provider();
    let second = world.draft(&site.owner, "acme", &other).await;
    let untested = connection::activate(app, owner, "acme", second.as_str()).await;
    assert_eq!(refused(untested), Refusal::ConnectionNotValidated);
    assert!(opens(&world.bed, &kim, "acme").await);
    world.validate(&site.owner, "acme", &second, &other).await;
    connection::activate(app, owner, "acme", second.as_str()).await.unwrap();
    assert!(is_enforced(&world.bed, &site.owner).await, "in one step, with no moment without enforcement");
    assert!(!lives(&world.bed, &kim).await);
    assert!(matches!(refused(sign_in(&world.bed, &kim.email).await), Refusal::SsoRequired(_)));
    let site = Site { connection: second, ..site };
    other.sign_in_as(subject());
    let visitor = world.bed.stranger();
    let outcome = world.sign_in(&visitor, &site, &other).await;
    assert!(opens(&world.bed, &world.signed_in(outcome, &visitor), "acme").await);
    assert!(!lives(&world.bed, &kim).await, "and the old proof stays nobody's (I7)");
}

async fn t_enf_11_other_settings_of_the_connection_need_a_test_of_their_own(world: World) {
    let site = enforced(&world).await;
    let kim = kim(&world, &site).await;
    let (app, owner, id) = (&world.bed.app, &site.owner.visitor, site.connection.as_str());
    world.idp.configure(|setup| setup.client_id = "0oaAnother".into());
    world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
    assert_eq!(refused(connection::activate(app, owner, "acme", id).await), Refusal::ConnectionNotValidated);
    assert!(opens(&world.bed, &kim, "acme").await, "the edit changes nothing");
    world.validate(&site.owner, "acme", &site.connection, &world.idp).await;
    world.advance(std::time::Duration::from_secs(1));
    connection::activate(app, owner, "acme", id).await.unwrap();
    assert!(!lives(&world.bed, &kim).await && is_enforced(&world.bed, &site.owner).await);
}

async fn t_enf_21_what_is_in_flight_through_the_old_connection_is_refused_at_the_insert(world: World) {
    let site = enforced(&world).await;
    let old = kim(&world, &site).await;
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.advance(std::time::Duration::from_secs(1));
    let other = world.provider();
    world.connect(&site.owner, "acme", &other).await;
    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "connection-changed");
    assert!(!lives(&world.bed, &old).await);
}
