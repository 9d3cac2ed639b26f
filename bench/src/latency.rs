//! Owns how long people wait for a check: asked at half the rate that the server could answer, at times that chance draws,
//! over connections that stay open; an endpoint that does nothing stands beside it, and shows what the machine adds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::load::{Endpoint, Tickets};
use crate::measure::percentile;
use crate::paced::{Pace, ask};
use crate::report::Spread;

/// How often each endpoint has its turn, at most.
const MOST_ROUNDS: usize = 5;
/// How long a turn takes. *Units*: seconds.
const SECONDS: f64 = 3.0;
/// *Source*: the aim for `/check` is said for so many.
const CONNECTIONS: usize = 64;
/// Of the rate at which it is saturated.
const SHARE: f64 = 0.5;

/// What was seen over one database.
#[derive(Debug, serde::Serialize)]
pub struct Waits {
    /// Requests a second.
    pub rate: f64,
    /// Connections.
    pub connections: usize,
    /// Every round.
    pub rounds: Vec<Wait>,
}

/// One round. *Units*: microseconds.
#[derive(Debug, serde::Serialize)]
pub struct Wait {
    /// Half of the answers of the empty endpoint took at most this long.
    pub empty_p50: f64,
    /// All but one in a hundred of them.
    pub empty_p99: f64,
    /// Half of the answers of `/check`.
    pub check_p50: f64,
    /// All but one in a hundred of them.
    pub check_p99: f64,
}

/// Measures one server. It is saturated by those who then wait: what a load without a pause gets out of it is more than
/// people who come one by one can, for each answer has to wake one of them.
///
/// *Errors*: an answer that is not the expected one.
pub fn measure(address: SocketAddr, tickets: &Arc<Tickets>, (rounds, seconds): (usize, f64)) -> Result<Waits, String> {
    let time = Duration::from_secs_f64(seconds.min(SECONDS));
    let hurried = Pace { connections: CONNECTIONS, rate: None, time };
    let answered = u32::try_from(ask(address, tickets, Endpoint::Check, hurried)?.len()).unwrap_or(u32::MAX);
    let rate = f64::from(answered) / time.as_secs_f64() * SHARE;
    let pace = Pace { connections: CONNECTIONS, rate: Some(rate), time };
    let mut waits = Waits { rate, connections: CONNECTIONS, rounds: Vec::new() };
    for _ in 0..rounds.min(MOST_ROUNDS) {
        let empty = ask(address, tickets, Endpoint::Empty, pace)?;
        let check = ask(address, tickets, Endpoint::Check, pace)?;
        waits.rounds.push(Wait {
            empty_p50: percentile(&empty, 50),
            empty_p99: percentile(&empty, 99),
            check_p50: percentile(&check, 50),
            check_p99: percentile(&check, 99),
        });
    }
    Ok(waits)
}

impl Waits {
    /// Over the rounds. *Units*: milliseconds.
    pub fn spread_ms(&self, what: fn(&Wait) -> f64) -> Option<Spread> {
        Spread::of(self.rounds.iter().map(|wait| what(wait) / 1e3).collect())
    }

    /// As people read it.
    pub fn text(&self) -> String {
        let cell = |what: fn(&Wait) -> f64| {
            self.spread_ms(what)
                .map(|spread| format!("{:.2} ({:.2} to {:.2})", spread.median, spread.least, spread.greatest))
                .unwrap_or_default()
        };
        format!(
            "At half of what people who come one by one get answered at most, {:.0} requests/s over {} connections, arrivals \
             by chance:\n\n\
             | | p50 ms | p99 ms |\n|---|---:|---:|\n| `GET /empty` | {} | {} |\n| `GET /check` | {} | {} |\n",
            self.rate,
            self.connections,
            cell(|wait| wait.empty_p50),
            cell(|wait| wait.empty_p99),
            cell(|wait| wait.check_p50),
            cell(|wait| wait.check_p99),
        )
    }
}
