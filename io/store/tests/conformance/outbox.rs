//! Mails that are to be sent, events that are to be kept, attempts that are counted.

use orgate_core::time::Timestamp;
use orgate_store::{AuditEvent, AuditFilter, Expiring, Mail};

use crate::bed::{Bed, at, id, proof};

pub fn mail(created_at: Timestamp) -> Mail {
    Mail { id: id(), sealed_content: vec![1, 2], template: "code".to_owned(), created_at, tries: 0 }
}

async fn a_mail_is_claimed_for_a_while_sent_once_and_forgotten(bed: Bed) {
    let (one, two) = (mail(at(1)), mail(at(2)));
    within!(bed, tx, [one, two], {
        let mut instance = tx.instance();
        instance.insert_mail(one).await?;
        instance.insert_mail(two).await?;
        assert_eq!(instance.claim_due_mails(at(0), at(30), 9).await?, vec![]);
        assert_eq!((instance.has_due_mails(at(0)).await?, instance.has_due_mails(at(5)).await?), (false, true));
        let first = instance.claim_due_mails(at(5), at(30), 1).await?;
        assert_eq!(first, vec![Mail { tries: 1, ..one.clone() }]);
        assert_eq!(instance.claim_due_mails(at(5), at(30), 9).await?, vec![Mail { tries: 1, ..two.clone() }]);
        assert_eq!(instance.claim_due_mails(at(29), at(60), 9).await?, vec![]);
        assert!(!instance.has_due_mails(at(29)).await?);
        assert!(instance.set_mail_sent(&one.id, at(6)).await?);
        assert!(!instance.set_mail_sent(&one.id, at(6)).await?);
        assert!(instance.set_mail_delayed(&two.id, "421", at(40)).await?);
        assert_eq!(instance.claim_due_mails(at(39), at(60), 9).await?, vec![]);
        assert_eq!(instance.claim_due_mails(at(40), at(60), 9).await?, vec![Mail { tries: 2, ..two.clone() }]);
        assert_eq!(instance.count_waiting_mails().await?, 1);
        assert_eq!(instance.find_oldest_waiting_mail().await?, Some(at(2)));
        assert_eq!(instance.count_mails_waiting_since(at(100)).await?, 1);
        assert_eq!(instance.count_mails_waiting_since(at(0)).await?, 0);
        assert!(instance.set_mail_failed(&two.id, "550", at(41)).await?);
        assert!(!instance.set_mail_failed(&two.id, "550", at(41)).await?);
        assert_eq!(instance.count_mails_failed_since(at(41)).await?, 1);
        assert_eq!(instance.count_mails_failed_since(at(42)).await?, 0);
        assert_eq!(instance.claim_due_mails(at(99), at(100), 9).await?, vec![]);
        assert!(!instance.has_due_mails(at(99)).await?);
        assert_eq!(instance.find_oldest_waiting_mail().await?, None);
        assert_eq!(instance.delete_expired(Expiring::Mails, at(2), 9).await?, 1);
        assert_eq!(instance.delete_expired(Expiring::Mails, at(3), 9).await?, 1);
        Ok(())
    });
}

fn event(action: &str, actor: &str, moment: Timestamp) -> AuditEvent {
    AuditEvent {
        id: id(),
        organization_id: None,
        at: moment,
        action: action.to_owned(),
        actor: actor.to_owned(),
        actor_name: Some("Dana".to_owned()),
        target: Some("usr_1".to_owned()),
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

async fn r_ops_3_events_are_filtered_and_paged_newest_first(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let events = vec![
        event("member.removed", "user:a", at(1)),
        event("member.removed", "user:b", at(2)),
        event("session.created", "user:a", at(3)),
    ];
    let own = event("instance.started", "system", at(4));
    within!(bed, tx, [acme, other, events, own], {
        for event in events {
            tx.organization(acme).insert_audit_event(event, &proof()).await?;
        }
        tx.instance().insert_audit_event(own, &proof()).await?;
        let mut organization = tx.organization(acme);
        let all = organization.list_audit_events(&AuditFilter::default(), None, 2).await?;
        assert_eq!((all.items.len(), all.has_more), (2, true));
        assert_eq!(all.items[0], AuditEvent { organization_id: Some(acme.clone()), ..events[2].clone() });
        let rest = organization.list_audit_events(&AuditFilter::default(), Some(&events[1].id), 2).await?;
        assert_eq!((rest.items.len(), rest.items[0].id.clone()), (1, events[0].id.clone()));
        for (filter, found) in [
            (AuditFilter { action: Some("member.removed".to_owned()), ..AuditFilter::default() }, vec![1, 0]),
            (AuditFilter { actor: Some("user:a".to_owned()), ..AuditFilter::default() }, vec![2, 0]),
            (AuditFilter { from: Some(at(2)), to: Some(at(3)), ..AuditFilter::default() }, vec![1]),
        ] {
            let listed = organization.list_audit_events(&filter, None, 9).await?.items;
            let ids: Vec<_> = listed.into_iter().map(|event| event.id).collect();
            assert_eq!(ids, found.into_iter().map(|place: usize| events[place].id.clone()).collect::<Vec<_>>());
        }
        assert_eq!(tx.organization(other).list_audit_events(&AuditFilter::default(), None, 9).await?.items, vec![]);
        let instance = tx.instance().list_audit_events(&AuditFilter::default(), None, 9).await?;
        assert_eq!(instance.items, vec![own.clone()]);
        Ok(())
    });
}

async fn attempts_are_counted_by_bucket_and_window(bed: Bed) {
    assert_eq!(bed.store.hit_rate_counter("sign-in:127.0.0.1", at(0)).await.unwrap(), 1);
    assert_eq!(bed.store.hit_rate_counter("sign-in:127.0.0.1", at(0)).await.unwrap(), 2);
    assert_eq!(bed.store.hit_rate_counter("sign-in:127.0.0.1", at(60)).await.unwrap(), 1);
    assert_eq!(bed.store.hit_rate_counter("sign-up:127.0.0.1", at(0)).await.unwrap(), 1);
    within!(bed, tx, [], {
        let mut instance = tx.instance();
        assert_eq!(instance.count_hits("sign-in:127.0.0.1", at(0)).await?, 2);
        assert_eq!(instance.hit_rate_counter("sign-in:127.0.0.1", at(0)).await?, 3, "inside a transaction too");
        assert_eq!(instance.count_hits("sign-in:127.0.0.2", at(0)).await?, 0);
        assert_eq!(instance.delete_expired(Expiring::RateCounters, at(60), 9).await?, 2);
        assert_eq!(instance.count_hits("sign-in:127.0.0.1", at(60)).await?, 1);
        Ok(())
    });
}

on_each_engine! {
    a_mail_is_claimed_for_a_while_sent_once_and_forgotten
    r_ops_3_events_are_filtered_and_paged_newest_first
    attempts_are_counted_by_bucket_and_window
}
