//! Owns what can happen to one person and the organizations.

use crate::model::{Answer, Role, Shown};
use crate::simulation::Simulation;
use crate::worlds::BOTH;

/// What is shown when a session begins: a password or not, and SSO of organizations by their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    pub password: bool,
    pub sso: u8,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An organization's terms become these: enforced, owner exemption, owner second factor.
    Terms(usize, [bool; 3]),
    /// A connection becomes active, in the place of the one that is.
    Activate(usize),
    Disable(usize),
    Join(usize),
    Leave(usize),
    /// The member becomes an Owner, or the Owner a member.
    SwapRole(usize),
    /// The person gains a second factor, or loses it.
    SwapFactor,
    /// The sweeper has been by at an organization.
    Sweep(usize),
    /// A session begins.
    Begin(Means),
}

/// Everything that can happen now in so many organizations.
pub fn possible(now: &Simulation, organizations: usize) -> Vec<Event> {
    let mut events = vec![Event::SwapFactor];
    for number in 0..organizations {
        let organization = &now.world.organizations[number];
        let terms = [organization.enforced, organization.owner_exemption, organization.owner_second_factor];
        if organization.connection.is_some() {
            for exemption in BOTH {
                for factor in BOTH {
                    if [true, exemption, factor] != terms {
                        events.push(Event::Terms(number, [true, exemption, factor]));
                    }
                }
            }
            // R-SSO-7: disabling is refused while SSO is enforced.
            events.push(if organization.enforced {
                Event::Terms(number, [false, terms[1], terms[2]])
            } else {
                Event::Disable(number)
            });
        }
        events.push(Event::Activate(number));
        if organization.role == Role::Absent {
            events.push(Event::Join(number));
        } else {
            events.push(Event::SwapRole(number));
            events.push(Event::Leave(number));
        }
        events.push(Event::Sweep(number));
    }
    if now.session.is_none() {
        events.extend(beginnings(now, organizations).into_iter().map(Event::Begin));
    }
    events
}

/// With what a session can begin now: one or two proofs, such that policy allows it.
pub fn beginnings(now: &Simulation, organizations: usize) -> Vec<Means> {
    let mut all = Vec::new();
    for password in BOTH {
        for sso in 0..1_u8 << organizations {
            let means = Means { password, sso };
            let shown = now.shown_by(means);
            let proofs = u32::from(password) + sso.count_ones();
            let is_possible = shown.sso.iter().flatten().count() == sso.count_ones() as usize;
            if (1..=2).contains(&proofs) && is_possible && is_allowed(now, shown) {
                all.push(means);
            }
        }
    }
    all
}

fn is_allowed(now: &Simulation, shown: Shown) -> bool {
    now.world.session(shown) == Answer::Opens
}
