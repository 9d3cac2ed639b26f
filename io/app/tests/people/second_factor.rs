//! Signing in with a second factor: T-MFA-1 to T-MFA-4, R-IN-4, R-ENF-8.

use futures_util::future::join_all;
use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::passwords::Password;
use orgate_app::sign_in::blocked;
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::{self, Promoted, TypedFactor, TypedMethod, Waiting, again, read_handle};
use orgate_app::visitor::Visitor;
use orgate_app::{account, password_reset, session};
use orgate_core::id::SignInId;
use orgate_core::method::AuthenticationMethod;
use orgate_core::method::AuthenticationMethod::{Password as ByPassword, RecoveryCode, Totp};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Authenticator, Bed, PASSWORD, Person, refused};

on_each_engine! {
    r_in_4_a_right_password_waits_for_the_second_factor_and_the_session_holds_both
    t_mfa_1_a_code_without_a_right_password_opens_nothing
    t_mfa_2_a_waiting_sign_in_serves_its_browser_alone_and_opens_nothing_else
    t_mfa_2_a_program_goes_on_by_a_secret_and_not_by_the_id
    t_mfa_2_a_waiting_sign_in_lasts_five_minutes
    t_mfa_2_five_wrong_codes_end_it_and_the_person_is_told
    t_mfa_2_another_password_ends_it
    t_mfa_3_a_code_serves_once
    t_mfa_3_of_64_parallel_tries_of_one_code_one_comes_in
    t_mfa_3_of_64_parallel_tries_in_one_sign_in_one_comes_in
    t_mfa_3_a_recovery_code_serves_once_and_the_person_is_told_how_many_are_left
    t_mfa_4_a_reset_link_does_not_skip_the_second_factor
    r_in_7_a_factor_shown_in_a_session_makes_a_new_token
    r_enf_8_an_exempt_owner_is_asked_and_the_others_are_told
    r_enf_3_who_is_bound_is_sent_to_sso_before_any_second_factor
    r_enf_11_enforcement_turned_on_meanwhile_stops_it
}

async fn enter(bed: &Bed, visitor: &Visitor, email: &str) -> Entry {
    let typed = Credentials { email: email.to_owned(), password: Password::from_typed(PASSWORD) };
    let wanted = Some("/organizations/acme/members".to_owned());
    password::enter(&bed.app, visitor, typed, wanted).await.unwrap().0
}

#[track_caller]
fn waits(entry: Entry) -> Waiting {
    match entry {
        Entry::SecondFactor(waiting) => waiting,
        Entry::SignedIn(_) | Entry::Blocked(_) => panic!("it does not wait for a second factor"),
    }
}

/// Kim, who has an authenticator app.
async fn kim(bed: &Bed) -> (Person, Authenticator) {
    let kim = bed.person("kim").await;
    let app = bed.authenticator(&kim.id).await;
    bed.read_all(&kim.email).await;
    (kim, app)
}

/// A right password of Kim's in this browser.
async fn held(bed: &Bed, visitor: &Visitor, person: &Person) -> SignInId {
    waits(enter(bed, visitor, &person.email).await).sign_in_id
}

fn wrong() -> TypedFactor {
    TypedFactor { method: TypedMethod::Totp, code: "no code".to_owned() }
}

#[track_caller]
fn signed_in(promoted: Promoted, visitor: &Visitor) -> Person {
    match promoted {
        Promoted::SignedIn { issued, .. } => Person::of(&issued, visitor.clone()),
        Promoted::Blocked(_) => panic!("SSO stopped it"),
    }
}

async fn methods(bed: &Bed, person: &Person) -> Vec<AuthenticationMethod> {
    let current = session::current(&bed.app, &person.visitor).await.unwrap();
    current.proofs.iter().map(orgate_core::proof::Proof::method).collect()
}

