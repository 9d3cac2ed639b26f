//! Owns turning an organization's enforcement on and off: what an Owner's wish changes, and what has to be true for it.
//! Whom enforcement binds is decided in [`crate::policy`].

use std::time::Duration;

use crate::policy::{Enforcement, RECENT};
use crate::time::Timestamp;

/// The longest trial. *Units*: minutes; a day. *Source*: R-ENF-12.
pub const LONGEST_TRIAL_MINUTES: u32 = 24 * 60;
/// What the console offers. *Units*: minutes. *Source*: R-ENF-12.
pub const USUAL_TRIAL_MINUTES: u32 = 10;

/// What an Owner asks for. A switch that is left out keeps its value while enforced; the first time the exemption is on
/// and all others are off.
///
/// *Source*: `api.md`, `PUT …/sso-enforcement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Whether to enforce.
    pub enabled: bool,
    /// "Allow Organization Owners to sign in without SSO".
    pub owner_exemption: Option<bool>,
    /// Owners without a second factor are not exempt (R-ENF-8).
    pub owner_second_factor: Option<bool>,
    /// The operator's recovery command is way back enough (R-ENF-5).
    pub accept_operator_recovery: Option<bool>,
    /// Roll back after this long unless confirmed (R-ENF-12).
    pub trial: Option<Duration>,
    /// When turning off: members need a second factor again (R-ENF-9).
    pub require_mfa_again: bool,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The terms.
    pub terms: Enforcement,
    /// Operator recovery was accepted as the way back in.
    pub operator_recovery: bool,
    /// When an unconfirmed trial rolls back.
    pub trial_ends_at: Option<Timestamp>,
    /// Members need a second factor.
    pub mfa_required: bool,
}

/// What has to be known about the organization and the Owner who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The operator lets the organization use SSO (R-ORG-7).
    pub entitled: bool,
    /// The active connection's revision passed a complete test sign-in.
    pub validated: bool,
    /// The Owner who asks has a second factor.
    pub actor_has_second_factor: bool,
    /// When the Owner's session was last proven through the active revision.
    pub actor_proved_by_sso_at: Option<Timestamp>,
    /// Somebody would be a break-glass Owner under the terms that [`Wish::terms`] answers.
    pub has_way_back: bool,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is so already; repeating a call ends nothing more (R-ENF-6).
    Unchanged,
    /// Enforcement begins.
    TurnOn(State),
    /// An unconfirmed trial stays on for good.
    Confirm(State),
    /// It stays on, with other switches.
    Adjust(State),
    /// It ends.
    TurnOff(State),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// R-ORG-7.
    NotEntitled,
    /// No active connection, or one that no test sign-in went through (R-ENF-5).
    NotValidated,
    /// Nobody could come back in if the IdP is down, and operator recovery is not accepted (R-ENF-5).
    NoWayBackIn,
    /// Without the exemption the Owner who asks has to have come through the active revision a moment ago (R-ENF-5), and
    /// so has who confirms a trial, at any time (R-ENF-12).
    NeedsProofBySso,
    /// A trial of what is confirmed already.
    AlreadyEnforced,
    /// Only an Owner with a second factor may ask it of the others (R-ENF-8).
    NeedsSecondFactor,
}

impl Wish {
    /// The terms that the wish comes to, for [`Facts::has_way_back`].
    pub fn terms(&self, state: &State) -> Enforcement {
        let enforced = state.terms.enforced;
        let stored =
            |wished: Option<bool>, stored: bool, first: bool| wished.unwrap_or(if enforced { stored } else { first });
        Enforcement {
            enforced: self.enabled,
            owner_exemption: stored(self.owner_exemption, state.terms.owner_exemption, true),
            owner_second_factor: stored(self.owner_second_factor, state.terms.owner_second_factor, false),
            connection: state.terms.connection.clone(),
        }
    }

    fn accepts_recovery(&self, state: &State) -> bool {
        self.accept_operator_recovery.unwrap_or(state.terms.enforced && state.operator_recovery)
    }
}

/// Decides on a wish.
///
/// *Errors*: the first [`Obstacle`]. *Source*: R-ENF-5, R-ENF-6, R-ENF-8, R-ENF-9, R-ENF-12, R-ORG-7.
pub fn decide(wish: &Wish, state: &State, facts: &Facts, now: Timestamp) -> Result<Outcome, Obstacle> {
    match (state.terms.enforced, wish.enabled) {
        (false, false) => Ok(Outcome::Unchanged),
        (true, false) => Ok(Outcome::TurnOff(turned_off(state, wish.require_mfa_again))),
        (false, true) => turn_on(wish, state, facts, now).map(Outcome::TurnOn),
        (true, true) => keep_on(wish, state, facts, now),
    }
}

