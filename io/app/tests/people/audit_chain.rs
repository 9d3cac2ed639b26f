//! The chain of the audit log: every change of it is found (T-AUD-1, R-OPS-3).

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use orgate_app::audit::{self, Author, Event};
use orgate_app::audit_chain::{Examined, Question, Unexpected, examine, heads, seal};
use orgate_app::audit_log;
use orgate_app::error::Error;
use orgate_app::organization::{self, OrganizationView};
use orgate_core::audit_chain::{Finding, SignedHead};
use orgate_core::id::OrganizationId;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{AuditEvent, AuditFilter};

use crate::support::{Bed, Person, refused};

/// Sam's organization with Kim in it, renamed a few times: seven events in its log.
pub(crate) async fn history(bed: &Bed) -> (Person, OrganizationView, Person) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    for number in 1..=6 {
        rename(bed, &sam, &format!("Acme {number}")).await;
    }
    (sam, acme, kim)
}

async fn rename(bed: &Bed, owner: &Person, name: &str) {
    organization::rename(&bed.app, &owner.visitor, "acme", name).await.unwrap();
}

pub(crate) async fn all(bed: &Bed) -> Vec<Examined> {
    examine(&bed.app, &Question::default()).await.unwrap().unwrap()
}

pub(crate) async fn of_acme(bed: &Bed) -> Examined {
    let question = Question { organization: Some("acme".to_owned()), ..Question::default() };
    examine(&bed.app, &question).await.unwrap().unwrap().remove(0)
}

pub(crate) async fn findings(bed: &Bed) -> Vec<Finding> {
    of_acme(bed).await.report.findings
}

pub(crate) async fn is_whole(bed: &Bed) -> bool {
    all(bed).await.iter().all(|one| one.report.is_whole())
}

pub(crate) async fn log(bed: &Bed, organization: Option<&OrganizationId>) -> Vec<AuditEvent> {
    let filter = AuditFilter::default();
    bed.write((organization.cloned(), filter), |tx, (id, filter)| {
        Box::pin(async move {
            match id {
                Some(id) => Ok(tx.organization(id).list_audit_events(filter, None, 900).await?.items),
                None => Ok(tx.instance().list_audit_events(filter, None, 900).await?.items),
            }
        })
    })
    .await
}

/// Whoever owns the database can do this.
pub(crate) async fn drop_triggers(bed: &Bed) {
    let on = |table: &str| if bed.is_postgres() { format!(" on {table}") } else { String::new() };
    for (trigger, table) in [
        ("audit_events_unchanged", "audit_events"),
        ("audit_events_kept", "audit_events"),
        ("audit_heads_forward", "audit_heads"),
    ] {
        bed.sabotage(&format!("drop trigger {trigger}{}", on(table))).await;
    }
}

/// From now on the database takes no head of this chain any more.
pub(crate) async fn refuse_head(bed: &Bed, chain: &str) {
    let on = "create trigger refuse_head before update on audit_heads";
    bed.sabotage(&if bed.is_postgres() {
        format!("{on} for each row when (old.chain = '{chain}') execute function refuse_audit_change()")
    } else {
        format!("{on} when old.chain = '{chain}' begin select raise(abort, 'no head of this chain'); end")
    })
    .await;
}

/// One byte, in the words of the engine.
fn byte(bed: &Bed) -> &'static str {
    if bed.is_postgres() { r"'\x00'" } else { "x'00'" }
}

async fn is_refused_by_the_database(bed: &Bed, statement: &str) -> bool {
    AssertUnwindSafe(bed.sabotage(statement)).catch_unwind().await.is_err()
}

async fn t_aud_1_what_is_written_is_chained_once_in_every_log(bed: Bed) {
    let (_, acme, _) = history(&bed).await;
    let before = log(&bed, Some(&acme.id)).await;
    assert!(before.iter().all(|event| event.position.is_none()), "it waits");
    let waiting: u64 = all(&bed).await.iter().map(|one| one.report.waiting).sum();
    assert!(is_whole(&bed).await, "waiting a moment is nothing to find");
    assert_eq!(seal(&bed.app).await.unwrap(), waiting);
    assert_eq!(seal(&bed.app).await.unwrap(), 0);
    let examined = of_acme(&bed).await;
    assert!(examined.report.is_whole(), "{examined:?}");
    assert_eq!((examined.name.as_str(), examined.report.events, examined.report.unvouched), ("acme", 7, 0));
    let mut positions: Vec<u64> = log(&bed, Some(&acme.id)).await.iter().filter_map(|event| event.position).collect();
    positions.reverse();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7]);
    assert!(is_whole(&bed).await);
    let exported = audit_log::export_by_operator(&bed.app, Some("acme"), None).await.unwrap().items;
    let line: serde_json::Value = serde_json::from_str(&audit_log::json_line(&exported[0])).unwrap();
    assert_eq!((line["position"].as_u64(), line["link"].as_str().map(str::len)), (Some(7), Some(64)));
    let own = audit_log::export_by_operator(&bed.app, None, None).await.unwrap().items;
    assert!(own.iter().all(|event| event.organization_id.is_none()) && !own.is_empty());
    let unknown =
        examine(&bed.app, &Question { organization: Some("umbrella".to_owned()), ..Question::default() }).await;
    assert_eq!(refused(unknown.map(|_| ())), Refusal::NotFound);
}

