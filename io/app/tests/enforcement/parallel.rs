//! Two Owners at once: T-ENF-17, I4.

use futures_util::future::{BoxFuture, join_all};
use orgate_app::enforcement::{self, WishForm};
use orgate_app::error::Error;
use orgate_app::{connection, membership};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_password, events};
use crate::support::{Bed, Person};

on_each_engine! {
    t_enf_17_two_owners_turn_it_on_at_once_and_it_is_on_once
    t_enf_17_turning_on_and_removing_the_connection_at_once_leaves_no_enforcement_without_one
    t_enf_17_owners_who_demote_each_other_while_it_is_turned_on_leave_a_way_back_in
}

fn form(enabled: bool) -> WishForm {
    WishForm { enabled, confirm: true, ..WishForm::default() }
}

/// Refusals are answers, faults are not.
fn calm(outcome: Result<(), Error>) -> Option<Refusal> {
    match outcome {
        Ok(()) => None,
        Err(Error::Refused(refusal)) => Some(refusal),
        Err(Error::Fault(fault)) => panic!("{fault}"),
    }
}

fn set<'a>(bed: &'a Bed, owner: &'a Person, enabled: bool) -> BoxFuture<'a, Result<(), Error>> {
    Box::pin(async move { enforcement::set(&bed.app, &owner.visitor, "acme", form(enabled)).await.map(drop) })
}

async fn t_enf_17_two_owners_turn_it_on_at_once_and_it_is_on_once(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Owner).await;
    bed.connection(&acme.id).await;
    for round in 1..=5 {
        for (enabled, action) in [(true, "enforcement.enabled"), (false, "enforcement.disabled")] {
            let acts = [&sam, &lee, &sam, &lee].map(|owner| set(&bed, owner, enabled));
            for outcome in join_all(acts).await {
                assert_eq!(calm(outcome), None, "a repeated wish is a wish come true");
            }
            let sam = by_password(&bed, &sam).await;
            let view = enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap();
            assert_eq!(view.enabled, enabled);
            assert_eq!(events(&bed, &sam, "acme", action).await.len(), round, "one record each");
        }
    }
}

async fn t_enf_17_turning_on_and_removing_the_connection_at_once_leaves_no_enforcement_without_one(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Owner).await;
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..10 {
        let connection = bed.connection(&acme.id).await;
        let stop: BoxFuture<'_, Result<(), Error>> = if round % 2 == 0 {
            Box::pin(connection::remove(&bed.app, &lee.visitor, "acme", connection.as_str()))
        } else {
            Box::pin(async { connection::disable(&bed.app, &lee.visitor, "acme", connection.as_str()).await.map(drop) })
        };
        let mut acts = vec![set(&bed, &sam, true), stop];
        if round >= 5 {
            acts.reverse();
        }
        let refusals: Vec<_> = join_all(acts).await.into_iter().filter_map(calm).collect();
        let view = enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap();
        let active = bed
            .write(acme.id.clone(), |tx, id| Box::pin(async move { tx.organization(id).load_terms().await }))
            .await
            .state
            .terms
            .connection;
        assert_eq!(view.enabled, active.is_some(), "I4: {refusals:?}");
        let expected = if view.enabled { Refusal::SsoEnforced } else { Refusal::ConnectionNotValidated };
        assert_eq!(refusals, [expected], "one of them came first, whole");
        seen.insert(view.enabled);
        if view.enabled {
            bed.stop_enforcing(&sam, &acme).await;
        }
        let written = events(&bed, &sam, "acme", "enforcement.enabled").await.len()
            + events(&bed, &sam, "acme", "connection.removed").await.len()
            + events(&bed, &sam, "acme", "connection.disabled").await.len();
        assert_eq!(written, round + 1, "and one record of what happened");
    }
    assert_eq!(seen.len(), 2, "both orders came about");
}

async fn t_enf_17_owners_who_demote_each_other_while_it_is_turned_on_leave_a_way_back_in(bed: Bed) {
    for round in 0..6 {
        let sam = bed.person(&format!("sam{round}")).await;
        let organization = bed.organization(&sam, &format!("Acme {round}")).await;
        let lee = bed.member(&organization, &format!("lee{round}"), OrganizationRole::Owner).await;
        bed.connection(&organization.id).await;
        // Lee has no password, so Sam alone is a way back in.
        bed.write(lee.id.clone(), |tx, id| Box::pin(async move { tx.instance().delete_password(id).await })).await;
        let slug = organization.slug.as_str();
        let demote: BoxFuture<'_, Result<(), Error>> =
            Box::pin(membership::change_role(&bed.app, &lee.visitor, slug, sam.id.as_str(), OrganizationRole::Member));
        let enable: BoxFuture<'_, Result<(), Error>> =
            Box::pin(async { enforcement::set(&bed.app, &lee.visitor, slug, form(true)).await.map(drop) });
        let acts = if round % 2 == 0 { vec![demote, enable] } else { vec![enable, demote] };
        let refusals: Vec<_> = join_all(acts).await.into_iter().filter_map(calm).collect();
        let view = enforcement::show(&bed.app, &lee.visitor, slug).await.unwrap();
        assert_eq!(refusals, [Refusal::NoWayBackIn], "I6: either the demotion or the enforcement is refused");
        assert_eq!(view.enabled, view.break_glass.len() == 1);
    }
}
