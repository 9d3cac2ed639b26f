//! Turning enforcement on and changing its switches: R-ENF-5, R-ENF-6, R-ENF-8, R-ORG-7.

use orgate_app::enforcement::{self, EnforcementView, Pace, WishForm};
use orgate_app::error::Error;
use orgate_app::{operator, organization, session};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_both, by_password, events, lives, mails, opens, owned, requiring, sign_in};
use crate::support::{Bed, Person, refused};

on_each_engine! {
    r_enf_5_each_obstacle_has_its_code
    r_enf_5_an_owner_without_a_password_is_no_way_back_in_and_operator_recovery_is
    r_enf_5_the_exemption_goes_only_by_an_owner_who_came_through_sso_a_moment_ago
    r_enf_5_members_neither_turn_it_on_nor_see_it
    r_enf_6_it_ends_every_session_of_who_is_bound_sso_sessions_too
    r_enf_6_repeating_the_call_ends_nothing_more
    r_enf_6_owners_are_mailed_the_login_address_and_the_log_says_who_and_how_many
    r_enf_6_switching_the_exemption_off_later_ends_the_owners_sessions
    r_enf_8_only_an_owner_with_a_second_factor_asks_it_of_the_others
    r_org_7_without_entitlement_it_is_not_turned_on
}

const ON: WishForm = WishForm {
    enabled: true,
    owner_exemption: None,
    owner_second_factor: None,
    accept_operator_recovery: None,
    trial_minutes: None,
    require_mfa_again: false,
    confirm: true,
};

async fn set(bed: &Bed, owner: &Person, form: WishForm) -> Result<EnforcementView, Error> {
    enforcement::set(&bed.app, &owner.visitor, "acme", form).await
}

async fn r_enf_5_each_obstacle_has_its_code(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    assert_eq!(refused(set(&bed, &sam, ON).await), Refusal::ConnectionNotValidated, "no connection at all");
    bed.connection(&acme.id).await;
    let strict = WishForm { owner_exemption: Some(false), accept_operator_recovery: Some(true), ..ON };
    assert_eq!(refused(set(&bed, &sam, strict).await), Refusal::NeedsRecentProof, "not through this connection");
    assert_eq!(refused(set(&bed, &sam, WishForm { owner_second_factor: Some(true), ..ON }).await), {
        Refusal::NeedsSecondFactor
    });
    for minutes in [0, 24 * 60 + 1] {
        let trial = set(&bed, &sam, WishForm { trial_minutes: Some(minutes), ..ON }).await;
        assert!(matches!(refused(trial), Refusal::InvalidInput(fields) if fields[0].field == "trial_minutes"));
    }
    let unsaid = set(&bed, &sam, WishForm { confirm: false, ..ON }).await;
    assert!(matches!(refused(unsaid), Refusal::InvalidInput(fields) if fields[0].field == "confirm"));
    bed.advance(16);
    assert_eq!(refused(set(&bed, &sam, ON).await), Refusal::NeedsRecentProof, "R-IN-8");
    let sam = by_password(&bed, &sam).await;
    assert!(!enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().enabled, "nothing of it was written");
    assert!(events(&bed, &sam, "acme", "enforcement.enabled").await.is_empty());
    set(&bed, &sam, ON).await.unwrap();
    let trial = set(&bed, &sam, WishForm { trial_minutes: Some(10), ..ON }).await;
    assert_eq!(refused(trial), Refusal::AlreadyEnforced);
}

