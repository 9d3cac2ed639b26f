//! The front door while SSO is enforced: T-ENF-2, T-ENF-3, T-ENF-4, T-ENF-18, R-ENF-3.

use orgate_app::account::{self, PasswordChange};
use orgate_app::sign_in::password::Credentials;
use orgate_app::sign_in::{password, step_up};
use orgate_app::{enforcement, password_reset};
use orgate_app::{passwords::Password, session};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_both, by_password, events, mails, opens, requiring, rows, sign_in, sign_in_with};
use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    t_enf_2_the_refusal_comes_before_any_token_exists
    t_enf_2_a_wrong_password_is_answered_as_without_enforcement
    t_enf_3_a_reset_is_answered_alike_for_all
    t_enf_3_a_link_from_before_dies_with_enforcement_and_stays_dead_when_it_is_off_again
    t_enf_3_a_link_of_an_exempt_owner_lives_on
    t_enf_4_a_password_is_changed_by_nobody_whom_enforcement_binds
    t_enf_18_a_sign_in_without_sso_is_audited_and_mailed_to_the_other_owners
    t_enf_18_who_comes_in_by_a_password_on_top_of_anothers_sso_comes_without_sso
    t_enf_18_a_password_of_who_is_in_by_sso_is_no_sign_in_without_it
    t_enf_18_nobody_is_told_of_a_sign_in_through_sso_or_without_enforcement
    r_in_8_a_way_that_would_not_open_an_enforcing_organization_is_not_offered_for_it
}

const NEW: &str = "another long pass phrase";

