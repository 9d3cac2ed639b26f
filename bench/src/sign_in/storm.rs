//! Owns what a password sign-in costs and what `/check` notices of a storm of them, on a server that has one core.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::exchange::{exchange, post};
use super::scene::{PASSWORD, people};
use crate::enforcement::paced::{Asker, connect};
use crate::load::{Latencies, Tickets, now};
use crate::measure::percentile;
use crate::process::{SERVER_CORE, Server};
use crate::report::{Spread, ratio};

/// Between opening connections and the first request.
const LEAD: Duration = Duration::from_millis(100);
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
    number: usize,
    wanted: Option<f64>,
    time: Duration,
) -> Result<Latencies, String> {
    let begin = now() + LEAD;
    let gap = wanted.map(|rate| Duration::from_secs_f64(f64::from(u32::try_from(number).unwrap_or(1)) / rate));
    let mut seen = thread::scope(|scope| {
        let threads: Vec<_> = (0..number)
            .map(|number| {
                let mut asker = Asker::new(Arc::clone(tickets), b"HTTP/1.1 200 ", number as u64);
                scope.spawn(move || asker.run(address, gap, begin, begin + time))
            })
            .collect();
        let mut all = Latencies::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread of the load ended")??);
        }
        Ok::<_, String>(all)
    })?;
    seen.sort_unstable();
    Ok(seen)
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
    let spread = |what: fn(&Round) -> f64| Spread::of(found.rounds.iter().map(what).collect());
    let middle = |what: fn(&Round) -> f64| spread(what).map_or(0.0, |spread| spread.median);
    let both = |half: f64, most: f64| format!("{:.2}, {:.2}", half / 1e3, most / 1e3);
    [
        format!("{:.1}", middle(|round| round.bare_hashes)),
        format!("{:.1}", middle(|round| round.sign_ins)),
        spread(|round| round.sign_ins / round.bare_hashes).map(ratio).unwrap_or_default(),
        both(middle(|round| round.quiet_p50_us), middle(|round| round.quiet_p99_us)),
        both(middle(|round| round.storm_p50_us), middle(|round| round.storm_p99_us)),
        format!("{:.1}", middle(|round| round.sign_ins_meanwhile)),
    ]
}
