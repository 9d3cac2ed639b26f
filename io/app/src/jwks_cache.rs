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

/// Remembers documents of type `V`, each by connection, or provider of the operator's, and URL.
pub struct JwksCache<V> {
    clock: Arc<dyn Clock>,
    is_nothing: fn(&V) -> bool,
    connections: Mutex<HashMap<Peer, Remembered<V>>>,
}

struct Remembered<V> {
    used_at: Timestamp,
    /// The last used comes last.
    documents: Vec<(String, Arc<Document<V>>)>,
}

struct Document<V> {
    held: Mutex<Held<V>>,
    fetching: FetchLock<()>,
}

struct Held<V> {
    value: Option<Arc<V>>,
    fetched_at: Timestamp,
    tried_at: Timestamp,
}

impl<V> JwksCache<V> {
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
    /// [`KEPT_OVER_NOTHING`].
    ///
    /// *Errors*: the fetch's, when nothing is remembered.
    pub async fn get<E>(
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
        let _only_fetch = document.fetching.lock().await;
        // Another caller may have fetched in the meantime, and then the pause holds.
        if let Some(value) = document.good_enough(self.clock.now(), refetch) {
            return Ok(value);
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
                Ok(value)
            }
            Err(error) => held.value.clone().ok_or(error),
        }
    }

    /// Forgets a connection's documents: its settings changed, or it is gone.
    pub fn forget(&self, peer: impl Into<Peer>) {
        lock(&self.connections).remove(&peer.into());
    }

    fn document(&self, peer: Peer, url: &str) -> Arc<Document<V>> {
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

impl<V> Remembered<V> {
    fn document(&mut self, url: &str) -> Arc<Document<V>> {
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

impl<V> Document<V> {
    fn unknown() -> Self {
        let never = Timestamp::from_millis(i64::MIN);
        Self {
            held: Mutex::new(Held { value: None, fetched_at: never, tried_at: never }),
            fetching: FetchLock::new(()),
        }
    }

    fn is_being_fetched(&self) -> bool {
        self.fetching.try_lock().is_err()
    }

    /// The remembered value, if it is fresh and not complained about, or if it is too soon to ask again.
    fn good_enough(&self, now: Timestamp, refetch: bool) -> Option<Arc<V>> {
        let held = lock(&self.held);
        let fresh = !refetch && !has_passed(MAX_AGE, held.fetched_at, now);
        let paused = !has_passed(REFETCH_PAUSE, held.tried_at, now);
        held.value.clone().filter(|_| fresh || paused)
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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use orgate_core::id::{ConnectionId, Identifier};
    use tokio::sync::Notify;

    use super::*;
    use crate::clock::ManualClock;

    const URL: &str = "https://idp.example/keys";

    struct Scene {
        clock: ManualClock,
        cache: Arc<JwksCache<usize>>,
        fetches: Arc<AtomicUsize>,
    }

    impl Scene {
        fn new() -> Self {
            let clock = ManualClock::starting_at(Timestamp::from_millis(1_000_000));
            let cache = Arc::new(JwksCache::new(Arc::new(clock.clone())));
            Self { clock, cache, fetches: Arc::default() }
        }

        /// Asks; a fetch answers with its own number.
        async fn ask(&self, url: &str, refetch: bool) -> usize {
            let fetch = async { Ok::<_, &str>(self.fetches.fetch_add(1, Ordering::SeqCst) + 1) };
            *self.cache.get(&connection(1), url, refetch, fetch).await.unwrap()
        }

        async fn ask_in_vain(&self, refetch: bool) -> Result<usize, &'static str> {
            let fetch = async {
                self.fetches.fetch_add(1, Ordering::SeqCst);
                Err("unreachable")
            };
            self.cache.get(&connection(1), URL, refetch, fetch).await.map(|value| *value)
        }

        fn fetches(&self) -> usize {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    fn connection(number: u16) -> Peer {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&number.to_be_bytes());
        Peer::Connection(ConnectionId::new(Timestamp::from_millis(1), random))
    }

    #[tokio::test]
    async fn a_remembered_set_is_used_until_its_age_is_reached() {
        let scene = Scene::new();
        assert_eq!(scene.ask(URL, false).await, 1);
        scene.clock.advance(MAX_AGE.saturating_sub(Duration::from_millis(1)));
        assert_eq!(scene.ask(URL, false).await, 1);
        scene.clock.advance(Duration::from_millis(1));
        assert_eq!(scene.ask(URL, false).await, 2);
    }

    #[tokio::test]
    async fn unknown_key_names_cause_one_refetch_in_thirty_seconds_t_idp_2() {
        let scene = Scene::new();
        scene.ask(URL, false).await;
        scene.clock.advance(REFETCH_PAUSE);
        for _ in 0..500 {
            assert_eq!(scene.ask(URL, true).await, 2);
        }
        scene.clock.advance(REFETCH_PAUSE.saturating_sub(Duration::from_millis(1)));
        assert_eq!(scene.ask(URL, true).await, 2);
        scene.clock.advance(Duration::from_millis(1));
        assert_eq!(scene.ask(URL, true).await, 3);
    }

    #[tokio::test]
    async fn a_set_that_was_just_fetched_is_not_asked_for_again_even_if_it_is_empty_t_idp_2() {
        let scene = Scene::new();
        scene.ask(URL, false).await;
        for _ in 0..50 {
            scene.ask(URL, true).await;
        }
        assert_eq!(scene.fetches(), 1);
    }

    #[tokio::test]
    async fn a_failed_refetch_keeps_the_old_keys_and_the_pause_t_idp_2() {
        let scene = Scene::new();
        scene.ask(URL, false).await;
        scene.clock.advance(MAX_AGE);
        for _ in 0..20 {
            assert_eq!(scene.ask_in_vain(true).await, Ok(1));
            assert_eq!(scene.ask_in_vain(false).await, Ok(1));
        }
        assert_eq!(scene.fetches(), 2);
    }

    #[tokio::test]
    async fn a_document_that_holds_nothing_replaces_another_only_after_an_hour_f3() {
        let clock = ManualClock::starting_at(Timestamp::from_millis(1_000_000));
        let cache = JwksCache::new(Arc::new(clock.clone())).with_nothing(|keys| *keys == 0);
        let ask =
            async |keys: usize| *cache.get(&connection(1), URL, true, async { Ok::<_, &str>(keys) }).await.unwrap();
        for (pause, brings, has) in [(0, 0, 0), (30, 5, 5), (30, 0, 5), (3_540, 0, 5), (30, 0, 0), (30, 6, 6)] {
            clock.advance(Duration::from_secs(pause));
            assert_eq!(ask(brings).await, has, "{brings}");
        }
    }

    #[tokio::test]
    async fn with_nothing_remembered_a_failure_is_told_and_the_next_sign_in_asks_again() {
        let scene = Scene::new();
        assert_eq!(scene.ask_in_vain(false).await, Err("unreachable"));
        assert_eq!(scene.ask(URL, false).await, 2);
    }

    #[tokio::test]
    async fn who_misses_a_key_waits_for_the_refetch_that_is_under_way() {
        let scene = Scene::new();
        assert_eq!(scene.ask(URL, false).await, 1);
        scene.clock.advance(REFETCH_PAUSE);
        let release = Arc::new(Notify::new());
        let ask = |refetch| {
            let (cache, fetches, release) =
                (Arc::clone(&scene.cache), Arc::clone(&scene.fetches), Arc::clone(&release));
            tokio::spawn(async move {
                let fetch = async {
                    release.notified().await;
                    Ok::<_, &str>(fetches.fetch_add(1, Ordering::SeqCst) + 1)
                };
                *cache.get(&connection(1), URL, refetch, fetch).await.unwrap()
            })
        };
        let missing: Vec<_> = (0..8).map(|_| ask(true)).collect();
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ask(false).await.unwrap(), 1, "who misses nothing does not wait");
        release.notify_one();
        for task in missing {
            assert_eq!(task.await.unwrap(), 2);
        }
        assert_eq!(scene.fetches(), 2);
    }

    #[tokio::test]
    async fn many_at_once_cause_one_fetch_t_idp_2() {
        let scene = Scene::new();
        let release = Arc::new(Notify::new());
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (cache, fetches, release) =
                    (Arc::clone(&scene.cache), Arc::clone(&scene.fetches), Arc::clone(&release));
                tokio::spawn(async move {
                    let fetch = async {
                        fetches.fetch_add(1, Ordering::SeqCst);
                        release.notified().await;
                        Ok::<_, &str>(7)
                    };
                    *cache.get(&connection(1), URL, true, fetch).await.unwrap()
                })
            })
            .collect();
        while scene.fetches() == 0 {
            tokio::task::yield_now().await;
        }
        release.notify_one();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 7);
        }
        assert_eq!(scene.fetches(), 1);
    }

    #[tokio::test]
    async fn a_hanging_refetch_holds_up_nobody_who_can_use_the_old_keys() {
        let scene = Scene::new();
        scene.ask(URL, false).await;
        scene.clock.advance(REFETCH_PAUSE);
        let cache = Arc::clone(&scene.cache);
        let hanging = tokio::spawn(async move {
            let fetch = std::future::pending::<Result<usize, &str>>();
            cache.get(&connection(1), URL, true, fetch).await.map(|value| *value)
        });
        tokio::task::yield_now().await;
        assert_eq!(scene.ask(URL, false).await, 1);
        hanging.abort();
        assert!(hanging.await.is_err());
        assert_eq!(scene.ask(URL, true).await, 1, "the abandoned refetch counts");
    }

    #[tokio::test]
    async fn each_address_has_its_own_set_and_settings_that_change_start_afresh() {
        let scene = Scene::new();
        assert_eq!(scene.ask(URL, false).await, 1);
        assert_eq!(scene.ask("https://other.example/keys", false).await, 2);
        assert_eq!(scene.ask(URL, false).await, 1);
        scene.cache.forget(connection(1));
        assert_eq!(scene.ask(URL, false).await, 3);
    }

    #[tokio::test]
    async fn memory_is_bounded_for_a_connection_and_for_all() {
        let scene = Scene::new();
        for number in 0..50 {
            scene.ask(&format!("https://idp.example/{number}"), false).await;
        }
        assert_eq!(lock(&scene.cache.connections)[&connection(1)].documents.len(), URLS_PER_CONNECTION);
        for number in 0..=u16::try_from(CONNECTIONS).unwrap() {
            scene.clock.advance(Duration::from_millis(1));
            let fetch = async { Ok::<_, &str>(0) };
            scene.cache.get(&connection(number), URL, false, fetch).await.unwrap();
        }
        let connections = lock(&scene.cache.connections);
        assert_eq!(connections.len(), CONNECTIONS);
        assert!(!connections.contains_key(&connection(0)) && connections.contains_key(&connection(2)));
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_keeps_no_keys_for_hours() {
        let scene = Scene::new();
        scene.ask(URL, false).await;
        scene.clock.set(Timestamp::from_millis(0));
        assert_eq!(scene.ask(URL, false).await, 2);
    }
}
