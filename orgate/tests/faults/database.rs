//! A PostgreSQL server that is away, silent, slow, restarted, or comes back as a standby that takes no writes (F4): 503
//! with a reference, nothing granted, and no restart needed.

use std::net::SocketAddr;
use std::time::Duration;

use orgate_testkit::postgres::{self, Database};
use tokio::runtime::Runtime;

use crate::api::{check, text};
use crate::client::{Answer, Ask};
use crate::node::Settings;
use crate::relay::{Relay, Way};
use crate::scale::{count, now, report};
use crate::scene::{Scene, eventually, is_unavailable, is_unavailable_page};

const AWAY: &str = "orgate_faults_total{kind=\"database-away\"}";

/// Checks while the server is silent: more than a node has connections.
const AT_ONCE: usize = 20;

struct Bed {
    scene: Scene,
    relay: Relay,
    database: Option<Database>,
    runtime: Runtime,
}

/// The server of an address, and the address by which a relay in front of it is asked.
pub fn through(url: &str, relay: impl FnOnce(SocketAddr) -> Relay) -> (String, Relay) {
    let (before, rest) = url.rsplit_once('@').unwrap();
    let (server, after) = rest.split_once('/').unwrap();
    let relay = relay(server.parse().unwrap());
    (format!("{before}@{}/{after}", relay.address()), relay)
}

impl Bed {
    fn new() -> Option<Self> {
        let runtime = Runtime::new().unwrap();
        let database = runtime.block_on(postgres::fresh())?;
        let (url, relay) = through(database.url(), Relay::start);
        let scene = Scene::new(&url, tempfile::tempdir().unwrap(), Settings::new());
        scene.create_project("Before").expect(201);
        Some(Self { scene, relay, database: Some(database), runtime })
    }

    fn execute(&self, statement: &str) {
        self.runtime.block_on(self.database.as_ref().unwrap().execute(statement));
    }

    /// Has the node open as many connections as it may.
    fn fill_pool(&self) {
        self.relay.set(Way::Slow(Duration::from_millis(200)));
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| self.scene.check().expect(200));
            }
        });
    }

    /// Everything goes on by itself.
    fn recovers(&self, projects: &[&str]) -> u64 {
        let began = now();
        eventually("recovery", || {
            (self.scene.check().status() == 200 && self.scene.ask(&Ask::get("/readyz")).status() == 200).then_some(())
        });
        let took = now() - began;
        eventually("a sign-in", || (self.scene.sign_in().status() == 201).then_some(()));
        assert_eq!(self.scene.projects(), projects);
        took / 1_000_000
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.scene.node.kill();
        if !std::thread::panicking()
            && let Some(database) = self.database.take()
        {
            self.runtime.block_on(database.remove());
        }
    }
}

/// Nothing is answered but that nothing can be answered.
fn is_away(scene: &Scene) {
    let before = scene.measured(AWAY);
    std::thread::scope(|scope| {
        scope.spawn(|| scene.check().expect(503));
        scope.spawn(|| scene.check_nobody().expect(503));
        scope.spawn(|| is_unavailable(scene.sign_in()));
        scope.spawn(|| scene.ask(&Ask::get("/readyz")).expect(503));
        scope.spawn(|| {
            let reference = is_unavailable(scene.create_project("Lost"));
            scene.is_logged(&["ERROR", "the database is not available", &reference]);
        });
        scope.spawn(|| {
            let reference = is_unavailable_page(scene.page());
            scene.is_logged(&["ERROR", "the database is not available", &reference]);
        });
    });
    assert!(scene.measured(AWAY) >= before + 6.0);
    scene.ask(&Ask::get("/healthz")).expect(200);
}

