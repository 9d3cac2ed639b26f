//! Setting second factors up and taking them away (R-IN-4, T-MFA-5), and what an organization that requires one does.

use futures_util::future::join_all;
use orgate_app::second_factor::{self, Standing, enrolment_code, recovery_codes, totp};
use orgate_app::session::{self, Access};
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod, again};
use orgate_app::sign_in::step_up;
use orgate_app::{audit_log, organization};
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::factors::code_of;
use crate::support::{Bed, Person, refused};

on_each_engine! {
    r_in_4_a_first_factor_needs_a_code_mailed_for_it_whichever_way_the_person_came_in
    r_in_4_the_code_mailed_on_top_of_an_sso_proof_serves_for_a_first_factor
    r_in_4_an_address_that_is_not_proven_bears_no_factor
    t_web_7_a_code_for_a_factor_serves_for_nothing_else_and_no_other_for_a_factor
    r_in_4_a_mailed_code_opens_the_way_for_fifteen_minutes
    t_web_3_t_mfa_5_setting_up_gives_a_new_token_ends_other_sessions_and_tells_the_person
    t_mfa_3_the_code_that_sets_up_is_used_up_by_it
    t_mfa_3_of_64_parallel_confirmations_one_sets_the_app_up
    a_wrong_code_sets_nothing_up_and_the_secret_waits_a_quarter_of_an_hour
    a_second_app_takes_no_ones_place_in_silence
    t_mfa_5_taking_away_needs_the_factor_ends_other_sessions_and_tells_the_person
    recovery_codes_are_ten_replaced_together_and_gone_with_the_last_factor
    r_in_4_an_organization_that_requires_a_factor_names_itself_and_opens_once_there_is_one
    r_in_4_an_owner_requires_a_factor_only_with_one_of_their_own
    t_sec_1_the_secret_is_sealed_for_its_own_person
}

async fn standing(bed: &Bed, person: &Person) -> Standing {
    second_factor::standing(&bed.app, &person.visitor).await.unwrap()
}

async fn methods(bed: &Bed, person: &Person) -> Vec<AuthenticationMethod> {
    let current = session::current(&bed.app, &person.visitor).await.unwrap();
    current.proofs.iter().map(Proof::method).collect()
}

async fn r_in_4_a_first_factor_needs_a_code_mailed_for_it_whichever_way_the_person_came_in(bed: Bed) {
    let sam = bed.person("sam").await;
    let app = &bed.app;
    assert_eq!(standing(&bed, &sam).await, Standing::NeedsMailedCode("s•••@example.com".to_owned()));
    for first in [Proof::Password { at: bed.now() }, Proof::Google { at: bed.now() }, Proof::GitHub { at: bed.now() }] {
        let sam = bed.session(&sam, Proofs::of(first)).await;
        assert_eq!(refused(totp::begin(app, &sam.visitor).await), Refusal::NeedsMailedCode);
        assert_eq!(refused(totp::find(app, &sam.visitor).await), Refusal::NeedsMailedCode);
        assert_eq!(refused(totp::confirm(app, &sam.visitor, "123456").await), Refusal::NeedsMailedCode);
    }
    let confirmed = bed.confirmed_by_mail(&sam).await;
    assert_eq!(standing(&bed, &confirmed).await, Standing::Ready);
    assert_eq!(refused(session::current(app, &sam.visitor).await), Refusal::NoSession, "T-WEB-3: a new token");
    totp::begin(app, &confirmed.visitor).await.unwrap();
}

async fn r_in_4_the_code_mailed_on_top_of_an_sso_proof_serves_for_a_first_factor(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let proof = bed.sso_proof(&acme.id, Some(bed.now())).await;
    let by_sso = bed.session(&sam, Proofs::of(proof)).await;
    let app = &bed.app;
    assert_eq!(refused(totp::begin(app, &by_sso.visitor).await), Refusal::NeedsProof);
    assert_eq!(refused(enrolment_code::mail(app, &by_sso.visitor).await), Refusal::NeedsProof);
    bed.read_all(&sam.email).await;
    step_up::mail_code(app, &by_sso.visitor).await.unwrap();
    let code = bed.next_code(&sam.email).await;
    let issued = step_up::confirm(app, &by_sso.visitor, &code).await.unwrap();
    let confirmed = Person::of(&issued, by_sso.visitor);
    let pending = totp::begin(app, &confirmed.visitor).await.unwrap();
    totp::confirm(app, &confirmed.visitor, &code_of(&pending.secret, bed.now())).await.unwrap();
}

