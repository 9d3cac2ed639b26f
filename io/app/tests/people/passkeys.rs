//! Passkeys: adding and removing them (R-IN-4, T-MFA-5, R-ENF-14), signing in by one alone, as a second factor, and once
//! more in a session; and every answer of an authenticator that is not taken.

use futures_util::future::join_all;
use orgate_app::account::remove_password;
use orgate_app::enforcement;
use orgate_app::error::Error;
use orgate_app::passwords::Password;
use orgate_app::second_factor::{self, passkey};
use orgate_app::session;
use orgate_app::sign_in::passkey::{Answered, begin, begin_for_program, complete, enter, read_handle};
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::passkey as factor;
use orgate_app::sign_in::second_factor::{Promoted, Waiting};
use orgate_app::visitor::Visitor;
use orgate_core::method::AuthenticationMethod;
use orgate_core::passkey::PasskeyRefusal;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::AuditFilter;
use orgate_testkit::authenticator::{Algorithm, Authenticator};

use crate::support::passkeys::{ORIGIN, authenticator};
use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    r_in_4_a_first_passkey_needs_a_code_mailed_for_it_and_gives_recovery_codes
    r_in_4_a_further_passkey_asks_for_the_factor_there_is
    t_mfa_5_adding_and_removing_end_other_sessions_and_tell_the_person
    r_in_1_a_passkey_alone_signs_in_and_is_both_factors
    a_passkey_serves_as_the_second_factor_of_a_sign_in_that_waits
    r_in_8_a_passkey_confirms_that_it_is_the_same_person
    every_answer_that_is_not_right_is_refused_by_its_reason
    a_new_key_is_taken_from_the_right_site_and_a_verified_person_only
    a_counter_that_goes_back_is_refused_and_written_down
    a_challenge_serves_its_browser_its_purpose_and_five_minutes
    a_program_goes_on_by_the_name_that_it_was_given
    of_64_parallel_answers_to_one_challenge_one_makes_a_session
    of_64_parallel_answers_one_adds_the_passkey
    r_enf_3_a_passkey_does_not_go_round_enforced_sso_and_an_exempt_owner_passes
    r_enf_14_a_passkey_is_a_way_back_and_the_last_one_stays
    nobody_removes_their_only_way_in
    a_passkey_is_named_by_its_person_alone
    a_passkey_that_was_removed_signs_nobody_in
    each_algorithm_signs_in_and_another_key_of_it_does_not
    nobody_has_more_than_twenty_passkeys
}

fn reason(refusal: &Refusal) -> PasskeyRefusal {
    match refusal {
        Refusal::Passkey(reason) => *reason,
        other => panic!("{other:?}"),
    }
}

async fn confirmed(bed: &Bed, name: &str) -> Person {
    let person = bed.person(name).await;
    bed.confirmed_by_mail(&person).await
}

async fn with_passkey(bed: &Bed, name: &str, seed: u8) -> (Person, Authenticator) {
    let mut device = authenticator(seed);
    let person = confirmed(bed, name).await;
    let person = bed.enrol(&person, &mut device, "Laptop").await;
    (person, device)
}

async fn has_factor(bed: &Bed, person: &Person) -> bool {
    session::current(&bed.app, &person.visitor).await.unwrap().has_second_factor
}

async fn waiting(bed: &Bed, visitor: &Visitor, person: &Person) -> Waiting {
    let typed = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    match password::enter(&bed.app, visitor, typed, None).await.unwrap() {
        (Entry::SecondFactor(waiting), _) => waiting,
        other => panic!("{other:?}"),
    }
}

