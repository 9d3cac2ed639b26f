//! One's own account: another address, known devices, reading everything, closing.

use orgate_core::actor::Actor;
use orgate_core::assertion::Subject;
use orgate_core::challenge::ChallengePurpose;
use orgate_core::id::OrganizationId;
use orgate_core::membership::{MembershipOrigin, MembershipState};
use orgate_core::policy::AddressState;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{
    AuditEvent, Challenge, Constraint, Departure, Expiring, Identity, PasswordCredential, Revision, StoreError, User,
};

use crate::bed::{Bed, at, email, hash, id, proof};

fn identity(organization: &OrganizationId, revision: &Revision, user: &User, subject: &str) -> Identity {
    Identity {
        id: id(),
        organization_id: organization.clone(),
        connection_id: revision.connection_id.clone(),
        issuer: revision.issuer.clone(),
        client_id: revision.client_id.clone(),
        subject: Subject::parse(subject).unwrap(),
        user_id: user.id.clone(),
        created_at: at(5),
        last_sign_in_at: None,
    }
}

async fn an_address_is_changed_unless_somebody_has_it_proven(bed: Bed) {
    let (dana, sam) = (bed.user("dana").await, bed.user("sam").await);
    let (new, taken) = (email("Dana@New.example"), sam.email.clone());
    let conflict = bed.write((dana.clone(), taken), |tx, (dana, taken)| {
        Box::pin(async move { tx.instance().change_email(&dana.id, taken, at(3)).await })
    });
    assert!(matches!(conflict.await, Err(StoreError::Conflict(Constraint::UserProvenEmail))));
    let after = within!(bed, tx, [dana, new], {
        assert!(tx.instance().change_email(&dana.id, new, at(3)).await?);
        tx.instance().load_user(&dana.id).await
    });
    assert_eq!((after.email.as_str(), &after.address), ("Dana@new.example", &AddressState::Proven));
    let (acme, _) = bed.organization("acme").await;
    let mut local = crate::bed::user("bo");
    local.address = AddressState::LocalTo(acme);
    within!(bed, tx, [local, dana, new], {
        tx.instance().insert_user(local).await?;
        assert!(!tx.instance().change_email(&local.id, &email("bo@new.example"), at(4)).await?);
        tx.instance().erase_user(&dana.id, at(5)).await?;
        assert!(!tx.instance().change_email(&dana.id, new, at(6)).await?);
        Ok(())
    });
}

async fn a_device_is_known_from_its_first_use_until_it_is_forgotten(bed: Bed) {
    let (dana, sam) = (bed.user("dana").await, bed.user("sam").await);
    within!(bed, tx, [dana, sam], {
        let mut instance = tx.instance();
        assert!(!instance.touch_device(&dana.id, &hash(1), at(1), at(0)).await?);
        assert!(instance.insert_device(&dana.id, &hash(1), at(1)).await?);
        assert!(!instance.insert_device(&dana.id, &hash(1), at(2)).await?);
        assert!(instance.insert_device(&dana.id, &hash(2), at(2)).await?);
        assert!(!instance.touch_device(&sam.id, &hash(1), at(3), at(0)).await?);
        assert!(instance.touch_device(&dana.id, &hash(1), at(9), at(1)).await?);
        assert!(instance.touch_device(&dana.id, &hash(2), at(9), at(1)).await?, "known, and noted lately");
        assert_eq!(instance.count_devices(&dana.id).await?, 2);
        assert_eq!(instance.delete_expired(Expiring::Devices, at(9), 9).await?, 1);
        assert_eq!((instance.count_devices(&dana.id).await?, instance.count_devices(&sam.id).await?), (1, 0));
        Ok(())
    });
}

fn event(user: &User) -> AuditEvent {
    AuditEvent {
        id: id(),
        organization_id: None,
        at: at(1),
        action: "user.renamed".to_owned(),
        actor: Actor::User(user.id.clone()).encode(),
        actor_name: Some(user.name.clone()),
        target: None,
        target_name: None,
        outcome: "success".to_owned(),
        ip: None,
        user_agent: None,
        data: "{}".to_owned(),
        tries: 1,
        position: None,
        link: None,
    }
}

