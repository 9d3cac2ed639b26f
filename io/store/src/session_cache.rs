//! Owns what a node remembers of sessions' rows, on the embedded database alone. It cannot be stale: triggers raise a number in
//! the transaction of every change of a session, whoever makes it; a check reads that number in its own snapshot and takes a
//! remembered row only under the same number (R-API-2). The one writer of this program names the rows that its commit changes
//! before anybody can see them changed, and those alone are forgotten; behind any other program's commit everything is. It does not
//! own the queries.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::packed_rows::{HASH, PIECE, PackedRows, token_key};

/// Into how many parts the rows are divided at most, each under a lock of its own: nobody waits while a large index grows.
const PARTS: usize = 64;
/// A row of somebody with three organizations takes no more. *Units*: bytes.
const USUAL_ROW: usize = 256;

/// What a node remembers.
pub(crate) struct SessionCache {
    holds: RwLock<Holds>,
    parts: Vec<Mutex<PackedRows>>,
    /// How much half of a part holds. *Units*: bytes.
    half: usize,
}

/// Up to where what is remembered holds.
#[derive(Debug, Default)]
struct Holds {
    changes: i64,
    /// What a commit that has begun and is not known to have ended changes.
    committing: Option<HashSet<i64>>,
}

impl SessionCache {
    /// Has room for so much; with none it remembers nothing. *Units*: bytes.
    pub(crate) fn with_room(room: usize) -> Self {
        let parts = (room / PIECE / 2).clamp(1, PARTS);
        let half = room / parts / 2;
        Self { holds: RwLock::default(), parts: (0..parts).map(|_| Mutex::default()).collect(), half }
    }

    /// Up to which number of changes everything holds just now; `None` when nothing is ever remembered.
    pub(crate) fn holding(&self) -> Option<i64> {
        (self.half > 0).then(|| self.holds().changes)
    }

    /// A snapshot that began after everything held up to `before` has this number of changes. No commit lowers it, so somebody
    /// has put another database in this one's place, where the numbers of before come again and mean something else.
    pub(crate) fn notice_return(&self, before: i64, changes: i64) {
        if changes < before {
            self.forget(changes, |holds| holds.changes >= before);
        }
    }

    /// Has the remembered row of this token come from memory while the number of changes is read. It is a hint, so nobody who has
    /// the row's part just now is waited for.
    pub(crate) fn fetch(&self, token_hash: &[u8; HASH]) {
        if let Ok(part) = self.lock_of(token_key(token_hash)).try_lock() {
            part.fetch(token_hash);
        }
    }

    /// What `read` makes of the remembered row of this token, if it holds at this number of changes.
    pub(crate) fn read<T>(
        &self,
        changes: i64,
        token_hash: &[u8; HASH],
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let holds = self.holds();
        if holds.changes != changes {
            return None;
        }
        read(self.part(token_key(token_hash)).get(token_hash)?)
    }

    /// Remembers the row of a token that was read together with this number of changes, from committed data alone, if `pack` can
    /// pack it.
    pub(crate) fn keep(&self, changes: i64, token_hash: &[u8; HASH], pack: impl FnOnce(&mut Vec<u8>) -> Option<()>) {
        if self.half == 0 {
            return;
        }
        // A number that is ahead of everything, while this program commits nothing, says that another program has.
        if self.holds().is_behind(changes) {
            self.forget(changes, |holds| holds.is_behind(changes));
        }
        let mut row = Vec::with_capacity(USUAL_ROW);
        if pack(&mut row).is_none() {
            return;
        }
        let (holds, key) = (self.holds(), token_key(token_hash));
        // Held until the row is there: the writer comes before, and it is not taken, or after, and forgets it.
        if holds.takes(changes, key) {
            self.part(key).insert(token_hash, &row, self.half);
        }
    }

    /// The writer has the database for itself and finds this number of changes.
    pub(crate) fn stand_at(&self, changes: i64) {
        if self.holds().changes != changes {
            self.forget(changes, |holds| holds.changes != changes);
        }
    }

    /// The writer is about to commit a change of these rows: they are forgotten, and until it has committed what is read of them
    /// is not remembered, for nobody can tell on which side of the commit it was read.
    pub(crate) fn begin_commit(&self, keys: HashSet<i64>) {
        self.holds_mut().committing = Some(keys);
        let holds = self.holds();
        for key in holds.committing.iter().flatten() {
            self.part(*key).remove(*key);
        }
    }