async fn t_aud_1_the_database_refuses_to_change_or_remove_an_event(bed: Bed) {
    history(&bed).await;
    for is_sealed in [false, true] {
        for statement in [
            "update audit_events set action = 'x.y'",
            "update audit_events set actor_name = 'Somebody else'",
            "update audit_events set mark = null",
            "delete from audit_events",
        ] {
            assert!(is_refused_by_the_database(&bed, statement).await, "{statement}");
        }
        if is_sealed {
            for statement in [
                "update audit_events set chain_position = chain_position + 100",
                "update audit_events set chain_position = null",
                "update audit_events set openings = null",
                "update audit_heads set head_position = head_position - 1",
            ] {
                assert!(is_refused_by_the_database(&bed, statement).await, "{statement}");
            }
        }
        seal(&bed.app).await.unwrap();
    }
    assert!(is_whole(&bed).await);
}

async fn t_aud_1_what_is_changed_below_is_found_and_named(bed: Bed) {
    let (_, acme, _) = history(&bed).await;
    seal(&bed.app).await.unwrap();
    drop_triggers(&bed).await;
    let id = |position: usize, events: &[AuditEvent]| events[7 - position].id.as_str().to_owned();
    let events = log(&bed, Some(&acme.id)).await;
    let acme = &acme.id;
    let at = |position: u64| format!("where organization_id = '{acme}' and chain_position = {position}");

    for (column, value) in [("action", "'x.y'"), ("actor_name", "null"), ("ip", "'10.0.0.1'"), ("outcome", "''")] {
        bed.sabotage("create table kept as select * from audit_events").await;
        bed.sabotage(&format!("update audit_events set {column} = {value} {}", at(3))).await;
        assert_eq!(findings(&bed).await, [Finding::Changed { position: 3, id: id(3, &events) }], "{column}");
        bed.sabotage("delete from audit_events").await;
        bed.sabotage("insert into audit_events select * from kept").await;
        bed.sabotage("drop table kept").await;
        assert_eq!(findings(&bed).await, []);
    }
    bed.sabotage(&format!("update audit_events set chain_position = 99 {}", at(2))).await;
    bed.sabotage(&format!("update audit_events set chain_position = 2 {}", at(5))).await;
    bed.sabotage(&format!("update audit_events set chain_position = 5 {}", at(99))).await;
    let moved = |position: u64, belongs_at: u64| Finding::Moved {
        position,
        id: id(usize::try_from(belongs_at).unwrap(), &events),
        belongs_at,
    };
    assert_eq!(findings(&bed).await, [moved(2, 5), moved(5, 2)]);
    bed.sabotage(&format!("update audit_events set chain_position = 99 {}", at(2))).await;
    bed.sabotage(&format!("update audit_events set chain_position = 2 {}", at(5))).await;
    bed.sabotage(&format!("update audit_events set chain_position = 5 {}", at(99))).await;
    assert_eq!(findings(&bed).await, []);

    bed.sabotage(&format!("delete from audit_events {}", at(4))).await;
    assert_eq!(findings(&bed).await, [Finding::Missing { from: 4, to: 4 }]);
    bed.sabotage(&format!("delete from audit_events {}", at(7))).await;
    let found = findings(&bed).await;
    assert_eq!(found, [Finding::Missing { from: 4, to: 4 }, Finding::TailMissing { from: 7, to: 7 }]);
    bed.sabotage(&format!("delete from audit_events where organization_id = '{acme}'")).await;
    assert_eq!(findings(&bed).await, [Finding::TailMissing { from: 1, to: 7 }]);
    bed.sabotage(&format!("delete from audit_heads where chain = '{acme}'")).await;
    assert_eq!(findings(&bed).await, [Finding::NoEvents]);
    assert!(!is_whole(&bed).await);
}