/// What a trial that nobody confirmed leaves behind; `mfa_before` is the rule from before it.
///
/// *Source*: R-ENF-12.
pub fn rolled_back(state: &State, mfa_before: bool) -> State {
    turned_off(state, mfa_before)
}

/// Whether an act inside the organization would take its last way back in away: refused unless operator recovery was
/// accepted.
///
/// *Source*: R-ENF-14, I6.
#[expect(clippy::fn_params_excessive_bools, reason = "four independent facts, each named where it is asked")]
pub const fn takes_last_way_back(
    is_enforced: bool,
    operator_recovery: bool,
    target_is_way_back: bool,
    others_are_way_back: bool,
) -> bool {
    is_enforced && !operator_recovery && target_is_way_back && !others_are_way_back
}

fn turned_off(state: &State, mfa_required: bool) -> State {
    State {
        terms: Enforcement { enforced: false, ..state.terms.clone() },
        operator_recovery: false,
        trial_ends_at: None,
        mfa_required,
    }
}

fn turn_on(wish: &Wish, state: &State, facts: &Facts, now: Timestamp) -> Result<State, Obstacle> {
    if !facts.entitled {
        return Err(Obstacle::NotEntitled);
    }
    if !facts.validated {
        return Err(Obstacle::NotValidated);
    }
    let next = State {
        terms: wish.terms(state),
        operator_recovery: wish.accepts_recovery(state),
        trial_ends_at: wish.trial.map(|trial| now.plus(trial)),
        mfa_required: false,
    };
    allow_stricter(&next, state, facts, now)?;
    Ok(next)
}

fn keep_on(wish: &Wish, state: &State, facts: &Facts, now: Timestamp) -> Result<Outcome, Obstacle> {
    if wish.trial.is_some() && state.trial_ends_at.is_none() {
        return Err(Obstacle::AlreadyEnforced);
    }
    let confirms = state.trial_ends_at.is_some() && wish.trial.is_none();
    if confirms && facts.actor_proved_by_sso_at.is_none() {
        return Err(Obstacle::NeedsProofBySso);
    }
    let next = State {
        terms: wish.terms(state),
        operator_recovery: wish.accepts_recovery(state),
        trial_ends_at: if confirms { None } else { state.trial_ends_at },
        mfa_required: state.mfa_required,
    };
    if next == *state {
        return Ok(Outcome::Unchanged);
    }
    allow_stricter(&next, state, facts, now)?;
    Ok(if confirms { Outcome::Confirm(next) } else { Outcome::Adjust(next) })
}

