use std::sync::atomic::{AtomicUsize, Ordering};

use orgate_core::id::{ConnectionId, Identifier};
use tokio::sync::Notify;

use super::*;
use crate::clock::ManualClock;

const URL: &str = "https://idp.example/keys";

struct Scene {
    clock: ManualClock,
    cache: Arc<JwksCache<usize, &'static str>>,
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
    let ask = async |keys: usize| *cache.get(&connection(1), URL, true, async { Ok::<_, &str>(keys) }).await.unwrap();
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
async fn who_waits_for_a_fetch_that_fails_is_told_so_and_who_comes_later_asks_again_f1() {
    let scene = Scene::new();
    let release = Arc::new(Notify::new());
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let (cache, fetches, release) =
                (Arc::clone(&scene.cache), Arc::clone(&scene.fetches), Arc::clone(&release));
            tokio::spawn(async move {
                let fetch = async {
                    fetches.fetch_add(1, Ordering::SeqCst);
                    release.notified().await;
                    Err("unreachable")
                };
                cache.get(&connection(1), URL, false, fetch).await.map(|value| *value)
            })
        })
        .collect();
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    for task in waiting {
        assert_eq!(task.await.unwrap(), Err("unreachable"));
    }
    assert_eq!(scene.fetches(), 1);
    assert_eq!(scene.ask_in_vain(false).await, Err("unreachable"));
    assert_eq!(scene.ask(URL, false).await, 3);
}

#[tokio::test]
async fn what_is_outdated_is_asked_for_again_and_stays_in_force_until_it_is_had_t_idp_2() {
    let scene = Scene::new();
    assert_eq!(scene.ask(URL, false).await, 1);
    scene.cache.outdate(connection(1));
    for _ in 0..3 {
        assert_eq!(scene.ask_in_vain(false).await, Ok(1));
    }
    assert_eq!(scene.fetches(), 2, "one in thirty seconds");
    scene.clock.advance(REFETCH_PAUSE);
    assert_eq!(scene.ask(URL, false).await, 3);
    scene.clock.advance(REFETCH_PAUSE);
    assert_eq!(scene.ask(URL, false).await, 3, "and is remembered as ever");
    scene.cache.outdate(connection(2));
    assert_eq!(scene.ask(URL, false).await, 3, "whose settings did not change");
}

#[tokio::test]
async fn who_misses_a_key_waits_for_the_refetch_that_is_under_way() {
    let scene = Scene::new();
    assert_eq!(scene.ask(URL, false).await, 1);
    scene.clock.advance(REFETCH_PAUSE);
    let release = Arc::new(Notify::new());
    let ask = |refetch| {
        let (cache, fetches, release) = (Arc::clone(&scene.cache), Arc::clone(&scene.fetches), Arc::clone(&release));
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
async fn each_address_has_its_own_set_and_a_connection_that_is_gone_is_forgotten() {
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
