//! Confirm or roll back: R-ENF-12.

use orgate_app::enforcement::{self, EnforcementView, WishForm, roll_back_once};
use orgate_app::error::Error;
use orgate_app::organization;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, by_both, by_password, events, lives, mails, opens, sign_in};
use crate::support::{Bed, Person, refused};

on_each_engine! {
    r_enf_12_a_trial_is_enforcement_in_full_and_ends_by_itself
    r_enf_12_a_trial_survives_a_restart
    r_enf_12_the_second_factor_rule_is_what_it_was_before
    r_enf_12_only_who_came_through_the_connection_confirms_a_trial
    r_enf_12_a_confirmed_trial_ends_no_more
    r_enf_12_a_trial_that_is_over_is_confirmed_by_nobody
    r_enf_12_what_is_off_by_now_is_not_adjusted
    r_enf_12_a_trial_that_an_owner_turned_off_is_not_rolled_back_again
}

fn trial() -> WishForm {
    WishForm { trial_minutes: Some(10), ..WishForm::default() }
}

async fn confirm(bed: &Bed, owner: &Person) -> Result<EnforcementView, Error> {
    let form = WishForm { enabled: true, confirm: true, ..WishForm::default() };
    enforcement::set(&bed.app, &owner.visitor, "acme", form).await
}

async fn r_enf_12_a_trial_is_enforcement_in_full_and_ends_by_itself(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let view = bed.enforce_with(&sam, &acme, trial()).await;
    assert_eq!(view.trial_ends_at, Some(bed.now().plus(std::time::Duration::from_secs(600))));
    assert!(!lives(&bed, &kim).await);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    assert_eq!(events(&bed, &sam, "acme", "enforcement.trial-began").await.len(), 1);
    bed.advance(9);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 0);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    bed.read_all(&sam.email).await;
    bed.advance(1);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 1);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 0, "once");
    let inside = sign_in(&bed, &kim.email).await.unwrap();
    assert!(opens(&bed, &inside, "acme").await);
    assert!(!lives(&bed, &kim).await, "ended sessions stay ended");
    let view = enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap();
    assert_eq!((view.enabled, view.trial_ends_at, view.since), (false, None, None));
    let [event] = <[_; 1]>::try_from(events(&bed, &sam, "acme", "enforcement.rolled-back").await).unwrap();
    assert_eq!(event.actor, "system");
    assert_eq!(mails(&bed, &sam.email).await.len(), 1, "the Owners are told");
}

async fn r_enf_12_a_trial_survives_a_restart(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce_with(&sam, &acme, trial()).await;
    let bed = bed.reopened(&[("ORGATE_LIMIT_SIGN_INS", "1000")]).await;
    assert!(!lives(&bed, &kim).await, "and so does what it ended");
    bed.advance(9);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 0);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    bed.advance(60);
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)), "until it is rolled back");
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 1);
    sign_in(&bed, &kim.email).await.unwrap();
    assert!(!lives(&bed, &kim).await);
}

async fn r_enf_12_the_second_factor_rule_is_what_it_was_before(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let other = bed.organization(&sam, "Other").await;
    let by_sso = by_both(&bed, &sam, &acme).await;
    organization::require_mfa(&bed.app, &by_sso.visitor, "acme", true).await.unwrap();
    for organization in [&acme, &other] {
        let sam = by_both(&bed, &sam, organization).await;
        bed.enforce_with(&sam, organization, trial()).await;
        assert!(!organization::get(&bed.app, &sam.visitor, &organization.slug).await.unwrap().mfa_required);
    }
    bed.advance(10);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 2);
    for (organization, required) in [(&acme, true), (&other, false)] {
        let sam = by_both(&bed, &sam, organization).await;
        let view = organization::get(&bed.app, &sam.visitor, &organization.slug).await.unwrap();
        assert_eq!(view.mfa_required, required, "{}", organization.slug);
    }
}

async fn r_enf_12_only_who_came_through_the_connection_confirms_a_trial(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce_with(&sam, &acme, trial()).await;
    assert_eq!(refused(confirm(&bed, &sam).await), Refusal::NeedsRecentProof, "by password it shows nothing");
    let kim = bed.sso_session(&kim, &acme.id).await;
    assert_eq!(refused(confirm(&bed, &kim).await), Refusal::NotPermitted);
    let sam = by_both(&bed, &sam, &acme).await;
    let confirmed = confirm(&bed, &sam).await.unwrap();
    assert_eq!((confirmed.enabled, confirmed.trial_ends_at), (true, None));
    assert_eq!(events(&bed, &sam, "acme", "enforcement.confirmed").await.len(), 1);
    assert!(opens(&bed, &kim, "acme").await, "confirming ends nothing");
}

async fn r_enf_12_a_confirmed_trial_ends_no_more(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.enforce_with(&sam, &acme, trial()).await;
    confirm(&bed, &by_both(&bed, &sam, &acme).await).await.unwrap();
    bed.advance(24 * 60);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 0);
    let sam = by_password(&bed, &sam).await;
    assert!(enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().enabled);
}

/// The job may be late; who comes in time of the job but not of the trial is too late.
async fn r_enf_12_a_trial_that_is_over_is_confirmed_by_nobody(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce_with(&sam, &acme, trial()).await;
    bed.advance(10);
    let sam = by_both(&bed, &sam, &acme).await;
    let kim = bed.sso_session(&kim, &acme.id).await;
    confirm(&bed, &sam).await.unwrap();
    assert_eq!(events(&bed, &sam, "acme", "enforcement.rolled-back").await.len(), 1);
    assert!(events(&bed, &sam, "acme", "enforcement.confirmed").await.is_empty());
    assert_eq!(events(&bed, &sam, "acme", "enforcement.enabled").await.len(), 1, "it is turned on anew");
    assert!(!lives(&bed, &kim).await, "which ends sessions as turning on does");
}

async fn r_enf_12_what_is_off_by_now_is_not_adjusted(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let sam = by_both(&bed, &sam, &acme).await;
    bed.enforce_with(&sam, &acme, trial()).await;
    let form = WishForm { enabled: true, confirm: true, owner_exemption: Some(true), ..trial() };
    let during = enforcement::adjust(&bed.app, &sam.visitor, "acme", form).await.unwrap();
    assert!(during.enabled && during.trial_ends_at.is_some());
    bed.advance(10);
    for form in [form, WishForm { trial_minutes: None, ..form }] {
        let after = enforcement::adjust(&bed.app, &sam.visitor, "acme", form).await.unwrap();
        assert_eq!((after.enabled, after.trial_ends_at), (false, None));
    }
    assert_eq!(events(&bed, &sam, "acme", "enforcement.trial-began").await.len(), 1);
    assert_eq!(events(&bed, &sam, "acme", "enforcement.rolled-back").await.len(), 1);
    assert!(events(&bed, &sam, "acme", "enforcement.enabled").await.is_empty());
}

async fn r_enf_12_a_trial_that_an_owner_turned_off_is_not_rolled_back_again(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.enforce_with(&sam, &acme, trial()).await;
    bed.stop_enforcing(&sam, &acme).await;
    bed.enforce(&sam, &acme).await;
    bed.advance(20);
    assert_eq!(roll_back_once(&bed.app).await.unwrap(), 0);
    let sam = by_password(&bed, &sam).await;
    assert!(enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap().enabled);
}
