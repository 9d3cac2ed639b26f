//! Somebody whom nobody knows, and who comes again.

use orgate_app::entropy::Draw as _;
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::session;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::answer::{Answer, Question};
use orgate_app::sign_in::personal::begin::NewSignIn;
use orgate_core::domain::{CheckResult, DomainName};
use orgate_core::id::DomainId;
use orgate_core::personal::PersonalProvider::{GitHub, Google};
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::scene::{Scene, asks, signed_in};
use crate::support::refused;

async fn r_lnk_9_a_new_person_with_an_address_of_google_needs_no_code(scene: Scene) {
    scene.at_google("1101", "dana@gmail.com");
    let visitor = scene.bed.stranger();
    let outcome = scene.arrive(&visitor, Google).await;
    assert!(matches!(outcome, Outcome::Entered { newcomer: true, .. }), "they name a first organization");
    let dana = signed_in(outcome, &visitor);
    assert!(scene.bed.mail("dana@gmail.com").await.is_none());
    let [user] = <[_; 1]>::try_from(scene.users("dana@gmail.com").await).unwrap();
    assert_eq!(
        (user.id.clone(), user.name.as_str(), user.address),
        (dana.id.clone(), "Dana Reyes", AddressState::Proven)
    );
    let current = session::current(&scene.bed.app, &dana.visitor).await.unwrap();
    assert!(current.account_open && current.organizations.is_empty());
    let [linked] = <[_; 1]>::try_from(scene.linked(&dana).await).unwrap();
    assert_eq!((linked.provider, linked.subject.as_str()), (Google, "1101"));
}

async fn t_lnk_11_the_subject_alone_finds_the_person_again(scene: Scene) {
    scene.at_google("1101", "dana@gmail.com");
    let dana = scene.enter(Google).await;
    scene.advance(60);
    // Another address, another name: the same person, and nothing of theirs is overwritten.
    scene.at_google("1101", "other@gmail.com");
    let again = scene.enter(Google).await;
    assert_eq!((again.id, again.email.as_str()), (dana.id.clone(), "dana@gmail.com"));
    let [linked] = <[_; 1]>::try_from(scene.linked(&scene.by_password(&dana).await).await).unwrap();
    assert_eq!(linked.email.as_deref(), Some("other@gmail.com"), "as last seen");
    assert_eq!(linked.last_sign_in_at, Some(scene.bed.now()));
    // The same address under another subject is no one's key.
    scene.at_google("1102", "dana@gmail.com");
    let visitor = scene.bed.stranger();
    let outcome = scene.arrive(&visitor, Google).await;
    assert_eq!(scene.refused(&visitor, outcome).await.code, "another-account-linked");
    // And GitHub's numbers are not Google's.
    scene.at_github(1101, "new@example.com");
    let outcome = scene.arrive(&visitor, GitHub).await;
    assert_eq!(scene.question(&visitor, &asks(outcome)).await, Question::Code);
}

async fn r_lnk_9_a_new_person_with_any_other_address_types_a_code_first(scene: Scene) {
    for (provider, email) in [(GitHub, "dana@example.com"), (Google, "robin@example.com")] {
        scene.at_github(77, email);
        scene.at_google("1101", email);
        let visitor = scene.bed.stranger();
        let id = asks(scene.arrive(&visitor, provider).await);
        assert_eq!(scene.question(&visitor, &id).await, Question::Code);
        assert!(scene.users(email).await.is_empty());
        let code = scene.bed.next_code(email).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let outcome = scene.answer(&visitor, &id, Answer::Code(wrong.to_owned())).await.unwrap();
        assert!(matches!(outcome, Outcome::WrongCode(_)));
        assert_eq!(refused(scene.answer(&visitor, &id, Answer::Code("12".to_owned())).await), Refusal::InvalidCode);
        let outcome = scene.answer(&visitor, &id, Answer::Code(code.clone())).await.unwrap();
        let person = signed_in(outcome, &visitor);
        let [user] = <[_; 1]>::try_from(scene.users(email).await).unwrap();
        assert_eq!((user.id, user.address), (person.id.clone(), AddressState::Proven));
        let again = scene.answer(&visitor, &id, Answer::Code(code)).await;
        assert_eq!(refused(again), Refusal::AttemptOver, "T-LNK-4: it was consumed");
        assert_eq!(scene.enter(provider).await.id, person.id, "from now on without a code");
    }
}