async fn r_in_4_a_first_passkey_needs_a_code_mailed_for_it_and_gives_recovery_codes(bed: Bed) {
    let sam = bed.person("sam").await;
    assert_eq!(refused(passkey::begin(&bed.app, &sam.visitor).await), Refusal::NeedsMailedCode);
    let sam = bed.confirmed_by_mail(&sam).await;
    let mut device = authenticator(1);
    let begun = passkey::begin(&bed.app, &sam.visitor).await.unwrap();
    let asked = &begun.options;
    assert_eq!((asked["rp"]["id"].as_str(), asked["attestation"].as_str()), (Some("orgate.example.com"), Some("none")));
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    let credential = device.create(asked);
    let answered = Answered { ceremony_id: begun.id.to_string(), credential };
    let enrolled = passkey::finish(&bed.app, &sam.visitor, &answered, " My  laptop ").await.unwrap();
    assert_eq!(enrolled.recovery_codes.len(), 10);
    let after = Person::of(&enrolled.issued, sam.visitor.clone());
    assert_eq!(refused(session::current(&bed.app, &sam.visitor).await), Refusal::NoSession, "T-WEB-3: a new token");
    assert!(has_factor(&bed, &after).await);
    let listed = passkey::list(&bed.app, &after.visitor).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["My laptop"]);
}

async fn r_in_4_a_further_passkey_asks_for_the_factor_there_is(bed: Bed) {
    let (sam, mut laptop) = with_passkey(&bed, "sam", 1).await;
    let by_password = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    assert_eq!(refused(passkey::begin(&bed.app, &by_password.visitor).await), Refusal::NeedsSecondFactor);
    bed.advance(16);
    assert_eq!(refused(passkey::begin(&bed.app, &sam.visitor).await), Refusal::NeedsRecentProof);
    let issued = bed.confirm_by_passkey(&sam, &mut laptop).await.unwrap();
    let sam = Person::of(&issued, sam.visitor);
    let begun = passkey::begin(&bed.app, &sam.visitor).await.unwrap();
    assert_eq!(begun.options["excludeCredentials"].as_array().unwrap().len(), 1, "the browser knows which are there");
    let mut phone = Authenticator::new(ORIGIN, Algorithm::Es256, 2);
    let answered = Answered { ceremony_id: begun.id.to_string(), credential: phone.create(&begun.options) };
    let enrolled = passkey::finish(&bed.app, &sam.visitor, &answered, "Phone").await.unwrap();
    assert!(enrolled.recovery_codes.is_empty(), "there are some already");
    let sam = Person::of(&enrolled.issued, sam.visitor);
    let same = passkey::begin(&bed.app, &sam.visitor).await.unwrap();
    let answered = Answered { ceremony_id: same.id.to_string(), credential: phone.create(&same.options) };
    let twice = passkey::finish(&bed.app, &sam.visitor, &answered, "Phone").await;
    assert_eq!(refused(twice), Refusal::FactorExists);
    let entry = bed.enter_by_passkey(&bed.stranger(), &mut phone).await.unwrap();
    assert_eq!(entry.session().unwrap().user.id, sam.id);
}

async fn t_mfa_5_adding_and_removing_end_other_sessions_and_tell_the_person(bed: Bed) {
    let before = confirmed(&bed, "sam").await;
    let other = bed.session(&before, Proofs::of(Proof::Password { at: bed.now() })).await;
    bed.read_all(&before.email).await;
    let mut device = authenticator(1);
    let sam = bed.enrol(&before, &mut device, "Laptop").await;
    assert_eq!(refused(session::current(&bed.app, &other.visitor).await), Refusal::NoSession);
    assert_eq!(bed.next_mail(&sam.email).await.subject, "New passkey at Orgate");
    let other = bed.enter_by_passkey(&bed.stranger(), &mut device).await.unwrap().session().unwrap();
    let other = Person::of(&other, bed.stranger());
    let id = passkey::list(&bed.app, &sam.visitor).await.unwrap()[0].id.to_string();
    let (name, forecast) = passkey::forecast_removal(&bed.app, &sam.visitor, &id).await.unwrap();
    assert_eq!((name.as_str(), forecast.is_last, forecast.sessions_to_end), ("Laptop", true, 1));
    bed.read_all(&sam.email).await;
    passkey::remove(&bed.app, &sam.visitor, &id).await.unwrap();
    assert_eq!(bed.next_mail(&sam.email).await.subject, "Your passkey at Orgate was removed");
    assert_eq!(refused(session::current(&bed.app, &other.visitor).await), Refusal::NoSession);
    assert!(!has_factor(&bed, &sam).await);
    assert_eq!(second_factor::list(&bed.app, &sam.visitor).await.unwrap().recovery_codes_left, 0);
    assert_eq!(refused(passkey::remove(&bed.app, &sam.visitor, &id).await), Refusal::NotFound);
}

