//! Owns what is remembered of an IdP's published documents, its key set above all: when to ask again, and never twice at
//! once. What a document means, and how it is fetched, is the caller's.
//!
//! *Source*: T-IDP-2.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orgate_core::time::Timestamp;
use tokio::sync::Mutex as FetchLock;

use crate::clock::Clock;
use crate::outbound::Peer;

/// No second refetch sooner, whatever key names arrive.
pub const REFETCH_PAUSE: Duration = Duration::from_secs(30);
/// Asked for again without reason after this; what the IdP says about caching does not count.
pub const MAX_AGE: Duration = Duration::from_secs(600);
/// So long after it was fetched, a document stays in force over one that holds nothing: a provider that publishes no key for
/// a while is replacing them, and one that does so for good means it (F3).
pub const KEPT_OVER_NOTHING: Duration = Duration::from_secs(3_600);
/// Addresses remembered for one connection: the active revision's and a draft's.
const URLS_PER_CONNECTION: usize = 2;
/// Connections remembered.
const CONNECTIONS: usize = 4_096;
/// When what was never asked for was asked for.
const NEVER: Timestamp = Timestamp::from_millis(i64::MIN);

/// Remembers documents of type `V`, each by connection, or provider of the operator's, and URL. A fetch fails with an `E`.
pub struct JwksCache<V, E> {
    clock: Arc<dyn Clock>,
    is_nothing: fn(&V) -> bool,
    connections: Mutex<HashMap<Peer, Remembered<V, E>>>,
}

struct Remembered<V, E> {
    used_at: Timestamp,
    /// The last used comes last.
    documents: Vec<(String, Arc<Document<V, E>>)>,
}

struct Document<V, E> {
    held: Mutex<Held<V, E>>,
    fetching: FetchLock<()>,
}

struct Held<V, E> {
    value: Option<Arc<V>>,
    fetched_at: Timestamp,
    tried_at: Timestamp,
    /// Not yet, or no longer: it is asked for at its next use, however young it is.
    is_current: bool,
    /// How many fetches failed, and how the last of them did.
    failures: u64,
    failure: Option<E>,
}

impl<V, E: Clone> JwksCache<V, E> {
    /// An empty cache.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, is_nothing: |_| false, connections: Mutex::default() }
    }

    /// The same for documents that can hold nothing: such a one does not replace another at once.
    pub fn with_nothing(mut self, is_nothing: fn(&V) -> bool) -> Self {
        self.is_nothing = is_nothing;
        self
    }

    /// The document at `url`, from memory or by `fetch`, which runs for one caller at a time; the others wait for it
    /// only if they have nothing to go on with. `refetch` says that the remembered one did not do (an unknown key name):
    /// such a caller waits for a fetch that is under way, which may bring what is missing.
    ///
    /// A failed fetch leaves the remembered document in force, and so does one that brings nothing, for
    /// [`KEPT_OVER_NOTHING`]. With nothing remembered, whoever waited for it is told its failure, and who comes later asks
    /// anew: one after another at a provider that hangs, they would wait longer than a request lasts (F1).
    ///
    /// *Errors*: the fetch's, when nothing is remembered.
    pub async fn get(
        &self,
        peer: impl Into<Peer>,
        url: &str,
        refetch: bool,
        fetch: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        let document = self.document(peer.into(), url);
        if let Some(value) = document.good_enough(self.clock.now(), refetch)
            && !(refetch && document.is_being_fetched())
        {
            return Ok(value);
        }
        let failures = lock(&document.held).failures;
        let _only_fetch = document.fetching.lock().await;
        // Another caller may have fetched in the meantime, and then the pause holds.
        if let Some(value) = document.good_enough(self.clock.now(), refetch) {
            return Ok(value);
        }
        if let Some(failure) = document.failure_since(failures) {
            return Err(failure);
        }
        // Noted before the fetch: a caller that gives up midway has asked, too.
        lock(&document.held).tried_at = self.clock.now();
        let outcome = fetch.await;
        let mut held = lock(&document.held);
        match outcome {
            Ok(value) => {
                let recent = !has_passed(KEPT_OVER_NOTHING, held.fetched_at, self.clock.now());
                if let Some(former) = held.value.clone().filter(|_| recent && (self.is_nothing)(&value)) {
                    return Ok(former);
                }
                let value = Arc::new(value);
                held.value = Some(Arc::clone(&value));
                held.fetched_at = self.clock.now();
                held.is_current = true;
                Ok(value)
            }
            Err(error) => {
                held.failures = held.failures.saturating_add(1);
                held.failure = Some(error.clone());
                held.value.clone().ok_or(error)
            }
        }
    }

    /// Has a connection's documents asked for at their next use, whatever their age: new settings of it were saved. Until they
    /// are had, the remembered ones stay in force, for the settings in use go on meanwhile (R-SSO-6).
    pub fn outdate(&self, peer: impl Into<Peer>) {
        if let Some(remembered) = lock(&self.connections).get_mut(&peer.into()) {
            for (_, document) in &mut remembered.documents {
                // In its place, for what a fetch that is under way brings was asked for before.
                *document = Arc::new(document.outdated());
            }
        }
    }

    /// Forgets a connection's documents: it is gone.
    pub fn forget(&self, peer: impl Into<Peer>) {
        lock(&self.connections).remove(&peer.into());
    }

    fn document(&self, peer: Peer, url: &str) -> Arc<Document<V, E>> {
        let now = self.clock.now();
        let mut connections = lock(&self.connections);
        if !connections.contains_key(&peer) && connections.len() >= CONNECTIONS {
            let oldest = connections.iter().min_by_key(|(_, remembered)| remembered.used_at).map(|(id, _)| id.clone());
            oldest.and_then(|oldest| connections.remove(&oldest));
        }
        let remembered = connections
            .entry(peer)
            .or_insert_with(|| Remembered { used_at: now, documents: Vec::with_capacity(URLS_PER_CONNECTION) });
        remembered.used_at = now;
        remembered.document(url)
    }
}

