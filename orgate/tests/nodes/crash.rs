//! One node that is killed while clients write, again and again (REL-1). Each client keeps a journal of what was
//! acknowledged; after each start it is compared with what is there and with what the audit log tells.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use orgate_testkit::{Mailbox, postgres};
use tempfile::TempDir;

use crate::crash_client::{Journal, Writer, sign_up};
use crate::load::Load;
use crate::node::{Node, settings};
use crate::scale::{Random, count, now, report};
use crate::sqlite_file::is_whole;

/// At least so many acts are done before the node is killed.
const ACTS_A_CYCLE: usize = 40;
/// A person founds an organization a cycle; others take their place before they have more than people have.
const CYCLES_A_PERSON: u64 = 20;
/// Mails of invitations that are still to be sent.
const WAITING: &str =
    "select count(*) from mails where template = 'invitation' and sent_at is null and failed_at is null";

/// A node that dies, and the clients that write to it meanwhile.
pub struct Crashing {
    pub node: Node,
    folder: TempDir,
    writers: Vec<Writer>,
    random: Random,
    journals: Vec<Journal>,
    /// Acts that were acknowledged.
    pub acknowledged: usize,
    /// Who was invited.
    invited: BTreeSet<String>,
    /// To whom mails came.
    told: BTreeSet<String>,
    /// How long the starts after a crash took. *Units*: nanoseconds.
    starts: Vec<u64>,
}

impl Crashing {
    /// Starts the node, and signs everybody up.
    pub fn new(database_url: &str, folder: TempDir, more: &[(&str, String)]) -> Self {
        let settings = settings(folder.path(), database_url, "http://localhost:1");
        let mut node = Node::new(settings, folder.path().join("node.log"));
        for (name, value) in more {
            node.set(name, value.clone());
        }
        node.start();
        let writers = sign_up(&node, folder.path(), 0);
        let (random, journals, starts) = (Random::new(1), Vec::new(), Vec::new());
        Self {
            node,
            folder,
            writers,
            random,
            journals,
            acknowledged: 0,
            invited: BTreeSet::new(),
            told: BTreeSet::new(),
            starts,
        }
    }

    /// Lets everybody write for a while and kills the node in the middle of it.
    pub fn crash(&mut self, cycle: u64) {
        if cycle > 0 && cycle.is_multiple_of(CYCLES_A_PERSON) {
            // Not to be read through again by everybody who waits for a code.
            self.collect_mails();
            self.writers = sign_up(&self.node, self.folder.path(), cycle);
        }
        let (pause, load) = (Duration::from_millis(self.random.below(400)), Load::default());
        let (address, node) = (self.node.address(), &mut self.node);
        let writers = &mut self.writers;
        self.journals = std::thread::scope(|scope| {
            let threads: Vec<_> =
                writers.iter_mut().map(|writer| scope.spawn(|| writer.run(address, cycle, &load))).collect();
            // In the middle of its work, on a slow machine too.
            while load.done.load(Ordering::Relaxed) < ACTS_A_CYCLE && threads.iter().all(|thread| !thread.is_finished())
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            std::thread::sleep(pause);
            node.kill();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        self.acknowledged += self.journals.iter().map(|journal| journal.ledger.acknowledged).sum::<usize>();
        self.invited.extend(self.journals.iter_mut().flat_map(|journal| std::mem::take(&mut journal.invited)));
    }

    /// Starts the node again and compares.
    ///
    /// *Errors*: what is not as it was acknowledged.
    pub fn judge(&mut self) -> Result<(), String> {
        self.starts.push(self.node.start());
        for (writer, journal) in self.writers.iter().zip(&self.journals) {
            writer.judge(&self.node, self.folder.path(), journal)?;
        }
        Ok(())
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everybody who was invited got the mail of it, before a crash or after, or it waits: what a node had taken to send when
    /// it died is taken again after a minute, and a short run does not wait as long.
    fn wait_for_mails(&mut self, waiting: impl Fn(&str) -> i64) {
        let limit = now() + count("MAIL_SECONDS", 3) * 1_000_000_000;
        loop {
            self.collect_mails();
            let missing: Vec<_> = self.invited.difference(&self.told).collect();
            if missing.is_empty() {
                return;
            }
            if now() > limit {
                let waiting = waiting(WAITING);
                assert!(
                    i64::try_from(missing.len()).unwrap() <= waiting,
                    "{missing:?} were never told, and {waiting} mails wait"
                );
                return println!("{} of {} mails still wait", missing.len(), self.invited.len());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Notes whom the mails that are there are to, and takes them away.
    fn collect_mails(&mut self) {
        for mail in Mailbox::new(self.folder.path().join("mail")).list() {
            std::fs::remove_file(mail.file).unwrap();
            self.told.extend(mail.to);
        }
    }

    /// How long the starts took. *Units*: milliseconds.
    pub fn times(&self) -> String {
        let mut starts = self.starts.clone();
        starts.sort_unstable();
        let part = |hundredths: usize| starts[(starts.len() - 1) * hundredths / 100] / 1_000_000;
        format!("ready again after {} ms (p50), {} ms (p99), {} ms at most", part(50), part(99), part(100))
    }
}

/// Crashes so often; what else there is to look at is looked at now and then, for it reads everything.
fn run(engine: &str, mut crashing: Crashing, look: impl Fn(&Path), number: impl Fn(&str) -> i64) {
    let (kills, began) = (count("KILLS", 4), now());
    for kill in 0..kills {
        crashing.crash(kill);
        crashing.judge().unwrap_or_else(|wrong| panic!("{engine}, kill {kill}: {wrong}"));
        if kill % 50 == 3 || kill + 1 == kills {
            crashing.node.verify_audit_log();
            look(crashing.folder());
        }
    }
    crashing.wait_for_mails(number);
    crashing.node.stop();
    crashing.node.verify_audit_log();
    let said = format!(
        "{kills} kills, {} acknowledged, 0 lost, 0 half done, 0 without event, {} mails, {}",
        crashing.acknowledged,
        crashing.invited.len(),
        crashing.times()
    );
    report(&format!("REL-1 {engine}"), began, &said);
    assert!(crashing.acknowledged as u64 > kills * 10, "the node was at work when it was killed");
}

#[test]
fn rel_1_on_sqlite_nothing_acknowledged_is_lost_and_nothing_is_half_done_after_kills() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
    let file = folder.path().join("orgate.db");
    let number = |query: &str| {
        let database = rusqlite::Connection::open(&file).unwrap();
        database.query_row(query, [], |row| row.get(0)).unwrap()
    };
    run("SQLite", Crashing::new(&url, folder, &[]), |folder| is_whole(folder).unwrap(), number);
}

#[test]
fn rel_1_on_postgres_nothing_acknowledged_is_lost_and_nothing_is_half_done_after_kills() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(database) = runtime.block_on(postgres::fresh()) else { return };
    let number = |query: &str| runtime.block_on(database.number(query));
    run("PostgreSQL", Crashing::new(database.url(), tempfile::tempdir().unwrap(), &[]), |_| {}, number);
    runtime.block_on(database.remove());
}
