//! Holds the files of deploy/ to the program.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot read the tree fails")]

mod metrics;
mod proxies;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
}
