//! Authorization requests that are pushed to the provider (RFC 9126): T-BCP-7, T-SSRF-4.

use std::collections::HashSet;
use std::time::Duration;

use data_encoding::BASE64;
use orgate_app::connection;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::begin::{Begun, NewSignIn, begin};
use orgate_sso::oidc::checks::{Check, CheckName};
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::catalogue::{self, Case, Verdict};
use orgate_testkit::hostile_idp::{
    ClientAuthentication, Endpoint, Mischief, Parameters, PushedRequests, Recorded, Wire,
};
use orgate_testkit::{HostileIdp, ManualClock, Setup};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::hostile::{SIGNED_IN, Walk, try_case};
use crate::refusals;
use crate::world::{Site, World, address, form, parameter, query, sign_in};

const BOTH: [PushedRequests; 2] = [PushedRequests::Offered, PushedRequests::Required];

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

/// A site whose provider takes pushed requests, perhaps no others.
async fn site_with(world: &World, pushed: PushedRequests) -> Site {
    world.idp.configure(|setup| setup.pushed_requests = pushed);
    let site = world.site(if pushed == PushedRequests::Required { "Required" } else { "Offered" }, &world.idp).await;
    world.idp.forget_requests();
    site
}

fn pushed(idp: &HostileIdp) -> Vec<Recorded> {
    idp.requests_to(Endpoint::PushedRequest)
}

fn names(parameters: &Parameters) -> Vec<&str> {
    parameters.iter().map(|(name, _)| name.as_str()).collect()
}

async fn t_bcp_7_the_browser_carries_nothing_but_the_name_of_a_request(world: World) {
    for kind in BOTH {
        let site = site_with(&world, kind).await;
        let visitor = world.bed.stranger();
        let new = NewSignIn { fresh: true, login_hint: Some("dana@acme.example".to_owned()), ..sign_in(site.slug()) };
        let url = address(begin(&world.bed.app, &visitor, new).await.unwrap());
        let pairs: Parameters = url::form_urlencoded::parse(query(&url).as_bytes()).into_owned().collect();
        assert_eq!(names(&pairs), ["client_id", "request_uri"], "{kind:?}");
        assert_eq!(parameter(&url, "client_id"), world.idp.client_id());

        let [push] = <[_; 1]>::try_from(pushed(&world.idp)).unwrap();
        let whole = [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "max_age",
            "login_hint",
        ];
        assert_eq!((push.method.as_str(), names(&push.form)), ("POST", whole.to_vec()), "and no secret in the form");
        assert_eq!(push.parameter("scope"), Some("openid email profile"));
        let redirect = format!("https://orgate.example.com/sso/oidc/{}/callback", site.connection);
        assert_eq!(push.parameter("redirect_uri"), Some(redirect.as_str()));
        let basic = push.header("authorization").unwrap().strip_prefix("Basic ").unwrap();
        let expected = format!("{}:{}", world.idp.client_id(), world.idp.client_secret());
        assert_eq!(BASE64.decode(basic.as_bytes()).unwrap(), expected.as_bytes());
        assert!(push.query.is_empty() && push.header("cookie").is_none() && push.header("referer").is_none());

        world.idp.sign_in_as(dana());
        let location = world.idp.authorize(&url);
        assert_eq!(parameter(&location, "state"), push.parameter("state").unwrap());
        let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
        world.signed_in(outcome, &visitor);
    }
}

async fn t_bcp_7_a_name_serves_once_and_for_its_lifetime_and_each_start_pushes_anew(world: World) {
    let site = site_with(&world, PushedRequests::Required).await;
    world.idp.sign_in_as(dana());
    let visitor = world.bed.stranger();
    let (mut uris, mut states) = (HashSet::new(), HashSet::new());
    for count in 1..=4 {
        let url = world.begin(&visitor, &site).await;
        assert_eq!(pushed(&world.idp).len(), count, "the metadata is remembered, a request is not");
        assert!(uris.insert(parameter(&url, "request_uri")));
        assert!(states.insert(pushed(&world.idp)[count - 1].parameter("state").unwrap().to_owned()));
        match count {
            1 => {
                let location = world.idp.visit(&url).unwrap();
                assert_eq!(world.idp.visit(&url).unwrap_err(), "400 The request_uri is unknown or was used before");
                let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
                world.signed_in(outcome, &visitor);
            }
            2 => {
                world.advance(Duration::from_secs(60));
                assert_eq!(world.idp.visit(&url).unwrap_err(), "400 The request_uri has expired");
            }
            _ => drop(world.idp.visit(&url).unwrap()),
        }
    }
    // Without a name the provider takes nothing: what it says is what the Owner reads.
    let bare = world.begin(&visitor, &site).await;
    let last = pushed(&world.idp).pop().unwrap();
    let mut plain = url::Url::parse(&bare).unwrap();
    plain.query_pairs_mut().clear().extend_pairs(&last.form);
    let location = world.idp.visit(plain.as_str()).unwrap();
    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "idp-rejected-request");
}

