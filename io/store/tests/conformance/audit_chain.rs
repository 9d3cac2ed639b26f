//! Events get their places, lose personal fields and go with a prefix, and nothing else happens to them: T-AUD-1.

use orgate_core::audit_chain::{Chain, Entry, Head, Place, SignedHead};
use orgate_core::id::OrganizationId;
use orgate_store::{AuditEvent, StoreError};

use crate::bed::{Bed, at, id, proof};

pub fn event(action: &str) -> AuditEvent {
    AuditEvent {
        id: id(),
        organization_id: None,
        at: at(1),
        action: action.to_owned(),
        actor: "user:a".to_owned(),
        actor_name: Some("Dana".to_owned()),
        target: None,
        target_name: Some("Sam".to_owned()),
        outcome: "success".to_owned(),
        ip: Some("127.0.0.1".to_owned()),
        user_agent: Some("test".to_owned()),
        data: "{\"a\":1}".to_owned(),
        tries: 1,
        position: None,
        link: None,
    }
}

fn head(chain: &Chain, position: u64) -> SignedHead {
    let head = Head { position, link: [3; 32], ..Head::empty(chain.clone(), at(1)) };
    SignedHead { head, signature: position.to_be_bytes().to_vec() }
}

pub fn place(position: u64) -> Place {
    Place { position, link: [u8::try_from(position).unwrap(); 32], vouched: true }
}

/// Three events of an organization and one of the deployment.
async fn written(bed: &Bed) -> (OrganizationId, Vec<AuditEvent>) {
    let (acme, _) = bed.organization("acme").await;
    let events: Vec<AuditEvent> = ["a.one", "a.two", "a.three", "a.own"].map(event).into();
    within!(bed, tx, [acme, events], {
        let (own, of_acme) = events.split_last().unwrap();
        for event in of_acme {
            tx.organization(acme).insert_audit_event(event, &proof()).await?;
        }
        tx.instance().insert_audit_event(own, &proof()).await
    });
    (acme, events)
}

async fn chain_all(bed: &Bed, acme: &OrganizationId, events: &[AuditEvent]) {
    let (acme, events) = (acme.clone(), events.to_vec());
    within!(bed, tx, [acme, events], {
        let (own, of_acme) = events.split_last().unwrap();
        let mut instance = tx.instance();
        assert!(instance.replace_audit_head(None, &head(&Chain::Organization(acme.clone()), 3)).await?);
        assert!(instance.replace_audit_head(None, &head(&Chain::Instance, 1)).await?);
        for (event, position) in of_acme.iter().zip(1..) {
            assert!(instance.place_audit_event(event.id.as_str(), &[1; 32], &place(position)).await?);
            assert!(!instance.place_audit_event(event.id.as_str(), &[1; 32], &place(9)).await?, "once");
        }
        assert!(instance.place_audit_event(own.id.as_str(), &[1; 32], &place(1)).await?);
        Ok(())
    });
}

fn ids(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.id.as_str()).collect()
}

async fn t_aud_1_events_wait_get_their_places_and_are_read_in_their_order(bed: Bed) {
    let (acme, events) = written(&bed).await;
    let waiting = bed.store.list_waiting_audit_events("", 9).await.unwrap();
    assert_eq!(waiting.len(), 4);
    assert_eq!(waiting[0].0, Chain::Organization(acme.clone()));
    assert_eq!((waiting[3].0.clone(), waiting[3].1.mark.as_deref()), (Chain::Instance, Some(&[2; 36][..])));
    assert_eq!(bed.store.list_waiting_audit_events(events[0].id.as_str(), 2).await.unwrap().len(), 2);
    assert_eq!(bed.store.list_waiting_unmarked_audit_events("", 9).await.unwrap(), []);
    assert_eq!(bed.store.list_audit_entries("", 9).await.unwrap(), []);
    within!(bed, tx, [acme], {
        assert_eq!(tx.organization(acme).list_unchained_audit_events("", 9).await?.len(), 3);
        assert_eq!(tx.instance().list_unchained_audit_events("", 9).await?.len(), 1);
        Ok(())
    });
    chain_all(&bed, &acme, &events).await;
    assert_eq!(bed.store.list_waiting_audit_events("", 9).await.unwrap(), []);
    assert_eq!(bed.store.list_audit_entries(events[0].id.as_str(), 9).await.unwrap().len(), 3);
    within!(bed, tx, [acme, events], {
        let mut organization = tx.organization(acme);
        let all = organization.list_chained_audit_events((i64::MIN, ""), 9).await?;
        assert_eq!(ids(&all), events[..3].iter().map(|event| event.id.as_str()).collect::<Vec<_>>());
        assert_eq!((all[1].place, all[1].personal[2].as_deref()), (Some(place(2)), Some("127.0.0.1")));
        let rest = organization.list_chained_audit_events((2, events[1].id.as_str()), 9).await?;
        assert_eq!(ids(&rest), [events[2].id.as_str()]);
        let listed = organization.list_audit_events(&orgate_store::AuditFilter::default(), None, 1).await?;
        assert_eq!((listed.items[0].position, listed.items[0].link), (Some(3), Some([3; 32])));
        let own = tx.instance().list_chained_audit_events((i64::MIN, ""), 9).await?;
        assert_eq!(ids(&own), [events[3].id.as_str()]);
        Ok(())
    });
}