async fn link(bed: &Bed, person: &Person) -> String {
    bed.read_all(&person.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &person.email).await.unwrap();
    let link = bed.next_mail(&person.email).await.link("/password-reset/").unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

async fn t_enf_2_the_refusal_comes_before_any_token_exists(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    let before = rows(&bed, &kim).await;
    let refusal = refused(sign_in(&bed, &kim.email).await);
    assert!(matches!(refusal, Refusal::SsoRequired(_)));
    assert_eq!(requiring(&refusal), ["acme"]);
    assert_eq!(rows(&bed, &kim).await, before, "no row was written, not even an ended one");
    let again = password::confirm(&bed.app, &kim.visitor, Password::from_typed(PASSWORD)).await;
    assert!(matches!(refused(again), Refusal::SessionEnded(_)), "nor from the session that enforcement ended");
    assert_eq!(rows(&bed, &kim).await, before);
}

/// Only who knows the password is told.
async fn t_enf_2_a_wrong_password_is_answered_as_without_enforcement(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    for email in [kim.email.as_str(), "nobody@example.com"] {
        assert_eq!(refused(sign_in_with(&bed, email, "not the password").await), Refusal::InvalidCredentials);
    }
}

async fn t_enf_3_a_reset_is_answered_alike_for_all(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    for email in [kim.email.as_str(), sam.email.as_str(), "nobody@example.com"] {
        bed.read_all(email).await;
        password_reset::request(&bed.app, &bed.stranger(), email).await.unwrap();
    }
    let [mail] = <[_; 1]>::try_from(mails(&bed, &kim.email).await).unwrap();
    assert!(mail.link("/sign-in/acme").is_some() && mail.link("/password-reset/").is_none(), "{}", mail.text);
    assert!(bed.next_mail(&sam.email).await.link("/password-reset/").is_some(), "an exempt Owner");
    assert!(mails(&bed, "nobody@example.com").await.is_empty());
}

async fn t_enf_3_a_link_from_before_dies_with_enforcement_and_stays_dead_when_it_is_off_again(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let (one, other) = (link(&bed, &kim).await, link(&bed, &kim).await);
    bed.enforce(&sam, &acme).await;
    let completed = password_reset::complete(&bed.app, &bed.stranger(), &one, NEW).await;
    assert_eq!(requiring(&refused(completed)), ["acme"]);
    bed.stop_enforcing(&sam, &acme).await;
    bed.advance(1);
    for is_swept in [false, true] {
        for link in [&one, &other] {
            let completed = password_reset::complete(&bed.app, &bed.stranger(), link, NEW).await;
            let refusal = refused(completed);
            assert!(matches!(refusal, Refusal::AttemptOver | Refusal::NotFound), "{is_swept}: {refusal:?}");
        }
        // From then on nothing tells any more what they came upon.
        enforcement::sweep_once(&bed.app, enforcement::Pace::Brisk).await.unwrap();
    }
    assert_eq!(refused(sign_in_with(&bed, &kim.email, NEW).await), Refusal::InvalidCredentials, "nothing was set");
    sign_in(&bed, &kim.email).await.unwrap();
    let fresh = link(&bed, &kim).await;
    password_reset::complete(&bed.app, &bed.stranger(), &fresh, NEW).await.unwrap();
    sign_in_with(&bed, &kim.email, NEW).await.unwrap();
}

async fn t_enf_3_a_link_of_an_exempt_owner_lives_on(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let token = link(&bed, &sam).await;
    bed.enforce(&sam, &acme).await;
    password_reset::complete(&bed.app, &bed.stranger(), &token, NEW).await.unwrap();
    sign_in_with(&bed, &sam.email, NEW).await.unwrap();
}

async fn t_enf_4_a_password_is_changed_by_nobody_whom_enforcement_binds(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let born = bed.born_by_sso(&acme, "Born", "born@acme.example").await;
    bed.enforce(&sam, &acme).await;
    let change = |current: Option<&str>| PasswordChange { current: current.map(str::to_owned), new: NEW.to_owned() };
    for (person, current) in [(&kim, Some(PASSWORD)), (&born, None)] {
        let by_sso = bed.sso_session(person, &acme.id).await;
        let proofs = session::current(&bed.app, &by_sso.visitor).await.unwrap().proofs;
        let confirmed = bed.session(person, proofs.with(Proof::MailedCode { at: bed.now() })).await;
        let changed = account::change_password(&bed.app, &confirmed.visitor, change(current)).await;
        let refusal = refused(changed);
        assert!(matches!(refusal, Refusal::SsoRequired(_) | Refusal::NeedsProof), "{}: {refusal:?}", person.name);
    }
    assert_eq!(refused(sign_in_with(&bed, &kim.email, NEW).await), Refusal::InvalidCredentials);
    account::change_password(&bed.app, &sam.visitor, change(Some(PASSWORD))).await.unwrap();
}

async fn t_enf_18_a_sign_in_without_sso_is_audited_and_mailed_to_the_other_owners(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    for person in [&sam, &kim, &lee] {
        bed.read_all(&person.email).await;
    }
    let inside = sign_in(&bed, &sam.email).await.unwrap();
    let [event] = <[_; 1]>::try_from(events(&bed, &inside, "acme", "session.created-without-sso").await).unwrap();
    assert_eq!(event.actor, format!("user:{}", sam.id));
    let [mail] = <[_; 1]>::try_from(mails(&bed, &kim.email).await).unwrap();
    assert!(mail.text.contains("sam") && mail.text.contains("Acme"), "{}", mail.text);
    for person in [&sam, &lee] {
        assert!(mails(&bed, &person.email).await.is_empty(), "not to {}", person.name);
    }
    // Confirming in a session there is lets nobody in who was in before.
    password::confirm(&bed.app, &inside.visitor, Password::from_typed(PASSWORD)).await.unwrap();
    assert!(mails(&bed, &kim.email).await.is_empty());
}

async fn t_enf_18_who_comes_in_by_a_password_on_top_of_anothers_sso_comes_without_sso(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    let bolt = bed.organization(&sam, "Bolt").await;
    bed.enforce(&sam, &acme).await;
    let by_bolt = bed.sso_session(&sam, &bolt.id).await;
    assert!(opens(&bed, &by_bolt, "bolt").await && !opens(&bed, &by_bolt, "acme").await);
    bed.read_all(&kim.email).await;
    let issued = password::confirm(&bed.app, &by_bolt.visitor, Password::from_typed(PASSWORD)).await.unwrap();
    let inside = Person::of(&issued, by_bolt.visitor);
    assert!(opens(&bed, &inside, "acme").await);
    assert_eq!(events(&bed, &inside, "acme", "session.created-without-sso").await.len(), 1);
    assert_eq!(mails(&bed, &kim.email).await.len(), 1);
}

async fn t_enf_18_a_password_of_who_is_in_by_sso_is_no_sign_in_without_it(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    bed.read_all(&sam.email).await;
    let typed = Credentials { email: kim.email.clone(), password: Password::from_typed(PASSWORD) };
    password::begin(&bed.app, &by_sso.visitor, typed).await.unwrap().session().unwrap();
    let sam = by_password(&bed, &sam).await;
    assert!(events(&bed, &sam, "acme", "session.created-without-sso").await.is_empty());
    assert!(mails(&bed, &sam.email).await.is_empty());
}

async fn t_enf_18_nobody_is_told_of_a_sign_in_through_sso_or_without_enforcement(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    bed.read_all(&kim.email).await;
    sign_in(&bed, &sam.email).await.unwrap();
    assert!(mails(&bed, &kim.email).await.is_empty());
    let sam = by_password(&bed, &sam).await;
    assert!(events(&bed, &sam, "acme", "session.created-without-sso").await.is_empty());
}

/// Who is bound is sent to the provider; the same session is confirmed by the password where their own account is concerned.
async fn r_in_8_a_way_that_would_not_open_an_enforcing_organization_is_not_offered_for_it(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    let (kim, sam) = (by_both(&bed, &kim, &acme).await, by_both(&bed, &sam, &acme).await);
    let ways = async |person: &Person, place| step_up::ways(&bed.app, &person.visitor, place).await.unwrap();
    let bound = ways(&kim, Some("acme")).await;
    assert!(!bound.password && bound.mailed_code.is_none(), "{bound:?}");
    assert_eq!(bound.sso.iter().map(|(slug, _)| slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    let account = ways(&kim, None).await;
    assert!(account.password && account.mailed_code.is_some(), "{account:?}");
    assert!(ways(&sam, Some("acme")).await.password, "an exempt Owner's password opens it");
}
