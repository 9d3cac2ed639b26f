//! libFuzzer over one target, which the environment names. `scripts/fuzz` builds and starts it.
#![no_main]

use std::sync::LazyLock;

use orgate_fuzz::{TARGET_VARIABLE, Target, find};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var(TARGET_VARIABLE).unwrap_or_default();
    find(&name).unwrap_or_else(|| {
        eprintln!("{TARGET_VARIABLE} names no target: {name:?}");
        std::process::exit(2)
    })
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    (TARGET.run)(bytes);
});