async fn t_aud_1_a_head_takes_the_place_of_the_one_it_was_made_from_and_of_no_other(bed: Bed) {
    let chain = Chain::Organization(id());
    within!(bed, tx, [chain], {
        let mut instance = tx.instance();
        assert_eq!(instance.find_audit_head(chain).await?, None);
        assert!(instance.replace_audit_head(None, &head(chain, 1)).await?);
        assert!(!instance.replace_audit_head(None, &head(chain, 2)).await?, "there is one");
        assert!(!instance.replace_audit_head(Some(&head(chain, 7)), &head(chain, 8)).await?, "it is another one");
        assert!(instance.replace_audit_head(Some(&head(chain, 1)), &head(chain, 2)).await?);
        assert_eq!(instance.find_audit_head(chain).await?, Some(head(chain, 2)));
        assert_eq!(instance.find_audit_head(&Chain::Instance).await?, None);
        Ok(())
    });
    let back = bed
        .write(chain, |tx, chain| {
            Box::pin(async move { tx.instance().replace_audit_head(Some(&head(chain, 2)), &head(chain, 1)).await })
        })
        .await;
    assert!(matches!(back, Err(StoreError::Fault { .. })), "{back:?}");
}

async fn t_aud_1_a_head_of_a_form_that_is_never_written_is_read_as_one_that_nobody_signed(bed: Bed) {
    let (acme, events) = written(&bed).await;
    chain_all(&bed, &acme, &events).await;
    let is_postgres = !bed.url().starts_with("sqlite:");
    let byte = if is_postgres { r"'\x00'" } else { "x'00'" };
    bed.raw(&format!("update audit_heads set head_link = {byte}, removed_link = {byte}")).await;
    let strange =
        "insert into audit_heads (chain, head_position, head_link, signed_at, removed_to, removed_link, signature)
        select 'zzz', head_position, head_link, signed_at, removed_to, removed_link, signature
        from audit_heads where chain = 'instance'";
    bed.raw(strange).await;
    let heads = bed.store.list_audit_heads("", 9).await.unwrap();
    let names: Vec<&str> = heads.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["instance", acme.as_str(), "zzz"]);
    assert!(heads.iter().all(|(_, signed)| (signed.head.link, signed.head.removed_link) == ([0; 32], [0; 32])));
    assert_eq!(heads[0].1.signature, head(&Chain::Instance, 1).signature);
    assert!(heads[2].1.signature.is_empty(), "it is of no chain");
    assert_eq!(bed.store.list_audit_heads("zzz", 9).await.unwrap(), []);
    if !is_postgres {
        // There a column takes whatever it is given.
        bed.raw("update audit_heads set signed_at = 'once' where chain = 'instance'").await;
    }
    within!(bed, tx, [], {
        let signed = tx.instance().find_audit_head(&Chain::Instance).await?.unwrap();
        assert_eq!((signed.head.position, signed.head.removed_to), (1, 0));
        assert_eq!(tx.instance().find_last_sealed().await?, Some(at(1)));
        Ok(())
    });
}

async fn t_aud_1_what_opens_an_event_is_kept_as_it_is_once_there_is_something(bed: Bed) {
    let (_, events) = written(&bed).await;
    let byte = if bed.url().starts_with("sqlite:") { "x'00'" } else { r"'\x00'" };
    let event = format!(
        "insert into audit_events (id, organization_id, at, action, actor, outcome, data, openings)
            values ('evt_x', null, 1, 'a.strange', 'system', 'success', '{{}}', {byte})"
    );
    bed.raw(&event).await;
    within!(bed, tx, [events], {
        let mut instance = tx.instance();
        assert!(instance.place_audit_event(events[3].id.as_str(), &[1; 32], &place(1)).await?);
        assert!(instance.place_audit_event("evt_x", &[7; 32], &place(2)).await?);
        let all = instance.list_chained_audit_events((i64::MIN, ""), 9).await?;
        assert_eq!((all.len(), all[1].openings.as_deref()), (2, Some(&[0][..])));
        Ok(())
    });
}

