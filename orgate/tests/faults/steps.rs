//! Owns killing a program at step after step of what it does.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Output;

use crate::scale::{Random, count};

/// SIGKILL.
const KILLED: i32 = 9;
/// More steps than anything here has.
const ENDLESS: u64 = 100_000;

/// Whether the program was killed; if it was not, it did what it should.
pub fn was_killed(ended: &Output) -> bool {
    let (status, said) = (ended.status, String::from_utf8_lossy(&ended.stderr));
    assert!(status.success() || status.signal() == Some(KILLED), "{status}: {said}");
    !status.success()
}

/// Runs a program again and again, each time until its n-th step, where `run` kills it and says whether it did: from the first
/// step on, anew whenever `progress` went on, and once it got through to its end no more. So each step of each piece of work is
/// its last once, or, with `ORGATE_RELIABILITY_STRIDE` over one, some steps at random. How many runs were killed.
pub fn until_through(usual_stride: u64, mut progress: impl FnMut() -> i64, mut run: impl FnMut(u64) -> bool) -> u64 {
    let (stride, mut random) = (count("STRIDE", usual_stride), Random::new(3));
    let mut next = move || 1 + if stride > 1 { random.below(2 * stride - 1) } else { 0 };
    let (mut reached, mut step) = (progress(), next());
    for killed in 0.. {
        assert!(step < ENDLESS, "it does not get through");
        if !run(step) {
            return killed;
        }
        let now = progress();
        assert!(now >= reached, "it went back from {reached} to {now}");
        step = if now > reached { next() } else { step + next() };
        reached = now;
    }
    0
}
