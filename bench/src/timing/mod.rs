//! Owns the timing test of T-SEC-2, in the manner of dudect: each comparison is called with a nearly right and with wrong inputs in
//! random turns, and Welch's t says whether the two times can be told apart. Beyond 4.5 either way they can.

mod comparison;
mod welch;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use orgate_app::entropy::{Draw as _, SeededEntropy};
use serde::Serialize;

use crate::figure::{Aim, Figure, Unit};
use crate::load;
use crate::part::{Part, data};
use crate::stage::Common;
use comparison::{Class, Comparison};
use welch::Sample;

/// Beyond this the times differ. *Source*: T-SEC-2.
const LIMIT: f64 = 4.5;
/// Calls that are timed together, so that the clock's own steps do not cover the difference.
const TOGETHER: u32 = 8;
/// Measurements by which it is decided what an interruption is, before the first that counts.
const CALIBRATION: usize = 20_000;
/// The shares of measurements that are looked at: what takes longer than the rest was interrupted. *Units*: per mille.
const SHARES: [usize; 3] = [1000, 990, 900];

/// What the command takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Measurements of each comparison.
    #[arg(long, default_value_t = 2_000_000)]
    measurements: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Report {
    measurements: usize,
    calls_each: u32,
    limit: f64,
    comparisons: Vec<Seen>,
}

/// What was seen of one comparison. *Units*: nanoseconds a call.
#[derive(Serialize)]
struct Seen {
    name: &'static str,
    inputs: &'static str,
    control: bool,
    nearly: Mean,
    wrong: Mean,
    /// Of all, of 99 and of 90 in a hundred.
    t: [f64; SHARES.len()],
}

#[derive(Serialize)]
struct Mean {
    count: f64,
    nanoseconds: f64,
}

impl Seen {
    /// The one furthest from nothing.
    fn worst(&self) -> f64 {
        self.t.iter().copied().fold(0.0, |worst, t| if t.abs() > f64::abs(worst) { t } else { worst })
    }

    fn is_as_expected(&self) -> bool {
        (self.worst().abs() >= LIMIT) == self.control
    }
}

/// Measures all comparisons, prints the table and fails when one can be told, or the control cannot.
///
/// *Errors*: that, a comparison that does not compare, and what else went wrong.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let stage = arguments.common.begin()?;
    let mut seen = Vec::new();
    for mut comparison in comparison::all()? {
        comparison::compares(&mut *comparison)?;
        seen.push(measure(&mut *comparison, arguments.measurements));
    }
    let report = Report { measurements: arguments.measurements, calls_each: TOGETHER, limit: LIMIT, comparisons: seen };
    let part = Part {
        name: "timing".to_owned(),
        title: "Comparisons with a secret".to_owned(),
        busy_before: stage.busy_before,
        figures: figures(&report.comparisons).into(),
        text: page(&report),
        data: data(&report)?,
    };
    part.keep(arguments.common.parts.as_deref())?;
    let strange: Vec<&str> =
        report.comparisons.iter().filter(|seen| !seen.is_as_expected()).map(|seen| seen.name).collect();
    if strange.is_empty() { Ok(()) } else { Err(format!("not as expected: {}", strange.join(", "))) }
}

/// The two that matter: the comparison that comes nearest to being told, and the control.
fn figures(seen: &[Seen]) -> [Figure; 2] {
    let worst = |control| {
        let of_kind = seen.iter().filter(|seen| seen.control == control);
        of_kind.map(|seen| seen.worst().abs()).fold(f64::NAN, f64::max)
    };
    [
        Figure::new("comparisons with a secret, the worst t either way", worst(false), Unit::StandardErrors)
            .aim(Aim::Below(LIMIT)),
        Figure::new("the same of a comparison that tells, the control", worst(true), Unit::StandardErrors)
            .aim(Aim::AtLeast(LIMIT)),
    ]
}

