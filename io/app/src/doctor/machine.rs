//! Owns what is wrong with the machine under a deployment: who can read its secrets, where its files are and whether there
//! is room for them, how many of them it may open.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use orgate_store::StoreSettings;

use super::finding::{Finding, bad, good};

/// Below this an embedded database may not get through the night. *Units*: bytes.
const LEAST_ROOM: u64 = 256 * 1024 * 1024;
/// Each visitor takes one, each exchange with an identity provider and each connection to the database another.
const LEAST_FILES: u64 = 4_096;
/// Where container engines put secrets, readable for all of the one user who is there.
const SECRETS_OF_CONTAINERS: &str = "/run/secrets/";

/// Files with secrets that this machine's other users can read.
pub(super) fn secret_files(files: &[PathBuf]) -> Finding {
    const WHAT: &str = "secret files";
    let open: Vec<String> =
        files.iter().filter(|path| is_open_to_all(path)).map(|path| path.display().to_string()).collect();
    match open.as_slice() {
        [] if files.is_empty() => good(WHAT, "no setting names one"),
        [] => good(WHAT, "only their owner or group can read them"),
        _ => bad(
            WHAT,
            format!("every user of this machine can read {}: chmod 0400, owned by Orgate's user", open.join(", ")),
        ),
    }
}

/// The file of an embedded database, and the room around it. Nothing for a server.
pub(super) fn database_file(store: &StoreSettings) -> Vec<Finding> {
    let Some(file) = store.file() else { return Vec::new() };
    let folder = folder_of(file);
    let mut findings = Vec::new();
    if is_open_to_all(file) {
        let text = format!(
            "every user of this machine can read {}, people's addresses and all: chmod 0600, or give it a folder of Orgate's \
             own user with 0700",
            file.display()
        );
        findings.push(bad("database file", text));
    }
    if let Some(network) = space::network_of(folder) {
        let text = format!(
            "{} is on {network}, where SQLite's locks and its log do not hold: put it on a disk of this machine, or use \
             PostgreSQL",
            file.display()
        );
        findings.push(bad("database file", text));
    }
    findings.extend(room(folder));
    findings
}

/// The folder that mail is written to. Where there is none yet, the one that it would be made in is looked at: made here it would
/// belong to whoever asks the doctor.
pub(super) fn mail_folder(folder: &Path) -> Finding {
    let mut above = folder.ancestors().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let probe = above.find(|above| above.is_dir()).unwrap_or(folder).join(".orgate-doctor");
    match fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => {
            good("mail", format!("written to {}, which is for development: nobody receives it", folder.display()))
        }
        Err(reason) => {
            let text =
                format!("nothing can be written to {}: {reason}. Give Orgate's user the folder.", folder.display());
            bad("mail", text)
        }
    }
}

/// How many files and connections a node may have open: `orgate serve` takes what it is allowed to take.
pub(super) fn open_files() -> Finding {
    judge_files(space::most_files())
}

fn judge_files(most: u64) -> Finding {
    if most >= LEAST_FILES {
        return good("open files", "as many as it takes");
    }
    let text = format!(
        "at most {most}, connections included, and visitors are turned away beyond: LimitNOFILE=65536 in the unit, or \
         `ulimit -n 65536`"
    );
    bad("open files", text)
}

fn room(folder: &Path) -> Option<Finding> {
    let (free, all) = space::room(folder)?;
    Some(judge_room(folder, free, all))
}

fn judge_room(folder: &Path, free: u64, all: u64) -> Finding {
    const WHAT: &str = "disk";
    let mib = free / (1024 * 1024);
    let percent = free.saturating_mul(100).checked_div(all).unwrap_or(0);
    if free < LEAST_ROOM || percent < 2 {
        let text = format!(
            "only {mib} MiB ({percent} %) are free at {}: when none is, nothing is written and nobody signs in. Make room.",
            folder.display()
        );
        return bad(WHAT, text);
    }
    good(WHAT, format!("{mib} MiB ({percent} %) are free at {}", folder.display()))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether anybody on this machine can read the file: it lets them, and so does each folder on the way.
fn is_open_to_all(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let others = |metadata: Metadata, bit: u32| metadata.permissions().mode() & bit != 0;
    let readable = fs::metadata(&path).is_ok_and(|metadata| metadata.nlink() > 0 && others(metadata, 0o004));
    let mut folders = path.ancestors().skip(1);
    let reachable = folders.all(|folder| fs::metadata(folder).is_ok_and(|metadata| others(metadata, 0o001)));
    readable && reachable && !path.starts_with(SECRETS_OF_CONTAINERS)
}

/// What only the system knows. Elsewhere than on Linux it is not asked.
#[cfg(target_os = "linux")]
mod space {
    use std::path::Path;

    use rustix::fs::{statfs, statvfs};
    use rustix::process::{Resource, getrlimit};

    /// Free bytes for who is not root, and all bytes.
    pub(super) fn room(folder: &Path) -> Option<(u64, u64)> {
        let found = statvfs(folder).ok()?;
        Some((found.f_bavail.saturating_mul(found.f_frsize), found.f_blocks.saturating_mul(found.f_frsize)))
    }

    /// The network file system that a folder is on, if it is on one.
    pub(super) fn network_of(folder: &Path) -> Option<&'static str> {
        statfs(folder).ok().and_then(|found| network(i128::from(found.f_type)))
    }

    /// *Source*: `linux/magic.h`.
    pub(super) const fn network(magic: i128) -> Option<&'static str> {
        match magic & 0xFFFF_FFFF {
            0x6969 => Some("NFS"),
            0x517B => Some("SMB"),
            0xFF53_4D42 => Some("CIFS"),
            0xFE53_4D42 => Some("SMB"),
            0x5346_414F => Some("AFS"),
            0x0102_1997 => Some("9P"),
            0x00C3_6400 => Some("Ceph"),
            _ => None,
        }
    }

    /// The hard limit.
    pub(super) fn most_files() -> u64 {
        getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
    }
}

#[cfg(not(target_os = "linux"))]
mod space {
    use std::path::Path;

    pub(super) fn room(_: &Path) -> Option<(u64, u64)> {
        None
    }

    pub(super) fn network_of(_: &Path) -> Option<&'static str> {
        None
    }

    pub(super) fn most_files() -> u64 {
        u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_to_mend_whether_by_size_or_by_share() {
        const GIB: u64 = 1024 * 1024 * 1024;
        let judged = |free, all| judge_room(Path::new("/data"), free, all).ok;
        assert!(judged(GIB, 10 * GIB) && judged(LEAST_ROOM, 2 * GIB));
        assert!(!judged(LEAST_ROOM - 1, 2 * GIB) && !judged(GIB, 100 * GIB) && !judged(0, 0));
    }

    #[test]
    fn few_files_are_to_mend() {
        assert!(judge_files(LEAST_FILES).ok && judge_files(u64::MAX).ok && !judge_files(1_024).ok);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_systems_of_the_network_are_told_from_disks() {
        assert_eq!(space::network(0x6969), Some("NFS"));
        // The field is signed, and this one's highest bit is set.
        assert_eq!(space::network(i128::from(0xFF53_4D42_u32.cast_signed())), Some("CIFS"));
        for disk in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630] {
            assert_eq!(space::network(disk), None, "{disk:x}");
        }
    }
}
