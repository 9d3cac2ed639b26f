//! A person whom SSO made proves an address that somebody has proven already: the second factor of that one comes first
//! (R-LNK-4).

use std::time::Duration;

use futures_util::future::join_all;
use orgate_app::Error;
use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::organization::OrganizationView;
use orgate_app::project::{self, people};
use orgate_app::session::{self, Access};
use orgate_app::sign_in::password::{Credentials, Entry, enter};
use orgate_app::sign_in::second_factor::{Promoted, TypedFactor, TypedMethod, again, verify};
use orgate_app::sign_in::{Issued, step_up};
use orgate_app::{account, membership, password_reset, passwords::Password};
use orgate_core::linking::LinkingRefusal;
use orgate_core::method::AuthenticationMethod::{self, MailedCode, RecoveryCode, Sso, Totp};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{AuditEvent, AuditFilter};

use crate::support::factors::Equipped;
use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    r_lnk_4_the_factor_beside_the_code_brings_the_person_to_who_has_the_address
    r_lnk_4_the_mail_says_what_came_along
    r_lnk_4_without_the_factor_nothing_is_used_up
    r_lnk_4_wrong_factors_count_for_who_has_the_address_and_the_next_one_waits
    r_lnk_4_a_factor_beside_a_wrong_code_counts_for_nobody_and_tells_nothing
    r_lnk_4_a_step_that_was_used_brings_nobody
    r_lnk_4_a_recovery_code_serves_once_and_is_kept_where_something_else_refuses
    r_lnk_4_of_64_parallel_tries_one_brings_the_person
    r_lnk_4_the_link_of_a_forgotten_password_asks_for_the_factor_and_serves_until_it_is_right
    r_lnk_4_wrong_factors_beside_a_link_count_too
    r_lnk_4_of_64_parallel_uses_of_a_link_one_sets_the_password
    r_lnk_4_who_has_but_a_passkey_needs_recovery_codes_first
    r_lnk_4_a_factor_is_compared_only_where_one_is_asked_for
    r_lnk_4_what_section_5_refuses_is_refused_before_any_factor
    r_inv_2_an_invitation_to_the_address_is_for_who_has_it_whatever_their_factor
}

const NEW: &str = "another long pass phrase";

/// Acme's SSO made somebody with the address that Kim has proven elsewhere, who has an authenticator app.
struct Scene {
    sam: Person,
    acme: OrganizationView,
    born: Person,
    kim: Equipped,
}

async fn scene(bed: &Bed) -> Scene {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Kim at Acme", "kim@example.com").await;
    let kim = bed.person("kim").await;
    let kim = bed.equip(&kim).await;
    // The step that confirmed the app is used up.
    bed.advance(1);
    bed.read_all("kim@example.com").await;
    Scene { sam, acme, born, kim }
}

impl Scene {
    fn right(&self, bed: &Bed) -> TypedFactor {
        TypedFactor { method: TypedMethod::Totp, code: self.kim.code(bed.now()) }
    }

    fn recovery(&self) -> TypedFactor {
        TypedFactor { method: TypedMethod::RecoveryCode, code: self.kim.recovery_codes[0].clone() }
    }
}

fn wrong() -> TypedFactor {
    TypedFactor { method: TypedMethod::Totp, code: "no code".to_owned() }
}

/// Six digits that are not these.
fn another(code: &str) -> String {
    code.chars().map(|digit| if digit == '1' { '2' } else { '1' }).collect()
}

async fn mailed_code(bed: &Bed, person: &Person) -> String {
    step_up::mail_code(&bed.app, &person.visitor).await.unwrap();
    bed.next_code(&person.email).await
}

async fn confirm(bed: &Bed, person: &Person, code: &str, factor: Option<TypedFactor>) -> Result<Issued, Error> {
    step_up::confirm_with(&bed.app, &person.visitor, code, factor).await
}

