//! Owns the power cut: from the notes of `power.c`, what no sync had made sure of is taken back, all of it or a part, the
//! last write perhaps torn.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::scale::Random;

/// A disk writes at least this much whole. *Units*: bytes.
const SECTOR: usize = 512;
const HEAD: usize = 34;

/// What a cut leaves of writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// Those before some moment, the last of them torn.
    Beginning,
    /// Any of them, in whatever order a disk chose, some torn.
    Some,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    kind: u8,
    log: bool,
    offset: u64,
    /// The file's size before.
    size: u64,
    before: Vec<u8>,
    after: Vec<u8>,
}

/// The notes of whole acts; one that was being noted when the program died was not done.
fn read(mut bytes: &[u8]) -> Vec<Note> {
    let mut notes = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(HEAD) {
        let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let (before, after) = (usize::try_from(number(18)).unwrap(), usize::try_from(number(26)).unwrap());
        let Some((data, rest)) = rest.split_at_checked(before + after) else { break };
        let (before, after) = data.split_at(before);
        assert!(b"WTS".contains(&head[0]) && head[1] < 2, "a note that nobody wrote");
        let (kind, log) = (head[0], head[1] == 1);
        notes.push(Note { kind, log, offset: number(2), size: number(10), before: before.into(), after: after.into() });
        bytes = rest;
    }
    notes
}

/// The writes and truncations of one file that no sync came after.
fn unsynced(notes: &[Note], log: bool) -> Vec<&Note> {
    let own: Vec<&Note> = notes.iter().filter(|note| note.log == log).collect();
    let synced = own.iter().rposition(|note| note.kind == b'S').map_or(0, |place| place + 1);
    own[synced..].to_vec()
}

fn undo(file: &File, note: &Note) {
    // A truncation gives back what it cut off, a write what it covered; either gives back the size.
    file.set_len(note.size).unwrap();
    file.write_all_at(&note.before, note.offset).unwrap();
}

fn redo(file: &File, note: &Note, sectors: Option<usize>) {
    if note.kind == b'T' {
        return file.set_len(note.offset).unwrap();
    }
    let length = sectors.map_or(note.after.len(), |sectors| note.after.len().min(sectors * SECTOR));
    file.write_all_at(&note.after[..length], note.offset).unwrap();
}

/// The files of one database, and the notes.
pub struct Disk {
    pub database: PathBuf,
    pub notes: PathBuf,
}

impl Disk {
    /// Cuts the power of a program that is dead already. How many writes were not synced.
    pub fn cut(&self, left: Left, random: &mut Random) -> usize {
        let notes = read(&fs::read(&self.notes).unwrap());
        let mut lost = 0;
        for log in [false, true] {
            let unsynced = unsynced(&notes, log);
            let Ok(file) = File::options().read(true).write(true).open(self.path(log)) else { continue };
            lost += unsynced.len();
            for note in unsynced.iter().rev() {
                undo(&file, note);
            }
            let ends = usize::try_from(random.below(unsynced.len() as u64 + 1)).unwrap();
            for (number, note) in unsynced.iter().enumerate() {
                let sectors = Some(usize::try_from(random.below(9)).unwrap());
                match left {
                    Left::Beginning if number < ends => redo(&file, note, None),
                    Left::Beginning if number == ends => redo(&file, note, sectors),
                    Left::Some if random.below(2) == 0 => redo(&file, note, sectors.filter(|_| random.below(4) == 0)),
                    Left::Nothing | Left::Beginning | Left::Some => {}
                }
            }
        }
        // Memory that processes share does not survive, and the disk as it is now is what there is.
        drop(fs::remove_file(format!("{}-shm", self.database.display())));
        fs::write(&self.notes, []).unwrap();
        lost
    }

    /// The database, or its log.
    pub fn path(&self, log: bool) -> PathBuf {
        let path = self.database.display();
        if log { format!("{path}-wal").into() } else { format!("{path}").into() }
    }

    /// The same files elsewhere, to be looked at without changing them.
    pub fn copy(&self, folder: &Path) {
        for log in [false, true] {
            let path = self.path(log);
            if path.exists() {
                fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: u8, offset: u64, size: u64, before: &[u8], after: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 0];
        for number in [offset, size, before.len() as u64, after.len() as u64] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        [bytes.as_slice(), before, after].concat()
    }

    fn disk(folder: &Path, content: &[u8], notes: &[Vec<u8>]) -> Disk {
        let disk = Disk { database: folder.join("a.db"), notes: folder.join("notes") };
        fs::write(&disk.database, content).unwrap();
        fs::write(&disk.notes, notes.concat()).unwrap();
        disk
    }

    #[test]
    fn what_no_sync_came_after_is_taken_back_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        // "abcd", then X over b, a sync, then Y over c, then "ef" behind it, then cut to three.
        let notes = [
            note(b'W', 1, 4, b"b", b"X"),
            note(b'S', 0, 4, b"", b""),
            note(b'W', 2, 4, b"c", b"Y"),
            note(b'W', 4, 4, b"", b"ef"),
            note(b'T', 3, 6, b"def", b""),
        ];
        let disk = disk(folder.path(), b"aXY", &notes);
        assert_eq!(disk.cut(Left::Nothing, &mut Random::new(1)), 3);
        assert_eq!(fs::read(&disk.database).unwrap(), b"aXcd");
        assert_eq!(disk.cut(Left::Nothing, &mut Random::new(1)), 0, "it was noted once");
    }

    #[test]
    fn an_act_that_was_being_noted_was_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let mut torn = note(b'W', 1, 4, b"b", b"X");
        torn.pop();
        let disk = disk(folder.path(), b"abcd", &[note(b'W', 0, 4, b"z", b"a"), torn]);
        assert_eq!(disk.cut(Left::Nothing, &mut Random::new(1)), 1);
        assert_eq!(fs::read(&disk.database).unwrap(), b"zbcd");
    }

    #[test]
    fn a_part_that_is_left_is_a_part_of_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let notes: Vec<_> = (0..4_u64).map(|number| note(b'W', number, 4, b".", b"#")).collect();
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..40 {
            let disk = disk(folder.path(), b"####", &notes);
            disk.cut(if round % 2 == 0 { Left::Beginning } else { Left::Some }, &mut Random::new(round));
            seen.insert(String::from_utf8(fs::read(&disk.database).unwrap()).unwrap());
        }
        assert!(seen.contains("##..") && seen.contains("####") && seen.contains("...."), "{seen:?}");
        assert!(seen.iter().any(|left| left.contains(".#")), "in an order of its own: {seen:?}");
    }
}