impl<V, E: Clone> Remembered<V, E> {
    fn document(&mut self, url: &str) -> Arc<Document<V, E>> {
        let known = self.documents.iter().position(|(known, _)| known == url);
        let entry = match known {
            Some(position) => self.documents.remove(position),
            None => (url.to_owned(), Arc::new(Document::unknown())),
        };
        if self.documents.len() >= URLS_PER_CONNECTION {
            self.documents.remove(0);
        }
        let document = Arc::clone(&entry.1);
        self.documents.push(entry);
        document
    }
}

impl<V, E: Clone> Document<V, E> {
    fn unknown() -> Self {
        Self::due(None, NEVER)
    }

    fn outdated(&self) -> Self {
        let held = lock(&self.held);
        Self::due(held.value.clone(), held.fetched_at)
    }

    /// One that is asked for at its next use.
    fn due(value: Option<Arc<V>>, fetched_at: Timestamp) -> Self {
        let held = Held { value, fetched_at, tried_at: NEVER, is_current: false, failures: 0, failure: None };
        Self { held: Mutex::new(held), fetching: FetchLock::new(()) }
    }

    fn is_being_fetched(&self) -> bool {
        self.fetching.try_lock().is_err()
    }

    /// The remembered value, if it is fresh and not complained about, or if it is too soon to ask again.
    fn good_enough(&self, now: Timestamp, refetch: bool) -> Option<Arc<V>> {
        let held = lock(&self.held);
        let fresh = held.is_current && !refetch && !has_passed(MAX_AGE, held.fetched_at, now);
        let paused = !has_passed(REFETCH_PAUSE, held.tried_at, now);
        held.value.clone().filter(|_| fresh || paused)
    }

    /// How the last fetch failed, if nothing is remembered and it was not among so many failures.
    fn failure_since(&self, failures: u64) -> Option<E> {
        let held = lock(&self.held);
        held.failure.clone().filter(|_| held.value.is_none() && held.failures > failures)
    }
}

/// Whether `span` lies between the two; a clock that was set back counts as "yes", so that nothing is kept for hours.
fn has_passed(span: Duration, from: Timestamp, now: Timestamp) -> bool {
    from > now || now.since(from) >= span
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
