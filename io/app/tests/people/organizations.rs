//! Creating, renaming, leaving and deleting organizations; the operator's entitlement.

use orgate_app::connection;
use orgate_app::jobs;
use orgate_app::operator;
use orgate_app::organization::{self, NewOrganization};
use orgate_app::project;
use orgate_app::session;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, Person, refused};

async fn r_org_2_who_creates_an_organization_is_its_owner(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme Robotics").await;
    assert_eq!((acme.slug.as_str(), acme.role, acme.is_last_owner), ("acme-robotics", OrganizationRole::Owner, true));
    assert_eq!(acme.login_address, "https://orgate.example.com/sign-in/acme-robotics");
    assert!(acme.sso_entitled && acme.may(Permission::ConnectionManage));
    let current = session::current(&bed.app, &sam.visitor).await.unwrap();
    let names: Vec<_> = current.organizations.iter().map(|place| (place.name.as_str(), place.access)).collect();
    assert_eq!(names, [("Acme Robotics", session::Access::Open)]);
}

async fn a_person_lists_their_organizations_and_which_they_cannot_leave(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    bed.organization(&kim, "Own").await;
    let own = organization::list(&bed.app, &kim.visitor).await.unwrap();
    let held: Vec<_> = own.iter().map(|one| (one.place.slug.as_str(), one.is_last_owner)).collect();
    assert!(held.contains(&("acme", false)) && held.contains(&("own", true)), "{held:?}");
    assert!(own.iter().all(|one| one.joined_at == bed.now()));
}

async fn a_short_name_is_taken_once_and_suggested_otherwise(bed: Bed) {
    let sam = bed.person("sam").await;
    let first = bed.organization(&sam, "Acme").await;
    let second = bed.organization(&sam, "Acme").await;
    assert_eq!((first.slug.as_str(), second.slug.as_str()), ("acme", "acme-2"));
    let typed = NewOrganization { name: "Other".to_owned(), slug: Some("acme".to_owned()) };
    assert_eq!(refused(organization::create(&bed.app, &sam.visitor, typed).await), Refusal::SlugTaken);
    let strange = NewOrganization { name: String::new(), slug: Some("No Slug".to_owned()) };
    let Refusal::InvalidInput(fields) = refused(organization::create(&bed.app, &sam.visitor, strange).await) else {
        panic!("two fields are wrong")
    };
    assert_eq!(fields.iter().map(|field| field.field).collect::<Vec<_>>(), ["name", "slug"]);
}

async fn r_api_1_what_was_made_by_a_name_of_ones_own_is_answered_once_more(bed: Bed) {
    let (app, sam) = (&bed.app, bed.person("sam").await);
    let create = async |who: &Person, name: &str| {
        let typed = NewOrganization { name: name.to_owned(), slug: Some("acme".to_owned()) };
        organization::create(app, &who.visitor, typed).await
    };
    let acme = create(&sam, "Acme").await.unwrap();
    assert_eq!(create(&sam, "Acme").await.unwrap(), acme);
    assert_eq!(refused(create(&sam, "Other").await), Refusal::SlugTaken);
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    assert_eq!(refused(create(&kim, "Acme").await), Refusal::SlugTaken, "they did not make it");

    let falcon = project::create_as(app, &sam.visitor, "acme", "Falcon", Some("falcon")).await.unwrap();
    for who in [&sam, &kim] {
        let again = project::create_as(app, &who.visitor, "acme", "Falcon", Some("falcon")).await.unwrap();
        assert_eq!(again, falcon);
    }
    let other = project::create_as(app, &sam.visitor, "acme", "Heron", Some("falcon")).await;
    assert_eq!(refused(other), Refusal::SlugTaken);

    let draft = async |who: &Person, name: Option<&str>| {
        connection::create(app, &who.visitor, "acme", "oidc", name).await.unwrap().connection.id
    };
    let ours = draft(&sam, Some("Ours")).await;
    assert_eq!(draft(&sam, Some(" Ours ")).await, ours);
    assert_ne!(draft(&kim, Some("Ours")).await, ours, "everybody their own");
    assert_ne!(draft(&sam, None).await, draft(&sam, None).await, "a name that nobody chose");

    // Whom it is closed to is not told that it is there as they left it.
    bed.write(acme.id.clone(), |tx, acme| {
        Box::pin(async move { tx.organization(acme).set_mfa_required(true).await.map(|_| ()) })
    })
    .await;
    assert_eq!(refused(create(&sam, "Acme").await), Refusal::SlugTaken);
}

async fn t_org_5_another_organizations_name_or_id_is_not_found(bed: Bed) {
    let (sam, kim) = (bed.person("sam").await, bed.person("kim").await);
    let acme = bed.organization(&sam, "Acme").await;
    for named in [acme.id.as_str(), acme.slug.as_str(), "nobody"] {
        assert_eq!(refused(organization::get(&bed.app, &kim.visitor, named).await), Refusal::NotFound);
        assert_eq!(refused(organization::rename(&bed.app, &kim.visitor, named, "Mine").await), Refusal::NotFound);
        assert_eq!(refused(organization::leave(&bed.app, &kim.visitor, named).await), Refusal::NotFound);
        let deletion = organization::request_deletion(&bed.app, &kim.visitor, named, "acme").await;
        assert_eq!(refused(deletion), Refusal::NotFound);
    }
}

async fn only_owners_rename(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    assert_eq!(refused(organization::rename(&bed.app, &kim.visitor, "acme", "Mine").await), Refusal::NotPermitted);
    let renamed = organization::rename(&bed.app, &sam.visitor, "acme", " Acme  Robotics ").await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.slug.as_str()), ("Acme Robotics", "acme"));
}

