//! The way out of a stopped sign-in (R-ENF-13): what it takes for shown, for whom there is none, and which links end with
//! the membership that they were mailed for.

use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::departure;
use orgate_app::error::Error;
use orgate_app::membership;
use orgate_app::organization::OrganizationView;
use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::sign_in::blocked::{self, Blocked, Departed};
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::{self, Promoted};
use orgate_app::visitor::Visitor;
use orgate_core::id::SignInId;
use orgate_core::membership::MembershipOrigin;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    r_enf_3_r_lnk_7_the_page_opens_for_who_has_no_proven_address_and_offers_no_way_out
    r_enf_13_who_signed_in_by_their_only_factor_has_shown_it
    r_enf_13_a_factor_that_was_shown_before_the_stop_is_not_asked_for_again
    r_enf_13_a_passkey_that_was_not_shown_is_not_passed_over
    r_enf_13_a_link_mailed_before_a_removal_does_not_end_a_later_membership
}

/// Kim is a member of Acme, which Sam owns.
async fn scene(bed: &Bed) -> (Person, OrganizationView, Person) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    (sam, acme, kim)
}

async fn enter(bed: &Bed, visitor: &Visitor, person: &Person) -> Entry {
    let typed = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    password::enter(&bed.app, visitor, typed, None).await.unwrap().0
}

fn stopped(entry: Entry) -> Blocked {
    match entry {
        Entry::Blocked(blocked) => blocked,
        Entry::SignedIn(_) | Entry::SecondFactor(_) => panic!("no SSO stopped the sign-in"),
    }
}

/// Asks for a code and reads it.
async fn code(bed: &Bed, visitor: &Visitor, id: &SignInId, person: &Person) -> String {
    bed.read_all(&person.email).await;
    blocked::mail_code(&bed.app, visitor, id, "acme").await.unwrap();
    bed.next_code(&person.email).await
}

async fn leave(bed: &Bed, visitor: &Visitor, id: &SignInId, person: &Person) -> Result<Departed, Error> {
    let typed = code(bed, visitor, id, person).await;
    blocked::leave(&bed.app, visitor, id, "acme", &typed).await
}

async fn is_member(bed: &Bed, organization: &OrganizationView, person: &Person) -> bool {
    let input = (organization.id.clone(), person.id.clone());
    bed.write(input, |tx, (organization, user)| {
        Box::pin(async move {
            let places = tx.instance().list_places(user).await?;
            Ok(places.iter().any(|place| place.organization_id == *organization))
        })
    })
    .await
}

async fn r_enf_3_r_lnk_7_the_page_opens_for_who_has_no_proven_address_and_offers_no_way_out(bed: Bed) {
    let (sam, acme, kim) = scene(&bed).await;
    bed.enforce(&sam, &acme).await;
    let visitor = bed.stranger();
    let before = stopped(enter(&bed, &visitor, &kim).await);
    assert!(before.may_leave);
    let id = before.attempt.clone().unwrap();
    let typed = code(&bed, &visitor, &id, &kim).await;
    // Its domain passes to another organization.
    let lost = format!("update users set email_proven_at = null, home_organization_id = null where id = '{}'", kim.id);
    bed.sabotage(&lost).await;
    let page = blocked::show(&bed.app, &visitor, &id).await.unwrap();
    assert_eq!(page, Blocked { may_leave: false, ..before }, "who asks for SSO, and the number, are there to read");
    for none in [
        refused(blocked::ask(&bed.app, &visitor, &id, "acme").await),
        refused(blocked::mail_code(&bed.app, &visitor, &id, "acme").await),
        refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await),
    ] {
        assert_eq!(none, Refusal::NotFound);
    }
    assert!(is_member(&bed, &acme, &kim).await);
}

async fn r_enf_13_who_signed_in_by_their_only_factor_has_shown_it(bed: Bed) {
    let (sam, acme, kim) = scene(&bed).await;
    let mut device = bed.passkey(&kim.id, 1).await;
    bed.enforce(&sam, &acme).await;
    let visitor = bed.stranger();
    let id = stopped(bed.enter_by_passkey(&visitor, &mut device).await.unwrap()).attempt.unwrap();
    let view = blocked::ask(&bed.app, &visitor, &id, "acme").await.unwrap();
    assert_eq!((view.obstacle, view.factors), (None, Vec::new()));
    let departed = leave(&bed, &visitor, &id, &kim).await.unwrap();
    assert!(matches!(departed, Departed::SignedIn { .. }), "{departed:?}");
    assert!(!is_member(&bed, &acme, &kim).await);
    let query = AuditQuery { action: Some("member.left".to_owned()), ..AuditQuery::default() };
    let left = audit_log::list(&bed.app, &sam.visitor, "acme", query).await.unwrap().items.remove(0);
    assert!(left.data.contains("\"second\":\"passkey\""), "{}", left.data);
}

async fn r_enf_13_a_factor_that_was_shown_before_the_stop_is_not_asked_for_again(bed: Bed) {
    let (sam, acme, kim) = scene(&bed).await;
    let app = bed.authenticator(&kim.id).await;
    let visitor = bed.stranger();
    let Entry::SecondFactor(waiting) = enter(&bed, &visitor, &kim).await else { panic!("it does not wait") };
    bed.enforce(&sam, &acme).await;
    let id = waiting.sign_in_id;
    let promoted = second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await.unwrap();
    let Promoted::Blocked(blocked) = promoted else { panic!("it was not stopped") };
    let departed = leave(&bed, &visitor, &blocked.attempt.unwrap(), &kim).await.unwrap();
    assert!(matches!(departed, Departed::SignedIn { .. }), "{departed:?}");
    assert!(!is_member(&bed, &acme, &kim).await);
}

async fn r_enf_13_a_passkey_that_was_not_shown_is_not_passed_over(bed: Bed) {
    let (sam, acme, kim) = scene(&bed).await;
    bed.enforce(&sam, &acme).await;
    let visitor = bed.stranger();
    let id = stopped(enter(&bed, &visitor, &kim).await).attempt.unwrap();
    let typed = code(&bed, &visitor, &id, &kim).await;
    bed.passkey(&kim.id, 1).await;
    let view = blocked::ask(&bed.app, &visitor, &id, "acme").await.unwrap();
    assert_eq!(view.obstacle, Some(Refusal::NeedsSecondFactor));
    let left = refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await);
    assert_eq!(left, Refusal::NeedsSecondFactor);
    assert!(is_member(&bed, &acme, &kim).await);
}

async fn r_enf_13_a_link_mailed_before_a_removal_does_not_end_a_later_membership(bed: Bed) {
    let (sam, acme, kim) = scene(&bed).await;
    bed.enforce(&sam, &acme).await;
    bed.read_all(&kim.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    let link = bed.next_mail(&kim.email).await.link("/leave/").unwrap();
    let token = link.rsplit('/').next().unwrap();
    assert!(departure::open(&bed.app, token).await.is_ok());
    membership::remove(&bed.app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    membership::readmit(&bed.app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    let input = (acme.id.clone(), kim.id.clone(), bed.now());
    bed.write(input, |tx, (organization, user, now)| {
        Box::pin(async move {
            let (role, origin) = (OrganizationRole::Member, MembershipOrigin::Sso);
            tx.organization(organization).join(user, role, origin, *now).await
        })
    })
    .await;
    assert_eq!(refused(departure::open(&bed.app, token).await), Refusal::AttemptOver);
    let late = refused(departure::complete(&bed.app, &bed.stranger(), token).await);
    assert_eq!(late, Refusal::AttemptOver);
    assert!(is_member(&bed, &acme, &kim).await);
}
