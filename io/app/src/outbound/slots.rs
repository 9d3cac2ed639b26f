//! Owns how many requests run at once: some for each connection, so that one hanging IdP holds up only its own
//! sign-ins, and some altogether, so that the machine keeps its sockets (T-IDP-1, F1).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(super) struct Slots {
    per_connection: usize,
    connections: Mutex<HashMap<String, Weak<Semaphore>>>,
    altogether: Arc<Semaphore>,
}

/// One place in both limits; given back when dropped.
pub(super) struct Slot {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(per_connection: usize, altogether: usize) -> Self {
        let altogether = Arc::new(Semaphore::new(altogether));
        Self { per_connection, connections: Mutex::default(), altogether }
    }

    /// Waits for a place. The own one comes first: who waits for it holds no shared one.
    pub(super) async fn acquire(&self, connection: &str) -> Option<Slot> {
        let own = self.semaphore(connection).acquire_owned().await.ok()?;
        let shared = Arc::clone(&self.altogether).acquire_owned().await.ok()?;
        Some(Slot { _own: own, _shared: shared })
    }

    fn semaphore(&self, connection: &str) -> Arc<Semaphore> {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = connections.get(connection).and_then(Weak::upgrade) {
            return semaphore;
        }
        // Permits and waiters keep their semaphore alive; the others are forgotten here.
        connections.retain(|_, semaphore| semaphore.strong_count() > 0);
        let semaphore = Arc::new(Semaphore::new(self.per_connection));
        connections.insert(connection.to_owned(), Arc::downgrade(&semaphore));
        semaphore
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn at_once(slots: &Slots, connection: &str) -> Option<Slot> {
        timeout(Duration::from_millis(20), slots.acquire(connection)).await.ok().flatten()
    }

    #[tokio::test]
    async fn a_full_connection_leaves_room_for_another() {
        let slots = Slots::new(2, 10);
        let held = (at_once(&slots, "a").await.unwrap(), at_once(&slots, "a").await.unwrap());
        assert!(at_once(&slots, "a").await.is_none());
        assert!(at_once(&slots, "b").await.is_some());
        drop(held);
        assert!(at_once(&slots, "a").await.is_some());
    }

    #[tokio::test]
    async fn all_connections_together_are_limited_too() {
        let slots = Slots::new(2, 3);
        let held = [at_once(&slots, "a").await, at_once(&slots, "a").await, at_once(&slots, "b").await];
        assert!(held.iter().all(Option::is_some));
        assert!(at_once(&slots, "c").await.is_none());
    }

    #[tokio::test]
    async fn connections_that_ask_nothing_take_no_memory() {
        let slots = Slots::new(2, 3);
        for connection in ["a", "b", "c", "d"] {
            drop(at_once(&slots, connection).await.unwrap());
        }
        assert_eq!(slots.connections.lock().unwrap().len(), 1);
    }
}