async fn r_in_1_a_passkey_alone_signs_in_and_is_both_factors(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let visitor = bed.stranger();
    let (begun, cookie) = begin(&bed.app, &visitor).await.unwrap();
    assert!(cookie.is_none(), "the browser has one");
    assert_eq!(begun.options["allowCredentials"].as_array().unwrap().len(), 0, "nobody is named");
    assert_eq!(begun.options["userVerification"], "required");
    let answered = Answered { ceremony_id: begun.id.to_string(), credential: device.get(&begun.options) };
    let issued = enter(&bed.app, &visitor, &answered, None).await.unwrap().session().unwrap();
    assert_eq!(issued.user.id, sam.id);
    let there = Person::of(&issued, visitor);
    let current = session::current(&bed.app, &there.visitor).await.unwrap();
    assert_eq!(current.proofs.iter().map(Proof::method).collect::<Vec<_>>(), [AuthenticationMethod::Passkey]);
    passkey::begin(&bed.app, &there.visitor).await.unwrap();
    let used = passkey::list(&bed.app, &there.visitor).await.unwrap();
    assert_eq!(used[0].last_used_at, Some(bed.now()));
}

async fn a_passkey_serves_as_the_second_factor_of_a_sign_in_that_waits(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let (_, mut strange) = with_passkey(&bed, "kim", 2).await;
    let visitor = bed.stranger();
    let held = waiting(&bed, &visitor, &sam).await;
    assert_eq!(held.methods.first(), Some(&AuthenticationMethod::Passkey));
    let id = &held.sign_in_id;
    assert_eq!(refused(factor::begin(&bed.app, &bed.stranger(), id).await), Refusal::AttemptOver, "another browser");
    let begun = factor::begin(&bed.app, &visitor, id).await.unwrap();
    assert_eq!(begun.options["allowCredentials"].as_array().unwrap().len(), 1);
    let wrong = Answered { ceremony_id: begun.id.to_string(), credential: strange.get(&begun.options) };
    let refusal = refused(factor::verify(&bed.app, &visitor, id, &wrong).await);
    assert_eq!(reason(&refusal), PasskeyRefusal::Unknown, "somebody else's");
    let again = Answered { ceremony_id: begun.id.to_string(), credential: device.get(&begun.options) };
    let used = factor::verify(&bed.app, &visitor, id, &again).await;
    assert_eq!(refused(used), Refusal::AttemptOver, "a wrong answer uses the challenge up");
    let begun = factor::begin(&bed.app, &visitor, id).await.unwrap();
    let right = Answered { ceremony_id: begun.id.to_string(), credential: device.get(&begun.options) };
    match factor::verify(&bed.app, &visitor, id, &right).await.unwrap() {
        Promoted::SignedIn { issued, .. } => assert_eq!(issued.user.id, sam.id),
        Promoted::Blocked(blocked) => panic!("{blocked:?}"),
    }
    assert_eq!(refused(factor::begin(&bed.app, &visitor, id).await), Refusal::AttemptOver);
    let held = waiting(&bed, &visitor, &sam).await;
    for _ in 0..5 {
        let begun = factor::begin(&bed.app, &visitor, &held.sign_in_id).await.unwrap();
        let wrong = Answered { ceremony_id: begun.id.to_string(), credential: strange.get(&begun.options) };
        refused(factor::verify(&bed.app, &visitor, &held.sign_in_id, &wrong).await);
    }
    let over = factor::begin(&bed.app, &visitor, &held.sign_in_id).await;
    assert_eq!(refused(over), Refusal::AttemptOver, "T-MFA-2: five tries");
}