async fn t_aud_1_what_others_write_or_change_before_it_is_chained_is_found(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    seal(&bed.app).await.unwrap();
    drop_triggers(&bed).await;
    rename(&bed, &sam, "Acme again").await;
    bed.sabotage("update audit_events set actor = 'system' where chain_position is null").await;
    let waiting = findings(&bed).await;
    assert!(matches!(waiting.as_slice(), [Finding::Unvouched { position: None, .. }]), "{waiting:?}");
    seal(&bed.app).await.unwrap();
    assert!(matches!(findings(&bed).await.as_slice(), [Finding::Unvouched { position: Some(8), .. }]));
    let event = format!(
        "insert into audit_events (id, organization_id, at, action, actor, outcome, data)
            values ('evt_x', '{}', 1, 'member.removed', 'system', 'success', '{{}}')",
        acme.id
    );
    bed.sabotage(&event).await;
    seal(&bed.app).await.unwrap();
    let found = findings(&bed).await;
    assert_eq!(found[1..], [Finding::Unvouched { position: Some(9), id: "evt_x".to_owned() }], "{found:?}");
}

async fn t_aud_1_events_from_before_the_chain_begin_it_and_are_counted(bed: Bed) {
    let (sam, _, _) = history(&bed).await;
    drop_triggers(&bed).await;
    bed.sabotage("update audit_events set mark = null, openings = null").await;
    rename(&bed, &sam, "Acme again").await;
    seal(&bed.app).await.unwrap();
    let examined = of_acme(&bed).await;
    assert!(examined.report.is_whole(), "{examined:?}");
    assert_eq!((examined.report.events, examined.report.unvouched), (8, 7));
    bed.sabotage("update audit_events set action = 'x.y' where chain_position = 3").await;
    assert!(!findings(&bed).await.is_empty(), "once they are chained a change of them is found, too");
}

async fn t_aud_1_a_head_that_was_changed_is_not_signed_anew(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    seal(&bed.app).await.unwrap();
    drop_triggers(&bed).await;
    bed.sabotage(&format!("update audit_heads set head_position = 6 where chain = '{}'", acme.id)).await;
    bed.sabotage(&format!("delete from audit_events where organization_id = '{}' and chain_position = 7", acme.id))
        .await;
    rename(&bed, &sam, "Acme again").await;
    assert_eq!(seal(&bed.app).await.unwrap(), 0);
    assert!(findings(&bed).await.contains(&Finding::HeadForged));
    bed.advance(2);
    let found = findings(&bed).await;
    assert!(matches!(found.last(), Some(Finding::Waiting { events: 1, .. })), "{found:?}");
    bed.sabotage(&format!("delete from audit_heads where chain = '{}'", acme.id)).await;
    assert_eq!(seal(&bed.app).await.unwrap(), 0, "a chain that was begun does not begin again");
    assert!(findings(&bed).await.contains(&Finding::HeadMissing));
}

async fn t_aud_1_what_ails_one_chain_keeps_no_other_from_its_places(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    bed.organization(&sam, "Bolt").await;
    seal(&bed.app).await.unwrap();
    refuse_head(&bed, acme.id.as_str()).await;
    // More of them than are looked at together, and older than all others.
    let events = format!(
        "with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 300)
        insert into audit_events (id, organization_id, at, action, actor, outcome, data)
        select 'evt_00' || n, '{}', 1, 'member.removed', 'system', 'success', '{{}}' from numbers",
        acme.id
    );
    bed.sabotage(&events).await;
    rename(&bed, &sam, "Acme again").await;
    organization::rename(&bed.app, &sam.visitor, "bolt", "Bolt again").await.unwrap();
    assert!(matches!(seal(&bed.app).await, Err(Error::Fault(_))));
    let question = Question { organization: Some("bolt".to_owned()), ..Question::default() };
    let bolt = examine(&bed.app, &question).await.unwrap().unwrap().remove(0);
    assert_eq!((bolt.report.waiting, bolt.report.events), (0, 2), "{bolt:?}");
}

async fn t_aud_1_what_is_of_no_form_is_found_and_stops_nothing(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    let event = format!(
        "insert into audit_events (id, organization_id, at, action, actor, outcome, data, openings)
            values ('evt_x', '{}', 1, 'member.removed', 'system', 'success', '{{}}', {})",
        acme.id,
        byte(&bed)
    );
    bed.sabotage(&event).await;
    let waiting: u64 = all(&bed).await.iter().map(|one| one.report.waiting).sum();
    assert_eq!(seal(&bed.app).await.unwrap(), waiting, "it gets its place as well");
    assert_eq!(findings(&bed).await, [Finding::Changed { position: 1, id: "evt_x".to_owned() }]);

    bed.sabotage(&format!("update audit_heads set head_link = {} where chain = '{}'", byte(&bed), acme.id)).await;
    rename(&bed, &sam, "Acme again").await;
    assert_eq!(seal(&bed.app).await.unwrap(), 0);
    assert!(findings(&bed).await.contains(&Finding::HeadForged));
    assert_eq!(heads(&bed.app, None).await.unwrap().len(), 2);
    if !bed.is_postgres() {
        // There a column is of its type. What is no number comes behind all numbers, and the search has to end there.
        let before = of_acme(&bed).await.report.events;
        drop_triggers(&bed).await;
        bed.sabotage("update audit_events set chain_position = 'none' where id = 'evt_x'").await;
        let report = of_acme(&bed).await.report;
        let strange = |finding: &Finding| matches!(finding, Finding::Inserted { id, .. } if id == "evt_x");
        assert_eq!(report.findings.iter().filter(|finding| strange(finding)).count(), 1, "{:?}", report.findings);
        assert_eq!(report.events, before, "each is read once");
    }
}

