//! Owns the checker of histories: whether what readers saw fits what one writer did, in some order in which every call has
//! its effect at one moment between its begin and its end (linearizability of a register with one writer).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Debug;

/// A call that changed something, or one that saw it. *Units*: the nanoseconds of one clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<V> {
    pub began: u64,
    pub ended: u64,
    /// What was written, or seen.
    pub value: V,
}

/// What one register went through: its first value, which was there before anybody read, the writes of its one writer in
/// their order, and every read.
#[derive(Clone, Debug)]
pub struct History<V> {
    pub first: V,
    pub writes: Vec<Call<V>>,
    pub reads: Vec<Call<V>>,
}

/// A read that fits no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation<V> {
    pub read: Call<V>,
    /// The values that it could have seen, oldest first.
    pub possible: Vec<V>,
}

impl<V: Copy + Debug + PartialEq> History<V> {
    pub fn new(first: V) -> Self {
        Self { first, writes: Vec::new(), reads: Vec::new() }
    }

    /// Finds the first read that fits no order.
    ///
    /// Each read is given the oldest value that fits it: one that was not over before the read began, neither by a later
    /// write that had returned, nor by a later value that another read had returned. The oldest leaves every later read the
    /// most to choose from, so that no other choice would do better.
    pub fn check(&self) -> Result<(), Violation<V>> {
        let in_order = self.writes.windows(2).all(|pair| pair[0].ended <= pair[1].began);
        assert!(in_order, "one writer makes one call after the other: {:?}", self.writes);
        let mut reads = self.reads.clone();
        reads.sort_by_key(|read| read.began);
        // What was seen and has not returned yet when the next read begins, soonest first; and the newest that has.
        let (mut under_way, mut seen) = (BinaryHeap::new(), 0);
        for read in reads {
            while let Some(Reverse((ended, version))) = under_way.peek().copied()
                && ended < read.began
            {
                under_way.pop();
                seen = seen.max(version);
            }
            let written = self.writes.partition_point(|write| write.ended < read.began);
            let begun = self.writes.partition_point(|write| write.began <= read.ended);
            let oldest = written.max(seen);
            let fits = (oldest..=begun).find(|version| self.value(*version) == read.value);
            let Some(version) = fits else {
                let possible = (oldest..=begun).map(|version| self.value(version)).collect();
                return Err(Violation { read, possible });
            };
            under_way.push(Reverse((read.ended, version)));
        }
        Ok(())
    }

    /// The value after so many writes.
    fn value(&self, version: usize) -> V {
        version.checked_sub(1).map_or(self.first, |write| self.writes[write].value)
    }
}

/// Histories of several registers, by number.
pub struct Histories<V>(BTreeMap<u64, History<V>>);

impl<V: Copy + Debug + PartialEq> Histories<V> {
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub fn begin(&mut self, register: u64, first: V) {
        let before = self.0.insert(register, History::new(first));
        assert!(before.is_none(), "register {register} began twice");
    }

    pub fn write(&mut self, register: u64, call: Call<V>) {
        self.0.get_mut(&register).unwrap().writes.push(call);
    }

    pub fn read(&mut self, register: u64, call: Call<V>) {
        self.0.get_mut(&register).unwrap().reads.push(call);
    }

    /// Every register's history has to fit.
    #[track_caller]
    pub fn check(&self) {
        for (register, history) in &self.0 {
            if let Err(violation) = history.check() {
                let near = |call: &&Call<V>| {
                    call.ended + 1_000_000_000 > violation.read.began
                        && call.began < violation.read.ended + 1_000_000_000
                };
                let writes: Vec<_> = history.writes.iter().filter(near).collect();
                panic!("register {register}: {violation:?}; writes around it: {writes:?}");
            }
        }
    }

    /// How many reads saw what this holds for.
    pub fn count(&self, holds: impl Fn(&V) -> bool) -> usize {
        self.0.values().flat_map(|history| &history.reads).filter(|read| holds(&read.value)).count()
    }

