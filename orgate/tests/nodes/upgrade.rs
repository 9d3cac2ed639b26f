//! Three nodes under load while a newer program changes the schema under them (U1): they go on, are replaced one after the
//! other, and go back; or they must not go on, and write nothing more. Clients keep ledgers as they do for crashes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use serde_json::json;

use crate::api::{Person, check};
use crate::client::Ask;
use crate::cluster::{Cluster, NODES};
use crate::crash_client::{Journal, Writer, sign_up};
use crate::load::{Ends, Load};
use crate::node::Node;
use crate::scale::{count, now, report};

/// As a program begins a step: those that migrate come one after the other, and give way to others.
const BEGIN: &str = "begin; select pg_advisory_xact_lock(7209114816321); set local lock_timeout = '2s';";
const ALONE: &str = "lock table schema_migrations in exclusive mode;";

/// A build of another version, if the run is about two of them: `scripts/upgrade`.
fn program(which: &str) -> Option<PathBuf> {
    std::env::var_os(format!("ORGATE_UPGRADE_{which}")).map(PathBuf::from)
}

/// What a newer program's step does that programs of before do not notice, and its note of the oldest that may run over it.
pub fn unnoticed(version: i64, oldest: i64) -> String {
    format!(
        "create table later{version} (id text primary key, word text);
        alter table organizations add column later{version} text;
        alter table sessions add column later{version} bigint not null default 7;
        create index organizations_later{version} on organizations (name, later{version});
        insert into schema_migrations (version, name, applied_at, oldest) values ({version}, 'later', 0, {oldest});"
    )
}

/// What nobody can run over who does not know it.
pub fn noticed(version: i64) -> String {
    format!(
        "create table later as select count(*) as events from audit_events;
        insert into schema_migrations (version, name, applied_at, oldest) values ({version}, 'later', 0, {version});"
    )
}

fn version(cluster: &Cluster) -> i64 {
    cluster.number("select max(version) from schema_migrations")
}

/// What clients did meanwhile.
struct Loaded {
    writers: Vec<(Writer, Vec<Journal>)>,
    load: Load,
}

