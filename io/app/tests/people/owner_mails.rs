//! Who becomes an Owner by an invitation: all Owners hear of each sending, and of its effect (R-IN-8, R-OPS-3).

use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::invitation::{self, NewInvitations};
use orgate_core::membership::MembershipOrigin;
use orgate_core::role::OrganizationRole;

use super::invitations::token;
use crate::support::{Bed, Person};

/// Each of these Owners has one new mail, which says this.
async fn told(bed: &Bed, owners: [&Person; 2], did: &str) {
    for owner in owners {
        let mail = bed.next_mail(&owner.email).await;
        // Its lines are wrapped.
        let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(did), "{did}: {words}");
        assert!(bed.mail(&owner.email).await.is_none(), "{did}: once");
    }
}

async fn r_in_8_the_owners_hear_of_each_sending_of_an_invitation_as_owner_and_of_its_effect(bed: Bed) {
    let app = &bed.app;
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    let lee = bed.person("lee").await;
    let owners = [&sam, &bo];
    for owner in owners {
        bed.read_all(&owner.email).await;
    }
    let new = NewInvitations { emails: vec![lee.email.clone()], role: OrganizationRole::Owner, projects: Vec::new() };
    let sent = invitation::invite(app, &sam.visitor, "acme", new).await.unwrap().items.remove(0);
    told(&bed, owners, "sam invited 1 people as Owners").await;
    let id = sent.invitation.id.as_str();
    invitation::resend(app, &sam.visitor, "acme", id).await.unwrap();
    told(&bed, owners, "sam sent again the invitation to lee@example.com as Owner").await;
    let copied = invitation::copy_link(app, &bo.visitor, "acme", id).await.unwrap();
    told(&bed, owners, "bo copied a link of the invitation to lee@example.com as Owner").await;

    // Meanwhile Lee came in as a member, by the organization's own SSO.
    bed.write((acme.id.clone(), lee.id.clone(), bed.now()), |tx, (acme, lee, now)| {
        let origin = MembershipOrigin::Sso;
        Box::pin(async move { tx.organization(acme).join(lee, OrganizationRole::Member, origin, *now).await })
    })
    .await;
    let accepted = invitation::accept(app, &lee.visitor, token(&copied.link), None).await.unwrap();
    assert_eq!(accepted.role, OrganizationRole::Owner);
    told(&bed, owners, "lee became an Owner by an invitation").await;
    let query = AuditQuery { action: Some("member.role-changed".to_owned()), ..AuditQuery::default() };
    let events = audit_log::list(app, &sam.visitor, "acme", query).await.unwrap().items;
    let [changed] = <[_; 1]>::try_from(events).unwrap();
    assert_eq!(audit_log::sentence(&changed), "lee changed the role of lee from Member to Owner");
    let facts: serde_json::Value = serde_json::from_str(&changed.data).unwrap();
    assert_eq!(facts, serde_json::json!({ "from": "member", "to": "owner", "invitation_id": id }));
}

async fn r_in_8_and_of_an_owner_who_is_new_to_the_organization(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let bo = bed.member(&acme, "bo", OrganizationRole::Owner).await;
    let lee = bed.person("lee").await;
    let new = NewInvitations { emails: vec![lee.email.clone()], role: OrganizationRole::Owner, projects: Vec::new() };
    let sent = invitation::invite(&bed.app, &sam.visitor, "acme", new).await.unwrap().items.remove(0);
    for owner in [&sam, &bo] {
        bed.read_all(&owner.email).await;
    }
    invitation::accept(&bed.app, &lee.visitor, token(&sent.link), None).await.unwrap();
    told(&bed, [&sam, &bo], "lee became an Owner by an invitation").await;
}

on_each_engine! {
    r_in_8_the_owners_hear_of_each_sending_of_an_invitation_as_owner_and_of_its_effect
    r_in_8_and_of_an_owner_who_is_new_to_the_organization
}
