//! The person's own account: name and password.

use orgate_app::account::{self, PasswordChange};
use orgate_app::membership::{self, MemberQuery};
use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::session;
use orgate_app::sign_in::password::{Credentials, begin};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, PASSWORD, refused};

const NEW: &str = "another long pass phrase";

fn change(current: Option<&str>, new: &str) -> PasswordChange {
    PasswordChange { current: current.map(str::to_owned), new: new.to_owned() }
}

fn fields(refusal: Refusal) -> Vec<&'static str> {
    let Refusal::InvalidInput(fields) = refusal else { panic!("{refusal:?} names no field") };
    fields.into_iter().map(|field| field.field).collect()
}

async fn a_person_takes_another_name_which_every_organization_sees(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    account::rename(&bed.app, &sam.visitor, " Sam   Ode ").await.unwrap();
    assert_eq!(session::current(&bed.app, &sam.visitor).await.unwrap().name, "Sam Ode");
    let members = membership::list(&bed.app, &sam.visitor, "acme", MemberQuery::default()).await.unwrap();
    assert_eq!(members.members.items[0].name, "Sam Ode");
    assert_eq!(fields(refused(account::rename(&bed.app, &sam.visitor, "\u{202e}").await)), ["name"]);
}

async fn v6_2_3_changing_the_password_needs_the_current_one_and_ends_other_sessions(bed: Bed) {
    let sam = bed.person("sam").await;
    let other = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    let app = &bed.app;
    for wrong in [None, Some("not the password")] {
        let refusal = refused(account::change_password(app, &sam.visitor, change(wrong, NEW)).await);
        assert_eq!(fields(refusal), ["current_password"]);
    }
    let weak = account::change_password(app, &sam.visitor, change(Some(PASSWORD), "short")).await;
    assert_eq!(fields(refused(weak)), ["new_password"]);
    password_reset::request(app, &bed.stranger(), &sam.email).await.unwrap();
    bed.read_all(&sam.email).await;
    account::change_password(app, &sam.visitor, change(Some(PASSWORD), NEW)).await.unwrap();
    session::current(app, &sam.visitor).await.unwrap();
    assert_eq!(refused(session::current(app, &other.visitor).await), Refusal::NoSession);
    assert!(bed.next_mail(&sam.email).await.subject.contains("was changed"), "V6.3.7");
    let credentials = Credentials { email: sam.email.clone(), password: Password::from_typed(NEW) };
    begin(app, &bed.stranger(), credentials).await.unwrap();
}

async fn r_in_9_an_sso_proof_alone_opens_no_account_and_a_code_on_top_does(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let by_sso = bed.sso_session(&sam, &acme.id).await;
    let app = &bed.app;
    assert_eq!(refused(account::security(app, &by_sso.visitor).await.map(|_| ())), Refusal::NeedsProof);
    let changed = account::change_password(app, &by_sso.visitor, change(Some(PASSWORD), NEW)).await;
    assert_eq!(refused(changed), Refusal::NeedsProof);
    assert_eq!(refused(session::list(app, &by_sso.visitor).await.map(|_| ())), Refusal::NeedsProof);
    assert_eq!(refused(session::end_others(app, &by_sso.visitor).await.map(|_| ())), Refusal::NeedsProof);
    let proofs = session::current(app, &by_sso.visitor).await.unwrap().proofs;
    let stronger = bed.session(&sam, proofs.with(Proof::MailedCode { at: bed.now() })).await;
    assert!(account::security(app, &stronger.visitor).await.unwrap().has_password);
}

async fn r_enf_9_an_sso_born_person_who_proved_the_address_sets_a_first_password(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let app = &bed.app;
    let too_early = account::change_password(app, &born.visitor, change(None, NEW)).await;
    assert_eq!(refused(too_early), Refusal::NeedsProof);
    let proofs = session::current(app, &born.visitor).await.unwrap().proofs;
    bed.write((born.id.clone(), bed.now()), |tx, (id, now)| {
        Box::pin(async move { tx.instance().set_email_proven(id, *now).await })
    })
    .await;
    let proven = bed.session(&born, proofs.with(Proof::MailedCode { at: bed.now() })).await;
    assert!(!account::security(app, &proven.visitor).await.unwrap().has_password);
    let stale = account::change_password(app, &proven.visitor, change(None, NEW)).await;
    assert_eq!(refused(stale), Refusal::NeedsRecentProof, "V7.5.1: a first password asks for no other");
    let fresh = Proofs::of(bed.sso_proof(&acme.id, Some(bed.now())).await);
    let proven = bed.session(&born, fresh.with(Proof::MailedCode { at: bed.now() })).await;
    account::change_password(app, &proven.visitor, change(None, NEW)).await.unwrap();
    let credentials = Credentials { email: born.email.clone(), password: Password::from_typed(NEW) };
    let issued = begin(app, &bed.stranger(), credentials).await.unwrap().session().unwrap();
    assert_eq!(issued.user.id, born.id);
}

async fn tries_of_the_current_password_are_limited(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.spend_limit(&format!("confirmation:{}", sam.id), 100).await;
    let tried = account::change_password(&bed.app, &sam.visitor, change(Some(PASSWORD), NEW)).await;
    assert_eq!(refused(tried).kind(), RefusalKind::TooMany);
    bed.advance(60);
    account::change_password(&bed.app, &sam.visitor, change(Some(PASSWORD), NEW)).await.unwrap();
}

on_each_engine! {
    a_person_takes_another_name_which_every_organization_sees
    v6_2_3_changing_the_password_needs_the_current_one_and_ends_other_sessions
    r_in_9_an_sso_proof_alone_opens_no_account_and_a_code_on_top_does
    r_enf_9_an_sso_born_person_who_proved_the_address_sets_a_first_password
    tries_of_the_current_password_are_limited
}
