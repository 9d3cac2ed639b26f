//! Owns who asks `/check` while enforcement is switched: people of an organization that it touches, and of one beside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use super::scene::Scene;
use crate::load::{Endpoint, Latencies, Tickets, now};
use crate::paced::{Asker, LEAD, Pace};

/// Who asks, and what each is answered.
pub struct Askers {
    /// People of the other organization: their sessions open it all the time.
    beside: Arc<Tickets>,
    /// Members of the measured organization, whose sessions enforcement has ended.
    own: Arc<Tickets>,
}

/// What was seen in one run: answer times, sorted. *Units*: nanoseconds.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of the other organization's people.
    pub beside: Latencies,
    /// Of the measured organization's members.
    pub own: Latencies,
}

impl Askers {
    /// Everybody of both organizations.
    pub fn new(scene: &Scene) -> Self {
        Self { beside: Arc::new(Tickets::new(&scene.beside)), own: Arc::new(Tickets::new(&scene.measured)) }
    }

    /// Asks for a while, half by each, at so many requests a second; without a rate as fast as it is answered.
    ///
    /// *Errors*: an answer that is not the expected one.
    pub fn ask(&self, address: SocketAddr, pace: Pace) -> Result<Seen, String> {
        let begin = now() + LEAD;
        let asker = |number: usize| {
            let own = number.is_multiple_of(2);
            let (tickets, status): (_, &[u8]) =
                if own { (&self.own, b"HTTP/1.1 401 ") } else { (&self.beside, b"HTTP/1.1 200 ") };
            (own, Asker::new(Arc::clone(tickets), Endpoint::Check, status, number as u64))
        };
        let mut seen = Seen::default();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..pace.connections)
                .map(asker)
                .map(|(own, mut asker)| {
                    (own, scope.spawn(move || asker.run(address, pace.gap(), begin, begin + pace.time)))
                })
                .collect();
            for (own, thread) in threads {
                let latencies = thread.join().map_err(|_| "a thread of the load ended")??;
                if own { seen.own.extend(latencies) } else { seen.beside.extend(latencies) }
            }
            Ok::<(), String>(())
        })?;
        seen.own.sort_unstable();
        seen.beside.sort_unstable();
        Ok(seen)
    }
}
