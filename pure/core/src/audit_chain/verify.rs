//! Owns the search through a chain: one pass in the order of positions, then a look at what did not fit. It needs the keys
//! and no clock but the one it is given.

mod suspect;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Hash;
use super::entry::{Chain, Entry, PERSONAL_FIELDS, Place};
use super::finding::{Finding, Report};
use super::head::{Head, SignedHead};
use super::keys::{AuditKeys, Marked};
use super::opening::Openings;
use crate::time::Timestamp;
use suspect::{Suspect, Suspects};

/// A head that was kept elsewhere, to hold the chain against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// How far it goes.
    pub position: u64,
    /// The link there.
    pub link: Hash,
}

/// A search under way.
pub struct Verification<'k> {
    keys: &'k AuditKeys,
    head: Option<Head>,
    /// The links of heads that were kept elsewhere, by their positions.
    expected: BTreeMap<u64, BTreeSet<Hash>>,
    report: Report,
    /// The position that comes next.
    next: u64,
    /// The stored link of the event before; none behind a gap.
    previous: Option<Hash>,
    /// What that link would have to be, if it does not fit.
    instead: Option<Hash>,
    suspects: Suspects,
    has_vouched: bool,
    oldest_waiting: Option<Timestamp>,
}

/// Looks through a whole chain that is at hand: `entries` in the order of their positions.
pub fn verify<'e>(
    keys: &AuditKeys,
    chain: &Chain,
    head: Option<&SignedHead>,
    entries: impl IntoIterator<Item = &'e Entry>,
) -> Report {
    let mut verification = Verification::begin(keys, chain, head);
    for entry in entries {
        verification.chained(entry);
    }
    verification.finish()
}

impl<'k> Verification<'k> {
    /// Begins with the head as it is stored.
    pub fn begin(keys: &'k AuditKeys, chain: &Chain, head: Option<&SignedHead>) -> Self {
        let stored = head.map(|signed| signed.head.clone());
        let start = stored.clone().unwrap_or_else(|| Head::empty(chain.clone(), Timestamp::from_millis(0)));
        let mut report = Report {
            chain: chain.clone(),
            findings: Vec::new(),
            more: 0,
            events: 0,
            position: start.position,
            removed_to: start.removed_to,
            unvouched: 0,
            erased: 0,
            waiting: 0,
        };
        match head.map(|signed| if signed.head.chain == *chain { signed.check(keys) } else { Marked::Wrong }) {
            None | Some(Marked::Right) => {}
            Some(Marked::Wrong) => report.add(Finding::HeadForged),
            Some(Marked::OtherKey) => report.add(Finding::HeadOtherKey),
        }
        Self {
            keys,
            head: stored,
            expected: BTreeMap::new(),
            report,
            next: start.removed_to.saturating_add(1),
            previous: Some(start.removed_link),
            instead: None,
            suspects: Suspects::default(),
            has_vouched: false,
            oldest_waiting: None,
        }
    }

    /// Holds the chain against a head that was kept elsewhere, too; against each of several.
    pub fn held_against(mut self, expected: Expected) -> Self {
        self.expected.entry(expected.position).or_default().insert(expected.link);
        self
    }

    /// The next event that has a place.
    pub fn chained(&mut self, entry: &Entry) {
        let Some(place) = entry.place else { return };
        self.report.events += 1;
        let end = self.head.as_ref().map_or(u64::MAX, |head| head.position);
        if place.position < self.next || place.position > end {
            self.report.add(Finding::Inserted { position: place.position, id: entry.id.clone() });
            return;
        }
        if place.position > self.next {
            self.report.add(Finding::Missing { from: self.next, to: place.position.saturating_sub(1) });
            (self.previous, self.instead) = (None, None);
        }
        self.next = place.position.saturating_add(1);
        self.hold(place.position, place.link);
        let Some(openings) = entry.openings() else {
            self.report.add(Finding::Changed { position: place.position, id: entry.id.clone() });
            (self.previous, self.instead) = (Some(place.link), None);
            return;
        };
        let bytes = entry.facts().bytes(&self.report.chain, &openings);
        let is_written_so = self.check_mark(entry, place, &bytes);
        let is_erased_so = self.check_erasure(entry, place, &openings);
        self.check_link(entry, place, bytes, is_written_so && is_erased_so);
    }

    /// The mark tells whether the event itself is as it was written, whatever became of the links around it.
    fn check_mark(&mut self, entry: &Entry, place: Place, bytes: &[u8]) -> bool {
        let marked = entry.mark.as_deref().map(|mark| self.keys.check_event(bytes, mark));
        let (position, id) = (place.position, entry.id.clone());
        let finding = match (place.vouched, marked) {
            (true, Some(Marked::Right | Marked::OtherKey)) => {
                self.has_vouched = true;
                return true;
            }
            (false, None) if !self.has_vouched => {
                self.report.unvouched += 1;
                return true;
            }
            (true, Some(Marked::Wrong) | None) | (false, Some(Marked::Right)) => Finding::Changed { position, id },
            (false, None | Some(Marked::Wrong | Marked::OtherKey)) => {
                Finding::Unvouched { position: Some(position), id }
            }
        };
        self.report.add(finding);
        false
    }