async fn t_lnk_4_a_code_serves_its_attempt_and_its_browser_alone(scene: Scene) {
    scene.at_github(77, "dana@example.com");
    let (one, two) = (scene.bed.stranger(), scene.bed.stranger());
    let first = asks(scene.arrive(&one, GitHub).await);
    let code = scene.bed.next_code("dana@example.com").await;
    let second = asks(scene.arrive(&two, GitHub).await);
    let other = scene.bed.next_code("dana@example.com").await;
    assert_ne!(code, other);
    let outcome = scene.answer(&two, &second, Answer::Code(code.clone())).await.unwrap();
    assert!(matches!(outcome, Outcome::WrongCode(_)));
    assert_eq!(refused(scene.answer(&two, &first, Answer::Code(code.clone())).await), Refusal::AttemptOver);
    scene.answer(&one, &first, Answer::MailCode).await.unwrap();
    let newer = scene.bed.next_code("dana@example.com").await;
    if newer != code {
        let outcome = scene.answer(&one, &first, Answer::Code(code)).await.unwrap();
        assert!(matches!(outcome, Outcome::WrongCode(_)), "the newest alone serves");
    }
    assert!(matches!(scene.answer(&two, &second, Answer::No).await.unwrap(), Outcome::Cancelled));
    assert_eq!(refused(scene.answer(&two, &second, Answer::Code(other)).await), Refusal::AttemptOver, "cancelled");
    scene.advance(10);
    assert_eq!(refused(scene.answer(&one, &first, Answer::Code(newer)).await), Refusal::AttemptOver, "ten minutes");
}

/// R-LNK-7: whoever read the mailbox before the domain passed makes no account of the address after it.
async fn r_lnk_7_a_code_typed_before_the_domain_passed_makes_nobody(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    let (acme, rival) = (scene.bed.organization(&sam, "Acme").await, scene.bed.organization(&sam, "Rival").await);
    scene.at_github(77, "dana@sold.example");
    let id = asks(scene.arrive(&sam.visitor, GitHub).await);
    let code = scene.bed.next_code("dana@sold.example").await;
    let id = asks(scene.answer(&sam.visitor, &id, Answer::Code(code)).await.unwrap());
    assert!(matches!(scene.question(&sam.visitor, &id).await, Question::Change { .. }));
    scene.advance(1);
    let now = scene.bed.now();
    let claims: [DomainId; 2] = [scene.bed.app.entropy.id(now), scene.bed.app.entropy.id(now)];
    let input = ([acme.id, rival.id], claims, DomainName::parse("sold.example").unwrap(), sam.id.clone(), now);
    scene
        .bed
        .write(input, |tx, (organizations, claims, name, sam, now)| {
            Box::pin(async move {
                for (organization, claim) in organizations.iter().zip(claims) {
                    let mut view = tx.organization(organization);
                    view.insert_domain(claim, name, "token", sam, *now).await?;
                    let domain = view.load_domain(claim).await?;
                    assert!(view.hold_domain(&domain, *now).await?);
                    view.lapse_domain(claim, CheckResult::RecordMissing, *now).await?;
                }
                Ok(())
            })
        })
        .await;
    let id = asks(scene.answer(&sam.visitor, &id, Answer::Yes).await.unwrap());
    assert_eq!(scene.question(&sam.visitor, &id).await, Question::Code);
    assert!(scene.users("dana@sold.example").await.is_empty());
    let code = scene.bed.next_code("dana@sold.example").await;
    let outcome = scene.answer(&sam.visitor, &id, Answer::Code(code)).await.unwrap();
    assert_ne!(signed_in(outcome, &sam.visitor).id, sam.id);
}

