//! Everything that reads bytes of strangers, as targets of a fuzzer. A target takes any bytes, gives them to the product's
//! own readers, and asserts what has to hold of whatever those accept; that they refuse without a panic goes without
//! saying. The seeds of each are in `seeds/`, and an ordinary test replays them.
//!
//! *Source*: Z1 of the security bar.
#![expect(clippy::missing_panics_doc, reason = "a target panics when something does not hold: that is a finding")]
#![expect(clippy::expect_used, reason = "what the targets themselves are made of is there")]

pub mod addresses;
pub mod answers;
pub mod browser;
mod input;
pub mod keys;
pub mod log_out_tokens;
pub mod passkeys;
mod provider;
pub mod settings;
pub mod tokens;

/// Names the target to the fuzzer.
pub const TARGET_VARIABLE: &str = "ORGATE_FUZZ_TARGET";

/// One thing to throw bytes at.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of the folder of its seeds.
    pub name: &'static str,
    /// Takes the bytes; panics when something does not hold.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 8] = [
    Target { name: "tokens", run: tokens::run },
    Target { name: "keys", run: keys::run },
    Target { name: "answers", run: answers::run },
    Target { name: "browser", run: browser::run },
    Target { name: "addresses", run: addresses::run },
    Target { name: "passkeys", run: passkeys::run },
    Target { name: "log_out_tokens", run: log_out_tokens::run },
    Target { name: "settings", run: settings::run },
];

/// The target of this name.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