/// The token of the link for the person whom SSO made: the mail's first one is for who has the address proven.
async fn reset_token(bed: &Bed, email: &str) -> String {
    password_reset::request(&bed.app, &bed.stranger(), email).await.unwrap();
    loop {
        let mail = bed.next_mail(email).await;
        let links: Vec<String> = mail.links().into_iter().filter(|link| link.contains("/password-reset/")).collect();
        if let Some(link) = links.get(1) {
            return link.rsplit('/').next().unwrap().to_owned();
        }
    }
}

async fn reset(bed: &Bed, token: &str, factor: Option<TypedFactor>) -> Result<(), Error> {
    password_reset::complete_with(&bed.app, &bed.stranger(), token, NEW, factor).await
}

/// Closed, and then with nothing left of the person.
async fn is_closed(bed: &Bed, person: &Person) -> bool {
    let user = bed.write(person.id.clone(), |tx, id| Box::pin(async move { tx.instance().load_user(id).await }));
    let user = user.await;
    let is_emptied = user.name != person.name && !user.email.as_str().contains(&person.email);
    assert_eq!(user.closed_at.is_some(), is_emptied, "{user:?}");
    is_emptied
}

async fn methods(bed: &Bed, person: &Person) -> Vec<AuthenticationMethod> {
    let current = session::current(&bed.app, &person.visitor).await.unwrap();
    current.proofs.iter().map(Proof::method).collect()
}

#[track_caller]
fn is_about_factor(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::InvalidInput(fields) if fields.iter().all(|field| field.field == "factor"))
}

/// A sign-in by password, with the factor that follows.
async fn sign_in(bed: &Bed, email: &str, password: &str, factor: TypedFactor) -> Result<Promoted, Error> {
    let typed = Credentials { email: email.to_owned(), password: Password::from_typed(password) };
    let visitor = bed.stranger();
    match enter(&bed.app, &visitor, typed, None).await?.0 {
        Entry::SecondFactor(waiting) => verify(&bed.app, &visitor, &waiting.sign_in_id, factor).await,
        other => panic!("{other:?}"),
    }
}

async fn r_lnk_4_the_factor_beside_the_code_brings_the_person_to_who_has_the_address(bed: Bed) {
    let scene = scene(&bed).await;
    let code = mailed_code(&bed, &scene.born).await;
    let issued = confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await.unwrap();
    let merged = Person::of(&issued, scene.born.visitor.clone());
    assert_eq!(merged.id, scene.kim.person.id);
    assert_eq!(methods(&bed, &merged).await, [Sso, MailedCode, Totp]);
    let current = session::current(&bed.app, &merged.visitor).await.unwrap();
    assert!(current.account_open && current.email_proven);
    let [place] = current.organizations.as_slice() else { panic!("{current:?}") };
    assert_eq!((place.slug.as_str(), place.role, place.access), ("acme", OrganizationRole::Member, Access::Open));
    assert!(account::security(&bed.app, &merged.visitor).await.is_ok(), "R-IN-9: the factor was shown");
    assert!(is_closed(&bed, &scene.born).await);
    assert_eq!(refused(session::current(&bed.app, &scene.born.visitor).await), Refusal::NoSession);
    assert!(session::current(&bed.app, &scene.kim.person.visitor).await.is_ok(), "the other browser goes on");

    let query = AuditQuery { action: Some("user.merged".to_owned()), ..AuditQuery::default() };
    let events = audit_log::list(&bed.app, &scene.sam.visitor, "acme", query).await.unwrap().items;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.target.as_deref(), Some(merged.id.as_str()));
    assert!(event.data.contains(scene.born.id.as_str()), "{}", event.data);
}

