//! Owns one number that somebody waits for, the aim beside it, and the table of all of them.

use serde::{Deserialize, Serialize};

/// A number that was measured, and what it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is the number of.
    pub what: String,
    /// The number; nothing when it could not be measured.
    pub value: Option<f64>,
    /// What it counts.
    pub unit: Unit,
    /// What it should be, if somebody said so.
    pub aim: Option<Aim>,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// One number by another.
    Ratio,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// So many in a second.
    ASecond,
    /// 2^20 bytes.
    Mebibytes,
    /// Standard errors.
    StandardErrors,
    /// So many of something that is counted.
    Count,
}

/// What a number should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Aim {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
}

/// What became of an aim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was reached.
    Reached,
    /// It was not, or nothing was measured.
    Missed,
    /// There is none.
    NoAim,
}

impl Figure {
    /// A number, which is nothing when it is not finite: the ratio of nothing to nothing.
    pub fn new(what: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { what: what.into(), value: Some(value).filter(|value| value.is_finite()), unit, aim: None }
    }

    /// The same with an aim.
    pub fn aim(mut self, aim: Aim) -> Self {
        self.aim = Some(aim);
        self
    }

    /// Whether the aim was reached.
    pub fn verdict(&self) -> Verdict {
        match (self.aim, self.value) {
            (None, _) => Verdict::NoAim,
            (Some(aim), Some(value)) if aim.is_reached_by(value) => Verdict::Reached,
            (Some(_), _) => Verdict::Missed,
        }
    }

    fn row(&self) -> String {
        let measured = self.value.map_or_else(|| "not measured".to_owned(), |value| self.unit.write(value));
        let aim = self.aim.map_or_else(|| "–".to_owned(), |aim| aim.text(self.unit));
        let verdict = match self.verdict() {
            Verdict::Reached => "reached",
            Verdict::Missed => "**missed**",
            Verdict::NoAim => "",
        };
        format!("| {} | {measured} | {aim} | {verdict} |", self.what)
    }
}

impl Aim {
    fn is_reached_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
            Self::Below(limit) => value < limit,
        }
    }

    fn text(self, unit: Unit) -> String {
        let (words, limit) = match self {
            Self::AtMost(limit) => ("at most", limit),
            Self::AtLeast(limit) => ("at least", limit),
            Self::Below(limit) => ("below", limit),
        };
        format!("{words} {limit}{}", unit.name())
    }
}

impl Unit {
    fn write(self, value: f64) -> String {
        let digits = match self {
            Self::Ratio | Self::Milliseconds | Self::StandardErrors => 2,
            Self::Seconds => 3,
            Self::Microseconds | Self::Mebibytes => 1,
            Self::ASecond | Self::Count => 0,
        };
        format!("{value:.digits$}{}", self.name())
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ratio | Self::StandardErrors | Self::Count => "",
            Self::Microseconds => " µs",
            Self::Milliseconds => " ms",
            Self::Seconds => " s",
            Self::ASecond => "/s",
            Self::Mebibytes => " MiB",
        }
    }
}

/// The table, and under it how many aims were missed.
pub fn table<'f>(figures: impl Iterator<Item = &'f Figure> + Clone) -> String {
    let mut lines = vec!["| | measured | aim | |\n|---|---:|---|---|".to_owned()];
    lines.extend(figures.clone().map(Figure::row));
    let with = |verdict| figures.clone().filter(|figure| figure.verdict() == verdict).count();
    let (reached, missed) = (with(Verdict::Reached), with(Verdict::Missed));
    lines.push(format!("\n{reached} of {} aims were reached.\n", reached + missed));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: f64) -> Figure {
        Figure::new("cold start", value, Unit::Seconds)
    }

    #[test]
    fn an_aim_is_reached_at_its_limit_unless_the_value_has_to_stay_below_it() {
        assert_eq!(seconds(0.2).aim(Aim::AtMost(0.2)).verdict(), Verdict::Reached);
        assert_eq!(seconds(0.201).aim(Aim::AtMost(0.2)).verdict(), Verdict::Missed);
        assert_eq!(seconds(0.2).aim(Aim::AtLeast(0.2)).verdict(), Verdict::Reached);
        assert_eq!(seconds(0.199).aim(Aim::AtLeast(0.2)).verdict(), Verdict::Missed);
        assert_eq!(seconds(0.199).aim(Aim::Below(0.2)).verdict(), Verdict::Reached);
        assert_eq!(seconds(0.2).aim(Aim::Below(0.2)).verdict(), Verdict::Missed);
        assert_eq!(seconds(0.2).verdict(), Verdict::NoAim);
    }

    #[test]
    fn what_was_not_measured_reaches_no_aim() {
        for value in [f64::NAN, f64::INFINITY] {
            let figure = seconds(value).aim(Aim::AtLeast(0.0));
            assert_eq!((figure.value, figure.verdict()), (None, Verdict::Missed));
            assert_eq!(figure.row(), "| cold start | not measured | at least 0 s | **missed** |");
        }
    }

    #[test]
    fn the_table_has_each_aim_beside_its_figure_and_counts_those_that_were_reached() {
        let figures = [
            seconds(0.0125).aim(Aim::Below(0.2)),
            Figure::new("of empty", 0.38, Unit::Ratio).aim(Aim::AtLeast(0.7)),
            Figure::new("idle memory", 21.26, Unit::Mebibytes).aim(Aim::Below(40.0)),
            Figure::new("checks", 26_004.4, Unit::ASecond),
            Figure::new("unlike", 2.0, Unit::Count).aim(Aim::AtMost(0.0)),
        ];
        assert_eq!(
            table(figures.iter()),
            "| | measured | aim | |\n|---|---:|---|---|\n\
             | cold start | 0.013 s | below 0.2 s | reached |\n\
             | of empty | 0.38 | at least 0.7 | **missed** |\n\
             | idle memory | 21.3 MiB | below 40 MiB | reached |\n\
             | checks | 26004/s | – |  |\n\
             | unlike | 2 | at most 0 | **missed** |\n\n2 of 4 aims were reached.\n"
        );
    }

    #[test]
    fn a_figure_survives_its_file() {
        for figure in [seconds(f64::NAN).aim(Aim::Below(0.2)), seconds(0.25)] {
            let text = serde_json::to_string(&figure).unwrap();
            assert_eq!(serde_json::from_str::<Figure>(&text).unwrap(), figure);
        }
    }
}