async fn r_in_4_an_address_that_is_not_proven_bears_no_factor(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let at = bed.now();
    let sso = bed.sso_proof(&acme.id, Some(at)).await;
    for proofs in [Proofs::of(sso.clone()), Proofs::of(sso.clone()).with(Proof::MailedCode { at })] {
        let born = bed.session(&born, proofs).await;
        assert_eq!(refused(totp::begin(&bed.app, &born.visitor).await), Refusal::NeedsProof);
        assert_eq!(refused(enrolment_code::mail(&bed.app, &born.visitor).await), Refusal::NeedsProof);
    }
    let by_key = bed.session(&born, Proofs::of(sso).with(Proof::GitHub { at })).await;
    assert_eq!(standing(&bed, &by_key).await, Standing::NeedsAddressProof);
    assert_eq!(refused(totp::begin(&bed.app, &by_key.visitor).await), Refusal::NeedsProof);
}

async fn t_web_7_a_code_for_a_factor_serves_for_nothing_else_and_no_other_for_a_factor(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let app = &bed.app;
    let sso = bed.sso_proof(&acme.id, Some(bed.now())).await;
    let both = bed.session(&sam, Proofs::of(sso).with(Proof::Password { at: bed.now() })).await;
    bed.read_all(&sam.email).await;
    enrolment_code::mail(app, &both.visitor).await.unwrap();
    let for_factor = bed.next_code(&sam.email).await;
    step_up::mail_code(app, &both.visitor).await.unwrap();
    let for_session = bed.next_code(&sam.email).await;
    assert_eq!(refused(step_up::confirm(app, &both.visitor, &for_factor).await), Refusal::InvalidCode);
    assert_eq!(refused(enrolment_code::confirm(app, &both.visitor, &for_session).await), Refusal::InvalidCode);
    let other = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(enrolment_code::confirm(app, &other.visitor, &for_factor).await), Refusal::AttemptOver);
    for _ in 0..4 {
        assert_eq!(refused(enrolment_code::confirm(app, &both.visitor, "000000").await), Refusal::InvalidCode);
    }
    assert_eq!(refused(enrolment_code::confirm(app, &both.visitor, &for_factor).await), Refusal::AttemptOver);
}

