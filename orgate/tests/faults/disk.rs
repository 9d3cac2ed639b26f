//! Owns the disk and the clock under a program: the library of `disk.c`, and the orders that it obeys.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::node::Settings;
use crate::preload::Library;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/disk.c");
/// Where each order is in the file. *Units*: bytes.
const DISK: u64 = 0;
const KILL_AT: u64 = 8;
const CHANGES: u64 = 16;
const AHEAD: u64 = 24;
const LENGTH: u64 = 32;

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Whole = 0,
    /// Nothing more fits.
    Full = 1,
    /// It was remounted so that nothing is written.
    ReadOnly = 2,
    /// What was written cannot be made sure of.
    NoSync = 3,
}

/// A disk for one SQLite database, whose file is `orgate.db` of its folder.
pub struct Disk {
    folder: PathBuf,
    library: Library,
    orders: File,
}

impl Disk {
    /// One that is whole. Builds the library.
    pub fn new(folder: &Path) -> Self {
        // As the kernel names it.
        let folder = folder.canonicalize().unwrap();
        fs::write(folder.join("orders"), []).unwrap();
        let orders = File::options().read(true).write(true).open(folder.join("orders")).unwrap();
        orders.set_len(LENGTH).unwrap();
        Self { folder, library: Library::build(SOURCE), orders }
    }

    /// What a program is told, so that it is on this disk.
    pub fn settings(&self) -> Settings {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let settings =
            [("LD_PRELOAD", self.library.path()), ("FAULT_FILE", path("orgate.db")), ("FAULT_ORDERS", path("orders"))];
        settings.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// The database.
    pub fn file(&self) -> PathBuf {
        self.folder.join("orgate.db")
    }

    pub fn set(&self, state: State) {
        self.order(DISK, state as i64);
    }

    /// By how much the program's clock is ahead of the true one. *Units*: milliseconds.
    pub fn set_ahead(&self, milliseconds: i64) {
        self.order(AHEAD, milliseconds);
    }

    /// The next program dies before its n-th change of the files, counted from one; zero lets it live.
    pub fn kill_at(&self, change: i64) {
        self.order(CHANGES, 0);
        self.order(KILL_AT, change);
    }

    fn order(&self, place: u64, value: i64) {
        self.orders.write_all_at(&value.to_le_bytes(), place).unwrap();
    }
}
