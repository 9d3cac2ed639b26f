//! Owns the exploration of what can happen: breadth first from every start, each state once, policy and model compared in
//! each.

use std::collections::HashSet;

use crate::bridge::small;
use crate::events::{Event, possible};
use crate::is_deep;
use crate::key::{Key, Past, key};
use crate::ledger::Ledger;
use crate::simulation::Simulation;
use crate::starts::{starts, worlds};

/// The most events after a start.
const DEEPEST: usize = 4;

/// A state, and how it came about: from which start, by which of the possible events each time.
#[derive(Clone, Copy)]
struct State {
    simulation: Simulation,
    ledger: Ledger,
    start: u32,
    way: [u8; DEEPEST],
}

/// How far to look.
#[derive(Clone, Copy)]
struct Scope {
    organizations: usize,
    depth: usize,
    past: Past,
}

/// Explores, and answers how many worlds there were to start from and how many states were new after each number of
/// events.
fn explore(scope: Scope) -> (usize, Vec<usize>) {
    let worlds = worlds(scope.organizations);
    let starts = starts(&worlds, scope.organizations);
    let mut visited: HashSet<Key> = HashSet::new();
    let mut level: Vec<State> = Vec::new();
    for (start, (simulation, ledger)) in (0..).zip(&starts) {
        if visited.insert(key(simulation, ledger, scope.past)) {
            level.push(State { simulation: *simulation, ledger: *ledger, start, way: [0; DEEPEST] });
        }
    }
    for state in &level {
        compare(state, 0, scope, &starts);
    }
    let mut new = vec![level.len()];
    for step in 0..scope.depth {
        let mut next = Vec::new();
        let mut found = 0;
        for state in &level {
            for (index, event) in possible(&state.simulation, scope.organizations).into_iter().enumerate() {
                let mut after =
                    State { simulation: state.simulation.after(event), ledger: state.ledger.after(event), ..*state };
                if !visited.insert(key(&after.simulation, &after.ledger, scope.past)) {
                    continue;
                }
                found += 1;
                after.ledger.judge();
                after.way[step] = small(index);
                compare(&after, step + 1, scope, &starts);
                // Nothing revives what is dead by the model and marked as ended.
                let is_over = after.ledger.session.is_some_and(|session| session.ended);
                if step + 1 < scope.depth && !is_over {
                    next.push(after);
                }
            }
        }
        new.push(found);
        level = next;
    }
    (worlds.len(), new)
}

/// I7: alive by the model and alive by policy are the same.
fn compare(state: &State, events: usize, scope: Scope, starts: &[(Simulation, Ledger)]) {
    let expected = state.simulation.session.map(|session| session.alive);
    if state.ledger.is_alive() == expected {
        return;
    }
    let Some((mut simulation, mut ledger)) = starts.get(state.start as usize).copied() else { return };
    println!("it starts with {simulation:#?}");
    for index in state.way.iter().take(events) {
        let event: Event = possible(&simulation, scope.organizations)[usize::from(*index)];
        (simulation, ledger) = (simulation.after(event), ledger.after(event));
        ledger.judge();
        println!("{event:?}: by the model {:?}, by policy {:?}", simulation.session, ledger.is_alive());
    }
    panic!("policy and model disagree whether a session is alive");
}

/// What was new: the worlds to start from, and the states after 0, 1, … events. Fewer than these were skipped silently;
/// other events, terms or sessions make other numbers.
fn assert_seen(scope: Scope, worlds: usize, states: &[usize]) {
    assert_eq!(explore(scope), (worlds, states[..=scope.depth].to_vec()));
}

/// What happened before a session began is told apart here, so that policy shows that it does not matter.
#[test]
fn i7_dead_stays_dead_in_two_organizations_with_every_past() {
    let depth = if is_deep() { DEEPEST } else { 3 };
    let scope = Scope { organizations: 2, depth, past: Past::Whole };
    assert_seen(scope, 171, &[615, 6_060, 84_107, 1_030_246, 12_472_476]);
}

#[test]
fn r_enf_7_i7_dead_stays_dead_whatever_four_things_happen_in_two_organizations() {
    let scope = Scope { organizations: 2, depth: DEEPEST, past: Past::Relevant };
    assert_seen(scope, 171, &[288, 2_049, 17_746, 147_935, 1_377_221]);
}

#[test]
fn r_enf_6_r_enf_7_i7_dead_stays_dead_whatever_happens_in_three_organizations() {
    let depth = if is_deep() { DEEPEST } else { 3 };
    let scope = Scope { organizations: 3, depth, past: Past::Relevant };
    assert_seen(scope, 1_140, &[1_717, 17_140, 203_107, 2_409_022, 31_640_161]);
}
