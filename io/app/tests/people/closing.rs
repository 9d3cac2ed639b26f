//! Closing one's own account: R-ORG-5, R-ENF-14, R-LNK-1.

use futures_util::future::join_all;
use orgate_app::account::closing::{self, close};
use orgate_app::account::remove_password;
use orgate_app::error::Error;
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{Credentials, begin};
use orgate_app::{membership, organization, session};
use orgate_core::email::EmailAddress;
use orgate_core::id::OrganizationId;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{AuditFilter, User};

use crate::support::{Bed, PASSWORD, Person, refused};

async fn user(bed: &Bed, person: &Person) -> User {
    bed.write(person.id.clone(), |tx, id| Box::pin(async move { tx.instance().load_user(id).await })).await
}

async fn owners(bed: &Bed, id: &OrganizationId) -> u64 {
    bed.write(id.clone(), |tx, id| Box::pin(async move { tx.organization(id).count_owners().await })).await
}

async fn closing_ends_everything_and_frees_the_address(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    let app = &bed.app;
    let new = NewInvitations {
        emails: vec!["lee@example.com".to_owned()],
        role: OrganizationRole::Member,
        projects: Vec::new(),
    };
    invitation::invite(app, &kim.visitor, "acme", new).await.unwrap();
    let other = bed.session(&kim, Proofs::of(Proof::Password { at: bed.now() })).await;
    let seen = closing::forecast(app, &kim.visitor).await.unwrap();
    assert_eq!((seen.places.len(), seen.other_sessions), (1, 1));
    assert_eq!((seen.email.as_str(), &seen.places[0].obstacle), ("kim@example.com", &None));
    let mistyped = close(app, &kim.visitor, "kim").await;
    assert!(matches!(refused(mistyped), Refusal::InvalidInput(_)));
    close(app, &kim.visitor, " KIM@example.com ").await.unwrap();

    for browser in [&kim, &other] {
        assert_eq!(refused(session::current(app, &browser.visitor).await), Refusal::NoSession);
    }
    let credentials = Credentials { email: kim.email.clone(), password: Password::from_typed(PASSWORD) };
    assert_eq!(refused(begin(app, &bed.stranger(), credentials).await), Refusal::InvalidCredentials);
    assert!(loop_for(&bed, &kim.email, "is closed").await);
    let left = user(&bed, &kim).await;
    assert!(left.closed_at.is_some() && left.name == "Closed account", "{left:?}");
    assert!(!left.email.as_str().contains("kim"), "{left:?}");
    let (events, invitations) = bed
        .write((acme.id.clone(), bed.now()), |tx, (id, now)| {
            Box::pin(async move {
                let mut view = tx.organization(id);
                let events = view.list_audit_events(&AuditFilter::default(), None, 20).await?;
                Ok((events, view.count_pending_invitations(*now).await?))
            })
        })
        .await;
    assert!(events.items.iter().any(|event| event.action == "user.closed"));
    assert_eq!((invitations, owners(&bed, &acme.id).await), (0, 1), "R-ORG-6");
    let again = bed.person("kim").await;
    assert_ne!(again.id, kim.id);
    assert_eq!(refused(organization::get(app, &again.visitor, "acme").await), Refusal::NotFound);
}

async fn loop_for(bed: &Bed, address: &str, words: &str) -> bool {
    while let Some(mail) = bed.mail(address).await {
        if mail.subject.contains(words) {
            return true;
        }
    }
    false
}

async fn r_org_5_the_last_owner_of_any_organization_does_not_close_and_all_are_named(bed: Bed) {
    let sam = bed.person("sam").await;
    for name in ["Acme", "Umbrella"] {
        bed.organization(&sam, name).await;
    }
    let free = bed.organization(&sam, "Initech").await;
    bed.member(&free, "kim", OrganizationRole::Owner).await;
    let Refusal::LastOwnerOf(named) = refused(close(&bed.app, &sam.visitor, &sam.email).await) else {
        panic!("the last Owner went");
    };
    let names: Vec<&str> = named.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Acme", "Umbrella"]);
    let seen = closing::forecast(&bed.app, &sam.visitor).await.unwrap();
    let obstacles: Vec<_> = seen.places.iter().map(|place| place.obstacle.clone()).collect();
    assert_eq!(obstacles.iter().filter(|obstacle| **obstacle == Some(Refusal::LastOwner)).count(), 2);
    session::current(&bed.app, &sam.visitor).await.unwrap();
    assert_eq!(owners(&bed, &free.id).await, 2, "nothing of it was done");
}

