//! Taking another address: T-ENF-5, T-LNK-6, R-IN-5.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use orgate_app::account::email_change::{self, EmailChange};
use orgate_app::error::Error;
use orgate_app::passwords::Password;
use orgate_app::sign_in::password::{Credentials, Entry, begin};
use orgate_app::{password_reset, session};
use orgate_core::policy::AddressState;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_core::role::OrganizationRole;
use orgate_store::AuditFilter;

use crate::support::{Bed, PASSWORD, Person, refused};

const NEW: &str = "sam@new.example";

async fn asked(bed: &Bed, person: &Person, email: &str) -> EmailChange {
    email_change::begin(&bed.app, &person.visitor, email).await.unwrap()
}

async fn email_of(bed: &Bed, person: &Person) -> String {
    bed.write(person.id.clone(), |tx, id| Box::pin(async move { Ok(tx.instance().load_user(id).await?.email) }))
        .await
        .to_string()
}

async fn signs_in(bed: &Bed, email: &str) -> bool {
    let credentials = Credentials { email: email.to_owned(), password: Password::from_typed(PASSWORD) };
    match begin(&bed.app, &bed.stranger(), credentials).await.and_then(Entry::session) {
        Ok(_) => true,
        Err(Error::Refused(Refusal::InvalidCredentials)) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn the_code_mailed_to_the_new_address_makes_it_the_persons_and_the_old_one_is_told(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let other = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    let app = &bed.app;
    password_reset::request(app, &bed.stranger(), &sam.email).await.unwrap();
    let reset = bed.next_mail(&sam.email).await.link("/password-reset/").unwrap();
    let change = asked(&bed, &sam, " sam@NEW.example ").await;
    assert_eq!((change.email.as_str(), email_of(&bed, &sam).await.as_str()), (NEW, sam.email.as_str()));
    assert_eq!(email_change::find(app, &sam.visitor, change.id.as_str()).await.unwrap(), change);
    let code = bed.next_code(NEW).await;
    email_change::confirm(app, &sam.visitor, change.id.as_str(), &code).await.unwrap();

    assert_eq!(email_of(&bed, &sam).await, NEW);
    let told = bed.next_mail(&sam.email).await;
    assert!(told.subject.contains("was changed") && told.text.contains("s•••@new.example"), "{told:?}");
    assert!(bed.mail(NEW).await.is_none());
    session::current(app, &sam.visitor).await.unwrap();
    assert_eq!(refused(session::current(app, &other.visitor).await), Refusal::NoSession);
    let token = reset.rsplit('/').next().unwrap();
    assert_eq!(refused(password_reset::open(app, token).await), Refusal::AttemptOver);
    assert!(signs_in(&bed, NEW).await && !signs_in(&bed, &sam.email).await);
    let logged = bed
        .write(acme.id.clone(), |tx, id| {
            Box::pin(async move { tx.organization(id).list_audit_events(&AuditFilter::default(), None, 10).await })
        })
        .await;
    let event = logged.items.iter().find(|event| event.action == "user.email-changed").unwrap();
    assert!(event.data.contains(NEW) && event.data.contains(&sam.email), "the organization's Owners see both");
    // The address is free for whoever proves it.
    assert_ne!(bed.person("sam").await.id, sam.id);
}

async fn t_web_7_a_wrong_code_a_used_one_and_another_sessions_serve_nothing(bed: Bed) {
    let sam = bed.person("sam").await;
    let app = &bed.app;
    let change = asked(&bed, &sam, NEW).await;
    let (id, code) = (change.id.as_str(), bed.next_code(NEW).await);
    let other = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    let kim = bed.person("kim").await;
    for stranger in [&other, &kim] {
        let tried = email_change::confirm(app, &stranger.visitor, id, &code).await;
        assert_eq!(refused(tried), Refusal::AttemptOver);
    }
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert_eq!(refused(email_change::confirm(app, &sam.visitor, id, wrong).await), Refusal::InvalidCode);
    }
    email_change::confirm(app, &sam.visitor, id, &code).await.unwrap();
    assert_eq!(refused(email_change::confirm(app, &sam.visitor, id, &code).await), Refusal::AttemptOver);

    let again = asked(&bed, &sam, "other@new.example").await;
    let code = bed.next_code("other@new.example").await;
    for _ in 0..5 {
        let tried = email_change::confirm(app, &sam.visitor, again.id.as_str(), wrong).await;
        assert_eq!(refused(tried), Refusal::InvalidCode);
    }
    let spent = email_change::confirm(app, &sam.visitor, again.id.as_str(), &code).await;
    assert_eq!(refused(spent), Refusal::AttemptOver, "five tries");
    let late = asked(&bed, &sam, "late@new.example").await;
    let code = bed.next_code("late@new.example").await;
    bed.advance(10);
    assert_eq!(refused(email_change::confirm(app, &sam.visitor, late.id.as_str(), &code).await), Refusal::AttemptOver);
}

async fn r_in_5_an_address_that_somebody_has_is_answered_alike_and_its_mail_says_so(bed: Bed) {
    let sam = bed.person("sam").await;
    let kim = bed.person("kim").await;
    let change = asked(&bed, &sam, "KIM@example.com").await;
    let unknown = asked(&bed, &sam, NEW).await;
    assert_eq!(change.expires_at, unknown.expires_at);
    let mail = bed.next_mail("KIM@example.com").await;
    assert!(mail.code().is_none() && mail.subject.contains("already"), "{mail:?}");
    bed.read_all(NEW).await;
    let again = asked(&bed, &sam, &kim.email).await;
    let guessed = email_change::confirm(&bed.app, &sam.visitor, again.id.as_str(), "123456").await;
    assert_eq!(refused(guessed), Refusal::InvalidCode, "as for an address that nobody has");
    assert_eq!(email_of(&bed, &kim).await, kim.email);
}

async fn an_address_that_was_proven_by_somebody_else_meanwhile_stays_theirs(bed: Bed) {
    let sam = bed.person("sam").await;
    let change = asked(&bed, &sam, NEW).await;
    let code = bed.next_code(NEW).await;
    let rival = bed.sign_up("Rival", NEW, bed.stranger()).await;
    let tried = email_change::confirm(&bed.app, &sam.visitor, change.id.as_str(), &code).await;
    assert_eq!(refused(tried), Refusal::AttemptOver);
    assert_eq!((email_of(&bed, &rival).await.as_str(), email_of(&bed, &sam).await), (NEW, sam.email.clone()));
}

async fn r_in_8_an_old_proof_an_own_address_and_a_flood_are_refused(bed: Bed) {
    let sam = bed.person("sam").await;
    let app = &bed.app;
    let own = email_change::begin(app, &sam.visitor, &sam.email).await;
    assert!(matches!(refused(own), Refusal::InvalidInput(_)));
    let look_alike = email_change::begin(app, &sam.visitor, "s\u{0430}m@example.com").await;
    assert!(matches!(refused(look_alike), Refusal::InvalidInput(_)), "T-LNK-10");
    // Another spelling of one's own address is a change like others.
    asked(&bed, &sam, "SAM@example.com").await;
    bed.spend_limit(&format!("email-change:{}", sam.id), 9).await;
    assert_eq!(refused(email_change::begin(app, &sam.visitor, NEW).await).kind(), RefusalKind::TooMany);
    bed.advance(16);
    assert_eq!(refused(email_change::begin(app, &sam.visitor, NEW).await), Refusal::NeedsRecentProof);
}

async fn t_enf_5_whom_enforcement_binds_takes_no_other_address_and_a_new_one_frees_nobody(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    let app = &bed.app;
    let before = asked(&bed, &kim, "kim@elsewhere.example").await;
    let code = bed.next_code("kim@elsewhere.example").await;
    email_change::confirm(app, &kim.visitor, before.id.as_str(), &code).await.unwrap();
    let pending = asked(&bed, &kim, "kim@third.example").await;
    let code = bed.next_code("kim@third.example").await;
    bed.enforce(&sam, &acme).await;

    // The new address is bound as the old one was: enforcement follows the membership.
    let credentials =
        Credentials { email: "kim@elsewhere.example".to_owned(), password: Password::from_typed(PASSWORD) };
    let bound = begin(app, &bed.stranger(), credentials).await.and_then(Entry::session);
    assert!(matches!(refused(bound), Refusal::SsoRequired(_)));
    let late = refused(email_change::confirm(app, &kim.visitor, pending.id.as_str(), &code).await);
    assert!(matches!(late, Refusal::SessionEnded(_)), "{late:?}");
    // With everything that opens the account, the policy still says no.
    let proof = bed.sso_proof(&acme.id, Some(bed.now())).await;
    let strong = bed.session(&kim, Proofs::of(proof).with(Proof::MailedCode { at: bed.now() })).await;
    let tried = refused(email_change::begin(app, &strong.visitor, NEW).await);
    assert!(matches!(tried, Refusal::SsoRequired(_)), "{tried:?}");
    // An exempt Owner can, and is exempt as before.
    let change = asked(&bed, &sam, NEW).await;
    let code = bed.next_code(NEW).await;
    email_change::confirm(app, &sam.visitor, change.id.as_str(), &code).await.unwrap();
    assert!(signs_in(&bed, NEW).await);
    bed.stop_enforcing(&sam, &acme).await;
    let revived = refused(email_change::confirm(app, &kim.visitor, pending.id.as_str(), &code).await);
    assert_eq!(revived, Refusal::NoSession, "what was refused once stays refused");
}

async fn t_lnk_6_a_typed_address_is_nobodys_until_its_code_came_back(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let mallory = bed.member(&acme, "mallory", OrganizationRole::Member).await;
    asked(&bed, &mallory, "victim@corp.example").await;
    let address = orgate_core::email::EmailAddress::parse("victim@corp.example").unwrap();
    let (anybody, here) = bed
        .write((acme.id.clone(), address), |tx, (id, address)| {
            Box::pin(async move {
                let anybody = tx.instance().list_users_by_email(address).await?;
                Ok((anybody, tx.organization(id).find_member_by_email(address).await?))
            })
        })
        .await;
    assert!(anybody.is_empty() && here.is_none(), "no merge key is set by asking");
    // Who is known by an address of their organization alone proves that one first.
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let proofs = session::current(&bed.app, &born.visitor).await.unwrap().proofs;
    let coded = bed.session(&born, proofs.with(Proof::MailedCode { at: bed.now() })).await;
    let tried = email_change::begin(&bed.app, &coded.visitor, "victim@corp.example").await;
    assert_eq!(refused(tried), Refusal::NeedsProof);
    let unchanged =
        bed.write(born.id.clone(), |tx, id| Box::pin(async move { tx.instance().load_user(id).await })).await;
    assert_eq!(unchanged.address, AddressState::LocalTo(acme.id));
}

async fn sixty_four_tries_of_one_code_change_the_address_once(bed: Bed) {
    let sam = bed.person("sam").await;
    let change = asked(&bed, &sam, NEW).await;
    let code = bed.next_code(NEW).await;
    let tries = (0..64).map(|_| email_change::confirm(&bed.app, &sam.visitor, change.id.as_str(), &code));
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refusals: BTreeSet<&str> =
        outcomes.into_iter().filter(Result::is_err).map(|outcome| refused(outcome).code()).collect();
    assert_eq!(refusals, BTreeSet::from(["attempt-over"]));
    assert!(bed.mail(&sam.email).await.is_some() && bed.mail(&sam.email).await.is_none(), "told once");
}

async fn two_people_who_prove_one_address_at_once_do_not_both_get_it(bed: Bed) {
    for round in 0..4 {
        let (one, two) = (bed.person(&format!("a{round}")).await, bed.person(&format!("b{round}")).await);
        let address = format!("shared{round}@new.example");
        let first = asked(&bed, &one, &address).await;
        let first_code = bed.next_code(&address).await;
        let second = asked(&bed, &two, &address).await;
        let second_code = bed.next_code(&address).await;
        let (left, right) = tokio::join!(
            email_change::confirm(&bed.app, &one.visitor, first.id.as_str(), &first_code),
            email_change::confirm(&bed.app, &two.visitor, second.id.as_str(), &second_code),
        );
        assert_eq!(u8::from(left.is_ok()) + u8::from(right.is_ok()), 1, "{left:?} {right:?}");
        for outcome in [left, right].into_iter().filter(Result::is_err) {
            assert_eq!(refused(outcome), Refusal::AttemptOver);
        }
    }
}

on_each_engine! {
    the_code_mailed_to_the_new_address_makes_it_the_persons_and_the_old_one_is_told
    t_web_7_a_wrong_code_a_used_one_and_another_sessions_serve_nothing
    r_in_5_an_address_that_somebody_has_is_answered_alike_and_its_mail_says_so
    an_address_that_was_proven_by_somebody_else_meanwhile_stays_theirs
    r_in_8_an_old_proof_an_own_address_and_a_flood_are_refused
    t_enf_5_whom_enforcement_binds_takes_no_other_address_and_a_new_one_frees_nobody
    t_lnk_6_a_typed_address_is_nobodys_until_its_code_came_back
    sixty_four_tries_of_one_code_change_the_address_once
    two_people_who_prove_one_address_at_once_do_not_both_get_it
}