async fn t_bcp_7_a_required_request_that_is_not_taken_is_refused_and_told(world: World) {
    let site = site_with(&world, PushedRequests::Required).await;
    world.idp.configure(|setup| setup.redirect_uris = Some(HashSet::new()));
    let refused = begin(&world.bed.app, &world.bed.stranger(), sign_in(site.slug())).await.unwrap();
    let Begun::Ended(Outcome::Refused(page)) = refused else { panic!("{refused:?}") };
    let attempt = world.found(&site, &page.reference).await;
    assert_eq!(attempt.record.code, "pushed-request-rejected");
    assert_eq!(attempt.record.received.unwrap(), "invalid_request: The 'redirect_uri' is not registered");
    assert!(attempt.text.contains("pushed") && attempt.mend.contains("redirect URI"), "{}", attempt.mend);

    world.idp.configure(|setup| setup.client_secret = "rotated there and not here 0123456789".to_owned());
    let refused = begin(&world.bed.app, &world.bed.stranger(), sign_in(site.slug())).await.unwrap();
    let Begun::Ended(Outcome::Refused(page)) = refused else { panic!("{refused:?}") };
    assert_eq!(world.found(&site, &page.reference).await.record.code, "client-rejected");
    assert!(world.idp.requests_to(Endpoint::Authorize).is_empty(), "nobody is sent there in vain");
}

async fn t_bcp_7_an_offer_that_is_not_kept_keeps_nobody_out(world: World) {
    let site = site_with(&world, PushedRequests::Offered).await;
    world.idp.set(Mischief::none().wire(Endpoint::PushedRequest, Wire::Status(500)));
    let visitor = world.bed.stranger();
    let url = world.begin(&visitor, &site).await;
    assert_eq!(pushed(&world.idp).len(), 1);
    for name in ["state", "nonce", "code_challenge", "redirect_uri"] {
        assert_eq!(Some(parameter(&url, name).as_str()), pushed(&world.idp)[0].parameter(name), "{name}");
    }
    world.idp.sign_in_as(dana());
    let outcome = world.come_back(&visitor, &site.connection, &world.idp.authorize(&url)).await.unwrap();
    world.signed_in(outcome, &visitor);
}

async fn t_bcp_7_a_provider_that_takes_the_secret_in_the_body_alone_gets_it_there(world: World) {
    world.idp.configure(|setup| setup.client_authentication = ClientAuthentication::Post);
    let site = site_with(&world, PushedRequests::Required).await;
    world.enter(&site, dana()).await;
    let push = &pushed(&world.idp)[0];
    assert!(push.header("authorization").is_none());
    assert_eq!(push.parameter("client_secret"), Some(world.idp.client_secret().as_str()));
    let [authorize] = <[_; 1]>::try_from(world.idp.requests_to(Endpoint::Authorize)).unwrap();
    assert_eq!(names(&authorize.query), ["client_id", "request_uri"]);
}

/// What the document names is judged by its text, and what its name leads to by its addresses: neither is asked, and nobody
/// goes on without.
async fn t_ssrf_4_nothing_is_pushed_inside(world: World) {
    let inside = world.provider();
    let port = inside.address().port();
    world.dns.addresses("pushed.idp.test", &["127.0.0.1".parse().unwrap()]);
    for kind in BOTH {
        let site = site_with(&world, kind).await;
        for (target, code) in [
            (format!("https://127.0.0.1:{port}/inside"), "endpoint-refused"),
            ("https://pushed.idp.test/inside".to_owned(), "idp-address-refused"),
        ] {
            world.idp.set(Mischief::none().discovery_member("pushed_authorization_request_endpoint", target.as_str()));
            world.bed.app.metadata.forget(&site.connection);
            let refused = begin(&world.bed.app, &world.bed.stranger(), sign_in(site.slug())).await.unwrap();
            let Begun::Ended(Outcome::Refused(page)) = refused else { panic!("{target}: {refused:?}") };
            assert_eq!(world.found(&site, &page.reference).await.record.code, code, "{kind:?} {target}");
        }
        world.idp.behave();
        world.bed.app.metadata.forget(&site.connection);
    }
    assert!(inside.requests().is_empty() && world.idp.requests_to(Endpoint::Other).is_empty());
}

async fn r_sso_5_t_bcp_7_settings_are_checked_by_a_pushed_request(world: World) {
    let sam = world.person("sam").await;
    world.bed.organization(&sam, "Acme").await;
    world.idp.configure(|setup| setup.pushed_requests = PushedRequests::Required);
    let view = connection::create(&world.bed.app, &sam.visitor, "acme", "okta-oidc", None).await.unwrap();
    let id = view.connection.id;
    world.idp.configure(|setup| setup.redirect_uris = Some([view.single_sign_on_url.clone()].into()));
    let saved = world.save(&sam, "acme", &id, &world.idp).await.unwrap();
    assert!(saved.report.checks().iter().all(|check| check.ok && check.remark.is_none()), "{:?}", saved.report);
    assert_eq!(pushed(&world.idp).len(), 1);
    assert_eq!(pushed(&world.idp)[0].parameter("prompt"), Some("none"));

    world.idp.configure(|setup| setup.redirect_uris = Some(HashSet::new()));
    let saved = connection::save(&world.bed.app, &sam.visitor, "acme", id.as_str(), form(&world.idp)).await.unwrap();
    let failed: Vec<&Check> = saved.report.checks().iter().filter(|check| !check.ok).collect();
    let [check] = failed[..] else { panic!("{failed:?}") };
    assert_eq!(check.name, CheckName::ClientAndRedirect);
    assert_eq!(check.code.unwrap().as_str(), "pushed-request-rejected");
}