fn measure(comparison: &mut dyn Comparison, measurements: usize) -> Seen {
    let turns = SeededEntropy::new(9);
    let mut first: Vec<f64> = (0..CALIBRATION).map(|_| next(comparison, &turns).1).collect();
    first.sort_by(f64::total_cmp);
    let ends = SHARES.map(|share| end(&first, share));
    let mut samples = [[Sample::default(); 2]; SHARES.len()];
    for _ in 0..measurements {
        let (class, nanoseconds) = next(comparison, &turns);
        for ([nearly, wrong], end) in samples.iter_mut().zip(ends) {
            if nanoseconds <= end {
                if class == Class::Nearly { nearly.add(nanoseconds) } else { wrong.add(nanoseconds) }
            }
        }
    }
    let [[nearly, wrong], ..] = samples;
    let mean = |sample: Sample| Mean { count: sample.count(), nanoseconds: sample.mean() };
    Seen {
        name: comparison.name(),
        inputs: comparison.inputs(),
        control: comparison.leaks(),
        nearly: mean(nearly),
        wrong: mean(wrong),
        t: samples.map(|[nearly, wrong]| welch::t(&nearly, &wrong)),
    }
}

/// One measurement of an input that is drawn.
fn next(comparison: &mut dyn Comparison, turns: &SeededEntropy) -> (Class, f64) {
    let [turn] = turns.bytes::<1>();
    let class = if turn % 2 == 0 { Class::Nearly } else { Class::Wrong };
    comparison.prepare(class);
    (class, time(comparison))
}

/// What a measurement of this share takes at most.
fn end(sorted: &[f64], share: usize) -> f64 {
    if share == 1000 {
        return f64::INFINITY;
    }
    sorted.get(sorted.len() * share / 1000).copied().unwrap_or(f64::INFINITY)
}

fn time(comparison: &dyn Comparison) -> f64 {
    let began = load::now();
    for _ in 0..TOGETHER {
        black_box(comparison.run());
    }
    let took: Duration = began.elapsed();
    took.as_secs_f64() * 1e9 / f64::from(TOGETHER)
}

fn page(report: &Report) -> String {
    let mut page =
        "| comparison | inputs | ns nearly right, wrong | t of all, 99 %, 90 % | verdict |\n|---|---|---:|---:|---|\n"
            .to_owned();
    for seen in &report.comparisons {
        let [all, most, body] = seen.t;
        let verdict = match (seen.worst().abs() < LIMIT, seen.control) {
            (true, false) => "cannot be told",
            (false, true) => "told, as it has to be",
            (false, false) => "CAN BE TOLD",
            (true, true) => "NOT TOLD: the test sees nothing",
        };
        let (nearly, wrong) = (seen.nearly.nanoseconds, seen.wrong.nanoseconds);
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {nearly:.1}, {wrong:.1} | {all:+.2}, {most:+.2}, {body:+.2} | {verdict} |",
            seen.name, seen.inputs
        );
    }
    let _ = writeln!(
        page,
        "\n- {} measurements of each comparison, of {} calls each, nearly right and wrong in random turns. The limit is {}.",
        report.measurements, report.calls_each, report.limit
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_sec_2_what_takes_longer_than_its_share_is_an_interruption() {
        let sorted: Vec<f64> = (0..1000_u32).map(f64::from).collect();
        assert_eq!(SHARES.map(|share| end(&sorted, share).to_string()), ["inf", "990", "900"]);
        assert!(end(&[], 900).is_infinite());
    }

    fn seen(t: [f64; 3], control: bool) -> Seen {
        let mean = || Mean { count: 1.0, nanoseconds: 1.0 };
        Seen { name: "x", inputs: "y", control, nearly: mean(), wrong: mean(), t }
    }

    #[test]
    fn t_sec_2_the_verdict_is_by_the_worst_t_and_the_control_has_to_be_told() {
        assert!(seen([4.4, -4.4, 0.0], false).is_as_expected());
        assert!(!seen([0.0, -4.6, 4.0], false).is_as_expected());
        assert!(seen([0.0, 0.0, -90.0], true).is_as_expected());
        assert!(!seen([0.0, 0.0, 4.0], true).is_as_expected());
        let all = [seen([1.0, -3.0, 0.0], false), seen([2.0, 0.0, 0.0], false), seen([0.0, 0.0, -90.0], true)];
        assert_eq!(figures(&all).map(|figure| figure.value), [Some(3.0), Some(90.0)]);
    }
}
