//! Owns what a password sign-in costs and what `/check` notices of a storm of them, on a server that has one core.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::exchange::{exchange, post};
use super::scene::{PASSWORD, people};
use crate::figure::{Aim, Figure, Unit};
use crate::load::{Endpoint, Latencies, Tickets, now};
use crate::measure::percentile;
use crate::paced::{Pace, ask, connect};
use crate::process::{SERVER_CORE, Server};
use crate::report::{Spread, ratio};

/// Before the first turn that counts.
const WARM_UP: Duration = Duration::from_secs(2);

/// How to measure.
#[derive(Debug, Clone, Copy, clap::Args, serde::Serialize)]
pub struct StormPlan {
    /// How often everything has its turn.
    #[arg(long, default_value_t = 7)]
    pub rounds: usize,
    /// How long a turn takes, in seconds.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Connections that ask `/check`.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// Connections that sign in, one after the other each.
    #[arg(long, default_value_t = 16)]
    pub sign_ins: usize,
}

/// What was found on one engine.
#[derive(Debug, serde::Serialize)]
pub struct Found {
    /// Answers of `/check` a second when asked as fast as it goes.
    saturation: f64,
    /// Every round.
    rounds: Vec<Round>,
}

/// One round. *Units*: a second for rates, microseconds for latencies.
#[derive(Debug, serde::Serialize)]
struct Round {
    bare_hashes: f64,
    sign_ins: f64,
    quiet_p50_us: f64,
    quiet_p99_us: f64,
    storm_p50_us: f64,
    storm_p99_us: f64,
    sign_ins_meanwhile: f64,
}

/// Measures one database.
///
/// *Errors*: the server does not start, or answers something else than expected.
pub fn measure(database_url: &str, mail: &str, plan: StormPlan) -> Result<Found, String> {
    let crowd = people()?;
    let tickets = Arc::new(Tickets::new(&crowd));
    let body = |email: &str| format!("{{\"method\":\"password\",\"email\":\"{email}\",\"password\":\"{PASSWORD}\"}}");
    let requests: Vec<Vec<u8>> = crowd
        .users
        .iter()
        .map(|one| post("/api/v1/sessions", "application/json", &body(one.user.email.as_str())))
        .collect();
    let server = Server::start(&["serve-unlimited", "--database-url", database_url, "--mail", mail])?;
    let (address, time) = (server.address, Duration::from_secs_f64(plan.seconds));
    sign_in(address, &requests, plan.sign_ins, WARM_UP)?;
    check(address, &tickets, plan.connections, None, WARM_UP)?;
    let saturation = rate(check(address, &tickets, plan.connections, None, time)?.len(), time);
    let gentle = Some(saturation / 5.0);
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let bare_hashes = bare(plan.seconds)?;
        let sign_ins = sign_in(address, &requests, plan.sign_ins, time)?;
        let quiet = check(address, &tickets, plan.connections, gentle, time)?;
        let (storm, meanwhile) = beside(address, &requests, &tickets, plan, gentle)?;
        rounds.push(Round {
            bare_hashes,
            sign_ins,
            quiet_p50_us: percentile(&quiet, 50),
            quiet_p99_us: percentile(&quiet, 99),
            storm_p50_us: percentile(&storm, 50),
            storm_p99_us: percentile(&storm, 99),
            sign_ins_meanwhile: meanwhile,
        });
    }
    Ok(Found { saturation, rounds })
}

/// `/check` while as many sign-ins as can be happen.
fn beside(
    address: SocketAddr,
    requests: &[Vec<u8>],
    tickets: &Arc<Tickets>,
    plan: StormPlan,
    gentle: Option<f64>,
) -> Result<(Latencies, f64), String> {
    let time = Duration::from_secs_f64(plan.seconds);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let storm = scope.spawn(|| sign_in_until(address, requests, plan.sign_ins, &over));
        let began = now();
        let seen = check(address, tickets, plan.connections, gentle, time);
        over.store(true, Ordering::Relaxed);
        let done = storm.join().map_err(|_| "a thread of the storm ended")??;
        Ok((seen?, rate(done, began.elapsed())))
    })
}

fn sign_in(address: SocketAddr, requests: &[Vec<u8>], number: usize, time: Duration) -> Result<f64, String> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let began = now();
        let storm = scope.spawn(|| sign_in_until(address, requests, number, &over));
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        let done = storm.join().map_err(|_| "a thread of the storm ended")??;
        Ok(rate(done, began.elapsed()))
    })
}

/// How many sign-ins were answered with a session.
fn sign_in_until(address: SocketAddr, requests: &[Vec<u8>], number: usize, over: &AtomicBool) -> Result<usize, String> {
    let one = |first: usize| {
        let mut stream = connect(address)?;
        let (mut buffer, mut done) = (vec![0; 64 * 1024], 0);
        for request in requests.iter().cycle().skip(first).step_by(number.max(1)) {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let answer = exchange(&mut stream, request, &mut buffer)?;
            if answer.status != 201 {
                return Err(format!("a sign-in was answered {}", answer.status));
            }
            done += 1;
        }
        Ok(done)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..number).map(|first| scope.spawn(move || one(first))).collect();
        let mut all = 0;
        for thread in threads {
            all += thread.join().map_err(|_| "a thread of the storm ended")??;
        }
        Ok(all)
    })
}