async fn r_in_8_a_passkey_confirms_that_it_is_the_same_person(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let (_, mut strange) = with_passkey(&bed, "kim", 2).await;
    bed.advance(16);
    let refusal = refused(bed.confirm_by_passkey(&sam, &mut strange).await);
    assert_eq!(reason(&refusal), PasskeyRefusal::Unknown);
    let issued = bed.confirm_by_passkey(&sam, &mut device).await.unwrap();
    let after = Person::of(&issued, sam.visitor.clone());
    assert_eq!(refused(session::current(&bed.app, &sam.visitor).await), Refusal::NoSession, "T-WEB-3: a new token");
    passkey::begin(&bed.app, &after.visitor).await.unwrap();
    let kim = bed.person("kay").await;
    assert_eq!(refused(factor::begin_again(&bed.app, &kim.visitor).await), Refusal::NotFound, "who has none");
}

async fn tried(bed: &Bed, device: &mut Authenticator) -> PasskeyRefusal {
    reason(&refused(bed.enter_by_passkey(&bed.stranger(), device).await))
}

async fn every_answer_that_is_not_right_is_refused_by_its_reason(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let handle = device.user_handle.clone();
    assert_eq!(tried(&bed, &mut authenticator(9)).await, PasskeyRefusal::Unknown);
    device.origin = "https://orgate.example.com.evil.example".to_owned();
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::OtherOrigin);
    device.origin = "http://orgate.example.com".to_owned();
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::OtherOrigin);
    device.origin = ORIGIN.to_owned();
    device.site = "example.com".to_owned();
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::OtherOrigin, "another site's passkey");
    device.site = "orgate.example.com".to_owned();
    device.framed = true;
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::OtherOrigin, "inside another page");
    device.framed = false;
    device.verifies = false;
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::NotVerified);
    device.verifies = true;
    device.touched = false;
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::NotVerified);
    device.touched = true;
    device.user_handle = Some(b"usr_somebody_else".to_vec());
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Unknown);
    device.user_handle = None;
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Invalid, "nobody is named");
    device.user_handle = handle;
    device.synchronized = true;
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Invalid, "it was bound to its device");
    device.synchronized = false;
    // The same name for another key: the signature is not right.
    let mut impostor = Authenticator::new(ORIGIN, Algorithm::Es256, 1);
    impostor.user_handle.clone_from(&device.user_handle);
    assert_eq!(tried(&bed, &mut impostor).await, PasskeyRefusal::Invalid);
    let visitor = bed.stranger();
    let (one, _) = begin(&bed.app, &visitor).await.unwrap();
    let (other, _) = begin(&bed.app, &visitor).await.unwrap();
    let crossed = Answered { ceremony_id: one.id.to_string(), credential: device.get(&other.options) };
    let refusal = refused(enter(&bed.app, &visitor, &crossed, None).await);
    assert_eq!(reason(&refusal), PasskeyRefusal::OtherChallenge);
    for text in ["", "{}", "null", "{\"rawId\":\"AAAA\",\"type\":\"public-key\",\"response\":{}}"] {
        let (begun, _) = begin(&bed.app, &visitor).await.unwrap();
        let garbage = Answered { ceremony_id: begun.id.to_string(), credential: text.to_owned() };
        assert_eq!(reason(&refused(enter(&bed.app, &visitor, &garbage, None).await)), PasskeyRefusal::Invalid);
    }
    let entry = bed.enter_by_passkey(&bed.stranger(), &mut device).await.unwrap();
    assert_eq!(entry.session().unwrap().user.id, sam.id, "nothing of it harmed the passkey");
}

