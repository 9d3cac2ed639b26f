//! Ordinary load for hours, at half of what the node can do (L4): nothing fails, nothing that was promised is gone, and neither
//! memory nor files grow without end. SQLite, with sessions that end after twenty minutes. Rows of what is over are kept for a
//! day, so the file grows by them, the audit log and what was founded.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread::{Scope, ScopedJoinHandle, sleep};
use std::time::Duration;

use tempfile::TempDir;

use crate::api::{Api, Person};
use crate::browser::Browser;
use crate::crash_client::{Writer, sign_up};
use crate::load::{Ends, Load};
use crate::node::{Node, settings};
use crate::provider::{Network, Provider};
use crate::scale::{Random, count, now, report};
use crate::soak_client::{Checker, Switcher, Visitor};
use crate::sqlite_file::is_whole;

const HOSTS: [&str; 2] = ["acme.idp.test", "bolt.idp.test"];
const CHECKERS: usize = 4;
/// A writer's organization is compared after so many acts, and a new one is founded.
const ACTS: u64 = 3_000;
const PUBLIC_URL: &str = "http://localhost:1";
/// From so many seconds on memory has had time to fill what it keeps on purpose, and its growth is judged.
const JUDGED: u64 = 3_600;
const SAMPLES: u64 = 120;
/// *Units*: hundredths.
const MOST_GROWTH: u64 = 105;
/// What is written in a few seconds: whoever falls behind has many more after an hour.
const MOST_WAITING: i64 = 10_000;
/// The log is folded into the database at 16 MiB, and a transaction or a reader can hold that up. *Units*: bytes.
const LONGEST_LOG: u64 = 128 << 20;

/// What the node has in hand at one moment.
struct Sample {
    /// *Units*: KiB.
    memory: u64,
    /// *Units*: bytes.
    database: u64,
    /// *Units*: bytes.
    log: u64,
    /// How much clients had done.
    done: usize,
    /// How much of it was more than a check: what makes the file grow. Where the machine is busy with other things checks fall behind
    /// more than what waits for the disk anyway, so a measure by all acts would judge the machine.
    written: usize,
}

/// The node, everybody who uses it, and what is around it.
struct Scene<'n> {
    node: &'n Node,
    folder: &'n Path,
    writers: Vec<Writer>,
    checkers: Vec<Checker>,
    visitor: Visitor<'n>,
    switcher: Switcher,
    /// Organizations of writers so far.
    cycle: u64,
}

impl<'n> Scene<'n> {
    fn new(node: &'n Node, folder: &'n Path, providers: &'n [Provider; 2]) -> Self {
        let new_api = || Api::new(node.address(), folder);
        let mut api = new_api();
        let (sam, kim) = (api.person("sam"), api.person("kim"));
        let connect = |provider: &Provider, owner: &Person, name| {
            provider.connect(&mut new_api(), Browser::new(node.client(), PUBLIC_URL), owner, name)
        };
        let (acme, bolt) = (connect(&providers[0], &sam, "Acme"), connect(&providers[1], &sam, "Bolt"));
        let elsewhere = api.organization(&sam, "Elsewhere");
        api.join(&sam, &bolt, &kim, "member");
        let checkers = (0..CHECKERS as u64).map(|number| {
            let person = api.person(&format!("lee{number}"));
            api.join(&sam, &acme, &person, "member");
            Checker::new(new_api(), node.client(), &person, &acme, &elsewhere, number)
        });
        let checkers = checkers.collect();
        let visitor = Visitor {
            provider: &providers[0],
            client: node.client(),
            public_url: PUBLIC_URL.to_owned(),
            api: new_api(),
            slug: acme,
            random: Random::new(600),
        };
        let switcher = Switcher { api: new_api(), owner: sam, member: kim, slug: bolt };
        let writers = sign_up(node, folder, 0);
        Self { node, folder, writers, checkers, visitor, switcher, cycle: 0 }
    }

    /// How many clients there are.
    fn clients(&self) -> usize {
        self.writers.len() + self.checkers.len() + 2
    }