/// Lets clients write through the proxy while `work` is done, and until it is.
fn under_load(cluster: &mut Cluster, work: impl FnOnce(&mut Cluster, &Load)) -> Loaded {
    let (load, address) = (Load::default(), cluster.proxy.address());
    let writers = sign_up(&cluster.nodes[0], cluster.folder(), 0);
    let writers = std::thread::scope(|scope| {
        let threads: Vec<_> = writers
            .into_iter()
            .map(|mut writer| {
                let load = &load;
                scope.spawn(move || {
                    let mut journals = Vec::new();
                    // A new organization after each answer that a node took with it.
                    for cycle in 0.. {
                        journals.push(writer.run(address, cycle, load));
                        if load.over.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                    (writer, journals)
                })
            })
            .collect();
        let ends = Ends(&load.over);
        work(cluster, &load);
        drop(ends);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    Loaded { writers, load }
}

impl Loaded {
    /// Everything acknowledged is there, nothing is half done, the audit log tells the same and every session lives: what was
    /// acknowledged, and how many answers a node took with it. Each person is asked for at another node.
    fn judge(&self, cluster: &Cluster) -> (usize, usize) {
        for (number, (writer, journals)) in self.writers.iter().enumerate() {
            for journal in journals {
                let judged = writer.judge(&cluster.nodes[number % NODES], cluster.folder(), journal);
                judged.unwrap_or_else(|wrong| panic!("{wrong}"));
            }
        }
        cluster.nodes[0].verify_audit_log();
        let journals = || self.writers.iter().flat_map(|(_, journals)| journals);
        let acknowledged = journals().map(|journal| journal.ledger.acknowledged).sum();
        (acknowledged, journals().count() - self.writers.len())
    }

    fn pause(&self) -> u64 {
        self.load.pause.load(Ordering::SeqCst) / 1_000_000
    }
}

/// Replaces one node after the other; for how long the slowest was away. *Units*: milliseconds.
fn replace_all(cluster: &mut Cluster, load: &Load, program: Option<&Path>) -> u64 {
    let become_program = |node: &mut Node| {
        if let Some(program) = program {
            node.become_program(program.to_owned());
        }
    };
    let mut slowest = 0;
    for number in 0..NODES {
        slowest = slowest.max(cluster.replace(number, become_program));
        load.go_on();
    }
    slowest / 1_000_000
}

/// The newer program migrates beside the nodes, which go on; then each becomes that one. Back, where the old one can.
/// What was seen, and the version that the nodes know in the end.
fn two_programs(cluster: &mut Cluster, load: &Load, old: &Path, new: &Path) -> (String, i64) {
    let before = version(cluster);
    let mut migrating = Node::new(cluster.nodes[0].settings(), cluster.folder().join("migrate.log"));
    migrating.become_program(new.to_owned());
    let began = now();
    let said = migrating.run(&["migrate"]);
    let took = (now() - began) / 1_000_000;
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    load.go_on();
    let away = replace_all(cluster, load, Some(new));
    let after = version(cluster);
    migrating.become_program(old.to_owned());
    let said = migrating.run(&["migrate"]);
    let (back, known) = if said.status.success() {
        (format!("back one by one, each away for {} ms at most", replace_all(cluster, load, Some(old))), before)
    } else {
        let reason = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        (format!("the old one does not start any more ({reason})"), after)
    };
    let said =
        format!("schema {before} to {after} in {took} ms, new one by one, each away for {away} ms at most, {back}; ");
    (said, known)
}

#[test]
fn u1_nodes_under_load_are_upgraded_one_by_one_and_go_back_and_nothing_is_lost() {
    let (old, new, began) = (program("OLD"), program("NEW"), now());
    let Some(mut cluster) = Cluster::start_as(old.as_deref()) else { return };
    let mut said = String::new();
    let loaded = under_load(&mut cluster, |cluster, load| {
        load.go_on();
        let mut known = version(cluster);
        if let (Some(old), Some(new)) = (&old, &new) {
            (said, known) = two_programs(cluster, load, old, new);
        }
        let (rounds, mut slowest) = (count("UPGRADES", 1), 0);
        for _ in 0..rounds {
            // As a newer program does it, whose nodes went away again.
            let next = version(cluster) + 1;
            cluster.insist(&format!("{BEGIN} {} commit", unnoticed(next, known)));
            load.go_on();
            for number in 0..NODES {
                cluster.client(number).ask(&Ask::get("/readyz")).expect(200);
            }
            slowest = slowest.max(replace_all(cluster, load, None));
        }
        write!(said, "{rounds} newer schemas, over each one by one again, each away for {slowest} ms at most; ")
            .unwrap();
    });
    for node in &cluster.nodes {
        assert!(node.log().contains("the schema is newer than this program, which may run over it"), "{}", node.log());
    }
    let (acknowledged, in_hand) = loaded.judge(&cluster);
    let (pause, refused) = (loaded.pause(), loaded.load.refused.load(Ordering::SeqCst));
    let said = format!(
        "{said}{acknowledged} acknowledged, 0 lost, {in_hand} answers lost in hand, {refused} refused for a moment, no session \
         lost, {pause} ms without an acknowledgement at most"
    );
    report("U1", began, &said);
    assert!(acknowledged > 100, "clients were at work");
}

#[test]
fn u1_nodes_whose_schema_becomes_too_new_write_nothing_more_and_do_not_start_and_nothing_is_lost() {
    let (Some(mut cluster), began) = (Cluster::start(), now()) else { return };
    let sam = cluster.api(0).person("sam");
    let slug = cluster.api(0).organization(&sam, "Acme");
    let (before, mut events) = (version(&cluster), 0);
    let loaded = under_load(&mut cluster, |cluster, load| {
        load.go_on();
        cluster.insist(&format!("{BEGIN} {ALONE} {} commit", noticed(before + 1)));
        load.go_on();
        for number in 0..NODES {
            refuses_everything(cluster, number, &sam, &slug);
        }
        events = cluster.number("select events from later");
    });
    assert_eq!(cluster.number("select count(*) from audit_events"), events, "nothing was written from that moment on");
    let refused = loaded.load.refused.load(Ordering::SeqCst);
    for node in &mut cluster.nodes {
        node.stop();
        let said = node.run(&["serve"]);
        let told = String::from_utf8_lossy(&said.stderr);
        assert!(!said.status.success() && told.contains("newer Orgate"), "{told}");
        assert!(told.contains(&format!("schema version {}", before + 1)) && told.contains("upgrade.md"), "{told}");
    }
    cluster.insist(&format!("drop table later; delete from schema_migrations where version > {before}"));
    for node in &mut cluster.nodes {
        node.start();
    }
    let (acknowledged, in_hand) = loaded.judge(&cluster);
    let said = format!(
        "three nodes, {acknowledged} acknowledged before, 0 lost, 0 written afterwards, {refused} refused, {in_hand} lost in hand"
    );
    report("U1, too new", began, &said);
    assert!(acknowledged > 20 && refused > 20, "{said}");
}

fn refuses_everything(cluster: &Cluster, number: usize, person: &Person, slug: &str) {
    let mut client = cluster.client(number);
    let rename = Ask::new("PATCH", format!("/api/v1/organizations/{slug}")).bearer(&person.token);
    client.ask(&rename.json(&json!({ "name": "Other" }))).expect(503);
    client.ask(&Ask::get("/readyz")).expect(503);
    client.ask(&check(slug, &person.token)).expect(503);
    client.ask(&Ask::get("/healthz")).expect(200);
}
