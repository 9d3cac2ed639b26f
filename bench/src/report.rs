//! Owns what becomes of the measurements: a table for people and all numbers for programs.

use std::path::Path;

use serde::Serialize;

use crate::load::Endpoint;
use crate::machine::Fact;
use crate::measure::{Plan, Round, Turn};
use crate::people::Scale;

/// All of one evening.
#[derive(Serialize)]
pub struct Report {
    /// The day. RFC 3339, date only.
    pub date: String,
    /// The machine.
    pub machine: Vec<Fact>,
    /// What was in the databases.
    pub scale: Scale,
    /// How it was measured.
    pub plan: Plan,
    /// Whether the server had a core to itself.
    pub pinned: bool,
    /// What was found.
    pub engines: Vec<EngineReport>,
}

/// The rounds on one engine.
#[derive(Serialize)]
pub struct EngineReport {
    /// As people write it.
    pub name: &'static str,
    /// Its rounds.
    pub rounds: Vec<Round>,
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
    /// Writes `<date>-check.md` and `<date>-check.json`.
    ///
    /// *Errors*: the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let failed = |reason: std::io::Error| format!("results: {reason}");
        std::fs::create_dir_all(folder).map_err(failed)?;
        let json = serde_json::to_string_pretty(self).map_err(|reason| format!("results: {reason}"))?;
        std::fs::write(folder.join(format!("{}-check.json", self.date)), json + "\n").map_err(failed)?;
        std::fs::write(folder.join(format!("{}-check.md", self.date)), self.text()).map_err(failed)
    }

    /// The page.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("# `/check` against an empty endpoint, {}\n", self.date)];
        lines.extend(self.engines.iter().map(EngineReport::table));
        lines.extend(self.circumstances());
        lines.extend(self.machine.iter().map(|(name, value)| format!("- {name}: {value}")));
        lines.join("\n") + "\n"
    }

    fn circumstances(&self) -> [String; 4] {
        let Scale { organizations, users, sessions } = self.scale;
        let Plan { rounds, seconds, connections } = self.plan;
        let pinned =
            if self.pinned { "one core that nothing else of the measurement used" } else { "the machine's only core" };
        [
            format!("- Database: {organizations} organizations, {users} people, {sessions} living sessions."),
            format!(
                "- {rounds} rounds; in each, every endpoint has its turn of {seconds} s over {connections} open connections, \
                 each request with a token drawn from all sessions. Server: release build, one worker thread, {pinned}."
            ),
            "- Of requests a second, latencies and processor time: the median of the rounds. Ratios: the median of the \
             ratios to the empty endpoint in the same round (least to greatest)."
                .to_owned(),
            "- Busy: processor time of the server by the clock on the wall. Well below 100 %, the server waited, and its \
             requests a second say more about the load or the database than about it."
                .to_owned(),
        ]
    }
}

impl EngineReport {
    fn table(&self) -> String {
        let head = "| | requests/s | of empty | p50 µs | p99 µs | server CPU µs/request | CPU: empty of it | busy | database CPU µs/request |";
        let mut lines = vec![format!("## {}\n\n{head}\n|---|---:|---:|---:|---:|---:|---:|---:|---:|", self.name)];
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
        let values = self.rounds.iter().filter_map(|round| {
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
        let engine = EngineReport { name: "SQLite", rounds: vec![round(1), round(9), round(3)] };
        let spread = engine.spread(Endpoint::Check, |turn, empty| turn.throughput() / empty.throughput()).unwrap();
        assert!((spread.least - 0.6).abs() < 1e-9 && (spread.greatest - 0.6).abs() < 1e-9);
        assert_eq!(engine.cells(Endpoint::Check).unwrap()[..2], ["1800".to_owned(), "0.60 (0.60 to 0.60)".to_owned()]);
        assert!(engine.cells(Endpoint::Session).is_none(), "it had no turn");
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]), Some(Spread { median: 2.5, least: 1.0, greatest: 4.0 }));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
