//! Owns many packed rows by their keys, one behind the other in a few large pieces of memory: a million small ones would scatter
//! over the allocator's heap and slow down everything else that is allocated, and freeing them would take a while.

use std::collections::HashMap;

/// The longest row is as long. *Units*: bytes.
pub(crate) const PIECE: usize = 8 * 1024;
/// What a row takes beside its own bytes: its place in the table, which is half empty now and then. *Units*: bytes.
const BESIDE: usize = 28;

/// Rows by their keys. What is taken out or replaced leaves its room behind, until all of them are dropped.
#[derive(Default)]
pub(crate) struct PackedRows {
    places: HashMap<i64, Place>,
    pieces: Vec<Vec<u8>>,
}

#[derive(Clone, Copy)]
struct Place {
    piece: u32,
    from: u16,
    length: u16,
}

impl PackedRows {
    pub(crate) fn get(&self, key: i64) -> Option<&[u8]> {
        let Place { piece, from, length } = *self.places.get(&key)?;
        let piece = self.pieces.get(usize::try_from(piece).ok()?)?;
        piece.get(usize::from(from)..)?.get(..usize::from(length))
    }

    pub(crate) fn remove(&mut self, key: i64) {
        self.places.remove(&key);
    }

    /// In the place of one with the same key. One that no piece holds is left out.
    pub(crate) fn insert(&mut self, key: i64, row: &[u8]) {
        self.places.remove(&key);
        if row.len() > PIECE {
            return;
        }
        if self.is_last_piece_too_full_for(row) {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        if let Some(place) = self.place(row) {
            self.places.insert(key, place);
        }
    }

    /// Whether a row goes in without taking more than so much. *Units*: bytes.
    pub(crate) fn has_room_for(&self, row: &[u8], most: usize) -> bool {
        let taken = self.pieces.len() * PIECE + self.places.len() * BESIDE;
        !self.is_last_piece_too_full_for(row) || taken + PIECE <= most
    }

    fn is_last_piece_too_full_for(&self, row: &[u8]) -> bool {
        self.pieces.last().is_none_or(|piece| piece.len() + row.len() > PIECE)
    }

    fn place(&mut self, row: &[u8]) -> Option<Place> {
        let piece = u32::try_from(self.pieces.len().checked_sub(1)?).ok()?;
        let last = self.pieces.last_mut()?;
        let (from, length) = (u16::try_from(last.len()).ok()?, u16::try_from(row.len()).ok()?);
        last.extend_from_slice(row);
        Some(Place { piece, from, length })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_that_no_piece_holds_is_left_out_and_keeps_no_other() {
        let mut rows = PackedRows::default();
        rows.insert(1, &vec![1; PIECE]);
        rows.insert(2, &[2]);
        rows.insert(2, &vec![2; PIECE + 1]);
        assert_eq!((rows.get(1).map(<[u8]>::len), rows.get(2)), (Some(PIECE), None));
    }

    #[test]
    fn there_is_room_in_whole_pieces() {
        let mut rows = PackedRows::default();
        let row = [7; PIECE / 3];
        assert!(rows.has_room_for(&row, PIECE) && !rows.has_room_for(&row, PIECE - 1));
        for key in 0..3 {
            assert!(rows.has_room_for(&row, 0) || key == 0);
            rows.insert(key, &row);
        }
        assert!(!rows.has_room_for(&row, 2 * PIECE), "the table counts, too");
        assert!(rows.has_room_for(&row, 2 * PIECE + 3 * BESIDE));
    }

    proptest! {
        #[test]
        fn rows_are_found_as_a_map_finds_them(acts in prop::collection::vec((0_i64..8, prop::option::of((any::<u8>(), 0_usize..5_000))), 0..60)) {
            let (mut rows, mut model) = (PackedRows::default(), BTreeMap::new());
            for (key, act) in acts {
                if let Some((byte, length)) = act {
                    rows.insert(key, &vec![byte; length]);
                    model.insert(key, vec![byte; length]);
                } else {
                    rows.remove(key);
                    model.remove(&key);
                }
                for key in 0..8 {
                    prop_assert_eq!(rows.get(key), model.get(&key).map(Vec::as_slice));
                }
            }
        }
    }
}
