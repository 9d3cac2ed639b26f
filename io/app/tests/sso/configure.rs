//! Configuring a connection: the form, the named checks, activation, and who may (R-SSO-1 to R-SSO-6, R-SSO-10).

use std::collections::BTreeSet;
use std::time::Duration;

use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::connection::{self, AttemptQuery, Saved, SettingsForm};
use orgate_app::error::Error;
use orgate_app::{connection_test, operator};
use orgate_core::connection::ConnectionState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_sso::oidc::checks::{Check, CheckName};
use orgate_testkit::dns::Answer;
use orgate_testkit::hostile_idp::{Algorithm, KeySetShape, Mischief};
use orgate_testkit::{HostileIdp, Person as Subject};
use serde_json::json;

use crate::support::{Person, refused};
use crate::world::{HOST, World, address, form};

fn check(saved: &Saved, name: CheckName) -> &Check {
    saved.report.checks().iter().find(|check| check.name == name).unwrap()
}

/// The names of the checks that failed, each with its code.
fn failures(saved: &Saved) -> Vec<(&'static str, &'static str)> {
    let failed = saved.report.checks().iter().filter(|check| !check.ok);
    failed.map(|check| (check.name.as_str(), check.code.unwrap().as_str())).collect()
}

async fn r_sso_1_an_owner_configures_tests_and_activates_okta(world: World) {
    let app = &world.bed.app;
    let sam = world.person("sam").await;
    let acme = world.bed.organization(&sam, "Acme").await;
    let kim = world.person("kim").await;
    world.join(&acme.id, &kim, OrganizationRole::Owner).await;

    let created = connection::create(app, &sam.visitor, "acme", "okta-oidc", None).await.unwrap();
    let id = created.connection.id.clone();
    let url = format!("https://orgate.example.com/sso/oidc/{id}/callback");
    assert_eq!((created.single_sign_on_url.as_str(), created.connection.state), (url.as_str(), ConnectionState::Draft));
    world.idp.configure(|setup| setup.redirect_uris = Some([url.clone()].into()));

    let pasted = SettingsForm {
        address: format!("https://{}/oauth2/default", world.idp.domain().to_uppercase()),
        ..form(&world.idp)
    };
    let saved = connection::save(app, &sam.visitor, "acme", id.as_str(), pasted).await.unwrap();
    assert_eq!(saved.revision, 1);
    assert!(saved.notes.len() >= 3, "{:?}", saved.notes);
    let names: Vec<_> = saved.report.checks().iter().map(|check| check.name).collect();
    assert_eq!(names, CheckName::ALL);
    for check in saved.report.checks() {
        assert!(check.ok && check.remark.is_none(), "{check:?}");
    }
    assert_eq!(saved.view.draft.as_ref().unwrap().settings.issuer, world.idp.issuer());

    let early = connection::activate(app, &sam.visitor, "acme", id.as_str()).await;
    assert_eq!(refused(early), Refusal::ConnectionNotValidated);
    world.idp.sign_in_as(Subject::new("00uSam", "sam@example.com"));
    let tested = world.test(&sam, "acme", &id, &world.idp).await;
    assert!(tested.can_be_activated);
    let result = tested.result.unwrap();
    assert!(result.resolves_to.starts_with("sam (sam@example.com)"), "{}", result.resolves_to);
    assert!(result.claims.contains(&("email".to_owned(), "sam@example.com".to_owned())), "{:?}", result.claims);

    world.bed.read_all("kim@example.com").await;
    let active = connection::activate(app, &sam.visitor, "acme", id.as_str()).await.unwrap();
    assert_eq!((active.connection.state, active.linked), (ConnectionState::Active, 1));
    assert_eq!(active.single_sign_on_url, url, "it never changes");
    let mail = world.bed.next_mail("kim@example.com").await;
    assert!(mail.text.contains("sam") && mail.text.contains("activated a single sign-on connection"), "{}", mail.text);
    let events = audit_log::list(app, &sam.visitor, "acme", AuditQuery::default()).await.unwrap().items;
    let actions: BTreeSet<_> = events.iter().map(|event| event.action.as_str()).collect();
    for action in ["created", "settings_saved", "test_started", "validated", "activated"] {
        assert!(actions.contains(format!("connection.{action}").as_str()), "{action} is in {actions:?}");
    }
}