/// T-ORG-1 for closing: everybody closes at the same moment, with others who leave, and one Owner stays.
async fn t_org_1_owners_who_close_in_parallel_leave_one(bed: Bed) {
    for round in 0..3 {
        let sam = bed.person(&format!("sam{round}")).await;
        let acme = bed.organization(&sam, &format!("Acme {round}")).await;
        let mut people = vec![sam];
        for number in 1..6 {
            people.push(bed.member(&acme, &format!("owner{round}-{number}"), OrganizationRole::Owner).await);
        }
        let acts = people.iter().enumerate().map(|(number, person)| {
            let (app, slug) = (&bed.app, acme.slug.as_str());
            async move {
                if number % 3 == 2 {
                    organization::leave(app, &person.visitor, slug).await
                } else {
                    close(app, &person.visitor, &person.email).await
                }
            }
        });
        let outcomes = join_all(acts).await;
        assert_eq!(owners(&bed, &acme.id).await, 1, "round {round}: {outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
        for outcome in outcomes {
            if let Err(Error::Fault(fault)) = outcome {
                panic!("round {round}: {fault}");
            }
        }
    }
}

async fn sixty_four_tries_close_an_account_once(bed: Bed) {
    let sam = bed.person("sam").await;
    let tries = (0..64).map(|_| close(&bed.app, &sam.visitor, &sam.email));
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(refused(outcome), Refusal::NoSession);
    }
}

async fn r_enf_14_the_last_way_back_neither_closes_nor_removes_the_password(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    // Another Owner, who has no password of their own.
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    bed.write(kim.id.clone(), |tx, id| Box::pin(async move { tx.instance().delete_password(id).await })).await;
    bed.enforce(&sam, &acme).await;
    assert_eq!(refused(close(&bed.app, &sam.visitor, &sam.email).await), Refusal::NoWayBackIn);
    bed.link(&sam, &acme.id, "00u-sam").await;
    assert_eq!(refused(remove_password(&bed.app, &sam.visitor).await), Refusal::NoWayBackIn);
    bed.stop_enforcing(&sam, &acme).await;
    remove_password(&bed.app, &sam.visitor).await.unwrap();
}

async fn a_password_is_removed_by_who_has_another_way_in(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let app = &bed.app;
    assert_eq!(refused(remove_password(app, &sam.visitor).await), Refusal::LastWayIn);
    bed.connection(&acme.id).await;
    bed.link(&sam, &acme.id, "00u-sam").await;
    let other = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    remove_password(app, &sam.visitor).await.unwrap();
    session::current(app, &sam.visitor).await.unwrap();
    assert_eq!(refused(session::current(app, &other.visitor).await), Refusal::NoSession);
    assert!(loop_for(&bed, &sam.email, "was removed").await);
    let credentials = Credentials { email: sam.email.clone(), password: Password::from_typed(PASSWORD) };
    assert_eq!(refused(begin(app, &bed.stranger(), credentials).await), Refusal::InvalidCredentials);
    assert_eq!(refused(remove_password(app, &sam.visitor).await), Refusal::NotFound);
    bed.advance(16);
    assert_eq!(refused(remove_password(app, &sam.visitor).await), Refusal::NeedsRecentProof);
    assert_eq!(refused(close(app, &sam.visitor, &sam.email).await), Refusal::NeedsRecentProof);
}

async fn r_lnk_1_closing_the_account_undoes_no_removal(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.connection(&acme.id).await;
    bed.link(&kim, &acme.id, "00u-kim").await;
    let (app, address) = (&bed.app, EmailAddress::parse(&kim.email).unwrap());
    membership::remove(app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    close(app, &kim.visitor, &kim.email).await.unwrap();
    let kept = |bed: Bed| {
        let input = (acme.id.clone(), kim.id.clone(), address.clone());
        async move {
            let found = bed
                .write(input, |tx, (id, user_id, address)| {
                    Box::pin(async move {
                        let mut view = tx.organization(id);
                        let removed = view.list_removed_by_email(address).await?;
                        let removed: Vec<_> = removed.into_iter().map(|user| user.id).collect();
                        Ok((removed, view.list_identities_of_user(user_id).await?.len()))
                    })
                })
                .await;
            (bed, found)
        }
    };
    let (sam_visitor, kim_id) = (sam.visitor.clone(), kim.id.clone());
    let (bed, found) = kept(bed).await;
    assert_eq!(found, (vec![kim_id.clone()], 1), "subject and address go on to be refused here");
    membership::readmit(&bed.app, &sam_visitor, "acme", kim_id.as_str()).await.unwrap();
    let (_, found) = kept(bed).await;
    assert_eq!(found, (Vec::new(), 0), "who comes now is somebody new");
}

on_each_engine! {
    closing_ends_everything_and_frees_the_address
    r_org_5_the_last_owner_of_any_organization_does_not_close_and_all_are_named
    t_org_1_owners_who_close_in_parallel_leave_one
    sixty_four_tries_close_an_account_once
    r_enf_14_the_last_way_back_neither_closes_nor_removes_the_password
    a_password_is_removed_by_who_has_another_way_in
    r_lnk_1_closing_the_account_undoes_no_removal
}