async fn r_in_4_a_mailed_code_opens_the_way_for_fifteen_minutes(bed: Bed) {
    let sam = bed.person("sam").await;
    let sam = bed.confirmed_by_mail(&sam).await;
    let proofs = session::current(&bed.app, &sam.visitor).await.unwrap().proofs;
    bed.advance(15);
    totp::begin(&bed.app, &sam.visitor).await.unwrap();
    bed.advance(1);
    assert_eq!(refused(totp::begin(&bed.app, &sam.visitor).await), Refusal::NeedsRecentProof);
    let again = bed.session(&sam, proofs.with(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(totp::begin(&bed.app, &again.visitor).await), Refusal::NeedsMailedCode);
}

async fn t_web_3_t_mfa_5_setting_up_gives_a_new_token_ends_other_sessions_and_tells_the_person(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let other = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    let before = bed.confirmed_by_mail(&sam).await;
    let pending = totp::begin(&bed.app, &before.visitor).await.unwrap();
    bed.read_all(&sam.email).await;
    let enrolled = totp::confirm(&bed.app, &before.visitor, &code_of(&pending.secret, bed.now())).await.unwrap();
    let after = Person::of(&enrolled.issued, before.visitor.clone());
    for dead in [&before, &other] {
        assert_eq!(refused(session::current(&bed.app, &dead.visitor).await), Refusal::NoSession);
    }
    assert!(methods(&bed, &after).await.contains(&AuthenticationMethod::Totp));
    assert_eq!(enrolled.recovery_codes.len(), 10);
    let mail = bed.next_mail(&sam.email).await;
    assert!(mail.subject.contains("authenticator app"), "{}", mail.subject);
    let have = second_factor::list(&bed.app, &after.visitor).await.unwrap();
    assert_eq!((have.has_one, have.totp_since, have.recovery_codes_left), (true, Some(bed.now()), 10));
    session::open(&bed.app, after.visitor.session, &acme.slug).await.unwrap();
}

async fn t_mfa_3_the_code_that_sets_up_is_used_up_by_it(bed: Bed) {
    let sam = bed.person("sam").await;
    let sam = bed.equip(&sam).await;
    let typed = |code: String| TypedFactor { method: TypedMethod::Totp, code };
    let now = bed.now();
    let replayed = again::confirm(&bed.app, &sam.person.visitor, typed(sam.code(now))).await;
    assert_eq!(refused(replayed), Refusal::InvalidCode);
    bed.advance(1);
    again::confirm(&bed.app, &sam.person.visitor, typed(sam.code(bed.now()))).await.unwrap();
}

async fn t_mfa_3_of_64_parallel_confirmations_one_sets_the_app_up(bed: Bed) {
    let sam = bed.person("sam").await;
    let sam = bed.confirmed_by_mail(&sam).await;
    let pending = totp::begin(&bed.app, &sam.visitor).await.unwrap();
    let code = code_of(&pending.secret, bed.now());
    let tries = (0..64).map(|_| totp::confirm(&bed.app, &sam.visitor, &code));
    let outcomes = join_all(tries).await;
    let (done, others): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    for other in others {
        let refusal = refused(other);
        // The winner's new token took the session away from the others.
        assert!(
            matches!(refusal, Refusal::NoSession | Refusal::AttemptOver | Refusal::NeedsRecentProof),
            "{refusal:?}"
        );
    }
}

async fn a_wrong_code_sets_nothing_up_and_the_secret_waits_a_quarter_of_an_hour(bed: Bed) {
    let sam = bed.person("sam").await;
    let sam = bed.confirmed_by_mail(&sam).await;
    let app = &bed.app;
    assert_eq!(refused(totp::find(app, &sam.visitor).await), Refusal::AttemptOver, "nothing waits");
    let first = totp::begin(app, &sam.visitor).await.unwrap();
    let pending = totp::begin(app, &sam.visitor).await.unwrap();
    assert_eq!(*totp::find(app, &sam.visitor).await.unwrap().secret, *pending.secret);
    let (old, right) = (code_of(&first.secret, bed.now()), code_of(&pending.secret, bed.now()));
    for wrong in ["", "12345", "abcdef", &old] {
        let Refusal::InvalidInput(fields) = refused(totp::confirm(app, &sam.visitor, wrong).await) else {
            panic!("{wrong} is no mistake")
        };
        assert_eq!(fields[0].field, "code");
    }
    assert!(!second_factor::list(app, &sam.visitor).await.unwrap().has_one);
    bed.advance(16);
    let at = bed.now();
    let late = bed.session(&sam, Proofs::of(Proof::Password { at }).with(Proof::MailedCode { at })).await;
    assert_eq!(refused(totp::find(app, &late.visitor).await), Refusal::AttemptOver);
    assert_eq!(refused(totp::confirm(app, &late.visitor, &right).await), Refusal::AttemptOver);
}

async fn a_second_app_takes_no_ones_place_in_silence(bed: Bed) {
    let sam = bed.person("sam").await;
    let sam = bed.equip(&sam).await;
    assert_eq!(refused(totp::begin(&bed.app, &sam.person.visitor).await), Refusal::FactorExists);
    assert_eq!(refused(totp::confirm(&bed.app, &sam.person.visitor, "123456").await), Refusal::AttemptOver);
}

async fn t_mfa_5_taking_away_needs_the_factor_ends_other_sessions_and_tells_the_person(bed: Bed) {
    let sam = bed.person("sam").await;
    assert_eq!(refused(totp::remove(&bed.app, &sam.visitor).await), Refusal::NotFound);
    let sam = bed.equip(&sam).await;
    let app = &bed.app;
    let by_password = bed.session(&sam.person, Proofs::of(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(totp::remove(app, &by_password.visitor).await), Refusal::NeedsSecondFactor);
    let proofs = session::current(app, &sam.person.visitor).await.unwrap().proofs;
    bed.advance(16);
    let stale = bed.session(&sam.person, proofs.with(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(totp::remove(app, &stale.visitor).await), Refusal::NeedsRecentProof);
    assert!(second_factor::list(app, &sam.person.visitor).await.unwrap().has_one);
    let (here, there) = (bed.with_both_factors(&sam.person).await, bed.with_both_factors(&sam.person).await);
    bed.read_all(&sam.person.email).await;
    let forecast = totp::forecast_removal(app, &here.visitor).await.unwrap();
    assert!(forecast.is_last && !forecast.ends_here);
    totp::remove(app, &here.visitor).await.unwrap();
    let mail = bed.next_mail(&sam.person.email).await;
    assert!(mail.subject.contains("was removed"), "{}", mail.subject);
    assert_eq!(refused(session::current(app, &there.visitor).await), Refusal::NoSession);
    let have = second_factor::list(app, &here.visitor).await.unwrap();
    assert_eq!((have.has_one, have.totp_since, have.recovery_codes_left), (false, None, 0));
    assert_eq!(refused(totp::remove(app, &here.visitor).await), Refusal::NotFound);
}

async fn recovery_codes_are_ten_replaced_together_and_gone_with_the_last_factor(bed: Bed) {
    let sam = bed.person("sam").await;
    let app = &bed.app;
    assert_eq!(refused(recovery_codes::renew(app, &sam.visitor).await), Refusal::NoSecondFactor(Vec::new()));
    let sam = bed.equip(&sam).await;
    assert_eq!(sam.recovery_codes.len(), 10);
    let use_up = |person: Person, code: String| async move {
        let typed = TypedFactor { method: TypedMethod::RecoveryCode, code };
        again::confirm(app, &person.visitor, typed).await.map(|issued| Person::of(&issued, person.visitor))
    };
    let person = use_up(sam.person.clone(), sam.recovery_codes[0].clone()).await.unwrap();
    assert_eq!(refused(use_up(person.clone(), sam.recovery_codes[0].clone()).await), Refusal::InvalidCode);
    assert_eq!(second_factor::list(app, &person.visitor).await.unwrap().recovery_codes_left, 9);
    bed.read_all(&person.email).await;
    let renewed = recovery_codes::renew(app, &person.visitor).await.unwrap();
    assert_eq!(renewed.len(), 10);
    assert!(bed.next_mail(&person.email).await.subject.contains("recovery codes"));
    assert_eq!(refused(use_up(person.clone(), sam.recovery_codes[1].clone()).await), Refusal::InvalidCode, "void");
    let person = use_up(person, renewed[0].reveal().to_uppercase().replace('-', " ")).await.unwrap();
    totp::remove(app, &person.visitor).await.unwrap();
    let after = bed.session(&person, Proofs::of(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(use_up(after, renewed[1].reveal().to_string()).await), Refusal::InvalidCode);
}

async fn r_in_4_an_organization_that_requires_a_factor_names_itself_and_opens_once_there_is_one(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let sam = bed.equip(&sam).await.person;
    organization::require_mfa(&bed.app, &sam.visitor, &acme.slug, true).await.unwrap();
    let asked = |refusal: Refusal| match refusal {
        Refusal::NoSecondFactor(asking) => asking[0].name.clone(),
        other => panic!("{other:?} names nobody"),
    };
    let app = &bed.app;
    assert_eq!(asked(refused(organization::get(app, &kim.visitor, &acme.slug).await)), "Acme");
    assert_eq!(asked(refused(session::open(app, kim.visitor.session, &acme.slug).await)), "Acme");
    let current = session::current(app, &kim.visitor).await.unwrap();
    assert_eq!(current.organizations[0].access, Access::NeedsSecondFactor);
    let by_sso = bed.sso_session(&kim, &acme.id).await;
    session::open(app, by_sso.visitor.session, &acme.slug).await.unwrap();
    let kim = bed.equip(&kim).await.person;
    session::open(app, kim.visitor.session, &acme.slug).await.unwrap();
    let without = bed.session(&kim, Proofs::of(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(session::open(app, without.visitor.session, &acme.slug).await), Refusal::NeedsSecondFactor);
    assert_eq!(totp::forecast_removal(app, &kim.visitor).await.unwrap().closed, ["Acme"]);
    totp::remove(app, &kim.visitor).await.unwrap();
    assert_eq!(asked(refused(session::open(app, kim.visitor.session, &acme.slug).await)), "Acme");
}

async fn r_in_4_an_owner_requires_a_factor_only_with_one_of_their_own(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let tried = organization::require_mfa(&bed.app, &sam.visitor, &acme.slug, true).await;
    assert_eq!(refused(tried), Refusal::NeedsSecondFactor);
    let sam = bed.equip(&sam).await.person;
    assert!(organization::require_mfa(&bed.app, &sam.visitor, &acme.slug, true).await.unwrap().mfa_required);
    let query = audit_log::AuditQuery::default();
    let events = audit_log::list(&bed.app, &sam.visitor, &acme.slug, query).await.unwrap().items;
    assert!(events.iter().any(|event| event.action == "organization.mfa-requirement-changed"));
}

async fn t_sec_1_the_secret_is_sealed_for_its_own_person(bed: Bed) {
    let (sam, kim) = (bed.person("sam").await, bed.person("kim").await);
    let (sam, kim) = (bed.equip(&sam).await, bed.equip(&kim).await);
    let stored = |person: &Person| {
        let id = person.id.clone();
        bed.write(id, |tx, id| Box::pin(async move { tx.instance().find_totp(id).await }))
    };
    let (one, other) = (stored(&sam.person).await.unwrap(), stored(&kim.person).await.unwrap());
    let plain = data_encoding::BASE32_NOPAD.decode(sam.secret.as_bytes()).unwrap();
    assert!(!one.sealed_secret.windows(plain.len()).any(|window| window == plain));
    let moved = (sam.person.id.clone(), other.sealed_secret, bed.now());
    bed.write(moved, |tx, (id, sealed, now)| {
        Box::pin(async move {
            tx.instance().delete_totp(id).await?;
            tx.instance().set_pending_totp(id, sealed, *now).await
        })
    })
    .await;
    let broken = totp::confirm(&bed.app, &sam.person.visitor, &kim.code(bed.now())).await;
    assert!(matches!(broken, Err(orgate_app::error::Error::Fault(_))), "moved to another row, it does not open");
}