async fn t_aud_1_personal_fields_are_emptied_and_nothing_is_written_in_their_place(bed: Bed) {
    let (acme, events) = written(&bed).await;
    let one = events[0].id.clone();
    let left = [None, Some("Sam"), None, None, Some("{}")];
    within!(bed, tx, [one, left], {
        assert!(!tx.instance().erase_audit_event(one.as_str(), &[1; 32], *left, &[4], &[5]).await?, "it waits");
        Ok(())
    });
    chain_all(&bed, &acme, &events).await;
    within!(bed, tx, [one, acme, left], {
        assert!(
            !tx.instance().erase_audit_event(one.as_str(), &[9; 32], *left, &[4], &[5]).await?,
            "changed meanwhile"
        );
        assert!(tx.instance().erase_audit_event(one.as_str(), &[1; 32], *left, &[4], &[5]).await?);
        let entry = tx.organization(acme).list_chained_audit_events((i64::MIN, ""), 1).await?.remove(0);
        assert_eq!(entry.personal.each_ref().map(Option::as_deref), *left);
        assert_eq!((entry.openings.as_deref(), entry.erasure.as_deref()), (Some(&[4][..]), Some(&[5][..])));
        Ok(())
    });
    for wrong in [
        [Some("Kim"), Some("Sam"), None, None, Some("{}")],
        [None, Some("Kim"), None, None, Some("{}")],
        [None, Some("Sam"), Some("10.0.0.1"), None, Some("{}")],
        [None, Some("Sam"), None, Some("curl"), Some("{}")],
        [None, Some("Sam"), None, None, Some("{\"b\":1}")],
    ] {
        let outcome = bed
            .write((one.clone(), wrong), |tx, (one, wrong)| {
                Box::pin(async move { tx.instance().erase_audit_event(one.as_str(), &[4], *wrong, &[6], &[7]).await })
            })
            .await;
        assert!(matches!(outcome, Err(StoreError::Fault { .. })), "{wrong:?}: {outcome:?}");
    }
}

async fn t_aud_1_only_what_a_head_says_is_removed_can_be_removed(bed: Bed) {
    let (acme, events) = written(&bed).await;
    chain_all(&bed, &acme, &events).await;
    let removed = |acme: OrganizationId, to: u64| {
        bed.write((acme, to), |tx, (acme, to)| {
            Box::pin(async move { tx.organization(acme).delete_audit_events_to(*to).await })
        })
    };
    let early = removed(acme.clone(), 2).await;
    assert!(matches!(early, Err(StoreError::Fault { .. })), "{early:?}");
    let own = bed.write((), |tx, ()| Box::pin(async move { tx.instance().delete_audit_events_to(1).await })).await;
    assert!(matches!(own, Err(StoreError::Fault { .. })), "{own:?}");
    bed.store.count_refused_try("bucket", &events[0].id).await.unwrap();
    within!(bed, tx, [acme], {
        for (chain, to) in [(Chain::Organization(acme.clone()), 2), (Chain::Instance, 1)] {
            let before = tx.instance().find_audit_head(&chain).await?.unwrap();
            let after = Head { removed_to: to, removed_link: [2; 32], ..before.head.clone() };
            let after = SignedHead { head: after, signature: vec![9] };
            assert!(tx.instance().replace_audit_head(Some(&before), &after).await?);
        }
        Ok(())
    });
    assert!(removed(acme.clone(), 3).await.is_err(), "one more than the head says");
    assert_eq!(removed(acme.clone(), 2).await.unwrap(), 2);
    assert_eq!(bed.store.count_refused_try("bucket", &events[2].id).await.unwrap(), 1, "its count is gone with it");
    within!(bed, tx, [acme], {
        assert_eq!(tx.instance().delete_audit_events_to(1).await?, 1);
        assert_eq!(tx.organization(acme).list_chained_audit_events((i64::MIN, ""), 9).await?.len(), 1);
        Ok(())
    });
}

async fn t_aud_1_of_many_that_replace_one_head_at_once_one_does(bed: Bed) {
    let chain = Chain::Instance;
    within!(bed, tx, [chain], tx.instance().replace_audit_head(None, &head(chain, 1)).await);
    let tries = (2..10_u64).map(|position| {
        bed.store.write_apart((chain.clone(), position), |tx, (chain, position)| {
            Box::pin(
                async move { tx.instance().replace_audit_head(Some(&head(chain, 1)), &head(chain, *position)).await },
            )
        })
    });
    let outcomes = futures_util::future::join_all(tries).await;
    let won = outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count();
    assert_eq!(won, 1);
}

on_each_engine! {
    t_aud_1_events_wait_get_their_places_and_are_read_in_their_order
    t_aud_1_a_head_takes_the_place_of_the_one_it_was_made_from_and_of_no_other
    t_aud_1_a_head_of_a_form_that_is_never_written_is_read_as_one_that_nobody_signed
    t_aud_1_what_opens_an_event_is_kept_as_it_is_once_there_is_something
    t_aud_1_personal_fields_are_emptied_and_nothing_is_written_in_their_place
    t_aud_1_only_what_a_head_says_is_removed_can_be_removed
    t_aud_1_of_many_that_replace_one_head_at_once_one_does
}
