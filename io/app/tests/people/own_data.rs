//! What a person reads of themselves, and what they are told by mail: the export, new devices, changes of their place.

use orgate_app::account::{self, export};
use orgate_app::membership;
use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{Credentials, Entry, begin};
use orgate_app::visitor::Visitor;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, PASSWORD, Person, refused};

async fn an_export_holds_the_person_and_nobody_else_and_no_secret(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = &bed.app;
    account::rename(app, &kim.visitor, "Kim Vale").await.unwrap();
    let read = export::export(app, &kim.visitor).await.unwrap();
    assert_eq!((read.user.name.as_str(), read.user.email.as_str()), ("Kim Vale", "kim@example.com"));
    assert_eq!((read.memberships.len(), read.memberships[0].name.as_str()), (1, "Acme"));
    assert!(read.email_proven && read.password_set_at.is_some() && read.sessions[0].current);
    let actions: Vec<&str> = read.events.iter().map(|event| event.action.as_str()).collect();
    assert!(actions.contains(&"user.renamed") && actions.contains(&"session.created"), "{actions:?}");
    assert!(read.events.iter().all(|event| event.actor == format!("user:{}", kim.id)), "T-ORG-5");
    assert!(!read.has_older_events);
    let printed = format!("{read:?}");
    assert!(!printed.contains("argon2") && !printed.contains("sam@example.com"), "{printed}");
    bed.advance(16);
    assert_eq!(refused(export::export(app, &kim.visitor).await), Refusal::NeedsRecentProof);
}

fn browser(bed: &Bed, ip: [u8; 4], agent: &str) -> Visitor {
    let mut visitor = Visitor::new(ip.into(), agent);
    visitor.browser = bed.stranger().browser;
    visitor
}

async fn sign_in(bed: &Bed, person: &Person, visitor: Visitor) {
    let credentials = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    begin(&bed.app, &visitor, credentials).await.and_then(Entry::session).unwrap();
}

async fn v6_3_5_a_sign_in_from_a_new_device_is_told_once(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.read_all(&sam.email).await;
    sign_in(&bed, &sam, bed.stranger()).await;
    assert!(bed.mail(&sam.email).await.is_none(), "where the person signed up");
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    for agent in [firefox, &firefox.replace("140", "141")] {
        sign_in(&bed, &sam, browser(&bed, [198, 51, 100, 7], agent)).await;
    }
    let told = bed.next_mail(&sam.email).await;
    assert!(told.subject.contains("New sign-in"), "{told:?}");
    for words in ["Firefox on Linux", "198.51.100.7", "password", "/account/security"] {
        assert!(told.text.contains(words), "{words}: {told:?}");
    }
    assert!(bed.mail(&sam.email).await.is_none(), "an update is no new device");
    sign_in(&bed, &sam, browser(&bed, [203, 0, 113, 9], firefox)).await;
    assert!(bed.mail(&sam.email).await.is_some(), "another network is");
    for number in 0..8 {
        sign_in(&bed, &sam, browser(&bed, [203, 0, 113, 9], &format!("program{number}/1"))).await;
    }
    let mut told = 0;
    while bed.mail(&sam.email).await.is_some() {
        told += 1;
    }
    assert_eq!(told, 3, "five an hour");
}

async fn a_member_is_told_what_somebody_changed_about_their_place(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    let (app, kim_id) = (&bed.app, kim.id.as_str());
    bed.read_all(&kim.email).await;
    membership::change_role(app, &sam.visitor, "acme", kim_id, OrganizationRole::Member).await.unwrap();
    membership::end_proofs(app, &sam.visitor, "acme", kim_id).await.unwrap();
    membership::remove(app, &sam.visitor, "acme", kim_id).await.unwrap();
    membership::readmit(app, &sam.visitor, "acme", kim_id).await.unwrap();
    let mut told = Vec::new();
    while let Some(mail) = bed.mail(&kim.email).await {
        assert!(mail.subject == "A change for you in Acme" && mail.text.starts_with("sam "), "{mail:?}");
        told.push(mail.text);
    }
    for words in ["made you a member", "prove again", "ended your membership", "re-admitted you"] {
        assert_eq!(told.iter().filter(|text| text.contains(words)).count(), 1, "{words}: {told:?}");
    }
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    membership::remove(app, &sam.visitor, "acme", born.id.as_str()).await.unwrap();
    assert!(bed.mail("bo@corp.example").await.is_none(), "nobody has proven that address");
}

async fn r_in_9_an_sso_proof_alone_gives_no_other_name_to_who_is_in_other_organizations(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let app = &bed.app;
    let by_sso = bed.sso_session(&sam, &acme.id).await;
    assert_eq!(refused(account::rename(app, &by_sso.visitor, "Root").await), Refusal::NeedsProof);
    let proof = bed.sso_proof(&acme.id, None).await;
    let coded = bed.session(&sam, Proofs::of(proof).with(Proof::MailedCode { at: bed.now() })).await;
    account::rename(app, &coded.visitor, "Sam Ode").await.unwrap();
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    account::rename(app, &born.visitor, "Bo Vale").await.unwrap();
}

on_each_engine! {
    an_export_holds_the_person_and_nobody_else_and_no_secret
    v6_3_5_a_sign_in_from_a_new_device_is_told_once
    a_member_is_told_what_somebody_changed_about_their_place
    r_in_9_an_sso_proof_alone_gives_no_other_name_to_who_is_in_other_organizations
}
