//! Owns growth: what a check costs when there are more and more people. A server over each database, all on the same core;
//! they take turns, and the ratio to the smallest is taken within a round.

use std::fs;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use crate::figure::{Aim, Figure, Unit};
use crate::load::{Asked, Endpoint, Tickets};
use crate::measure::{self, Plan, Turn};
use crate::part::{Part, data};
use crate::people::{EVERYBODY, People, Scale};
use crate::process::{DatabaseServer, Memory};
use crate::report::{Spread, ratio};
use crate::stage::{Common, Stage};

/// What is measured, and over what.
#[derive(clap::Args)]
pub struct Arguments {
    /// Filled SQLite databases, the smallest first: `<organizations>/<users>/<sessions>=sqlite:<file>`.
    #[arg(long)]
    sqlite: Vec<Database>,
    /// Filled PostgreSQL databases, the smallest first, with their sizes in bytes:
    /// `<organizations>/<users>/<sessions>/<bytes>=postgres://…`.
    #[arg(long)]
    postgres: Vec<Database>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    plan: Plan,
}

/// A filled database.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Database {
    scale: Scale,
    bytes: Option<u64>,
    url: String,
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "must be <organizations>/<users>/<sessions>=<database URL>";
        let (numbers, url) = text.split_once('=').ok_or(expected)?;
        let numbers: Vec<u64> =
            numbers.split('/').map(str::parse).collect::<Result<_, _>>().map_err(|_| "a number cannot be read")?;
        let (counts, bytes) = numbers.split_at_checked(3).ok_or(expected)?;
        let counts: Vec<usize> =
            counts.iter().copied().map(usize::try_from).collect::<Result<_, _>>().map_err(|_| "too many")?;
        let [organizations, users, sessions] = *counts.as_slice() else { return Err(expected.to_owned()) };
        Ok(Self { scale: Scale { organizations, users, sessions }, bytes: bytes.first().copied(), url: url.to_owned() })
    }
}

impl Database {
    /// *Units*: mebibytes.
    fn mebibytes(&self) -> f64 {
        let file = || fs::metadata(self.url.strip_prefix("sqlite:")?).ok().map(|file| file.len());
        let kibibytes = self.bytes.or_else(file).map(|bytes| u32::try_from(bytes / 1024).unwrap_or(u32::MAX));
        kibibytes.map_or(f64::NAN, |kibibytes| f64::from(kibibytes) / 1024.0)
    }
}

/// Every number.
#[derive(Serialize)]
struct Report {
    plan: Plan,
    engines: Vec<EngineReport>,
}

/// What was found on one engine.
#[derive(Serialize)]
struct EngineReport {
    name: &'static str,
    /// The smallest first.
    sizes: Vec<Size>,
}

/// What was found over one database.
#[derive(Serialize)]
struct Size {
    scale: Scale,
    database_mebibytes: f64,
    /// Its turn in each round.
    turns: Vec<Turn>,
    /// The server, afterwards.
    memory: Memory,
}

/// Measures all databases.
///
/// *Errors*: a server does not start, or answers something else than expected.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let (stage, plan) = (arguments.common.begin()?, arguments.plan);
    let mut engines = Vec::new();
    for (name, databases) in [("SQLite", &arguments.sqlite), ("PostgreSQL", &arguments.postgres)] {
        if !databases.is_empty() {
            engines.push(EngineReport { name, sizes: measure(databases, stage.database_of(name), plan).await? });
        }
    }
    Report { plan, engines }.part(stage)?.keep(arguments.common.parts.as_deref())
}

async fn measure(databases: &[Database], database: Option<DatabaseServer>, plan: Plan) -> Result<Vec<Size>, String> {
    let mut worlds = Vec::new();
    for one in databases {
        let tickets = Arc::new(Tickets::new(&People::new(one.scale, EVERYBODY)?));
        let server = plan.serve(&one.url)?;
        let mut connections = measure::open(&server, plan).await?;
        measure::warm_up(&mut connections, &Asked { tickets: &tickets, endpoint: Endpoint::Check }).await?;
        if database.is_none() {
            measure::first_checks(&server, &mut connections, &tickets, plan).await?;
        }
        worlds.push((tickets, server, Vec::new()));
    }
    let all = worlds.len();
    for round in 0..plan.rounds {
        // Each is first as often as the others.
        for position in (0..all).map(|turn| (round + turn) % all) {
            let Some((tickets, server, turns)) = worlds.get_mut(position) else { continue };
            // New ones, for a server closes what it waited for while another one was filled or had its turn.
            let mut connections = measure::open(server, plan).await?;
            let asked = Asked { tickets, endpoint: Endpoint::Check };
            turns.push(measure::turn(server, database, &mut connections, &asked, plan).await?);
        }
    }
    let sizes = databases.iter().zip(worlds).map(|(one, (_, server, turns))| {
        Ok(Size { scale: one.scale, database_mebibytes: one.mebibytes(), turns, memory: server.memory()? })
    });
    sizes.collect()
}

impl Report {
    fn part(&self, stage: Stage) -> Result<Part, String> {
        let mut lines: Vec<String> = self.engines.iter().map(EngineReport::text).collect();
        let Plan { rounds, seconds, connections, session_memory_mib } = self.plan;
        lines.push(format!(
            "- A server of one worker thread over each database, all on {}. {rounds} rounds; in each, every size has its turn of \
             {seconds} s over {connections} open connections, each check with a token drawn from all sessions. Medians of the \
             rounds; ratios are taken within a round (least to greatest).\n\
             - Each person is a member of one to three organizations; what is in memory is the server alone. The databases are \
             in memory too. Beside SQLite each server remembers sessions in at most {session_memory_mib} MiB, and every session was \
             asked about once before.\n",
            stage.core()
        ));
        Ok(Part {
            name: "growth".to_owned(),
            title: "What a check costs as a deployment grows".to_owned(),
            busy_before: stage.busy_before,
            figures: self.engines.iter().flat_map(EngineReport::figures).collect(),
            text: lines.join("\n"),
            data: data(self)?,
        })
    }
}

