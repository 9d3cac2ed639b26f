//! Owns many packed rows by the hashes of their tokens, one behind the other in pieces of memory: a million small ones would scatter
//! over the allocator's heap and slow down everything else that is allocated, and freeing them would take a while. The row itself
//! says whose it is, and the index little more than where it lies: whoever looks one up goes to memory that no cache of the
//! processor holds.

use prefetch_index::prefetch_index;
use subtle::ConstantTimeEq as _;

use crate::row_index::RowIndex;

/// How many bytes of a token's hash stand before a row.
pub(crate) const HASH: usize = 32;
/// What a piece of memory holds. *Units*: bytes.
pub(crate) const PIECE: usize = 32 * 1024;
/// What a row begins with: its token's hash, how much room is behind all of this, and how much of that is taken.
const HEAD: usize = HASH + 2 + 2;
/// The longest row is as long. *Units*: bytes.
const LONGEST: usize = PIECE - HEAD;
/// The length of a row that was taken out: no piece has so much behind it, so nothing is read of it.
const GONE: u16 = u16::MAX;
/// Rows begin at multiples of this, so that a number of 31 bits says where. *Units*: bytes.
const STEP: usize = 8;
const STEPS: usize = PIECE / STEP;
/// What a row takes beside its own bytes: eight in the index, which is more than half empty now and then. *Units*: bytes.
const BESIDE: usize = 22;
/// How much of a row is fetched: all of one of somebody in one organization. *Units*: bytes.
const FETCHED: usize = HEAD + 160;
/// How much of the memory comes at once. *Units*: bytes.
const LINE: usize = 64;
/// Where a row lies is said in steps into the pieces of its half, and by this bit, which half that is.
const HALF: u32 = 1 << 31;

/// Rows by the hashes of their tokens, in two halves: when one is full the other is forgotten, so what is asked about all the time is
/// never forgotten all at once. A row that is taken out leaves its room to the next of the same token, for a session's changes now and
/// then and its length hardly ever.
#[derive(Default)]
pub(crate) struct PackedRows {
    index: RowIndex,
    newer: Half,
    older: Half,
    /// [`HALF`] or nothing.
    newer_is: u32,
}

#[derive(Default)]
struct Half {
    pieces: Vec<Box<[u8; PIECE]>>,
    /// How much of the last piece is taken. *Units*: bytes.
    taken: usize,
    /// Those that were taken out, too.
    rows: usize,
}

/// A row as it lies there, with all that is behind it.
struct PackedRow<'r> {
    hash: &'r [u8; HASH],
    length: u16,
    bytes: &'r [u8],
}

/// What the table of sessions is kept in the order of; the whole hash is compared beside it.
pub(crate) fn token_key(token_hash: &[u8; HASH]) -> i64 {
    token_hash.first_chunk().map_or(0, |head| i64::from_be_bytes(*head))
}

impl PackedRows {
    /// The row of a token.
    pub(crate) fn get(&self, token_hash: &[u8; HASH]) -> Option<&[u8]> {
        let is_wanted = |at| self.row(at).is_some_and(|row| bool::from(row.hash.ct_eq(token_hash)));
        let row = self.row(self.index.find(mark(token_key(token_hash)), is_wanted)?)?;
        row.bytes.get(..usize::from(row.length))
    }

    /// Asks the processor for the row of a token, if there is one, for whoever reads it a moment later. The index is waited for, the
    /// row is not. It is a hint: it changes nothing but the time that [`PackedRows::get`] takes.
    pub(crate) fn fetch(&self, token_hash: &[u8; HASH]) {
        // Which of several with the same mark it is only the rows themselves could say.
        let Some(at) = self.index.find(mark(token_key(token_hash)), |_| true) else { return };
        self.half(at).fetch(at);
    }

    /// Takes out the row with this key, if there is one.
    pub(crate) fn remove(&mut self, key: i64) {
        let Some(at) = self.index.find(mark(key), |at| self.has_key(at, key)) else { return };
        if let Some(length) = self.half_mut(at).bytes_mut(at).and_then(|bytes| bytes.get_mut(HEAD - 2..HEAD)) {
            length.copy_from_slice(&GONE.to_le_bytes());
        }
    }

    /// In the place of one with the same key. One that is too long is left out. *Units* of `most`: bytes of a half.
    pub(crate) fn insert(&mut self, token_hash: &[u8; HASH], row: &[u8], most: usize) {
        let key = token_key(token_hash);
        self.remove(key);
        if row.len() > LONGEST {
            return;
        }
        if let Some(at) = self.index.find(mark(key), |at| self.has_key(at, key)) {
            if self.half_mut(at).place_again(at, token_hash, row).is_some() {
                return;
            }
            self.forget(key);
        }
        if !self.newer.has_room_for(row, most) {
            self.forget_older();
        }
        if let Some(at) = self.newer.place(token_hash, row) {
            self.index.insert(mark(key), at | self.newer_is);
        }
    }

