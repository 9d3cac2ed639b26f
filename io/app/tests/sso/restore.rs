//! What an identity provider said before a deployment was put back from a backup (T-SEC-5).

use std::time::Duration;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::log_out::receive::{Received, receive};
use orgate_app::second_factor::totp;
use orgate_app::{backup, password_reset, restore, session};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;

use crate::support::{PASSWORD, refused};
use crate::world::{World, parameter};

fn dana() -> Subject {
    Subject::new("00uDana", "dana@acme.example")
}

async fn t_sec_5_an_answer_to_a_sign_in_from_before_a_restore_makes_no_session(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let before = world.enter(&site, dana()).await;
    let visitor = world.bed.stranger();
    let location = world.idp.authorize(&world.begin(&visitor, &site).await);
    world.advance(Duration::from_secs(1));
    restore::mark(&world.bed.app).await.unwrap();
    assert_eq!(refused(world.come_back(&visitor, &site.connection, &location).await), Refusal::AttemptOver);
    assert_eq!(refused(session::current(&world.bed.app, &before.visitor).await), Refusal::NoSession);
    let after = world.enter(&site, dana()).await;
    assert!(session::current(&world.bed.app, &after.visitor).await.is_ok());
    assert_eq!(after.id, before.id);
}

/// The backup does not know that it was used.
async fn t_sec_5_a_recorded_log_out_token_from_before_a_restore_ends_nothing(world: World) {
    let site = world.site("Acme", &world.idp).await;
    world.enter(&site, dana()).await;
    let post = async |token: &str| {
        let body = format!("logout_token={token}");
        match receive(&world.bed.app, &world.bed.stranger(), &site.connection, body.as_bytes()).await.unwrap() {
            Received::Done => "done".to_owned(),
            Received::Refused(refusal) => refusal.code.as_str().to_owned(),
        }
    };
    let token = world.idp.log_out_token(Some("00uDana"), None);
    world.advance(Duration::from_secs(2));
    restore::mark(&world.bed.app).await.unwrap();
    world.advance(Duration::from_secs(2));
    let after = world.enter(&site, dana()).await;
    assert_eq!(post(&token).await, "log-out-token-replayed");
    assert!(session::current(&world.bed.app, &after.visitor).await.is_ok());
    let new = world.idp.log_out_token(Some("00uDana"), None);
    assert_eq!(post(&new).await, "done");
    assert_eq!(refused(session::current(&world.bed.app, &after.visitor).await), Refusal::NoSession);
}

/// What is searched for: as it is written, and the bytes that its letters stand for.
struct Planted(Vec<(&'static str, Vec<u8>)>);

impl Planted {
    fn text(&mut self, what: &'static str, text: &str) {
        assert!(text.len() >= 8, "too short to be searched for: {what}");
        self.0.push((what, text.as_bytes().to_vec()));
    }

    /// A secret of ours: the text of an address or header, whose bytes are hashed.
    fn token(&mut self, what: &'static str, text: &str) {
        self.text(what, text);
        self.0.push((what, BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()));
    }

    /// What is found of it.
    fn found(&self, bytes: &[u8]) -> Vec<&'static str> {
        let is_there = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        self.0.iter().filter(|(_, needle)| is_there(needle)).map(|(what, _)| *what).collect()
    }
}

/// Whoever finds the file and not the key has names and addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_sec_4_a_backup_holds_no_secret_that_was_planted() {
    let world = World::sqlite().await;
    let bed = &world.bed;
    let mut planted = Planted(Vec::new());
    world.idp.configure(|setup| setup.client_secret = "canary-a31f07-client-secret".into());
    planted.text("client secret", "canary-a31f07-client-secret");
    let site = world.site("Acme", &world.idp).await;
    world.enter(&site, dana()).await;
    let visitor = bed.stranger();
    let url = world.begin(&visitor, &site).await;
    for name in ["state", "nonce"] {
        planted.token("state or nonce", &parameter(&url, name));
    }
    let kim = bed.person("kim").await;
    planted.text("password", PASSWORD);
    let equipped = bed.equip(&kim).await;
    for code in &equipped.recovery_codes {
        planted.text("recovery code", code);
        planted.text("recovery code", &code.replace('-', ""));
    }
    let pia = bed.person("pia").await;
    let pia = bed.confirmed_by_mail(&pia).await;
    let pending = totp::begin(&bed.app, &pia.visitor).await.unwrap().secret.to_string();
    for secret in [&equipped.secret, &pending] {
        planted.text("secret of an authenticator app", secret);
        planted.0.push(("secret of an authenticator app", BASE32_NOPAD.decode(secret.as_bytes()).unwrap()));
    }
    let token = bed.session_token(&kim.id, Proofs::of(Proof::Password { at: bed.now() })).await;
    planted.token("session", &token.reveal());
    let owner = world.with_password(&site.owner).await;
    let new = NewInvitations {
        emails: vec!["guest@example.com".to_owned()],
        role: OrganizationRole::Member,
        projects: Vec::new(),
    };
    let invited = invitation::invite(&bed.app, &owner.visitor, site.slug(), new).await.unwrap();
    planted.token("copied link", invited.items[0].link.rsplit('/').next().unwrap());
    let mailed = bed.next_mail("guest@example.com").await.link("/invitations/").unwrap();
    planted.token("mailed link", mailed.rsplit('/').next().unwrap());
    planted.text("key", &"5a".repeat(32));
    planted.0.push(("key", vec![0x5a; 32]));
    // The mail waits, with the link in it.
    bed.read_all(&kim.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    planted.text("words of a mail that waits", "https://orgate.example.com/password-reset/");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orgate.backup");
    let made = backup::make(&bed.app, &file).await.unwrap();
    assert!(made.organizations == 1 && made.people >= 4 && made.strange_heads.is_empty(), "{made:?}");
    let bytes = std::fs::read(&file).unwrap();
    let mut there = Planted(Vec::new());
    there.text("client id", &world.idp.client_id());
    there.text("address", &kim.email);
    there.text("issuer", &world.idp.issuer());
    assert_eq!(there.found(&bytes), ["client id", "address", "issuer"], "the search finds what is there");
    assert_eq!(planted.found(&bytes), Vec::<&str>::new());
    let reset = bed.next_mail(&kim.email).await.link("/password-reset/").unwrap();
    let mut late = Planted(Vec::new());
    late.token("reset link", reset.rsplit('/').next().unwrap());
    assert_eq!(late.found(&bytes), Vec::<&str>::new());
}

on_each_world! {
    t_sec_5_an_answer_to_a_sign_in_from_before_a_restore_makes_no_session
    t_sec_5_a_recorded_log_out_token_from_before_a_restore_ends_nothing
}
