//! Owns the model in motion: after every event the session is judged anew, and what is dead stays dead.

use crate::events::{Event, Means};
use crate::model::{Answer, Organization, Role, Shown, World};

/// The world, how often each organization's connection became active, and the session that is watched.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    pub world: World,
    pub activations: [u8; 3],
    pub session: Option<Watched>,
}

/// A session.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    pub shown: Shown,
    pub alive: bool,
}

impl Simulation {
    /// At the start.
    pub fn new(world: World) -> Self {
        Self { world, activations: [0; 3], session: None }
    }

    /// After one event.
    pub fn after(&self, event: Event) -> Self {
        let mut next = *self;
        next.happen(event);
        let ended = self.is_ended_by(&next.world);
        if let Some(session) = &mut next.session
            && (ended || next.world.session(session.shown) != Answer::Opens)
        {
            session.alive = false;
        }
        next
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Terms(number, [enforced, owner_exemption, owner_second_factor]) => {
                let organization = &mut self.world.organizations[number];
                organization.enforced = enforced;
                organization.owner_exemption = owner_exemption;
                organization.owner_second_factor = owner_second_factor;
            }
            Event::Activate(number) => {
                self.activations[number] += 1;
                self.world.organizations[number].connection = Some(self.activations[number]);
            }
            Event::Disable(number) => self.world.organizations[number].connection = None,
            Event::Join(number) => self.world.organizations[number].role = Role::Member,
            Event::Leave(number) => self.world.organizations[number].role = Role::Absent,
            Event::SwapRole(number) => {
                let role = &mut self.world.organizations[number].role;
                *role = if *role == Role::Owner { Role::Member } else { Role::Owner };
            }
            Event::SwapFactor => self.world.has_second_factor = !self.world.has_second_factor,
            Event::Sweep(_) => {}
            Event::Begin(means) => self.session = Some(Watched { shown: self.shown_by(means), alive: true }),
        }
    }

    /// R-ENF-6: enforcement on, or exemption off or the switch of R-ENF-8 on while enforced, ends every session of a
    /// member there who is not exempt afterwards, SSO sessions included.
    fn is_ended_by(&self, after: &World) -> bool {
        let bound_more_strictly = |(before, after): (&Organization, &Organization)| {
            let turned_on = !before.enforced && after.enforced;
            let exemption_off = after.enforced && before.owner_exemption && !after.owner_exemption;
            let factor_on = after.enforced && !before.owner_second_factor && after.owner_second_factor;
            after.role != Role::Absent && (turned_on || exemption_off || factor_on)
        };
        let mut pairs = self.world.organizations.iter().zip(&after.organizations);
        pairs.any(bound_more_strictly) && !after.is_exempt()
    }

    /// What a session by these means would have shown, where there is a connection to a place of the person's.
    pub fn shown_by(&self, means: Means) -> Shown {
        let mut shown = Shown { password: means.password, ..Shown::default() };
        for (number, organization) in self.world.organizations.iter().enumerate() {
            if means.sso >> number & 1 != 0 && organization.role != Role::Absent {
                shown.sso[number] = organization.connection;
            }
        }
        shown
    }
}
