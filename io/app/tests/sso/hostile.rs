//! The catalogue of everything that a provider can do wrong, each case walked from the sign-in page to its end: T-ID-01 to
//! T-ID-16, T-BCP-2, T-BCP-7, T-IDP-1, T-IDP-3 to T-IDP-5, T-SSRF-4. What each is refused with stands in [`crate::refusals`].

use std::collections::BTreeMap;
use std::time::Duration;

use orgate_app::audit_log::{self, AuditQuery, json_line};
use orgate_app::error::Error;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::attempts::AttemptView;
use orgate_app::sign_in::sso::begin::{Begun, begin};
use orgate_core::id::Reference;
use orgate_core::refusal::Refusal;
use orgate_testkit::hostile_idp::catalogue::{self, Case, Verdict};
use orgate_testkit::hostile_idp::{Endpoint, Mischief};
use orgate_testkit::{HostileIdp, Person as Subject, Setup};
use serde_json::json;

use crate::refusals::{self, Table};
use crate::world::{Site, World, sign_in};

/// What is said of a case that ends in a session.
pub const SIGNED_IN: &str = "signed in";

/// One world, walked through many cases.
pub struct Walk {
    pub world: World,
    pub site: Site,
    fresh: bool,
}

impl Walk {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With a provider that is set up in another way.
    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let world = World::sqlite().await;
        world.idp.configure(change);
        let site = world.site("Acme", &world.idp).await;
        Self { world, site, fresh: false }
    }

    /// Tries one deviation, and says how it ended.
    pub async fn ends(&self, mischief: Mischief) -> String {
        let case = Case { name: "the one".to_owned(), rule: "T-CONF-1", verdict: Verdict::Refuse, mischief };
        try_case(&self.world, &self.site, &self.world.idp, &case, 0, self.fresh).await
    }

    /// Tries every case, and compares how each ended with its verdict and with the table.
    pub async fn through(self, cases: Vec<Case>, expected: Table) {
        let mut ended: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, case) in cases.iter().enumerate() {
            let code = try_case(&self.world, &self.site, &self.world.idp, case, number, self.fresh).await;
            assert_eq!(code == SIGNED_IN, case.verdict == Verdict::Accept, "{} {}: {code}", case.rule, case.name);
            ended.entry(code).or_default().push(case.name.clone());
        }
        ended.remove(SIGNED_IN);
        let expected: BTreeMap<String, Vec<String>> = expected
            .iter()
            .map(|(code, names)| ((*code).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()))
            .collect();
        assert_eq!(ended, expected, "the codes are stable");
        self.nothing_is_told().await;
    }

    /// No code, verifier or token of all those attempts is in the audit log or in a mail (T-SEC-3).
    async fn nothing_is_told(&self) {
        let owner = self.world.with_password(&self.site.owner).await;
        let app = &self.world.bed.app;
        let events = audit_log::export(app, &owner.visitor, "acme", AuditQuery::default()).await.unwrap().items;
        app.outbox.send_due().await.unwrap();
        let mut told: String = events.iter().map(json_line).collect();
        told.extend(self.world.bed.mailbox.list().into_iter().map(|mail| mail.raw));
        for request in self.world.idp.requests_to(Endpoint::Token) {
            for name in ["code", "code_verifier"] {
                let secret = request.parameter(name).unwrap();
                assert!(secret.len() < 8 || !told.contains(secret), "{name}");
            }
        }
        assert!(!told.contains(&self.world.idp.client_secret()) && !told.contains("eyJ"));
    }
}

