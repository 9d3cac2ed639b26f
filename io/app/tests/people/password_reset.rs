//! Setting a forgotten password.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use futures_util::future::join_all;
use orgate_app::boot::boot;
use orgate_app::entropy::{Entropy, SeededEntropy};
use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::session;
use orgate_app::sign_in::Issued;
use orgate_app::sign_in::password::{Credentials, Entry, begin};
use orgate_core::linking::LinkingRefusal;
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;

use crate::support::{Bed, PASSWORD, Person, refused};

const NEW: &str = "another long pass phrase";

async fn sign_in(bed: &Bed, email: &str, password: &str) -> Result<Issued, orgate_app::Error> {
    let credentials = Credentials { email: email.to_owned(), password: Password::from_typed(password) };
    begin(&bed.app, &bed.stranger(), credentials).await.and_then(Entry::session)
}

/// The tokens of the links of the next mail.
async fn tokens(bed: &Bed, email: &str) -> Vec<String> {
    loop {
        let mail = bed.next_mail(email).await;
        let links: Vec<String> = mail.links().into_iter().filter(|link| link.contains("/password-reset/")).collect();
        if !links.is_empty() {
            return links.iter().map(|link| link.rsplit('/').next().unwrap().to_owned()).collect();
        }
    }
}

async fn ask(bed: &Bed, email: &str) -> Vec<String> {
    password_reset::request(&bed.app, &bed.stranger(), email).await.unwrap();
    tokens(bed, email).await
}

async fn r_in_3_a_link_sets_the_password_once_and_ends_every_session(bed: Bed) {
    let sam = bed.person("sam").await;
    let asked = ask(&bed, "SAM@example.com").await;
    let [token] = asked.as_slice() else { panic!("one link: {asked:?}") };
    let opened = password_reset::open(&bed.app, token).await.unwrap();
    assert_eq!((opened.email.as_str(), opened.organizations.len()), ("sam@example.com", 0));
    bed.advance(1);
    password_reset::complete(&bed.app, &bed.stranger(), token, NEW).await.unwrap();
    assert_eq!(refused(session::current(&bed.app, &sam.visitor).await), Refusal::NoSession);
    assert!(bed.next_mail(&sam.email).await.subject.contains("was changed"));
    assert_eq!(refused(sign_in(&bed, &sam.email, PASSWORD).await), Refusal::InvalidCredentials);
    sign_in(&bed, &sam.email, NEW).await.unwrap();
    let again = password_reset::complete(&bed.app, &bed.stranger(), token, PASSWORD).await;
    assert_eq!(refused(again), Refusal::AttemptOver);
    assert_eq!(refused(password_reset::open(&bed.app, token).await), Refusal::AttemptOver);
}

async fn a_link_serves_once_under_32_parallel_tries(bed: Bed) {
    bed.person("sam").await;
    let token = ask(&bed, "sam@example.com").await.remove(0);
    let stranger = bed.stranger();
    let outcomes = join_all((0..32).map(|_| password_reset::complete(&bed.app, &stranger, &token, NEW))).await;
    let set = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(set, 1, "{outcomes:?}");
}

/// Counts what is drawn for hashes: nothing else here takes as many bytes at once as a salt.
struct CountingSalts {
    inner: SeededEntropy,
    salts: AtomicUsize,
}

impl Entropy for CountingSalts {
    fn fill(&self, buffer: &mut [u8]) {
        self.salts.fetch_add(usize::from(buffer.len() == 16), Ordering::SeqCst);
        self.inner.fill(buffer);
    }
}

async fn many_tries_of_a_link_hash_no_more_passwords_than_there_are_cores(bed: Bed) {
    bed.person("sam").await;
    let token = ask(&bed, "sam@example.com").await.remove(0);
    let counting = Arc::new(CountingSalts { inner: SeededEntropy::new(2_000), salts: AtomicUsize::new(0) });
    let entropy = Arc::clone(&counting);
    let app = boot(bed.settings(&[]), Arc::new(bed.clock.clone()), entropy).await.unwrap();
    let stranger = bed.stranger();
    join_all((0..32).map(|_| password_reset::complete(&app, &stranger, &token, NEW))).await;
    let hashed = counting.salts.load(Ordering::SeqCst);
    assert!((1..=available_parallelism().unwrap().get()).contains(&hashed), "{hashed}");
}

async fn a_link_serves_for_an_hour(bed: Bed) {
    bed.person("sam").await;
    let token = ask(&bed, "sam@example.com").await.remove(0);
    bed.advance(60);
    let late = password_reset::complete(&bed.app, &bed.stranger(), &token, NEW).await;
    assert_eq!(refused(late), Refusal::AttemptOver);
}

async fn r_in_5_an_unknown_address_gets_the_same_answer_and_no_mail(bed: Bed) {
    password_reset::request(&bed.app, &bed.stranger(), "unknown@example.com").await.unwrap();
    assert!(bed.mail("unknown@example.com").await.is_none());
    let strange = password_reset::request(&bed.app, &bed.stranger(), "nobody").await;
    assert!(matches!(refused(strange), Refusal::InvalidInput(_)));
}

async fn a_weak_password_uses_the_link_not_up(bed: Bed) {
    bed.person("sam").await;
    let token = ask(&bed, "sam@example.com").await.remove(0);
    let weak = password_reset::complete(&bed.app, &bed.stranger(), &token, "short").await;
    assert!(matches!(refused(weak), Refusal::InvalidInput(_)));
    password_reset::complete(&bed.app, &bed.stranger(), &token, NEW).await.unwrap();
}