async fn r_enf_5_an_owner_without_a_password_is_no_way_back_in_and_operator_recovery_is(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    bed.write(sam.id.clone(), |tx, id| Box::pin(async move { tx.instance().delete_password(id).await })).await;
    assert_eq!(refused(set(&bed, &sam, ON).await), Refusal::NoWayBackIn);
    let accepted = set(&bed, &sam, WishForm { accept_operator_recovery: Some(true), ..ON }).await.unwrap();
    assert!(accepted.enabled && accepted.accept_operator_recovery && accepted.break_glass.is_empty());
    let given_up = set(&bed, &sam, WishForm { accept_operator_recovery: Some(false), ..ON }).await;
    assert_eq!(refused(given_up), Refusal::NoWayBackIn, "it is the only one");
    bed.member(&acme, "kim", OrganizationRole::Owner).await;
    let kept = set(&bed, &sam, WishForm { accept_operator_recovery: Some(false), ..ON }).await.unwrap();
    let names: Vec<_> = kept.break_glass.iter().map(|owner| owner.name.as_str()).collect();
    assert_eq!((names, kept.accept_operator_recovery), (vec!["kim"], false));
}

async fn r_enf_5_the_exemption_goes_only_by_an_owner_who_came_through_sso_a_moment_ago(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let strict = WishForm { owner_exemption: Some(false), ..ON };
    let both = by_both(&bed, &sam, &acme).await;
    assert_eq!(refused(set(&bed, &both, strict).await), Refusal::NoWayBackIn, "nobody could come in by a password");
    let strict = WishForm { accept_operator_recovery: Some(true), ..strict };
    bed.advance(16);
    let stale = bed.session(&sam, {
        let old = session::current(&bed.app, &both.visitor).await.unwrap().proofs;
        old.with(orgate_core::proof::Proof::Password { at: bed.now() })
    });
    assert_eq!(refused(set(&bed, &stale.await, strict).await), Refusal::NeedsRecentProof);
    let both = by_both(&bed, &sam, &acme).await;
    let view = set(&bed, &both, strict).await;
    assert!(!view.unwrap().owner_exemption);
    assert!(matches!(refused(sign_in(&bed, &sam.email).await), Refusal::SsoRequired(_)), "its own Owner is bound");
    assert!(!lives(&bed, &both).await, "and their session ended, as everybody's");
}

async fn r_enf_5_members_neither_turn_it_on_nor_see_it(bed: Bed) {
    let (_, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let lee = bed.person("lee").await;
    for (person, refusal) in [(&kim, Refusal::NotPermitted), (&lee, Refusal::NotFound)] {
        assert_eq!(refused(set(&bed, person, ON).await), refusal);
        assert_eq!(refused(enforcement::show(&bed.app, &person.visitor, "acme").await), refusal);
        assert_eq!(refused(enforcement::forecast(&bed.app, &person.visitor, "acme", None, None).await), refusal);
    }
}

async fn r_enf_6_it_ends_every_session_of_who_is_bound_sso_sessions_too(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let (ben, other) = owned(&bed, "ben", "Other").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    let born = bed.born_by_sso(&acme, "Dana", "dana@acme.example").await;
    crate::scene::join(&bed, &other, &kim, OrganizationRole::Member).await;
    let by_other = bed.sso_session(&kim, &other.id).await;
    bed.enforce(&sam, &acme).await;
    for person in [&kim, &by_sso, &born, &by_other] {
        let refusal = refused(session::current(&bed.app, &person.visitor).await);
        assert!(matches!(refusal, Refusal::SessionEnded(_)), "{refusal:?}");
    }
    assert_eq!(requiring(&refused(session::current(&bed.app, &kim.visitor).await)), ["acme"]);
    let unnamed = refused(session::current(&bed.app, &by_other.visitor).await);
    assert!(requiring(&unnamed).is_empty(), "R-IN-9: another organization's SSO learns of nobody else");
    assert!(lives(&bed, &sam).await && lives(&bed, &ben).await);
    let again = bed.sso_session(&kim, &acme.id).await;
    assert!(opens(&bed, &again, "acme").await, "log out, and re-authenticate");
}

async fn r_enf_6_repeating_the_call_ends_nothing_more(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    bed.read_all(&sam.email).await;
    bed.enforce(&sam, &acme).await;
    assert!(opens(&bed, &by_sso, "acme").await);
    enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap();
    bed.enforce(&sam, &acme).await;
    assert!(opens(&bed, &by_sso, "acme").await);
    assert_eq!(events(&bed, &sam, "acme", "enforcement.enabled").await.len(), 1);
    assert!(mails(&bed, &sam.email).await.is_empty());
}

async fn r_enf_6_owners_are_mailed_the_login_address_and_the_log_says_who_and_how_many(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Owner).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.sso_session(&kim, &acme.id).await;
    bed.member(&acme, "jo", OrganizationRole::Member).await;
    for person in [&sam, &lee, &kim] {
        bed.read_all(&person.email).await;
    }
    bed.enforce(&sam, &acme).await;
    for owner in [&sam, &lee] {
        let [mail] = <[_; 1]>::try_from(mails(&bed, &owner.email).await).unwrap();
        assert!(mail.link("/sign-in/acme").is_some(), "{}", mail.text);
    }
    assert!(mails(&bed, &kim.email).await.is_empty());
    let [event] = <[_; 1]>::try_from(events(&bed, &sam, "acme", "enforcement.enabled").await).unwrap();
    assert_eq!((event.actor, event.outcome.as_str()), (format!("user:{}", sam.id), "success"));
    assert!(events(&bed, &sam, "acme", "enforcement.swept").await.is_empty());
    assert_eq!(enforcement::sweep_once(&bed.app, Pace::Brisk).await.unwrap(), 3);
    assert_eq!(enforcement::sweep_once(&bed.app, Pace::Gentle).await.unwrap(), 0, "there is nothing left to do");
    let [swept] = <[_; 1]>::try_from(events(&bed, &sam, "acme", "enforcement.swept").await).unwrap();
    let data: serde_json::Value = serde_json::from_str(&swept.data).unwrap();
    assert_eq!(data, serde_json::json!({ "members_bound": 2, "sessions_ended": 3 }));
    assert_eq!(swept.actor, "system");
}

