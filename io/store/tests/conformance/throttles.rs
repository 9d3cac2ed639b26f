//! What slows guessing down: tries that are counted exactly, origins that are known, refusals that are counted.

use std::time::Duration;

use orgate_core::time::Timestamp;
use orgate_store::{Expiring, Throttle, ThrottleLimit};

use crate::bed::{Bed, at, id};

fn limit(most: u64, counts_from: Timestamp) -> ThrottleLimit {
    ThrottleLimit { most, counts_from }
}

async fn a_bucket_takes_so_many_tries_and_begins_anew_when_its_time_is_over(bed: Bed) {
    let store = &bed.store;
    let long_ago = at(0).minus(Duration::from_secs(1));
    for expected in [true, true, false] {
        assert_eq!(store.take_throttled_try("a", at(1), limit(2, long_ago)).await.unwrap(), expected);
    }
    assert!(store.take_throttled_try("b", at(1), limit(2, long_ago)).await.unwrap(), "another bucket");
    store.give_try_back("a").await.unwrap();
    assert!(store.take_throttled_try("a", at(2), limit(2, long_ago)).await.unwrap());
    assert_eq!(store.count_wrong_try("a").await.unwrap(), 1);
    let found = Throttle { began_at: at(1), tries: 2, wrong: 1, open_at: at(1) };
    assert_eq!(store.find_throttle("a").await.unwrap(), Some(found));
    assert!(store.take_throttled_try("a", at(9), limit(2, at(1))).await.unwrap(), "it began too long ago to count");
    let anew = Throttle { began_at: at(9), tries: 1, wrong: 0, open_at: at(9) };
    assert_eq!(store.find_throttle("a").await.unwrap(), Some(anew));
    store.empty_throttle("a").await.unwrap();
    assert_eq!(store.find_throttle("a").await.unwrap(), None);
    store.give_try_back("a").await.unwrap();
    assert_eq!(store.count_wrong_try("a").await.unwrap(), 0, "nobody's try");
    within!(bed, tx, [], {
        assert_eq!(tx.instance().delete_expired(Expiring::Throttles, at(1), 9).await?, 0);
        assert_eq!(tx.instance().delete_expired(Expiring::Throttles, at(2), 9).await?, 1);
        Ok(())
    });
}

async fn a_closed_bucket_takes_nothing_until_it_opens_and_never_opens_earlier(bed: Bed) {
    let store = &bed.store;
    let take = async |moment| store.take_throttled_try("a", moment, limit(9, at(0))).await.unwrap();
    assert!(take(at(1)).await);
    store.close_throttle("a", at(5)).await.unwrap();
    store.close_throttle("a", at(3)).await.unwrap();
    assert!(!take(at(4)).await);
    assert!(take(at(5)).await);
}

async fn of_64_parallel_tries_exactly_as_many_as_are_left_are_taken(bed: Bed) {
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = bed.store.clone();
            tokio::spawn(async move { store.take_throttled_try("a", at(1), limit(10, at(0))).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += u32::from(task.await.unwrap());
    }
    assert_eq!(taken, 10);
    assert_eq!(bed.store.find_throttle("a").await.unwrap().unwrap().tries, 10);
}

async fn r_ops_3_64_parallel_refusals_are_one_first_and_sixty_four_tries(bed: Bed) {
    let event: orgate_core::id::AuditEventId = id();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (store, event) = (bed.store.clone(), event.clone());
            tokio::spawn(async move { store.count_refused_try("sam:net:1", &event).await.unwrap() })
        })
        .collect();
    let mut counts = Vec::new();
    for task in tasks {
        counts.push(task.await.unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=64).collect::<Vec<u64>>());
    // As an earlier version counted; what a count is known by now names nobody.
    assert_eq!(bed.store.count_refused_try("bm9ib2R5", &id()).await.unwrap(), 1);
    assert_eq!(bed.store.forget_typed_buckets(9).await.unwrap(), 1);
    assert_eq!(bed.store.forget_typed_buckets(9).await.unwrap(), 0);
    assert_eq!(bed.store.count_refused_try("bm9ib2R5", &id()).await.unwrap(), 2);
    assert_eq!(bed.store.count_refused_try(event.as_str(), &id()).await.unwrap(), 65);
}

async fn an_origin_is_known_to_its_person_alone_until_it_is_forgotten(bed: Bed) {
    let (dana, sam) = (bed.user("dana").await, bed.user("sam").await);
    let (one, other) = ([1; 32], [2; 32]);
    let (key, store) = (dana.email.key().to_owned(), bed.store.clone());
    within!(bed, tx, [dana, sam], {
        let mut instance = tx.instance();
        instance.remember_origin(&dana.id, &[1; 32], at(1), at(0)).await?;
        instance.remember_origin(&dana.id, &[1; 32], at(2), at(1)).await?;
        instance.remember_origin(&sam.id, &[2; 32], at(1), at(0)).await?;
        Ok(())
    });
    assert_eq!(store.list_known_origins(&key, &[one, other, one, other]).await.unwrap(), [one.to_vec()]);
    assert_eq!(
        store.list_known_origins("nobody@example.com", &[one, other, one, other]).await.unwrap(),
        Vec::<Vec<u8>>::new()
    );
    assert_eq!(store.list_known_origins_of(&sam.id, &[one, one, one, other]).await.unwrap(), [other.to_vec()]);
    for (origins, known) in [([[3; 32], other], true), ([one, [3; 32]], true), ([[3; 32], [4; 32]], false)] {
        assert_eq!(store.is_known_origin(&origins).await.unwrap(), known, "{origins:?}");
    }
    within!(bed, tx, [sam], {
        assert_eq!(tx.instance().delete_expired(Expiring::Origins, at(2), 9).await?, 1, "Sam's alone");
        assert_eq!(tx.instance().delete_origins(&sam.id).await?, 0);
        Ok(())
    });
    within!(bed, tx, [dana], {
        assert_eq!(tx.instance().delete_origins(&dana.id).await?, 1);
        Ok(())
    });
}

on_each_engine! {
    a_bucket_takes_so_many_tries_and_begins_anew_when_its_time_is_over
    a_closed_bucket_takes_nothing_until_it_opens_and_never_opens_earlier
    of_64_parallel_tries_exactly_as_many_as_are_left_are_taken
    r_ops_3_64_parallel_refusals_are_one_first_and_sixty_four_tries
    an_origin_is_known_to_its_person_alone_until_it_is_forgotten
}