    /// Lets everybody work, each as often as its load says, until `watch` returns. What each writer did is compared as it goes.
    fn work<T>(&mut self, loads: &[Load], watch: impl FnOnce() -> T) -> T {
        let (node, folder, cycle) = (self.node, self.folder, self.cycle);
        let mut each = loads.iter();
        let mut next = || each.next().unwrap();
        let (watched, cycles) = std::thread::scope(|scope| {
            let ends: Vec<Ends<'_>> = loads.iter().map(|load| Ends(&load.over)).collect();
            let writers = self.writers.iter_mut().map(|writer| write(scope, node, folder, writer, next(), cycle));
            let writers: Vec<_> = writers.collect();
            for checker in &mut self.checkers {
                let load = next();
                scope.spawn(move || checker.run(load));
            }
            let (visits, switches) = (next(), next());
            let (visitor, switcher) = (&mut self.visitor, &mut self.switcher);
            scope.spawn(move || visitor.run(node.address(), visits));
            scope.spawn(move || switcher.run(switches));
            let watched = watch();
            drop(ends);
            (watched, writers.into_iter().map(|thread| thread.join().unwrap()).max())
        });
        self.cycle = cycles.unwrap_or(cycle);
        watched
    }
}

/// Has one writer found one organization after the other; the number of the next.
fn write<'s, 'e>(
    scope: &'s Scope<'s, 'e>,
    node: &'e Node,
    folder: &'e Path,
    writer: &'e mut Writer,
    load: &'e Load,
    first: u64,
) -> ScopedJoinHandle<'s, u64> {
    scope.spawn(move || {
        let mut api = Api::new(node.address(), folder);
        let mut cycle = first;
        while !load.over.load(Ordering::SeqCst) {
            writer.renew(&mut api);
            let journal = writer.run(node.address(), cycle, load);
            writer.judge(node, folder, &journal).unwrap_or_else(|wrong| panic!("{wrong}"));
            cycle += 1;
        }
        cycle
    })
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

/// Looks at the node until the time is over.
fn look(node: &Node, folder: &Path, seconds: u64, loads: &[Load]) -> Vec<Sample> {
    let (began, mut samples) = (now(), Vec::new());
    for number in 1..=SAMPLES {
        let due = began + number * seconds * 1_000_000_000 / SAMPLES;
        sleep(Duration::from_nanos(due.saturating_sub(now())));
        forget_mails(&folder.join("mail"));
        let checked = done(checks(loads));
        let sample = Sample {
            memory: node.resident(),
            database: size(&folder.join("orgate.db")),
            log: size(&folder.join("orgate.db-wal")),
            done: done(loads),
            written: done(loads) - checked,
        };
        if number % (SAMPLES / 12) == 0 {
            let Sample { memory, database, log, done, written } = &sample;
            let (database, log) = (database >> 10, log >> 10);
            println!(
                "{} s: {memory} KiB in memory, {database} in the file, {log} in its log, {done} done, {written} of it written",
                number * seconds / SAMPLES
            );
        }
        samples.push(sample);
    }
    samples
}

/// Nobody reads them, and a folder of a million files is slow. What is being written has another ending.
fn forget_mails(folder: &Path) {
    for mail in std::fs::read_dir(folder).unwrap() {
        let mail = mail.unwrap().path();
        if mail.extension().is_some_and(|ending| ending == "eml") {
            std::fs::remove_file(mail).unwrap();
        }
    }
}

/// The loads of those who only check; [`Scene::work`] gives them out.
fn checks(loads: &[Load]) -> &[Load] {
    let end = loads.len() - 2;
    &loads[end - CHECKERS..end]
}

fn done(loads: &[Load]) -> usize {
    loads.iter().map(|load| load.done.load(Ordering::SeqCst)).sum()
}

