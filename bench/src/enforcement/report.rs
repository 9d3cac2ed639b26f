//! Owns what becomes of the measurements of enforcement: tables for people and all numbers for programs.

use serde::Serialize;

use super::Plan;
use super::call::Calls;
use super::check::{Load, Phase, Turn};
use crate::figure::{Aim, Figure, Unit};
use crate::part::{Part, data};
use crate::report::Spread;
use crate::stage::Stage;

/// All of one evening.
#[derive(Serialize)]
pub struct Report {
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
    /// The calls, a database each, the one with the fewest sessions first.
    pub calls: Vec<Calls>,
    /// `/check` meanwhile, over the database with the most.
    pub load: Load,
}

impl Report {
    /// What is kept of it.
    ///
    /// *Errors*: none with these types.
    pub fn part(&self, stage: Stage) -> Result<Part, String> {
        let mut lines: Vec<String> = self.engines.iter().map(EngineReport::text).collect();
        lines.extend(self.circumstances(stage));
        Ok(Part {
            name: "enforcement".to_owned(),
            title: "Switching enforcement on".to_owned(),
            busy_before: stage.busy_before,
            figures: self.engines.iter().flat_map(EngineReport::figures).collect(),
            text: lines.join("\n"),
            data: data(self)?,
        })
    }

    fn circumstances(&self, stage: Stage) -> [String; 3] {
        let Plan { calls, rounds, seconds, connections } = self.plan;
        [
            format!(
                "- The call: {calls} times on and off over each database, which take turns; nothing sweeps meanwhile, so \
                 the past is as long as it can be. Of the smallest: the ratio of the medians, and of the 99th percentiles."
            ),
            format!(
                "- `/check`: {rounds} rounds; in each, every phase has its turn of {seconds} s over {connections} connections \
                 at half the rate that was answered at most, arrivals by chance. Latencies: the median of the rounds. \
                 Of quiet: by the median of the quiet phase (least to greatest ratio within one round)."
            ),
            format!("- Server: one worker thread, {}; the load on the others, with PostgreSQL.", stage.core()),
        ]
    }
}

impl EngineReport {
    fn figures(&self) -> Vec<Figure> {
        let slower = match (self.calls.first(), self.calls.last()) {
            (Some(smallest), Some(largest)) => percentile(&largest.on_ms, 50) / percentile(&smallest.on_ms, 50),
            (None, _) | (_, None) => f64::NAN,
        };
        let sizes = [self.calls.first(), self.calls.last()].map(|calls| calls.map_or(0, |calls| calls.sessions));
        let worst =
            Phase::ALL.into_iter().filter_map(|phase| self.worse(phase, |turn| turn.beside_p99_us)).reduce(f64::max);
        let (name, [least, most]) = (self.name, sizes);
        vec![
            Figure::new(format!("enforcement call, {most} open sessions by {least}, {name}"), slower, Unit::Ratio)
                .aim(Aim::AtMost(2.0)),
            Figure::new(
                format!("`/check` p99 while enforcement is switched, swept or both, of quiet, {name}"),
                worst.unwrap_or(f64::NAN),
                Unit::Ratio,
            )
            .aim(Aim::AtMost(2.0)),
        ]
    }

    fn text(&self) -> String {
        [format!("### {}\n", self.name), self.calls(), self.load()].join("\n")
    }

    fn calls(&self) -> String {
        let head = "| open sessions | on: median ms | p99 ms | median of the smallest | p99 of the smallest | off: median ms | p99 ms |";
        let mut lines = vec![format!("{head}\n|---:|---:|---:|---:|---:|---:|---:|")];
        let smallest = self.calls.first();
        for calls in &self.calls {
            let of = |percent| {
                let least = smallest.map_or(0.0, |smallest| percentile(&smallest.on_ms, percent));
                percentile(&calls.on_ms, percent) / least
            };
            lines.push(format!(
                "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
                calls.sessions,
                percentile(&calls.on_ms, 50),
                percentile(&calls.on_ms, 99),
                of(50),
                of(99),
                percentile(&calls.off_ms, 50),
                percentile(&calls.off_ms, 99),
            ));
        }
        lines.join("\n") + "\n"
    }

    fn load(&self) -> String {
        let head = "| `/check` while | requests/s | others: p50 µs | p99 µs | p99 of quiet | own members: p50 µs | p99 µs | p99 of quiet | server CPU | calls: median ms |";
        let mut lines = vec![
            format!(
                "{} open sessions; at most {:.0} requests/s, asked at half of that.\n",
                self.load.sessions, self.load.saturation
            ),
            format!("{head}\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"),
        ];
        lines.extend(Phase::ALL.into_iter().filter_map(|phase| self.row(phase)));
        lines.join("\n") + "\n"
    }

