//! The one source of real time and of randomness in the kit.

use data_encoding::HEXLOWER;

/// `length` random bytes.
pub(crate) fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    #[expect(clippy::disallowed_methods, reason = "the one source of randomness in the kit")]
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A random name of 24 hexadecimal digits.
pub(crate) fn random_name() -> String {
    HEXLOWER.encode(&random(12))
}

/// A point in real time after which a bounded wait gives up.
pub(crate) struct Deadline(std::time::Instant);

impl Deadline {
    /// The deadline `limit` from now.
    pub(crate) fn after(limit: std::time::Duration) -> Self {
        #[expect(clippy::disallowed_methods, reason = "bounded waits measure real time")]
        Self(std::time::Instant::now() + limit)
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "bounded waits measure real time")]
        let now = std::time::Instant::now();
        now >= self.0
    }
}