async fn a_person_reads_their_places_roles_and_acts_across_organizations(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let (umbrella, owner) = bed.organization("umbrella").await;
    let sam = bed.member(&acme, "sam", OrganizationRole::Member).await;
    let project = bed.project(&umbrella, &owner, "falcon").await;
    let events = [event(&sam), event(&sam), event(&owner)];
    let (memberships, grants, acts) = within!(bed, tx, [acme, umbrella, sam, owner, project, events], {
        let mut view = tx.organization(umbrella);
        view.join(&sam.id, OrganizationRole::Owner, MembershipOrigin::Sso, at(3)).await?;
        view.set_grant(project, &sam.id, ProjectRole::ReadOnly, &owner.id, at(4)).await?;
        tx.organization(acme).end_membership(&sam.id, MembershipState::Left, at(5)).await?;
        let [first, second, other] = events;
        tx.instance().insert_audit_event(first, &proof()).await?;
        tx.organization(acme).insert_audit_event(second, &proof()).await?;
        tx.instance().insert_audit_event(other, &proof()).await?;
        let mut instance = tx.instance();
        let memberships = instance.list_memberships_of_user(&sam.id).await?;
        let grants = instance.list_grants_of_user(&sam.id).await?;
        let acts = instance.list_audit_events_of_actor(&first.actor, 10).await?;
        assert_eq!(instance.list_audit_events_of_actor(&first.actor, 1).await?.len(), 1);
        Ok((memberships, grants, acts))
    });
    let seen: Vec<_> = memberships.iter().map(|place| (place.slug.as_str(), place.state)).collect();
    assert_eq!(seen, [("acme", MembershipState::Left), ("umbrella", MembershipState::Active)]);
    assert_eq!((grants.len(), grants[0].name.as_str(), grants[0].role), (1, "falcon", ProjectRole::ReadOnly));
    let places: Vec<_> = acts.iter().map(|act| act.organization_id.is_some()).collect();
    assert_eq!(places, [true, false], "newest first, whichever log");
}

fn challenge(user: &User, seed: u8) -> Challenge {
    Challenge {
        id: id(),
        purpose: ChallengePurpose::EmailChange,
        bound_to: format!("ses_{seed}"),
        user_id: Some(user.id.clone()),
        email: user.email.clone(),
        code_mac: hash(seed).to_vec(),
        tries_left: 5,
        created_at: at(0),
        expires_at: at(60),
    }
}

async fn codes_and_links_of_a_person_become_void_together(bed: Bed) {
    let (acme, dana) = bed.organization("acme").await;
    let sam = bed.user("sam").await;
    let codes = [challenge(&dana, 1), challenge(&dana, 2), challenge(&sam, 3)];
    let link = Departure {
        id: id(),
        token_hash: hash(4),
        user_id: dana.id.clone(),
        organization_id: acme.clone(),
        email_key: dana.email.key().to_owned(),
        created_at: at(0),
        expires_at: at(60),
    };
    within!(bed, tx, [acme, dana, codes, link], {
        for code in codes {
            tx.instance().insert_challenge(code).await?;
        }
        tx.organization(acme).insert_departure(link).await?;
        let mut instance = tx.instance();
        assert_eq!(instance.delete_challenges_of_user(&dana.id).await?, 2);
        assert!(instance.find_challenge(ChallengePurpose::EmailChange, "ses_3", at(1)).await?.is_some());
        assert_eq!(instance.delete_departures_everywhere(&dana.id).await?, 1);
        Ok(())
    });
}

async fn r_lnk_1_a_closed_account_leaves_nothing_but_what_keeps_a_removed_person_out(bed: Bed) {
    let (acme, acme_owner) = bed.organization("acme").await;
    let (umbrella, umbrella_owner) = bed.organization("umbrella").await;
    let (_, at_acme) = bed.connection(&acme, &acme_owner).await;
    let (_, at_umbrella) = bed.connection(&umbrella, &umbrella_owner).await;
    let (removed, left) = (bed.member(&acme, "kim", OrganizationRole::Member).await, bed.user("lee").await);
    let identities = [
        identity(&acme, &at_acme, &removed, "00u-kim"),
        identity(&umbrella, &at_umbrella, &removed, "00u-kim"),
        identity(&umbrella, &at_umbrella, &left, "00u-lee"),
    ];
    within!(bed, tx, [acme, removed, left, identities], {
        for identity in identities {
            tx.organization(&identity.organization_id).insert_identity(identity).await?;
        }
        for user in [removed, left] {
            let credential = PasswordCredential { user_id: user.id.clone(), hash: "h".to_owned(), set_at: at(1) };
            tx.instance().set_password(&credential).await?;
            tx.instance().insert_device(&user.id, &hash(1), at(1)).await?;
        }
        tx.organization(acme).end_membership(&removed.id, MembershipState::Removed, at(6)).await?;
        for user in [removed, left] {
            assert!(tx.instance().erase_user(&user.id, at(7)).await?);
            assert!(!tx.instance().erase_user(&user.id, at(8)).await?);
            let mut instance = tx.instance();
            assert!(instance.find_password(&user.id).await?.is_none());
            assert_eq!(instance.count_devices(&user.id).await?, 0);
            assert_eq!(instance.load_user(&user.id).await?.name, "Closed account");
        }
        let nobody = email(&format!("{}@closed.invalid", left.id));
        assert_eq!(tx.instance().load_user(&left.id).await?.email, nobody);
        let kept = tx.organization(acme).list_removed_by_email(&removed.email).await?;
        assert_eq!(kept.into_iter().map(|user| user.id).collect::<Vec<_>>(), std::slice::from_ref(&removed.id));
        assert_eq!(tx.organization(acme).list_removed_by_email(&left.email).await?, []);
        let places: Vec<_> = tx.instance().list_linked_identities(&removed.id).await?;
        assert_eq!(places.into_iter().map(|(identity, _)| identity).collect::<Vec<_>>(), [identities[0].clone()]);
        assert_eq!(tx.instance().list_linked_identities(&left.id).await?, []);
        tx.organization(acme).readmit(&removed.id).await?;
        assert_eq!(tx.organization(acme).list_removed_by_email(&removed.email).await?, []);
        Ok(())
    });
}

