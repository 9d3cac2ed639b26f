//! Owns the second look at events that do not follow from the one before: whether they were moved, whether only a link was
//! changed, or whether nothing more can be said. It never clears a chain: what nothing explains stays a finding.

use super::super::Hash;
use super::super::entry::Place;
use super::super::finding::{Finding, Report};

/// Beyond so many the comparison of each with each is not worth its time: the log was written anew.
const MOST: usize = 48;

/// An event whose link does not fit.
pub(super) struct Suspect {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) bytes: Vec<u8>,
    pub(super) mark: Option<Vec<u8>>,
    /// The link before it, as stored.
    pub(super) previous: Hash,
    /// A finding names it already.
    pub(super) is_reported: bool,
    pub(super) has_changed_link: bool,
}

impl Suspect {
    fn fits(&self, position: u64, previous: Hash, link: Hash) -> bool {
        let mark = self.mark.as_deref();
        Place::after(previous, position, self.place.vouched, &self.bytes, mark).link == link
    }
}

/// All of one chain.
#[derive(Default)]
pub(super) struct Suspects {
    all: Vec<Suspect>,
    more: u64,
}

impl Suspects {
    pub(super) fn add(&mut self, suspect: Suspect) {
        if self.all.len() < MOST {
            self.all.push(suspect);
        } else {
            self.more += 1;
        }
    }

    /// What follows the last one follows from what its link should be.
    pub(super) fn last_has_changed_link(&mut self) {
        if let Some(last) = self.all.last_mut().filter(|_| self.more == 0) {
            last.has_changed_link = true;
        }
    }

    /// Turns them into findings.
    pub(super) fn explain(self, report: &mut Report) {
        let had = report.findings.len();
        for suspect in self.all.iter().filter(|suspect| !suspect.is_reported) {
            let (position, id) = (suspect.place.position, suspect.id.clone());
            let finding = if suspect.has_changed_link {
                Finding::LinkChanged { position, id }
            } else {
                match self.home(suspect) {
                    Some(belongs_at) if belongs_at != position => Finding::Moved { position, id, belongs_at },
                    // It stands where it was chained; what came before it is what is wrong.
                    Some(_) => continue,
                    None => Finding::Broken { position, id },
                }
            };
            report.add(finding);
        }
        for _ in 0..self.more {
            report.more += 1;
        }
        let is_explained = report.findings.len() > had || self.all.iter().any(|suspect| suspect.is_reported);
        if !is_explained {
            for suspect in &self.all {
                report.add(Finding::Broken { position: suspect.place.position, id: suspect.id.clone() });
            }
        }
        report.findings.sort_by_key(order);
    }

    /// Where the event was chained, among the places that do not fit.
    fn home(&self, suspect: &Suspect) -> Option<u64> {
        let links = || self.all.iter().flat_map(|one| [one.previous, one.place.link]);
        let at = |place: &Place| {
            links().any(|previous| {
                suspect.fits(place.position, previous, suspect.place.link)
                    || suspect.fits(place.position, previous, place.link)
            })
        };
        if at(&suspect.place) {
            return Some(suspect.place.position);
        }
        self.all.iter().find(|other| at(&other.place)).map(|other| other.place.position)
    }
}

/// In the order of the chain; what concerns the whole of it comes last.
fn order(finding: &Finding) -> u64 {
    match finding {
        Finding::Missing { from: position, .. }
        | Finding::TailMissing { from: position, .. }
        | Finding::Changed { position, .. }
        | Finding::LinkChanged { position, .. }
        | Finding::Moved { position, .. }
        | Finding::Broken { position, .. }
        | Finding::Inserted { position, .. }
        | Finding::Unvouched { position: Some(position), .. }
        | Finding::ErasedByOthers { position, .. }
        | Finding::ErasureOtherKey { position, .. }
        | Finding::HeadDiffers { position }
        | Finding::NotAsExpected { position } => *position,
        Finding::HeadMissing
        | Finding::HeadForged
        | Finding::HeadOtherKey
        | Finding::Unvouched { position: None, .. }
        | Finding::Waiting { .. }
        | Finding::NoEvents
        | Finding::ShorterThanExpected { .. }
        | Finding::ExpectedRemoved { .. } => u64::MAX,
    }
}
