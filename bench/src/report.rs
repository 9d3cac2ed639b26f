//! Owns what becomes of the measurements of `/check`: figures, a table for people, all numbers for programs.

use serde::Serialize;

use crate::figure::{Aim, Figure, Unit};
use crate::load::Endpoint;
use crate::measure::{Found, Plan, Turn};
use crate::part::{Part, data};
use crate::people::Scale;
use crate::stage::Stage;

/// All of one evening.
#[derive(Serialize)]
pub struct Report {
    /// What was in the databases.
    pub scale: Scale,
    /// How it was measured.
    pub plan: Plan,
    /// What was found.
    pub engines: Vec<EngineReport>,
}

/// What was found on one engine.
#[derive(Serialize)]
pub struct EngineReport {
    /// As people write it.
    pub name: &'static str,
    /// Its numbers.
    pub found: Found,
}

/// The middle one of several, and the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Report {
    /// What is kept of it.
    ///
    /// *Errors*: none with these types.
    pub fn part(&self, stage: Stage) -> Result<Part, String> {
        let mut lines: Vec<String> = self.engines.iter().map(EngineReport::text).collect();
        lines.extend(self.circumstances(stage));
        Ok(Part {
            name: "check".to_owned(),
            title: "`/check` against an empty endpoint".to_owned(),
            busy_before: stage.busy_before,
            figures: self.engines.iter().flat_map(EngineReport::figures).collect(),
            text: lines.join("\n"),
            data: data(self)?,
        })
    }

    fn circumstances(&self, stage: Stage) -> [String; 5] {
        let Scale { organizations, users, sessions } = self.scale;
        let Plan { rounds, seconds, connections, session_memory_mib } = self.plan;
        [
            format!("- Database: {organizations} organizations, {users} people, {sessions} living sessions."),
            format!(
                "- {rounds} rounds; in each, every endpoint has its turn of {seconds} s over {connections} open connections, \
                 each request with a token drawn from all sessions. Server: one worker thread, {}; beside SQLite it remembers sessions \
                 in at most {session_memory_mib} MiB.",
                stage.core()
            ),
            "- Of requests a second, latencies and processor time: the median of the rounds. Ratios: the median of the \
             ratios to the empty endpoint in the same round (least to greatest)."
                .to_owned(),
            "- Busy: processor time of the server by the clock on the wall. Well below 100 %, the server waited, and its \
             requests a second say more about the load or the database than about it."
                .to_owned(),
            "- Waiting: turns of the same round, at most 3 s and five rounds. What the empty endpoint waits for is the machine and \
             the load; the median of the rounds (least to greatest)."
                .to_owned(),
        ]
    }
}

impl EngineReport {
    fn figures(&self) -> Vec<Figure> {
        let ratio =
            |what: fn(&Turn, &Turn) -> f64| self.spread(Endpoint::Check, what).map_or(f64::NAN, |spread| spread.median);
        let wait = self.found.waits.spread_ms(|wait| wait.check_p99).map_or(f64::NAN, |spread| spread.median);
        let name = self.name;
        vec![
            Figure::new(
                format!("`/check` of an empty endpoint, requests/s, {name}"),
                ratio(|turn, empty| turn.throughput() / empty.throughput()),
                Unit::Ratio,
            )
            .aim(Aim::AtLeast(0.7)),
            Figure::new(
                format!("`/check` of an empty endpoint, server CPU, {name}"),
                ratio(|turn, empty| empty.cpu_us() / turn.cpu_us()),
                Unit::Ratio,
            ),
            Figure::new(format!("`/check` on one core, {name}"), ratio(|turn, _| turn.throughput()), Unit::ASecond)
                .aim(Aim::AtLeast(5_000.0)),
            Figure::new(
                format!("`/check` p99, {} connections at half of saturation, {name}", self.found.waits.connections),
                wait,
                Unit::Milliseconds,
            )
            .aim(Aim::Below(3.0)),
        ]
    }

    /// What the first check of a session costs. *Units*: microseconds of processor time.
    fn first_us(&self) -> Option<Spread> {
        Spread::of(self.found.first.iter().map(Turn::cpu_us).collect())
    }

    fn text(&self) -> String {
        let memory = self.found.memory;
        let first = self.first_us().map_or_else(String::new, |first| {
            format!(
                "\nEvery session had been asked about before. Its first check, which reads its row: {} µs of server CPU.\n",
                ratio(first)
            )
        });
        format!(
            "{}{first}\n{}\nThe server then had {:.0} MiB in memory, and {:.0} MiB at most.\n",
            self.table(),
            self.found.waits.text(),
            memory.resident,
            memory.peak
        )
    }