async fn r_lnk_4_the_mail_says_what_came_along(bed: Bed) {
    let scene = scene(&bed).await;
    let (app, sam) = (&bed.app, &scene.sam);
    project::create(app, &sam.visitor, "acme", "Falcon").await.unwrap();
    people::add(app, &sam.visitor, "acme", "falcon", &scene.born.email, ProjectRole::ReadOnly).await.unwrap();
    let code = mailed_code(&bed, &scene.born).await;
    confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await.unwrap();
    let mail = loop {
        let mail = bed.next_mail("kim@example.com").await;
        if mail.subject.starts_with("Two accounts at ") {
            break mail;
        }
        assert!(!mail.subject.contains("is set up for you"), "that is the mail of a first sign-in: {}", mail.text);
    };
    let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["the single sign-on of Acme", "with the role Member", "came along: Falcon.", "If it was not you"] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

async fn r_lnk_4_without_the_factor_nothing_is_used_up(bed: Bed) {
    let scene = scene(&bed).await;
    let code = mailed_code(&bed, &scene.born).await;
    // More often than a mailed code has tries.
    for _ in 0..6 {
        assert_eq!(refused(confirm(&bed, &scene.born, &code, None).await), Refusal::NeedsSecondFactor);
        let refusal = refused(confirm(&bed, &scene.born, &code, Some(wrong())).await);
        assert!(is_about_factor(&refusal), "{refusal:?}");
    }
    assert_eq!(
        step_up::factors(&bed.app, &scene.born.visitor, &code).await.unwrap(),
        Some(vec![Totp, RecoveryCode]),
        "what the next page asks for"
    );
    assert!(!is_closed(&bed, &scene.born).await);
    assert!(session::current(&bed.app, &scene.born.visitor).await.is_ok(), "and ends nothing");
    let issued = confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await.unwrap();
    assert_eq!(issued.user.id, scene.kim.person.id);
}

async fn r_lnk_4_wrong_factors_count_for_who_has_the_address_and_the_next_one_waits(bed: Bed) {
    let scene = scene(&bed).await;
    let code = mailed_code(&bed, &scene.born).await;
    for _ in 0..11 {
        let refusal = refused(confirm(&bed, &scene.born, &code, Some(wrong())).await);
        assert!(is_about_factor(&refusal), "{refusal:?}");
    }
    let Refusal::TooManyRequests { retry_after } =
        refused(confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await)
    else {
        panic!("the right one waits too")
    };
    // It is the count of who has the address: their own sign-in from there waits as well.
    let elsewhere = sign_in(&bed, "kim@example.com", PASSWORD, scene.right(&bed)).await;
    assert!(matches!(refused(elsewhere), Refusal::TooManyRequests { .. }));
    assert_eq!(refused(confirm(&bed, &scene.born, &code, None).await), Refusal::NeedsSecondFactor, "no try, no wait");
    assert!(retry_after <= Duration::from_secs(1), "{retry_after:?}");
    bed.clock.advance(retry_after);
    let issued = confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await.unwrap();
    assert_eq!(issued.user.id, scene.kim.person.id);
}

async fn r_lnk_4_a_factor_beside_a_wrong_code_counts_for_nobody_and_tells_nothing(bed: Bed) {
    let bed = bed.reopened(&[("ORGATE_LIMIT_TRIES", "1")]).await;
    let scene = scene(&bed).await;
    let code = mailed_code(&bed, &scene.born).await;
    for _ in 0..5 {
        let refusal = refused(confirm(&bed, &scene.born, &another(&code), Some(scene.right(&bed))).await);
        assert_eq!(refusal, Refusal::InvalidCode);
        let factors = step_up::factors(&bed.app, &scene.born.visitor, &another(&code)).await.unwrap();
        assert_eq!(factors, None, "R-IN-5");
    }
    let late = refused(confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await);
    assert_eq!(late, Refusal::AttemptOver, "five tries");
    // The one try of the day is there still.
    sign_in(&bed, "kim@example.com", PASSWORD, scene.right(&bed)).await.unwrap();
}

async fn r_lnk_4_a_step_that_was_used_brings_nobody(bed: Bed) {
    let scene = scene(&bed).await;
    let code = mailed_code(&bed, &scene.born).await;
    let used = scene.right(&bed);
    sign_in(&bed, "kim@example.com", PASSWORD, used.clone()).await.unwrap();
    let refusal = refused(confirm(&bed, &scene.born, &code, Some(used)).await);
    assert!(is_about_factor(&refusal), "{refusal:?}");
    bed.advance(1);
    confirm(&bed, &scene.born, &code, Some(scene.right(&bed))).await.unwrap();
    let again = sign_in(&bed, "kim@example.com", PASSWORD, scene.right(&bed)).await;
    assert_eq!(refused(again), Refusal::InvalidCode, "and the one that brought them serves for nothing else");
}

async fn r_lnk_4_a_recovery_code_serves_once_and_is_kept_where_something_else_refuses(bed: Bed) {
    let scene = scene(&bed).await;
    let olga = bed.person("olga").await;
    let borealis = bed.organization(&olga, "Borealis").await;
    let input = (borealis.id.clone(), scene.kim.person.id.clone(), bed.now());
    bed.write(input, |tx, (organization, user, now)| {
        Box::pin(async move {
            let origin = orgate_core::membership::MembershipOrigin::Invitation;
            tx.organization(organization).join(user, OrganizationRole::Member, origin, *now).await
        })
    })
    .await;
    let token = reset_token(&bed, "kim@example.com").await;
    bed.enforce(&olga, &borealis).await;
    // Kim is bound to the SSO of Borealis: no link sets their password.
    let refusal = refused(reset(&bed, &token, Some(scene.recovery())).await);
    assert!(matches!(refusal, Refusal::SsoRequired(_)), "{refusal:?}");
    assert!(!is_closed(&bed, &scene.born).await);

    let code = mailed_code(&bed, &scene.born).await;
    let issued = confirm(&bed, &scene.born, &code, Some(scene.recovery())).await.unwrap();
    let merged = Person::of(&issued, scene.born.visitor.clone());
    assert_eq!(methods(&bed, &merged).await, [Sso, MailedCode, RecoveryCode]);
    let replayed = again::confirm(&bed.app, &merged.visitor, scene.recovery()).await;
    assert_eq!(refused(replayed), Refusal::InvalidCode);
    let mut told = Vec::new();
    while let Some(mail) = bed.mail("kim@example.com").await {
        told.push(mail.text);
    }
    assert!(told.iter().any(|text| text.contains("9 codes are left")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("Acme")), "of the link as well: {told:?}");
}

async fn r_lnk_4_of_64_parallel_tries_one_brings_the_person(bed: Bed) {
    let scene = scene(&bed).await;
    let code = mailed_code(&bed, &scene.born).await;
    let tries = (0..64).map(|_| confirm(&bed, &scene.born, &code, Some(scene.right(&bed))));
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        let refusal = refused(outcome);
        assert!(matches!(refusal, Refusal::AttemptOver | Refusal::NoSession), "{refusal:?}");
    }
    assert!(is_closed(&bed, &scene.born).await);
}

