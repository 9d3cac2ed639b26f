//! Owns the comparison with what a team would otherwise run beside its product: better-auth with its organization and SSO
//! plugins on SQLite (`bench/peer`). Both servers have the same core, one after the other, and as many people and sessions.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ChildStdout;

use orgate_app::clock::{Clock as _, SystemClock};
use serde::Serialize;

use crate::load::{Asked, Endpoint, Requests, Tickets, pick};
use crate::machine::{self, Fact};
use crate::measure::{self, Plan, Round, Turn};
use crate::people::{EVERYBODY, People, Scale};
use crate::process::{self, Server};
use crate::report::{Spread, ratio};

/// What is measured, and over what.
#[derive(clap::Args)]
pub struct Arguments {
    /// A filled SQLite database: `sqlite:<file>`.
    #[arg(long)]
    sqlite: String,
    /// The other server: `server.mjs` of `bench/peer`, with its packages beside it.
    #[arg(long)]
    script: PathBuf,
    /// Its database; filled unless it is.
    #[arg(long)]
    peer_database: PathBuf,
    /// Where the report goes. Without it, it is only printed.
    #[arg(long)]
    results: Option<PathBuf>,
    #[command(flatten)]
    scale: Scale,
    #[command(flatten)]
    plan: Plan,
}

/// One endpoint of the other server.
struct PeerEndpoint<'c> {
    name: &'static str,
    cookies: &'c [String],
}

/// Whose session it is: what it answers to `GET /api/v1/session`.
const SESSION: &str = "GET /api/auth/get-session";
/// What the person is in the organization that is open: the nearest to `GET /check?organization=…`.
const MEMBER: &str = "GET /api/auth/organization/get-active-member";

impl Requests for PeerEndpoint<'_> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn write(&self, drawn: u64, request: &mut Vec<u8>) {
        let Some(cookie) = pick(self.cookies, drawn) else { return };
        request.clear();
        for part in [self.name, " HTTP/1.1\r\nhost: id.example.test\r\ncookie: ", cookie, "\r\n\r\n"] {
            request.extend_from_slice(part.as_bytes());
        }
    }

    fn status(&self) -> &'static [u8] {
        b"HTTP/1.1 200 "
    }
}

#[derive(Serialize)]
struct Report {
    date: String,
    machine: Vec<Fact>,
    scale: Scale,
    plan: Plan,
    pinned: bool,
    rounds: Vec<Round>,
}

/// Measures both and writes the report.
///
/// *Errors*: a server does not start or answers something else than expected; the report cannot be written.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let Arguments { scale, plan, .. } = arguments;
    let cores = process::cores();
    let pinned = process::leave_server_core(std::process::id(), cores)?;
    let tickets = Tickets::new(&People::new(scale, EVERYBODY)?);
    let orgate = Server::start(&["serve", "--database-url", &arguments.sqlite])?;
    let (peer, cookies) = start_peer(&arguments)?;
    let ours = [Endpoint::Check, Endpoint::Session].map(|endpoint| Asked { tickets: &tickets, endpoint });
    let theirs = [SESSION, MEMBER].map(|name| PeerEndpoint { name, cookies: &cookies });
    let mut to_us = measure::open(&orgate, plan).await?;
    for requests in &ours {
        measure::warm_up(&mut to_us, requests).await?;
    }
    let mut rounds = Vec::with_capacity(plan.rounds);
    for number in 0..plan.rounds {
        // It closes connections that were quiet for five seconds, so each round has its own.
        let mut to_them = measure::open(&peer, plan).await?;
        if number == 0 {
            for requests in &theirs {
                measure::warm_up(&mut to_them, requests).await?;
            }
        }
        let mut round = Round::new();
        for requests in &theirs {
            round.push(measure::turn(&peer, None, &mut to_them, requests, plan).await?);
        }
        drop(to_them);
        for requests in &ours {
            round.push(measure::turn(&orgate, None, &mut to_us, requests, plan).await?);
        }
        rounds.push(round);
    }
    let date = SystemClock.now().to_rfc3339().chars().take(10).collect();
    let report = Report { date, machine: machine::facts(cores), scale, plan, pinned, rounds };
    if let Some(folder) = &arguments.results {
        report.write(folder)?;
    }
    crate::write(&report.text())
}

