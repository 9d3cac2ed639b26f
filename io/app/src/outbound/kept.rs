//! Owns the clients that are kept between requests, so that the second request of a sign-in goes down the connection that the
//! first one opened and shakes no hands again. Each is one peer's at one host and no other peer's, and knows the addresses
//! that were judged when it was made: a host that resolves to others gets a new one.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Peer;

/// How long a connection waits for the next request. Shorter than servers wait, which would close it under a request's feet.
pub(super) const IDLE: Duration = Duration::from_secs(2);
/// Clients at once. Who is pushed out by others opens a connection as the first time.
const MOST: usize = 64;

/// The clients of the last requests.
pub(super) struct Kept<C>(Mutex<Shelf<C>>);

struct Shelf<C> {
    clients: HashMap<(Peer, String), One<C>>,
    /// Counts takings, which is all the order that forgetting needs.
    taken: u64,
}

struct One<C> {
    client: C,
    addresses: BTreeSet<SocketAddr>,
    last_taken: u64,
}

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::new(Shelf { clients: HashMap::new(), taken: 0 }))
    }
}

impl<C: Clone> Kept<C> {
    /// The peer's client for this host at these addresses; `make` makes it when there is none.
    ///
    /// *Errors*: those of `make`.
    pub(super) fn take<E>(
        &self,
        peer: &Peer,
        host: &str,
        addresses: &[SocketAddr],
        make: impl FnOnce() -> Result<C, E>,
    ) -> Result<C, E> {
        let wanted: BTreeSet<SocketAddr> = addresses.iter().copied().collect();
        let key = (peer.clone(), host.to_owned());
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.taken += 1;
        let last_taken = shelf.taken;
        if let Some(kept) = shelf.clients.get_mut(&key).filter(|kept| kept.addresses == wanted) {
            kept.last_taken = last_taken;
            return Ok(kept.client.clone());
        }
        let client = make()?;
        shelf.clients.insert(key, One { client: client.clone(), addresses: wanted, last_taken });
        if shelf.clients.len() > MOST {
            let oldest = shelf.clients.iter().min_by_key(|(_, kept)| kept.last_taken).map(|(key, _)| key.clone());
            oldest.and_then(|key| shelf.clients.remove(&key));
        }
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use orgate_core::personal::PersonalProvider;

    use super::*;

    /// Clients are numbers here, in the order in which they were made.
    #[derive(Default)]
    struct Scene {
        kept: Kept<usize>,
        made: Cell<usize>,
    }

    impl Scene {
        fn take(&self, peer: PersonalProvider, host: &str, ports: &[u16]) -> usize {
            let addresses: Vec<SocketAddr> = ports.iter().map(|port| ([203, 0, 113, 1], *port).into()).collect();
            let make = || {
                self.made.set(self.made.get() + 1);
                Ok::<_, ()>(self.made.get())
            };
            self.kept.take(&peer.into(), host, &addresses, make).unwrap()
        }
    }

    #[test]
    fn a_client_is_one_peers_at_one_host_and_its_judged_addresses() {
        let scene = Scene::default();
        assert_eq!(scene.take(PersonalProvider::Google, "a.example", &[443]), 1);
        assert_eq!(scene.take(PersonalProvider::Google, "a.example", &[443]), 1);
        assert_eq!(scene.take(PersonalProvider::GitHub, "a.example", &[443]), 2, "another peer's");
        assert_eq!(scene.take(PersonalProvider::Google, "b.example", &[443]), 3, "another host");
        assert_eq!(scene.take(PersonalProvider::Google, "a.example", &[444]), 4, "another address");
        assert_eq!(scene.take(PersonalProvider::Google, "a.example", &[443]), 5, "the one before is forgotten");
        assert_eq!(scene.take(PersonalProvider::Google, "a.example", &[443, 444]), 6);
        assert_eq!(scene.take(PersonalProvider::Google, "a.example", &[444, 443]), 6, "in any order");
    }

    #[test]
    fn the_one_that_was_not_taken_for_longest_is_forgotten() {
        let scene = Scene::default();
        for number in 0..MOST {
            scene.take(PersonalProvider::Google, &format!("{number}.example"), &[443]);
        }
        scene.take(PersonalProvider::Google, "0.example", &[443]);
        assert_eq!(scene.take(PersonalProvider::Google, "one-more.example", &[443]), MOST + 1);
        assert_eq!(scene.take(PersonalProvider::Google, "0.example", &[443]), 1, "just taken");
        assert_eq!(scene.take(PersonalProvider::Google, "1.example", &[443]), MOST + 2, "forgotten");
    }
}