async fn a_new_key_is_taken_from_the_right_site_and_a_verified_person_only(bed: Bed) {
    let sam = confirmed(&bed, "sam").await;
    for (spoil, why) in [
        (
            (|device| device.origin = "https://evil.example".to_owned()) as fn(&mut Authenticator),
            PasskeyRefusal::OtherOrigin,
        ),
        (|device| device.site = "evil.example".to_owned(), PasskeyRefusal::OtherOrigin),
        (|device| device.verifies = false, PasskeyRefusal::NotVerified),
    ] {
        let mut device = authenticator(1);
        spoil(&mut device);
        let begun = passkey::begin(&bed.app, &sam.visitor).await.unwrap();
        let answered = Answered { ceremony_id: begun.id.to_string(), credential: device.create(&begun.options) };
        let outcome = passkey::finish(&bed.app, &sam.visitor, &answered, "Key").await;
        assert_eq!(reason(&refused(outcome)), why);
        let again = passkey::finish(&bed.app, &sam.visitor, &answered, "Key").await;
        assert_eq!(refused(again), Refusal::AttemptOver, "a wrong answer uses the challenge up");
    }
    assert!(!has_factor(&bed, &sam).await);
}

async fn a_counter_that_goes_back_is_refused_and_written_down(bed: Bed) {
    let mut device = authenticator(1);
    device.counter = Some(3);
    let sam = confirmed(&bed, "sam").await;
    bed.enrol(&sam, &mut device, "Key").await;
    bed.enter_by_passkey(&bed.stranger(), &mut device).await.unwrap().session().unwrap();
    device.counter = Some(3);
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Copied, "the same number again");
    device.counter = Some(0);
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Copied);
    device.counter = None;
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Copied, "it counted before");
    let events = bed
        .write((), |tx, ()| {
            Box::pin(async move { tx.instance().list_audit_events(&AuditFilter::default(), None, 50).await })
        })
        .await;
    assert!(events.items.iter().any(|event| event.outcome == "passkey-copied" && event.action == "session.refused"));
    device.counter = Some(9);
    bed.enter_by_passkey(&bed.stranger(), &mut device).await.unwrap().session().unwrap();
}

async fn a_challenge_serves_its_browser_its_purpose_and_five_minutes(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let visitor = bed.stranger();
    let (begun, _) = begin(&bed.app, &visitor).await.unwrap();
    let answered = Answered { ceremony_id: begun.id.to_string(), credential: device.get(&begun.options) };
    assert_eq!(refused(enter(&bed.app, &bed.stranger(), &answered, None).await), Refusal::AttemptOver);
    assert_eq!(refused(factor::confirm(&bed.app, &sam.visitor, &answered).await), Refusal::AttemptOver);
    let again = factor::begin_again(&bed.app, &sam.visitor).await.unwrap();
    let for_session = Answered { ceremony_id: again.id.to_string(), credential: device.get(&again.options) };
    let visitor_in = Visitor { browser: visitor.browser, ..sam.visitor.clone() };
    assert_eq!(refused(enter(&bed.app, &visitor_in, &for_session, None).await), Refusal::AttemptOver);
    bed.advance(5);
    assert_eq!(refused(enter(&bed.app, &visitor, &answered, None).await), Refusal::AttemptOver, "five minutes");
    let mut unknown = visitor.clone();
    unknown.browser = None;
    assert_eq!(refused(enter(&bed.app, &unknown, &answered, None).await), Refusal::AttemptOver);
}

async fn a_program_goes_on_by_the_name_that_it_was_given(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let (begun, handle) = begin_for_program(&bed.app, &bed.stranger()).await.unwrap();
    let (id, holder) = read_handle(&handle).unwrap();
    let answered = Answered { ceremony_id: id.to_string(), credential: device.get(&begun.options) };
    assert_eq!(refused(complete(&bed.app, &bed.stranger(), &answered).await), Refusal::AttemptOver, "the id alone");
    let mut visitor = bed.stranger();
    visitor.handle = Some(holder);
    let entry = complete(&bed.app, &visitor, &answered).await.unwrap();
    assert_eq!(entry.session().unwrap().user.id, sam.id);
    assert!(read_handle(begun.id.as_str()).is_none());
}