/// What makes it harder to come in asks for a way back, and for an Owner who can still come in.
fn allow_stricter(next: &State, state: &State, facts: &Facts, now: Timestamp) -> Result<(), Obstacle> {
    let asks_second_factor =
        next.terms.owner_second_factor && !(state.terms.enforced && state.terms.owner_second_factor);
    if asks_second_factor && !facts.actor_has_second_factor {
        return Err(Obstacle::NeedsSecondFactor);
    }
    let is_stricter = next.terms.is_stricter_than(&state.terms);
    let gives_up_recovery = state.operator_recovery && !next.operator_recovery;
    if (is_stricter || gives_up_recovery) && !facts.has_way_back && !next.operator_recovery {
        return Err(Obstacle::NoWayBackIn);
    }
    let proved = facts.actor_proved_by_sso_at.is_some_and(|at| now.since(at) <= RECENT);
    if is_stricter && !next.terms.owner_exemption && !proved {
        return Err(Obstacle::NeedsProofBySso);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConnectionId, Identifier as _};

    const NOW: Timestamp = Timestamp::from_millis(100_000_000);
    const TRIAL: Duration = Duration::from_secs(600);

    fn off() -> State {
        let connection = Some((ConnectionId::new(NOW, [1; 10]), Timestamp::from_millis(0)));
        State {
            terms: Enforcement { enforced: false, owner_exemption: true, owner_second_factor: false, connection },
            operator_recovery: false,
            trial_ends_at: None,
            mfa_required: true,
        }
    }

    fn on() -> State {
        State { terms: Enforcement { enforced: true, ..off().terms }, mfa_required: false, ..off() }
    }

    fn trial() -> State {
        State { trial_ends_at: Some(NOW.plus(TRIAL)), ..on() }
    }

    fn facts() -> Facts {
        Facts {
            entitled: true,
            validated: true,
            actor_has_second_factor: false,
            actor_proved_by_sso_at: None,
            has_way_back: true,
        }
    }

    const ENABLE: Wish = Wish {
        enabled: true,
        owner_exemption: None,
        owner_second_factor: None,
        accept_operator_recovery: None,
        trial: None,
        require_mfa_again: false,
    };
    const DISABLE: Wish = Wish { enabled: false, ..ENABLE };

    #[test]
    fn r_enf_6_turning_on_switches_the_second_factor_rule_off() {
        assert_eq!(decide(&ENABLE, &off(), &facts(), NOW), Ok(Outcome::TurnOn(on())));
    }

    #[test]
    fn r_enf_6_repeating_the_call_changes_nothing() {
        assert_eq!(decide(&ENABLE, &on(), &facts(), NOW), Ok(Outcome::Unchanged));
        assert_eq!(decide(&DISABLE, &off(), &facts(), NOW), Ok(Outcome::Unchanged));
    }

    #[test]
    fn r_enf_5_turning_on_asks_for_entitlement_a_validated_connection_and_a_way_back() {
        for (facts, obstacle) in [
            (Facts { entitled: false, ..facts() }, Obstacle::NotEntitled),
            (Facts { validated: false, ..facts() }, Obstacle::NotValidated),
            (Facts { has_way_back: false, ..facts() }, Obstacle::NoWayBackIn),
        ] {
            assert_eq!(decide(&ENABLE, &off(), &facts, NOW), Err(obstacle));
        }
        let accepts = Wish { accept_operator_recovery: Some(true), ..ENABLE };
        let nobody = Facts { has_way_back: false, ..facts() };
        let accepted = State { operator_recovery: true, ..on() };
        assert_eq!(decide(&accepts, &off(), &nobody, NOW), Ok(Outcome::TurnOn(accepted.clone())));
        assert_eq!(decide(&ENABLE, &accepted, &nobody, NOW), Ok(Outcome::Unchanged), "stored until enforcement ends");
        let forgotten = State { terms: off().terms, ..accepted };
        assert_eq!(decide(&ENABLE, &forgotten, &nobody, NOW), Err(Obstacle::NoWayBackIn), "and no longer");
    }

    #[test]
    fn r_org_7_without_entitlement_what_is_enforced_can_be_adjusted_and_turned_off() {
        let lost = Facts { entitled: false, ..facts() };
        let strict = Wish { accept_operator_recovery: Some(true), ..ENABLE };
        assert!(matches!(decide(&strict, &on(), &lost, NOW), Ok(Outcome::Adjust(_))));
        assert!(matches!(decide(&DISABLE, &on(), &lost, NOW), Ok(Outcome::TurnOff(_))));
    }

    #[test]
    fn r_enf_5_without_the_exemption_the_owner_must_have_come_through_sso_within_15_minutes() {
        let strict = Wish { owner_exemption: Some(false), accept_operator_recovery: Some(true), ..ENABLE };
        let at = |moment| Facts { actor_proved_by_sso_at: moment, ..facts() };
        for state in [off(), on()] {
            assert_eq!(decide(&strict, &state, &at(None), NOW), Err(Obstacle::NeedsProofBySso));
            let old = NOW.minus(RECENT).minus(Duration::from_millis(1));
            assert_eq!(decide(&strict, &state, &at(Some(old)), NOW), Err(Obstacle::NeedsProofBySso));
            let outcome = decide(&strict, &state, &at(Some(NOW.minus(RECENT))), NOW);
            let strict_state =
                State { terms: Enforcement { owner_exemption: false, ..on().terms }, operator_recovery: true, ..on() };
            let expected =
                if state.terms.enforced { Outcome::Adjust(strict_state) } else { Outcome::TurnOn(strict_state) };
            assert_eq!(outcome, Ok(expected));
        }
    }

    #[test]
    fn r_enf_5_switching_the_exemption_off_later_asks_for_a_way_back_too() {
        let strict = Wish { owner_exemption: Some(false), ..ENABLE };
        let nobody = Facts { has_way_back: false, actor_proved_by_sso_at: Some(NOW), ..facts() };
        assert_eq!(decide(&strict, &on(), &nobody, NOW), Err(Obstacle::NoWayBackIn));
    }

    #[test]
    fn giving_up_operator_recovery_asks_for_another_way_back() {
        let recovery = State { operator_recovery: true, ..on() };
        let gives_up = Wish { accept_operator_recovery: Some(false), ..ENABLE };
        let nobody = Facts { has_way_back: false, ..facts() };
        assert_eq!(decide(&gives_up, &recovery, &nobody, NOW), Err(Obstacle::NoWayBackIn));
        assert_eq!(decide(&gives_up, &recovery, &facts(), NOW), Ok(Outcome::Adjust(on())));
    }

    #[test]
    fn loosening_a_switch_asks_for_nothing() {
        let strict =
            State { terms: Enforcement { owner_exemption: false, owner_second_factor: true, ..on().terms }, ..on() };
        let nobody = Facts { has_way_back: false, ..facts() };
        let loose = Wish { owner_exemption: Some(true), owner_second_factor: Some(false), ..ENABLE };
        assert_eq!(decide(&loose, &strict, &nobody, NOW), Ok(Outcome::Adjust(on())));
        assert_eq!(decide(&ENABLE, &strict, &nobody, NOW), Ok(Outcome::Unchanged), "an omitted switch keeps its value");
    }

    #[test]
    fn the_first_time_an_omitted_switch_takes_its_first_value() {
        let left = State {
            terms: Enforcement { owner_exemption: false, owner_second_factor: true, ..off().terms },
            operator_recovery: true,
            ..off()
        };
        assert_eq!(decide(&ENABLE, &left, &facts(), NOW), Ok(Outcome::TurnOn(on())));
    }

    #[test]
    fn r_enf_8_only_an_owner_with_a_second_factor_asks_it_of_the_others() {
        let wish = Wish { owner_second_factor: Some(true), ..ENABLE };
        let has = Facts { actor_has_second_factor: true, ..facts() };
        for state in [off(), on()] {
            assert_eq!(decide(&wish, &state, &facts(), NOW), Err(Obstacle::NeedsSecondFactor));
            assert!(matches!(decide(&wish, &state, &has, NOW), Ok(Outcome::TurnOn(_) | Outcome::Adjust(_))));
        }
        let left = State { terms: Enforcement { owner_second_factor: true, ..off().terms }, ..off() };
        assert_eq!(decide(&wish, &left, &facts(), NOW), Err(Obstacle::NeedsSecondFactor), "a stored switch of before");
        let asked = State { terms: Enforcement { owner_second_factor: true, ..on().terms }, ..on() };
        assert_eq!(decide(&wish, &asked, &facts(), NOW), Ok(Outcome::Unchanged), "asked already");
    }

    #[test]
    fn r_enf_9_turning_off_asks_for_a_second_factor_again_only_if_wished() {
        let recovery = State { operator_recovery: true, ..trial() };
        let ended = State { mfa_required: false, ..off() };
        assert_eq!(decide(&DISABLE, &recovery, &facts(), NOW), Ok(Outcome::TurnOff(ended)));
        let again = Wish { require_mfa_again: true, ..DISABLE };
        assert_eq!(decide(&again, &on(), &facts(), NOW), Ok(Outcome::TurnOff(off())));
    }

    #[test]
    fn r_enf_12_a_trial_ends_by_itself_and_is_confirmed_through_the_connection() {
        let try_it = Wish { trial: Some(TRIAL), ..ENABLE };
        assert_eq!(decide(&try_it, &off(), &facts(), NOW), Ok(Outcome::TurnOn(trial())));
        assert_eq!(decide(&try_it, &trial(), &facts(), NOW.plus(RECENT)), Ok(Outcome::Unchanged), "no second trial");
        assert_eq!(decide(&try_it, &on(), &facts(), NOW), Err(Obstacle::AlreadyEnforced));
        assert_eq!(decide(&ENABLE, &trial(), &facts(), NOW), Err(Obstacle::NeedsProofBySso));
        let proved = Facts { actor_proved_by_sso_at: Some(NOW.minus(RECENT * 4)), ..facts() };
        assert_eq!(decide(&ENABLE, &trial(), &proved, NOW), Ok(Outcome::Confirm(on())));
    }

    #[test]
    fn r_enf_12_a_switch_can_be_changed_during_a_trial_without_confirming_it() {
        let wish = Wish { trial: Some(TRIAL), accept_operator_recovery: Some(true), ..ENABLE };
        let adjusted = State { operator_recovery: true, ..trial() };
        assert_eq!(decide(&wish, &trial(), &facts(), NOW.plus(RECENT)), Ok(Outcome::Adjust(adjusted)));
    }

    #[test]
    fn r_enf_12_a_trial_takes_a_day_at_most() {
        assert_eq!((LONGEST_TRIAL_MINUTES, USUAL_TRIAL_MINUTES), (1440, 10));
    }

    #[test]
    fn r_enf_14_only_the_last_way_back_of_an_enforcing_organization_is_kept() {
        assert!(takes_last_way_back(true, false, true, false));
        assert!(!takes_last_way_back(false, false, true, false), "nothing is enforced");
        assert!(!takes_last_way_back(true, true, true, false), "the operator is way back enough");
        assert!(!takes_last_way_back(true, false, false, false), "they are none");
        assert!(!takes_last_way_back(true, false, true, true), "there is another");
    }

    #[test]
    fn r_enf_12_rolling_back_restores_the_second_factor_rule() {
        assert_eq!(rolled_back(&trial(), true), off());
        assert_eq!(rolled_back(&trial(), false), State { mfa_required: false, ..off() });
    }
}
