//! Z2: a second library that shares no code with ours judges the same mutated tokens. What it refuses we do not accept, save
//! for the reasons in `reason.rs`.
//!
//! `ORGATE_DEEP=1` judges three hundred thousand tokens.

mod draft;
mod random;
mod reason;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::draft::{Draft, MUTATIONS};
use self::random::Random;
use self::reason::{Reason, reasons};
use crate::second_judge::accepts_at;
use crate::support::{NOW, claims_with, is_deep, judge_token, sign_as_published};

const SEED: u64 = 20_261_129;

fn rounds() -> usize {
    if is_deep() { 300_000 } else { 3_000 }
}

/// What became of the tokens.
#[derive(Debug, Default)]
struct Tally {
    by_mutation: BTreeMap<&'static str, usize>,
    refused: usize,
    both_accept: usize,
    by_reason: BTreeMap<Reason, usize>,
}

#[test]
fn z2_we_accept_nothing_that_the_second_judge_refuses() {
    let (mut random, mut tally) = (Random::new(SEED), Tally::default());
    for round in 0..rounds() {
        let mut draft = Draft::new(&mut random);
        let mut names = Vec::new();
        for _ in 0..=random.below(2) {
            let (name, mutate) = *random.pick(MUTATIONS);
            mutate(&mut random, &mut draft);
            names.push(name);
            *tally.by_mutation.entry(name).or_default() += 1;
        }
        let token = draft.finish(&mut random);
        if judge_token(&token).is_some() {
            tally.refused += 1;
        } else if accepts_at(&token, NOW) {
            tally.both_accept += 1;
        } else {
            let why = reasons(&token).unwrap_or_else(|| panic!("round {round}, {names:?}: only we accept {token}"));
            for reason in why {
                *tally.by_reason.entry(reason).or_default() += 1;
            }
        }
    }
    println!("{tally:?}");
    assert_eq!(tally.by_mutation.len(), MUTATIONS.len(), "every way was tried");
    assert!(tally.refused > rounds() / 2 && tally.both_accept > rounds() / 20, "{tally:?}");
    let used: BTreeSet<_> = tally.by_reason.into_keys().collect();
    assert_eq!(used, BTreeSet::from(Reason::ALL), "a reason that is never needed is taken off the list");
}

#[test]
fn z2_each_reason_for_accepting_more_is_needed_and_holds_for_nothing_else() {
    let person = |name: &str, value: Value| sign_as_published("ES256", &claims_with(json!({ name: value })));
    for (token, expected) in [
        (person("exp", json!(NOW - 30)), Reason::Grace),
        (person("email_verified", json!("true")), Reason::AboutThePerson),
        (person("email", json!(["ada@acme.example"])), Reason::AboutThePerson),
        (person("updated_at", json!(true)), Reason::AboutThePerson),
        (person("amr", json!("pwd")), Reason::AboutThePerson),
    ] {
        assert_eq!((judge_token(&token), accepts_at(&token, NOW)), (None, false), "{token}");
        assert_eq!(reasons(&token), Some(vec![expected]), "{token}");
    }
    for (name, value) in [("aud", json!("another")), ("iss", json!("https://evil.example")), ("nonce", json!("other"))]
    {
        assert_eq!(reasons(&person(name, value)), None, "{name} is nobody's claim about the person");
    }
}