    fn row(&self, phase: Phase) -> Option<String> {
        let seconds = self.load.seconds;
        let name = match phase {
            Phase::Quiet => "nothing happens",
            Phase::Switching => "switching four times a second",
            Phase::Sweeping => "sweeping",
            Phase::Both => "both",
        };
        let calls: Vec<f64> = self
            .load
            .rounds
            .iter()
            .flatten()
            .filter(|turn| turn.phase == phase)
            .flat_map(|turn| turn.calls_ms.clone())
            .collect();
        let calls = if calls.is_empty() { "–".to_owned() } else { format!("{:.1}", percentile(&calls, 50)) };
        Some(format!(
            "| {name} | {:.0} | {:.0} | {:.0} | {} | {:.0} | {:.0} | {} | {:.0} % | {calls} |",
            self.spread(phase, |turn, _| count(turn.requests) / seconds)?.median,
            self.middle(phase, |turn| turn.beside_p50_us)?,
            self.middle(phase, |turn| turn.beside_p99_us)?,
            self.of_quiet(phase, |turn| turn.beside_p99_us)?,
            self.middle(phase, |turn| turn.own_p50_us)?,
            self.middle(phase, |turn| turn.own_p99_us)?,
            self.of_quiet(phase, |turn| turn.own_p99_us)?,
            self.spread(phase, |turn, _| turn.server_cpu_seconds / seconds * 100.0)?.median,
        ))
    }

    fn middle(&self, phase: Phase, what: fn(&Turn) -> f64) -> Option<f64> {
        Some(self.spread(phase, |turn, _| what(turn))?.median)
    }

    /// A phase's median by the quiet one's. The machine stands still now and then, and one turn in three has a slowest hundredth
    /// several times that of the next: of the ratio within a round even the median says nothing with that on both sides of it.
    fn worse(&self, phase: Phase, what: fn(&Turn) -> f64) -> Option<f64> {
        Some(self.middle(phase, what)? / self.middle(Phase::Quiet, what)?)
    }

    fn of_quiet(&self, phase: Phase, what: fn(&Turn) -> f64) -> Option<String> {
        let rounds = self.spread(phase, |turn, quiet| what(turn) / what(quiet))?;
        Some(format!("{:.2} ({:.2} to {:.2})", self.worse(phase, what)?, rounds.least, rounds.greatest))
    }

    /// Over all rounds, of a phase's turn and the quiet one's in the same round.
    fn spread(&self, phase: Phase, what: impl Fn(&Turn, &Turn) -> f64) -> Option<Spread> {
        let values = self.load.rounds.iter().filter_map(|round| {
            let turn = |wanted| round.iter().find(|turn| turn.phase == wanted);
            Some(what(turn(phase)?, turn(Phase::Quiet)?))
        });
        Spread::of(values.collect())
    }
}

/// The value that so many in a hundred do not exceed.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(position).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred thousand answers")]
fn count(answers: usize) -> f64 {
    answers as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(phase: Phase, p99: f64) -> Turn {
        Turn {
            phase,
            requests: 100,
            server_cpu_seconds: 1.0,
            beside_p50_us: p99 / 2.0,
            beside_p99_us: p99,
            own_p50_us: p99 / 2.0,
            own_p99_us: p99,
            calls_ms: Vec::new(),
        }
    }

    #[test]
    fn a_phase_is_compared_with_the_quiet_one_by_the_medians_of_both() {
        let round = |quiet: f64, both: f64| vec![turn(Phase::Quiet, quiet), turn(Phase::Both, both)];
        let rounds = vec![round(900.0, 450.0), round(300.0, 450.0), round(100.0, 600.0)];
        let report = EngineReport {
            name: "SQLite",
            calls: Vec::new(),
            load: Load { sessions: 10, saturation: 50.0, seconds: 2.0, rounds },
        };
        let row = report.row(Phase::Both).unwrap();
        assert!(row.starts_with("| both | 50 | 225 | 450 | 1.50 (0.50 to 6.00) |"), "{row}");
        assert!(report.row(Phase::Sweeping).is_none(), "it had no turn");
        assert_eq!(report.figures()[1].value, Some(1.5));
    }

    #[test]
    fn the_worst_phase_counts_and_without_a_turn_there_is_no_figure() {
        let round = vec![turn(Phase::Quiet, 100.0), turn(Phase::Switching, 250.0), turn(Phase::Both, 120.0)];
        let report = |rounds| EngineReport {
            name: "SQLite",
            calls: Vec::new(),
            load: Load { sessions: 10, saturation: 50.0, seconds: 2.0, rounds },
        };
        assert_eq!(report(vec![round]).figures()[1].value, Some(2.5));
        assert_eq!(report(Vec::new()).figures()[1].value, None);
    }

    #[test]
    fn a_call_is_compared_with_the_same_percentile_of_the_smallest() {
        let calls = |sessions, factor: f64| Calls {
            sessions,
            on_ms: (1..=100).map(|number| f64::from(number) * factor).collect(),
            off_ms: vec![1.0],
        };
        let load = Load { sessions: 10, saturation: 50.0, seconds: 2.0, rounds: Vec::new() };
        let report = EngineReport { name: "SQLite", calls: vec![calls(10, 1.0), calls(1000, 1.2)], load };
        assert!(report.calls().contains("| 1000 | 61.20 | 120.00 | 1.20 | 1.20 | 1.00 | 1.00 |"), "{}", report.calls());
        assert!((report.figures()[0].value.unwrap() - 1.2).abs() < 1e-9);
        assert_eq!(report.figures()[0].what, "enforcement call, 1000 open sessions by 10, SQLite");
    }
}