async fn r_lnk_4_the_link_of_a_forgotten_password_asks_for_the_factor_and_serves_until_it_is_right(bed: Bed) {
    let scene = scene(&bed).await;
    let token = reset_token(&bed, "kim@example.com").await;
    let opened = password_reset::open(&bed.app, &token).await.unwrap();
    assert_eq!(opened.factors, Some(vec![Totp, RecoveryCode]));
    assert_eq!(refused(reset(&bed, &token, None).await), Refusal::NeedsSecondFactor);
    let refusal = refused(reset(&bed, &token, Some(wrong())).await);
    assert!(is_about_factor(&refusal), "{refusal:?}");
    let weak = password_reset::complete_with(&bed.app, &bed.stranger(), &token, "short", Some(scene.right(&bed))).await;
    assert!(matches!(refused(weak), Refusal::InvalidInput(fields) if fields[0].field == "password"));
    assert!(!is_closed(&bed, &scene.born).await);
    assert!(session::current(&bed.app, &scene.kim.person.visitor).await.is_ok(), "nothing happened so far");

    reset(&bed, &token, Some(scene.right(&bed))).await.unwrap();
    assert!(is_closed(&bed, &scene.born).await);
    for over in [&scene.born, &scene.kim.person] {
        assert_eq!(refused(session::current(&bed.app, &over.visitor).await), Refusal::NoSession);
    }
    assert_eq!(refused(reset(&bed, &token, Some(scene.recovery())).await), Refusal::AttemptOver, "once");
    let replayed = sign_in(&bed, "kim@example.com", NEW, scene.right(&bed)).await;
    assert_eq!(refused(replayed), Refusal::InvalidCode, "the factor is asked for still, and that step was used");
    bed.advance(1);
    let promoted = sign_in(&bed, "kim@example.com", NEW, scene.right(&bed)).await.unwrap();
    let Promoted::SignedIn { issued, .. } = promoted else { panic!("{promoted:?}") };
    assert_eq!(issued.user.id, scene.kim.person.id);
}

