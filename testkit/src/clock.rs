//! A clock that moves only when a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A settable clock. Clones show the same time.
///
/// *Units*: UTC milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// 2026-01-15 12:00:00 UTC, where a new clock stands.
    pub const START_MILLIS: i64 = 1_768_478_400_000;

    /// A clock at [`Self::START_MILLIS`].
    pub fn new() -> Self {
        Self::at(Self::START_MILLIS)
    }

    /// A clock at a given time. *Units*: UTC milliseconds.
    pub fn at(millis: i64) -> Self {
        Self(Arc::new(AtomicI64::new(millis)))
    }

    /// The time it shows. *Units*: UTC milliseconds.
    pub fn now_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// The time it shows. *Units*: UTC seconds, rounded down.
    pub fn now_seconds(&self) -> i64 {
        self.now_millis().div_euclid(1000)
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("a step that fits the clock");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets it, backwards too. *Units*: UTC milliseconds.
    pub fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_show_the_same_time_and_it_moves_only_by_hand() {
        let clock = ManualClock::new();
        let other = clock.clone();
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(other.now_millis(), ManualClock::START_MILLIS + 1_500);
        assert_eq!(other.now_seconds(), ManualClock::START_MILLIS / 1000 + 1);
        other.set(-1);
        assert_eq!((clock.now_millis(), clock.now_seconds()), (-1, -1));
    }
}
