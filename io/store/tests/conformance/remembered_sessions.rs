//! What a node remembers of sessions beside SQLite: never anything but what is committed, whoever commits it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use orgate_core::proof::{Proof, Proofs};
use orgate_core::time::Timestamp;
use orgate_store::{Expiring, Session, SessionCheck, Store, StoreError, StoreSettings, Tx, User};

use crate::bed::{Bed, at, hash};
use crate::sessions::session;

async fn check(store: &Store, number: u8) -> Option<SessionCheck> {
    store.check_session(&hash(number)).await.unwrap()
}

/// Dana with her session and Sam with his, both of which were asked about.
async fn scene(bed: &Bed) -> (User, Session) {
    bed.instance().await;
    let (dana, sam) = (bed.user("dana").await, bed.user("sam").await);
    let (danas, sams) = (session(&dana), session(&sam));
    within!(bed, tx, [danas, sams], {
        tx.instance().insert_session(danas, &hash(1)).await?;
        tx.instance().insert_session(sams, &hash(2)).await
    });
    assert!(check(&bed.store, 1).await.is_some() && check(&bed.store, 2).await.is_some());
    (dana, danas)
}

/// A change of Dana's row that raises no number, so that nobody can know of it but who reads the row.
async fn rename_unnoted(bed: &Bed, name: &str) {
    let rename = format!(
        "begin; update sessions set user_name = '{name}' where token_hash = x'{}';
        update instance set session_changes = session_changes - 1; commit",
        "01".repeat(32)
    );
    bed.raw(&rename).await;
}

