//! No change without its event, and no event without its change (R-OPS-3).

use orgate_app::audit::{self, Author, Event};
use orgate_app::audit_chain::{self, seal};
use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::error::Error;
use orgate_app::{membership, organization, project, session};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use super::audit_chain::{history, is_whole, log};
use crate::support::{Bed, refused};

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
    r_ops_3_each_act_leaves_its_event_and_a_refused_one_leaves_none
    r_ops_3_no_change_without_its_event_and_no_event_without_its_change
}