async fn r_lnk_4_wrong_factors_beside_a_link_count_too(bed: Bed) {
    let scene = scene(&bed).await;
    let token = reset_token(&bed, "kim@example.com").await;
    for _ in 0..11 {
        let refusal = refused(reset(&bed, &token, Some(wrong())).await);
        assert!(is_about_factor(&refusal), "{refusal:?}");
    }
    let filter = AuditFilter { action: Some("session.refused".to_owned()), ..AuditFilter::default() };
    let listed = bed
        .write(filter, |tx, filter| Box::pin(async move { tx.instance().list_audit_events(filter, None, 50).await }))
        .await;
    let [event] = <[AuditEvent; 1]>::try_from(listed.items).unwrap();
    assert_eq!(event.target.as_deref(), Some(scene.kim.person.id.as_str()));
    assert_eq!((event.outcome.as_str(), event.tries), ("invalid-code", 11), "R-OPS-3");
    let waits = refused(reset(&bed, &token, Some(scene.right(&bed))).await);
    assert!(matches!(waits, Refusal::TooManyRequests { .. }), "{waits:?}");
    bed.clock.advance(Duration::from_secs(1));
    reset(&bed, &token, Some(scene.right(&bed))).await.unwrap();
}

async fn r_lnk_4_of_64_parallel_uses_of_a_link_one_sets_the_password(bed: Bed) {
    let scene = scene(&bed).await;
    let token = reset_token(&bed, "kim@example.com").await;
    let outcomes = join_all((0..64).map(|_| reset(&bed, &token, Some(scene.right(&bed))))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        let refusal = refused(outcome);
        assert!(matches!(refusal, Refusal::AttemptOver | Refusal::Busy), "{refusal:?}");
    }
}

async fn r_lnk_4_who_has_but_a_passkey_needs_recovery_codes_first(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Kim at Acme", "kim@example.com").await;
    let kim = bed.person("kim").await;
    bed.passkey(&kim.id, 7).await;
    bed.read_all("kim@example.com").await;
    let code = mailed_code(&bed, &born).await;
    let token = reset_token(&bed, "kim@example.com").await;
    assert_eq!(step_up::factors(&bed.app, &born.visitor, &code).await.unwrap(), Some(Vec::new()));
    assert_eq!(password_reset::open(&bed.app, &token).await.unwrap().factors, Some(Vec::new()));
    assert_eq!(refused(confirm(&bed, &born, &code, None).await), Refusal::NeedsSecondFactor);
    assert_eq!(refused(reset(&bed, &token, None).await), Refusal::NeedsSecondFactor);
    for refusal in
        [refused(confirm(&bed, &born, &code, Some(wrong())).await), refused(reset(&bed, &token, Some(wrong())).await)]
    {
        assert!(is_about_factor(&refusal), "{refusal:?}");
    }

    let at = bed.now();
    let proofs = orgate_core::proof::Proofs::of(Proof::Passkey { at });
    let kim = bed.session(&kim, proofs).await;
    let codes = orgate_app::second_factor::recovery_codes::renew(&bed.app, &kim.visitor).await.unwrap();
    assert_eq!(step_up::factors(&bed.app, &born.visitor, &code).await.unwrap(), Some(vec![RecoveryCode]));
    let typed = TypedFactor { method: TypedMethod::RecoveryCode, code: codes[0].reveal().to_string() };
    assert_eq!(confirm(&bed, &born, &code, Some(typed)).await.unwrap().user.id, kim.id);
}