async fn r_sso_5_each_fault_has_its_check_and_none_prevents_saving(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let save =
        async |form| connection::save(app, &site.owner.visitor, "acme", site.connection.as_str(), form).await.unwrap();
    let other = |mischief| {
        world.idp.set(mischief);
        save(form(&world.idp))
    };

    let wrong = SettingsForm { client_secret: Some("not-the-secret".to_owned().into()), ..form(&world.idp) };
    let saved = save(wrong).await;
    assert_eq!(failures(&saved), [("client-secret", "client-rejected")]);
    assert!(check(&saved, CheckName::ClientSecret).mend.is_some());
    assert!(!format!("{saved:?}").contains("not-the-secret"), "T-SEC-4");

    world.idp.configure(|setup| setup.redirect_uris = Some(["https://elsewhere.example/callback".to_owned()].into()));
    let saved = save(form(&world.idp)).await;
    assert_eq!(failures(&saved), [("client-and-redirect", "idp-rejected-request")]);
    let expected = check(&saved, CheckName::ClientAndRedirect).expected.clone().unwrap();
    assert!(expected.contains(site.connection.as_str()), "{expected}");
    world.idp.configure(|setup| setup.redirect_uris = None);
    let saved = save(SettingsForm { client_id: "another-client".to_owned(), ..form(&world.idp) }).await;
    assert_eq!(
        failures(&saved),
        [("client-and-redirect", "idp-rejected-request"), ("client-secret", "client-rejected")]
    );

    let saved = other(Mischief::none().discovery_member("issuer", "https://evil.example")).await;
    assert_eq!(failures(&saved), [("issuer", "discovery-issuer-mismatch")]);
    let issuer = check(&saved, CheckName::Issuer);
    assert_eq!(issuer.expected.as_deref(), Some(world.idp.issuer().as_str()));
    assert_eq!(issuer.received.as_deref(), Some("https://evil.example"));
    assert!(check(&saved, CheckName::Keys).remark.as_deref().unwrap().starts_with("Not made"));

    let saved = other(Mischief::none().key_set(KeySetShape::Empty)).await;
    assert_eq!(failures(&saved), [("keys", "keys-empty")]);
    let saved = other(Mischief::none().discovery_member("code_challenge_methods_supported", json!(["plain"]))).await;
    assert_eq!(failures(&saved), [("code-flow", "idp-rejected-request")]);
    let saved = other(Mischief::none().discovery(|document| {
        document.remove("code_challenge_methods_supported");
    }))
    .await;
    assert!(!saved.report.failed(), "what is absent is a remark");
    assert!(check(&saved, CheckName::CodeFlow).remark.is_some());
    world.idp.behave();

    let gone = world.provider();
    let nobody = form(&gone);
    drop(gone);
    assert_eq!(failures(&save(nobody).await), [("discovery", "idp-unreachable")]);
    world.dns.set(HOST, Answer::NoSuchName);
    assert_eq!(failures(&save(form(&world.idp)).await), [("address", "idp-name-unknown")]);
    world.dns.loopback(HOST);

    // The connection in use is what it was all the time (R-SSO-6).
    world.enter(&site, Subject::new("00uKim", "kim@acme.example")).await;
    assert_eq!(world.connection(&site).await.active.unwrap().revision.number, 1);
}

async fn r_sso_10_a_secret_is_typed_again_when_the_domain_changes_t_bcp_6(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let elsewhere = world.provider();
    elsewhere.configure(|setup| setup.client_secret = "the-secret-of-another-place".into());
    let save = async |idp: &HostileIdp, secret: Option<String>| {
        let form = SettingsForm { client_secret: secret.map(Into::into), ..form(idp) };
        connection::save(app, &site.owner.visitor, "acme", site.connection.as_str(), form).await
    };
    for secret in [None, Some(String::new())] {
        let Refusal::InvalidInput(fields) = refused(save(&elsewhere, secret).await) else { panic!("another refusal") };
        assert_eq!(fields.iter().map(|field| field.field).collect::<Vec<_>>(), ["client_secret"]);
    }
    assert!(elsewhere.requests().is_empty(), "the stored secret went nowhere");
    let kept = save(&world.idp, None).await.unwrap();
    assert!(!kept.report.failed(), "the same domain keeps the secret: {:?}", kept.report);
    let typed = save(&elsewhere, Some(elsewhere.client_secret())).await.unwrap();
    assert!(!typed.report.failed(), "{:?}", typed.report);
}

