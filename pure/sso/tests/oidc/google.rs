//! Google's statement as one about a person, through the whole exchange.

use orgate_core::personal::{PersonalAssertion, PersonalProvider};
use orgate_sso::personal::google;
use serde_json::{Value, json};

use crate::support::{World, claims_with, claims_without, response};

fn said(claims: &Value) -> PersonalAssertion {
    google::assertion(World::of(claims).run().result.unwrap())
}

#[test]
fn t_lnk_11_a_person_is_their_subject_whatever_the_address() {
    let assertion = said(&claims_with(json!({"sub": "110169484474386276334", "email": "dana@gmail.com"})));
    assert_eq!(assertion.provider, PersonalProvider::Google);
    assert_eq!(assertion.subject.as_str(), "110169484474386276334");
    assert_eq!(assertion.email.unwrap().as_str(), "dana@gmail.com");
    assert_eq!(assertion.name.as_deref(), Some("Ada Lovelace"));
}

#[test]
fn r_lnk_9_google_answers_for_gmail_and_for_the_domain_it_signs() {
    for (changes, expected) in [
        (json!({"email": "dana@gmail.com"}), true),
        (json!({"email": "dana@gmail.com", "email_verified": false}), false),
        (json!({"email": "dana@gmail.com", "email_verified": "true"}), false),
        (json!({"email": "dana@acme.example", "hd": "acme.example"}), true),
        (json!({"email": "dana@acme.example", "hd": "other.example"}), false),
        (json!({"email": "dana@acme.example", "hd": ["acme.example"]}), false),
        (json!({"email": "dana@acme.example", "hd": true}), false),
        (json!({"email": "dana@acme.example"}), false),
    ] {
        assert_eq!(said(&claims_with(changes.clone())).authoritative, expected, "{changes}");
    }
}

#[test]
fn r_lnk_9_a_hosted_domain_that_is_not_signed_does_not_count() {
    let mut world = World::of(&claims_without("email_verified"));
    let claims = json!({"sub": "00u1", "email": "ada@acme.example", "email_verified": true, "hd": "acme.example"});
    world.userinfo = response(&claims);
    let assertion = google::assertion(world.run().result.unwrap());
    assert!(!assertion.authoritative && assertion.email.is_some());
}

#[test]
fn an_address_that_is_none_is_left_out_and_nothing_is_answered_for() {
    for email in ["dana", "dana@gmail.com@evil.example", "dana\n@gmail.com"] {
        let assertion = said(&claims_with(json!({"email": email, "hd": "gmail.com"})));
        assert_eq!((assertion.email, assertion.authoritative), (None, false), "{email}");
    }
    let mut without = World::of(&claims_without("email"));
    without.userinfo = response(&json!({"sub": "00u1"}));
    let assertion = google::assertion(without.run().result.unwrap());
    assert_eq!((assertion.email, assertion.authoritative), (None, false));
}
