//! Owns one measurement: a server, its load, and runs that take turns (A B C A B C …), so that whatever else the machine
//! does meets all endpoints alike.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::latency::{self, Waits};
use crate::load::{Asked, Connection, Endpoint, InTurn, Requests, Tickets, now};
use crate::process::{DatabaseServer, Memory, Server};

/// Before the first run that counts: pages and statements become warm. *Units*: seconds.
const WARM_UP: Duration = Duration::from_secs(4);

/// How to measure.
#[derive(Debug, Clone, Copy, clap::Args, serde::Serialize)]
pub struct Plan {
    /// How often every endpoint has its turn.
    #[arg(long, default_value_t = 9)]
    pub rounds: usize,
    /// How long a turn takes, in seconds.
    #[arg(long, default_value_t = 2.5)]
    pub seconds: f64,
    /// Connections that are open at once.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// How much of the sessions the server remembers beside SQLite, in MiB; 0 is nothing.
    #[arg(long, default_value_t = 512)]
    pub session_memory_mib: u32,
}

impl Plan {
    /// The server of a plan.
    ///
    /// *Errors*: it does not start.
    pub fn serve(self, database_url: &str) -> Result<Server, String> {
        let memory = self.session_memory_mib.to_string();
        Server::start(&["serve", "--database-url", database_url, "--session-memory-mib", &memory])
    }
}

/// One endpoint's turn in one round.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Turn {
    /// What was asked for, as people write it.
    pub endpoint: &'static str,
    /// Answers.
    pub requests: usize,
    /// How long it took. *Units*: seconds.
    pub seconds: f64,
    /// Processor time of the measured server. *Units*: seconds.
    pub server_cpu_seconds: f64,
    /// Processor time of the database server, if there is one. *Units*: seconds.
    pub database_cpu_seconds: f64,
    /// Half of the answers took at most this long. *Units*: microseconds.
    pub p50_us: f64,
    /// All but one in a hundred took at most this long. *Units*: microseconds.
    pub p99_us: f64,
}

impl Turn {
    /// *Units*: answers a second.
    pub fn throughput(&self) -> f64 {
        count(self.requests) / self.seconds
    }

    /// Processor time of the server for one answer. *Units*: microseconds.
    pub fn cpu_us(&self) -> f64 {
        self.server_cpu_seconds * 1e6 / count(self.requests)
    }

    /// Processor time of the database server for one answer. *Units*: microseconds.
    pub fn database_cpu_us(&self) -> f64 {
        self.database_cpu_seconds * 1e6 / count(self.requests)
    }

    /// Which part of its core the server used: near one, or the load was the limit.
    pub fn busy(&self) -> f64 {
        self.server_cpu_seconds / self.seconds
    }
}

/// Every endpoint once, in the order of [`Endpoint::ALL`].
pub type Round = Vec<Turn>;

/// What was found over one database.
#[derive(Debug, serde::Serialize)]
pub struct Found {
    /// The first check of each session, as long as there were some left; on SQLite alone, where it is remembered from then on.
    pub first: Vec<Turn>,
    /// Everything asked as fast as it goes.
    pub rounds: Vec<Round>,
    /// How long people wait at half of what they can get.
    pub waits: Waits,
    /// What the server took after all of it.
    pub memory: Memory,
}

/// Measures all endpoints over one database.
///
/// *Errors*: the server does not start, or answers something else than expected.
pub async fn measure(
    database_url: &str,
    database: Option<DatabaseServer>,
    tickets: &Arc<Tickets>,
    plan: Plan,
) -> Result<Found, String> {
    let server = plan.serve(database_url)?;
    let mut connections = open(&server, plan).await?;
    let asked = Endpoint::ALL.map(|endpoint| Asked { tickets, endpoint });
    for requests in &asked {
        warm_up(&mut connections, requests).await?;
    }
    let first = match database {
        None => first_checks(&server, &mut connections, tickets, plan).await?,
        Some(_) => Vec::new(),
    };
    let mut rounds = Vec::with_capacity(plan.rounds);
    for _ in 0..plan.rounds {
        let mut round = Round::new();
        for requests in &asked {
            round.push(turn(&server, database, &mut connections, requests, plan).await?);
        }
        rounds.push(round);
    }
    let waits = latency::measure(server.address, tickets, (plan.rounds, plan.seconds))?;
    Ok(Found { first, rounds, waits, memory: server.memory()? })
}

