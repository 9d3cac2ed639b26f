//! Accounts at Google and GitHub that people linked to theirs.

use orgate_core::assertion::Subject;
use orgate_core::personal::PersonalProvider::{self, GitHub, Google};
use orgate_store::{Constraint, PersonalIdentity, SignIn, StoreError, User};

use crate::bed::{Bed, at, hash, id};

fn subject(text: &str) -> Subject {
    Subject::parse(text).unwrap()
}

fn identity(provider: PersonalProvider, name: &str, user: &User) -> PersonalIdentity {
    PersonalIdentity {
        id: id(),
        provider,
        subject: subject(name),
        user_id: user.id.clone(),
        email: Some("Kim@example.com".to_owned()),
        created_at: at(1),
        last_sign_in_at: None,
    }
}

async fn t_lnk_11_a_provider_and_its_subject_find_one_person(bed: Bed) {
    let kim = bed.user("kim").await;
    let (google, github) = (identity(Google, "7", &kim), identity(GitHub, "7", &kim));
    within!(bed, tx, [google, github], {
        let mut instance = tx.instance();
        instance.insert_personal_identity(google).await?;
        assert_eq!(instance.find_personal_identity(GitHub, &subject("7")).await?, None);
        instance.insert_personal_identity(github).await?;
        assert_eq!(instance.find_personal_identity(GitHub, &subject("7")).await?.as_ref(), Some(github));
        assert_eq!(instance.find_personal_identity(Google, &subject("7 ")).await?, None);
        let all = instance.list_personal_identities(&google.user_id).await?;
        assert_eq!(all, [google.clone(), github.clone()]);
        assert!(instance.touch_personal_identity(&google.id, None, at(5)).await?);
        let seen = instance.find_personal_identity(Google, &subject("7")).await?.unwrap();
        assert_eq!((seen.email, seen.last_sign_in_at), (None, Some(at(5))));
        Ok(())
    });
}

async fn r_lnk_9_a_subject_belongs_to_one_person_and_a_person_has_one_at_a_provider(bed: Bed) {
    let (kim, lee) = (bed.user("kim").await, bed.user("lee").await);
    for (second, constraint) in [
        (identity(Google, "1", &lee), Constraint::PersonalIdentitySubject),
        (identity(Google, "2", &kim), Constraint::PersonalIdentityUser),
    ] {
        let first = identity(Google, "1", &kim);
        let both = bed.write((first, second), |tx, (first, second)| {
            Box::pin(async move {
                tx.instance().insert_personal_identity(first).await?;
                tx.instance().insert_personal_identity(second).await
            })
        });
        let refused = both.await;
        assert!(matches!(refused, Err(StoreError::Conflict(found)) if found == constraint), "{refused:?}");
    }
}

async fn a_link_goes_alone_or_with_its_persons_account(bed: Bed) {
    let (kim, lee) = (bed.user("kim").await, bed.user("lee").await);
    let links = [identity(Google, "1", &kim), identity(GitHub, "2", &kim), identity(Google, "3", &lee)];
    within!(bed, tx, [kim, lee, links], {
        let mut instance = tx.instance();
        for link in links {
            instance.insert_personal_identity(link).await?;
        }
        assert!(instance.delete_personal_identity(&kim.id, GitHub).await?);
        assert!(!instance.delete_personal_identity(&kim.id, GitHub).await?);
        instance.insert_personal_identity(&links[1]).await?;
        assert_eq!(instance.list_personal_identities(&kim.id).await?.len(), 2);
        assert!(instance.erase_user(&kim.id, at(8)).await?);
        assert_eq!(instance.list_personal_identities(&kim.id).await?, []);
        assert_eq!(instance.list_personal_identities(&lee.id).await?, [links[2].clone()]);
        Ok(())
    });
}

async fn t_lnk_5_what_the_merged_account_came_in_by_lets_nobody_into_the_other(bed: Bed) {
    let (from, into) = (bed.user("from").await, bed.user("into").await);
    let links = [identity(Google, "1", &from), identity(GitHub, "2", &into)];
    within!(bed, tx, [from, into, links], {
        let mut instance = tx.instance();
        for link in links {
            instance.insert_personal_identity(link).await?;
        }
        instance.merge_users(&from.id, &into.id, at(8)).await?;
        assert_eq!(instance.find_personal_identity(Google, &subject("1")).await?, None);
        assert_eq!(instance.list_personal_identities(&into.id).await?, [links[1].clone()]);
        Ok(())
    });
}

async fn t_bcp_1_a_providers_answer_serves_its_browser_and_provider_once(bed: Bed) {
    let attempt = SignIn {
        id: id(),
        browser_hash: hash(1),
        state_hash: Some(hash(101)),
        organization_id: None,
        connection_id: None,
        stage: "google".to_owned(),
        sealed_document: vec![1],
        created_at: at(0),
        expires_at: at(50),
    };
    within!(bed, tx, [attempt], {
        let mut instance = tx.instance();
        instance.insert_sign_in(attempt).await?;
        for (state, browser, stage, moment) in
            [(102, 1, "google", 1), (101, 2, "google", 1), (101, 1, "github", 1), (101, 1, "google", 50)]
        {
            let used =
                instance.consume_personal_sign_in_by_state(&hash(state), &hash(browser), stage, at(moment)).await?;
            assert_eq!(used, None, "{state} {browser} {stage} {moment}");
        }
        let used = instance.consume_personal_sign_in_by_state(&hash(101), &hash(1), "google", at(49)).await?;
        assert_eq!(used.as_ref(), Some(attempt));
        let again = instance.consume_personal_sign_in_by_state(&hash(101), &hash(1), "google", at(49)).await?;
        assert_eq!(again, None);
        Ok(())
    });
}

on_each_engine! {
    t_lnk_11_a_provider_and_its_subject_find_one_person
    r_lnk_9_a_subject_belongs_to_one_person_and_a_person_has_one_at_a_provider
    a_link_goes_alone_or_with_its_persons_account
    t_lnk_5_what_the_merged_account_came_in_by_lets_nobody_into_the_other
    t_bcp_1_a_providers_answer_serves_its_browser_and_provider_once
}
