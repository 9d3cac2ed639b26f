//! Owns randomness: [`SystemEntropy`] is the one place that draws it. What is made of the bytes (identifiers, codes) is
//! here too, so that nobody reduces them with a bias.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use orgate_core::id::{Identifier, RANDOM_BYTES, Reference};
use orgate_core::time::Timestamp;

use crate::token::SixDigitCode;

const CODES: u32 = 1_000_000;

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl<E: Entropy + ?Sized> Entropy for Arc<E> {
    fn fill(&self, buffer: &mut [u8]) {
        (**self).fill(buffer);
    }
}

/// What is drawn from any source.
pub trait Draw: Entropy {
    /// `N` random bytes.
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new identifier of any noun.
    fn id<T: Identifier>(&self, now: Timestamp) -> T {
        T::new(now, self.bytes::<RANDOM_BYTES>())
    }

    /// A new reference for a refused person (R-SSO-9).
    fn reference(&self) -> Reference {
        Reference::new(self.bytes())
    }

    /// Six digits, each of the million equally likely: draws beyond the last whole million are thrown away.
    fn six_digits(&self) -> SixDigitCode {
        let limit = u32::MAX - u32::MAX % CODES;
        loop {
            let drawn = u32::from_le_bytes(self.bytes());
            if drawn < limit {
                return SixDigitCode::from_number(drawn % CODES);
            }
        }
    }
}

impl<E: Entropy + ?Sized> Draw for E {}

/// The generator of the crypto library, seeded by the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one source of randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        if aws_lc_rs::rand::fill(buffer).is_err() {
            // Without randomness every token could be guessed; nothing may be answered any more.
            std::process::abort();
        }
    }
}

/// The same bytes for the same seed; clones share the position. For tests and replays, never for secrets.
#[derive(Debug, Clone)]
pub struct SeededEntropy {
    seed: u64,
    drawn: Arc<AtomicU64>,
}

impl SeededEntropy {
    /// A source that starts at its first byte.
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: Arc::default() }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let position = self.drawn.fetch_add(1, Ordering::SeqCst);
            let input = [self.seed.to_le_bytes(), position.to_le_bytes()].concat();
            let block = digest::digest(&digest::SHA256, &input);
            for (target, source) in chunk.iter_mut().zip(block.as_ref()) {
                *target = *source;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use orgate_core::id::UserId;

    use super::*;

    struct Scripted(Mutex<Vec<u8>>);

    impl Entropy for Scripted {
        fn fill(&self, buffer: &mut [u8]) {
            let mut rest = self.0.lock().unwrap();
            buffer.copy_from_slice(&rest[..buffer.len()]);
            rest.drain(..buffer.len());
        }
    }

    #[test]
    fn two_draws_of_the_system_differ() {
        assert_ne!(SystemEntropy.bytes::<32>(), SystemEntropy.bytes::<32>());
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        assert_eq!(SeededEntropy::new(7).bytes::<40>(), SeededEntropy::new(7).bytes::<40>());
        assert_ne!(SeededEntropy::new(7).bytes::<40>(), SeededEntropy::new(8).bytes::<40>());
        let source = SeededEntropy::new(7);
        assert_ne!(source.bytes::<40>(), source.bytes::<40>());
    }

    #[test]
    fn identifiers_are_drawn_for_the_noun_that_is_asked_for() {
        let id: UserId = SeededEntropy::new(1).id(Timestamp::from_millis(9));
        assert!(id.as_str().starts_with("usr_"));
    }

    #[test]
    fn a_draw_beyond_the_last_whole_million_is_thrown_away() {
        let mut script = 4_294_000_000_u32.to_le_bytes().to_vec();
        script.extend(u32::MAX.to_le_bytes());
        script.extend(4_293_999_999_u32.to_le_bytes());
        script.extend(42_u32.to_le_bytes());
        let source = Scripted(Mutex::new(script));
        assert_eq!(*source.six_digits().reveal(), "999999");
        assert_eq!(*source.six_digits().reveal(), "000042");
    }

    #[test]
    fn every_first_digit_of_a_code_is_about_as_likely() {
        let source = SeededEntropy::new(3);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            counts[usize::from(source.six_digits().reveal().as_bytes()[0] - b'0')] += 1;
        }
        assert!(counts.iter().all(|count| (850..=1_150).contains(count)), "{counts:?}");
    }
}
