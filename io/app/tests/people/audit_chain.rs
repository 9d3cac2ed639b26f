//! The chain of the audit log: every change of it is found, and what may be done to it leaves it whole (T-AUD-1, R-OPS-3).

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use orgate_app::account::closing::close;
use orgate_app::audit::{self, Author, Event};
use orgate_app::audit_chain::{self, Examined, Question, Unexpected, erase, examine, heads, remove_old, seal};
use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::error::Error;
use orgate_app::organization::{self, OrganizationView};
use orgate_app::{account, membership, project, session};
use orgate_core::audit_chain::{Finding, SignedHead};
use orgate_core::email::EmailAddress;
use orgate_core::id::OrganizationId;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{AuditEvent, AuditFilter};

use crate::support::{Bed, Person, refused};

/// Sam's organization with Kim in it, renamed a few times: seven events in its log.
async fn history(bed: &Bed) -> (Person, OrganizationView, Person) {
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

async fn all(bed: &Bed) -> Vec<Examined> {
    examine(&bed.app, &Question::default()).await.unwrap().unwrap()
}

async fn of_acme(bed: &Bed) -> Examined {
    let question = Question { organization: Some("acme".to_owned()), ..Question::default() };
    examine(&bed.app, &question).await.unwrap().unwrap().remove(0)
}

async fn findings(bed: &Bed) -> Vec<Finding> {
    of_acme(bed).await.report.findings
}

async fn is_whole(bed: &Bed) -> bool {
    all(bed).await.iter().all(|one| one.report.is_whole())
}

async fn log(bed: &Bed, organization: Option<&OrganizationId>) -> Vec<AuditEvent> {
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
async fn drop_triggers(bed: &Bed) {
    let on = |table: &str| if bed.is_postgres() { format!(" on {table}") } else { String::new() };
    for (trigger, table) in [
        ("audit_events_unchanged", "audit_events"),
        ("audit_events_kept", "audit_events"),
        ("audit_heads_forward", "audit_heads"),
    ] {
        bed.sabotage(&format!("drop trigger {trigger}{}", on(table))).await;
    }
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
    drop_triggers(&bed).await;
    let unreadable = if bed.is_postgres() { r"'\x00'" } else { "x'00'" };
    bed.sabotage(&format!("update audit_heads set head_link = {unreadable} where chain = '{}'", acme.id)).await;
    // More of them than are looked at together, and older than all others; one that no sealer can give its place.
    let events = |id: &str, openings: &str, count: u64| {
        format!(
            "with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < {count})
            insert into audit_events (id, organization_id, at, action, actor, outcome, data, openings)
            select '{id}' || n, '{}', 1, 'member.removed', 'system', 'success', '{{}}', {openings} from numbers",
            acme.id
        )
    };
    bed.sabotage(&events("evt_00", "null", 300)).await;
    bed.sabotage(&events("evt_00z", unreadable, 1)).await;
    rename(&bed, &sam, "Acme again").await;
    organization::rename(&bed.app, &sam.visitor, "bolt", "Bolt again").await.unwrap();
    assert!(matches!(seal(&bed.app).await, Err(Error::Fault(_))));
    let question = Question { organization: Some("bolt".to_owned()), ..Question::default() };
    let bolt = examine(&bed.app, &question).await.unwrap().unwrap().remove(0);
    assert_eq!((bolt.report.waiting, bolt.report.events), (0, 2), "{bolt:?}");
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
    let unreadable = if bed.is_postgres() { r"'\x00'" } else { "x'00'" };
    bed.sabotage(&format!("update audit_heads set head_link = {unreadable} where chain = '{}'", bolt.id)).await;
    organization::rename(&bed.app, &sam.visitor, "bolt", "Bolt again").await.unwrap();
    close(&bed.app, &kim.visitor, &kim.email).await.unwrap();
    assert!(matches!(seal(&bed.app).await, Err(Error::Fault(_))));
    assert!(erase(&bed.app, &kim.id, &[]).await.unwrap().events > 0);
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
    let input = (bed.app.clone(), acme.id.clone());
    bed.app
        .store
        .write(input, |tx, (app, acme)| {
            Box::pin(async move {
                audit::record(tx, app, None, Some(acme), &Author::system(), Event::done("session.signed-out")).await
            })
        })
        .await
        .unwrap();
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

/// What each act leaves: one event with its name, and a refused one none.
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

async fn r_ops_3_each_act_leaves_its_event_and_a_refused_one_leaves_none(bed: Bed) {
    let (sam, acme, kim) = history(&bed).await;
    let (app, by) = (&bed.app, &sam.visitor);
    let count = || async { (log(&bed, Some(&acme.id)).await, log(&bed, None).await.len()) };
    macro_rules! act {
        ($action:expr, $act:expr) => {{
            let (before, own_before) = count().await;
            let outcome = $act.await.map(|_| ());
            let (after, own_after) = count().await;
            let new = after.iter().filter(|event| !before.contains(event));
            let new: Vec<String> = new.map(|event| event.action.clone()).collect();
            let expected: Vec<&str> = $action.into();
            assert_eq!((new, own_after), (expected.iter().map(|a| (*a).to_owned()).collect(), own_before));
            assert_eq!(outcome.is_ok(), !expected.is_empty(), "{outcome:?}");
        }};
    }
    act!(["organization.renamed"], organization::rename(app, by, "acme", "Acme Robotics"));
    act!([], organization::rename(app, by, "acme", ""));
    act!([], organization::rename(app, &kim.visitor, "acme", "Kim's"));
    act!(["project.created"], project::create(app, by, "acme", "Apollo"));
    act!(["project.renamed"], project::rename(app, by, "acme", "apollo", "Gemini"));
    act!([], project::delete(app, &kim.visitor, "acme", "apollo"));
    act!(["project.deleted"], project::delete(app, by, "acme", "apollo"));
    act!([], project::delete(app, by, "acme", "apollo"));
    act!(["member.role-changed"], membership::change_role(app, by, "acme", kim.id.as_str(), OrganizationRole::Owner));
    act!(["member.removed"], membership::remove(app, by, "acme", kim.id.as_str()));
    act!([], membership::remove(app, by, "acme", kim.id.as_str()));
    act!([], organization::leave(app, by, "acme"));
    seal(app).await.unwrap();
    assert!(is_whole(&bed).await);
}

async fn r_ops_3_no_change_without_its_event_and_no_event_without_its_change(bed: Bed) {
    let (sam, acme, _) = history(&bed).await;
    let before = log(&bed, Some(&acme.id)).await.len();
    let outcome: Result<(), Error> = bed
        .app
        .store
        .write((bed.app.clone(), acme.id.clone()), |tx, (app, acme)| {
            Box::pin(async move {
                audit::record(tx, app, None, Some(acme), &Author::system(), Event::done("member.left")).await?;
                Err(Refusal::NotPermitted.into())
            })
        })
        .await;
    assert_eq!(refused(outcome), Refusal::NotPermitted);
    assert_eq!(log(&bed, Some(&acme.id)).await.len(), before);

    // The log takes no event any more.
    if bed.is_postgres() {
        bed.sabotage("create trigger full_up before insert on audit_events execute function refuse_audit_change()")
            .await;
    } else {
        bed.sabotage("create trigger full_up before insert on audit_events begin select raise(abort, 'full'); end")
            .await;
    }
    let app = &bed.app;
    assert!(matches!(organization::rename(app, &sam.visitor, "acme", "Unseen").await, Err(Error::Fault(_))));
    assert!(matches!(project::create(app, &sam.visitor, "acme", "Unseen").await, Err(Error::Fault(_))));
    assert!(matches!(session::sign_out(app, &sam.visitor).await, Err(Error::Fault(_))));
    let seen = organization::get(app, &sam.visitor, "acme").await.unwrap();
    assert_eq!(seen.name, "Acme 6");
    let projects = audit_log::list(app, &sam.visitor, "acme", AuditQuery::default()).await.unwrap();
    assert!(projects.items.iter().all(|event| event.action != "project.created"));
    assert!(audit_chain::keys(&app.settings.secret_key, &[]).is_ok());
}

on_each_engine! {
    t_aud_1_what_is_written_is_chained_once_in_every_log
    t_aud_1_the_database_refuses_to_change_or_remove_an_event
    t_aud_1_what_is_changed_below_is_found_and_named
    t_aud_1_what_others_write_or_change_before_it_is_chained_is_found
    t_aud_1_events_from_before_the_chain_begin_it_and_are_counted
    t_aud_1_a_head_that_was_changed_is_not_signed_anew
    t_aud_1_an_older_state_put_back_is_found_by_a_head_kept_elsewhere
    t_aud_1_many_sealers_and_writers_at_once_chain_everything_once
    t_aud_1_what_ails_one_chain_keeps_no_other_from_its_places
    r_ops_3_erasing_a_closed_account_leaves_the_chain_whole_and_nothing_of_the_person
    r_ops_3_erasing_fails_while_events_of_the_person_get_no_places
    r_ops_3_erasing_is_kept_back_by_no_log_of_others
    t_aud_1_retention_removes_the_oldest_and_leaves_a_signed_head
    r_org_5_the_log_of_a_deleted_organization_goes_first_and_one_that_stays_keeps_no_other_waiting
    r_ops_3_each_act_leaves_its_event_and_a_refused_one_leaves_none
    r_ops_3_no_change_without_its_event_and_no_event_without_its_change
}