async fn of_64_parallel_answers_to_one_challenge_one_makes_a_session(bed: Bed) {
    let (_, mut device) = with_passkey(&bed, "sam", 1).await;
    let visitor = bed.stranger();
    let (begun, _) = begin(&bed.app, &visitor).await.unwrap();
    let answered = Answered { ceremony_id: begun.id.to_string(), credential: device.get(&begun.options) };
    let tries = join_all((0..64).map(|_| enter(&bed.app, &visitor, &answered, None))).await;
    let (made, refusals): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for outcome in refusals {
        assert_eq!(refused(outcome), Refusal::AttemptOver);
    }
}

async fn of_64_parallel_answers_one_adds_the_passkey(bed: Bed) {
    let sam = confirmed(&bed, "sam").await;
    let mut device = authenticator(1);
    let begun = passkey::begin(&bed.app, &sam.visitor).await.unwrap();
    let answered = Answered { ceremony_id: begun.id.to_string(), credential: device.create(&begun.options) };
    let tries = join_all((0..64).map(|_| passkey::finish(&bed.app, &sam.visitor, &answered, "Key"))).await;
    let made: Vec<_> = tries.into_iter().filter_map(Result::ok).collect();
    assert_eq!(made.len(), 1);
    let sam = Person::of(&made[0].issued, sam.visitor);
    assert_eq!(passkey::list(&bed.app, &sam.visitor).await.unwrap().len(), 1);
}

