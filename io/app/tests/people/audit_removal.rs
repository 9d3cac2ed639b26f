//! What is taken from the audit log leaves a chain that is whole: what was said of a closed account, what is older than it is
//! to be kept, the log of a deleted organization (T-AUD-1, R-OPS-3, R-ORG-5).

use orgate_app::account::{self, closing::close};
use orgate_app::audit::{self, Author, Event};
use orgate_app::audit_chain::{Question, erase, examine, heads, remove_old, seal};
use orgate_app::error::Error;
use orgate_app::{organization, project};
use orgate_core::actor::Actor;
use orgate_core::email::EmailAddress;
use orgate_core::id::OrganizationId;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use super::audit_chain::{all, drop_triggers, findings, history, is_whole, log, of_acme, refuse_head};
use crate::support::{Bed, refused};

async fn record(bed: &Bed, acme: &OrganizationId, author: &Author, event: &Event) {
    let input = (bed.app.clone(), acme.clone(), author.clone(), event.clone());
    let written = bed.app.store.write(input, |tx, (app, acme, author, event)| {
        Box::pin(async move { audit::record(tx, app, None, Some(acme), author, event.clone()).await })
    });
    written.await.unwrap();
}

async fn r_ops_3_erasing_a_closed_account_leaves_the_chain_whole_and_nothing_of_the_person(bed: Bed) {
    let (sam, acme, kim) = history(&bed).await;
    account::rename(&bed.app, &kim.visitor, "Kimberley").await.unwrap();
    project::create(&bed.app, &sam.visitor, "acme", "Apollo").await.unwrap();
    seal(&bed.app).await.unwrap();
    let open = erase(&bed.app, &kim.id, &[]).await;
    assert!(matches!(refused(open), Refusal::InvalidInput(_)));
    close(&bed.app, &kim.visitor, &kim.email).await.unwrap();
    let address = EmailAddress::parse(&kim.email).unwrap();
    let kept = heads(&bed.app, None).await.unwrap();

    let erased = erase(&bed.app, &kim.id, std::slice::from_ref(&address)).await.unwrap();
    assert!(erased.events >= 3, "{erased:?}");
    seal(&bed.app).await.unwrap();
    let question = Question { organization: None, expected: kept.into_iter().map(|(_, head)| head).collect() };
    let examined = examine(&bed.app, &question).await.unwrap().unwrap();
    assert!(examined.iter().all(|one| one.report.is_whole()), "{examined:?}");
    assert_eq!(examined.iter().map(|one| one.report.erased).sum::<u64>(), erased.events);
    for organization in [None, Some(&acme.id)] {
        let events = log(&bed, organization).await;
        let text = format!("{events:?}").to_lowercase();
        assert!(!text.contains("kim@") && !text.contains("kimberley"), "{text}");
        assert!(events.iter().any(|event| event.action == "user.closed"), "what was done stays");
        assert_eq!(events.iter().filter(|event| event.action == "user.erased").count(), 1);
    }
    let log_of_acme = log(&bed, Some(&acme.id)).await;
    assert!(log_of_acme.iter().any(|event| event.actor_name.as_deref() == Some("sam") && event.ip.is_some()));
    assert_eq!(erase(&bed.app, &kim.id, &[address]).await.unwrap().events, 0, "once");
    let nobody = orgate_core::id::Identifier::new(bed.now(), [9; 10]);
    assert_eq!(refused(erase(&bed.app, &nobody, &[]).await), Refusal::NotFound);

    drop_triggers(&bed).await;
    bed.sabotage("update audit_events set ip = null where action = 'project.created'").await;
    assert!(!findings(&bed).await.is_empty(), "emptying by others is found");
}