/// Asks about every session, so that all that can be remembered of them is.
///
/// *Errors*: those of [`turn`].
pub async fn first_checks(
    server: &Server,
    connections: &mut [Connection],
    tickets: &Tickets,
    plan: Plan,
) -> Result<Vec<Turn>, String> {
    let (in_turn, mut turns) = (InTurn::new(tickets), Vec::new());
    while !in_turn.is_through() {
        let turn = turn(server, None, connections, &in_turn, plan).await?;
        // The last one asks about some again.
        if !in_turn.is_through() {
            turns.push(turn);
        }
    }
    Ok(turns)
}

/// The connections of a plan.
///
/// *Errors*: nobody listens.
pub async fn open(server: &Server, plan: Plan) -> Result<Vec<Connection>, String> {
    let open = |number: usize| Connection::open(server.address, number as u64);
    try_join_all((0..plan.connections.max(1)).map(open)).await
}

/// Sends until pages, statements and code are warm.
///
/// *Errors*: another answer than the expected one.
pub async fn warm_up(connections: &mut [Connection], requests: &impl Requests) -> Result<(), String> {
    run(connections, requests, WARM_UP, Rest::Sleeping).await.map(|_| ())
}

/// One turn.
///
/// *Errors*: another answer than the expected one, or the server is gone.
pub async fn turn(
    server: &Server,
    database: Option<DatabaseServer>,
    connections: &mut [Connection],
    requests: &impl Requests,
    plan: Plan,
) -> Result<Turn, String> {
    let database_cpu = || database.map_or(0.0, DatabaseServer::cpu_seconds);
    let (began, server_began, database_began) = (now(), server.cpu_seconds()?, database_cpu());
    let rest = if database.is_none() { Rest::Awake } else { Rest::Sleeping };
    let latencies = run(connections, requests, Duration::from_secs_f64(plan.seconds), rest).await?;
    Ok(Turn {
        endpoint: requests.name(),
        requests: latencies.len(),
        seconds: began.elapsed().as_secs_f64(),
        server_cpu_seconds: server.cpu_seconds()? - server_began,
        database_cpu_seconds: database_cpu() - database_began,
        p50_us: percentile(&latencies, 50),
        p99_us: percentile(&latencies, 99),
    })
}

/// What the load does while it has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It looks again at once. A load that sleeps is woken by a signal to its processor, which the sender of each answer pays
    /// for: the slower an endpoint is answered the more often, a fifth of a check's time. Who asks over a network is not woken so.
    Awake,
    /// It sleeps, for a database server needs its processor.
    Sleeping,
}

/// Sends on all connections for a while; the answer times, sorted.
async fn run(
    connections: &mut [Connection],
    requests: &impl Requests,
    time: Duration,
    rest: Rest,
) -> Result<Vec<u64>, String> {
    let end = now() + time;
    let all = try_join_all(connections.iter_mut().map(|connection| connection.run(requests, end)));
    let parts = match rest {
        Rest::Sleeping => all.await?,
        Rest::Awake => tokio::select! {
            parts = all => parts?,
            () = stay_awake() => Vec::new(),
        },
    };
    let mut all = parts.concat();
    all.sort_unstable();
    Ok(all)
}

/// Never ends.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// *Units*: nanoseconds in, microseconds out.
pub fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let position = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(position).map_or(0.0, |nanoseconds| Duration::from_nanos(*nanoseconds).as_secs_f64() * 1e6)
}

/// A number of answers, far below where a float loses count.
#[expect(clippy::cast_precision_loss, reason = "a turn has some hundred thousand answers")]
fn count(requests: usize) -> f64 {
    requests as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_seen() {
        let sorted: Vec<u64> = (1..=200).map(|number| number * 1_000).collect();
        assert!((percentile(&sorted, 50) - 101.0).abs() < 1e-9);
        assert!((percentile(&sorted, 99) - 199.0).abs() < 1e-9);
        assert!((percentile(&[7_000], 99) - 7.0).abs() < 1e-9);
        assert!(percentile(&[], 50).abs() < f64::EPSILON);
    }
}
