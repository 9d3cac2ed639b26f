//! The switch of R-ENF-8 with real factors: who is exempt for having one, since when, and what ends with it.

use orgate_app::enforcement::{self, WishForm};
use orgate_app::organization::OrganizationView;
use orgate_app::second_factor::totp;
use orgate_app::session;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole::Owner;

use crate::scene::{acme, by_both, by_password, join, lives, opens, requiring, sign_in};
use crate::support::factors::Equipped;
use crate::support::{Bed, Person, refused};

on_each_engine! {
    r_enf_8_an_owner_without_a_factor_is_bound_and_one_who_gains_it_is_exempt_from_the_next_sign_in_on
    r_enf_8_only_an_owner_who_has_a_factor_can_ask_it_of_the_others
    r_enf_7_losing_the_factor_ends_what_it_kept_open_and_gaining_another_revives_nothing
    r_enf_14_the_last_way_back_keeps_its_factor
    r_enf_6_a_second_factor_is_not_required_here_while_sso_is_enforced
}

/// Sam owns Acme with an authenticator app; Kim owns it too, without one. Acme asks its Owners for one.
struct Scene {
    acme: OrganizationView,
    sam: Equipped,
    kim: Person,
}

const STRICT: WishForm = WishForm {
    enabled: true,
    owner_exemption: None,
    owner_second_factor: Some(true),
    accept_operator_recovery: None,
    trial_minutes: None,
    require_mfa_again: false,
    confirm: true,
};

async fn scene(bed: &Bed) -> Scene {
    let (sam, acme) = acme(bed).await;
    let kim = bed.person("kim").await;
    join(bed, &acme, &kim, Owner).await;
    let sam = bed.equip(&sam).await;
    bed.enforce_with(&sam.person, &acme, STRICT).await;
    Scene { acme, sam, kim }
}

/// Comes in through the SSO just now, confirms by mail, and sets an app up.
async fn equip_by_sso(bed: &Bed, acme: &OrganizationView, person: &Person) -> Equipped {
    let at = bed.now();
    let sso = bed.sso_proof(&acme.id, Some(at)).await;
    let by_sso = bed.session(person, Proofs::of(sso).with(Proof::MailedCode { at })).await;
    bed.equip(&by_sso).await
}

async fn r_enf_8_an_owner_without_a_factor_is_bound_and_one_who_gains_it_is_exempt_from_the_next_sign_in_on(bed: Bed) {
    let Scene { acme, sam, kim } = scene(&bed).await;
    assert!(lives(&bed, &sam.person).await, "exempt, for having a factor");
    assert_eq!(requiring(&refused(session::current(&bed.app, &kim.visitor).await)), [acme.slug.as_str()]);
    assert_eq!(requiring(&refused(sign_in(&bed, &kim.email).await)), [acme.slug.as_str()]);
    bed.advance(1);
    let equipped = equip_by_sso(&bed, &acme, &kim).await;
    assert!(lives(&bed, &equipped.person).await);
    assert!(!lives(&bed, &kim).await, "R-ENF-7: what was dead stays dead");
    bed.advance(1);
    let entered = bed.with_both_factors(&equipped.person).await;
    assert!(opens(&bed, &entered, &acme.slug).await);
    let without = by_password(&bed, &equipped.person).await;
    let refusal = refused(session::open(&bed.app, without.visitor.session, &acme.slug).await);
    assert_eq!(refusal, Refusal::NeedsSecondFactor, "the factor is always asked for");
    assert_eq!(refused(sign_in(&bed, &kim.email).await), Refusal::NeedsSecondFactor, "at the door too");
}

async fn r_enf_8_only_an_owner_who_has_a_factor_can_ask_it_of_the_others(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let both = by_both(&bed, &sam, &acme).await;
    let tried = enforcement::set(&bed.app, &both.visitor, &acme.slug, STRICT).await;
    assert_eq!(refused(tried), Refusal::NeedsSecondFactor);
    let sam = bed.equip(&both).await;
    let view = enforcement::set(&bed.app, &sam.person.visitor, &acme.slug, STRICT).await.unwrap();
    assert!(view.enabled && view.owner_second_factor);
    assert!(lives(&bed, &sam.person).await);
    assert!(opens(&bed, &sam.person, &acme.slug).await);
}

async fn r_enf_7_losing_the_factor_ends_what_it_kept_open_and_gaining_another_revives_nothing(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let kim = equip_by_sso(&bed, &acme, &kim).await.person;
    let here = bed.with_both_factors(&kim).await;
    assert!(totp::forecast_removal(&bed.app, &here.visitor).await.unwrap().ends_here);
    totp::remove(&bed.app, &here.visitor).await.unwrap();
    assert_eq!(requiring(&refused(session::current(&bed.app, &here.visitor).await)), [acme.slug.as_str()]);
    bed.advance(1);
    let again = equip_by_sso(&bed, &acme, &kim).await.person;
    assert!(lives(&bed, &again).await);
    assert!(!lives(&bed, &here).await && !lives(&bed, &kim).await);
}

async fn r_enf_14_the_last_way_back_keeps_its_factor(bed: Bed) {
    let Scene { acme, sam, kim } = scene(&bed).await;
    let refusal = refused(totp::remove(&bed.app, &sam.person.visitor).await);
    assert_eq!(refusal, Refusal::NoWayBackIn, "Kim has none and is bound");
    assert!(lives(&bed, &sam.person).await);
    equip_by_sso(&bed, &acme, &kim).await;
    totp::remove(&bed.app, &sam.person.visitor).await.unwrap();
    assert!(!lives(&bed, &sam.person).await, "not exempt any more");
}

async fn r_enf_6_a_second_factor_is_not_required_here_while_sso_is_enforced(bed: Bed) {
    let Scene { acme, sam, .. } = scene(&bed).await;
    let tried = orgate_app::organization::require_mfa(&bed.app, &sam.person.visitor, &acme.slug, true).await;
    assert_eq!(refused(tried), Refusal::MfaManagedByIdp);
}
