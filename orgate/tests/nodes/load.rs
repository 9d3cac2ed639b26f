//! Owns what clients share while they work: how often they may begin, how much was answered, and when it is over.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::scale::now;

/// What the slowest machine needs to do a little. *Units*: nanoseconds.
const PATIENCE: u64 = 120_000_000_000;
/// Who waits looks again after this time whether it is over. *Units*: nanoseconds.
const LOOK: u64 = 50_000_000;

/// What clients share while they work.
#[derive(Default)]
pub struct Load {
    /// How many acts a client does at most in one go.
    pub acts: Option<u64>,
    /// From the beginning of one act to that of the next; as fast as they are answered without it. Only for one client alone.
    /// *Units*: nanoseconds.
    pub gap: Option<u64>,
    /// When the next act begins.
    due: AtomicU64,
    /// Answers that came, whatever they said.
    pub done: AtomicUsize,
    /// Those that said that nothing was done, for now.
    pub refused: AtomicUsize,
    /// For how long one of them went without an acknowledgement at most. *Units*: nanoseconds.
    pub pause: AtomicU64,
    /// Nobody begins anything any more.
    pub over: AtomicBool,
}

impl Load {
    /// Of one client alone, that does so many acts in one go and begins one after each gap.
    pub fn of_one(acts: u64, gap: Option<u64>) -> Self {
        Self { acts: Some(acts), gap, ..Self::default() }
    }

    /// Waits until it is time for the next act; `false` when there is none.
    pub fn begin(&self) -> bool {
        if let Some(gap) = self.gap {
            // Who was held up begins at once, and does not make up for all that was missed.
            let due = (self.due.load(Ordering::SeqCst) + gap).max(now().saturating_sub(gap));
            self.due.store(due, Ordering::SeqCst);
            loop {
                let wait = due.saturating_sub(now());
                if wait == 0 || self.over.load(Ordering::SeqCst) {
                    break;
                }
                sleep(Duration::from_nanos(wait.min(LOOK)));
            }
        }
        !self.over.load(Ordering::SeqCst)
    }

    /// Notes that a client got its answer.
    pub fn answered(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until clients got so many more answers.
    pub fn go_on(&self) {
        let (enough, limit) = (self.done.load(Ordering::SeqCst) + 60, now() + PATIENCE);
        while self.done.load(Ordering::SeqCst) < enough {
            assert!(now() < limit, "nobody is answered any more");
            sleep(Duration::from_millis(2));
        }
    }
}

/// Ends what it is over for, also when the work panics.
pub struct Ends<'a>(pub &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