    /// Its room is lost until its half is forgotten.
    fn forget(&mut self, key: i64) {
        let Self { index, newer, older, newer_is } = self;
        let half = |at| if at & HALF == *newer_is { &*newer } else { &*older };
        let has_key = |at| half(at).row(at).is_some_and(|row| token_key(row.hash) == key);
        if let Some(at) = index.remove(mark(key), has_key) {
            let half = if at & HALF == *newer_is { newer } else { older };
            half.rows -= 1;
        }
    }

    fn forget_older(&mut self) {
        let kept = self.newer_is;
        self.index.retain(|at| at & HALF == kept);
        self.older = std::mem::take(&mut self.newer);
        self.newer_is ^= HALF;
    }

    fn has_key(&self, at: u32, key: i64) -> bool {
        self.row(at).is_some_and(|row| token_key(row.hash) == key)
    }

    fn row(&self, at: u32) -> Option<PackedRow<'_>> {
        self.half(at).row(at)
    }

    fn half(&self, at: u32) -> &Half {
        if at & HALF == self.newer_is { &self.newer } else { &self.older }
    }

    fn half_mut(&mut self, at: u32) -> &mut Half {
        if at & HALF == self.newer_is { &mut self.newer } else { &mut self.older }
    }
}

impl Half {
    fn row(&self, at: u32) -> Option<PackedRow<'_>> {
        let (piece, from) = split(at)?;
        let (hash, rest) = self.pieces.get(piece)?.get(from..)?.split_first_chunk()?;
        let (length, bytes) = rest.get(HEAD - 2 - HASH..)?.split_first_chunk()?;
        Some(PackedRow { hash, length: u16::from_le_bytes(*length), bytes })
    }

    fn fetch(&self, at: u32) {
        let Some((piece, from)) = split(at) else { return };
        let Some(piece) = self.pieces.get(piece) else { return };
        for line in (from..PIECE.min(from + FETCHED)).step_by(LINE) {
            prefetch_index(piece.as_slice(), line);
        }
    }

    fn bytes_mut(&mut self, at: u32) -> Option<&mut [u8]> {
        let (piece, from) = split(at)?;
        self.pieces.get_mut(piece)?.get_mut(from..)
    }

    /// Whether a row goes in without one more piece, or with one without this half taking more than so much. *Units*: bytes.
    fn has_room_for(&self, row: &[u8], most: usize) -> bool {
        self.has_room_in_its_last(row) || (self.pieces.len() + 1) * PIECE + (self.rows + 1) * BESIDE <= most
    }

    fn has_room_in_its_last(&self, row: &[u8]) -> bool {
        !self.pieces.is_empty() && self.taken + HEAD + row.len() <= PIECE
    }

    /// Puts a row behind the others and says where.
    fn place(&mut self, token_hash: &[u8; HASH], row: &[u8]) -> Option<u32> {
        let is_new = !self.has_room_in_its_last(row);
        let (piece, from) =
            if is_new { (self.pieces.len(), 0) } else { (self.pieces.len().checked_sub(1)?, self.taken) };
        let at = u32::try_from(piece * STEPS + from / STEP).ok().filter(|at| *at < HALF - 1)?;
        let taken = (from + HEAD + row.len()).next_multiple_of(STEP);
        let room = u16::try_from(taken - from - HEAD).ok()?;
        if is_new {
            self.pieces.push(vec![0; PIECE].into_boxed_slice().try_into().ok()?);
        }
        write(self.bytes_mut(at)?, token_hash, room, row)?;
        self.taken = taken;
        self.rows += 1;
        Some(at)
    }

    /// Puts a row where one with the same key lies; `None` when it is too long for that.
    fn place_again(&mut self, at: u32, token_hash: &[u8; HASH], row: &[u8]) -> Option<()> {
        let bytes = self.bytes_mut(at)?;
        let (_, rest) = bytes.split_first_chunk::<HASH>()?;
        let room = rest.first_chunk().map(|room| u16::from_le_bytes(*room))?;
        if row.len() > usize::from(room) {
            return None;
        }
        write(bytes, token_hash, room, row)
    }
}

/// The piece, and how far into it.
fn split(at: u32) -> Option<(usize, usize)> {
    let steps = usize::try_from(at & !HALF).ok()?;
    Some((steps / STEPS, steps % STEPS * STEP))
}

fn write(mut bytes: &mut [u8], token_hash: &[u8; HASH], room: u16, row: &[u8]) -> Option<()> {
    let length = u16::try_from(row.len()).ok()?;
    for part in [token_hash.as_slice(), &room.to_le_bytes(), &length.to_le_bytes(), row] {
        bytes.split_off_mut(..part.len())?.copy_from_slice(part);
    }
    Some(())
}

