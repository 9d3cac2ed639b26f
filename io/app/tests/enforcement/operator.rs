//! `orgate recover`: what the operator does for an organization whose people cannot come in (R-OPS-1, R-ENF-5).

use orgate_app::operator::{Recovery, recover};
use orgate_app::{enforcement, membership};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_password, events, join, lives, mails, opens, owned, sign_in};
use crate::support::{Bed, refused};

on_each_engine! {
    r_ops_1_the_operator_turns_enforcement_off
    r_ops_1_the_operator_makes_a_member_owner_who_then_comes_in
    r_ops_1_who_is_bound_elsewhere_is_told_apart
    r_ops_1_what_is_not_there_is_not_found
}

async fn r_ops_1_the_operator_turns_enforcement_off(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Owner).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    for person in [&sam, &lee, &kim] {
        bed.read_all(&person.email).await;
    }
    let recovered = recover(&bed.app, "acme", Recovery::TurnOffEnforcement).await.unwrap();
    assert_eq!((recovered.organization.slug.as_str(), recovered.mailed.len()), ("acme", 2));
    assert!(!enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().enabled);
    sign_in(&bed, &kim.email).await.unwrap();
    assert!(!lives(&bed, &kim).await, "what was ended stays ended");
    let [event] = <[_; 1]>::try_from(events(&bed, &sam, "acme", "enforcement.disabled").await).unwrap();
    assert_eq!(event.actor, "operator");
    for owner in [&sam, &lee] {
        let [mail] = <[_; 1]>::try_from(mails(&bed, &owner.email).await).unwrap();
        assert!(mail.text.contains("operator"), "{}", mail.text);
    }
    assert!(mails(&bed, &kim.email).await.is_empty());
    let again = recover(&bed.app, acme.id.as_str(), Recovery::TurnOffEnforcement).await.unwrap();
    assert_eq!(again.mailed.len(), 0, "{}", again.done);
    assert_eq!(events(&bed, &sam, "acme", "enforcement.disabled").await.len(), 1);
}

async fn r_ops_1_the_operator_makes_a_member_owner_who_then_comes_in(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    bed.read_all(&sam.email).await;
    bed.read_all(&kim.email).await;
    let recovered = recover(&bed.app, "acme", Recovery::MakeOwner(kim.email.to_uppercase())).await.unwrap();
    assert_eq!(recovered.mailed.len(), 2, "{}", recovered.done);
    assert!(recovered.done.contains("their own password"), "{}", recovered.done);
    let inside = sign_in(&bed, &kim.email).await.unwrap();
    assert!(opens(&bed, &inside, "acme").await && !lives(&bed, &kim).await);
    let [event] = <[_; 1]>::try_from(events(&bed, &sam, "acme", "member.role-changed").await).unwrap();
    assert_eq!((event.actor.as_str(), event.target.as_deref()), ("operator", Some(kim.id.as_str())));
    for owner in [&sam, &kim] {
        assert!(mails(&bed, &owner.email).await.iter().any(|mail| mail.text.contains("operator")));
    }
    let again = recover(&bed.app, "acme", Recovery::MakeOwner(kim.id.to_string())).await.unwrap();
    assert_eq!(again.mailed.len(), 0);
}

async fn r_ops_1_who_is_bound_elsewhere_is_told_apart(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let (ben, other) = owned(&bed, "ben", "Other").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    join(&bed, &other, &kim, OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    bed.enforce(&ben, &other).await;
    let recovered = recover(&bed.app, "acme", Recovery::MakeOwner(kim.id.to_string())).await.unwrap();
    assert!(recovered.done.contains("binds them still"), "{}", recovered.done);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
}

async fn r_ops_1_what_is_not_there_is_not_found(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.person("lee").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    membership::remove(&bed.app, &by_password(&bed, &sam).await.visitor, "acme", kim.id.as_str()).await.unwrap();
    for (organization, who) in [("nowhere", &sam), ("acme", &lee), ("acme", &kim)] {
        for name in [who.id.to_string(), who.email.clone()] {
            let recovered = recover(&bed.app, organization, Recovery::MakeOwner(name.clone())).await;
            assert_eq!(refused(recovered), Refusal::NotFound, "{name} of {organization}");
        }
    }
    let nobody = recover(&bed.app, "acme", Recovery::MakeOwner("no address".to_owned())).await;
    assert_eq!(refused(nobody), Refusal::NotFound);
    assert_eq!(refused(recover(&bed.app, "nowhere", Recovery::TurnOffEnforcement).await), Refusal::NotFound);
}