/// `/check` at so many requests a second; without a rate as fast as it is answered. Answer times, sorted.
fn check(
    address: SocketAddr,
    tickets: &Arc<Tickets>,
    connections: usize,
    rate: Option<f64>,
    time: Duration,
) -> Result<Latencies, String> {
    ask(address, tickets, Endpoint::Check, Pace { connections, rate, time })
}

/// The bare hash on the server's core, which is idle meanwhile.
fn bare(seconds: f64) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|reason| format!("own program: {reason}"))?;
    let printed = Command::new("taskset")
        .args(["--cpu-list", &SERVER_CORE.to_string()])
        .arg(program)
        .args(["hash", "--seconds", &seconds.to_string()])
        .output()
        .map_err(|reason| format!("taskset: {reason}"))?;
    String::from_utf8_lossy(&printed.stdout).trim().parse().map_err(|_| "the bare hash printed no rate".to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "a turn has some hundred thousand answers")]
fn rate(answers: usize, time: Duration) -> f64 {
    answers as f64 / time.as_secs_f64()
}

/// What goes into the table.
pub fn figures(engine: &'static str, found: &Found) -> Vec<Figure> {
    let middle = |what: fn(&Round) -> f64| found.middle(what);
    vec![
        Figure::new(
            format!("password sign-ins of bare hashes, {engine}"),
            middle(|round| round.sign_ins / round.bare_hashes),
            Unit::Ratio,
        )
        .aim(Aim::AtLeast(0.9)),
        Figure::new(format!("password sign-ins on one core, {engine}"), middle(|round| round.sign_ins), Unit::ASecond)
            .aim(Aim::AtLeast(35.0)),
        Figure::new(
            format!("`/check` p99 beside a storm of sign-ins, {engine}"),
            middle(|round| round.storm_p99_us / 1e3),
            Unit::Milliseconds,
        )
        .aim(Aim::Below(10.0)),
    ]
}

impl Found {
    fn spread(&self, what: fn(&Round) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.iter().map(what).collect())
    }

    fn middle(&self, what: fn(&Round) -> f64) -> f64 {
        self.spread(what).map_or(f64::NAN, |spread| spread.median)
    }
}

/// The page.
pub fn text(plan: StormPlan, engines: &[(&'static str, Found)]) -> String {
    let mut lines = vec![
        "| | bare hashes/s | sign-ins/s | ratio | `/check` alone p50, p99 ms | beside the storm p50, p99 ms | sign-ins/s meanwhile |"
            .to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    lines.extend(engines.iter().map(|(engine, found)| format!("| {engine} | {} |", cells(found).join(" | "))));
    let StormPlan { rounds, seconds, connections, sign_ins } = plan;
    let saturations: Vec<String> =
        engines.iter().map(|(engine, found)| format!("{engine} {:.0}", found.saturation)).collect();
    lines.push(format!(
        "\n- {rounds} rounds of {seconds} s a turn. Medians of the rounds; the ratio is taken within a round (least to greatest).\n\
         - Sign-ins: `POST /api/v1/sessions` over {sign_ins} connections. Bare: Argon2id, 19 MiB, t=2, p=1, on the same core while \
         the server is idle.\n\
         - `/check`: over {connections} connections at a fifth of its saturation (answers a second: {}), arrivals by chance.\n",
        saturations.join(", ")
    ));
    lines.join("\n")
}

fn cells(found: &Found) -> [String; 6] {
    let middle = |what: fn(&Round) -> f64| found.middle(what);
    let both = |half: f64, most: f64| format!("{:.2}, {:.2}", half / 1e3, most / 1e3);
    [
        format!("{:.1}", middle(|round| round.bare_hashes)),
        format!("{:.1}", middle(|round| round.sign_ins)),
        found.spread(|round| round.sign_ins / round.bare_hashes).map(ratio).unwrap_or_default(),
        both(middle(|round| round.quiet_p50_us), middle(|round| round.quiet_p99_us)),
        both(middle(|round| round.storm_p50_us), middle(|round| round.storm_p99_us)),
        format!("{:.1}", middle(|round| round.sign_ins_meanwhile)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Verdict;

    #[test]
    fn a_sign_in_is_compared_with_the_bare_hashes_of_its_round() {
        let round = |speed: f64| Round {
            bare_hashes: 40.0 * speed,
            sign_ins: 38.0 * speed,
            quiet_p50_us: 100.0,
            quiet_p99_us: 900.0,
            storm_p50_us: 200.0,
            storm_p99_us: 12_000.0,
            sign_ins_meanwhile: 30.0,
        };
        let found = Found { saturation: 20_000.0, rounds: vec![round(1.0), round(0.2), round(2.0)] };
        let [ratio, rate, waits] = figures("SQLite", &found).try_into().unwrap();
        assert!((ratio.value.unwrap() - 0.95).abs() < 1e-9 && ratio.verdict() == Verdict::Reached);
        assert_eq!((rate.value, rate.verdict()), (Some(38.0), Verdict::Reached));
        assert_eq!((waits.value, waits.verdict()), (Some(12.0), Verdict::Missed));
    }
}
