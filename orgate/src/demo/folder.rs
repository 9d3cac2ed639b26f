//! Owns the demonstration's folder: what is where in it, that one program at a time uses it, and what may be deleted.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use orgate_app::entropy::{Draw as _, Entropy};
use serde::{Deserialize, Serialize};

use super::ports::Ports;

const STATE: &str = "demo.json";
const LOCK: &str = "demo.lock";
const DATABASE: &str = "orgate.db";
const SECRET_KEY: &str = "secret.key";
const SETTINGS: &str = "orgate.toml";
const IDP_STATE: &str = "identity-provider.json";
const MAILS: &str = "mail";
/// Everything that a start writes beside the mails. The state goes last, for it says that the rest is ours.
const FILES: [&str; 7] = [DATABASE, "orgate.db-wal", "orgate.db-shm", SECRET_KEY, SETTINGS, IDP_STATE, STATE];

/// What the next start has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where everything listens.
    pub ports: Ports,
    /// Whether all sample people were made.
    pub is_complete: bool,
}

/// The folder, for this program alone while it runs.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Closing it gives the folder free.
    _lock: File,
}

impl Folder {
    /// Makes it if it is missing.
    ///
    /// *Errors*: a folder that cannot be used, that another start uses, or whose database is no demonstration's.
    pub fn open(path: &Path) -> Result<Self, String> {
        let failed = failure(path);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(&failed)?;
        let path = path.canonicalize().map_err(&failed)?;
        let lock = OpenOptions::new().create(true).append(true).open(path.join(LOCK)).map_err(&failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!("a demonstration is running in {} already; stop it first", path.display()));
            }
            Err(TryLockError::Error(reason)) => return Err(failed(reason)),
        }
        let folder = Self { path, _lock: lock };
        let foreign = FILES.iter().find(|name| folder.path.join(name).exists());
        match (folder.state()?, foreign) {
            (None, Some(name)) => Err(format!(
                "{} is not of a demonstration, so it is left alone: name another folder with --folder",
                folder.path.join(name).display()
            )),
            (Some(_), _) | (None, None) => Ok(folder),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The embedded database.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Where mails are written.
    pub fn mails(&self) -> PathBuf {
        self.path.join(MAILS)
    }

    /// What the identity provider keeps.
    pub fn idp_state(&self) -> PathBuf {
        self.path.join(IDP_STATE)
    }

    /// What an earlier start left.
    ///
    /// *Errors*: a file that cannot be read.
    pub fn state(&self) -> Result<Option<State>, String> {
        let path = self.path.join(STATE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|reason| format!("{}: {reason}. Delete the folder to begin anew", path.display())),
            Err(reason) if reason.kind() == ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(failure(&path)(reason)),
        }
    }

    /// Remembers for the next start.
    ///
    /// *Errors*: a file that cannot be written.
    pub fn keep(&self, state: &State) -> Result<(), String> {
        let path = self.path.join(STATE);
        let text = serde_json::to_vec_pretty(state).map_err(|reason| reason.to_string())?;
        std::fs::write(&path, text).map_err(failure(&path))
    }

    /// The file of the instance's key, drawn at the first start. Nobody else may read it.
    ///
    /// *Errors*: a file that cannot be written.
    pub fn secret_key(&self, entropy: &dyn Entropy) -> Result<PathBuf, String> {
        let path = self.path.join(SECRET_KEY);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let key = HEXLOWER.encode(&entropy.bytes::<32>());
                file.write_all(key.as_bytes()).map_err(failure(&path))?;
            }
            Err(reason) if reason.kind() == ErrorKind::AlreadyExists => {}
            Err(reason) => return Err(failure(&path)(reason)),
        }
        Ok(path)
    }

    /// Writes the settings file, with which every other command finds this deployment too.
    ///
    /// *Errors*: a file that cannot be written.
    pub fn keep_settings(&self, values: &[(&str, String)]) -> Result<PathBuf, String> {
        let path = self.settings();
        let lines =
            values.iter().map(|(name, value)| format!("{name} = {}\n", serde_json::Value::from(value.as_str())));
        std::fs::write(&path, lines.collect::<String>()).map_err(failure(&path))?;
        Ok(path)
    }

    /// The settings file.
    pub fn settings(&self) -> PathBuf {
        self.path.join(SETTINGS)
    }

    /// Deletes what earlier starts wrote, and nothing else.
    ///
    /// *Errors*: a file that cannot be deleted.
    pub fn clear(&self) -> Result<(), String> {
        if self.state()?.is_none() {
            return Ok(());
        }
        for mail in orgate_demo_idp::mailbox::list(&self.mails()).map_err(failure(&self.mails()))? {
            remove(&self.mails().join(mail.name).with_extension("eml"))?;
        }
        FILES.iter().try_for_each(|name| remove(&self.path.join(name)))
    }
}

fn remove(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(reason) if reason.kind() != ErrorKind::NotFound => Err(failure(path)(reason)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failure(path: &Path) -> impl Fn(std::io::Error) -> String {
    let path = path.display().to_string();
    move |reason| format!("{path}: {reason}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use orgate_app::entropy::SeededEntropy;

    use super::*;

    fn state() -> State {
        State { ports: Ports { console: 1, idp: 2, mailbox: 3 }, is_complete: true }
    }

    #[test]
    fn the_key_is_drawn_once_and_is_nobody_elses_to_read() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let path = folder.secret_key(&SeededEntropy::new(1)).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        folder.secret_key(&SeededEntropy::new(2)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    }

    #[test]
    fn a_second_program_is_kept_out_until_the_first_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let first = Folder::open(place.path()).unwrap();
        assert!(Folder::open(place.path()).unwrap_err().contains("is running"));
        drop(first);
        assert!(Folder::open(place.path()).is_ok());
    }

    #[test]
    fn a_database_that_no_demonstration_made_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join(DATABASE), "precious").unwrap();
        assert!(Folder::open(place.path()).unwrap_err().contains("left alone"));
        assert_eq!(std::fs::read_to_string(place.path().join(DATABASE)).unwrap(), "precious");
    }

    #[test]
    fn clearing_deletes_what_a_start_wrote_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        folder.keep(&state()).unwrap();
        assert_eq!(folder.state(), Ok(Some(state())));
        folder.secret_key(&SeededEntropy::new(1)).unwrap();
        folder.keep_settings(&[("log", "warn".to_owned())]).unwrap();
        std::fs::create_dir(folder.mails()).unwrap();
        let mail = "To: a@b.example\r\nContent-Type: text/plain\r\n\r\nhello\r\n";
        std::fs::write(folder.mails().join("mail_1.eml"), mail).unwrap();
        std::fs::write(place.path().join("notes.txt"), "mine").unwrap();
        folder.clear().unwrap();
        assert_eq!(folder.state(), Ok(None));
        let mut left: Vec<_> =
            std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [LOCK, MAILS, "notes.txt"]);
        assert!(std::fs::read_dir(folder.mails()).unwrap().next().is_none());
    }
}