/// What the index knows of a key: its upper half, for the lower one says which part of the memory a row is in.
fn mark(key: i64) -> u32 {
    u32::try_from(key.cast_unsigned() >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Room for two pieces of rows.
    const MOST: usize = 2 * PIECE + 100 * BESIDE;

    /// Three of them share their marks.
    fn hash(number: u8) -> [u8; HASH] {
        let mut hash = [number; HASH];
        hash[..4].fill(number / 3);
        hash
    }

    fn kept(rows: &PackedRows, last: u8) -> Vec<u8> {
        (0..=last).filter(|number| rows.get(&hash(*number)).is_some()).collect()
    }

    #[test]
    fn a_row_that_is_too_long_is_left_out_and_keeps_no_other() {
        let mut rows = PackedRows::default();
        rows.insert(&hash(1), &vec![1; LONGEST], MOST);
        rows.insert(&hash(2), &[2], MOST);
        rows.insert(&hash(2), &vec![2; LONGEST + 1], MOST);
        assert_eq!((rows.get(&hash(1)).map(<[u8]>::len), rows.get(&hash(2))), (Some(LONGEST), None));
    }

    #[test]
    fn a_row_answers_to_its_whole_hash_and_goes_by_its_key() {
        let mut rows = PackedRows::default();
        rows.insert(&hash(1), &[1], MOST);
        let mut other = hash(1);
        other[31] ^= 1;
        assert_eq!((rows.get(&other), rows.get(&hash(1))), (None, Some(&[1][..])));
        rows.insert(&other, &[2], MOST);
        assert_eq!((rows.get(&other), rows.get(&hash(1))), (Some(&[2][..]), None));
        rows.remove(token_key(&hash(1)));
        assert_eq!(rows.get(&other), None);
    }

    #[test]
    fn when_a_half_is_full_the_older_one_is_forgotten() {
        let mut rows = PackedRows::default();
        let row = [7; PIECE / 2 - HEAD];
        for number in 0..8 {
            rows.insert(&hash(number), &row, MOST);
        }
        assert_eq!(kept(&rows, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
        rows.insert(&hash(8), &row, MOST);
        assert_eq!(kept(&rows, 8), [4, 5, 6, 7, 8]);
        rows.remove(token_key(&hash(5)));
        for number in 9..13 {
            rows.insert(&hash(number), &row, MOST);
        }
        assert_eq!(kept(&rows, 12), [8, 9, 10, 11, 12]);
    }

    #[test]
    fn a_row_that_changes_takes_no_more_room_unless_it_grows() {
        let mut rows = PackedRows::default();
        rows.insert(&hash(0), &[0; 21], MOST);
        rows.insert(&hash(1), &[1; 100], MOST);
        let taken = rows.newer.taken;
        for length in [21, 3, 20, 24] {
            rows.remove(token_key(&hash(0)));
            assert_eq!(rows.get(&hash(0)), None);
            rows.insert(&hash(0), &vec![7; length], MOST);
            assert_eq!(rows.get(&hash(0)), Some(vec![7; length].as_slice()));
        }
        assert_eq!((rows.newer.taken, rows.newer.rows), (taken, 2));
        rows.insert(&hash(0), &[8; 33], MOST);
        assert_eq!((rows.get(&hash(0)), rows.get(&hash(1))), (Some(&[8; 33][..]), Some(&[1; 100][..])));
        assert!(rows.newer.taken > taken && rows.newer.rows == 2);
    }

    #[test]
    fn a_half_takes_whole_pieces_and_the_table_counts() {
        let row = [7; PIECE / 2 - HEAD];
        for (most, fit) in [(PIECE, 0), (PIECE + BESIDE, 2), (2 * PIECE + BESIDE, 2), (2 * PIECE + 3 * BESIDE, 4)] {
            let mut half = Half::default();
            while half.rows < 9 && half.has_room_for(&row, most) {
                half.place(&hash(0), &row).unwrap();
            }
            assert_eq!(half.rows, fit, "{most}");
        }
    }

    proptest! {
        #[test]
        fn rows_are_found_as_a_map_finds_them(acts in prop::collection::vec((0_u8..8, prop::option::of((any::<u8>(), 0_usize..20_000))), 0..60)) {
            let (mut rows, mut model) = (PackedRows::default(), BTreeMap::new());
            for (number, act) in acts {
                if let Some((byte, length)) = act {
                    rows.insert(&hash(number), &vec![byte; length], usize::MAX);
                    model.insert(number, vec![byte; length]);
                } else {
                    rows.remove(token_key(&hash(number)));
                    model.remove(&number);
                }
                for number in 0..8 {
                    rows.fetch(&hash(number));
                    prop_assert_eq!(rows.get(&hash(number)), model.get(&number).map(Vec::as_slice));
                }
            }
        }

        #[test]
        fn what_is_found_in_little_room_is_what_was_put_there_last(acts in prop::collection::vec((0_u8..30, any::<u8>(), 0_usize..12_000), 0..120)) {
            let (mut rows, mut model) = (PackedRows::default(), BTreeMap::new());
            for (number, byte, length) in acts {
                rows.insert(&hash(number), &vec![byte; length], MOST);
                model.insert(number, vec![byte; length]);
                prop_assert_eq!(rows.get(&hash(number)), model.get(&number).map(Vec::as_slice));
                for other in 0..30 {
                    rows.fetch(&hash(other));
                    if let Some(row) = rows.get(&hash(other)) {
                        prop_assert_eq!(Some(row), model.get(&other).map(Vec::as_slice));
                    }
                }
                prop_assert_eq!(rows.index.len(), rows.newer.rows + rows.older.rows);
            }
        }
    }
}