/// Signs somebody new in while `case` is in force, and says how it ended.
pub async fn try_case(world: &World, site: &Site, idp: &HostileIdp, case: &Case, number: usize, fresh: bool) -> String {
    let email = format!("case{number}@acme.example");
    idp.sign_in_as(Subject::new(format!("00uCase{number}"), &email));
    idp.set(case.mischief.clone());
    world.bed.app.metadata.forget(&site.connection);
    world.bed.app.jwks.forget(&site.connection);
    let before = (world.members(site.id()).await, world.identities(site.id()).await.len());

    let visitor = world.bed.stranger();
    let mut new = sign_in(site.slug());
    new.fresh = fresh;
    let mut secrets = vec![idp.client_secret(), "eyJ".to_owned()];
    let ended = match begin(&world.bed.app, &visitor, new).await.unwrap() {
        Begun::Ended(outcome) => Ok(outcome),
        Begun::Redirect { url, .. } => {
            secrets.extend(asked(&url));
            let location = idp.authorize(&url);
            secrets.extend(code_in(&location));
            world.come_back(&visitor, &site.connection, &location).await
        }
    };
    secrets.extend(pushed(idp));
    let code = match ended {
        Ok(Outcome::SignedIn { .. }) => return SIGNED_IN.to_owned(),
        Ok(Outcome::Refused(page)) => filed(world, site, &page.reference, &secrets, &case.name).await,
        Err(Error::Refused(Refusal::AttemptOver)) => stray(world, site, &secrets, &case.name).await,
        other => panic!("{}: {other:?}", case.name),
    };
    let after = (world.members(site.id()).await, world.identities(site.id()).await.len());
    assert_eq!(before, after, "{}: nobody joins, nothing is linked", case.name);
    assert!(world.users(&email).await.is_empty(), "{}: no person, so no session", case.name);
    code
}

/// What an authorization request binds a browser and a code by.
const BINDING: [&str; 3] = ["state", "nonce", "code_challenge"];

/// That of a request in an address, if it is there.
fn asked(url: &str) -> Vec<String> {
    let url = url::Url::parse(url).unwrap();
    let pairs = url.query_pairs().into_owned();
    pairs.filter(|(name, _)| BINDING.contains(&name.as_str())).map(|(_, value)| value).collect()
}

/// That of the last request that was pushed.
fn pushed(idp: &HostileIdp) -> Vec<String> {
    let last = idp.requests_to(Endpoint::PushedRequest).pop();
    let form = last.map(|request| request.form).unwrap_or_default();
    form.into_iter().filter(|(name, _)| BINDING.contains(&name.as_str())).map(|(_, value)| value).collect()
}

fn code_in(location: &str) -> Option<String> {
    let url = url::Url::parse(location).unwrap();
    let code = url.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned());
    code.filter(|code| code.len() > 8)
}

/// What the Owner finds, which holds no secret, and its code.
async fn filed(world: &World, site: &Site, reference: &Reference, secrets: &[String], name: &str) -> String {
    told(world.found(site, reference).await, secrets, name)
}

/// The same of an answer that belongs to no attempt: nobody has a reference, and the Owner a line, one a minute and code.
async fn stray(world: &World, site: &Site, secrets: &[String], name: &str) -> String {
    let attempts = world.attempts(site).await;
    let newest = attempts.into_iter().find(|attempt| attempt.record.purpose == "callback").unwrap();
    assert_eq!(newest.record.at, world.bed.now(), "{name}: a line of its own");
    world.advance(Duration::from_secs(60));
    told(newest, secrets, name)
}

fn told(attempt: AttemptView, secrets: &[String], name: &str) -> String {
    assert_eq!(attempt.record.outcome, "refused", "{name}");
    assert!(attempt.text.ends_with('.') && attempt.mend.ends_with('.'), "{name}: {attempt:?}");
    let told = format!("{:?} {:?} {:?}", attempt.record.expected, attempt.record.received, attempt.record.person);
    for secret in secrets {
        assert!(!told.contains(secret), "{name}: {told}");
    }
    assert!(!told.chars().any(char::is_control), "{name}");
    attempt.record.code
}

#[tokio::test]
async fn every_deviation_of_the_id_token_ends_as_it_should() {
    Walk::new().await.through(catalogue::id_tokens(), refusals::ID_TOKENS).await;
}

#[tokio::test]
async fn every_deviation_of_the_time_of_authentication_ends_as_it_should() {
    let walk = Walk { fresh: true, ..Walk::new().await };
    walk.through(catalogue::age_of_sign_in(), refusals::AGES).await;
}