async fn r_in_4_a_right_password_waits_for_the_second_factor_and_the_session_holds_both(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let waiting = waits(enter(&bed, &visitor, &kim.email).await);
    assert_eq!(waiting.methods, [Totp]);
    let shown = second_factor::show(&bed.app, &visitor, &waiting.sign_in_id).await.unwrap();
    assert_eq!((shown.first, shown.methods), (ByPassword, vec![Totp]));
    let promoted = second_factor::verify(&bed.app, &visitor, &waiting.sign_in_id, app.typed(bed.now())).await.unwrap();
    assert!(matches!(&promoted, Promoted::SignedIn { return_to: Some(to), .. } if to == "/organizations/acme/members"));
    let kim = signed_in(promoted, &visitor);
    assert_eq!(methods(&bed, &kim).await, [ByPassword, Totp]);
    assert!(account::security(&bed.app, &kim.visitor).await.is_ok(), "the account is open to both");
}

async fn t_mfa_1_a_code_without_a_right_password_opens_nothing(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let typed = Credentials { email: kim.email.clone(), password: Password::from_typed("not the pass phrase") };
    assert_eq!(refused(password::enter(&bed.app, &visitor, typed, None).await), Refusal::InvalidCredentials);
    let id = held(&bed, &bed.stranger(), &kim).await;
    for visitor in [visitor, Visitor { browser: None, ..bed.stranger() }] {
        let refusal = refused(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await);
        assert_eq!(refusal, Refusal::AttemptOver);
        assert_eq!(refused(again::confirm(&bed.app, &visitor, app.typed(bed.now())).await), Refusal::NoSession);
    }
}

async fn t_mfa_2_a_waiting_sign_in_serves_its_browser_alone_and_opens_nothing_else(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &kim).await;
    for other in [bed.stranger(), Visitor { browser: None, ..bed.stranger() }] {
        assert_eq!(refused(second_factor::show(&bed.app, &other, &id).await), Refusal::AttemptOver);
        let refusal = refused(second_factor::verify(&bed.app, &other, &id, app.typed(bed.now())).await);
        assert_eq!(refusal, Refusal::AttemptOver);
    }
    let as_session = Visitor { session: visitor.browser, ..bed.stranger() };
    assert_eq!(refused(session::current(&bed.app, &as_session).await), Refusal::NoSession);
    assert_eq!(refused(session::current(&bed.app, &visitor).await), Refusal::NoSession);
    assert_eq!(refused(blocked::show(&bed.app, &visitor, &id).await), Refusal::AttemptOver);
    let questions = orgate_app::sign_in::sso::answer::question(&bed.app, &visitor, &id).await;
    assert_eq!(refused(questions), Refusal::AttemptOver);
    signed_in(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await.unwrap(), &visitor);
}

async fn t_mfa_2_a_program_goes_on_by_a_secret_and_not_by_the_id(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let typed = Credentials { email: kim.email.clone(), password: Password::from_typed(PASSWORD) };
    let waiting = waits(password::begin(&bed.app, &bed.stranger(), typed).await.unwrap());
    let handle = waiting.handle();
    let id = waiting.sign_in_id.to_string();
    assert!(handle.starts_with(&id) && handle.len() > id.len() + 40, "the id and 256 bits");
    for other in [id.clone(), format!("{id}."), format!("{id}.AAAA"), handle.replace('.', ""), format!("{}A", *handle)]
    {
        assert_eq!(read_handle(&other), None, "{other}");
    }
    let refusal = refused(second_factor::verify(&bed.app, &bed.stranger(), &waiting.sign_in_id, wrong()).await);
    assert_eq!(refusal, Refusal::AttemptOver);
    let (id, holder) = read_handle(&handle).unwrap();
    let visitor = Visitor { handle: Some(holder), ..bed.stranger() };
    signed_in(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await.unwrap(), &visitor);
}

async fn t_mfa_2_a_waiting_sign_in_lasts_five_minutes(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &kim).await;
    bed.advance(5);
    let refusal = refused(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await);
    assert_eq!(refusal, Refusal::AttemptOver);
}

