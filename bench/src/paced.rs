//! Owns the load at a given rate: requests arrive by chance, as people's do, and an answer that is late delays no arrival.
//! Threads that sleep, for timers of the runtime are a millisecond coarse.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::load::{Endpoint, Latencies, STEP, Tickets, is_whole, mixed, now};

/// From opening the connections to the first request.
pub const LEAD: Duration = Duration::from_millis(100);

/// So many connections for a while.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Connections.
    pub connections: usize,
    /// Requests a second over all of them; without it as fast as they are answered.
    pub rate: Option<f64>,
    /// For how long.
    pub time: Duration,
}

impl Pace {
    /// The mean time between two requests of one connection.
    pub fn gap(self) -> Option<Duration> {
        let connections = f64::from(u32::try_from(self.connections).unwrap_or(1));
        self.rate.map(|rate| Duration::from_secs_f64(connections / rate))
    }
}

/// Asks an endpoint with everybody's tokens. Answer times, sorted.
///
/// *Errors*: an answer that is not the expected one.
pub fn ask(address: SocketAddr, tickets: &Arc<Tickets>, endpoint: Endpoint, pace: Pace) -> Result<Latencies, String> {
    let begin = now() + LEAD;
    let mut seen = thread::scope(|scope| {
        let threads: Vec<_> = (0..pace.connections)
            .map(|number| {
                let mut asker = Asker::new(Arc::clone(tickets), endpoint, endpoint.status(), number as u64);
                scope.spawn(move || asker.run(address, pace.gap(), begin, begin + pace.time))
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

/// Who asks over one connection.
pub struct Asker {
    tickets: Arc<Tickets>,
    endpoint: Endpoint,
    status: &'static [u8],
    drawn: u64,
}

impl Asker {
    /// With these tickets, expecting answers that begin like this; the number makes it draw other tokens than the next.
    pub fn new(tickets: Arc<Tickets>, endpoint: Endpoint, status: &'static [u8], number: u64) -> Self {
        Self { tickets, endpoint, status, drawn: number }
    }

    /// Asks until `end`: one request after the other, or each after a gap of this mean.
    ///
    /// *Errors*: an answer that is not the expected one.
    pub fn run(
        &mut self,
        address: SocketAddr,
        gap: Option<Duration>,
        begin: Instant,
        end: Instant,
    ) -> Result<Latencies, String> {
        let mut stream = connect(address)?;
        let (mut latencies, mut request, mut answer) = (Latencies::new(), Vec::new(), vec![0; 16 * 1024]);
        let mut due = begin;
        let mut free = now();
        loop {
            self.drawn = self.drawn.wrapping_add(STEP);
            due += gap.map_or(Duration::ZERO, |gap| gap.mul_f64(waiting(mixed(self.drawn ^ STEP))));
            due = if gap.is_some() { due } else { free.max(begin) };
            if due >= end {
                return Ok(latencies);
            }
            thread::sleep(due.saturating_duration_since(now()));
            // A request that had to wait for the answer before it has waited on the server; one that the timer of this
            // machine let go late has not.
            let sent = if free > due { due } else { now() };
            self.tickets.write_request(self.endpoint, self.drawn, &mut request);
            exchange(&mut stream, &request, self.status, &mut answer)?;
            free = now();
            latencies.push(u64::try_from((free - sent).as_nanos()).unwrap_or(u64::MAX));
        }
    }
}

/// How long until the next of independent arrivals, of the mean.
fn waiting(random: u64) -> f64 {
    let above_zero = f64::from(u32::try_from(random >> 32).unwrap_or(0)) + 1.0;
    -(above_zero / (f64::from(u32::MAX) + 1.0)).ln()
}

/// Opens a connection that sends at once.
///
/// *Errors*: nobody listens.
pub fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(address).map_err(|reason| format!("connect: {reason}"))?;
    stream.set_nodelay(true).map_err(|reason| format!("connect: {reason}"))?;
    Ok(stream)
}

/// Sends a request and reads its answer.
///
/// *Errors*: an answer that begins otherwise.
pub fn exchange(stream: &mut TcpStream, request: &[u8], status: &[u8], answer: &mut [u8]) -> Result<(), String> {
    stream.write_all(request).map_err(|reason| format!("send: {reason}"))?;
    let mut filled = 0;
    loop {
        let room = answer.get_mut(filled..).filter(|room| !room.is_empty()).ok_or("an answer is too long")?;
        let read = stream.read(room).map_err(|reason| format!("receive: {reason}"))?;
        filled += read;
        let so_far = answer.get(..filled).unwrap_or_default();
        if read == 0 || !so_far.starts_with(status) {
            let line = so_far.split(|byte| *byte == b'\r').next().unwrap_or_default();
            return Err(format!("the server answered {:?}", String::from_utf8_lossy(line)));
        }
        if is_whole(so_far) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_wait_once_the_mean_on_average_and_are_not_evenly_spaced() {
        let waits: Vec<f64> = (1..=100_000_u64).map(|number| waiting(mixed(number.wrapping_mul(STEP)))).collect();
        let mean = waits.iter().sum::<f64>() / 100_000.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        let long = waits.iter().filter(|wait| **wait > 3.0).count();
        assert!((4_000..6_000).contains(&long), "{long}: e to the minus third is 0.0498");
    }
}