/// Of a turn. *Units*: microseconds.
type Cost = fn(&Turn) -> f64;

impl EngineReport {
    fn figures(&self) -> Vec<Figure> {
        let least = self.sizes.first().map_or(0, |size| size.scale.users);
        let of_size = |size: &Size| {
            let figure = |what: &str, cost: Cost| {
                let what = format!("{what}, {} people by {least}, {}", size.scale.users, self.name);
                let times = self.times(size, cost).map_or(f64::NAN, |times| times.median);
                Figure::new(what, times, Unit::Ratio).aim(Aim::AtMost(1.3))
            };
            let mut figures = vec![figure("server CPU a check", Turn::cpu_us)];
            if size.turns.iter().any(|turn| turn.database_cpu_seconds > 0.0) {
                figures.push(figure("the same with the database's", both));
            }
            figures
        };
        self.sizes.iter().skip(1).flat_map(of_size).collect()
    }

    /// By the smallest, in the same round.
    fn times(&self, size: &Size, cost: Cost) -> Option<Spread> {
        let smallest = self.sizes.first()?;
        Spread::of(size.turns.iter().zip(&smallest.turns).map(|(turn, least)| cost(turn) / cost(least)).collect())
    }

    fn text(&self) -> String {
        let head = "| people | organizations | sessions | database MiB | server MiB | checks/s | server CPU µs/check | of the smallest | with the database's µs/check | of the smallest |";
        let mut lines =
            vec![format!("### {}\n\n{head}\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|", self.name)];
        lines.extend(self.sizes.iter().filter_map(|size| {
            let middle = |what: Cost| Some(Spread::of(size.turns.iter().map(what).collect())?.median);
            Some(format!(
                "| {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {} | {:.1} | {} |",
                size.scale.users,
                size.scale.organizations,
                size.scale.sessions,
                size.database_mebibytes,
                size.memory.resident,
                middle(Turn::throughput)?,
                middle(Turn::cpu_us)?,
                ratio(self.times(size, Turn::cpu_us)?),
                middle(both)?,
                ratio(self.times(size, both)?),
            ))
        }));
        lines.join("\n") + "\n"
    }
}

/// Of server and database together.
fn both(turn: &Turn) -> f64 {
    turn.cpu_us() + turn.database_cpu_us()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Verdict;

    #[test]
    fn a_database_is_named_with_what_is_in_it() {
        let scale = Scale { organizations: 10, users: 1_000, sessions: 5_000 };
        let sqlite: Database = "10/1000/5000=sqlite:/a=b.db".parse().unwrap();
        assert_eq!(sqlite, Database { scale, bytes: None, url: "sqlite:/a=b.db".to_owned() });
        let postgres: Database = "10/1000/5000/1048576=postgres://a".parse().unwrap();
        assert_eq!(postgres.bytes, Some(1_048_576));
        assert!((postgres.mebibytes() - 1.0).abs() < 1e-9);
        for wrong in ["10/1000=sqlite:a", "a/b/c=sqlite:a", "10/1000/5000"] {
            assert!(wrong.parse::<Database>().is_err(), "{wrong}");
        }
    }

    fn size(users: usize, turns: &[(f64, f64)]) -> Size {
        let turn = |(server_cpu_seconds, database_cpu_seconds): &(f64, f64)| Turn {
            endpoint: "GET /check",
            requests: 1_000,
            seconds: 1.0,
            server_cpu_seconds: *server_cpu_seconds,
            database_cpu_seconds: *database_cpu_seconds,
            p50_us: 1.0,
            p99_us: 1.0,
        };
        Size {
            scale: Scale { organizations: 1, users, sessions: users },
            database_mebibytes: 1.0,
            turns: turns.iter().map(turn).collect(),
            memory: Memory { resident: 1.0, own: 1.0, peak: 1.0 },
        }
    }

    #[test]
    fn each_size_is_compared_with_the_smallest_in_the_same_round() {
        let small = size(10, &[(1.0, 1.0), (8.0, 8.0), (2.0, 2.0)]);
        let large = size(1_000, &[(1.2, 2.0), (9.6, 16.0), (2.4, 4.0)]);
        let report = EngineReport { name: "PostgreSQL", sizes: vec![small, large] };
        let [alone, together] = report.figures().try_into().unwrap();
        assert_eq!(alone.what, "server CPU a check, 1000 people by 10, PostgreSQL");
        assert!((alone.value.unwrap() - 1.2).abs() < 1e-9 && alone.verdict() == Verdict::Reached);
        assert!((together.value.unwrap() - 1.6).abs() < 1e-9 && together.verdict() == Verdict::Missed);
    }

    #[test]
    fn without_a_database_server_there_is_one_figure_a_size() {
        let sizes = vec![size(10, &[(1.0, 0.0)]), size(100, &[(1.0, 0.0)]), size(1_000, &[(2.0, 0.0)])];
        let figures = EngineReport { name: "SQLite", sizes }.figures();
        assert_eq!(figures.iter().map(|figure| figure.value).collect::<Vec<_>>(), [Some(1.0), Some(2.0)]);
    }
}
