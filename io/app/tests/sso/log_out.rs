//! Signing out, here and then at the identity provider: T-LO-1 and the three modules of the RP-initiated log-out plan.

use std::collections::HashSet;

use orgate_app::error::Error;
use orgate_app::log_out::come_back::come_back;
use orgate_app::log_out::leave::{Leave, sign_out};
use orgate_app::session;
use orgate_core::refusal::Refusal;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{Endpoint, Mischief, Wire};

use crate::support::{Person, refused};
use crate::world::{Site, World, parameter, query};

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

async fn leave(world: &World, person: &Person) -> Leave {
    sign_out(&world.bed.app, &person.visitor).await.unwrap().unwrap()
}

async fn back(world: &World, site: &Site, person: &Person, query: &str) -> Result<(), Error> {
    come_back(&world.bed.app, &person.visitor, &site.connection, query).await
}

/// The three values of the request, and that the session was over before it was made.
async fn t_lo_1_the_session_ends_first_and_the_browser_is_sent_with_hint_state_and_return(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    let hint_of = world.idp.sid();
    world.idp.forget_requests();
    let leave = leave(&world, &dana).await;
    assert_eq!(refused(session::current(&world.bed.app, &dana.visitor).await), Refusal::NoSession);
    assert!(world.idp.requests().is_empty(), "and nothing is asked of the provider");
    assert_eq!(leave.organization_name, "Acme");
    assert!(leave.url.starts_with(&format!("{}/oauth2/v1/logout?", world.idp.issuer())), "{}", leave.url);
    assert_eq!(parameter(&leave.url, "client_id"), world.idp.client_id());
    let hint = parameter(&leave.url, "id_token_hint");
    let payload = data_encoding::BASE64URL_NOPAD.decode(hint.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!((&claims["sub"], &claims["sid"]), (&"00uDana".into(), &hint_of.into()));
    let to = parameter(&leave.url, "post_logout_redirect_uri");
    assert_eq!(to, world.connection(&site).await.post_logout_redirect_url);
    assert!(to.starts_with(world.bed.app.settings.public_url.as_str()), "{to}");
    assert_eq!(refused(sign_out(&world.bed.app, &dana.visitor).await), Refusal::NoSession);
}

async fn oidcc_client_test_rp_init_logout(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let registered = HashSet::from([world.connection(&site).await.post_logout_redirect_url]);
    world.idp.configure(|setup| setup.post_logout_redirect_uris = Some(registered));
    let dana = world.enter(&site, dana()).await;
    let location = world.idp.end_session(&leave(&world, &dana).await.url).unwrap();
    back(&world, &site, &dana, query(&location)).await.unwrap();
    let again = back(&world, &site, &dana, query(&location)).await;
    assert_eq!(refused(again), Refusal::LogOutStateUnknown, "a state serves once");
}

async fn oidcc_client_test_rp_init_logout_other_state(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let other = world.site("Other", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    let location = world.idp.end_session(&leave(&world, &dana).await.url).unwrap();
    let right = query(&location);
    for wrong in ["state=another", &format!("{right}&{right}"), &format!("{right}x")] {
        assert_eq!(refused(back(&world, &site, &dana, wrong).await), Refusal::LogOutStateUnknown, "{wrong}");
    }
    assert_eq!(refused(back(&world, &other, &dana, right).await), Refusal::LogOutStateUnknown, "another connection's");
    assert!(
        world.is_told(&site, "log-out-state-unknown").await && world.is_told(&other, "log-out-state-unknown").await
    );
    let stranger = Person { visitor: world.bed.stranger(), ..dana.clone() };
    assert_eq!(refused(back(&world, &site, &stranger, right).await), Refusal::LogOutStateUnknown, "another browser's");
    let mut bare = dana.clone();
    bare.visitor.browser = None;
    assert_eq!(refused(back(&world, &site, &bare, right).await), Refusal::LogOutStateUnknown);
    world.advance(std::time::Duration::from_secs(600));
    assert_eq!(refused(back(&world, &site, &dana, right).await), Refusal::LogOutStateUnknown, "too late");
}

async fn oidcc_client_test_rp_init_logout_no_state(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    leave(&world, &dana).await;
    for none in ["", "state=", "other=1"] {
        assert_eq!(refused(back(&world, &site, &dana, none).await), Refusal::LogOutStateMissing, "{none}");
    }
    let lines = world.attempts(&site).await.into_iter().filter(|line| line.record.code == "log-out-state-missing");
    assert_eq!(lines.count(), 1, "a line a minute, however many come");
}

async fn t_lo_1_signing_out_works_while_the_provider_is_down(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let dana = world.enter(&site, dana()).await;
    let silent = [Endpoint::Discovery, Endpoint::Keys, Endpoint::EndSession];
    world.idp.set(silent.into_iter().fold(Mischief::none(), |all, endpoint| all.wire(endpoint, Wire::Silence)));
    world.bed.app.metadata.forget(&site.connection);
    world.idp.forget_requests();
    leave(&world, &dana).await;
    assert_eq!(refused(session::current(&world.bed.app, &dana.visitor).await), Refusal::NoSession);
    assert!(world.idp.requests().is_empty());
}

async fn t_lo_1_nobody_is_sent_to_an_address_that_breaks_the_rules_or_to_none(world: World) {
    let site = world.site("Acme", &world.idp).await;
    for endpoint in
        ["http://other.idp.test/logout", "https://127.0.0.1/logout", "javascript:alert(1)", "//evil.example"]
    {
        world.idp.set(Mischief::none().discovery_member("end_session_endpoint", endpoint));
        world.bed.app.metadata.forget(&site.connection);
        let dana = world.enter(&site, dana()).await;
        assert!(sign_out(&world.bed.app, &dana.visitor).await.unwrap().is_none(), "{endpoint}");
        assert_eq!(refused(session::current(&world.bed.app, &dana.visitor).await), Refusal::NoSession, "{endpoint}");
    }
    world.idp.behave();
    world.idp.configure(|setup| setup.log_out = false);
    world.bed.app.metadata.forget(&site.connection);
    let dana = world.enter(&site, dana()).await;
    assert!(sign_out(&world.bed.app, &dana.visitor).await.unwrap().is_none());
    let sam = world.person("sam").await;
    assert!(sign_out(&world.bed.app, &sam.visitor).await.unwrap().is_none(), "who came by a password goes nowhere");
}

async fn t_lo_1_a_connection_that_is_gone_sends_nobody_anywhere(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let outcome = world.sign_in(&site.owner.visitor, &site, &world.idp).await;
    let both = world.signed_in(outcome, &site.owner.visitor);
    let owner = world.with_password(&site.owner).await;
    let (app, id) = (&world.bed.app, site.connection.as_str());
    orgate_app::connection::disable(app, &owner.visitor, site.slug(), id).await.unwrap();
    assert!(sign_out(app, &both.visitor).await.unwrap().is_none());
}

/// The hint is bound to its row, so a stronger session seals it anew; what another person leaves behind is not taken along.
async fn t_lo_1_what_signing_out_takes_goes_along_with_the_session(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.idp.sign_in_as(Subject::new("00uOwner", &site.owner.email));
    let visitor = world.bed.stranger();
    let outcome = world.sign_in(&visitor, &site, &world.idp).await;
    let first = world.signed_in(outcome, &visitor);
    let other = world.site("Other", &world.provider()).await;
    world.join(other.id(), &first, orgate_core::role::OrganizationRole::Member).await;
    let outcome = world.sign_in(&first.visitor, &site, &world.idp).await;
    let second = world.signed_in(outcome, &first.visitor);
    let leave = leave(&world, &second).await;
    assert!(leave.url.contains("id_token_hint="), "{}", leave.url);
}

on_each_world! {
    t_lo_1_the_session_ends_first_and_the_browser_is_sent_with_hint_state_and_return
    oidcc_client_test_rp_init_logout
    oidcc_client_test_rp_init_logout_other_state
    oidcc_client_test_rp_init_logout_no_state
    t_lo_1_signing_out_works_while_the_provider_is_down
    t_lo_1_nobody_is_sent_to_an_address_that_breaks_the_rules_or_to_none
    t_lo_1_a_connection_that_is_gone_sends_nobody_anywhere
    t_lo_1_what_signing_out_takes_goes_along_with_the_session
}