async fn r_sso_8_a_callback_for_another_person_asks_before_it_changes_users(scene: Scene) {
    let sam = scene.bed.person("sam").await;
    scene.at_google("1101", "dana@gmail.com");
    let dana = scene.enter(Google).await;
    let id = asks(scene.arrive(&sam.visitor, Google).await);
    let Question::Change { from, to } = scene.question(&sam.visitor, &id).await else { panic!("no question") };
    assert_eq!((from.email.as_str(), to.email.as_str()), ("sam@example.com", "dana@gmail.com"));
    assert!(session::current(&scene.bed.app, &sam.visitor).await.is_ok(), "nothing happened so far");
    assert!(matches!(scene.answer(&sam.visitor, &id, Answer::No).await.unwrap(), Outcome::Cancelled));
    let id = asks(scene.arrive(&sam.visitor, Google).await);
    let outcome = scene.answer(&sam.visitor, &id, Answer::Yes).await.unwrap();
    assert_eq!(signed_in(outcome, &sam.visitor).id, dana.id);
    assert_eq!(refused(session::current(&scene.bed.app, &sam.visitor).await), Refusal::NoSession);
    // Somebody new is somebody else, too.
    let lee = scene.bed.person("lee").await;
    scene.at_google("1103", "new@gmail.com");
    let id = asks(scene.arrive(&lee.visitor, Google).await);
    assert!(matches!(scene.question(&lee.visitor, &id).await, Question::Change { .. }));
    assert!(scene.users("new@gmail.com").await.is_empty());
}

#[tokio::test]
async fn r_org_2_a_closed_sign_up_opens_to_who_is_invited_and_to_who_is_known() {
    let scene = Scene::sqlite(&[]).await;
    let sam = scene.bed.person("sam").await;
    let acme = scene.bed.organization(&sam, "Acme").await;
    let new = NewInvitations {
        emails: vec!["dana@gmail.com".to_owned()],
        role: OrganizationRole::Member,
        projects: Vec::new(),
    };
    invitation::invite(&scene.bed.app, &sam.visitor, &acme.slug, new).await.unwrap();
    let link = scene.bed.next_mail("dana@gmail.com").await.link("/invitations/").unwrap();
    let token = link.rsplit('/').next().unwrap().to_owned();
    scene.at_google("1109", "known@gmail.com");
    let known = scene.enter(Google).await;
    let Scene { bed, google, github, google_clock } = scene;
    let settings = [
        ("ORGATE_GOOGLE_CLIENT_ID", google.client_id()),
        ("ORGATE_GOOGLE_CLIENT_SECRET", google.client_secret()),
        ("ORGATE_GOOGLE_ISSUER", google.issuer()),
        ("ORGATE_SIGN_UP", "closed".to_owned()),
    ];
    let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let scene = Scene { bed: bed.reopened(&settings).await, google, github, google_clock };
    assert_eq!(scene.enter(Google).await.id, known.id);
    for (email, expected) in [("other@gmail.com", false), ("dana@gmail.com", true)] {
        scene.at_google(email, email);
        let visitor = scene.bed.stranger();
        let new = NewSignIn { provider: Google, return_to: None, invitation: Some(token.clone()) };
        let url = scene.leave_with(&visitor, new).await;
        let outcome = scene.come_back(&visitor, Google, &scene.authorize(Google, &url)).await.unwrap();
        if expected {
            signed_in(outcome, &visitor);
        } else {
            assert_eq!(scene.refused(&visitor, outcome).await.code, "sign-up-closed");
        }
    }
}

on_each_scene! {
    r_lnk_9_a_new_person_with_an_address_of_google_needs_no_code
    t_lnk_11_the_subject_alone_finds_the_person_again
    r_lnk_9_a_new_person_with_any_other_address_types_a_code_first
    t_lnk_4_a_code_serves_its_attempt_and_its_browser_alone
    r_lnk_7_a_code_typed_before_the_domain_passed_makes_nobody
    r_sso_8_a_callback_for_another_person_asks_before_it_changes_users
}
