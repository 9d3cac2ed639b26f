//! R-API-1: the document says what the router does, and the committed copy is that document.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::support::{Site, body_of};

#[tokio::test]
async fn the_committed_document_is_the_served_one() {
    let site = Site::new().await;
    let answer = site.get("/api/openapi.json").expect(StatusCode::OK).await;
    crate::routes::golden("../../docs/openapi.json", &answer.text());
}

#[tokio::test]
async fn every_call_is_in_the_document_and_nothing_else() {
    let site = Site::new().await;
    let document = site.get("/api/openapi.json").send().await.json();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name} says what it does");
            documented.insert((name, operation.get("requestBody").is_some()));
        }
    }
    let routed: BTreeSet<(String, bool)> = routes()
        .iter()
        .filter(|route| route.surface == Surface::Api && route.path.starts_with("/api/v1/"))
        .map(|route| {
            let takes_body = body_of(route).is_some() || route.path.ends_with("/acceptance");
            (format!("{} {}", route.method, route.path), takes_body)
        })
        .collect();
    assert_eq!(documented, routed);
}

/// R-API-1: a program whose answer was lost reads what it may do.
#[tokio::test]
async fn r_api_1_every_call_that_changes_something_says_what_repeating_it_does() {
    let site = Site::new().await;
    let document = site.get("/api/openapi.json").send().await.json();
    let (mut changing, mut silent) = (0, Vec::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let text = operation["description"].as_str().unwrap_or_default();
            let says = ["Repeating it", "Repeated, it", "it can be repeated"].iter().any(|words| text.contains(words));
            changing += usize::from(method != "get");
            if says != (method != "get") {
                silent.push(format!("{method} {path}: {text}"));
            }
        }
    }
    assert!(silent.is_empty(), "say it in api/repeating.rs: {}", silent.join("\n"));
    assert!(changing > 60, "only {changing}");
}

/// What an answer may hold although it sounds like a secret, and why.
const SHOWN: &[(&str, &str, &str)] = &[
    ("AccountView", "has_password", "whether there is one"),
    ("ConnectionTestFailureView", "code", "names a refusal"),
    ("EnrolledView", "recovery_codes", "shown once, to the person who set the factor up"),
    ("ExportedCredentials", "password_set_at", "a time"),
    ("ExportedCredentials", "recovery_codes_left", "a count"),
    ("ExportView", "credentials", "counts and times"),
    ("ListView_AttemptView", "code", "names a refusal"),
    ("PendingTotpView", "secret", "to be put into the app; not handed out once it is a factor"),
    ("PendingTotpView", "uri", "the same"),
    ("Problem", "code", "names a refusal"),
    ("ProjectInvitationView", "link", "shown once, in the answer that made it"),
    ("RecoveryCodesView", "recovery_codes", "shown once"),
    ("SecondFactorsView", "recovery_codes_left", "a count"),
    ("SentInvitationView", "link", "shown once, in the answer that made it"),
    ("SessionView", "token", "the caller's own new session, in the answer that began it"),
];

/// Every schema that an answer consists of, by following its references.
fn answered(document: &serde_json::Value) -> BTreeSet<String> {
    fn references(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                let name = fields.get("$ref").and_then(|to| to.as_str()?.rsplit('/').next());
                found.extend(name.map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut open = Vec::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            references(&operation["responses"], &mut open);
        }
    }
    let mut all = BTreeSet::new();
    while let Some(name) = open.pop() {
        if all.insert(name.clone()) {
            references(&document["components"]["schemas"][&name], &mut open);
        }
    }
    all
}

/// The names of all fields of a schema, of those inside of it as well.
fn properties(schema: &serde_json::Value) -> Vec<&str> {
    match schema {
        serde_json::Value::Object(fields) => {
            let own = fields.get("properties").and_then(serde_json::Value::as_object);
            let own = own.into_iter().flatten().map(|(name, _)| name.as_str());
            own.chain(fields.values().flat_map(properties)).collect()
        }
        serde_json::Value::Array(items) => items.iter().flat_map(properties).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn t_sec_4_no_answer_has_a_field_for_a_secret_that_was_given() {
    let site = Site::new().await;
    let document = site.get("/api/openapi.json").send().await.json();
    let answered = answered(&document);
    assert!(answered.len() > 20 && answered.contains("ConnectionView"), "{answered:?}");
    let words = [
        "secret",
        "password",
        "token",
        "code",
        "key",
        "hash",
        "seed",
        "nonce",
        "verifier",
        "challenge",
        "credential",
        "uri",
        "link",
        "handle",
        "assertion",
        "cookie",
        "mac",
        "sealed",
    ];
    let mut found = BTreeSet::new();
    for name in &answered {
        for property in properties(&document["components"]["schemas"][name]) {
            if words.iter().any(|word| property.split('_').any(|part| part == *word || part == format!("{word}s"))) {
                found.insert((name.as_str(), property));
            }
        }
    }
    let shown: BTreeSet<(&str, &str)> = SHOWN.iter().map(|(name, property, _)| (*name, *property)).collect();
    assert_eq!(found, shown, "what sounds like a secret in an answer says here why it is none");
    // The other way round: a body takes it, so the search sees the word.
    let settings = &document["components"]["schemas"]["SettingsBody"]["properties"];
    assert!(settings.get("client_secret").is_some() && !answered.contains("SettingsBody"));
}

#[tokio::test]
async fn a_person_can_read_it() {
    let site = Site::new().await;
    let page = site.get("/api/docs").expect(StatusCode::OK).await.text();
    for part in ["/api/v1/sessions", "Sign in", "okta_domain", "Connections"] {
        assert!(page.contains(part), "{part}");
    }
}
