//! Owns how much a run does, where its chance comes from, and its stopwatch.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// How often something is done: `ORGATE_RELIABILITY_<NAME>`, or the few times of every test run.
pub fn count(name: &str, usual: u64) -> u64 {
    variable(name).unwrap_or(usual)
}

/// What everything random is drawn from: `ORGATE_RELIABILITY_SEED`, or one.
pub fn seed() -> u64 {
    variable("SEED").unwrap_or(1)
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(format!("ORGATE_RELIABILITY_{name}")).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("ORGATE_RELIABILITY_{name} is no number: {text}")))
}

/// Numbers that only a seed decides (SplitMix64).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// Of the run's seed, and of whose numbers they are.
    pub fn new(whose: u64) -> Self {
        let mut random = Self(seed() ^ whose.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.draw();
        random
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    /// One of these.
    pub fn of<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        let position = self.below(items.len() as u64);
        &items[usize::try_from(position).unwrap()]
    }
}

/// The moment by a clock that never goes back. *Units*: nanoseconds since it was first asked.
pub fn now() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "histories are ordered by real time")]
    let now = Instant::now();
    u64::try_from(now.duration_since(*BEGAN.get_or_init(|| now)).as_nanos()).unwrap()
}

/// The moment as identity providers and authenticator apps know it. *Units*: UTC seconds since 1970.
pub fn unix_seconds() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the program under test runs by the real clock")]
    let now = SystemTime::now();
    i64::try_from(now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Says what a run did, in one line that a page can quote.
pub fn report(what: &str, began: u64, said: &str) {
    let seconds = Duration::from_nanos(now() - began).as_secs_f64();
    println!("reliability: {what}: seed {}, {said}, {seconds:.1} s", seed());
}