    fn check_erasure(&mut self, entry: &Entry, place: Place, openings: &Openings) -> bool {
        let (position, id) = (place.position, entry.id.clone());
        let finding = match (openings.has_erased(), entry.erasure.as_deref()) {
            (false, None) => return true,
            (false, Some(_)) => Finding::Changed { position, id },
            (true, mark) => {
                self.report.erased += 1;
                let facts = entry.facts();
                let filled = PERSONAL_FIELDS.iter().filter(|field| openings.is_erased(**field));
                let filled = filled.filter(|field| facts.personal(**field) != field.erased_value()).count();
                let marked = mark.map(|mark| self.keys.check_erasure(&self.report.chain, &entry.id, openings, mark));
                match marked {
                    Some(Marked::Right) if filled == 0 => return true,
                    Some(Marked::Right) => Finding::Changed { position, id },
                    Some(Marked::OtherKey) => Finding::ErasureOtherKey { position, id },
                    Some(Marked::Wrong) | None => Finding::ErasedByOthers { position, id },
                }
            }
        };
        self.report.add(finding);
        false
    }

    fn check_link(&mut self, entry: &Entry, place: Place, bytes: Vec<u8>, is_whole: bool) {
        let mark = entry.mark.as_deref();
        let after = |previous: Hash| Place::after(previous, place.position, place.vouched, &bytes, mark).link;
        let Some(previous) = self.previous.replace(place.link) else {
            self.instead = None;
            return;
        };
        let right = after(previous);
        if right == place.link {
            self.instead = None;
            return;
        }
        if self.instead.take().is_some_and(|instead| after(instead) == place.link) {
            self.suspects.last_has_changed_link();
            return;
        }
        self.instead = Some(right);
        let id = entry.id.clone();
        self.suspects.add(Suspect {
            place,
            id,
            bytes,
            mark: entry.mark.clone(),
            previous,
            is_reported: !is_whole,
            has_changed_link: false,
        });
    }

    /// An event that waits for its place.
    pub fn waiting(&mut self, entry: &Entry) {
        self.report.waiting += 1;
        self.oldest_waiting = Some(self.oldest_waiting.map_or(entry.at, |oldest| oldest.min(entry.at)));
        let is_right = match (entry.openings(), entry.mark.as_deref()) {
            (Some(openings), Some(mark)) => {
                let bytes = entry.facts().bytes(&self.report.chain, &openings);
                self.keys.check_event(&bytes, mark) == Marked::Right
            }
            (_, None) => !self.has_vouched,
            (None, Some(_)) => false,
        };
        if !is_right {
            self.report.add(Finding::Unvouched { position: None, id: entry.id.clone() });
        }
    }

    /// Waiting is a finding once the oldest does so for longer than `grace`.
    pub fn waited(&mut self, now: Timestamp, grace: Duration) {
        if let Some(since) = self.oldest_waiting.filter(|oldest| oldest.plus(grace) < now) {
            self.report.add(Finding::Waiting { events: self.report.waiting, since });
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Report {
        self.check_end();
        self.check_expected();
        std::mem::take(&mut self.suspects).explain(&mut self.report);
        self.report
    }

    fn check_end(&mut self) {
        let Some(head) = &self.head else {
            if self.report.events > 0 {
                self.report.add(Finding::HeadMissing);
            }
            return;
        };
        if self.next <= head.position {
            self.report.add(Finding::TailMissing { from: self.next, to: head.position });
        } else if self.previous.is_some_and(|last| last != head.link) {
            if self.instead == Some(head.link) {
                self.suspects.last_has_changed_link();
            } else {
                self.report.add(Finding::HeadDiffers { position: head.position });
            }
        }
    }

    /// Holds the link at a position against the heads that were kept of it.
    fn hold(&mut self, position: u64, link: Hash) {
        let kept = self.expected.get(&position);
        if kept.is_some_and(|links| links.iter().any(|kept| *kept != link)) {
            self.report.add(Finding::NotAsExpected { position });
        }
    }

    /// How far the chain goes and what retention removed, the newest of the kept heads tells; an older one that cannot be
    /// compared any more is made up for by it.
    fn check_expected(&mut self) {
        let removed = self.head.as_ref().map(|head| (head.removed_to, head.removed_link));
        if let Some((removed_to, removed_link)) = removed {
            self.hold(removed_to, removed_link);
        }
        let Some(position) = self.expected.last_key_value().map(|(newest, _)| *newest) else { return };
        let last = self.next.saturating_sub(1);
        match removed {
            Some((removed_to, _)) if position < removed_to => {
                self.report.add(Finding::ExpectedRemoved { position, removed_to });
            }
            Some(_) | None if position > last => {
                self.report.add(Finding::ShorterThanExpected { expected: position, position: last });
            }
            Some(_) | None => {}
        }
    }
}