/// How many events of the audit log have no place in their chain yet.
fn waiting(folder: &Path) -> i64 {
    let database = rusqlite::Connection::open(folder.join("orgate.db")).unwrap();
    let query = "select count(*) from audit_events where chain_position is null";
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

/// The mean of the memory of some samples. *Units*: KiB.
fn memory(samples: &[Sample]) -> u64 {
    samples.iter().map(|sample| sample.memory).sum::<u64>() / samples.len() as u64
}

/// The sum of a measurement over its labels.
fn measured(node: &Node, name: &str) -> f64 {
    let all = node.client().ask(&crate::client::Ask::get("/metrics")).expect(200).text();
    let lines = all.lines().filter(|line| line.starts_with(name));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

fn start(folder: &TempDir, network: &Network) -> Node {
    let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
    let mut told = settings(folder.path(), &url, PUBLIC_URL);
    told.extend(network.settings(folder.path(), &HOSTS));
    let mut node = Node::new(told, folder.path().join("node.log"));
    node.set("ORGATE_SESSION_IDLE_MINUTES", "10".to_owned());
    node.set("ORGATE_SESSION_ABSOLUTE_MINUTES", "20".to_owned());
    node.start();
    node
}

#[test]
fn l4_half_of_the_most_for_hours_fails_nobody_and_grows_nothing_without_end() {
    let (folder, network, began) = (tempfile::tempdir().unwrap(), Network::new(), now());
    let mut node = start(&folder, &network);
    let providers = HOSTS.map(|host| network.provider(host));
    let mut scene = Scene::new(&node, folder.path(), &providers);
    let seconds = count("SOAK_SECONDS", 6);
    let peak = (seconds / 3).min(30);

    let most: Vec<Load> = (0..scene.clients()).map(|_| Load::of_one(ACTS, None)).collect();
    scene.work(&most, || sleep(Duration::from_secs(peak)));
    let half = |load: &Load| {
        let done = load.done.load(Ordering::SeqCst).max(1) as u64;
        Load::of_one(ACTS, Some(2 * peak * 1_000_000_000 / done))
    };
    let loads: Vec<Load> = most.iter().map(half).collect();
    let samples = scene.work(&loads, || look(&node, folder.path(), seconds, &loads));
    drop(scene);

    let refused: usize = most.iter().chain(&loads).map(|load| load.refused.load(Ordering::SeqCst)).sum();
    assert_eq!(refused, 0, "writes that were refused");
    for failures in ["orgate_faults_total", "orgate_job_failures_total"] {
        assert!(measured(&node, failures) == 0.0, "{failures}");
    }
    let answers = measured(&node, "orgate_http_request_duration_seconds_count");
    let waiting = waiting(folder.path());
    if seconds >= JUDGED {
        assert!(waiting < MOST_WAITING, "{waiting} events of the audit log wait for their places");
    }
    node.stop();
    node.verify_audit_log();
    let log = node.log();
    assert!(!log.contains("ERROR"), "{log}");
    is_whole(folder.path()).unwrap();

    let sixth = samples.len() / 6;
    let (early, late) = (memory(&samples[sixth..2 * sixth]), memory(&samples[5 * sixth..]));
    let (first, middle, last) = (&samples[sixth], &samples[3 * sixth], &samples[samples.len() - 1]);
    // *Units*: bytes of the file for each act that is more than a check.
    let growth = |from: &Sample, to: &Sample| (to.database - from.database) / (to.written - from.written).max(1) as u64;
    let (before, after) = (growth(first, middle), growth(middle, last));
    let longest = samples.iter().map(|sample| sample.log).max().unwrap();
    let said = format!(
        "{seconds} s at half of {} acts a second, {} acts, {answers} answers, 0 faults, 0 refused writes, {early} KiB of \
         memory in the second sixth and {late} in the last, {before} bytes of file an act that writes in the first half and \
         {after} in the second, log of {} KiB at most, {waiting} events without a place in the end",
        done(&most) as u64 / peak,
        done(&loads),
        longest >> 10
    );
    report("L4", began, &said);
    assert!(longest <= LONGEST_LOG, "the log is not folded: {longest}");
    if seconds >= JUDGED {
        assert!(late * 100 <= early * MOST_GROWTH, "memory grew from {early} to {late} KiB");
        assert!(after * 100 <= before.max(1) * MOST_GROWTH, "the file grows faster: {before} and {after} bytes an act");
    }
}