#[tokio::test]
async fn every_deviation_of_the_callback_ends_as_it_should() {
    Walk::new().await.through(catalogue::callbacks(), refusals::CALLBACKS).await;
}

#[tokio::test]
async fn every_deviation_of_the_token_response_ends_as_it_should() {
    Walk::new().await.through(catalogue::token_responses(), refusals::TOKEN_RESPONSES).await;
}

#[tokio::test]
async fn every_deviation_of_user_info_ends_as_it_should() {
    Walk::new().await.through(catalogue::user_infos(), refusals::USER_INFOS).await;
}

#[tokio::test]
async fn every_deviation_of_the_key_set_ends_as_it_should() {
    Walk::new().await.through(catalogue::key_sets(), refusals::KEY_SETS).await;
}

#[tokio::test]
async fn every_deviation_of_the_discovery_document_ends_as_it_should() {
    Walk::new().await.through(catalogue::discoveries(), refusals::DISCOVERIES).await;
}

#[tokio::test]
async fn r_sso_9_the_owner_finds_expected_against_received() {
    let Walk { world, site, .. } = Walk::new().await;
    let (issuer, client) = (world.idp.issuer(), world.idp.client_id());
    for (mischief, code, expected, received) in [
        (
            Mischief::none().claim("iss", "https://evil.example"),
            "id-token-issuer",
            issuer.as_str(),
            "https://evil.example",
        ),
        (Mischief::none().claim("aud", "another"), "id-token-audience", &client, "another"),
        (Mischief::none().user_info_claim("sub", "another"), "userinfo-subject-mismatch", "00uDana", "another"),
        (Mischief::none().claim("nonce", "another"), "id-token-nonce", "the nonce of this sign-in", "another nonce"),
        (
            Mischief::none().shift("exp", -7200),
            "id-token-expired",
            "exp after 2026-11-22T05:59:00Z",
            "2026-11-22T05:00:00Z",
        ),
        (Mischief::none().shift("iat", 180), "clock", "iat before 2026-11-22T06:01:00Z", "2026-11-22T06:03:00Z"),
    ] {
        world.idp.set(mischief);
        let outcome = world.arrive(&site, Subject::new("00uDana", "dana@acme.example")).await;
        let Outcome::Refused(page) = outcome else { panic!("{code}: {outcome:?}") };
        let record = world.found(&site, &page.reference).await.record;
        let told = (record.expected.unwrap(), record.received.unwrap());
        assert_eq!((record.code.as_str(), told.0.as_str(), told.1.as_str()), (code, expected, received));
    }
}

#[tokio::test]
async fn t_idp_4_a_flood_of_claims_is_bounded() {
    let Walk { world, site, .. } = Walk::new().await;
    let groups = |count: usize| (0..count).map(|number| json!(format!("group-{number}"))).collect::<Vec<_>>();
    let flooded = |count| Subject::new("00uDana", "dana@acme.example").claim("groups", groups(count));
    let outcome = world.arrive(&site, flooded(10_000)).await;
    assert_eq!(world.code(&site, &outcome).await, "idp-response-too-large");
    world.enter(&site, flooded(3_000)).await;

    let many = (0..200).fold(flooded(3_000), |person, number| person.claim(&format!("claim{number}"), "x".repeat(250)));
    let outcome = world.arrive(&site, many).await;
    assert_eq!(world.code(&site, &outcome).await, "idp-response-too-large");
    let many = (0..80).fold(flooded(3_000), |person, number| person.claim(&format!("claim{number}"), "x".repeat(50)));
    world.idp.sign_in_as(many);
    let owner = world.with_password(&site.owner).await;
    let claims = world.test(&owner, "acme", &site.connection, &world.idp).await.result.unwrap().claims;
    assert!(claims.len() <= 40 && claims.iter().all(|(_, value)| value.chars().count() <= 300), "{}", claims.len());
}
