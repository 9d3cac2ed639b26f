//! Owns what the search says: each finding as one sentence, and the sums of one chain.

use std::fmt;

use super::entry::Chain;
use crate::time::Timestamp;

/// How many findings of one chain are kept; the others are counted.
pub(super) const MOST_FINDINGS: usize = 200;

/// One thing that is not as Orgate left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Events are chained and no head says how far.
    HeadMissing,
    /// The head does not bear Orgate's signature.
    HeadForged,
    /// The head was signed with a key that is not here.
    HeadOtherKey,
    /// The last event is not the one that the head was signed for.
    HeadDiffers {
        /// Where.
        position: u64,
    },
    /// Events are gone.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The newest events are gone: the head was signed for more.
    TailMissing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// What the event says was changed.
    Changed {
        /// Where.
        position: u64,
        /// Which.
        id: String,
    },
    /// The event is whole and its link was changed.
    LinkChanged {
        /// Where.
        position: u64,
        /// Which.
        id: String,
    },
    /// The event was chained elsewhere.
    Moved {
        /// Where it stands.
        position: u64,
        /// Which.
        id: String,
        /// Where it was chained.
        belongs_at: u64,
    },
    /// The event does not follow from the one before it, and nothing tells which of the two was changed.
    Broken {
        /// Where.
        position: u64,
        /// Which.
        id: String,
    },
    /// There is an event too many: its place is taken, removed by retention, or beyond the head.
    Inserted {
        /// Where it claims to stand.
        position: u64,
        /// Which.
        id: String,
    },
    /// The event did not come from Orgate, or was changed in the moment before it was chained.
    Unvouched {
        /// Where; none while it waits for its place.
        position: Option<u64>,
        /// Which.
        id: String,
    },
    /// Personal fields were emptied, and not by Orgate.
    ErasedByOthers {
        /// Where.
        position: u64,
        /// Which.
        id: String,
    },
    /// An erasure was marked with a key that is not here.
    ErasureOtherKey {
        /// Where.
        position: u64,
        /// Which.
        id: String,
    },
    /// Events wait for their place longer than they should.
    Waiting {
        /// How many.
        events: u64,
        /// Since when the oldest does.
        since: Timestamp,
    },
    /// The organization has no event at all, and every organization begins with one.
    NoEvents,
    /// The chain is shorter than a head that was kept elsewhere.
    ShorterThanExpected {
        /// How far that head goes.
        expected: u64,
        /// How far the chain goes.
        position: u64,
    },
    /// Another event stands where a head that was kept elsewhere was signed.
    NotAsExpected {
        /// Where.
        position: u64,
    },
    /// Retention removed what a head that was kept elsewhere would be compared with.
    ExpectedRemoved {
        /// Where that head was signed.
        position: u64,
        /// Up to where retention removed.
        removed_to: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeadMissing => write!(to, "Events are chained, but the signed head is missing."),
            Self::HeadForged => {
                write!(to, "The head does not bear Orgate's signature: it was changed or made elsewhere.")
            }
            Self::HeadOtherKey => write!(to, "The head was signed with another key than ORGATE_SECRET_KEY."),
            Self::HeadDiffers { position } => {
                write!(to, "Event {position} is the last one, and not the one that the head was signed for.")
            }
            Self::Missing { from, to: last } if from == last => write!(to, "Event {from} is missing."),
            Self::Missing { from, to: last } => write!(to, "Events {from} to {last} are missing."),
            Self::TailMissing { from, to: last } if from == last => {
                write!(to, "Event {from}, the newest one, is missing: the head was signed for it.")
            }
            Self::TailMissing { from, to: last } => {
                write!(to, "Events {from} to {last}, the newest ones, are missing: the head was signed for them.")
            }
            Self::Changed { position, id } => write!(to, "Event {position} ({id}) was changed."),
            Self::LinkChanged { position, id } => {
                write!(to, "Event {position} ({id}) is whole, but its link was changed.")
            }
            Self::Moved { position, id, belongs_at } => {
                write!(to, "Event {position} ({id}) was moved: it was chained as event {belongs_at}.")
            }
            Self::Broken { position, id } => write!(
                to,
                "Event {position} ({id}) does not follow from the one before it: one of the two was changed or replaced."
            ),
            Self::Inserted { position, id } => {
                write!(to, "There is an event too many: {id} claims place {position}, which is not free.")
            }
            Self::Unvouched { position: Some(position), id } => write!(
                to,
                "Event {position} ({id}) was not written by Orgate, or was changed in the moment before it was chained."
            ),
            Self::Unvouched { position: None, id } => {
                write!(to, "Event {id}, which waits to be chained, was changed or not written by Orgate.")
            }
            Self::ErasedByOthers { position, id } => {
                write!(to, "Personal fields of event {position} ({id}) were emptied, and not by Orgate.")
            }
            Self::ErasureOtherKey { position, id } => write!(
                to,
                "Personal fields of event {position} ({id}) were erased under another key than ORGATE_SECRET_KEY."
            ),
            Self::Waiting { events, since } => write!(
                to,
                "Waiting to be chained: {events} events, the oldest since {}: orgate serve chains them within seconds where \
                 it runs. Verify again then.",
                since.to_rfc3339()
            ),
            Self::NoEvents => {
                write!(to, "There is no event, and every organization begins with one: all were removed.")
            }
            Self::ShorterThanExpected { expected, position } => write!(
                to,
                "The chain ends at event {position}, and the head that was kept is of event {expected}: the newest events \
                 were removed, or an older state was put back."
            ),
            Self::NotAsExpected { position } => write!(
                to,
                "Event {position} is not the one that the head that was kept was signed for: the log was written anew."
            ),
            Self::ExpectedRemoved { position, removed_to } => write!(
                to,
                "The head that was kept is of event {position}, and retention removed the events up to {removed_to}: keep a \
                 newer head."
            ),
        }
    }
}

/// What was found in one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which chain.
    pub chain: Chain,
    /// What is not as it was left, in the order of the chain; at most a few hundred.
    pub findings: Vec<Finding>,
    /// How many further findings there were.
    pub more: u64,
    /// How many chained events were looked at.
    pub events: u64,
    /// How far the head goes.
    pub position: u64,
    /// Up to where retention removed.
    pub removed_to: u64,
    /// How many events from before there was a chain begin it. Nobody vouches for what they said before they were chained.
    pub unvouched: u64,
    /// How many events had personal fields erased.
    pub erased: u64,
    /// How many wait for their place.
    pub waiting: u64,
}

impl Report {
    /// Whether everything is as Orgate left it.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}