    /// It is over. With a number of changes it is there for everybody to see; without one it did not come to be, or what it changed is
    /// not known: then whoever meets the higher number forgets everything.
    pub(crate) fn end_commit(&self, changes: Option<i64>) {
        let mut holds = self.holds_mut();
        holds.committing = None;
        holds.changes = changes.unwrap_or(holds.changes);
    }

    /// Forgets everything and goes on from this number, unless somebody else was first.
    fn forget(&self, changes: i64, is_called_for: impl FnOnce(&Holds) -> bool) {
        let mut holds = self.holds_mut();
        if !is_called_for(&holds) {
            return;
        }
        let take = |part: &Mutex<PackedRows>| std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
        let forgotten: Vec<PackedRows> = self.parts.iter().map(take).collect();
        holds.changes = changes;
        // Nobody has to wait until it is freed.
        drop(holds);
        drop(forgotten);
    }

    fn part(&self, key: i64) -> MutexGuard<'_, PackedRows> {
        self.lock_of(key).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_of(&self, key: i64) -> &Mutex<PackedRows> {
        let place = usize::try_from(key & 0x7fff_ffff).unwrap_or_default() % self.parts.len();
        #[expect(clippy::indexing_slicing, reason = "the remainder of a division by the length")]
        &self.parts[place]
    }

