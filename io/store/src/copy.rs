//! Owns copies of an embedded database as files: one that `orgate backup` writes, one that `orgate restore` puts in place.
//! A file appears under its name whole and synced, or not at all, and never in the place of another. PostgreSQL has tools
//! of its own for this.
//!
//! All of it blocks: it is for threads that may.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use orgate_core::audit_chain::SignedHead;
use orgate_core::time::Timestamp;

use crate::engine::sqlite::copy::{Found, fold, inspect, write};
use crate::error::StoreError;

/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// What SQLite writes beside a database that is in use, or was not closed. It belongs to that file and to no other.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];
/// Under which name a file is written before it is whole.
const PART: &str = ".part";

/// Why there is no copy.
#[derive(Debug)]
pub enum CopyError {
    /// There is something of that name already. Nothing is ever written over.
    Exists(PathBuf),
    /// There is no such file.
    Missing(PathBuf),
    /// A file of SQLite's stands beside: the database was not closed, or is still open.
    Open(PathBuf),
    /// Another run writes the same file at this moment.
    Busy(PathBuf),
    /// No database, or none of Orgate's.
    Foreign(PathBuf),
    /// A database that is damaged.
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The system refused.
    File {
        /// Which file.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
    /// SQLite could not do it, or a newer Orgate has changed the database.
    Store(StoreError),
}

impl fmt::Display for CopyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => write!(formatter, "{} is there already, and is not written over", path.display()),
            Self::Missing(path) => write!(formatter, "there is no file {}", path.display()),
            Self::Open(path) => write!(
                formatter,
                "{} is there: the database that it belongs to is open, or was not closed. Stop the program that has it \
                 open; a file that belongs to a database which is gone has to be moved away with it",
                path.display()
            ),
            Self::Busy(path) => write!(formatter, "another run writes {} at this moment", path.display()),
            Self::Foreign(path) => write!(formatter, "{} is no database of Orgate", path.display()),
            Self::Damaged { path, detail } => write!(formatter, "{} is damaged: {detail}", path.display()),
            Self::File { path, detail } => write!(formatter, "{}: {detail}", path.display()),
            Self::Store(source) => source.fmt(formatter),
        }
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(source) => Some(source),
            Self::Exists(_)
            | Self::Missing(_)
            | Self::Open(_)
            | Self::Busy(_)
            | Self::Foreign(_)
            | Self::Damaged { .. }
            | Self::File { .. } => None,
        }
    }
}

impl From<StoreError> for CopyError {
    fn from(source: StoreError) -> Self {
        Self::Store(source)
    }
}

/// What a copy holds, after every page of it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// *Units*: bytes.
    pub size: u64,
    /// The version of its schema.
    pub schema_version: i64,
    /// Accounts that are not closed.
    pub people: u64,
    /// Organizations.
    pub organizations: u64,
    /// Of which moment it is, if `orgate backup` wrote it.
    pub backed_up_at: Option<Timestamp>,
    /// The heads of its audit logs, as they are stored.
    pub heads: Vec<SignedHead>,
}

/// Writes a copy of the database in `from`, which programs may serve meanwhile, to the new file `to`, for nobody else to
/// read, and looks at every page of what it wrote. The copy says that it is one, of the moment `at`.
///
/// *Errors*: [`CopyError::Exists`], and whatever is wrong with the source, the folder or the disk; then there is no file.
pub fn write_copy(from: &Path, to: &Path, at: Timestamp) -> Result<Copied, CopyError> {
    if !from.is_file() {
        return Err(CopyError::Missing(from.to_owned()));
    }
    let part = Part::begin(to)?;
    refuse_if_open(to)?;
    write(from, &part.path, at)?;
    let copied = part.inspect(to)?;
    part.appear(to)?;
    Ok(copied)
}

/// A copy that stands beside the place where the database will be, to be readied before it gets its name.
#[derive(Debug)]
pub struct Incoming {
    part: Part,
    target: PathBuf,
    contents: Copied,
}

impl Incoming {
    /// Copies the file `from`, which stays as it is, beside `target`, and looks at every page of it.
    ///
    /// *Errors*: every variant of [`CopyError`]; then nothing is left behind.
    pub fn read(from: &Path, target: &Path) -> Result<Self, CopyError> {
        if !from.is_file() {
            return Err(CopyError::Missing(from.to_owned()));
        }
        // What stands in its log would be lost.
        refuse_if_open(from)?;
        let mut part = Part::begin(target)?;
        refuse_if_open(target)?;
        part.fill(from)?;
        let contents = part.inspect(from)?;
        Ok(Self { part, target: target.to_owned(), contents })
    }

    /// Where the copy is meanwhile.
    pub fn path(&self) -> &Path {
        &self.part.path
    }

    /// What it held when it was read.
    pub fn contents(&self) -> &Copied {
        &self.contents
    }

