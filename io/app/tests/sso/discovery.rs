//! "Continue with SSO" on the common page answers by the domain, and never by the account (R-IN-5, R-IN-6, T-WEB-11).

use orgate_app::sign_in::lookup::{Found, find};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::refused;
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

async fn r_in_6_a_short_name_leads_to_its_organization_and_an_unknown_one_nowhere(world: World) {
    let app = &world.bed.app;
    let (owner, visitor) = (world.person("sam").await, world.bed.stranger());
    world.bed.organization(&owner, "Acme").await;
    for typed in ["acme", " ACME "] {
        let found = find(app, &visitor, typed).await.unwrap();
        assert_eq!(found, Found::Organization { slug: "acme".to_owned() }, "{typed}: with single sign-on or without");
    }
    for typed in ["acme-robotics", "", "no such name", "acme/"] {
        assert_eq!(refused(find(app, &visitor, typed).await), Refusal::NotFound, "{typed}");
    }
    assert!(world.bed.mail(&owner.email).await.is_none(), "a short name mails nobody");
}

async fn r_in_6_a_known_address_is_mailed_the_login_addresses_of_its_organizations_and_no_others(world: World) {
    let app = &world.bed.app;
    let (acme, other) = (world.site("Acme", &world.idp).await, world.site("Other", &world.provider()).await);
    world.site("Third", &world.provider()).await;
    let kim = world.member(&acme, "kim", OrganizationRole::Member).await;
    world.join(other.id(), &kim, OrganizationRole::Owner).await;
    // The same address, known to one organization alone: a person of its own.
    let born = world.bed.born_by_sso(&acme.organization, "Kim at Acme", "lee@example.com").await;
    world.person("mo").await;
    let visitor = world.bed.stranger();
    for typed in ["KIM@example.com", "lee@example.com", "mo@example.com", "nobody@example.com"] {
        assert_eq!(find(app, &visitor, typed).await.unwrap(), Found::MailedIfKnown, "{typed}");
    }
    let login = |slug: &str| format!("https://orgate.example.com/sign-in/{slug}");
    for (address, expected) in [(&kim.email, vec!["acme", "other"]), (&born.email, vec!["acme"])] {
        let mail = world.bed.next_mail(address).await;
        assert_eq!(mail.to, std::slice::from_ref(address));
        let mut links = mail.links();
        links.sort_unstable();
        assert_eq!(links, expected.into_iter().map(login).collect::<Vec<_>>(), "{}", mail.text);
        assert!(mail.subject.contains("Where to sign in"), "{}", mail.subject);
        assert!(world.bed.mail(address).await.is_none(), "one mail");
    }
    for address in ["mo@example.com", "nobody@example.com"] {
        assert!(world.bed.mail(address).await.is_none(), "{address} has no organization to be told of");
    }
}

on_each_world! {
    r_in_6_a_short_name_leads_to_its_organization_and_an_unknown_one_nowhere
    r_in_6_a_known_address_is_mailed_the_login_addresses_of_its_organizations_and_no_others
    r_in_6_an_address_of_a_proven_domain_leads_to_its_organization_whoever_it_is
    r_in_6_a_domain_without_single_sign_on_leads_nowhere
}