async fn r_ops_3_erasing_fails_while_events_of_the_person_get_no_places(bed: Bed) {
    let (_, acme, kim) = history(&bed).await;
    seal(&bed.app).await.unwrap();
    // A head that was changed keeps what comes after it waiting.
    bed.sabotage(&format!("update audit_heads set head_position = 99 where chain = '{}'", acme.id)).await;
    organization::leave(&bed.app, &kim.visitor, "acme").await.unwrap();
    close(&bed.app, &kim.visitor, &kim.email).await.unwrap();
    let refusal = refused(erase(&bed.app, &kim.id, &[]).await);
    let Refusal::InvalidInput(fields) = refusal else { panic!("{refusal:?}") };
    assert!(fields[0].message.contains(acme.id.as_str()), "{fields:?}");
    let left = log(&bed, Some(&acme.id)).await;
    assert!(left.iter().any(|event| event.action == "member.left" && event.actor_name.as_deref() == Some("kim")));
}

async fn r_ops_3_erasing_is_kept_back_by_no_log_of_others(bed: Bed) {
    let (sam, _, kim) = history(&bed).await;
    let bolt = bed.organization(&sam, "Bolt").await;
    seal(&bed.app).await.unwrap();
    refuse_head(&bed, bolt.id.as_str()).await;
    organization::rename(&bed.app, &sam.visitor, "bolt", "Bolt again").await.unwrap();
    close(&bed.app, &kim.visitor, &kim.email).await.unwrap();
    assert!(matches!(seal(&bed.app).await, Err(Error::Fault(_))));
    assert!(erase(&bed.app, &kim.id, &[]).await.unwrap().events > 0);
}

async fn r_ops_3_two_erasures_at_once_leave_nothing_of_either_person(bed: Bed) {
    let (_, acme, kim) = history(&bed).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Member).await;
    let author = Author { actor: Actor::User(kim.id.clone()), name: Some("kim".to_owned()) };
    for _ in 0..20 {
        record(&bed, &acme.id, &author, &Event::done("member.role-changed").target(&lee.id, "lee")).await;
    }
    for person in [&kim, &lee] {
        close(&bed.app, &person.visitor, &person.email).await.unwrap();
    }
    seal(&bed.app).await.unwrap();
    let (one, other) = tokio::join!(erase(&bed.app, &kim.id, &[]), erase(&bed.app, &lee.id, &[]));
    assert!(one.unwrap().events >= 20 && other.unwrap().events >= 20);
    let left = log(&bed, Some(&acme.id)).await;
    assert_eq!(left.iter().filter(|event| event.action == "member.role-changed").count(), 20);
    let mut names = left.iter().flat_map(|event| [&event.actor_name, &event.target_name]).flatten();
    assert!(names.all(|name| name != "kim" && name != "lee"), "{left:?}");
    seal(&bed.app).await.unwrap();
    assert!(is_whole(&bed).await);
}

async fn r_ops_3_the_event_of_an_erasure_names_nobody_whatever_is_left_of_the_account(bed: Bed) {
    let (_, acme, kim) = history(&bed).await;
    close(&bed.app, &kim.visitor, &kim.email).await.unwrap();
    // Earlier versions left their names to accounts that were brought to others.
    bed.sabotage(&format!("update users set name = 'Kim Lund' where id = '{}'", kim.id)).await;
    assert!(erase(&bed.app, &kim.id, &[]).await.unwrap().events > 0);
    for organization in [None, Some(&acme.id)] {
        let events = log(&bed, organization).await;
        let told = events.iter().find(|event| event.action == "user.erased").unwrap();
        assert_eq!(told.target_name.as_deref(), Some("Closed account"));
    }
}

async fn t_aud_1_what_ails_one_chain_keeps_no_other_from_its_retention(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    // The later one comes behind.
    bed.advance(1);
    let bolt = bed.organization(&sam, "Bolt").await;
    let bed = bed.reopened(&[("ORGATE_AUDIT_RETENTION_DAYS", "30")]).await;
    seal(&bed.app).await.unwrap();
    refuse_head(&bed, acme.id.as_str()).await;
    bed.advance(31 * 24 * 60);
    assert!(matches!(remove_old(&bed.app).await, Err(Error::Fault(_))));
    let left = async |id| log(&bed, Some(id)).await.len();
    assert_eq!((left(&acme.id).await, left(&bolt.id).await), (7, 0));
}