async fn t_mfa_2_five_wrong_codes_end_it_and_the_person_is_told(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &kim).await;
    for _ in 0..5 {
        assert_eq!(refused(second_factor::verify(&bed.app, &visitor, &id, wrong()).await), Refusal::InvalidCode);
    }
    let refusal = refused(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await);
    assert_eq!(refusal, Refusal::AttemptOver, "a right code comes too late");
    let mail = bed.next_mail(&kim.email).await;
    assert!(mail.subject.contains("was stopped"), "{}", mail.subject);
    // Another right password begins anew, with five tries of its own.
    let id = held(&bed, &visitor, &kim).await;
    signed_in(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await.unwrap(), &visitor);
}

async fn t_mfa_2_another_password_ends_it(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &kim).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    let link = bed.next_mail(&kim.email).await.link("/password-reset/").unwrap();
    let token = link.rsplit('/').next().unwrap();
    password_reset::complete(&bed.app, &bed.stranger(), token, "another long pass phrase").await.unwrap();
    let refusal = refused(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await);
    assert_eq!(refusal, Refusal::AttemptOver);
}

async fn t_mfa_3_a_code_serves_once(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let (typed, visitor) = (app.typed(bed.now()), bed.stranger());
    let id = held(&bed, &visitor, &kim).await;
    let kim = signed_in(second_factor::verify(&bed.app, &visitor, &id, typed.clone()).await.unwrap(), &visitor);
    let other = bed.stranger();
    let id = held(&bed, &other, &kim).await;
    let replayed = refused(second_factor::verify(&bed.app, &other, &id, typed.clone()).await);
    assert_eq!(replayed, Refusal::InvalidCode);
    assert_eq!(refused(again::confirm(&bed.app, &kim.visitor, typed).await), Refusal::InvalidCode);
    bed.advance(1);
    signed_in(second_factor::verify(&bed.app, &other, &id, app.typed(bed.now())).await.unwrap(), &other);
}

async fn t_mfa_3_of_64_parallel_tries_of_one_code_one_comes_in(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let mut held_ids = Vec::new();
    for _ in 0..64 {
        let visitor = bed.stranger();
        held_ids.push((held(&bed, &visitor, &kim).await, visitor));
    }
    let typed = app.typed(bed.now());
    let tries = held_ids.iter().map(|(id, visitor)| second_factor::verify(&bed.app, visitor, id, typed.clone()));
    let came_in = join_all(tries).await.into_iter().flatten().count();
    assert_eq!(came_in, 1);
}

async fn t_mfa_3_of_64_parallel_tries_in_one_sign_in_one_comes_in(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &kim).await;
    let typed = app.typed(bed.now());
    let tries = (0..64).map(|_| second_factor::verify(&bed.app, &visitor, &id, typed.clone()));
    let came_in = join_all(tries).await.into_iter().flatten().count();
    assert_eq!(came_in, 1);
}

/// Gives somebody this recovery code beside the use cases.
async fn recovery_codes(bed: &Bed, person: &Person, codes: &[&str]) {
    let hashes: Vec<[u8; 32]> = codes
        .iter()
        .map(|code| {
            let text = format!("{} {}", person.id, code.replace('-', ""));
            orgate_app::token::hash_text(orgate_app::token::TokenPurpose::RecoveryCode, &text)
        })
        .collect();
    bed.write((person.id.clone(), hashes, bed.now()), |tx, (user, hashes, now)| {
        Box::pin(async move { tx.instance().replace_recovery_codes(user, hashes, *now).await })
    })
    .await;
}

async fn t_mfa_3_a_recovery_code_serves_once_and_the_person_is_told_how_many_are_left(bed: Bed) {
    let (kim, _) = kim(&bed).await;
    recovery_codes(&bed, &kim, &["abcd-2345", "efgh-6789", "jkmn-2345"]).await;
    let visitor = bed.stranger();
    let waiting = waits(enter(&bed, &visitor, &kim.email).await);
    assert_eq!(waiting.methods, [Totp, RecoveryCode]);
    bed.read_all(&kim.email).await;
    let typed = TypedFactor { method: TypedMethod::RecoveryCode, code: " ABCD 2345 ".to_owned() };
    let promoted = second_factor::verify(&bed.app, &visitor, &waiting.sign_in_id, typed.clone()).await.unwrap();
    assert_eq!(methods(&bed, &signed_in(promoted, &visitor)).await, [ByPassword, RecoveryCode]);
    let mut mails = Vec::new();
    while let Some(mail) = bed.mail(&kim.email).await {
        mails.push(mail);
    }
    assert!(mails.iter().any(|mail| mail.text.contains("2 codes are left")), "{mails:?}");
    let other = bed.stranger();
    let id = held(&bed, &other, &kim).await;
    assert_eq!(refused(second_factor::verify(&bed.app, &other, &id, typed).await), Refusal::InvalidCode);
}