async fn t_ssrf_6_only_an_owner_of_this_organization_sees_saves_or_tests_a_connection(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let member = world.member(&site, "kim", OrganizationRole::Member).await;
    let rival = world.person("rival").await;
    world.bed.organization(&rival, "Rival").await;
    world.idp.forget_requests();

    let stranger = Person { visitor: world.bed.stranger(), ..member.clone() };
    for (who, slug, expected) in [
        (&member, "acme", Refusal::NotPermitted),
        (&rival, "acme", Refusal::NotFound),
        (&rival, "rival", Refusal::NotFound),
        (&stranger, "acme", Refusal::NoSession),
    ] {
        let (visitor, id) = (&who.visitor, site.connection.as_str());
        let answers: [(&str, Result<(), Error>); 10] = [
            ("get", connection::get(app, visitor, slug, id).await.map(drop)),
            ("save", connection::save(app, visitor, slug, id, form(&world.idp)).await.map(drop)),
            ("test", connection_test::create(app, visitor, slug, id).await.map(drop)),
            ("see a test", connection_test::get(app, visitor, slug, id, "tst_0").await.map(drop)),
            ("take a test", connection_test::begin(app, visitor, slug, id, "tst_0").await.map(drop)),
            ("attempts", connection::attempts(app, visitor, slug, id, AttemptQuery::default()).await.map(drop)),
            ("activate", connection::activate(app, visitor, slug, id).await.map(drop)),
            ("disable", connection::disable(app, visitor, slug, id).await.map(drop)),
            ("remove", connection::remove(app, visitor, slug, id).await),
            ("clear", connection::clear(app, visitor, slug, vec![member.id.clone()]).await.map(drop)),
        ];
        for (what, answer) in answers {
            assert_eq!(refused(answer), expected, "{what} as {} in {slug}", who.name);
        }
    }
    for (who, expected) in
        [(&member, Refusal::NotPermitted), (&rival, Refusal::NotFound), (&stranger, Refusal::NoSession)]
    {
        assert_eq!(refused(connection::create(app, &who.visitor, "acme", "okta-oidc", None).await), expected);
        assert_eq!(refused(connection::overview(app, &who.visitor, "acme").await), expected);
    }
    assert!(world.idp.requests().is_empty(), "nothing was contacted for them");
    assert_eq!(world.connection(&site).await.connection.state, ConnectionState::Active);
}

async fn r_in_8_settings_need_a_recent_proof(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    world.advance(Duration::from_secs(15 * 60 + 1));
    let (visitor, id) = (&site.owner.visitor, site.connection.as_str());
    assert!(connection::get(app, visitor, "acme", id).await.is_ok(), "reading does not");
    let recent = Refusal::NeedsRecentProof;
    assert_eq!(refused(connection::save(app, visitor, "acme", id, form(&world.idp)).await), recent);
    assert_eq!(refused(connection::create(app, visitor, "acme", "oidc", None).await), recent);
    assert_eq!(refused(connection::activate(app, visitor, "acme", id).await), recent);
    assert_eq!(refused(connection::disable(app, visitor, "acme", id).await), recent);
    assert_eq!(refused(connection::remove(app, visitor, "acme", id).await), recent);
    assert_eq!(refused(connection::clear(app, visitor, "acme", vec![site.owner.id.clone()]).await), recent);
}

async fn r_org_7_without_entitlement_nothing_new_begins_and_the_old_goes_on(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let other = world.draft(&site.owner, "acme", &world.provider()).await;
    let replacement = world.provider();
    world.save(&site.owner, "acme", &other, &replacement).await.unwrap();
    world.validate(&site.owner, "acme", &other, &replacement).await;
    operator::set_sso_entitled(app, None, "acme", false).await.unwrap();

    let visitor = &site.owner.visitor;
    assert!(!connection::overview(app, visitor, "acme").await.unwrap().entitled);
    assert_eq!(refused(connection::create(app, visitor, "acme", "oidc", None).await), Refusal::SsoNotEntitled);
    assert_eq!(refused(connection::activate(app, visitor, "acme", other.as_str()).await), Refusal::SsoNotEntitled);

    world.enter(&site, Subject::new("00uKim", "kim@acme.example")).await;
    world.idp.configure(|setup| setup.client_secret = "a-rotated-secret".into());
    world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
    world.validate(&site.owner, "acme", &site.connection, &world.idp).await;
    connection::activate(app, visitor, "acme", site.connection.as_str()).await.unwrap();
    world.enter(&site, Subject::new("00uKim", "kim@acme.example")).await;
    connection::disable(app, visitor, "acme", site.connection.as_str()).await.unwrap();
    let again = connection::activate(app, visitor, "acme", site.connection.as_str()).await;
    assert_eq!(refused(again), Refusal::SsoNotEntitled);
}