    /// Gives it its name. Nobody may have it open.
    ///
    /// *Errors*: [`CopyError::Exists`] when something of that name came meanwhile, and what the system refuses.
    pub fn place(self) -> Result<(), CopyError> {
        fold(&self.part.path)?;
        refuse_if_open(&self.target)?;
        self.part.appear(&self.target)
    }
}

/// A file that is not whole yet. Dropping it removes it.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    /// Locked, so that a second run keeps away, and that what a killed one left is known to be nobody's.
    file: File,
    has_appeared: bool,
}

impl Part {
    /// Begins the file that will be `target`.
    fn begin(target: &Path) -> Result<Self, CopyError> {
        refuse_if_there(target)?;
        // Absolute, for SQLite reads some relative names as addresses.
        let path = beside(&std::path::absolute(target).map_err(failed(target))?, PART);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(failed(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CopyError::Busy(path)),
            Err(TryLockError::Error(reason)) => return Err(failed(&path)(reason)),
        }
        let locked = file.metadata().map_err(failed(&path))?.ino();
        if std::fs::metadata(&path).map_or(true, |named| named.ino() != locked) {
            // Another run ended between the two steps, and took the name along.
            return Err(CopyError::Busy(path));
        }
        for ending in BESIDE {
            remove(&beside(&path, ending))?;
        }
        file.set_len(0).map_err(failed(&path))?;
        Ok(Self { path, file, has_appeared: false })
    }

    fn fill(&mut self, from: &Path) -> Result<(), CopyError> {
        let mut source = File::open(from).map_err(failed(from))?;
        std::io::copy(&mut source, &mut self.file).map_err(failed(&self.path)).map(drop)
    }

    /// What is in it; `named` is the file that the person knows it by.
    fn inspect(&self, named: &Path) -> Result<Copied, CopyError> {
        let mut head = [0; MAGIC.len()];
        let mut read = File::open(&self.path).map_err(failed(&self.path))?;
        if read.read_exact(&mut head).is_err() || head != *MAGIC {
            return Err(CopyError::Foreign(named.to_owned()));
        }
        drop(read);
        let damaged = |detail: String| CopyError::Damaged { path: named.to_owned(), detail };
        match inspect(&self.path) {
            Ok(Found::Ours(ours)) => Ok(Copied {
                size: self.file.metadata().map_err(failed(&self.path))?.len(),
                schema_version: ours.schema_version,
                people: ours.people,
                organizations: ours.organizations,
                backed_up_at: ours.backed_up_at,
                heads: ours.heads,
            }),
            Ok(Found::Foreign) => Err(CopyError::Foreign(named.to_owned())),
            Ok(Found::Damaged(detail)) => Err(damaged(detail)),
            // The file is there, ours alone and a database by its first bytes: what cannot be read of it is broken.
            Err(StoreError::Fault { detail }) => Err(damaged(detail)),
            Err(StoreError::Corrupt { column }) => Err(damaged(format!("the column {column}"))),
            Err(other) => Err(other.into()),
        }
    }

    /// Gives it its name, once it is on disk.
    fn appear(mut self, target: &Path) -> Result<(), CopyError> {
        self.file.sync_all().map_err(failed(&self.path))?;
        match std::fs::hard_link(&self.path, target) {
            Ok(()) => remove(&self.path)?,
            Err(reason) if reason.kind() == ErrorKind::AlreadyExists => {
                return Err(CopyError::Exists(target.to_owned()));
            }
            // Some file systems know one name a file.
            Err(_) => {
                refuse_if_there(target)?;
                std::fs::rename(&self.path, target).map_err(failed(target))?;
            }
        }
        self.has_appeared = true;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.has_appeared {
            return;
        }
        for path in std::iter::once(self.path.clone()).chain(BESIDE.map(|ending| beside(&self.path, ending))) {
            if let Err(error) = remove(&path) {
                tracing::warn!(error = %error, "a file that is of no use any more was left");
            }
        }
    }
}

fn refuse_if_there(path: &Path) -> Result<(), CopyError> {
    // A link that leads nowhere is something, too.
    match std::fs::symlink_metadata(path) {
        Ok(_) => Err(CopyError::Exists(path.to_owned())),
        Err(reason) if reason.kind() == ErrorKind::NotFound => Ok(()),
        Err(reason) => Err(failed(path)(reason)),
    }
}

fn refuse_if_open(path: &Path) -> Result<(), CopyError> {
    let found =
        BESIDE.map(|ending| beside(path, ending)).into_iter().find(|path| std::fs::symlink_metadata(path).is_ok());
    found.map_or(Ok(()), |path| Err(CopyError::Open(path)))
}

fn remove(path: &Path) -> Result<(), CopyError> {
    match std::fs::remove_file(path) {
        Err(reason) if reason.kind() != ErrorKind::NotFound => Err(failed(path)(reason)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> CopyError {
    let path = path.to_owned();
    move |reason| CopyError::File { path: path.clone(), detail: reason.to_string() }
}
