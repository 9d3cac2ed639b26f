//! Owns what of an event the chain speaks of, and the two things made of it: its bytes and its link.

use super::Hash;
use super::bytes::Bytes;
use super::opening::Openings;
use crate::id::OrganizationId;
use crate::time::Timestamp;

/// Whose events: each organization has a chain, and so has the deployment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// Events that belong to no organization.
    Instance,
    /// One organization's events.
    Organization(OrganizationId),
}

impl Chain {
    /// The chain of an event of this organization, or of none.
    pub fn of(organization: Option<&OrganizationId>) -> Self {
        organization.cloned().map_or(Self::Instance, Self::Organization)
    }

    /// The organization, unless it is the deployment's.
    pub fn organization(&self) -> Option<&OrganizationId> {
        match self {
            Self::Instance => None,
            Self::Organization(id) => Some(id),
        }
    }

    /// Its name, as stored and signed.
    pub fn name(&self) -> &str {
        match self {
            Self::Instance => "instance",
            Self::Organization(id) => id.as_str(),
        }
    }

    /// What the first event links to.
    pub fn beginning(&self) -> Hash {
        Bytes::of("orgate audit chain v1").text(self.name()).hash()
    }
}

/// The fields that can hold something about a person. They enter the chain by commitments and can be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalField {
    /// The name that the actor had.
    ActorName,
    /// The name, or address, that the target had.
    TargetName,
    /// The network address.
    Ip,
    /// The browser.
    UserAgent,
    /// Everything else; names and addresses can be among it.
    Data,
}

/// All of them, in the order in which they enter.
pub const PERSONAL_FIELDS: [PersonalField; 5] = [
    PersonalField::ActorName,
    PersonalField::TargetName,
    PersonalField::Ip,
    PersonalField::UserAgent,
    PersonalField::Data,
];

impl PersonalField {
    /// Its word in a commitment.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ActorName => "actor-name",
            Self::TargetName => "target-name",
            Self::Ip => "ip",
            Self::UserAgent => "user-agent",
            Self::Data => "data",
        }
    }

    /// What the field holds once erased.
    pub const fn erased_value(self) -> Option<&'static str> {
        match self {
            Self::ActorName | Self::TargetName | Self::Ip | Self::UserAgent => None,
            Self::Data => Some("{}"),
        }
    }
}

/// An event, before anything of the chain.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'e> {
    /// Its id.
    pub id: &'e str,
    /// When it happened.
    pub at: Timestamp,
    /// What was done.
    pub action: &'e str,
    /// By whom, without a name.
    pub actor: &'e str,
    /// To what: an id.
    pub target: Option<&'e str>,
    /// How it ended.
    pub outcome: &'e str,
    /// The personal fields, in the order of [`PERSONAL_FIELDS`].
    pub personal: [Option<&'e str>; PERSONAL_FIELDS.len()],
}

impl Facts<'_> {
    /// The bytes that stand for the event. They stay the same when a personal field is erased.
    pub fn bytes(&self, chain: &Chain, openings: &Openings) -> Vec<u8> {
        let bytes = Bytes::of("orgate audit event v1").text(chain.name()).text(self.id).moment(self.at);
        let bytes = bytes.text(self.action).text(self.actor).maybe(self.target.map(str::as_bytes)).text(self.outcome);
        let fields = PERSONAL_FIELDS.iter().zip(self.personal);
        fields.fold(bytes, |bytes, (field, value)| bytes.part(&openings.commitment(*field, value))).finish()
    }

    /// The value of a personal field.
    pub fn personal(&self, field: PersonalField) -> Option<&str> {
        PERSONAL_FIELDS.iter().zip(self.personal).find(|(one, _)| **one == field).and_then(|(_, value)| value)
    }
}

/// Where an event stands in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From one, without gaps.
    pub position: u64,
    /// The hash over the link before, the position and the event.
    pub link: Hash,
    /// Whether Orgate's mark held when it was chained. Only events from before there was a chain have none.
    pub vouched: bool,
}

impl Place {
    /// The place after another one.
    pub fn after(previous: Hash, position: u64, vouched: bool, event: &[u8], mark: Option<&[u8]>) -> Self {
        let bytes = Bytes::of("orgate audit link v1").part(&previous).number(position).truth(vouched);
        Self { position, link: bytes.part(event).maybe(mark).hash(), vouched }
    }
}

/// An event as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// By whom, without a name.
    pub actor: String,
    /// To what: an id.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: String,
    /// The personal fields, in the order of [`PERSONAL_FIELDS`].
    pub personal: [Option<String>; PERSONAL_FIELDS.len()],
    /// What opens the commitments, encoded; events from before there was a chain get it when they are chained.
    pub openings: Option<Vec<u8>>,
    /// Orgate's mark, made in the transaction that wrote the event.
    pub mark: Option<Vec<u8>>,
    /// Orgate's mark of an erasure.
    pub erasure: Option<Vec<u8>>,
    /// Where it stands; it waits for its place without one.
    pub place: Option<Place>,
}

impl Entry {
    /// What it says.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            id: &self.id,
            at: self.at,
            action: &self.action,
            actor: &self.actor,
            target: self.target.as_deref(),
            outcome: &self.outcome,
            personal: self.personal.each_ref().map(Option::as_deref),
        }
    }

    /// What opens its commitments; `None` when there is nothing, or nothing that was written here.
    pub fn openings(&self) -> Option<Openings> {
        self.openings.as_deref().and_then(Openings::decode)
    }
}
