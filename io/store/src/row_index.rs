//! Owns the index of remembered rows: where the row with a mark lies. One array, looked through from the mark's own slot on until
//! an empty one: a look-up goes to memory that no cache of the processor holds, and this goes there once, where a table that
//! keeps its control bytes apart goes twice.

/// The fewest slots that there are, if there are any.
const FEWEST: usize = 16;

/// Where rows lie by their marks, which are drawn evenly; several rows may have the same.
#[derive(Default)]
pub(crate) struct RowIndex {
    /// As many as a power of two, so a mark's own slot is its last bits; never full.
    slots: Vec<Slot>,
    taken: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Slot {
    mark: u32,
    at: u32,
}

/// No row lies there.
const EMPTY: Slot = Slot { mark: 0, at: u32::MAX };

impl RowIndex {
    /// Where the wanted one of the rows with this mark lies.
    pub(crate) fn find(&self, mark: u32, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        Some(self.slot(self.position(mark, is_wanted)?).at)
    }

    /// One more row. *Units* of `at`: less than the greatest number, which says that a slot is empty.
    pub(crate) fn insert(&mut self, mark: u32, at: u32) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            self.rebuild((self.slots.len() * 2).max(FEWEST), |_| true);
        }
        self.put(Slot { mark, at });
    }

    /// Takes out the wanted one of the rows with this mark, and says where it lies.
    pub(crate) fn remove(&mut self, mark: u32, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let mut hole = self.position(mark, is_wanted)?;
        let at = self.slot(hole).at;
        let mut position = hole;
        // Whoever is behind it and could not have its place before moves up, or would not be found any more.
        loop {
            position = self.behind(position);
            let slot = self.slot(position);
            if slot == EMPTY {
                break;
            }
            if self.distance(self.own_position(slot.mark), position) >= self.distance(hole, position) {
                self.set(hole, slot);
                hole = position;
            }
        }
        self.set(hole, EMPTY);
        self.taken -= 1;
        Some(at)
    }

    /// Leaves only the rows that lie where `keep` says so.
    pub(crate) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.rebuild(self.slots.len(), keep);
    }

    fn rebuild(&mut self, slots: usize, keep: impl Fn(u32) -> bool) {
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; slots]);
        self.taken = 0;
        for slot in old.into_iter().filter(|slot| *slot != EMPTY && keep(slot.at)) {
            self.put(slot);
        }
    }

    fn put(&mut self, slot: Slot) {
        let mut position = self.own_position(slot.mark);
        while self.slot(position) != EMPTY {
            position = self.behind(position);
        }
        self.set(position, slot);
        self.taken += 1;
    }

    fn position(&self, mark: u32, is_wanted: impl Fn(u32) -> bool) -> Option<usize> {
        let mut position = self.own_position(mark);
        loop {
            let slot = self.slot(position);
            if slot == EMPTY {
                return None;
            }
            if slot.mark == mark && is_wanted(slot.at) {
                return Some(position);
            }
            position = self.behind(position);
        }
    }

    fn own_position(&self, mark: u32) -> usize {
        usize::try_from(mark).unwrap_or_default() & self.slots.len().wrapping_sub(1)
    }

    fn behind(&self, position: usize) -> usize {
        (position + 1) & self.slots.len().wrapping_sub(1)
    }

    /// How many steps there are from one slot to a later one, with the first behind the last.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.slots.len().wrapping_sub(1)
    }

    fn slot(&self, position: usize) -> Slot {
        self.slots.get(position).copied().unwrap_or(EMPTY)
    }

    fn set(&mut self, position: usize, slot: Slot) {
        if let Some(place) = self.slots.get_mut(position) {
            *place = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl RowIndex {
        pub(crate) fn len(&self) -> usize {
            assert_eq!(self.slots.iter().filter(|slot| **slot != EMPTY).count(), self.taken);
            self.taken
        }
    }

    #[derive(Debug, Clone)]
    enum Act {
        Insert(u32),
        Remove(u32, u32),
        Retain(u32),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        // Few marks near both ends of the array, so that rows crowd and go around.
        let mark = || prop_oneof![0_u32..4, (u32::MAX - 3)..=u32::MAX, any::<u32>()];
        let act = prop_oneof![
            6 => mark().prop_map(Act::Insert),
            3 => (mark(), any::<u32>()).prop_map(|(mark, which)| Act::Remove(mark, which)),
            1 => (1_u32..5).prop_map(Act::Retain),
        ];
        prop::collection::vec(act, 0..200)
    }

    proptest! {
        #[test]
        fn rows_are_found_as_a_list_of_them_finds_them(acts in acts()) {
            let (mut index, mut model) = (RowIndex::default(), Vec::<(u32, u32)>::new());
            for (at, act) in (0_u32..).zip(acts) {
                match act {
                    Act::Insert(mark) => {
                        index.insert(mark, at);
                        model.push((mark, at));
                    }
                    Act::Remove(mark, which) => {
                        let same: Vec<u32> = model.iter().filter(|row| row.0 == mark).map(|row| row.1).collect();
                        let wanted = same.get(usize::try_from(which).unwrap() % same.len().max(1)).copied();
                        prop_assert_eq!(index.remove(mark, |at| Some(at) == wanted), wanted);
                        model.retain(|row| Some(row.1) != wanted);
                    }
                    Act::Retain(step) => {
                        index.retain(|at| at % step == 0);
                        model.retain(|row| row.1 % step == 0);
                    }
                }
                prop_assert_eq!(index.len(), model.len());
                for (mark, at) in &model {
                    prop_assert_eq!(index.find(*mark, |found| found == *at), Some(*at));
                    prop_assert_eq!(index.find(mark.wrapping_add(1), |found| found == *at), None);
                }
            }
        }
    }

    #[test]
    fn an_empty_index_has_nothing_and_nothing_is_taken_out_of_it() {
        let mut index = RowIndex::default();
        assert_eq!((index.find(7, |_| true), index.remove(7, |_| true)), (None, None));
        index.retain(|_| true);
        assert_eq!(index.len(), 0);
    }
}