async fn r_enf_3_a_passkey_does_not_go_round_enforced_sso_and_an_exempt_owner_passes(bed: Bed) {
    let (sam, mut of_sam) = with_passkey(&bed, "sam", 1).await;
    let acme = bed.organization(&sam, "Acme").await;
    let (kim, mut of_kim) = with_passkey(&bed, "kim", 2).await;
    join(&bed, &acme.id, &kim, OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    let visitor = bed.stranger();
    match bed.enter_by_passkey(&visitor, &mut of_kim).await.unwrap() {
        Entry::Blocked(blocked) => {
            assert_eq!(blocked.organizations[0].slug, "acme");
            assert!(blocked.attempt.is_some(), "the person goes on from it");
        }
        other => panic!("{other:?}"),
    }
    let entry = bed.enter_by_passkey(&bed.stranger(), &mut of_sam).await.unwrap();
    assert_eq!(entry.session().unwrap().user.id, sam.id, "exempt");
}

async fn join(bed: &Bed, id: &orgate_core::id::OrganizationId, person: &Person, role: OrganizationRole) {
    let input = (id.clone(), person.id.clone(), role, bed.now());
    bed.write(input, |tx, (id, user, role, now)| {
        Box::pin(async move {
            let origin = orgate_core::membership::MembershipOrigin::Invitation;
            tx.organization(id).join(user, *role, origin, *now).await
        })
    })
    .await;
}

async fn r_enf_14_a_passkey_is_a_way_back_and_the_last_one_stays(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let acme = bed.organization(&sam, "Acme").await;
    bed.enforce(&sam, &acme).await;
    remove_password(&bed.app, &sam.visitor).await.unwrap();
    let view = enforcement::show(&bed.app, &sam.visitor, "acme").await.unwrap();
    assert_eq!(view.break_glass.len(), 1, "by the passkey");
    // Their SSO lets them in as well, but it is what would be down.
    bed.link(&sam, &acme.id, "00u-sam").await;
    let id = passkey::list(&bed.app, &sam.visitor).await.unwrap()[0].id.to_string();
    assert_eq!(refused(passkey::remove(&bed.app, &sam.visitor, &id).await), Refusal::NoWayBackIn);
    let mut second = authenticator(2);
    let sam = bed.enrol(&sam, &mut second, "Second").await;
    passkey::remove(&bed.app, &sam.visitor, &id).await.unwrap();
    assert_eq!(tried(&bed, &mut device).await, PasskeyRefusal::Unknown);
}

async fn nobody_removes_their_only_way_in(bed: Bed) {
    let (sam, _) = with_passkey(&bed, "sam", 1).await;
    remove_password(&bed.app, &sam.visitor).await.unwrap();
    let id = passkey::list(&bed.app, &sam.visitor).await.unwrap()[0].id.to_string();
    assert_eq!(refused(passkey::remove(&bed.app, &sam.visitor, &id).await), Refusal::LastWayIn);
    assert_eq!(passkey::list(&bed.app, &sam.visitor).await.unwrap().len(), 1);
}

async fn a_passkey_is_named_by_its_person_alone(bed: Bed) {
    let (sam, _) = with_passkey(&bed, "sam", 1).await;
    let (kim, _) = with_passkey(&bed, "kim", 2).await;
    let id = passkey::list(&bed.app, &sam.visitor).await.unwrap()[0].id.to_string();
    assert_eq!(refused(passkey::rename(&bed.app, &kim.visitor, &id, "Mine").await), Refusal::NotFound);
    assert_eq!(refused(passkey::remove(&bed.app, &kim.visitor, &id).await), Refusal::NotFound);
    let unnamed = passkey::rename(&bed.app, &sam.visitor, &id, " ").await;
    assert!(matches!(refused(unnamed), Refusal::InvalidInput(_)));
    passkey::rename(&bed.app, &sam.visitor, &id, "Work laptop").await.unwrap();
    assert_eq!(passkey::find(&bed.app, &sam.visitor, &id).await.unwrap().name, "Work laptop");
}

async fn a_passkey_that_was_removed_signs_nobody_in(bed: Bed) {
    let (sam, mut device) = with_passkey(&bed, "sam", 1).await;
    let visitor = bed.stranger();
    let (begun, _) = begin(&bed.app, &visitor).await.unwrap();
    let answered = Answered { ceremony_id: begun.id.to_string(), credential: device.get(&begun.options) };
    let id = passkey::list(&bed.app, &sam.visitor).await.unwrap()[0].id.to_string();
    passkey::remove(&bed.app, &sam.visitor, &id).await.unwrap();
    let outcome: Result<Entry, Error> = enter(&bed.app, &visitor, &answered, None).await;
    assert_eq!(reason(&refused(outcome)), PasskeyRefusal::Unknown);
}

async fn each_algorithm_signs_in_and_another_key_of_it_does_not(bed: Bed) {
    for (number, algorithm) in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256].into_iter().enumerate() {
        let seed = u8::try_from(number).unwrap() + 1;
        let sam = confirmed(&bed, &format!("sam{number}")).await;
        let mut device = Authenticator::new(ORIGIN, algorithm, seed);
        bed.enrol(&sam, &mut device, "Key").await;
        let entry = bed.enter_by_passkey(&bed.stranger(), &mut device).await.unwrap();
        assert_eq!(entry.session().unwrap().user.id, sam.id, "{algorithm:?}");
        let mut other = Authenticator::new(ORIGIN, algorithm, seed + 100);
        other.id.clone_from(&device.id);
        other.user_handle.clone_from(&device.user_handle);
        assert_eq!(tried(&bed, &mut other).await, PasskeyRefusal::Invalid, "{algorithm:?}");
    }
}

async fn nobody_has_more_than_twenty_passkeys(bed: Bed) {
    let (mut sam, _) = with_passkey(&bed, "sam", 1).await;
    for seed in 2..=20 {
        sam = bed.enrol(&sam, &mut authenticator(seed), "Key").await;
    }
    assert!(matches!(refused(passkey::begin(&bed.app, &sam.visitor).await), Refusal::InvalidInput(_)));
    assert_eq!(passkey::list(&bed.app, &sam.visitor).await.unwrap().len(), 20);
}
