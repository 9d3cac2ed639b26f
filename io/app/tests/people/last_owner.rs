//! T-ORG-1: an organization always has an Owner, in any interleaving, on each engine.

use futures_util::future::{BoxFuture, join_all};
use orgate_app::error::Error;
use orgate_app::membership;
use orgate_app::organization;
use orgate_core::id::OrganizationId;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, Person, refused};

const OWNERS: usize = 6;

async fn owners(bed: &Bed, id: &OrganizationId) -> u64 {
    bed.write(id.clone(), |tx, id| Box::pin(async move { tx.organization(id).count_owners().await })).await
}

async fn t_org_1_the_last_owner_stays(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let app = &bed.app;
    assert_eq!(refused(organization::leave(app, &sam.visitor, "acme").await), Refusal::LastOwner);
    let removed = membership::remove(app, &sam.visitor, "acme", sam.id.as_str()).await;
    assert_eq!(refused(removed), Refusal::LastOwner);
    let demoted = membership::change_role(app, &sam.visitor, "acme", sam.id.as_str(), OrganizationRole::Member).await;
    assert_eq!(refused(demoted), Refusal::LastOwner);
    bed.member(&acme, "kim", OrganizationRole::Owner).await;
    organization::leave(app, &sam.visitor, "acme").await.unwrap();
    assert_eq!(owners(&bed, &acme.id).await, 1);
}

/// Everybody does to their neighbour, or to themselves, what takes an Owner away, all at the same moment.
async fn t_org_1_owners_who_take_each_other_away_in_parallel_leave_one(bed: Bed) {
    for round in 0..3 {
        let sam = bed.person(&format!("sam{round}")).await;
        let acme = bed.organization(&sam, &format!("Acme {round}")).await;
        let mut people = vec![sam];
        for number in 1..OWNERS {
            people.push(bed.member(&acme, &format!("owner{round}-{number}"), OrganizationRole::Owner).await);
        }
        let acts = people.iter().enumerate().map(|(number, person)| {
            let neighbour = &people[(number + 1) % OWNERS];
            take_away(&bed, &acme.slug, person, neighbour, (number + round) % 3)
        });
        let outcomes = join_all(acts).await;
        let left = owners(&bed, &acme.id).await;
        assert!(left >= 1, "round {round}: {outcomes:?}");
        for outcome in outcomes {
            if let Err(Error::Fault(fault)) = outcome {
                panic!("round {round}: {fault}");
            }
        }
    }
}

fn take_away<'a>(
    bed: &'a Bed,
    organization: &'a str,
    person: &'a Person,
    neighbour: &'a Person,
    how: usize,
) -> BoxFuture<'a, Result<(), Error>> {
    let (app, visitor, target) = (&bed.app, &person.visitor, neighbour.id.as_str());
    match how {
        0 => Box::pin(organization::leave(app, visitor, organization)),
        1 => Box::pin(membership::remove(app, visitor, organization, target)),
        _ => Box::pin(membership::change_role(app, visitor, organization, target, OrganizationRole::Member)),
    }
}

/// T-ORG-3: who was demoted a moment ago promotes nobody; of two Owners who demote each other, one stays.
async fn t_org_3_a_demoted_owner_does_nothing_more(bed: Bed) {
    for round in 0..4 {
        let sam = bed.person(&format!("sam{round}")).await;
        let acme = bed.organization(&sam, &format!("Acme {round}")).await;
        let kim = bed.member(&acme, &format!("kim{round}"), OrganizationRole::Owner).await;
        let bo = bed.member(&acme, &format!("bo{round}"), OrganizationRole::Member).await;
        let (app, slug) = (&bed.app, acme.slug.as_str());
        let (demoted, promoted) = tokio::join!(
            membership::change_role(app, &sam.visitor, slug, kim.id.as_str(), OrganizationRole::Member),
            membership::change_role(app, &kim.visitor, slug, bo.id.as_str(), OrganizationRole::Owner),
        );
        demoted.unwrap();
        let expected = 1 + u64::from(promoted.is_ok());
        assert_eq!(owners(&bed, &acme.id).await, expected, "round {round}: {promoted:?}");
        let later = membership::change_role(app, &kim.visitor, slug, sam.id.as_str(), OrganizationRole::Member).await;
        assert_eq!(refused(later), Refusal::NotPermitted);
    }
}

on_each_engine! {
    t_org_1_the_last_owner_stays
    t_org_1_owners_who_take_each_other_away_in_parallel_leave_one
    t_org_3_a_demoted_owner_does_nothing_more
}
