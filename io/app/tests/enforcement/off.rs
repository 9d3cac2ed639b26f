//! Turning enforcement off: T-ENF-15, R-ENF-9.

use orgate_app::enforcement::WishForm;
use orgate_app::{enforcement, organization, password_reset};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{acme, events, join, mails, opens, owned, requiring, sign_in, sign_in_with};
use crate::support::{Bed, refused};

on_each_engine! {
    t_enf_15_members_use_their_old_passwords_again
    t_enf_15_another_organization_that_enforces_binds_on
    t_enf_15_who_was_born_by_sso_gets_a_password_on_asking_and_comes_in_by_it
    r_enf_9_the_second_factor_rule_comes_back_only_if_wished
    r_enf_9_turning_off_needs_a_fresh_proof_and_a_word_and_repeats_nothing
}

async fn t_enf_15_members_use_their_old_passwords_again(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    assert!(matches!(refused(sign_in(&bed, &kim.email).await), Refusal::SsoRequired(_)));
    bed.stop_enforcing(&sam, &acme).await;
    let inside = sign_in(&bed, &kim.email).await.unwrap();
    assert!(opens(&bed, &inside, "acme").await);
    assert_eq!(events(&bed, &sam, "acme", "enforcement.disabled").await.len(), 1);
}

async fn t_enf_15_another_organization_that_enforces_binds_on(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let (ben, other) = owned(&bed, "ben", "Other").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    join(&bed, &other, &kim, OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    bed.enforce(&ben, &other).await;
    bed.stop_enforcing(&sam, &acme).await;
    assert_eq!(requiring(&refused(sign_in(&bed, &kim.email).await)), ["other"]);
}

async fn t_enf_15_who_was_born_by_sso_gets_a_password_on_asking_and_comes_in_by_it(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    bed.connection(&acme.id).await;
    let dana = bed.born_by_sso(&acme, "Dana", "dana@acme.example").await;
    bed.enforce(&sam, &acme).await;
    password_reset::request(&bed.app, &bed.stranger(), &dana.email).await.unwrap();
    let mail = bed.next_mail(&dana.email).await;
    assert!(mail.link("/password-reset/").is_none() && mail.link("/sign-in/acme").is_some(), "{}", mail.text);
    bed.stop_enforcing(&sam, &acme).await;
    password_reset::request(&bed.app, &bed.stranger(), &dana.email).await.unwrap();
    let link = bed.next_mail(&dana.email).await.link("/password-reset/").unwrap();
    let password = "a password of their own";
    password_reset::complete(&bed.app, &bed.stranger(), link.rsplit('/').next().unwrap(), password).await.unwrap();
    let inside = sign_in_with(&bed, &dana.email, password).await.unwrap();
    assert_eq!(inside.id, dana.id);
    assert!(opens(&bed, &inside, "acme").await, "no dead end");
}

async fn r_enf_9_the_second_factor_rule_comes_back_only_if_wished(bed: Bed) {
    for (number, again) in [(1, false), (2, true)] {
        let (sam, acme) = owned(&bed, &format!("sam{number}"), &format!("Acme {number}")).await;
        bed.connection(&acme.id).await;
        // What the rule asks for cannot be had yet, so who comes by a password alone may not ask it.
        let locked_out = organization::require_mfa(&bed.app, &sam.visitor, &acme.slug, true).await;
        assert_eq!(refused(locked_out), Refusal::NeedsSecondFactor);
        let sam = crate::scene::by_both(&bed, &sam, &acme).await;
        organization::require_mfa(&bed.app, &sam.visitor, &acme.slug, true).await.unwrap();
        let on = bed.enforce(&sam, &acme).await;
        assert!(on.enabled && on.mfa_before, "what the dialog presets");
        let managed = organization::require_mfa(&bed.app, &sam.visitor, &acme.slug, true).await;
        assert_eq!(refused(managed), Refusal::MfaManagedByIdp);
        assert!(!organization::get(&bed.app, &sam.visitor, &acme.slug).await.unwrap().mfa_required);
        let form = WishForm { confirm: true, require_mfa_again: again, ..WishForm::default() };
        enforcement::set(&bed.app, &sam.visitor, &acme.slug, form).await.unwrap();
        assert_eq!(organization::get(&bed.app, &sam.visitor, &acme.slug).await.unwrap().mfa_required, again);
    }
}

async fn r_enf_9_turning_off_needs_a_fresh_proof_and_a_word_and_repeats_nothing(bed: Bed) {
    let (sam, acme) = acme(&bed).await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Owner).await;
    bed.enforce(&sam, &acme).await;
    let off = WishForm { confirm: true, ..WishForm::default() };
    let unsaid = enforcement::set(&bed.app, &sam.visitor, "acme", WishForm::default()).await;
    assert!(matches!(refused(unsaid), Refusal::InvalidInput(fields) if fields[0].field == "confirm"));
    bed.advance(16);
    assert_eq!(refused(enforcement::set(&bed.app, &sam.visitor, "acme", off).await), Refusal::NeedsRecentProof);
    let sam = sign_in(&bed, &sam.email).await.unwrap();
    bed.read_all(&kim.email).await;
    for _ in 0..2 {
        assert!(!enforcement::set(&bed.app, &sam.visitor, "acme", off).await.unwrap().enabled);
    }
    assert_eq!(events(&bed, &sam, "acme", "enforcement.disabled").await.len(), 1);
    assert_eq!(mails(&bed, &kim.email).await.len(), 1);
}