async fn t_mfa_4_a_reset_link_does_not_skip_the_second_factor(bed: Bed) {
    let (kim, _) = kim(&bed).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    let link = bed.next_mail(&kim.email).await.link("/password-reset/").unwrap();
    password_reset::complete(&bed.app, &bed.stranger(), link.rsplit('/').next().unwrap(), PASSWORD).await.unwrap();
    waits(enter(&bed, &bed.stranger(), &kim.email).await);
    assert_eq!(refused(session::current(&bed.app, &kim.visitor).await), Refusal::NoSession);
}

async fn r_in_7_a_factor_shown_in_a_session_makes_a_new_token(bed: Bed) {
    let (kim, app) = kim(&bed).await;
    assert_eq!(refused(account::security(&bed.app, &kim.visitor).await), Refusal::NeedsSecondFactor);
    assert_eq!(refused(again::confirm(&bed.app, &kim.visitor, wrong()).await), Refusal::InvalidCode);
    let issued = again::confirm(&bed.app, &kim.visitor, app.typed(bed.now())).await.unwrap();
    assert_eq!(refused(session::current(&bed.app, &kim.visitor).await), Refusal::NoSession, "the old token is over");
    let kim = Person::of(&issued, kim.visitor);
    assert_eq!(methods(&bed, &kim).await, [ByPassword, Totp]);
    assert!(account::security(&bed.app, &kim.visitor).await.is_ok());
}

async fn r_enf_8_an_exempt_owner_is_asked_and_the_others_are_told(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let lee = bed.member(&acme, "lee", OrganizationRole::Owner).await;
    bed.enforce(&sam, &acme).await;
    let app = bed.authenticator(&lee.id).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &lee).await;
    bed.read_all(&sam.email).await;
    signed_in(second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await.unwrap(), &visitor);
    let query = AuditQuery { action: Some("session.created-without-sso".to_owned()), ..AuditQuery::default() };
    let logged = audit_log::list(&bed.app, &sam.visitor, "acme", query).await.unwrap().items;
    assert_eq!(logged.len(), 1);
    assert!(logged[0].data.contains(r#""method":"password""#) && logged[0].data.contains(r#""second":"totp""#));
    let mail = bed.next_mail(&sam.email).await;
    assert!(mail.text.contains("lee"), "{}", mail.text);
}

async fn r_enf_3_who_is_bound_is_sent_to_sso_before_any_second_factor(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.authenticator(&kim.id).await;
    bed.enforce(&sam, &acme).await;
    assert!(matches!(enter(&bed, &bed.stranger(), &kim.email).await, Entry::Blocked(_)));
}

async fn r_enf_11_enforcement_turned_on_meanwhile_stops_it(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = bed.authenticator(&kim.id).await;
    let visitor = bed.stranger();
    let id = held(&bed, &visitor, &kim).await;
    bed.enforce(&sam, &acme).await;
    let promoted = second_factor::verify(&bed.app, &visitor, &id, app.typed(bed.now())).await.unwrap();
    let Promoted::Blocked(stopped) = promoted else { panic!("it was not stopped") };
    assert_eq!(stopped.organizations.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    assert!(blocked::show(&bed.app, &visitor, &stopped.attempt.unwrap()).await.is_ok(), "the person goes on from here");
    assert_eq!(refused(session::current(&bed.app, &visitor).await), Refusal::NoSession);
}