on_each_world! {
    t_bcp_7_the_browser_carries_nothing_but_the_name_of_a_request
    t_bcp_7_a_name_serves_once_and_for_its_lifetime_and_each_start_pushes_anew
    t_bcp_7_a_required_request_that_is_not_taken_is_refused_and_told
    t_bcp_7_an_offer_that_is_not_kept_keeps_nobody_out
    t_bcp_7_a_provider_that_takes_the_secret_in_the_body_alone_gets_it_there
    t_ssrf_4_nothing_is_pushed_inside
    r_sso_5_t_bcp_7_settings_are_checked_by_a_pushed_request
}

fn is_slow(case: &Case) -> bool {
    ["a byte a second", "says nothing"].iter().any(|slow| case.name.ends_with(slow))
}

#[tokio::test]
async fn t_bcp_7_every_deviation_of_a_pushed_request_ends_as_it_should() {
    let inside = HostileIdp::start(Setup::plain(&ManualClock::new()));
    let target = format!("{}/inside", inside.issuer());
    let cases = || catalogue::pushed_requests(&target).into_iter().filter(|case| !is_slow(case));
    let required = Walk::with(|setup| setup.pushed_requests = PushedRequests::Required).await;
    required.through(cases().collect(), refusals::PUSHED_REQUESTS).await;

    // Where it is an offer, the same goes on in the browser's address.
    let offered = Walk::with(|setup| setup.pushed_requests = PushedRequests::Offered).await;
    offered.through(cases().map(|case| Case { verdict: Verdict::Accept, ..case }).collect(), &[]).await;
    assert!(inside.requests().is_empty(), "no redirect is followed: {:?}", inside.requests());
}

#[tokio::test]
async fn t_ssrf_4_every_wrong_address_to_push_to_is_refused_required_or_not() {
    for kind in BOTH {
        let walk = Walk::with(|setup| setup.pushed_requests = kind).await;
        walk.through(catalogue::pushed_request_endpoints(), refusals::PUSHED_REQUEST_ENDPOINTS).await;
    }
    let walk = Walk::with(|setup| setup.pushed_requests = PushedRequests::Required).await;
    let nowhere = Mischief::none().discovery(|document| {
        document.remove("pushed_authorization_request_endpoint");
    });
    assert_eq!(walk.ends(nowhere).await, "discovery-incomplete");
    let unknown = Walk::new().await;
    let promised = Mischief::none().discovery_member("require_pushed_authorization_requests", json!(true));
    assert_eq!(unknown.ends(promised).await, "discovery-incomplete");
}

/// F1: a start waits for a pushed request no longer than for anything else, and nobody else waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_bcp_7_f1_a_start_waits_five_seconds_for_a_pushed_request_and_keeps_nobody_else_waiting() {
    let world = World::sqlite().await;
    let good = world.site("Good", &world.idp).await;
    let mut slow = Vec::new();
    for kind in BOTH {
        for (number, case) in
            catalogue::pushed_requests("https://inside.example").into_iter().filter(is_slow).enumerate()
        {
            let idp = world.provider_with(|setup| setup.pushed_requests = kind);
            let site = world.site(&format!("{kind:?}{number}"), &idp).await;
            slow.push((case, idp, site));
        }
    }
    assert_eq!(slow.len(), 4);
    let began = Instant::now();
    let hanging = futures_util::future::join_all(
        slow.iter().enumerate().map(|(number, (case, idp, site))| try_case(&world, site, idp, case, number, false)),
    );
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let entered = world.enter(&good, Subject::new("00uKim", "kim@good.example"));
        timeout(Duration::from_secs(4), entered).await.unwrap();
    };
    let (codes, ()) = tokio::join!(hanging, meanwhile);
    assert_eq!(codes, [SIGNED_IN, SIGNED_IN, "idp-unreachable", "idp-unreachable"]);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}

/// A test of settings is a sign-in, too.
#[tokio::test]
async fn t_bcp_7_a_test_of_settings_pushes_its_request() {
    let world = World::sqlite().await;
    let site = site_with(&world, PushedRequests::Required).await;
    let owner = world.with_password(&site.owner).await;
    world.idp.sign_in_as(dana());
    let view = world.test(&owner, site.slug(), &site.connection, &world.idp).await;
    assert!(view.result.as_ref().is_some_and(|result| result.failure.is_none()), "{:?}", view.result);
    assert_eq!(pushed(&world.idp).len(), 1);
    let outcome = world.arrive(&site, dana()).await;
    assert!(matches!(outcome, Outcome::SignedIn { .. }), "{outcome:?}");
}