async fn r_lnk_4_a_factor_is_compared_only_where_one_is_asked_for(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    // Nobody else has Bo's address; who has Lee's has no factor.
    let bo = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let code = mailed_code(&bed, &bo).await;
    assert_eq!(confirm(&bed, &bo, &code, Some(wrong())).await.unwrap().user.id, bo.id);
    let born = bed.born_by_sso(&acme, "Lee at Acme", "lee@example.com").await;
    let lee = bed.person("lee").await;
    bed.read_all("lee@example.com").await;
    let code = mailed_code(&bed, &born).await;
    assert_eq!(step_up::factors(&bed.app, &born.visitor, &code).await.unwrap(), None);
    let issued = confirm(&bed, &born, &code, Some(wrong())).await.unwrap();
    assert_eq!(issued.user.id, lee.id);
    assert_eq!(methods(&bed, &Person::of(&issued, born.visitor.clone())).await, [Sso, MailedCode]);
}

async fn r_lnk_4_what_section_5_refuses_is_refused_before_any_factor(bed: Bed) {
    let scene = scene(&bed).await;
    let input = (scene.acme.id.clone(), scene.kim.person.id.clone(), bed.now());
    bed.write(input, |tx, (organization, user, now)| {
        Box::pin(async move {
            let origin = orgate_core::membership::MembershipOrigin::Invitation;
            tx.organization(organization).join(user, OrganizationRole::Member, origin, *now).await
        })
    })
    .await;
    membership::remove(&bed.app, &scene.sam.visitor, "acme", scene.kim.person.id.as_str()).await.unwrap();
    let code = mailed_code(&bed, &scene.born).await;
    let token = reset_token(&bed, "kim@example.com").await;
    let no = Refusal::Linking(LinkingRefusal::MembershipRemoved);
    for factor in [None, Some(wrong()), Some(scene.right(&bed))] {
        assert_eq!(refused(confirm(&bed, &scene.born, &code, factor.clone()).await), no);
        assert_eq!(refused(reset(&bed, &token, factor).await), no);
    }
    assert_eq!(password_reset::open(&bed.app, &token).await.unwrap().factors, None);
    sign_in(&bed, "kim@example.com", PASSWORD, scene.right(&bed)).await.unwrap();
}

async fn r_inv_2_an_invitation_to_the_address_is_for_who_has_it_whatever_their_factor(bed: Bed) {
    let scene = scene(&bed).await;
    let olga = bed.person("olga").await;
    bed.organization(&olga, "Borealis").await;
    let emails = vec!["kim@example.com".to_owned()];
    let new = NewInvitations { emails, role: OrganizationRole::Member, projects: Vec::new() };
    invitation::invite(&bed.app, &olga.visitor, "borealis", new).await.unwrap();
    let link = bed.next_mail("kim@example.com").await.link("/invitations/").unwrap();
    let token = link.rsplit('/').next().unwrap();
    let refusal = refused(invitation::accept(&bed.app, &scene.born.visitor, token, None).await);
    assert_eq!(refusal, Refusal::InvitationForAnotherAddress);
    assert!(!is_closed(&bed, &scene.born).await);
    let kim = bed.with_both_factors(&scene.kim.person).await;
    invitation::accept(&bed.app, &kim.visitor, token, None).await.unwrap();
}
