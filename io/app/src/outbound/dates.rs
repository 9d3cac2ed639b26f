//! Owns remembering what time the servers that were asked say it is, where somebody wants to know: the doctor does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::UNIX_EPOCH;

use crate::clock::Clock;

/// What the `Date` of answers was, against our clock. Clones share it; it remembers nothing until it is begun.
#[derive(Clone, Default)]
pub struct Dates(Arc<OnceLock<Watch>>);

struct Watch {
    clock: Arc<dyn Clock>,
    /// By host: how far its clock is ahead of ours. *Units*: milliseconds.
    ahead: Mutex<BTreeMap<String, i64>>,
}

impl Dates {
    /// Remembers from now on.
    pub fn begin(&self, clock: Arc<dyn Clock>) {
        // Begun twice, the first goes on.
        drop(self.0.set(Watch { clock, ahead: Mutex::default() }));
    }

    /// By host, how far its clock is ahead of ours, or behind where negative. *Units*: milliseconds; `Date` has whole seconds.
    pub fn seen(&self) -> BTreeMap<String, i64> {
        let Some(watch) = self.0.get() else { return BTreeMap::new() };
        watch.ahead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of an answer's header.
    pub(super) fn note(&self, host: &str, date: Option<&str>) {
        let (Some(watch), Some(date)) = (self.0.get(), date) else { return };
        let Ok(theirs) = httpdate::parse_http_date(date) else { return };
        let theirs = theirs.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let ahead = i64::try_from(theirs).unwrap_or(i64::MAX).saturating_sub(watch.clock.now().as_millis());
        watch.ahead.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), ahead);
    }
}

#[cfg(test)]
mod tests {
    use orgate_core::time::Timestamp;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn the_date_of_an_answer_is_compared_once_somebody_wants_to_know() {
        let dates = Dates::default();
        let date = Some("Sun, 29 Nov 2026 12:00:30 GMT");
        dates.note("a.example", date);
        assert!(dates.seen().is_empty());
        let clock = ManualClock::starting_at(Timestamp::parse_rfc3339("2026-11-29T12:00:00Z").unwrap());
        dates.begin(Arc::new(clock));
        dates.clone().note("a.example", date);
        dates.note("b.example", Some("no date"));
        dates.note("c.example", None);
        assert_eq!(dates.seen(), BTreeMap::from([("a.example".to_owned(), 30_000)]));
    }
}
