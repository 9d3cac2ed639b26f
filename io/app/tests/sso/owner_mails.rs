//! All Owners are mailed about far-reaching acts, whoever of them does it (R-IN-8). Invitations as Owner and what becomes of them are
//! in the suite of people.

use orgate_app::enforcement::{self, WishForm};
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::{connection, domain, membership, organization};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;

use crate::support::Person;
use crate::world::{Site, World};

/// Each of these Owners has one new mail, which says who did this.
async fn told(world: &World, owners: [&Person; 2], did: &str) {
    for owner in owners {
        let mail = world.bed.next_mail(&owner.email).await;
        // Its lines are wrapped.
        let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("acme-owner {did}")), "{did}: {words}");
        assert!(world.bed.mail(&owner.email).await.is_none(), "{did}: once");
    }
}

/// The acting Owner in a session that neither enforcement nor the end of exemption keeps out.
async fn by_both(world: &World, site: &Site) -> Person {
    let at = world.bed.now();
    let sso = world.bed.sso_proof(site.id(), Some(at)).await;
    world.bed.session(&site.owner, Proofs::of(Proof::Password { at }).with(sso)).await
}

async fn r_in_8_all_owners_are_mailed_about_each_far_reaching_act(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let (visitor, slug) = (&site.owner.visitor, site.slug());
    let kim = world.member(&site, "kim", OrganizationRole::Owner).await;
    let lee = world.member(&site, "lee", OrganizationRole::Member).await;
    let owners = [&site.owner, &kim];
    for owner in owners {
        world.bed.read_all(&owner.email).await;
    }

    let claim = world.claim(&site, "acme.example").await;
    told(&world, owners, "claimed the domain acme.example").await;
    world.publish(&claim.record_name, &[&claim.record_value]);
    world.verify(&site, &claim).await;
    told(&world, owners, "proved that the domain acme.example is the organization's").await;
    domain::remove(app, visitor, slug, claim.domain.id.as_str()).await.unwrap();
    told(&world, owners, "gave up the domain acme.example").await;

    let idp = world.provider();
    let second = world.draft(&site.owner, slug, &idp).await;
    told(&world, owners, "saved new settings for single sign-on").await;
    world.validate(&site.owner, slug, &second, &idp).await;
    connection::activate(app, visitor, slug, second.as_str()).await.unwrap();
    told(&world, owners, "activated a single sign-on connection").await;
    world.bed.link(&lee, site.id(), "00uLee").await;
    connection::clear(app, visitor, slug, vec![lee.id.clone()]).await.unwrap();
    told(&world, owners, "cleared who is linked to single sign-on").await;

    let emails = vec!["jo@example.com".to_owned()];
    let new = NewInvitations { emails, role: OrganizationRole::Owner, projects: Vec::new() };
    invitation::invite(app, visitor, slug, new).await.unwrap();
    told(&world, owners, "invited 1 people as Owners").await;
    membership::change_role(app, visitor, slug, lee.id.as_str(), OrganizationRole::Owner).await.unwrap();
    told(&world, owners, "made lee an Owner").await;

    let on = WishForm { enabled: true, confirm: true, accept_operator_recovery: Some(true), ..WishForm::default() };
    let off = WishForm { confirm: true, ..WishForm::default() };
    for (form, did) in [
        (on, "turned SSO enforcement on"),
        (WishForm { owner_exemption: Some(false), ..on }, "changed how SSO enforcement treats Owners"),
        (WishForm { owner_exemption: Some(true), ..on }, "changed how SSO enforcement treats Owners"),
        (off, "turned SSO enforcement off"),
    ] {
        let owner = by_both(&world, &site).await;
        enforcement::set(app, &owner.visitor, slug, form).await.unwrap();
        told(&world, owners, did).await;
    }

    let owner = by_both(&world, &site).await;
    connection::disable(app, &owner.visitor, slug, second.as_str()).await.unwrap();
    told(&world, owners, "disabled single sign-on").await;
    let owner = world.with_password(&site.owner).await;
    connection::remove(app, &owner.visitor, slug, second.as_str()).await.unwrap();
    told(&world, owners, "removed a single sign-on connection").await;
    organization::request_deletion(app, &owner.visitor, slug, slug).await.unwrap();
    told(&world, owners, "asked for its deletion").await;
    organization::undo_deletion(app, &owner.visitor, slug).await.unwrap();
    told(&world, owners, "took its deletion back").await;
}

on_each_world! {
    r_in_8_all_owners_are_mailed_about_each_far_reaching_act
}
