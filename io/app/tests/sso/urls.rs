//! Addresses that a tenant may not make us contact: T-SSRF-1, T-SSRF-2, T-SSRF-4, T-SSRF-5, at the use cases that take them.

use std::net::IpAddr;

use orgate_app::connection::{self, SettingsForm};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::begin::{Begun, begin};
use orgate_core::refusal::Refusal;
use orgate_testkit::Person as Subject;
use orgate_testkit::dns::Answer;
use orgate_testkit::hostile_idp::{Endpoint, Mischief};

use crate::support::refused;
use crate::world::{HOST, World, form, sign_in};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn t_ssrf_1_no_private_address_in_whatever_notation_is_saved_or_contacted() {
    let world = World::sqlite().await;
    let sam = world.person("sam").await;
    world.bed.organization(&sam, "Acme").await;
    for (name, address) in
        [("rebound.example", "127.0.0.1"), ("meta.example", "169.254.169.254"), ("ula.example", "fd00::1")]
    {
        world.dns.addresses(name, &[ip(address)]);
    }
    for (kind, field) in [("okta-oidc", "okta_domain"), ("oidc", "issuer")] {
        let id = connection::create(&world.bed.app, &sam.visitor, "acme", kind, None).await.unwrap().connection.id;
        for typed in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0.0.0.0",
            "169.254.169.254",
            "[::1]",
            "[::ffff:7f00:1]",
            "localhost",
            "localhost.",
            "vault.internal",
            "acme.okta.com@evil.example",
            "rebound.example",
            "meta.example",
            "ula.example",
            "rebound.example:8443",
        ] {
            let address = if kind == "oidc" { format!("https://{typed}") } else { typed.to_owned() };
            let form = SettingsForm { address, ..form(&world.idp) };
            let outcome = connection::save(&world.bed.app, &sam.visitor, "acme", id.as_str(), form).await;
            let Refusal::InvalidInput(fields) = refused(outcome) else { panic!("another refusal: {typed}") };
            assert_eq!(fields.iter().map(|wrong| wrong.field).collect::<Vec<_>>(), [field], "{typed}");
        }
        let view = connection::get(&world.bed.app, &sam.visitor, "acme", id.as_str()).await.unwrap();
        assert!(view.draft.is_none(), "nothing of it was saved");
    }
    assert!(world.idp.requests().is_empty());
}

#[tokio::test]
async fn t_ssrf_2_a_name_that_moves_inside_after_saving_reaches_nothing() {
    // The operator lists a network here, so that what passes at first is an address and no name.
    let world = World::sqlite_with(&[("ORGATE_IDP_ALLOW", "127.0.0.1/32")]).await;
    let site = world.site("Acme", &world.idp).await;
    world.enter(&site, Subject::new("00uDana", "dana@acme.example")).await;
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.idp.forget_requests();
    for inside in ["10.0.0.1", "169.254.169.254", "::1"] {
        world.dns.set(HOST, Answer::Records { addresses: vec![ip(inside)], texts: Vec::new() });
        world.bed.app.metadata.forget(&site.connection);
        let begun = begin(&world.bed.app, &world.bed.stranger(), sign_in("acme")).await.unwrap();
        let Begun::Ended(Outcome::Refused(page)) = begun else { panic!("{begun:?}") };
        assert_eq!(world.found(&site, &page.reference).await.record.code, "idp-address-refused", "{inside}");
    }
    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "idp-address-refused");
    assert!(world.idp.requests().is_empty());
}

#[tokio::test]
async fn t_ssrf_4_endpoints_are_judged_at_each_use_and_not_only_when_saved() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    let inside = world.provider();
    let port = inside.address().port();
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    for endpoint in ["token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        world.idp.set(Mischief::none().discovery_member(endpoint, format!("https://127.0.0.1:{port}/inside")));
        world.bed.app.metadata.forget(&site.connection);
        world.bed.app.jwks.forget(&site.connection);
        let outcome = world.sign_in(&world.bed.stranger(), &site, &world.idp).await;
        let Outcome::Refused(page) = &outcome else { panic!("{endpoint}: {outcome:?}") };
        let attempt = world.found(&site, &page.reference).await.record;
        assert_eq!(attempt.code, "endpoint-refused", "{endpoint}");
        assert!(attempt.received.unwrap().contains(endpoint));
    }
    assert!(inside.requests().is_empty());
    assert!(world.idp.requests_to(Endpoint::Other).is_empty());
}

#[tokio::test]
async fn t_ssrf_5_closed_and_silent_ports_look_the_same() {
    let world = World::sqlite().await;
    let sam = world.person("sam").await;
    world.bed.organization(&sam, "Acme").await;
    let id = connection::create(&world.bed.app, &sam.visitor, "acme", "okta-oidc", None).await.unwrap().connection.id;
    // A port where nobody listens, and one where somebody listens who speaks no TLS.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let other = orgate_testkit::HostileIdp::start(orgate_testkit::Setup::plain(&orgate_testkit::ManualClock::new()));
    let mut told = Vec::new();
    for port in [closed, other.address().port()] {
        let form = SettingsForm { address: format!("{HOST}:{port}"), ..form(&world.idp) };
        let saved = connection::save(&world.bed.app, &sam.visitor, "acme", id.as_str(), form).await.unwrap();
        let text = format!("{:?}", saved.report).replace(&port.to_string(), "PORT");
        told.push(text);
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("Unreachable"));
}