    fn holds(&self) -> RwLockReadGuard<'_, Holds> {
        self.holds.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds_mut(&self) -> RwLockWriteGuard<'_, Holds> {
        self.holds.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holds {
    fn takes(&self, changes: i64, key: i64) -> bool {
        self.changes == changes && self.committing.as_ref().is_none_or(|keys| !keys.contains(&key))
    }

    fn is_behind(&self, changes: i64) -> bool {
        self.changes < changes && self.committing.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 1 << 20;

    /// Of one part, so that they are forgotten together.
    fn hash(number: u8) -> [u8; HASH] {
        let mut hash = [number; HASH];
        hash[..8].copy_from_slice(&(i64::from(number) * 64).to_be_bytes());
        hash
    }

    fn key(number: u8) -> i64 {
        token_key(&hash(number))
    }

    fn keep(cache: &SessionCache, changes: i64, number: u8, word: &str) {
        cache.keep(changes, &hash(number), |row| {
            row.extend_from_slice(word.as_bytes());
            Some(())
        });
    }

    fn word(cache: &SessionCache, changes: i64, number: u8) -> Option<String> {
        cache.read(changes, &hash(number), |row| String::from_utf8(row.to_vec()).ok())
    }

    fn has(cache: &SessionCache, token_hash: &[u8; HASH]) -> bool {
        cache.part(token_key(token_hash)).get(token_hash).is_some()
    }

    #[test]
    fn r_api_2_a_row_serves_under_its_own_number_of_changes_and_its_own_token_alone() {
        let cache = SessionCache::with_room(ROOM);
        keep(&cache, 7, 1, "one");
        assert_eq!(word(&cache, 7, 1).as_deref(), Some("one"));
        assert_eq!((word(&cache, 6, 1), word(&cache, 8, 1), word(&cache, 7, 2)), (None, None, None));
        let mut other = hash(1);
        other[31] ^= 1;
        assert!(!has(&cache, &other), "only the key is the same");
        assert_eq!(cache.read(7, &other, |_| Some(())), None);
    }

    #[test]
    fn r_api_2_a_commit_forgets_what_it_changes_and_the_rest_holds_before_and_after() {
        let cache = SessionCache::with_room(ROOM);
        keep(&cache, 7, 1, "one");
        keep(&cache, 7, 2, "two");
        cache.stand_at(7);
        cache.begin_commit(HashSet::from([key(1)]));
        assert_eq!((word(&cache, 7, 1), word(&cache, 7, 2).as_deref()), (None, Some("two")));
        // Read before the commit by somebody slow.
        keep(&cache, 7, 1, "old");
        keep(&cache, 7, 3, "three");
        assert_eq!((word(&cache, 7, 1), word(&cache, 7, 3).as_deref()), (None, Some("three")));
        // Read behind the commit before the writer could say so.
        keep(&cache, 9, 1, "new");
        assert_eq!((word(&cache, 9, 1), word(&cache, 9, 2)), (None, None));
        cache.end_commit(Some(9));
        keep(&cache, 7, 1, "old");
        assert_eq!((word(&cache, 9, 1), word(&cache, 7, 1)), (None, None));
        assert_eq!((word(&cache, 9, 2).as_deref(), word(&cache, 9, 3).as_deref()), (Some("two"), Some("three")));
        keep(&cache, 9, 1, "new");
        assert_eq!(word(&cache, 9, 1).as_deref(), Some("new"));
    }

    #[test]
    fn r_api_2_a_commit_that_failed_leaves_the_number_as_it_was() {
        let cache = SessionCache::with_room(ROOM);
        keep(&cache, 7, 1, "one");
        keep(&cache, 7, 2, "two");
        cache.begin_commit(HashSet::from([key(1)]));
        // Another program takes the number that the failed commit would have had.
        assert_eq!(word(&cache, 8, 2), None);
        cache.end_commit(None);
        assert_eq!(word(&cache, 7, 2).as_deref(), Some("two"));
        keep(&cache, 8, 1, "of the other program");
        assert_eq!((word(&cache, 8, 1).as_deref(), word(&cache, 8, 2)), (Some("of the other program"), None));
    }

    #[test]
    fn r_api_2_behind_another_programs_commit_nothing_is_remembered() {
        let by_a_reader = SessionCache::with_room(ROOM);
        keep(&by_a_reader, 7, 1, "one");
        keep(&by_a_reader, 8, 2, "two");
        let by_the_writer = SessionCache::with_room(ROOM);
        keep(&by_the_writer, 7, 1, "one");
        by_the_writer.stand_at(8);
        keep(&by_the_writer, 8, 2, "two");
        for cache in [by_a_reader, by_the_writer] {
            assert_eq!((word(&cache, 8, 1), word(&cache, 8, 2).as_deref()), (None, Some("two")));
            assert!(!has(&cache, &hash(1)));
            // Who read before it comes too late.
            keep(&cache, 7, 1, "one");
            assert!(!has(&cache, &hash(1)));
        }
    }

    #[test]
    fn r_api_2_when_the_number_goes_back_nothing_is_remembered() {
        let cache = SessionCache::with_room(ROOM);
        keep(&cache, 7, 1, "one");
        // Who is slow read less than what holds now, but not less than what held when they began.
        assert_eq!(cache.holding(), Some(7));
        cache.notice_return(6, 6);
        assert_eq!(word(&cache, 7, 1).as_deref(), Some("one"));
        cache.notice_return(7, 6);
        keep(&cache, 6, 2, "two");
        assert_eq!((word(&cache, 7, 1), word(&cache, 6, 2).as_deref()), (None, Some("two")));
        // Somebody else has noticed.
        cache.notice_return(7, 6);
        assert_eq!(word(&cache, 6, 2).as_deref(), Some("two"));
    }

    #[test]
    fn a_row_that_cannot_be_packed_is_not_remembered() {
        let cache = SessionCache::with_room(ROOM);
        cache.keep(7, &hash(1), |_| None);
        assert!(!has(&cache, &hash(1)));
    }

    #[test]
    fn what_was_read_last_is_remembered_when_there_is_no_more_room() {
        // Room for one piece of rows in each half of a part; three of these fill it.
        let (cache, word) = (SessionCache::with_room(2 * PARTS * (PIECE + 1_000)), "x".repeat(10_000));
        let kept = |last: u8| (1..=last).filter(|number| has(&cache, &hash(*number))).collect::<Vec<u8>>();
        for number in 1..=9 {
            keep(&cache, 7, number, &word);
        }
        assert_eq!(kept(9), [4, 5, 6, 7, 8, 9]);
        keep(&cache, 7, 10, &word);
        assert_eq!(kept(10), [7, 8, 9, 10]);
        // One that is read again.
        keep(&cache, 7, 8, "again");
        assert_eq!(super::tests::word(&cache, 7, 8).as_deref(), Some("again"));
        keep(&cache, 7, 11, &"x".repeat(PIECE));
        assert_eq!(kept(11), [7, 8, 9, 10], "one that is too long is not remembered");
    }

    #[test]
    fn without_room_nothing_is_remembered() {
        let cache = SessionCache::with_room(0);
        keep(&cache, 7, 1, "one");
        assert!(!has(&cache, &hash(1)));
        assert_eq!(word(&cache, 7, 1), None);
    }
}