    fn table(&self) -> String {
        let head = "| | requests/s | of empty | p50 µs | p99 µs | server CPU µs/request | CPU: empty of it | busy | database CPU µs/request |";
        let mut lines = vec![format!("### {}\n\n{head}\n|---|---:|---:|---:|---:|---:|---:|---:|---:|", self.name)];
        let row =
            |endpoint: Endpoint| Some(format!("| `{}` | {} |", endpoint.name(), self.cells(endpoint)?.join(" | ")));
        lines.extend(Endpoint::ALL.into_iter().filter_map(row));
        lines.join("\n") + "\n"
    }

    fn cells(&self, endpoint: Endpoint) -> Option<[String; 8]> {
        let middle = |what: fn(&Turn) -> f64| self.spread(endpoint, |turn, _| what(turn)).map(|spread| spread.median);
        let throughput = self.spread(endpoint, |turn, empty| turn.throughput() / empty.throughput())?;
        let cpu = self.spread(endpoint, |turn, empty| empty.cpu_us() / turn.cpu_us())?;
        Some([
            format!("{:.0}", middle(Turn::throughput)?),
            ratio(throughput),
            format!("{:.0}", middle(|turn| turn.p50_us)?),
            format!("{:.0}", middle(|turn| turn.p99_us)?),
            format!("{:.1}", middle(Turn::cpu_us)?),
            ratio(cpu),
            format!("{:.0} %", middle(Turn::busy)? * 100.0),
            format!("{:.1}", middle(Turn::database_cpu_us)?),
        ])
    }

    /// Over all rounds, of an endpoint's turn and the empty endpoint's in the same round.
    fn spread(&self, endpoint: Endpoint, what: impl Fn(&Turn, &Turn) -> f64) -> Option<Spread> {
        let values = self.found.rounds.iter().filter_map(|round| {
            let turn = |wanted: Endpoint| round.iter().find(|turn| turn.endpoint == wanted.name());
            Some(what(turn(endpoint)?, turn(Endpoint::Empty)?))
        });
        Spread::of(values.collect())
    }
}

impl Spread {
    /// `None` of nothing.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        // The one in the middle, or the two.
        let (low, high) = (*values.get(values.len().saturating_sub(1) / 2)?, *values.get(values.len() / 2)?);
        Some(Self { median: f64::midpoint(low, high), least: *values.first()?, greatest: *values.last()? })
    }
}

/// As people read it.
pub fn ratio(spread: Spread) -> String {
    format!("{:.2} ({:.2} to {:.2})", spread.median, spread.least, spread.greatest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Verdict;
    use crate::latency::Waits;
    use crate::process::Memory;

    fn turn(endpoint: Endpoint, requests: usize, cpu: f64) -> Turn {
        Turn {
            endpoint: endpoint.name(),
            requests,
            seconds: 1.0,
            server_cpu_seconds: cpu,
            database_cpu_seconds: 0.0,
            p50_us: 1.0,
            p99_us: 2.0,
        }
    }

    #[test]
    fn a_ratio_is_taken_within_a_round_so_a_slow_moment_of_the_machine_cancels_out() {
        let round =
            |speed: usize| vec![turn(Endpoint::Empty, 1_000 * speed, 1.0), turn(Endpoint::Check, 600 * speed, 1.0)];
        let found = Found {
            first: vec![turn(Endpoint::Check, 1_000, 0.02)],
            rounds: vec![round(1), round(9), round(3)],
            waits: Waits { rate: 1.0, connections: 64, rounds: Vec::new() },
            memory: Memory { resident: 1.0, own: 1.0, peak: 1.0 },
        };
        let engine = EngineReport { name: "SQLite", found };
        let spread = engine.spread(Endpoint::Check, |turn, empty| turn.throughput() / empty.throughput()).unwrap();
        assert!((spread.least - 0.6).abs() < 1e-9 && (spread.greatest - 0.6).abs() < 1e-9);
        assert_eq!(engine.cells(Endpoint::Check).unwrap()[..2], ["1800".to_owned(), "0.60 (0.60 to 0.60)".to_owned()]);
        assert!(engine.cells(Endpoint::Session).is_none(), "it had no turn");
        assert!(engine.text().contains("Its first check, which reads its row: 20.00 (20.00 to 20.00) µs"));
        let [of_empty, of_empty_cpu, rate, waits] = engine.figures().try_into().unwrap();
        assert!((of_empty.value.unwrap() - 0.6).abs() < 1e-9 && of_empty.verdict() == Verdict::Missed);
        assert!((of_empty_cpu.value.unwrap() - 0.6).abs() < 1e-9 && of_empty_cpu.verdict() == Verdict::NoAim);
        assert_eq!((rate.value, rate.verdict()), (Some(1800.0), Verdict::Missed));
        assert_eq!((waits.value, waits.verdict()), (None, Verdict::Missed), "nobody waited");
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]), Some(Spread { median: 2.5, least: 1.0, greatest: 4.0 }));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
