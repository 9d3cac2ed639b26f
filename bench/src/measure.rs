//! Owns one measurement: a server, its load, and runs that take turns (A B C A B C …), so that whatever else the machine
//! does meets all endpoints alike.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::load::{Connection, Endpoint, Tickets, now};
use crate::process::{DatabaseServer, Server};

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
}

/// One endpoint's turn in one round.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Turn {
    /// What was asked for.
    pub endpoint: Endpoint,
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

/// Measures all endpoints over one database.
///
/// *Errors*: the server does not start, or answers something else than expected.
pub async fn measure(
    database_url: &str,
    database: Option<DatabaseServer>,
    tickets: &Arc<Tickets>,
    plan: Plan,
) -> Result<Vec<Round>, String> {
    let server = Server::start(&["serve", "--database-url", database_url])?;
    let open = |number: usize| Connection::open(server.address, Arc::clone(tickets), number as u64);
    let mut connections = try_join_all((0..plan.connections.max(1)).map(open)).await?;
    for endpoint in Endpoint::ALL {
        run(&mut connections, endpoint, WARM_UP).await?;
    }
    let mut rounds = Vec::with_capacity(plan.rounds);
    for _ in 0..plan.rounds {
        let mut round = Round::new();
        for endpoint in Endpoint::ALL {
            round.push(turn(&server, database, &mut connections, endpoint, plan).await?);
        }
        rounds.push(round);
    }
    Ok(rounds)
}

async fn turn(
    server: &Server,
    database: Option<DatabaseServer>,
    connections: &mut [Connection],
    endpoint: Endpoint,
    plan: Plan,
) -> Result<Turn, String> {
    let database_cpu = || database.map_or(0.0, DatabaseServer::cpu_seconds);
    let (began, server_began, database_began) = (now(), server.cpu_seconds()?, database_cpu());
    let latencies = run(connections, endpoint, Duration::from_secs_f64(plan.seconds)).await?;
    Ok(Turn {
        endpoint,
        requests: latencies.len(),
        seconds: began.elapsed().as_secs_f64(),
        server_cpu_seconds: server.cpu_seconds()? - server_began,
        database_cpu_seconds: database_cpu() - database_began,
        p50_us: percentile(&latencies, 50),
        p99_us: percentile(&latencies, 99),
    })
}

/// Sends on all connections for a while; the answer times, sorted.
async fn run(connections: &mut [Connection], endpoint: Endpoint, time: Duration) -> Result<Vec<u64>, String> {
    let end = now() + time;
    let parts = try_join_all(connections.iter_mut().map(|connection| connection.run(endpoint, end))).await?;
    let mut all = parts.concat();
    all.sort_unstable();
    Ok(all)
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
