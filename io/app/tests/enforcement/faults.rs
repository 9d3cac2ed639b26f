//! Whatever breaks, stored enforcement stays on and nothing opens: T-ENF-13, R-ENF-10, I3.

use orgate_app::enforcement::{self, Pace, WishForm, roll_back_once};
use orgate_app::error::Error;
use orgate_app::sign_in::sso::begin::begin;
use orgate_app::{operator, session};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_password, events, lives, opens, owned, sign_in};
use crate::support::{Bed, Person, refused};
use crate::world::sign_in as through;

on_each_engine! {
    t_enf_13_a_table_that_cannot_be_read_opens_nothing
    t_enf_13_a_past_that_cannot_be_read_opens_nothing
    t_enf_13_what_cannot_be_read_keeps_no_other_organization_waiting
    t_enf_13_terms_that_nobody_wrote_are_refused_by_the_database
    t_enf_13_a_lost_entitlement_leaves_enforcement_on
    t_enf_13_a_missing_connection_or_secret_leaves_enforcement_on
}

/// A fault, and nothing else: a refusal would be an answer, and there is none.
#[track_caller]
fn broke<T>(outcome: Result<T, Error>, what: &str) {
    match outcome {
        Err(Error::Fault(_)) => {}
        Err(Error::Refused(refusal)) => panic!("{what}: refused by {refusal:?}"),
        Ok(_) => panic!("{what}: let in"),
    }
}

/// Nothing is opened for anybody, and nothing but a fault is said.
async fn nothing_opens(bed: &Bed, kim: &Person, sam: &Person, what: &str) {
    for person in [kim, sam] {
        broke(session::open(&bed.app, person.visitor.session, "acme").await, what);
        broke(session::current(&bed.app, &person.visitor).await, what);
        assert!(sign_in(bed, &person.email).await.is_err(), "{what}: a password let {} in", person.name);
    }
}

async fn t_enf_13_a_table_that_cannot_be_read_opens_nothing(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    // What a check asks about user and memberships is in the session's row, and as true as before; so is the row itself, which is
    // remembered beside SQLite and served by a number of the instance's.
    let tables = [
        ("organizations", true),
        ("memberships", false),
        ("instance", true),
        ("users", false),
        ("sessions", bed.is_postgres()),
    ];
    for (table, is_read_by_a_check) in tables {
        bed.sabotage(&format!("alter table {table} rename to {table}_away")).await;
        if is_read_by_a_check {
            nothing_opens(&bed, &kim, &sam, table).await;
        } else {
            assert!(!lives(&bed, &kim).await && opens(&bed, &sam, "acme").await, "{table}");
            for person in [&kim, &sam] {
                assert!(sign_in(&bed, &person.email).await.is_err(), "{table}: a password let {} in", person.name);
            }
        }
        let form = WishForm { confirm: true, ..WishForm::default() };
        broke(enforcement::set(&bed.app, &sam.visitor, "acme", form).await, table);
        bed.sabotage(&format!("alter table {table}_away rename to {table}")).await;
        assert!(!lives(&bed, &kim).await && opens(&bed, &sam, "acme").await, "{table}: as it was before");
        assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    }
}

async fn t_enf_13_a_past_that_cannot_be_read_opens_nothing(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    bed.stop_enforcing(&sam, &acme).await;
    let fresh = sign_in(&bed, &kim.email).await.unwrap();
    bed.sabotage("update organizations set past_terms = 'who knows'").await;
    nothing_opens(&bed, &fresh, &sam, "past").await;
    broke(enforcement::sweep_once(&bed.app, Pace::Brisk).await, "the sweeper forgives nothing");
    broke(
        enforcement::set(&bed.app, &sam.visitor, "acme", WishForm { confirm: true, ..WishForm::default() }).await,
        "set",
    );
    roll_back_once(&bed.app).await.unwrap();
}

/// Sweeper and roll-back go on with the next organization, and say that one was left out.
async fn t_enf_13_what_cannot_be_read_keeps_no_other_organization_waiting(bed: Bed) {
    let mut others = Vec::new();
    for number in 0..3 {
        let (sam, acme) = owned(&bed, &format!("sam{number}"), &format!("Acme {number}")).await;
        bed.enforce_with(&sam, &acme, WishForm { trial_minutes: Some(10), ..WishForm::default() }).await;
        others.push((sam, acme));
        bed.advance(1);
    }
    // The first by age, by the end of its trial and by its id.
    let (_, broken) = others.remove(0);
    bed.sabotage(&format!("update organizations set past_terms = 'who knows' where id = '{}'", broken.id)).await;
    broke(enforcement::sweep_once(&bed.app, Pace::Brisk).await, "sweeper");
    bed.advance(10);
    broke(roll_back_once(&bed.app).await, "roll-back");
    for (sam, acme) in &others {
        let sam = by_password(&bed, sam).await;
        assert_eq!(events(&bed, &sam, &acme.slug, "enforcement.swept").await.len(), 1, "{}", acme.slug);
        assert!(!enforcement::show(&bed.app, &sam.visitor, &acme.slug).await.unwrap().enabled, "{}", acme.slug);
    }
}

/// I4 is the database's own: not even somebody with the database at hand enforces without a connection.
async fn t_enf_13_terms_that_nobody_wrote_are_refused_by_the_database(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let outcome: Result<bool, Error> = bed
        .app
        .store
        .write(acme.id.clone(), |tx, id| {
            Box::pin(async move {
                let before = tx.organization(id).load_terms().await?;
                let mut after = before.clone();
                after.state.terms.enforced = true;
                Ok(tx.organization(id).store_terms(before.epoch, &after).await?)
            })
        })
        .await;
    broke(outcome, "enforced without a connection");
    assert!(!enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().enabled);
}

async fn t_enf_13_a_lost_entitlement_leaves_enforcement_on(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    operator::set_sso_entitled(&bed.app, None, "acme", false).await.unwrap();
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    assert!(!lives(&bed, &kim).await);
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    assert!(opens(&bed, &by_sso, "acme").await, "R-ORG-7: sign-in through the connection goes on");
    assert!(sign_in(&bed, &sam.email).await.is_ok());
    bed.stop_enforcing(&sam, &acme).await;
    let again = WishForm { enabled: true, confirm: true, ..WishForm::default() };
    assert_eq!(refused(enforcement::set(&bed.app, &sam.visitor, "acme", again).await), Refusal::SsoNotEntitled);
}

/// The row of the connection is gone, or its secret cannot be opened: nobody comes in through it, nobody around it.
async fn t_enf_13_a_missing_connection_or_secret_leaves_enforcement_on(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    // The bed's connection has sealed settings that no key opens.
    broke(begin(&bed.app, &bed.stranger(), through("acme")).await, "a secret that cannot be opened");
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    for statement in ["update connection_revisions set state = 'retired'", "update connections set state = 'disabled'"]
    {
        bed.sabotage(statement).await;
        assert!(begin(&bed.app, &bed.stranger(), through("acme")).await.is_err(), "{statement}");
        assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)), "{statement}");
        assert!(!lives(&bed, &kim).await, "{statement}");
    }
    let inside = by_password(&bed, &sam).await;
    assert!(opens(&bed, &inside, "acme").await, "the exempt Owner is the way back in");
    bed.stop_enforcing(&inside, &acme).await;
    sign_in(&bed, &kim.email).await.unwrap();
}
