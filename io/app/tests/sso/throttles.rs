//! Guessing on the word of an organization's IdP, which lets in whom it likes as any of its members (L5).

use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{self, Credentials};
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod, again};
use orgate_app::sign_in::sso::begin::begin;
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;

use crate::support::{Person, refused};
use crate::world::{Site, World, sign_in};

/// Wrong tries that cost no wait, and the one whose wait the next one meets.
const UNTIL_IT_WAITS: usize = 11;

/// Whoever the IdP says is Kim, in a browser that nobody knows.
async fn as_kim(world: &World, site: &Site) -> Person {
    world.enter(site, Subject::new("00uKim", "kim@example.com")).await
}

async fn l5_a_browser_that_an_idp_let_in_brings_no_tries_at_the_second_factor(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    world.bed.authenticator(&kim.id).await;
    let wrong = || TypedFactor { method: TypedMethod::Totp, code: "no code".to_owned() };
    let one = as_kim(&world, &site).await;
    for _ in 0..UNTIL_IT_WAITS {
        assert_eq!(refused(again::confirm(app, &one.visitor, wrong()).await), Refusal::InvalidCode);
    }
    let other = as_kim(&world, &site).await;
    for person in [&one, &other] {
        assert_eq!(refused(again::confirm(app, &person.visitor, wrong()).await).kind(), RefusalKind::TooMany);
    }
}

async fn l5_nor_at_the_password_on_the_sign_in_page_or_in_the_session(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    let wrong = || Password::from_typed("not the pass phrase of anybody");
    let typed = || Credentials { email: kim.email.clone(), password: wrong() };
    let one = as_kim(&world, &site).await;
    for _ in 0..UNTIL_IT_WAITS {
        let entered = refused(password::enter(app, &one.visitor, typed(), None).await);
        let confirmed = refused(password::confirm(app, &one.visitor, wrong()).await);
        assert_eq!([entered, confirmed], [Refusal::InvalidCredentials, Refusal::InvalidCredentials]);
    }
    let other = as_kim(&world, &site).await;
    for person in [&one, &other] {
        let refusals = [
            refused(password::enter(app, &person.visitor, typed(), None).await),
            refused(password::confirm(app, &person.visitor, wrong()).await),
        ];
        assert!(refusals.iter().all(|refusal| refusal.kind() == RefusalKind::TooMany), "{refusals:?}");
    }
}

on_each_world! {
    l5_a_browser_that_an_idp_let_in_brings_no_tries_at_the_second_factor
    l5_nor_at_the_password_on_the_sign_in_page_or_in_the_session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_a_browser_that_sso_let_in_goes_on_where_its_network_is_used_up() {
    let world = World::sqlite_with(&[("ORGATE_LIMIT_SIGN_INS", "5")]).await;
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    world.member(&site, "kim", OrganizationRole::Member).await;
    let kim = as_kim(&world, &site).await;
    while begin(app, &world.bed.stranger(), sign_in("acme")).await.is_ok() {}
    begin(app, &kim.visitor, sign_in("acme")).await.unwrap();
}
