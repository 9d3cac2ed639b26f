//! What a transaction promises, whichever engine runs it.

use orgate_store::{Constraint, Mail, StoreError, User};

use crate::bed::{Bed, at, id, user};

/// What a use case would refuse with.
#[derive(Debug, PartialEq)]
enum Refused {
    ByRule,
    ByStore(String),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::ByStore(error.to_string())
    }
}

async fn exists(bed: &Bed, user: &User) -> bool {
    let found = bed.store.read(user.id.clone(), |tx, id| Box::pin(async move { tx.instance().find_user(id).await }));
    found.await.unwrap().is_some()
}

async fn a_refusal_undoes_what_the_transaction_did(bed: Bed) {
    let dana = user("dana");
    let outcome: Result<(), Refused> = bed
        .store
        .write(dana.clone(), |tx, dana| {
            Box::pin(async move {
                tx.instance().insert_user(dana).await?;
                Err(Refused::ByRule)
            })
        })
        .await;
    assert_eq!(outcome, Err(Refused::ByRule));
    assert!(!exists(&bed, &dana).await);
}

async fn a_panic_undoes_its_transaction_and_no_other(bed: Bed) {
    let (good, bad) = (user("good"), user("bad"));
    let panicking = bed.write(bad.clone(), |tx, bad| {
        Box::pin(async move {
            tx.instance().insert_user(bad).await?;
            assert!(bad.name.is_empty(), "this panic belongs to the test");
            Ok(())
        })
    });
    let fine = bed.write(good.clone(), |tx, good| Box::pin(async move { tx.instance().insert_user(good).await }));
    let (panicked, fine) = tokio::join!(panicking, fine);
    assert!(matches!(panicked, Err(StoreError::Fault { .. })));
    fine.unwrap();
    assert!(exists(&bed, &good).await && !exists(&bed, &bad).await);
}

async fn a_conflict_in_one_transaction_leaves_those_beside_it_alone(bed: Bed) {
    let dana = bed.user("dana").await;
    let mut people: Vec<User> = (0..20).map(|number| user(&format!("person{number}"))).collect();
    for person in people.iter_mut().step_by(2) {
        person.email = dana.email.clone();
    }
    let writes = people
        .iter()
        .cloned()
        .map(|person| bed.write(person, |tx, person| Box::pin(async move { tx.instance().insert_user(person).await })));
    for (number, outcome) in futures_util::future::join_all(writes).await.into_iter().enumerate() {
        if number % 2 == 0 {
            assert!(matches!(outcome, Err(StoreError::Conflict(Constraint::UserProvenEmail))), "{number}");
        } else {
            outcome.unwrap();
        }
        assert_eq!(exists(&bed, &people[number]).await, number % 2 == 1);
    }
}

async fn a_transaction_that_goes_on_after_a_failed_statement_is_not_kept(bed: Bed) {
    let dana = bed.user("dana").await;
    let (rival, other) = (user("dana"), user("other"));
    let outcome = bed.write((rival, other.clone()), |tx, (rival, other)| {
        Box::pin(async move {
            tx.instance().insert_user(other).await?;
            let conflict = tx.instance().insert_user(rival).await;
            assert!(matches!(conflict, Err(StoreError::Conflict(Constraint::UserProvenEmail))));
            assert!(matches!(tx.instance().find_user(&other.id).await, Err(StoreError::Fault { .. })));
            Ok(())
        })
    });
    assert!(matches!(outcome.await, Err(StoreError::Fault { .. })));
    assert!(exists(&bed, &dana).await && !exists(&bed, &other).await);
}

async fn a_read_cannot_write(bed: Bed) {
    let dana = user("dana");
    let written =
        bed.store.read(dana.clone(), |tx, dana| Box::pin(async move { tx.instance().insert_user(dana).await }));
    let refused: Result<(), StoreError> = written.await;
    assert!(refused.is_err());
    assert!(!exists(&bed, &dana).await);
}

async fn a_long_read_sees_one_moment(bed: Bed) {
    let other = bed.clone();
    let counts = bed.store.read_long(other, |tx, other: &Bed| {
        Box::pin(async move {
            let before = tx.instance().count_waiting_mails().await?;
            // Another connection writes between the two looks.
            let mail =
                Mail { id: id(), sealed_content: vec![1], template: "code".to_owned(), created_at: at(1), tries: 0 };
            let writer = other.clone();
            let write = async move {
                writer.write(mail, |tx, mail| Box::pin(async move { tx.instance().insert_mail(mail).await })).await
            };
            std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(write).unwrap())
                .join()
                .unwrap();
            Ok::<_, StoreError>((before, tx.instance().count_waiting_mails().await?))
        })
    });
    assert_eq!(counts.await.unwrap(), (0, 0));
    assert_eq!(within!(bed, tx, [], tx.instance().count_waiting_mails().await), 1);
}

async fn the_database_gives_a_sign_of_life(bed: Bed) {
    bed.store.ping().await.unwrap();
}

on_each_engine! {
    a_refusal_undoes_what_the_transaction_did
    a_panic_undoes_its_transaction_and_no_other
    a_conflict_in_one_transaction_leaves_those_beside_it_alone
    a_transaction_that_goes_on_after_a_failed_statement_is_not_kept
    a_read_cannot_write
    a_long_read_sees_one_moment
    the_database_gives_a_sign_of_life
}
