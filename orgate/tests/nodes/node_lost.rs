//! A node that is killed under load costs nothing but what it had in hand (F7).

use std::array::from_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::api::{Api, Person, check};
use crate::client::{Ask, Client};
use crate::cluster::{Cluster, NODES};
use crate::node::Node;
use crate::proxy::NODE;
use crate::scale::{Random, count, now, report};

const CLIENTS: usize = 8;

/// One answer through the proxy. *Units*: nanoseconds.
struct Seen {
    began: u64,
    ended: u64,
    status: u16,
    node: usize,
}

/// What those who ask and the test know of each other.
struct Progress {
    over: AtomicBool,
    /// Answers of each node so far.
    answered: [AtomicUsize; NODES],
}

impl Progress {
    fn new() -> Self {
        Self { over: AtomicBool::new(false), answered: from_fn(|_| AtomicUsize::new(0)) }
    }

    fn of(&self, is_asked: impl Fn(usize) -> bool) -> usize {
        let nodes = self.answered.iter().enumerate().filter(|(node, _)| is_asked(*node));
        nodes.map(|(_, answered)| answered.load(Ordering::SeqCst)).sum()
    }

    /// Waits until these nodes have answered something that was asked after now: each client had asked for at most one thing. A
    /// machine may stand still for a while; after a minute it is for the caller to see that there is no such answer.
    fn wait(&self, is_asked: impl Fn(usize) -> bool) {
        let before = self.of(&is_asked);
        for _ in 0..12_000 {
            if self.of(&is_asked) > before + CLIENTS {
                return;
            }
            sleep(Duration::from_millis(5));
        }
    }
}

/// Asks without pause, mostly to read, and says what came back.
fn load(cluster: &Cluster, slug: &str, person: &Person, number: usize, progress: &Progress) -> Vec<Seen> {
    let mut client = Client::new(cluster.proxy.address());
    let (mut random, mut seen) = (Random::new(70 + number as u64), Vec::new());
    while !progress.over.load(Ordering::SeqCst) {
        let ask = match random.below(8) {
            0 => {
                let body = json!({ "name": format!("Project {}", random.draw()) });
                Ask::post(format!("/api/v1/organizations/{slug}/projects")).bearer(&person.token).json(&body)
            }
            1 | 2 => Ask::get("/api/v1/session").bearer(&person.token),
            _ => check(slug, &person.token),
        };
        let began = now();
        let answer = client.ask(&ask);
        let node: usize = answer.0.header(NODE).unwrap_or_else(|| panic!("nobody answered")).parse().unwrap();
        seen.push(Seen { began, ended: now(), status: answer.status(), node });
        progress.answered[node].fetch_add(1, Ordering::SeqCst);
    }
    seen
}

#[test]
fn f7_a_node_killed_under_load_costs_what_it_had_in_hand_and_no_session() {
    let Some(mut cluster) = Cluster::start() else { return };
    let people = cluster.people("kim", CLIENTS);
    let mut api = cluster.api(0);
    let slugs: Vec<String> = people.iter().map(|person| api.organization(person, "Acme")).collect();
    let (kills, mut random, began) = (count("NODE_KILLS", 3), Random::new(7), now());
    let (mut answers, mut lost, mut slowest) = (0, 0, 0);
    for kill in 0..kills {
        let victim = usize::try_from(random.below(NODES as u64)).unwrap();
        // Out of the cluster, to be killed while the others are asked.
        let mut node = cluster.nodes.remove(victim);
        let progress = Progress::new();
        let (killed, back, seen) = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let (cluster, progress) = (&cluster, &progress);
                    let (slug, person) = (&slugs[number], &people[number]);
                    scope.spawn(move || load(cluster, slug, person, number, progress))
                })
                .collect();
            sleep(Duration::from_millis(200 + random.below(200)));
            let killing = now();
            node.kill();
            let killed = (killing, now());
            progress.wait(|node| node != victim);
            slowest = slowest.max(node.start());
            let mut addresses: Vec<_> = cluster.nodes.iter().map(Node::address).collect();
            addresses.insert(victim, node.address());
            cluster.proxy.lead_to(addresses);
            let back = now();
            progress.wait(|node| node == victim);
            progress.over.store(true, Ordering::SeqCst);
            let seen: Vec<Seen> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            (killed, back, seen)
        });
        cluster.nodes.insert(victim, node);
        for one in seen.iter().filter(|one| !matches!(one.status, 200 | 201)) {
            let was_in_hand = one.began < killed.1 && one.ended > killed.0;
            let what = format!("kill {kill} of node {victim}: {} from node {}", one.status, one.node);
            assert!(one.status == 502 && one.node == victim && was_in_hand, "{what}, {} to {}", one.began, one.ended);
            lost += 1;
        }
        let others = seen.iter().filter(|one| one.node != victim && one.began > killed.1 && one.ended < back);
        assert!(others.count() > 0, "the others went on");
        assert!(seen.iter().any(|one| one.node == victim && one.began > back), "it is back");
        answers += seen.len();
        for (number, person) in people.iter().enumerate() {
            let mut api: Api = cluster.api(number + 1);
            api.get("/api/v1/session", &person.token).expect(200);
        }
    }
    let said = format!(
        "{kills} kills, {answers} answers, {lost} lost that were in hand, no session lost, back after {} ms at most",
        slowest / 1_000_000
    );
    report("F7", began, &said);
}