async fn r_enf_6_switching_the_exemption_off_later_ends_the_owners_sessions(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Owner).await;
    bed.enforce(&sam, &acme).await;
    assert!(lives(&bed, &lee).await);
    let both = by_both(&bed, &sam, &acme).await;
    let strict = WishForm { owner_exemption: Some(false), accept_operator_recovery: Some(true), ..ON };
    set(&bed, &both, strict).await.unwrap();
    for person in [&lee, &sam, &both] {
        assert!(!lives(&bed, person).await);
    }
    let both = by_both(&bed, &sam, &acme).await;
    set(&bed, &both, WishForm { owner_exemption: Some(true), ..ON }).await.unwrap();
    sign_in(&bed, &lee.email).await.unwrap();
    assert!(!lives(&bed, &lee).await, "dead stays dead");
    assert!(lives(&bed, &both).await, "loosening ends nothing");
}

async fn r_enf_8_only_an_owner_with_a_second_factor_asks_it_of_the_others(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let asks = WishForm { owner_second_factor: Some(true), accept_operator_recovery: Some(true), ..ON };
    assert!(!enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().has_second_factor);
    assert_eq!(refused(set(&bed, &sam, asks).await), Refusal::NeedsSecondFactor);
    set(&bed, &sam, ON).await.unwrap();
    assert_eq!(refused(set(&bed, &sam, asks).await), Refusal::NeedsSecondFactor, "later too");
    assert!(!enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().owner_second_factor);
    assert!(lives(&bed, &sam).await);
}

async fn r_org_7_without_entitlement_it_is_not_turned_on(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    operator::set_sso_entitled(&bed.app, None, "acme", false).await.unwrap();
    assert_eq!(refused(set(&bed, &sam, ON).await), Refusal::SsoNotEntitled);
    operator::set_sso_entitled(&bed.app, None, "acme", true).await.unwrap();
    set(&bed, &sam, ON).await.unwrap();
    assert!(organization::get(&bed.app, &sam.visitor, "acme").await.unwrap().enforced);
}