async fn r_lnk_1_the_address_of_who_is_removed_is_kept_until_the_removal_is_lifted(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let new = email("kim@new.example");
    for comes_back in [false, true] {
        within!(bed, tx, [acme, other, kim, new, comes_back], {
            let mut view = tx.organization(acme);
            assert_eq!(view.list_removed_by_email(&kim.email).await?, []);
            assert!(view.end_membership(&kim.id, MembershipState::Removed, at(6)).await?);
            assert!(tx.instance().change_email(&kim.id, new, at(7)).await?);
            let mut view = tx.organization(acme);
            let kept = view.list_removed_by_email(&kim.email).await?;
            assert_eq!(kept.iter().map(|user| (&user.id, &user.email)).collect::<Vec<_>>(), [(&kim.id, new)]);
            assert_eq!(view.list_removed_by_email(new).await?, [], "the address of then");
            if *comes_back {
                assert!(view.join(&kim.id, OrganizationRole::Member, MembershipOrigin::Invitation, at(8)).await?);
            } else {
                assert!(view.readmit(&kim.id).await?);
            }
            assert_eq!(view.list_removed_by_email(&kim.email).await?, []);
            assert_eq!(tx.organization(other).list_removed_by_email(&kim.email).await?, []);
            // As it was, for the next turn.
            let (role, origin) = (OrganizationRole::Member, MembershipOrigin::Invitation);
            tx.organization(acme).join(&kim.id, role, origin, at(9)).await?;
            assert!(tx.instance().change_email(&kim.id, &kim.email, at(10)).await?);
            Ok(())
        });
    }
    // Who leaves by own act is kept nowhere, and a program of before keeps nothing: then the account's own address counts.
    within!(bed, tx, [acme, kim], {
        assert!(tx.organization(acme).end_membership(&kim.id, MembershipState::Left, at(11)).await?);
        assert_eq!(tx.organization(acme).list_removed_by_email(&kim.email).await?, []);
        Ok(())
    });
    let of_before = format!("update memberships set state = 'removed' where user_id = '{}'", kim.id);
    for changes in [true, false] {
        bed.raw(&of_before).await;
        within!(bed, tx, [acme, kim, new, changes], {
            if *changes {
                assert!(tx.instance().change_email(&kim.id, new, at(12)).await?);
            } else {
                assert!(tx.instance().erase_user(&kim.id, at(14)).await?);
            }
            let kept = tx.organization(acme).list_removed_by_email(&kim.email).await?;
            assert_eq!(kept.into_iter().map(|user| user.id).collect::<Vec<_>>(), std::slice::from_ref(&kim.id));
            if *changes {
                assert!(tx.organization(acme).readmit(&kim.id).await?);
                assert!(tx.instance().change_email(&kim.id, &kim.email, at(13)).await?);
            }
            Ok(())
        });
    }
}

on_each_engine! {
    an_address_is_changed_unless_somebody_has_it_proven
    a_device_is_known_from_its_first_use_until_it_is_forgotten
    a_person_reads_their_places_roles_and_acts_across_organizations
    codes_and_links_of_a_person_become_void_together
    r_lnk_1_a_closed_account_leaves_nothing_but_what_keeps_a_removed_person_out
    r_lnk_1_the_address_of_who_is_removed_is_kept_until_the_removal_is_lifted
}