/// The other server, and the cookies of its sessions.
fn start_peer(arguments: &Arguments) -> Result<(Server, Vec<String>), String> {
    let Scale { organizations, users, sessions } = arguments.scale;
    let numbers = [organizations, users, sessions].map(|number| number.to_string());
    let database = arguments.peer_database.to_str().ok_or("the name of the peer's database is no text")?;
    let mut line = vec![database];
    line.extend(numbers.iter().map(String::as_str));
    let (server, printed) = Server::start_script(&arguments.script, &line)?;
    let cookies = cookies(printed)?;
    if cookies.is_empty() { Err("the peer has no sessions".to_owned()) } else { Ok((server, cookies)) }
}

fn cookies(printed: BufReader<ChildStdout>) -> Result<Vec<String>, String> {
    let lines = printed.lines().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
    lines.collect::<Result<_, _>>().map_err(|reason| format!("peer: {reason}"))
}

impl Report {
    fn write(&self, folder: &Path) -> Result<(), String> {
        let failed = |reason: std::io::Error| format!("results: {reason}");
        std::fs::create_dir_all(folder).map_err(failed)?;
        let json = serde_json::to_string_pretty(self).map_err(|reason| format!("results: {reason}"))?;
        std::fs::write(folder.join(format!("{}-peer.json", self.date)), json + "\n").map_err(failed)?;
        std::fs::write(folder.join(format!("{}-peer.md", self.date)), self.text()).map_err(failed)
    }

    fn text(&self) -> String {
        let (session, check) = (Endpoint::Session.name(), Endpoint::Check.name());
        let mut lines = vec![
            format!("# Checks of sessions beside better-auth, {}\n", self.date),
            "| | requests/s | p50 µs | p99 µs | server CPU µs/request | busy |\n|---|---:|---:|---:|---:|---:|"
                .to_owned(),
        ];
        lines.extend([check, session, SESSION, MEMBER].map(|name| self.row(name)));
        lines.push(String::new());
        for (ours, theirs) in [(session, SESSION), (check, MEMBER), (check, SESSION)] {
            if let Some(times) = self.spread(ours, theirs, |ours, theirs| theirs.cpu_us() / ours.cpu_us()) {
                lines.push(format!("- `{theirs}` takes {} times the processor time of `{ours}`.", ratio(times)));
            }
        }
        let Scale { organizations, users, sessions } = self.scale;
        let Plan { rounds, seconds, connections } = self.plan;
        let core = if self.pinned {
            "both on the same core, which nothing else of the measurement used"
        } else {
            "without a core of their own"
        };
        lines.push(format!(
            "- Each with {organizations} organizations, {users} people and {sessions} sessions in SQLite (WAL, \
             synchronous=FULL)."
        ));
        lines.push(format!(
            "- {rounds} rounds; in each, every endpoint has its turn of {seconds} s over {connections} open connections, one \
             server after the other, {core}. Numbers are the medians of the rounds; ratios are taken within a round (least to \
             greatest)."
        ));
        lines.extend(self.machine.iter().map(|(name, value)| format!("- {name}: {value}")));
        lines.join("\n") + "\n"
    }

    fn row(&self, name: &str) -> String {
        let middle =
            |what: fn(&Turn) -> f64| self.spread(name, name, |turn, _| what(turn)).map_or(0.0, |all| all.median);
        format!(
            "| `{name}` | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} % |",
            middle(Turn::throughput),
            middle(|turn| turn.p50_us),
            middle(|turn| turn.p99_us),
            middle(Turn::cpu_us),
            middle(Turn::busy) * 100.0
        )
    }

    /// Over all rounds, of two endpoints' turns in the same round.
    fn spread(&self, one: &str, other: &str, what: impl Fn(&Turn, &Turn) -> f64) -> Option<Spread> {
        let values = self.rounds.iter().filter_map(|round| {
            let turn = |wanted: &str| round.iter().find(|turn| turn.endpoint == wanted);
            Some(what(turn(one)?, turn(other)?))
        });
        Spread::of(values.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_the_peer_shows_a_sessions_cookie() {
        let cookies = ["name=token.mac".to_owned()];
        let mut request = Vec::new();
        PeerEndpoint { name: SESSION, cookies: &cookies }.write(7, &mut request);
        let text = String::from_utf8(request).unwrap();
        assert!(text.starts_with("GET /api/auth/get-session HTTP/1.1\r\n"), "{text}");
        assert!(text.ends_with("\r\ncookie: name=token.mac\r\n\r\n"), "{text}");
    }
}
