//! Where secrets, codes and tokens must not be found afterwards: T-SEC-1, T-SEC-3, T-SEC-4, R-SSO-9.

use std::fmt::Write as _;

use std::path::Path;

use orgate_app::audit_log::{self, AuditQuery, json_line};
use orgate_app::connection::{self, AttemptQuery};
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::{Endpoint, Mischief, Wire};

use crate::world::{World, parameter};

const CANARY: &str = "canary-7f3e91-client-secret";

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Every file of the folder that holds the needle, the mails included.
fn files_with(folder: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if contains(&std::fs::read(&path).unwrap(), needle) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn t_sec_3_no_secret_code_or_token_is_found_in_database_mails_audit_or_attempts() {
    let world = World::sqlite().await;
    world.idp.configure(|setup| setup.client_secret = CANARY.into());
    let site = world.site("Acme", &world.idp).await;
    let (visitor, waiting) = (world.bed.stranger(), world.bed.stranger());
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let mut canaries = vec![CANARY.to_owned()];
    for visitor in [&visitor, &waiting] {
        let url = world.begin(visitor, &site).await;
        let location = world.idp.authorize(&url);
        canaries.extend([parameter(&url, "state"), parameter(&url, "nonce"), parameter(&location, "code")]);
        if visitor.browser != waiting.browser {
            let outcome = world.come_back(visitor, &site.connection, &location).await.unwrap();
            world.signed_in(outcome, visitor);
        }
    }
    // An IdP that repeats what it was sent in its messages.
    let url = world.begin(&visitor, &site).await;
    let location = world.idp.authorize(&url);
    let code = parameter(&location, "code");
    let body = format!(r#"{{"error":"server_error","error_description":"bad {CANARY} and {code}"}}"#);
    let wire = Wire::Body { status: 400, content_type: "application/json", body: body.into_bytes() };
    world.idp.set(Mischief::none().wire(Endpoint::Token, wire));
    let outcome = world.come_back(&visitor, &site.connection, &location).await.unwrap();
    assert_eq!(world.code(&site, &outcome).await, "token-request-rejected");
    canaries.push(code);
    for request in world.idp.requests() {
        canaries.extend(request.parameter("code_verifier").map(str::to_owned));
        let bearer = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        canaries.extend(bearer.map(str::to_owned));
    }
    assert!(canaries.len() >= 10, "verifiers and access tokens are among them: {}", canaries.len());
    canaries.push("eyJ".to_owned());

    world.bed.app.outbox.send_due().await.unwrap();
    let owner = world.with_password(&site.owner).await;
    let events = audit_log::export(&world.bed.app, &owner.visitor, "acme", AuditQuery::default()).await.unwrap().items;
    let (app, id) = (&world.bed.app, site.connection.as_str());
    let attempts = connection::attempts(app, &owner.visitor, "acme", id, AttemptQuery::default()).await;
    let mut told: String = events.iter().map(json_line).collect();
    write!(told, "{:?} {:?}", attempts.unwrap(), world.connection(&site).await).unwrap();
    assert!(told.contains(&world.idp.client_id()), "the search sees what is there");
    assert!(!files_with(world.folder(), &world.idp.client_id()).is_empty(), "here, too");
    for canary in canaries {
        assert!(!told.contains(&canary), "{canary}");
        assert_eq!(files_with(world.folder(), &canary), Vec::<String>::new(), "{canary}");
    }
}

/// T-SEC-1: what is sealed for one row opens in no other.
#[tokio::test]
async fn t_sec_1_sealed_settings_moved_to_another_row_open_nothing() {
    let world = World::sqlite().await;
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.idp).await);
    let find = async |site: &crate::world::Site| world.connection(site).await.active.unwrap().revision;
    let (own, foreign) = (find(&acme).await, find(&rival).await);
    assert_ne!(own.sealed_settings, foreign.sealed_settings, "the same settings, sealed twice, differ");
    let place = |organization: &str, row: &str| {
        let place = orgate_app::seal::Place {
            table: "connection_revisions",
            column: "sealed_settings",
            row,
            tenant: organization,
        };
        world.bed.app.sealer.open(&place, &own.sealed_settings).is_ok()
    };
    assert!(place(acme.id().as_str(), own.id.as_str()));
    assert!(!place(rival.id().as_str(), own.id.as_str()));
    assert!(!place(acme.id().as_str(), foreign.id.as_str()));
}