async fn t_aud_1_an_older_state_put_back_is_found_by_a_head_kept_elsewhere(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    seal(&bed.app).await.unwrap();
    bed.sabotage("create table kept as select * from audit_heads").await;
    rename(&bed, &sam, "Acme again").await;
    seal(&bed.app).await.unwrap();
    let kept: Vec<SignedHead> = heads(&bed.app, None).await.unwrap().into_iter().map(|(_, head)| head).collect();
    assert_eq!(kept.len(), 2);
    let bed = &bed;
    let against = |expected: Vec<SignedHead>| async move {
        let examined = examine(&bed.app, &Question { organization: None, expected }).await.unwrap();
        examined.map(|all| all.into_iter().flat_map(|one| one.report.findings).collect::<Vec<_>>())
    };
    assert_eq!(against(kept.clone()).await.unwrap(), []);
    rename(bed, &sam, "Acme for good").await;
    seal(&bed.app).await.unwrap();
    assert_eq!(against(kept.clone()).await.unwrap(), [], "it has grown since");

    drop_triggers(bed).await;
    bed.sabotage("delete from audit_heads").await;
    bed.sabotage("insert into audit_heads select * from kept").await;
    bed.sabotage(&format!("delete from audit_events where organization_id = '{}' and chain_position > 7", acme.id))
        .await;
    assert!(is_whole(bed).await, "by itself it cannot be told from the log of then");
    assert_eq!(against(kept.clone()).await.unwrap(), [Finding::ShorterThanExpected { expected: 8, position: 7 }]);
    for name in ["Acme anew", "Acme for ever"] {
        rename(bed, &sam, name).await;
    }
    seal(&bed.app).await.unwrap();
    let newer = heads(&bed.app, None).await.unwrap().into_iter().map(|(_, head)| head);
    let both: Vec<SignedHead> = kept.iter().cloned().chain(newer).collect();
    assert_eq!(
        against(both).await.unwrap(),
        [Finding::NotAsExpected { position: 8 }],
        "a newer head hides no older one"
    );
    let mut forged = kept[0].clone();
    forged.head.position += 1;
    assert!(matches!(against(vec![forged]).await, Err(Unexpected::NotOurs(_))));
}

async fn t_aud_1_many_sealers_and_writers_at_once_chain_everything_once(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    let before = u64::try_from(log(&bed, Some(&acme.id)).await.len()).unwrap();
    let (bed, acme_id) = (&bed, &acme.id);
    let author = Author { actor: orgate_core::actor::Actor::User(sam.id.clone()), name: Some("Sam".to_owned()) };
    let writes = (0..60).map(|number| {
        let input = (bed.app.clone(), author.clone(), (number % 2 == 0).then(|| acme_id.clone()));
        bed.app.store.write(input, |tx, (app, author, organization)| {
            Box::pin(async move {
                let event = Event::done("session.signed-out");
                audit::record(tx, app, None, organization.as_ref(), author, event).await
            })
        })
    });
    let sealers = (0..4).map(|_| async {
        for _ in 0..12 {
            seal(&bed.app).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let (written, _) = tokio::join!(join_all(writes), join_all(sealers));
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    seal(&bed.app).await.unwrap();
    let examined = all(bed).await;
    assert!(examined.iter().all(|one| one.report.is_whole() && one.report.waiting == 0), "{examined:?}");
    let of_acme = examined.iter().find(|one| one.name == "acme").unwrap();
    assert_eq!((of_acme.report.events, of_acme.report.position), (before + 30, before + 30));
}

on_each_engine! {
    t_aud_1_what_is_written_is_chained_once_in_every_log
    t_aud_1_the_database_refuses_to_change_or_remove_an_event
    t_aud_1_what_is_changed_below_is_found_and_named
    t_aud_1_what_others_write_or_change_before_it_is_chained_is_found
    t_aud_1_events_from_before_the_chain_begin_it_and_are_counted
    t_aud_1_a_head_that_was_changed_is_not_signed_anew
    t_aud_1_what_is_of_no_form_is_found_and_stops_nothing
    t_aud_1_an_older_state_put_back_is_found_by_a_head_kept_elsewhere
    t_aud_1_many_sealers_and_writers_at_once_chain_everything_once
    t_aud_1_what_ails_one_chain_keeps_no_other_from_its_places
}
