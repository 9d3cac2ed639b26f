//! Owns measuring sign-ins through an identity provider: what each costs the server, beside the same at better-auth with its
//! SSO plugin. A browser starts, the provider says who it is, the browser comes back and has a session.

mod browser;
mod provider;
mod report;
mod scene;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orgate_app::clock::SystemClock;
use serde::Serialize;
use tokio::task::block_in_place;

use crate::load::now;
use crate::measure::percentile;
use crate::process::Server;
use crate::sign_in::scene::SCALE;
use crate::stage::Common;
use crate::{peer, server};
use browser::{Browser, Door};
use provider::Provider;
use report::Report;

/// What is measured.
#[derive(clap::Args)]
pub struct Arguments {
    /// A SQLite database that `seed-sign-in` filled, for this run alone: `sqlite:<file>`.
    #[arg(long)]
    sqlite: String,
    /// The other server: `server.mjs` of `bench/peer`, with its packages beside it.
    #[arg(long)]
    script: PathBuf,
    /// Its database, which is not there yet.
    #[arg(long)]
    peer_database: PathBuf,
    /// A folder for the mails.
    #[arg(long)]
    mails: PathBuf,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    plan: Plan,
}

/// How to measure.
#[derive(Debug, Clone, Copy, clap::Args, Serialize)]
pub struct Plan {
    /// How often each server has its turn.
    #[arg(long, default_value_t = 7)]
    pub rounds: usize,
    /// How long a turn takes, in seconds.
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// Browsers that sign in at once, one sign-in after the other each.
    #[arg(long, default_value_t = 8)]
    pub browsers: usize,
    /// People who sign in, all of them again and again.
    #[arg(long, default_value_t = 200)]
    pub people: usize,
}

/// One server's turn in one round.
#[derive(Debug, Clone, Serialize)]
pub struct Turn {
    /// Sign-ins that ended with a session.
    pub sign_ins: u32,
    /// How long it took. *Units*: seconds.
    pub seconds: f64,
    /// Processor time of the server. *Units*: seconds.
    pub server_cpu_seconds: f64,
    /// Half of the sign-ins took at most this long, the provider included. *Units*: microseconds.
    pub p50_us: f64,
    /// All but one in a hundred of them.
    pub p99_us: f64,
}

/// Both in one round.
#[derive(Debug, Serialize)]
pub struct Round {
    /// Orgate's turn.
    pub ours: Turn,
    /// Better-auth's.
    pub theirs: Turn,
}

/// A server, the provider that its people come from, and the way in.
struct House {
    server: Server,
    provider: Provider,
    door: Door,
}

/// Measures both and writes the report.
///
/// *Errors*: a server does not start, or a sign-in does not end with a session.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let (stage, plan) = (arguments.common.begin()?, arguments.plan);
    // A provider each, for the two servers live at different times.
    let ours = ours(&arguments, Provider::start(plan.people, Arc::new(server::seeded_clock())).await?).await?;
    let theirs = theirs(&arguments, Provider::start(plan.people, Arc::new(SystemClock)).await?)?;
    let rounds = block_in_place(|| {
        for house in [&ours, &theirs] {
            // Everybody's first sign-in makes them a member; those that count are of people who are known.
            turn(house, plan, None)?;
        }
        let time = Some(Duration::from_secs_f64(plan.seconds));
        (0..plan.rounds)
            .map(|_| Ok(Round { ours: turn(&ours, plan, time)?, theirs: turn(&theirs, plan, time)? }))
            .collect::<Result<Vec<Round>, String>>()
    })?;
    Report { plan, rounds }.part(stage)?.keep(arguments.common.parts.as_deref())
}

async fn ours(arguments: &Arguments, provider: Provider) -> Result<House, String> {
    let mail = format!("dir:{}", arguments.mails.display());
    let way = scene::connect(&arguments.sqlite, &mail, &provider).await?;
    let place = provider.place();
    let line = ["serve-unlimited", "--database-url", &arguments.sqlite, "--mail", &mail, "--idp-allow", &place];
    Ok(House { server: Server::start(&line)?, provider, door: Door::Ours(way) })
}

fn theirs(arguments: &Arguments, provider: Provider) -> Result<House, String> {
    // Where it listens is known once it was told who the client is.
    let client = provider.client("http://127.0.0.1/not-known-yet")?;
    let connected = [provider.issuer(), client.id.as_str(), client.secret.as_str()];
    let (server, printed) = peer::start(&arguments.script, &arguments.peer_database, SCALE, &connected)?;
    // What it prints has to be read to its end before it is asked anything.
    peer::cookies(printed)?;
    let origin = format!("http://{}", server.address);
    provider.answer_at(&client, &format!("{origin}/api/auth/sso/callback/{}", browser::PEER_PROVIDER))?;
    Ok(House { server, provider, door: Door::Theirs { origin } })
}

/// Lets people sign in, for a while or everybody once.
fn turn(house: &House, plan: Plan, time: Option<Duration>) -> Result<Turn, String> {
    let server = &house.server;
    let taken = Mutex::new(Vec::new());
    let (began, cpu) = (now(), server.cpu_seconds()?);
    let end = time.map(|time| began + time);
    let browsers: Vec<Browser> = thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.browsers)
            .map(|number| {
                let taken = &taken;
                scope.spawn(move || {
                    let (browser, latencies) = visit(house, (number, plan), end)?;
                    taken.lock().map_err(|_| "a browser ended")?.extend(latencies);
                    Ok::<_, String>(browser)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a browser ended")?).collect::<Result<_, String>>()
    })?;
    let (seconds, server_cpu_seconds) = (began.elapsed().as_secs_f64(), server.cpu_seconds()? - cpu);
    for mut browser in browsers {
        browser.is_signed_in(&house.door)?;
    }
    let mut latencies: Vec<u64> = taken.into_inner().map_err(|_| "a browser ended")?;
    latencies.sort_unstable();
    Ok(Turn {
        sign_ins: u32::try_from(latencies.len()).unwrap_or(u32::MAX),
        seconds,
        server_cpu_seconds,
        p50_us: percentile(&latencies, 50),
        p99_us: percentile(&latencies, 99),
    })
}

/// One browser's people, one after the other: nobody signs in at two browsers at once.
fn visit(house: &House, (number, plan): (usize, Plan), end: Option<Instant>) -> Result<(Browser, Vec<u64>), String> {
    let mut browser = Browser::open(house.server.address)?;
    let own = || (number..plan.people).step_by(plan.browsers.max(1));
    let mut latencies = Vec::new();
    let people: Box<dyn Iterator<Item = usize>> = if end.is_some() { Box::new(own().cycle()) } else { Box::new(own()) };
    for person in people {
        let began = now();
        if end.is_some_and(|end| began >= end) {
            break;
        }
        browser.sign_in(&house.door, &house.provider, person)?;
        latencies.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok((browser, latencies))
}
