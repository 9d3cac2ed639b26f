//! Owns one writer among readers: what it changes through one node, many clients watch through the others, and all of it
//! becomes a history.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread::sleep;
use std::time::Duration;

use crate::api::check;
use crate::client::Answer;
use crate::cluster::Cluster;
use crate::history::{Call, Histories};
use crate::load::Ends;
use crate::scale::{Random, now};

/// What `/check` says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Refused,
    Member,
    Owner,
}

impl Seen {
    fn of(answer: &Answer) -> Self {
        match (answer.status(), answer.0.header("x-orgate-role")) {
            (200, Some("member")) => Self::Member,
            (200, Some("owner")) => Self::Owner,
            (401 | 403, None) => Self::Refused,
            other => panic!("{other:?}: {}{}", answer.0.head, answer.text()),
        }
    }
}

/// The writer's side: it hands sessions to the readers and says what it does to them.
pub struct Writer<'w> {
    histories: &'w Mutex<Histories<Seen>>,
    watched: &'w RwLock<Vec<(u64, String)>>,
    done: &'w AtomicU64,
    next: u64,
}

/// How many sessions are watched at once: the newest, and those before it that must not come back to life.
const WATCHED: usize = 3;
/// How many answers readers get at least between two changes.
const SEEN: u64 = 12;
/// *Units*: nanoseconds. Readers that failed say so themselves, once they are waited for.
const PATIENCE: u64 = 10_000_000_000;

impl Writer<'_> {
    /// Has a session watched from now on, as a register of its own that is this at first.
    pub fn publish(&mut self, token: &str, first: Seen) -> u64 {
        let register = self.next;
        self.next += 1;
        self.histories.lock().unwrap().begin(register, first);
        let mut watched = self.watched.write().unwrap();
        watched.push((register, token.to_owned()));
        if watched.len() > WATCHED {
            watched.remove(0);
        }
        register
    }

    /// A moment in which readers see what is there: random, and so many answers at least.
    pub fn pause(&self, random: &mut Random) {
        let enough = self.done.load(Ordering::SeqCst) + SEEN;
        let limit = now() + PATIENCE;
        sleep(Duration::from_millis(random.below(12)));
        while self.done.load(Ordering::SeqCst) < enough && now() < limit {
            sleep(Duration::from_micros(500));
        }
    }

    /// Makes a call that gives the register another value.
    pub fn write(&self, register: u64, value: Seen, call: impl FnOnce()) {
        let began = now();
        call();
        let ended = now();
        self.histories.lock().unwrap().write(register, Call { began, ended, value });
    }
}

/// Lets `write` do its changes while so many readers ask `/check` without pause, at every node but the first.
pub fn watched(cluster: &Cluster, slug: &str, readers: usize, write: impl FnOnce(&mut Writer<'_>)) -> Histories<Seen> {
    let (histories, watched) = (Mutex::new(Histories::new()), RwLock::new(Vec::new()));
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let reads: Vec<(u64, Call<Seen>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..readers)
            .map(|number| {
                let (watched, done, over) = (&watched, &done, &over);
                scope.spawn(move || read(cluster, slug, number, watched, done, over))
            })
            .collect();
        let ends = Ends(&over);
        write(&mut Writer { histories: &histories, watched: &watched, done: &done, next: 0 });
        drop(ends);
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut histories = histories.into_inner().unwrap();
    for (register, call) in reads {
        histories.read(register, call);
    }
    histories
}

fn read(
    cluster: &Cluster,
    slug: &str,
    number: usize,
    watched: &RwLock<Vec<(u64, String)>>,
    done: &AtomicU64,
    over: &AtomicBool,
) -> Vec<(u64, Call<Seen>)> {
    let mut client = cluster.client(1 + number % 2);
    let (mut random, mut reads) = (Random::new(1_000 + number as u64), Vec::new());
    while !over.load(Ordering::SeqCst) {
        let drawn = {
            let watched = watched.read().unwrap();
            // The newest as often as all before it.
            let newest = watched.last().filter(|_| random.below(2) == 0);
            newest.or_else(|| (!watched.is_empty()).then(|| random.of(&watched))).cloned()
        };
        let Some((register, token)) = drawn else {
            sleep(Duration::from_millis(1));
            continue;
        };
        let began = now();
        let answer = client.ask(&check(slug, &token));
        let ended = now();
        reads.push((register, Call { began, ended, value: Seen::of(&answer) }));
        done.fetch_add(1, Ordering::SeqCst);
    }
    reads
}