    /// How many reads there are.
    pub fn reads(&self) -> usize {
        self.count(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(began: u64, ended: u64, value: char) -> Call<char> {
        Call { began, ended, value }
    }

    /// `o` is open and `s` is shut; it is open at first.
    fn verdict(writes: &[Call<char>], reads: &[Call<char>]) -> Result<(), Violation<char>> {
        History { first: 'o', writes: writes.to_vec(), reads: reads.to_vec() }.check()
    }

    #[test]
    fn while_a_call_is_under_way_both_values_fit() {
        let shutting = call(10, 20, 's');
        assert_eq!(
            verdict(&[shutting], &[call(1, 5, 'o'), call(12, 13, 'o'), call(14, 15, 's'), call(21, 22, 's')]),
            Ok(())
        );
        assert_eq!(verdict(&[shutting], &[call(5, 30, 'o')]), Ok(()), "it may have had its answer before");
        assert_eq!(verdict(&[shutting], &[call(19, 30, 'o')]), Ok(()), "it began before the call returned");
    }

    #[test]
    fn an_acceptance_that_began_after_the_call_returned_is_found() {
        let late = call(21, 30, 'o');
        assert_eq!(
            verdict(&[call(10, 20, 's')], &[call(1, 2, 'o'), late]),
            Err(Violation { read: late, possible: vec!['s'] })
        );
    }

    #[test]
    fn a_refusal_before_the_call_began_is_found() {
        let early = call(1, 9, 's');
        assert_eq!(verdict(&[call(10, 20, 's')], &[early]), Err(Violation { read: early, possible: vec!['o'] }));
    }

    #[test]
    fn an_acceptance_after_another_was_refused_is_found_while_the_call_is_still_under_way() {
        let stale = call(15, 16, 'o');
        let found = verdict(&[call(10, 20, 's')], &[call(12, 14, 's'), stale]);
        assert_eq!(found, Err(Violation { read: stale, possible: vec!['s'] }));
        let beside = call(13, 16, 'o');
        assert_eq!(verdict(&[call(10, 20, 's')], &[call(12, 14, 's'), beside]), Ok(()), "they overlap");
    }

    #[test]
    fn a_value_that_comes_again_is_told_from_the_one_before() {
        let writes = [call(10, 20, 's'), call(30, 40, 'o'), call(50, 60, 's')];
        assert_eq!(verdict(&writes, &[call(35, 36, 'o'), call(45, 46, 'o'), call(52, 53, 's')]), Ok(()));
        // Seen open again, so the shutting before that is over.
        let stale = call(37, 38, 's');
        assert_eq!(verdict(&writes, &[call(32, 33, 'o'), stale]), Err(Violation { read: stale, possible: vec!['o'] }));
        let missed = call(25, 28, 'o');
        assert_eq!(verdict(&writes, &[missed]), Err(Violation { read: missed, possible: vec!['s'] }));
        assert!(verdict(&writes, &[call(61, 62, 'o')]).is_err());
    }

    #[test]
    fn the_order_in_which_reads_were_noted_changes_nothing() {
        let reads = [call(21, 22, 's'), call(12, 14, 's'), call(1, 2, 'o')];
        assert_eq!(verdict(&[call(10, 20, 's')], &reads), Ok(()));
        let reads = [call(21, 22, 's'), call(23, 24, 'o'), call(1, 2, 'o')];
        assert!(verdict(&[call(10, 20, 's')], &reads).is_err());
    }

    /// Against trying every order, over small random histories.
    #[test]
    fn it_agrees_with_trying_every_order() {
        let mut random = crate::scale::Random::new(77);
        let mut fitting = 0;
        for _ in 0..3_000 {
            let (mut at, mut writes) = (0, Vec::new());
            for _ in 0..random.below(4) {
                let began = at + 1 + random.below(4);
                at = began + 1 + random.below(4);
                writes.push(call(began, at, *random.of(&['o', 's'])));
            }
            let reads: Vec<_> = (0..=random.below(4))
                .map(|_| {
                    let began = random.below(20);
                    call(began, began + 1 + random.below(6), *random.of(&['o', 's']))
                })
                .collect();
            let expected = some_order_fits('o', &writes, &reads);
            fitting += usize::from(expected);
            assert_eq!(verdict(&writes, &reads).is_ok(), expected, "{writes:?} {reads:?}");
        }
        assert!((500..2_500).contains(&fitting), "both happened: {fitting}");
    }

    /// Puts one call first that no other one has to come before, and goes on with the rest.
    fn some_order_fits(now: char, writes: &[Call<char>], reads: &[Call<char>]) -> bool {
        if reads.is_empty() {
            return true;
        }
        let soonest = writes.iter().chain(reads).map(|call| call.ended).min().unwrap();
        let by_read = (0..reads.len()).any(|number| {
            let read = reads[number];
            let mut rest = reads.to_vec();
            rest.remove(number);
            read.began <= soonest && read.value == now && some_order_fits(now, writes, &rest)
        });
        by_read
            || writes
                .split_first()
                .is_some_and(|(write, rest)| write.began <= soonest && some_order_fits(write.value, rest, reads))
    }
}
