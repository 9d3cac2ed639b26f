//! Owns the truth table of turning enforcement on and off: every wish in every state with every fact, against the
//! sentences of R-ENF-5, R-ENF-6, R-ENF-8, R-ENF-9, R-ENF-12 and R-ORG-7.

use std::time::Duration;

use orgate_core::enforcement::{Facts, Obstacle, Outcome, State, Wish, decide};
use orgate_core::policy::{Enforcement, RECENT};
use orgate_core::time::Timestamp;

use crate::bridge;
use crate::worlds::BOTH;

const NOW: Timestamp = Timestamp::from_millis(100_000_000);
const TRIAL: Duration = Duration::from_secs(600);
const EITHER_OR_NONE: [Option<bool>; 3] = [None, Some(false), Some(true)];

fn wishes() -> Vec<Wish> {
    let mut all = Vec::new();
    for enabled in BOTH {
        for owner_exemption in EITHER_OR_NONE {
            for owner_second_factor in EITHER_OR_NONE {
                for accept_operator_recovery in EITHER_OR_NONE {
                    for trial in [None, Some(TRIAL)] {
                        all.extend(BOTH.map(|require_mfa_again| Wish {
                            enabled,
                            owner_exemption,
                            owner_second_factor,
                            accept_operator_recovery,
                            trial,
                            require_mfa_again,
                        }));
                    }
                }
            }
        }
    }
    all
}

fn states() -> Vec<State> {
    let mut all = Vec::new();
    for bits in 0..64_u8 {
        let [enforced, owner_exemption, owner_second_factor, operator_recovery, trial, mfa_required] =
            [1, 2, 4, 8, 16, 32].map(|bit| bits & bit != 0);
        let connection = Some((bridge::connection_id(0, 0), bridge::moment(0)));
        all.push(State {
            terms: Enforcement { enforced, owner_exemption, owner_second_factor, connection },
            operator_recovery,
            trial_ends_at: trial.then(|| NOW.plus(Duration::from_secs(1))),
            mfa_required,
        });
    }
    all
}

fn facts() -> Vec<Facts> {
    let mut all = Vec::new();
    let too_old = NOW.minus(RECENT + Duration::from_millis(1));
    for actor_proved_by_sso_at in [None, Some(too_old), Some(NOW.minus(RECENT)), Some(NOW)] {
        for bits in 0..16_u8 {
            let [entitled, validated, actor_has_second_factor, has_way_back] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
            all.push(Facts { entitled, validated, actor_has_second_factor, actor_proved_by_sso_at, has_way_back });
        }
    }
    all
}

/// What the wish comes to, if nothing is in the way, and everything that is.
fn expected(wish: &Wish, state: &State, facts: &Facts) -> (Outcome, Vec<Obstacle>) {
    if !wish.enabled {
        return (turned_off(wish, state), Vec::new());
    }
    let was_on = state.terms.enforced;
    // A switch left out keeps its value while enforced; the first time the exemption is on and all others are off.
    let kept = |stored: bool, first: bool| if was_on { stored } else { first };
    let exemption = wish.owner_exemption.unwrap_or(kept(state.terms.owner_exemption, true));
    let factor = wish.owner_second_factor.unwrap_or(kept(state.terms.owner_second_factor, false));
    let recovery = wish.accept_operator_recovery.unwrap_or(kept(state.operator_recovery, false));
    let is_trial = was_on && state.trial_ends_at.is_some();
    let confirms = is_trial && wish.trial.is_none();
    let next = State {
        terms: Enforcement {
            enforced: true,
            owner_exemption: exemption,
            owner_second_factor: factor,
            ..state.terms.clone()
        },
        operator_recovery: recovery,
        trial_ends_at: match (was_on, confirms) {
            (false, _) => wish.trial.map(|trial| NOW.plus(trial)),
            (true, true) => None,
            (true, false) => state.trial_ends_at,
        },
        mfa_required: was_on && state.mfa_required,
    };
    let mut obstacles = Vec::new();
    let mut unless = |fine: bool, obstacle| {
        if !fine {
            obstacles.push(obstacle);
        }
    };
    // R-ENF-12: a trial is of what is not in force yet; only who came through the connection confirms one.
    unless(!was_on || wish.trial.is_none() || is_trial, Obstacle::AlreadyEnforced);
    unless(!confirms || facts.actor_proved_by_sso_at.is_some(), Obstacle::NeedsProofBySso);
    // R-ORG-7, R-ENF-5: to turn on.
    unless(was_on || facts.entitled, Obstacle::NotEntitled);
    unless(was_on || facts.validated, Obstacle::NotValidated);
    // R-ENF-5: on, exemption off or the switch of R-ENF-8 on, later too.
    let factor_on = factor && (!was_on || !state.terms.owner_second_factor);
    let exemption_off = !exemption && (!was_on || state.terms.owner_exemption);
    let is_stricter = !was_on || factor_on || exemption_off;
    let needs_way_back = is_stricter || (state.operator_recovery && !recovery);
    unless(!needs_way_back || facts.has_way_back || recovery, Obstacle::NoWayBackIn);
    let came_lately = facts.actor_proved_by_sso_at.is_some_and(|at| at >= NOW.minus(RECENT));
    unless(!is_stricter || exemption || came_lately, Obstacle::NeedsProofBySso);
    // R-ENF-8: only an Owner who has one can set it.
    unless(!factor_on || facts.actor_has_second_factor, Obstacle::NeedsSecondFactor);
    let outcome = match (was_on, confirms) {
        (false, _) => Outcome::TurnOn(next),
        (true, true) => Outcome::Confirm(next),
        (true, false) if next == *state => Outcome::Unchanged,
        (true, false) => Outcome::Adjust(next),
    };
    (outcome, obstacles)
}

/// R-ENF-9: it ends, whatever else is wished, and `mfa_required` is as asked.
fn turned_off(wish: &Wish, state: &State) -> Outcome {
    if !state.terms.enforced {
        return Outcome::Unchanged;
    }
    let mut next = state.clone();
    next.terms.enforced = false;
    next.operator_recovery = false;
    next.trial_ends_at = None;
    next.mfa_required = wish.require_mfa_again;
    Outcome::TurnOff(next)
}

#[test]
fn r_enf_5_r_enf_6_r_enf_8_r_enf_9_r_enf_12_r_org_7_every_wish_in_every_state() {
    let (wishes, states, facts) = (wishes(), states(), facts());
    let mut counted = 0;
    for wish in &wishes {
        for state in &states {
            for facts in &facts {
                let (outcome, obstacles) = expected(wish, state, facts);
                match decide(wish, state, facts, NOW) {
                    Ok(answer) => {
                        assert_eq!(obstacles, [], "{wish:?} {state:?} {facts:?}");
                        assert_eq!(answer, outcome, "{wish:?} {state:?} {facts:?}");
                        assert_eq!(wish.terms(state).enforced, wish.enabled);
                    }
                    Err(obstacle) => {
                        assert!(obstacles.contains(&obstacle), "{obstacle:?}: {wish:?} {state:?} {facts:?}");
                    }
                }
                counted += 1;
            }
        }
    }
    assert_eq!(counted, 216 * 64 * 64);
}
