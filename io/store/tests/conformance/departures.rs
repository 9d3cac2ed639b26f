//! Mailed links by which a person leaves an organization that binds them.

use orgate_core::id::OrganizationId;
use orgate_store::{Constraint, Departure, Expiring, StoreError, User};

use crate::bed::{Bed, at, hash, id};

pub fn departure(organization: &OrganizationId, user: &User, seed: u8) -> Departure {
    Departure {
        id: id(),
        token_hash: hash(seed),
        user_id: user.id.clone(),
        organization_id: organization.clone(),
        email_key: user.email.key().to_owned(),
        created_at: at(0),
        expires_at: at(60),
    }
}

async fn r_enf_13_a_link_out_is_found_until_it_expires_and_taken_once(bed: Bed) {
    let (acme, kim) = bed.organization("acme").await;
    let link = departure(&acme, &kim, 1);
    within!(bed, tx, [acme, link], {
        tx.organization(acme).insert_departure(link).await?;
        assert_eq!(tx.instance().find_departure(&hash(1), at(59)).await?.as_ref(), Some(link));
        assert_eq!(tx.instance().find_departure(&hash(1), at(60)).await?, None);
        assert_eq!(tx.instance().find_departure(&hash(2), at(1)).await?, None);
        assert_eq!(tx.instance().consume_departure(&hash(1), at(60)).await?, None);
        assert_eq!(tx.instance().consume_departure(&hash(1), at(59)).await?.as_ref(), Some(link));
        assert_eq!(tx.instance().consume_departure(&hash(1), at(59)).await?, None);
        assert_eq!(tx.instance().find_departure(&hash(1), at(59)).await?, None);
        Ok(())
    });
}

async fn links_out_go_with_the_departure_and_with_time(bed: Bed) {
    let (acme, kim) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let links = [departure(&acme, &kim, 1), departure(&acme, &kim, 2), departure(&other, &kim, 3)];
    within!(bed, tx, [acme, kim, links], {
        for link in links {
            tx.organization(&link.organization_id).insert_departure(link).await?;
        }
        assert_eq!(tx.organization(acme).delete_departures_of_user(&kim.id).await?, 2);
        assert_eq!(tx.instance().find_departure(&hash(1), at(1)).await?, None);
        assert_eq!(tx.instance().find_departure(&hash(3), at(1)).await?.as_ref(), Some(&links[2]));
        assert_eq!(tx.instance().delete_expired(Expiring::Departures, at(60), 9).await?, 0);
        assert_eq!(tx.instance().delete_expired(Expiring::Departures, at(61), 9).await?, 1);
        Ok(())
    });
}

async fn a_token_is_used_for_one_link_out(bed: Bed) {
    let (acme, kim) = bed.organization("acme").await;
    let links = [departure(&acme, &kim, 1), departure(&acme, &kim, 1)];
    let insert = bed.write((acme, links), |tx, (acme, links)| {
        Box::pin(async move {
            tx.organization(acme).insert_departure(&links[0]).await?;
            tx.organization(acme).insert_departure(&links[1]).await
        })
    });
    assert!(matches!(insert.await, Err(StoreError::Conflict(Constraint::DepartureToken))));
}

async fn r_org_5_links_out_go_with_their_organization(bed: Bed) {
    let (acme, kim) = bed.organization("acme").await;
    let link = departure(&acme, &kim, 1);
    within!(bed, tx, [acme, link], {
        let mut view = tx.organization(acme);
        view.insert_departure(link).await?;
        view.request_deletion(at(1), at(2)).await?;
        assert_eq!(view.perform_deletion(at(3)).await?, Some(0));
        assert_eq!(tx.instance().find_departure(&hash(1), at(4)).await?, None);
        Ok(())
    });
}

on_each_engine! {
    r_enf_13_a_link_out_is_found_until_it_expires_and_taken_once
    links_out_go_with_the_departure_and_with_time
    a_token_is_used_for_one_link_out
    r_org_5_links_out_go_with_their_organization
}
