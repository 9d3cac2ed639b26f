//! Owns the comparison with what a team would otherwise run beside its product: better-auth with its organization and SSO
//! plugins on SQLite (`bench/peer`). Both servers have the same core, one after the other, and as many people and sessions.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ChildStdout;

use serde::Serialize;

use crate::figure::{Aim, Figure, Unit};
use crate::load::{Asked, Endpoint, Requests, Tickets, pick};
use crate::measure::{self, Plan, Round, Turn};
use crate::part::{Part, data};
use crate::people::{EVERYBODY, People, Scale};
use crate::process::Server;
use crate::report::{Spread, ratio};
use crate::stage::{Common, Stage};

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
    #[command(flatten)]
    common: Common,
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
    scale: Scale,
    plan: Plan,
    rounds: Vec<Round>,
}

/// Measures both and writes the report.
///
/// *Errors*: a server does not start or answers something else than expected; the report cannot be written.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let Arguments { scale, plan, .. } = arguments;
    let stage = arguments.common.begin()?;
    let tickets = Tickets::new(&People::new(scale, EVERYBODY)?);
    let orgate = plan.serve(&arguments.sqlite)?;
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
    Report { scale, plan, rounds }.part(stage)?.keep(arguments.common.parts.as_deref())
}

/// The other server, and the cookies of its sessions.
fn start_peer(arguments: &Arguments) -> Result<(Server, Vec<String>), String> {
    let (server, printed) = start(&arguments.script, &arguments.peer_database, arguments.scale, &[])?;
    let cookies = cookies(printed)?;
    if cookies.is_empty() { Err("the peer has no sessions".to_owned()) } else { Ok((server, cookies)) }
}

/// Starts the other server over a database that it fills unless it is; `more` is how it is connected to a provider.
///
/// *Errors*: as [`Server::start_script`].
pub fn start(
    script: &Path,
    database: &Path,
    scale: Scale,
    more: &[&str],
) -> Result<(Server, BufReader<ChildStdout>), String> {
    let Scale { organizations, users, sessions } = scale;
    let numbers = [organizations, users, sessions].map(|number| number.to_string());
    let mut line = vec![database.to_str().ok_or("the name of the peer's database is no text")?];
    line.extend(numbers.iter().map(String::as_str));
    line.extend(more);
    Server::start_script(script, &line)
}

/// The cookies of its sessions, which it prints once.
///
/// *Errors*: it is gone.
pub fn cookies(printed: BufReader<ChildStdout>) -> Result<Vec<String>, String> {
    let lines = printed.lines().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
    lines.collect::<Result<_, _>>().map_err(|reason| format!("peer: {reason}"))
}

impl Report {
    fn part(&self, stage: Stage) -> Result<Part, String> {
        let times = |ours: Endpoint, theirs: &str| {
            let times = self.spread(ours.name(), theirs, |ours, theirs| theirs.cpu_us() / ours.cpu_us());
            let what = format!("server CPU of better-auth's `{theirs}` by that of `{}`", ours.name());
            Figure::new(what, times.map_or(f64::NAN, |times| times.median), Unit::Ratio)
        };
        Ok(Part {
            name: "peer".to_owned(),
            title: "Checks of sessions beside better-auth".to_owned(),
            busy_before: stage.busy_before,
            figures: vec![
                times(Endpoint::Check, MEMBER).aim(Aim::AtLeast(40.0)),
                times(Endpoint::Check, SESSION).aim(Aim::AtLeast(40.0)),
                times(Endpoint::Session, SESSION),
            ],
            text: self.text(stage),
            data: data(self)?,
        })
    }

    fn text(&self, stage: Stage) -> String {
        let (session, check) = (Endpoint::Session.name(), Endpoint::Check.name());
        let mut lines = vec![
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
        let Plan { rounds, seconds, connections, .. } = self.plan;
        lines.push(format!(
            "- Each with {organizations} organizations, {users} people and {sessions} sessions in SQLite (WAL, \
             synchronous=FULL)."
        ));
        lines.push(format!(
            "- {rounds} rounds; in each, every endpoint has its turn of {seconds} s over {connections} open connections, one \
             server after the other, both on {}. Numbers are the medians of the rounds; ratios are taken within a round (least to \
             greatest).",
            stage.core()
        ));
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
