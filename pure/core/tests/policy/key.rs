//! Owns when two states are the same for all that can follow: up to the names of organizations and connections, and up
//! to numbers and moments of which only the order matters.

use crate::ledger::{Ledger, Terms};
use crate::model::{ORGANIZATIONS, Role};
use crate::simulation::Simulation;

/// A state, briefly.
pub type Key = [u64; 4];

/// What is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// The whole past, also what a session cannot have seen.
    Whole,
    /// Only changes after the moment from which the session is judged, and switches only while they are in force: that
    /// the others do not matter is what the exploration with the whole past shows.
    Relevant,
}

/// The key of a state. Who is dead is part of it, so that policy and model are compared on every way there.
pub fn key(simulation: &Simulation, ledger: &Ledger, past: Past) -> Key {
    let from = match past {
        Past::Whole => 0,
        Past::Relevant => ledger.judged_up_to().unwrap_or(ledger.epoch),
    };
    let mut organizations = [0_u64; ORGANIZATIONS];
    for (number, word) in organizations.iter_mut().enumerate() {
        *word = organization(ledger, number, past);
    }
    let mut rank = 0;
    for (index, (number, before)) in ledger.history.iter().enumerate().take(usize::from(ledger.epoch)) {
        let number = usize::from(*number);
        let matters = past == Past::Whole || ledger.rows[number].role != Role::Absent;
        if index >= usize::from(from) && matters {
            rank += 1;
            organizations[number] = organizations[number] << 9 | rank << 6 | terms(ledger, number, *before, past);
        }
    }
    organizations.sort_unstable();
    let [a, b, c] = organizations;
    [a, b, c, person(simulation, ledger, past)]
}

fn organization(ledger: &Ledger, number: usize, past: Past) -> u64 {
    let row = &ledger.rows[number];
    let mut word = match row.role {
        Role::Absent => 1,
        Role::Member => 2,
        Role::Owner => 3,
    };
    word = word << 6 | terms(ledger, number, row.terms, past);
    let proof = ledger.session.and_then(|session| session.sso[number]);
    word = word << 1 | u64::from(proof.is_some());
    word = word << 1 | u64::from(proof.is_none_or(|(which, _)| which == row.last_connection));
    match past {
        Past::Whole => word << 3 | u64::from(row.swept),
        Past::Relevant => word,
    }
}

/// The switches, and of the connection what the session's proof can tell: whether there is one, whether it is the same,
/// whether it became active later.
fn terms(ledger: &Ledger, number: usize, terms: Terms, past: Past) -> u64 {
    let proof = ledger.session.and_then(|session| session.sso[number]);
    let reference = proof.map_or(ledger.rows[number].last_connection, |(which, _)| which);
    let mut word = 0;
    if terms.switches[0] || past == Past::Whole {
        for switch in terms.switches {
            word = word << 1 | u64::from(switch);
        }
    }
    let connection = match terms.connection {
        None => 0,
        Some((which, since)) => {
            4 | u64::from(which == reference) << 1 | u64::from(proof.is_none_or(|(_, at)| at >= since))
        }
    };
    word << 3 | connection
}

fn person(simulation: &Simulation, ledger: &Ledger, past: Past) -> u64 {
    let mut word = u64::from(ledger.has_second_factor);
    if let (Some(kept), Some(watched)) = (&ledger.session, &simulation.session) {
        word |= 1 << 1
            | u64::from(kept.password) << 2
            | u64::from(kept.ended) << 3
            | u64::from(watched.alive) << 4
            | u64::from(kept.began) << 5;
    }
    match past {
        Past::Whole => word | u64::from(ledger.settled) << 8 | u64::from(ledger.epoch) << 11,
        Past::Relevant => word & 0b1_1111,
    }
}
