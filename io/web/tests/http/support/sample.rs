//! A body that every unsafe route can read, and paths with their parameters filled in: the generated tests need each
//! request to get as far as the question that they ask.

use orgate_web::route::{Route, Surface};
use serde_json::{Value, json};

/// An id that nothing has.
const NOBODY: &str = "usr_00000000000000000000000000";

/// The path with this organization and, for all else, what does not exist.
pub fn path_of(route: &Route, organization: &str) -> String {
    route
        .path
        .replace("{organization}", organization)
        .replace("{slug}", organization)
        .replace("{user_id}", NOBODY)
        .replace("{user}", NOBODY)
        .split('/')
        .map(|part| if part.starts_with('{') { "nothing" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// What each form can be sent with; the one that invites takes no field that its page does not have.
pub fn fields_of(path: &str) -> Vec<(&'static str, &'static str)> {
    if path.ends_with("/invitations") {
        return vec![("emails", "a@example.com"), ("role", "member")];
    }
    if path.ends_with("/domains") {
        return vec![("name", "acme.example")];
    }
    let role = if path.contains("/projects/") { "read_only" } else { "member" };
    vec![
        ("name", "A"),
        ("role", role),
        ("email", "a@example.com"),
        ("kind", "oidc"),
        ("issuer", "https://idp.example.com"),
        ("client_id", "a"),
        ("client_secret", "b"),
        ("confirmation", "acme"),
        ("mfa_required", "true"),
    ]
}

/// What an API call takes; none for calls without a body.
pub fn body_of(route: &Route) -> Option<Value> {
    if route.surface != Surface::Api {
        return None;
    }
    let last = route.path.rsplit('/').next().unwrap();
    let body = match (route.method.as_str(), last) {
        ("POST", "sign-ups") => json!({ "email": "a@example.com", "password": "some long password", "name": "A" }),
        ("POST", "second-factor") => json!({ "method": "totp", "code": "123456" }),
        ("POST", "domains") => json!({ "name": "acme.example" }),
        ("POST", "verification") if route.path.contains("/domains/") => return None,
        ("POST", "verification" | "confirmation") => json!({ "code": "123456" }),
        ("POST", "email-changes") => json!({ "email": "a@example.com" }),
        ("POST", "sessions") => json!({ "method": "password", "email": "a@example.com", "password": "x" }),
        ("POST", "answer") => json!({ "credential": {} }),
        ("POST", "passkeys") => json!({ "challenge_id": "nothing", "credential": {}, "name": "Laptop" }),
        ("PATCH", "{id}") if route.path.contains("/passkeys/") => json!({ "name": "Laptop" }),
        ("POST", "proofs") => json!({ "method": "password", "password": "x" }),
        ("POST", "password-resets") => json!({ "email": "a@example.com" }),
        ("POST", "completion") => json!({ "password": "some long password" }),
        ("PUT", "password") => json!({ "new_password": "some long password" }),
        ("PATCH", "account" | "{organization}" | "{project}") | ("POST", "organizations" | "projects") => {
            json!({ "name": "Name" })
        }
        ("POST", "deletion") => json!({ "confirmation": "acme" }),
        ("POST", "invitations") => json!({ "emails": ["a@example.com"], "role": "member" }),
        ("POST", "removal") => json!({ "user_ids": [NOBODY] }),
        ("POST", "members") => json!({ "email": "a@example.com", "role": "read_only" }),
        ("PATCH", "{user_id}") if route.path.contains("/projects/") => json!({ "role": "read_only" }),
        ("PATCH", "{user_id}") => json!({ "role": "member" }),
        ("POST", "connections") => json!({ "kind": "oidc" }),
        ("PUT", "settings") => json!({ "issuer": "https://idp.example.com", "client_id": "a", "client_secret": "b" }),
        ("PUT", "sso-enforcement") => json!({ "enabled": true, "confirm": true }),
        ("PUT", "entitlements") => json!({ "sso": false }),
        _ => return None,
    };
    Some(body)
}
