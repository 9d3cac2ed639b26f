//! Owns what `/check` notices: a server on a core of its own, asked at half the rate that it could answer, while nothing
//! happens, while enforcement is switched on and off, while the sweeper tidies behind it, and while both happen.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::askers::{Askers, Seen};
use super::scene::{self, Scene};
use super::{Filled, Plan};
use crate::load::now;
use crate::measure::percentile;
use crate::paced::{Pace, connect, exchange};
use crate::process::Server;
use crate::server;

/// Between two calls.
const SWITCH_EVERY: Duration = Duration::from_millis(250);
/// Before the first phase that counts.
const WARM_UP: Duration = Duration::from_secs(3);
/// More members than the sweeper comes to in a second.
const SWEPT_A_SECOND: f64 = 100.0;

/// What happens beside the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Phase {
    /// Nothing.
    Quiet,
    /// Enforcement is switched on and off four times a second.
    Switching,
    /// The sweeper tidies behind.
    Sweeping,
    /// Both, as in production.
    Both,
}

impl Phase {
    /// Every one; the one that the others are measured against is first.
    pub const ALL: [Self; 4] = [Self::Quiet, Self::Switching, Self::Sweeping, Self::Both];

    const fn sweeps(self) -> bool {
        matches!(self, Self::Sweeping | Self::Both)
    }

    const fn switches(self) -> bool {
        matches!(self, Self::Switching | Self::Both)
    }
}

/// What was found over one database.
#[derive(Debug, serde::Serialize)]
pub struct Load {
    /// Open sessions of the organization.
    pub sessions: usize,
    /// Answers a second when asked as fast as it goes.
    pub saturation: f64,
    /// How long a phase takes.
    pub seconds: f64,
    /// Every phase once a round.
    pub rounds: Vec<Vec<Turn>>,
}

/// One phase's turn in one round. *Units* of latencies: microseconds.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Turn {
    /// What happened meanwhile.
    pub phase: Phase,
    /// Answers.
    pub requests: usize,
    /// Processor time of the server. *Units*: seconds.
    pub server_cpu_seconds: f64,
    /// Half of the answers to the other organization's people took at most this long.
    pub beside_p50_us: f64,
    /// All but one in a hundred of them.
    pub beside_p99_us: f64,
    /// Half of the answers to the organization's own members.
    pub own_p50_us: f64,
    /// All but one in a hundred of them.
    pub own_p99_us: f64,
    /// How long each call through the API took. *Units*: milliseconds.
    pub calls_ms: Vec<f64>,
}

/// Measures one database.
///
/// *Errors*: the server does not start, or answers something else than expected.
pub async fn measure(filled: &Filled, mail: &str, plan: Plan) -> Result<Load, String> {
    let scene = Scene::new(filled.sessions)?;
    let askers = Askers::new(&scene);
    let app = server::start(&filled.url, mail).await?;
    let mut server = Server::start(&["serve-obeying", "--database-url", &filled.url, "--mail", mail])?;
    let address = server.address;
    let slug = scene.owned()?.0.slug.clone();
    let owner = async || {
        let token = scene::sign_owner_in(&app, &scene).await?;
        Ok::<_, String>(Owner { address, slug: slug.clone(), token: token.reveal().to_string() })
    };
    // From here on the members' sessions are over, whatever follows.
    owner().await?.switch(true)?;
    owner().await?.switch(false)?;
    let hurried = Pace { connections: plan.connections, rate: None, time: WARM_UP };
    askers.ask(address, hurried)?;
    let most = askers.ask(address, hurried)?;
    let saturation = count(most.own.len() + most.beside.len()) / WARM_UP.as_secs_f64();
    let time = Duration::from_secs_f64(plan.seconds);
    let pace = Pace { connections: plan.connections, rate: Some(saturation / 2.0), time };
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let mut round = Vec::new();
        for phase in Phase::ALL {
            if phase.sweeps() {
                owner().await?.switch(false)?;
                scene::sign_members_in(&app, &scene, members(plan.seconds)).await?;
            }
            let owner = owner().await?;
            if phase.sweeps() {
                owner.switch(true)?;
                server.tell("sweep")?;
            }
            let before = server.cpu_seconds()?;
            let (seen, calls_ms) = ask_beside(&askers, &owner, phase, pace)?;
            round.push(turn(phase, &seen, server.cpu_seconds()? - before, calls_ms));
            server.tell("rest")?;
        }
        rounds.push(round);
    }
    Ok(Load { sessions: filled.sessions, saturation, seconds: plan.seconds, rounds })
}

fn ask_beside(askers: &Askers, owner: &Owner, phase: Phase, pace: Pace) -> Result<(Seen, Vec<f64>), String> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let calls = scope.spawn(|| if phase.switches() { owner.switch_until(&over) } else { Ok(Vec::new()) });
        let seen = askers.ask(owner.address, pace);
        over.store(true, Ordering::Relaxed);
        let calls = calls.join().map_err(|_| "the thread that switches ended")??;
        Ok((seen?, calls))
    })
}

fn turn(phase: Phase, seen: &Seen, server_cpu_seconds: f64, calls_ms: Vec<f64>) -> Turn {
    Turn {
        phase,
        requests: seen.own.len() + seen.beside.len(),
        server_cpu_seconds,
        beside_p50_us: percentile(&seen.beside, 50),
        beside_p99_us: percentile(&seen.beside, 99),
        own_p50_us: percentile(&seen.own, 50),
        own_p99_us: percentile(&seen.own, 99),
        calls_ms,
    }
}

/// The Owner at the API.
struct Owner {
    address: SocketAddr,
    slug: String,
    token: String,
}

impl Owner {
    fn switch(&self, enabled: bool) -> Result<f64, String> {
        let body = format!("{{\"enabled\":{enabled},\"confirm\":true}}");
        let request = format!(
            "PUT /api/v1/organizations/{}/sso-enforcement HTTP/1.1\r\nhost: id.example.test\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.slug,
            self.token,
            body.len()
        );
        let (mut stream, mut answer) = (connect(self.address)?, vec![0; 16 * 1024]);
        let began = now();
        exchange(&mut stream, request.as_bytes(), b"HTTP/1.1 200 ", &mut answer)?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    }

    fn switch_until(&self, over: &AtomicBool) -> Result<Vec<f64>, String> {
        let mut took = Vec::new();
        let mut enabled = false;
        while !over.load(Ordering::Relaxed) {
            took.push(self.switch(enabled)?);
            enabled = !enabled;
            thread::sleep(SWITCH_EVERY);
        }
        Ok(took)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand members")]
fn members(seconds: f64) -> usize {
    (seconds * SWEPT_A_SECOND) as usize
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred thousand answers")]
fn count(answers: usize) -> f64 {
    answers as f64
}
