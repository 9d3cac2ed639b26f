//! Owns what becomes of the sign-ins through an identity provider: figures, a table, and what was equal and what was not.

use serde::Serialize;

use super::{Plan, Round, Turn};
use crate::figure::{Aim, Figure, Unit};
use crate::part::{Part, data};
use crate::report::{Spread, ratio};
use crate::stage::Stage;

/// Every number.
#[derive(Serialize)]
pub struct Report {
    /// How it was measured.
    pub plan: Plan,
    /// Every round.
    pub rounds: Vec<Round>,
}

impl Turn {
    fn a_second(&self) -> f64 {
        f64::from(self.sign_ins) / self.seconds
    }

    /// *Units*: milliseconds.
    fn cpu_ms(&self) -> f64 {
        self.server_cpu_seconds * 1e3 / f64::from(self.sign_ins)
    }
}

impl Report {
    /// What is kept of it.
    ///
    /// *Errors*: none with these types.
    pub fn part(&self, stage: Stage) -> Result<Part, String> {
        Ok(Part {
            name: "sso".to_owned(),
            title: "Sign-ins through an identity provider beside better-auth".to_owned(),
            busy_before: stage.busy_before,
            figures: self.figures().into(),
            text: self.text(stage),
            data: data(self)?,
        })
    }

    fn spread(&self, what: impl Fn(&Round) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.iter().map(what).collect())
    }

    fn figures(&self) -> [Figure; 3] {
        let middle = |what: fn(&Round) -> f64| self.spread(what).map_or(f64::NAN, |spread| spread.median);
        [
            Figure::new("SSO sign-in, server CPU", middle(|round| round.ours.cpu_ms()), Unit::Milliseconds)
                .aim(Aim::AtMost(3.0)),
            Figure::new(
                "SSO sign-in, server CPU of better-auth's",
                middle(|round| round.ours.cpu_ms() / round.theirs.cpu_ms()),
                Unit::Ratio,
            )
            .aim(Aim::AtMost(0.1)),
            Figure::new("SSO sign-ins on one core", middle(|round| round.ours.a_second()), Unit::ASecond)
                .aim(Aim::AtLeast(150.0)),
        ]
    }

    fn text(&self, stage: Stage) -> String {
        let row = |name: &str, of: fn(&Round) -> &Turn| {
            let middle =
                |what: fn(&Turn) -> f64| self.spread(|round| what(of(round))).map_or(f64::NAN, |spread| spread.median);
            format!(
                "| {name} | {:.0} | {:.1} | {:.1} | {:.2} | {:.0} % |",
                middle(Turn::a_second),
                middle(|turn| turn.p50_us / 1e3),
                middle(|turn| turn.p99_us / 1e3),
                middle(Turn::cpu_ms),
                middle(|turn| turn.server_cpu_seconds / turn.seconds * 100.0),
            )
        };
        let times = self.spread(|round| round.theirs.cpu_ms() / round.ours.cpu_ms()).map(ratio).unwrap_or_default();
        let Plan { rounds, seconds, browsers, people } = self.plan;
        [
            "| | sign-ins/s | p50 ms | p99 ms | server CPU ms/sign-in | busy |\n|---|---:|---:|---:|---:|---:|".to_owned(),
            row("Orgate", |round| &round.ours),
            row("better-auth", |round| &round.theirs),
            String::new(),
            format!("- A sign-in at better-auth takes {times} times the processor time of one here."),
            format!(
                "- {rounds} rounds of {seconds} s a turn, one server after the other, both on {}; {browsers} browsers, each one \
                 sign-in after the other, {people} people who have signed in before. Medians of the rounds; ratios are taken \
                 within a round (least to greatest). Latencies include the provider and waiting for it.",
                stage.core()
            ),
            "- A sign-in: the request that starts it, the authorization answer, the callback, a session's cookie. After each turn \
             every browser shows its cookie and is told whose session it is. The pages before and after are not asked for."
                .to_owned(),
            "- Equal: SQLite with WAL and synchronous=FULL, 20 organizations, 1,000 people and 10,000 sessions; an identity provider \
             of the same kind on the other cores, over plain HTTP with connections kept open, whose processor time is not \
             counted; code flow with PKCE S256 and client_secret_basic; an ID token signed with RS256 that is verified; UserInfo \
             asked for, since the ID token has no address; limits lifted."
                .to_owned(),
            "- Not equal: Orgate reads discovery and keys from its caches, better-auth has the addresses in its database and gets the \
             keys anew each time; Orgate answers the start with a page, better-auth with JSON; Orgate checks a nonce and `iss`, \
             keeps an attempt that Owners can see, decides policy and writes an audit event; better-auth keeps the provider's \
             tokens. Neither was tried with TLS to the provider."
                .to_owned(),
        ]
        .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Verdict;

    #[test]
    fn both_are_compared_within_a_round() {
        let turn = |sign_ins, server_cpu_seconds| Turn {
            sign_ins,
            seconds: 4.0,
            server_cpu_seconds,
            p50_us: 1.0,
            p99_us: 1.0,
        };
        let round = |slow: f64| Round { ours: turn(1_000, 2.0 * slow), theirs: turn(100, 2.5 * slow) };
        let report = Report {
            plan: Plan { rounds: 3, seconds: 4.0, browsers: 8, people: 200 },
            rounds: vec![round(1.0), round(1.6), round(1.2)],
        };
        let [cpu, of_theirs, rate] = report.figures();
        assert!((cpu.value.unwrap() - 2.4).abs() < 1e-9 && cpu.verdict() == Verdict::Reached);
        assert!((of_theirs.value.unwrap() - 0.08).abs() < 1e-9 && of_theirs.verdict() == Verdict::Reached);
        assert_eq!((rate.value, rate.verdict()), (Some(250.0), Verdict::Reached));
    }
}
