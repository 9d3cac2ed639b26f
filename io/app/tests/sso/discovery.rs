//! "Continue with SSO" on the common page answers by the domain, and never by the account (R-IN-5, R-IN-6, T-WEB-11).

use orgate_app::sign_in::lookup::{Found, find};
use orgate_core::role::OrganizationRole;

use crate::world::World;

async fn r_in_6_an_address_of_a_proven_domain_leads_to_its_organization_whoever_it_is(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let visitor = world.bed.stranger();
    let dana = world.person_at("dana", "dana@acme.example").await;
    world.join(site.id(), &dana, OrganizationRole::Member).await;
    let addresses = ["dana@acme.example", "nobody@acme.example", "Dana@ACME.example"];
    for typed in addresses {
        assert_eq!(find(app, &visitor, typed).await.unwrap(), Found::MailedIfKnown, "{typed}: not proven yet");
    }
    let held = world.hold(&site, "acme.example").await;
    world.bed.read_all("dana@acme.example").await;
    for typed in addresses {
        let found = find(app, &visitor, typed).await.unwrap();
        assert_eq!(found, Found::Organization { slug: "acme".to_owned() }, "{typed}");
    }
    assert!(world.bed.mail("dana@acme.example").await.is_none(), "nobody is mailed");
    for typed in ["dana@eu.acme.example", "dana@example.com", "nobody@nowhere.example"] {
        assert_eq!(find(app, &visitor, typed).await.unwrap(), Found::MailedIfKnown, "{typed}");
    }
    // A member elsewhere with an address here is led here: the domain answers, not the account.
    let other = world.site("Other", &world.provider()).await;
    let kim = world.person_at("kim", "kim@acme.example").await;
    world.join(other.id(), &kim, OrganizationRole::Member).await;
    let found = find(app, &visitor, "kim@acme.example").await.unwrap();
    assert_eq!(found, Found::Organization { slug: "acme".to_owned() });

    world.publish(&held.record_name, &[]);
    world.verify(&site, &held).await;
    assert_eq!(find(app, &visitor, "nobody@acme.example").await.unwrap(), Found::MailedIfKnown, "lapsed");
}

async fn r_in_6_a_domain_without_single_sign_on_leads_nowhere(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    world.hold(&site, "acme.example").await;
    orgate_app::connection::disable(app, &site.owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    let visitor = world.bed.stranger();
    assert_eq!(find(app, &visitor, "nobody@acme.example").await.unwrap(), Found::MailedIfKnown);
}

on_each_world! {
    r_in_6_an_address_of_a_proven_domain_leads_to_its_organization_whoever_it_is
    r_in_6_a_domain_without_single_sign_on_leads_nowhere
}