#[tokio::test]
async fn each_algorithm_of_an_honest_provider_passes_save_and_sign_in_t_id_04() {
    let world = World::sqlite().await;
    let site = world.site("Acme", &world.idp).await;
    for (number, algorithm) in Algorithm::ALL.into_iter().enumerate() {
        world.idp.configure(|setup| setup.algorithm = algorithm);
        let saved = world.save(&site.owner, "acme", &site.connection, &world.idp).await.unwrap();
        assert!(!saved.report.failed(), "{algorithm:?}: {:?}", saved.report);
        world.enter(&site, Subject::new(format!("00u{number}"), format!("p{number}@acme.example"))).await;
    }
}

/// What an organization makes this machine ask of an identity provider has its number, so one person does not use up what all
/// organizations share.
#[tokio::test]
async fn t_idp_1_settings_are_saved_and_tests_begun_so_many_times_an_hour() {
    let world = World::sqlite_with(&[("ORGATE_LIMIT_CONNECTION_TESTS", "3")]).await;
    let app = &world.bed.app;
    let sam = world.person("sam").await;
    world.bed.organization(&sam, "Acme").await;
    let id = world.draft(&sam, "acme", &world.idp).await;
    for _ in 0..2 {
        world.save(&sam, "acme", &id, &world.idp).await.unwrap();
    }
    let test = connection_test::create(app, &sam.visitor, "acme", id.as_str()).await.unwrap().test.id;
    let begin = async || connection_test::begin(app, &sam.visitor, "acme", id.as_str(), test.as_str()).await;
    for _ in 0..3 {
        address(begin().await.unwrap());
    }
    world.idp.forget_requests();
    assert_eq!(refused(world.save(&sam, "acme", &id, &world.idp).await).code(), "too-many-requests");
    assert_eq!(refused(begin().await).code(), "too-many-requests");
    assert!(world.idp.requests().is_empty(), "nobody was asked");

    let kim = world.person("kim").await;
    world.bed.organization(&kim, "Other").await;
    world.draft(&kim, "other", &world.idp).await;
    world.advance(Duration::from_secs(3600));
    let sam = world.with_password(&sam).await;
    world.save(&sam, "acme", &id, &world.idp).await.unwrap();
}

async fn r_sso_9_recent_attempts_come_in_parts(world: World) {
    let site = world.site("Acme", &world.idp).await;
    for number in 0..3 {
        world.enter(&site, Subject::new(format!("00u{number}"), format!("guest{number}@acme.example"))).await;
    }
    let all: Vec<_> = world.attempts(&site).await.into_iter().map(|attempt| attempt.record.reference).collect();
    let owner = world.with_password(&site.owner).await;
    let part = async |cursor: Option<String>| {
        let query = AttemptQuery { cursor, limit: Some(1), ..AttemptQuery::default() };
        connection::attempts(&world.bed.app, &owner.visitor, site.slug(), site.connection.as_str(), query).await
    };
    let (mut read, mut cursor) = (Vec::new(), None);
    loop {
        let found = part(cursor).await.unwrap();
        read.extend(found.items.into_iter().map(|attempt| attempt.record.reference));
        cursor = found.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(all.len() >= 3 && read == all, "{read:?} {all:?}");
    assert!(matches!(refused(part(Some("7".to_owned())).await), Refusal::InvalidInput(_)));
}

on_each_world! {
    r_sso_9_recent_attempts_come_in_parts
    r_sso_1_an_owner_configures_tests_and_activates_okta
    r_sso_5_each_fault_has_its_check_and_none_prevents_saving
    r_sso_10_a_secret_is_typed_again_when_the_domain_changes_t_bcp_6
    t_ssrf_6_only_an_owner_of_this_organization_sees_saves_or_tests_a_connection
    r_in_8_settings_need_a_recent_proof
    r_org_7_without_entitlement_nothing_new_begins_and_the_old_goes_on
}