async fn the_newest_link_kills_the_others_once_used(bed: Bed) {
    bed.person("sam").await;
    let first = ask(&bed, "sam@example.com").await.remove(0);
    let second = ask(&bed, "sam@example.com").await.remove(0);
    password_reset::complete(&bed.app, &bed.stranger(), &second, NEW).await.unwrap();
    let old = password_reset::complete(&bed.app, &bed.stranger(), &first, PASSWORD).await;
    assert_eq!(refused(old), Refusal::AttemptOver);
}

async fn address_of(bed: &Bed, person: &Person) -> (AddressState, bool) {
    let user = bed.write(person.id.clone(), |tx, id| Box::pin(async move { tx.instance().load_user(id).await })).await;
    (user.address, user.closed_at.is_some())
}

async fn r_lnk_4_the_link_makes_an_sso_born_persons_address_theirs(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    let token = ask(&bed, &born.email).await.remove(0);
    assert_eq!(password_reset::open(&bed.app, &token).await.unwrap().organizations, ["Acme"]);
    password_reset::complete(&bed.app, &bed.stranger(), &token, NEW).await.unwrap();
    assert_eq!(address_of(&bed, &born).await, (AddressState::Proven, false));
    let issued = sign_in(&bed, &born.email, NEW).await.unwrap();
    assert_eq!(issued.user.id, born.id);
}

async fn r_lnk_4_the_link_brings_an_sso_born_person_to_who_has_the_address_proven(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Kim at Acme", "kim@example.com").await;
    let kim = bed.person("kim").await;
    bed.read_all(&kim.email).await;
    let links = ask(&bed, "kim@example.com").await;
    assert_eq!(links.len(), 2, "one for each User who has the address, the proven one first");
    password_reset::complete(&bed.app, &bed.stranger(), &links[1], NEW).await.unwrap();
    assert!(address_of(&bed, &born).await.1, "the emptied account is closed");
    let issued = sign_in(&bed, "kim@example.com", NEW).await.unwrap();
    assert_eq!(issued.user.id, kim.id);
    let kim = Person::of(&issued, bed.stranger());
    let places = session::current(&bed.app, &kim.visitor).await.unwrap().organizations;
    let held: Vec<_> = places.iter().map(|place| (place.slug.as_str(), place.role)).collect();
    assert_eq!(held, [("acme", OrganizationRole::Member)]);
    assert_eq!(refused(session::current(&bed.app, &born.visitor).await), Refusal::NoSession);
}

async fn r_lnk_4_who_was_removed_there_is_brought_nowhere(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    orgate_app::membership::remove(&bed.app, &sam.visitor, "acme", kim.id.as_str()).await.unwrap();
    let born = bed.born_by_sso(&acme, "Kim at Acme", "kim@example.com").await;
    bed.read_all(&kim.email).await;
    let links = ask(&bed, "kim@example.com").await;
    let refusal = refused(password_reset::complete(&bed.app, &bed.stranger(), &links[1], NEW).await);
    assert_eq!(refusal, Refusal::Linking(LinkingRefusal::MembershipRemoved));
    assert_eq!(address_of(&bed, &born).await, (AddressState::LocalTo(acme.id.clone()), false));
}

/// R-LNK-1, R-LNK-4: it is the SSO-born account that was removed; what keeps its subject out stays with it.
async fn r_lnk_1_who_was_removed_is_brought_to_no_other_account_with_their_address(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let born = bed.born_by_sso(&acme, "Kim at Acme", "kim@example.com").await;
    bed.link(&born, &acme.id, "00u-kim").await;
    orgate_app::membership::remove(&bed.app, &sam.visitor, "acme", born.id.as_str()).await.unwrap();
    let kim = bed.person("kim").await;
    bed.read_all(&kim.email).await;
    let links = ask(&bed, "kim@example.com").await;
    let refusal = refused(password_reset::complete(&bed.app, &bed.stranger(), &links[1], NEW).await);
    assert_eq!(refusal, Refusal::Linking(LinkingRefusal::MembershipRemoved));
    assert_eq!(address_of(&bed, &born).await, (AddressState::LocalTo(acme.id.clone()), false));
    let linked = bed.write((acme.id.clone(), born.id.clone(), kim.id.clone()), |tx, (acme, born, kim)| {
        Box::pin(async move {
            let mut view = tx.organization(acme);
            Ok((view.list_identities_of_user(born).await?.len(), view.list_identities_of_user(kim).await?.len()))
        })
    });
    assert_eq!(linked.await, (1, 0));
}

on_each_engine! {
    r_in_3_a_link_sets_the_password_once_and_ends_every_session
    a_link_serves_once_under_32_parallel_tries
    many_tries_of_a_link_hash_no_more_passwords_than_there_are_cores
    a_link_serves_for_an_hour
    r_in_5_an_unknown_address_gets_the_same_answer_and_no_mail
    a_weak_password_uses_the_link_not_up
    the_newest_link_kills_the_others_once_used
    r_lnk_4_the_link_makes_an_sso_born_persons_address_theirs
    r_lnk_4_the_link_brings_an_sso_born_person_to_who_has_the_address_proven
    r_lnk_4_who_was_removed_there_is_brought_nowhere
    r_lnk_1_who_was_removed_is_brought_to_no_other_account_with_their_address
}