async fn r_org_5_deletion_needs_the_typed_name_and_a_recent_proof_and_can_be_undone(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    bed.read_all(&kim.email).await;
    let mistyped = organization::request_deletion(&bed.app, &sam.visitor, "acme", "acne").await;
    assert!(matches!(refused(mistyped), Refusal::InvalidInput(_)));
    organization::request_deletion(&bed.app, &sam.visitor, "acme", "acme").await.unwrap();
    assert!(bed.next_mail(&kim.email).await.text.contains("asked for its deletion"), "R-IN-8: all Owners are mailed");
    organization::undo_deletion(&bed.app, &kim.visitor, "acme").await.unwrap();
    assert_eq!(refused(organization::undo_deletion(&bed.app, &kim.visitor, "acme").await), Refusal::NotFound);
    assert_eq!(organization::get(&bed.app, &sam.visitor, "acme").await.unwrap().deletes_at, None);

    bed.advance(16);
    let stale = organization::request_deletion(&bed.app, &sam.visitor, "acme", "acme").await;
    assert_eq!(refused(stale), Refusal::NeedsRecentProof);
}

async fn r_org_5_a_deletion_takes_effect_after_seven_days_and_not_before(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let asked = organization::request_deletion(&bed.app, &sam.visitor, "acme", "Acme").await.unwrap();
    assert_eq!(asked.deletes_at, Some(bed.now().plus(organization::DELETION_DELAY)));
    bed.advance(7 * 24 * 60 - 1);
    assert_eq!(jobs::delete_once(&bed.app).await.unwrap(), 0);
    bed.advance(1);
    assert_eq!(jobs::delete_once(&bed.app).await.unwrap(), 1);
    assert_eq!(jobs::delete_once(&bed.app).await.unwrap(), 0);
    assert_eq!(
        refused(session::current(&bed.app, &born.visitor).await),
        Refusal::NoSession,
        "nothing else lets them in"
    );
    let load = bed.write(born.id.clone(), |tx, id| Box::pin(async move { tx.instance().load_user(id).await }));
    let left = load.await;
    assert!(left.closed_at.is_some() && left.name != "Bo" && !left.email.as_str().contains("bo@"), "{left:?}");
    let again = bed.person("kim").await;
    assert_eq!(bed.organization(&again, "Acme").await.slug, "acme", "the name is free");
}

async fn r_org_7_the_operator_gives_and_takes_the_entitlement(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    bed.read_all(&sam.email).await;
    operator::set_sso_entitled(&bed.app, None, "acme", false).await.unwrap();
    let told = bed.next_mail(&sam.email).await;
    assert!(told.text.contains("took single sign-on from its plan"), "{}", told.text);
    operator::set_sso_entitled(&bed.app, None, "acme", false).await.unwrap();
    assert!(bed.mail(&sam.email).await.is_none(), "nothing changed");
    assert!(!organization::get(&bed.app, &sam.visitor, "acme").await.unwrap().sso_entitled);
    operator::set_sso_entitled(&bed.app, None, acme.id.as_str(), true).await.unwrap();
    assert!(bed.next_mail(&sam.email).await.text.contains("made single sign-on part of its plan"));
    let unknown = operator::set_sso_entitled(&bed.app, None, "nobody", true).await;
    assert_eq!(refused(unknown), Refusal::NotFound);
    let all = operator::organizations(&bed.app, None, None).await.unwrap();
    assert_eq!(all.items.iter().map(|one| (one.slug.as_str(), one.sso_entitled)).collect::<Vec<_>>(), [("acme", true)]);
}

async fn r_in_9_an_sso_proof_alone_creates_no_organization(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let by_sso = bed.sso_session(&sam, &acme.id).await;
    let new = NewOrganization { name: "Mine".to_owned(), slug: None };
    assert_eq!(refused(organization::create(&bed.app, &by_sso.visitor, new).await), Refusal::NeedsProof);
}

on_each_engine! {
    r_api_1_what_was_made_by_a_name_of_ones_own_is_answered_once_more
    r_org_2_who_creates_an_organization_is_its_owner
    a_person_lists_their_organizations_and_which_they_cannot_leave
    a_short_name_is_taken_once_and_suggested_otherwise
    t_org_5_another_organizations_name_or_id_is_not_found
    only_owners_rename
    r_org_5_deletion_needs_the_typed_name_and_a_recent_proof_and_can_be_undone
    r_org_5_a_deletion_takes_effect_after_seven_days_and_not_before
    r_org_7_the_operator_gives_and_takes_the_entitlement
    r_in_9_an_sso_proof_alone_creates_no_organization
}

#[tokio::test]
async fn the_operator_is_known_by_the_whole_token_only() {
    let token = "0123456789abcdef0123456789abcdef";
    let bed = Bed::sqlite_with(&[("ORGATE_OPERATOR_TOKEN", token)]).await;
    assert!(operator::is_token(&bed.app, token));
    assert!(!operator::is_token(&bed.app, &token[..31]));
    let without = Bed::sqlite().await;
    assert!(!operator::is_token(&without.app, ""));
}

#[tokio::test]
async fn r_org_2_a_person_creates_as_many_organizations_as_the_operator_allows() {
    let bed = Bed::sqlite_with(&[("ORGATE_LIMIT_ORGANIZATIONS", "1")]).await;
    let sam = bed.person("sam").await;
    bed.organization(&sam, "One").await;
    let second = NewOrganization { name: "Two".to_owned(), slug: None };
    assert_eq!(refused(organization::create(&bed.app, &sam.visitor, second).await), Refusal::OrganizationLimit);
}
