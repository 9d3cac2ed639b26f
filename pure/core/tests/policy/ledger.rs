//! Owns the side of the policy: what a deployment writes down at each event, and how it judges a session from that.

use orgate_core::policy::{AddressState, Change, Decision, Enforcement, Past, Place, PolicyEpoch, World, decide_life};
use orgate_core::proof::{Proof, Proofs};

use crate::bridge;
use crate::events::{Event, Means};
use crate::model::{self, ORGANIZATIONS, Role};

/// The most changes that fit.
pub const MOST: usize = 6;

/// Terms as they are written down. The connection is one of two, with the moment it became active.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Enforced, owner exemption, owner second factor.
    pub switches: [bool; 3],
    pub connection: Option<(u8, u8)>,
}

/// One organization.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub role: Role,
    pub terms: Terms,
    /// The connection that is or was active last.
    pub last_connection: u8,
    pub swept: u8,
}

/// A session: a password, for each organization the connection and the moment of its SSO, and the count of changes.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    pub password: bool,
    pub sso: [Option<(u8, u8)>; ORGANIZATIONS],
    pub began: u8,
    pub ended: bool,
}

/// All that is written down.
#[derive(Debug, Clone, Copy)]
pub struct Ledger {
    pub rows: [Row; ORGANIZATIONS],
    pub has_second_factor: bool,
    /// The changes, oldest first: the organization, and what held before.
    pub history: [(u8, Terms); MOST],
    /// How many changes there were.
    pub epoch: u8,
    /// Up to where the person's sessions were judged for good.
    pub settled: u8,
    pub clock: u8,
    pub session: Option<Kept>,
    /// What policy says of the session now.
    pub is_allowed: bool,
}

impl Ledger {
    /// At the start, where nothing has changed yet.
    pub fn new(model: &model::World) -> Self {
        let row = |organization: model::Organization| Row {
            role: organization.role,
            terms: Terms {
                switches: [organization.enforced, organization.owner_exemption, organization.owner_second_factor],
                connection: organization.connection.map(|_| (0, 0)),
            },
            last_connection: 0,
            swept: 0,
        };
        let rows = model.organizations.map(row);
        let history = [(0, rows[0].terms); MOST];
        let has_second_factor = model.has_second_factor;
        Self { rows, has_second_factor, history, epoch: 0, settled: 0, clock: 0, session: None, is_allowed: true }
    }

    /// After one event. [`Self::judge`] comes next.
    pub fn after(&self, event: Event) -> Self {
        let mut next = *self;
        next.clock += 1;
        match event {
            Event::Terms(number, switches) => next.change(number, Terms { switches, ..self.rows[number].terms }),
            Event::Activate(number) => {
                let Row { terms, last_connection, .. } = self.rows[number];
                let which = if terms.connection.is_some() { 1 - last_connection } else { last_connection };
                next.rows[number].last_connection = which;
                next.change(number, Terms { connection: Some((which, next.clock)), ..terms });
            }
            Event::Disable(number) => next.change(number, Terms { connection: None, ..self.rows[number].terms }),
            Event::Join(number) => next.set_role(number, Role::Member),
            Event::Leave(number) => next.set_role(number, Role::Absent),
            Event::SwapRole(number) => {
                let role = if self.rows[number].role == Role::Owner { Role::Member } else { Role::Owner };
                next.set_role(number, role);
            }
            Event::SwapFactor => {
                next.settle();
                next.has_second_factor = !self.has_second_factor;
            }
            Event::Sweep(number) => {
                if self.rows[number].role != Role::Absent {
                    next.mark();
                }
                next.rows[number].swept = self.epoch;
            }
            Event::Begin(means) => next.begin(means),
        }
        next
    }

    fn change(&mut self, number: usize, terms: Terms) {
        self.history[usize::from(self.epoch)] = (bridge::small(number), self.rows[number].terms);
        self.epoch += 1;
        self.rows[number].terms = terms;
    }

    fn set_role(&mut self, number: usize, role: Role) {
        self.settle();
        self.rows[number].role = role;
    }

    /// Before a fact about the person changes: what is dead is marked, and only later changes decide from here on.
    fn settle(&mut self) {
        self.mark();
        self.settled = self.epoch;
    }

    /// Marks the session as ended if it is dead. A sweeper can do this without a word about the person: that the
    /// organization was swept has to do.
    fn mark(&mut self) {
        let is_allowed = self.is_allowed;
        if let Some(session) = &mut self.session {
            session.ended |= !is_allowed;
        }
    }

    fn begin(&mut self, means: Means) {
        let clock = self.clock;
        let sso = std::array::from_fn(|number| {
            let connection = self.rows[number].terms.connection.filter(|_| means.sso >> number & 1 != 0);
            connection.map(|(which, _)| (which, clock))
        });
        self.session = Some(Kept { password: means.password, sso, began: self.epoch, ended: false });
    }

    /// Up to which change the session was judged for good.
    pub fn judged_up_to(&self) -> Option<u8> {
        let here = self.rows.iter().filter(|row| row.role != Role::Absent);
        let swept = here.map(|row| row.swept).max().unwrap_or(0);
        self.session.map(|session| session.began.max(self.settled).max(swept))
    }

    /// Asks policy about the session.
    pub fn judge(&mut self) {
        if let Some(session) = &self.session {
            let began = PolicyEpoch::from_number(i64::from(session.began.max(self.settled)));
            self.is_allowed = decide_life(&self.world(), &proofs(session), began) == Decision::Allow;
        }
    }

    /// Whether the session is alive by what is written down.
    pub fn is_alive(&self) -> Option<bool> {
        self.session.map(|session| !session.ended && self.is_allowed)
    }

    fn world(&self) -> World {
        let places = (0..ORGANIZATIONS).filter_map(|number| self.place(number)).collect();
        World { address: AddressState::Proven, has_second_factor: self.has_second_factor, places }
    }

    fn place(&self, number: usize) -> Option<Place> {
        let row = &self.rows[number];
        let role = bridge::role(row.role)?;
        let mut past = Past::default();
        for (index, (organization, before)) in self.history.iter().take(usize::from(self.epoch)).enumerate() {
            if usize::from(*organization) == number {
                let epoch = PolicyEpoch::from_number(i64::from(bridge::small(index)) + 1);
                past = past.with(Change { epoch, before: enforcement(number, *before) });
            }
        }
        Some(Place {
            organization_id: bridge::organization_id(number),
            role,
            enforcement: enforcement(number, row.terms),
            past: past.swept_up_to(PolicyEpoch::from_number(i64::from(row.swept))),
            mfa_required: false,
            proofs_not_before: bridge::moment(0),
            vouches: false,
        })
    }
}

fn enforcement(number: usize, terms: Terms) -> Enforcement {
    let [enforced, owner_exemption, owner_second_factor] = terms.switches;
    let connection =
        terms.connection.map(|(which, since)| (bridge::connection_id(number, which), bridge::moment(since)));
    Enforcement { enforced, owner_exemption, owner_second_factor, connection }
}

fn proofs(session: &Kept) -> Proofs {
    let mut proofs = Proofs::default();
    if session.password {
        proofs = proofs.with(Proof::Password { at: bridge::moment(0) });
    }
    for (number, sso) in session.sso.iter().enumerate() {
        if let Some((which, at)) = sso {
            proofs = proofs.with(bridge::sso(number, *which, *at));
        }
    }
    proofs
}
