//! Owns where sequences of events start: worlds up to the names of organizations, with every session that policy lets
//! begin there, and with none yet.

use crate::events::{Event, beginnings};
use crate::ledger::Ledger;
use crate::model::{ELSEWHERE, ORGANIZATIONS, Organization, Role, World};
use crate::simulation::Simulation;
use crate::worlds::{BOTH, threes};

/// Roles, enforcement, exemption and a connection or none; who enforces has one (I4).
pub fn organizations() -> Vec<Organization> {
    let mut all = Vec::new();
    for role in [Role::Absent, Role::Member, Role::Owner] {
        for owner_exemption in BOTH {
            for (enforced, connection) in [(false, None), (false, Some(0)), (true, Some(0))] {
                all.push(Organization { role, enforced, owner_exemption, connection, ..ELSEWHERE });
            }
        }
    }
    all
}

/// Every world of so many organizations, up to their names.
pub fn worlds(organizations_in_play: usize) -> Vec<World> {
    let all = organizations();
    let world = |organizations| World { organizations, has_second_factor: false, has_proven_address: true };
    threes(all.len())
        .filter(|chosen| organizations_in_play == ORGANIZATIONS || chosen[0] == 0)
        .map(|[a, b, c]| {
            // With two in play the third is elsewhere and stays so; it comes last.
            world(if organizations_in_play == ORGANIZATIONS {
                [all[a], all[b], all[c]]
            } else {
                [all[b], all[c], ELSEWHERE]
            })
        })
        .collect()
}

/// Every beginning in these worlds.
pub fn starts(worlds: &[World], organizations: usize) -> Vec<(Simulation, Ledger)> {
    let mut all = Vec::new();
    for world in worlds {
        let (simulation, ledger) = (Simulation::new(*world), Ledger::new(world));
        all.push((simulation, ledger));
        for means in beginnings(&simulation, organizations) {
            let begin = Event::Begin(means);
            let (simulation, mut ledger) = (simulation.after(begin), ledger.after(begin));
            ledger.judge();
            all.push((simulation, ledger));
        }
    }
    all
}