async fn t_aud_1_retention_removes_the_oldest_and_leaves_a_signed_head(bed: Bed) {
    let (_, acme, _) = history(&bed).await;
    assert_eq!(remove_old(&bed.app).await.unwrap(), 0, "without a time everything is kept");
    let bed = bed.reopened(&[("ORGATE_AUDIT_RETENTION_DAYS", "30")]).await;
    assert_eq!(remove_old(&bed.app).await.unwrap(), 0, "nothing is chained");
    seal(&bed.app).await.unwrap();
    assert_eq!(remove_old(&bed.app).await.unwrap(), 0, "nothing is old");
    let own = u64::try_from(log(&bed, None).await.len()).unwrap();
    bed.advance(31 * 24 * 60);
    bed.person("lee").await;
    record(&bed, &acme.id, &Author::system(), &Event::done("session.signed-out")).await;
    seal(&bed.app).await.unwrap();
    assert_eq!(remove_old(&bed.app).await.unwrap(), own + 7);
    assert_eq!(remove_old(&bed.app).await.unwrap(), 0);
    let examined = of_acme(&bed).await;
    assert!(examined.report.is_whole(), "{examined:?}");
    let report = &examined.report;
    assert_eq!((report.events, report.position, report.removed_to), (1, 8, 7));
    assert!(is_whole(&bed).await);
    let left = log(&bed, None).await;
    assert!(!left.is_empty() && left.iter().all(|event| event.at == bed.now()), "{left:?}");
    bed.advance(31 * 24 * 60);
    remove_old(&bed.app).await.unwrap();
    let examined = of_acme(&bed).await;
    assert!(examined.report.is_whole() && examined.report.removed_to == 8, "all of it is gone: {examined:?}");
}

async fn r_org_5_the_log_of_a_deleted_organization_goes_first_and_one_that_stays_keeps_no_other_waiting(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    let bolt = bed.organization(&sam, "Bolt").await;
    for slug in ["acme", "bolt"] {
        organization::request_deletion(&bed.app, &sam.visitor, slug, slug).await.unwrap();
    }
    bed.advance(7 * 24 * 60);
    seal(&bed.app).await.unwrap();
    if bed.is_postgres() {
        bed.sabotage(
            "create function stay() returns trigger language plpgsql as $body$ begin
                if old.slug = 'acme' then raise exception 'it stays'; end if; return old; end $body$",
        )
        .await;
        bed.sabotage("create trigger stays before delete on organizations for each row execute function stay()").await;
    } else {
        let stays = "create trigger stays before delete on organizations when old.slug = 'acme'
            begin select raise(abort, 'it stays'); end";
        bed.sabotage(stays).await;
    }
    assert!(matches!(organization::perform_due_deletions(&bed.app).await, Err(Error::Fault(_))));
    for id in [&acme.id, &bolt.id] {
        assert_eq!(log(&bed, Some(id)).await.len(), 0);
    }
    let left: Vec<String> = all(&bed).await.into_iter().map(|one| one.name).collect();
    assert!(left.contains(&"acme".to_owned()) && !left.contains(&"bolt".to_owned()), "{left:?}");
    assert!(is_whole(&bed).await, "what is left of it is a chain whose beginning was removed");
    bed.sabotage(if bed.is_postgres() { "drop trigger stays on organizations" } else { "drop trigger stays" }).await;
    assert_eq!(organization::perform_due_deletions(&bed.app).await.unwrap(), 1);
}

on_each_engine! {
    r_ops_3_erasing_a_closed_account_leaves_the_chain_whole_and_nothing_of_the_person
    r_ops_3_erasing_fails_while_events_of_the_person_get_no_places
    r_ops_3_erasing_is_kept_back_by_no_log_of_others
    r_ops_3_two_erasures_at_once_leave_nothing_of_either_person
    r_ops_3_the_event_of_an_erasure_names_nobody_whatever_is_left_of_the_account
    t_aud_1_what_ails_one_chain_keeps_no_other_from_its_retention
    t_aud_1_retention_removes_the_oldest_and_leaves_a_signed_head
    r_org_5_the_log_of_a_deleted_organization_goes_first_and_one_that_stays_keeps_no_other_waiting
}
