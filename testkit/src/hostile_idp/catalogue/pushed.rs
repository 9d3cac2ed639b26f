//! Deviations around pushed authorization requests, for a provider that takes no others. *Source*: RFC 9126; T-BCP-7.

use serde_json::{Map, Value, json};

use super::responses::endless_or_wrong;
use super::{Case, List};
use crate::hostile_idp::{Endpoint, Mischief, Wire};

fn none() -> Mischief {
    Mischief::none()
}

/// The answer to a pushed request, and the way to it. `inside` is an address that must never be asked.
///
/// The slow ones end only at the relying party's own time limit.
pub fn pushed_requests(inside: &str) -> Vec<Case> {
    let mut list = List::new();
    let member = |name: &'static str, value: Value| none().push_response_member(name, value);
    let without = |name: &'static str| {
        none().push_response(move |response: &mut Map<String, Value>| {
            response.remove(name);
        })
    };
    let says = |status: u16, body: Value| {
        let body = body.to_string().into_bytes();
        none().wire(Endpoint::PushedRequest, Wire::Body { status, content_type: "application/json", body })
    };
    list.rule("T-BCP-7")
        .accept("another member in the answer", member("other", json!({"a": [1]})))
        .accept("a lifetime of a second", member("expires_in", json!(1)))
        .refuse("request_uri missing", without("request_uri"))
        .refuse("request_uri empty", member("request_uri", json!("")))
        .refuse("request_uri number", member("request_uri", json!(7)))
        .refuse("request_uri no URI", member("request_uri", json!("no uri")))
        .refuse("request_uri with a line break", member("request_uri", json!("urn:a\r\nx-evil: 1")))
        .refuse("request_uri of 2 KiB", member("request_uri", json!(format!("urn:{}", "x".repeat(2048)))))
        .refuse("expires_in missing", without("expires_in"))
        .refuse("expires_in 0", member("expires_in", json!(0)))
        .refuse("expires_in negative", member("expires_in", json!(-60)))
        .refuse("expires_in as text", member("expires_in", json!("60")))
        .refuse("invalid_request", says(400, json!({"error": "invalid_request"})))
        .refuse("invalid_client", says(401, json!({"error": "invalid_client"})))
        .refuse("401 and nothing more", says(401, json!({})))
        .refuse("an error with status 200", says(200, json!({"error": "invalid_request"})))
        .refuse("too many requests", says(429, json!({"error": "slow_down"})))
        .refuse("no such address", says(404, json!({})))
        .rule("T-IDP-3")
        .refuse(
            "script in the description",
            says(400, json!({"error": "invalid_request", "error_description": "<script>alert(1)</script>\u{202e}"})),
        );
    list.rule("T-BCP-7");
    endless_or_wrong(&mut list, Endpoint::PushedRequest, inside);
    list.cases
}

/// Discovery documents that name another address to push to, or none.
pub fn pushed_request_endpoints() -> Vec<Case> {
    let mut list = List::new();
    let named = |value: Value| none().discovery_member("pushed_authorization_request_endpoint", value);
    for (rule, target) in [
        ("T-SSRF-4", "https://127.0.0.1/inside"),
        ("T-SSRF-4", "https://169.254.169.254/latest/meta-data"),
        ("T-SSRF-4", "https://[::ffff:7f00:1]/inside"),
        ("T-SSRF-4", "https://localhost/inside"),
        ("T-ID-15", "http://idp.example/plain"),
        ("T-ID-15", "https://user@idp.example/inside"),
        ("T-ID-15", "file:///etc/passwd"),
    ] {
        list.rule(rule).refuse(format!("pushed to {target}"), named(json!(target)));
    }
    list.rule("T-BCP-7").refuse("pushed to a number", named(json!(7)));
    list.cases
}