async fn name(bed: &Bed) -> String {
    check(&bed.store, 1).await.unwrap().name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_api_2_a_row_is_read_again_once_anybody_changed_it_and_not_before() {
    let bed = Bed::sqlite().await;
    let (_, danas) = scene(&bed).await;
    rename_unnoted(&bed, "Unnoted").await;
    assert_eq!(name(&bed).await, "dana", "it is remembered");
    // Of this program's changes each row is forgotten by itself, and what was undone counts for nothing.
    let sams = within!(bed, tx, [], tx.instance().touch_session(&hash(2), at(20)).await);
    let undone = bed.write((), |tx, ()| {
        Box::pin(async move {
            tx.instance().touch_session(&hash(2), at(21)).await?;
            Err::<(), _>(StoreError::NotFound { noun: "reason to keep this" })
        })
    });
    assert!(sams && undone.await.is_err());
    assert_eq!(check(&bed.store, 2).await.unwrap().life.last_used_at, at(20));
    assert_eq!(name(&bed).await, "dana", "it is remembered still");
    within!(bed, tx, [danas], tx.instance().reduce_session(&danas.id, &Proofs::default()).await);
    assert_eq!(name(&bed).await, "Unnoted");
    // Behind another program's change, nothing is remembered.
    rename_unnoted(&bed, "Again").await;
    assert_eq!(name(&bed).await, "Unnoted");
    bed.raw("update sessions set ip = ip where user_name = 'sam'").await;
    assert_eq!(name(&bed).await, "Again");
    rename_unnoted(&bed, "Once more").await;
    assert_eq!(name(&bed).await, "Again");
    bed.raw("update sessions set ip = ip where user_name = 'sam'").await;
    within!(bed, tx, [], tx.instance().touch_session(&hash(2), at(22)).await);
    assert_eq!(name(&bed).await, "Once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_memory_for_sessions_each_row_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("orgate.db").display());
    let settings = StoreSettings { session_memory: 0, ..StoreSettings::parse(&url).unwrap() };
    let bed = Bed::on(Store::open(&settings, at(0)).await.unwrap());
    scene(&bed).await;
    let other = rusqlite::Connection::open(folder.path().join("orgate.db")).unwrap();
    other
        .execute_batch(
            "begin; update sessions set user_name = 'Unnoted';
            update instance set session_changes = session_changes - 2; commit",
        )
        .unwrap();
    assert_eq!(name(&bed).await, "Unnoted");
}

/// Changes of Dana's session, each of which shows.
const ACTS: [&str; 6] = ["use", "fewer proofs", "new token", "end all", "end", "sweep"];

async fn act(tx: &mut Tx, step: &str, danas: &Session) -> Result<bool, StoreError> {
    let mut instance = tx.instance();
    match step {
        "use" => instance.touch_session(&hash(1), at(20)).await,
        "fewer proofs" => instance.reduce_session(&danas.id, &Proofs::default()).await,
        "new token" => {
            instance.renew_session(&hash(1), &hash(3), &Proofs::of(Proof::Totp { at: at(21) }), at(21)).await
        }
        "end all" => Ok(instance.end_sessions_of_user(&danas.user_id, None, "others", at(22)).await? == 2),
        "end" => instance.end_session(&danas.user_id, &danas.id, "signed-out", at(23)).await,
        _ => Ok(instance.delete_expired(Expiring::Sessions, at(2_000_000), 10).await? == 2),
    }
}

/// By this program or by another one.
async fn r_api_2_whatever_changes_a_session_is_seen_by_the_next_check(bed: Bed) {
    let (_, danas) = scene(&bed).await;
    let other = Store::open(&StoreSettings::parse(bed.url()).unwrap(), at(0)).await.unwrap();
    for by in [&bed, &Bed::on(other)] {
        for step in ACTS {
            within!(bed, tx, [danas], {
                tx.instance().delete_expired(Expiring::Sessions, at(2_000_000), 10).await?;
                tx.instance().insert_session(danas, &hash(1)).await?;
                tx.instance().insert_session(&Session { id: crate::bed::id(), ..danas.clone() }, &hash(4)).await
            });
            let before = check(&bed.store, 1).await;
            assert_eq!(check(&bed.store, 1).await, before, "{step}");
            let acted = by.write((step, danas.clone()), |tx, (step, danas)| Box::pin(act(tx, step, danas)));
            assert!(acted.await.unwrap(), "{step}");
            let after = check(&bed.store, 1).await;
            assert_ne!(after, before, "{step}");
            for number in [1, 3, 4] {
                let whole = within!(bed, tx, [number], tx.instance().check_session(&hash(*number)).await);
                assert_eq!(check(&bed.store, number).await, whole, "{step}");
                assert_eq!(check(&bed.store, number).await, whole, "{step}");
            }
        }
    }
}

/// Two programs write down uses that go up for ever, and each asks at once, as others do all the time.
async fn r_api_2_what_was_answered_is_seen_by_every_check_from_then_on(bed: Bed) {
    const ROUNDS: i64 = 150;
    const NEVER: Timestamp = Timestamp::from_millis(9_000_000);
    scene(&bed).await;
    let other = Store::open(&StoreSettings::parse(bed.url()).unwrap(), at(0)).await.unwrap();
    let answered: [Arc<AtomicI64>; 2] = [Arc::new(AtomicI64::new(10)), Arc::new(AtomicI64::new(10))];
    let used = async |store: &Store, number: u8| check(store, number).await.unwrap().life.last_used_at;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, newest) in (1..).zip(&answered) {
        for turn in [0, 1] {
            let (newest, stores) = (Arc::clone(newest), [bed.store.clone(), other.clone()]);
            tasks.spawn(async move {
                for round in (11..).take(usize::try_from(ROUNDS).unwrap()).filter(|round| round % 2 == turn) {
                    let written =
                        stores[usize::try_from(turn).unwrap()].write((number, round), |tx, (number, round)| {
                            Box::pin(async move { tx.instance().touch_session(&hash(*number), at(*round)).await })
                        });
                    written.await.unwrap();
                    let undone = stores[0].write(number, |tx, number| {
                        Box::pin(async move {
                            tx.instance().touch_session(&hash(*number), NEVER).await?;
                            Err::<(), _>(StoreError::NotFound { noun: "reason to keep this" })
                        })
                    });
                    assert!(undone.await.is_err());
                    newest.fetch_max(round, Ordering::SeqCst);
                    for store in &stores {
                        assert!((at(round)..NEVER).contains(&used(store, number).await), "{round}");
                    }
                }
            });
        }
        for store in [bed.store.clone(), other.clone()] {
            let newest = Arc::clone(newest);
            tasks.spawn(async move {
                let mut seen = at(0);
                while seen < at(10 + ROUNDS) {
                    let least = at(newest.load(Ordering::SeqCst)).max(seen);
                    seen = used(&store, number).await;
                    assert!((least..NEVER).contains(&seen), "{seen:?} behind {least:?}");
                    tokio::task::yield_now().await;
                }
            });
        }
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap();
    }
}

on_each_engine! {
    r_api_2_whatever_changes_a_session_is_seen_by_the_next_check
    r_api_2_what_was_answered_is_seen_by_every_check_from_then_on
}
