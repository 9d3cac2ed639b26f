//! The moments of the ID token against both clocks.

use orgate_core::time::Timestamp;
use orgate_sso::oidc::session_expiry::require_ahead;
use orgate_sso::refusal::SsoRefusalCode as Code;
use serde_json::{Value, json};

use crate::support::{NOW, World, claims_with, claims_without, judge, response};

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

#[test]
fn t_id_16_the_end_of_the_idps_session_is_ahead_or_nothing_is_opened() {
    for (claim, end) in [
        (json!(NOW + 1), (NOW + 1) * 1000),
        (json!(1_795_327_200.25), NOW * 1000 + 250),
        (json!(NOW + 3600), (NOW + 3600) * 1000),
        (json!(253_402_300_799_i64), 253_402_300_799_000),
    ] {
        let statement = World::of(&claims_with(json!({"session_expiry": claim}))).run().result.unwrap();
        assert_eq!(statement.session_expiry.map(Timestamp::as_millis), Some(end), "{claim}");
    }
    assert_eq!(World::of(&claims_with(json!({}))).run().result.unwrap().session_expiry, None);
    for past in [json!(NOW), json!(NOW - 1), json!(1_795_327_199.5), json!(0)] {
        assert_eq!(of(json!({"session_expiry": past})), Some(Code::IdpSessionOver), "{past}");
    }
    for wrong in
        [json!(NOW.to_string()), json!(null), json!(true), json!([NOW + 1]), json!(-1), json!((NOW + 1) * 1000)]
    {
        assert_eq!(of(json!({"session_expiry": wrong})), Some(Code::SessionExpiryMalformed), "{wrong}");
    }
}

/// UserInfo comes by an access token, which is not what the session rests on.
#[test]
fn t_id_16_the_id_token_alone_says_when_the_idps_session_ends() {
    let mut world = World::of(&claims_without("email"));
    world.userinfo = response(&json!({"sub": "00u1", "email": "ada@acme.example", "session_expiry": NOW - 60}));
    assert_eq!(world.run().result.unwrap().session_expiry, None);
}

#[test]
fn t_id_16_a_sign_in_that_waited_asks_again_whether_the_idps_session_goes_on() {
    let (now, later) = (Timestamp::from_seconds(NOW), Timestamp::from_seconds(NOW + 1));
    assert_eq!(require_ahead(None, now), Ok(()));
    assert_eq!(require_ahead(Some(later), now), Ok(()));
    assert_eq!(require_ahead(Some(later), later).unwrap_err().code, Code::IdpSessionOver);
}
