//! The moments of the ID token against both clocks.

use orgate_sso::refusal::SsoRefusalCode as Code;
use serde_json::{Value, json};

use crate::support::{NOW, World, claims_with, claims_without, judge};

fn of(changes: Value) -> Option<Code> {
    judge(&claims_with(changes))
}

#[test]
fn t_id_05_exp_and_iat_are_required_numbers() {
    for name in ["exp", "iat"] {
        assert_eq!(judge(&claims_without(name)), Some(Code::IdTokenTime), "{name}");
        for value in [json!(NOW.to_string()), json!(null), json!(true), json!([NOW]), json!(-1), json!(1e15)] {
            assert_eq!(of(json!({name: value})), Some(Code::IdTokenTime), "{name} {value}");
        }
    }
    assert_eq!(of(json!({"iat": 1_795_327_199.5, "exp": 1_795_327_210.25})), None);
}

#[test]
fn t_id_05_nbf_is_optional_but_a_number() {
    assert_eq!(of(json!({"nbf": NOW - 5})), None);
    assert_eq!(of(json!({"nbf": NOW + 59})), None);
    assert_eq!(of(json!({"nbf": NOW.to_string()})), Some(Code::IdTokenTime));
    assert_eq!(of(json!({"nbf": null})), Some(Code::IdTokenTime));
    assert_eq!(of(json!({"nbf": NOW + 61})), Some(Code::Clock));
}

#[test]
fn t_id_05_an_expired_token_is_refused_after_a_minute_of_grace() {
    assert_eq!(of(json!({"exp": NOW - 59})), None);
    assert_eq!(of(json!({"exp": NOW - 60})), Some(Code::IdTokenExpired));
    assert_eq!(of(json!({"iat": NOW - 7200, "exp": NOW - 3600})), Some(Code::IdTokenExpired));
}

#[test]
fn t_id_05_a_token_of_more_than_ten_minutes_is_refused() {
    let mut world = World::of(&claims_with(json!({"iat": NOW - 601})));
    world.begun_at = NOW - 599;
    assert_eq!(world.run().code(), Some(Code::IdTokenTooOld));
    let mut world = World::of(&claims_with(json!({"iat": NOW - 599})));
    world.begun_at = NOW - 599;
    assert_eq!(world.run().code(), None);
}

/// F2: the IdP's clock.
#[test]
fn f2_clocks_a_minute_apart_pass_and_three_minutes_are_diagnosed() {
    let clock_off_by = |offset: i64| {
        let mut world = World::of(&claims_with(json!({"iat": NOW + offset, "exp": NOW + offset + 3600})));
        world.begun_at = NOW - 5;
        world.run().result.map(|_| ())
    };
    for offset in [-60, -30, 0, 30, 60] {
        assert_eq!(clock_off_by(offset), Ok(()), "{offset}");
    }
    for offset in [-180, 180] {
        let refusal = clock_off_by(offset).unwrap_err();
        assert_eq!(refusal.code, Code::Clock, "{offset}");
        assert!(refusal.expected.is_some() && refusal.received.is_some());
    }
}

#[test]
fn t_id_09_auth_time_is_required_and_fresh_when_max_age_was_sent() {
    let fresh = |changes: Value| {
        let mut world = World::of(&claims_with(changes));
        world.max_age_zero = true;
        world.run()
    };
    let assertion = fresh(json!({"auth_time": NOW - 5})).result.unwrap();
    assert!(assertion.max_age_zero);
    assert_eq!(fresh(json!({})).code(), Some(Code::AuthTimeMissing));
    assert_eq!(fresh(json!({"auth_time": "now"})).code(), Some(Code::AuthTimeMissing));
    assert_eq!(fresh(json!({"auth_time": NOW - 91})).code(), Some(Code::AuthTimeStale));
    assert_eq!(fresh(json!({"auth_time": NOW + 61})).code(), Some(Code::Clock));
    // Without max_age an old sign-in at the IdP is no fault.
    assert_eq!(of(json!({"auth_time": NOW - 86_400})), None);
    assert_eq!(of(json!({"auth_time": "yesterday"})), Some(Code::AuthTimeMissing));
}