#[test]
fn f4_a_database_that_is_away_or_silent_opens_nothing_and_comes_back_without_a_restart() {
    let Some(bed) = Bed::new() else { return };
    let began = now();
    let mut said = Vec::new();
    for way in [Way::Closed, Way::Silent] {
        if way == Way::Silent {
            bed.fill_pool();
        }
        bed.relay.set(way);
        std::thread::scope(|scope| {
            scope.spawn(|| is_away(&bed.scene));
            if way == Way::Silent {
                // More than there are connections: those that get none are told so as well.
                for _ in 0..AT_ONCE {
                    scope.spawn(|| bed.scene.check().expect(503));
                }
            }
        });
        bed.scene.is_logged(&["ERROR", "a job failed and is tried again"]);
        if way == Way::Silent {
            bed.scene.is_logged(&["ERROR", "the database is not available: all connections were in use for too long"]);
            bed.scene.is_logged(&["ERROR", "the database is not available: the server did not answer in time"]);
        }
        // What was held back by silence is too old to be answered: connections end as a server ends them.
        bed.relay.cut();
        bed.relay.set(Way::Open);
        said.push(format!("{way:?} and back after {} ms", bed.recovers(&["Before"])));
    }
    report("F4 away", began, &said.join(", "));
}

#[test]
fn f4_a_commit_without_an_answer_is_not_said_to_have_changed_nothing() {
    let Some(bed) = Bed::new() else { return };
    bed.relay.set(Way::LosesCommits);
    let answer = bed.scene.create_project("Perhaps").expect(503);
    let problem = answer.json();
    assert_eq!(problem["code"], "in-doubt", "{problem}");
    assert!(!problem["detail"].as_str().unwrap().contains("Nothing was changed"), "{problem}");
    assert_eq!(answer.0.header("retry-after"), None, "who repeats it at once may do it twice");
    bed.scene.is_logged(&["ERROR", "whether the database kept a write is not known", &text(&problem["reference"])]);
    bed.relay.set(Way::Open);
    bed.recovers(&["Before", "Perhaps"]);
}

#[test]
fn f4_a_slow_database_answers_right_or_not_at_all() {
    let Some(bed) = Bed::new() else { return };
    let (began, clients) = (now(), count("POOL_CLIENTS", 8));
    bed.relay.set(Way::Slow(Duration::from_secs(1)));
    let ask = |number: u64| -> (u64, Answer) {
        let token = if number.is_multiple_of(2) { bed.scene.owner.token.as_str() } else { "nobody" };
        (number, bed.scene.ask(&check(&bed.scene.slug, token)))
    };
    let answers: Vec<(u64, Answer)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || ask(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut refused = 0;
    for (number, answer) in answers {
        let right = if number.is_multiple_of(2) { 200 } else { 401 };
        assert!([right, 503].contains(&answer.status()), "{number}: {}", answer.0.head);
        refused += u64::from(answer.status() == 503);
    }
    bed.relay.set(Way::Open);
    let back = bed.recovers(&["Before"]);
    report("F4 slow", began, &format!("{clients} checks at once, {refused} of them 503, back after {back} ms"));
}

#[test]
fn f4_a_server_that_restarts_or_comes_back_as_a_standby_needs_no_restart_of_ours() {
    let Some(bed) = Bed::new() else { return };
    let began = now();
    // As a restart does: the server ends every connection and says why.
    bed.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()",
    );
    let restarted = bed.recovers(&["Before"]);
    // Another server took its place, which is no primary yet.
    let name = bed.database.as_ref().unwrap().name();
    bed.execute(&format!("alter database {name} set default_transaction_read_only = on"));
    bed.relay.cut();
    eventually("reading", || (bed.scene.check().status() == 200).then_some(()));
    let reference = is_unavailable(bed.scene.create_project("Lost"));
    bed.scene.is_logged(&["ERROR", "read-only transaction (25006)", &reference]);
    is_unavailable(bed.scene.sign_in());
    bed.scene.checks_are_right();
    bed.execute(&format!("begin read write; alter database {name} set default_transaction_read_only = off; commit"));
    bed.relay.cut();
    let promoted = bed.recovers(&["Before"]);
    report("F4 failover", began, &format!("back after {restarted} ms, once it took writes after {promoted} ms"));
}
