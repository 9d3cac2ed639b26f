//! What a person is asked on the way: the mailed code, "become known here?", "change users?" (R-LNK-3, R-SSO-8).

use orgate_app::connection;
use orgate_app::session;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::{Answer, Named, Question, question};
use orgate_app::sign_in::sso::attempts;
use orgate_app::sign_in::sso::begin::{begin, organization_of_tile};
use orgate_app::visitor::Visitor;
use orgate_core::id::SignInId;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::sign_in::Started;
use orgate_testkit::Person as Subject;

use crate::support::{Person, refused};
use crate::world::{Site, World, address, asks, sign_in};

/// A digit more in the first place: another code, whatever it was.
fn other(code: &str) -> String {
    let first = (code.as_bytes()[0] - b'0' + 1) % 10;
    format!("{first}{}", &code[1..])
}

/// A person known elsewhere, who is asked for the code that was mailed to them.
async fn known_elsewhere(world: &World, site: &Site) -> (Person, Visitor, SignInId) {
    let kim = world.person("kim").await;
    world.bed.organization(&kim, "Elsewhere").await;
    let visitor = world.bed.stranger();
    world.idp.sign_in_as(Subject::new("00uKim", "kim@example.com"));
    let id = asks(&world.sign_in(&visitor, site, &world.idp).await);
    (kim, visitor, id)
}

async fn by_tile(world: &World, site: &Site, visitor: &Visitor, subject: Subject) -> Outcome {
    world.idp.sign_in_as(subject);
    let mut new = sign_in(site.slug());
    new.started = Started::ByTile;
    let url = address(begin(&world.bed.app, visitor, new).await.unwrap());
    world.come_back(visitor, &site.connection, &world.idp.authorize(&url)).await.unwrap()
}

async fn r_lnk_3_a_person_known_elsewhere_proves_the_address_and_joins(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let (kim, visitor, id) = known_elsewhere(&world, &site).await;
    let asked = question(app, &visitor, &id).await.unwrap();
    assert_eq!((asked.organization_name.as_str(), asked.organization_slug.as_str()), ("Acme", "acme"));
    let Question::Code { masked_email } = asked.question else { panic!("{asked:?}") };
    assert!(!masked_email.contains("kim@") && masked_email.ends_with("example.com"), "{masked_email}");
    let code = world.bed.next_code("kim@example.com").await;

    let nothing = || world.members(site.id());
    for _ in 0..2 {
        let outcome = world.answer(&visitor, &id, Answer::Code(other(&code))).await.unwrap();
        assert!(matches!(&outcome, Outcome::WrongCode(same) if *same == id), "{outcome:?}");
    }
    assert_eq!(refused(world.answer(&visitor, &id, Answer::Code("12".to_owned())).await), Refusal::InvalidCode);
    for stranger in [world.bed.stranger(), Visitor { browser: None, ..visitor.clone() }, kim.visitor.clone()] {
        assert_eq!(refused(world.answer(&stranger, &id, Answer::Code(code.clone())).await), Refusal::AttemptOver);
        assert_eq!(refused(question(app, &stranger, &id).await), Refusal::AttemptOver);
    }
    assert_eq!(refused(world.answer(&visitor, &id, Answer::Yes).await), Refusal::AttemptOver, "yes is no code");
    assert_eq!(nothing().await.len(), 1);

    let outcome = world.answer(&visitor, &id, Answer::Code(code.clone())).await.unwrap();
    let entered = world.signed_in(outcome, &visitor);
    assert_eq!(entered.id, kim.id);
    assert_eq!(session::open(app, entered.visitor.session, "acme").await.unwrap().role, OrganizationRole::Member);
    assert_eq!(refused(world.answer(&visitor, &id, Answer::Code(code)).await), Refusal::AttemptOver, "once");
    assert!(session::current(app, &kim.visitor).await.is_ok(), "their session elsewhere goes on");
}

async fn t_lnk_4_five_tries_and_a_code_of_its_own_attempt_only(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let (_, visitor, id) = known_elsewhere(&world, &site).await;
    let code = world.bed.next_code("kim@example.com").await;
    let second = world.bed.stranger();
    let other_id = asks(&world.sign_in(&second, &site, &world.idp).await);
    let other_code = world.bed.next_code("kim@example.com").await;
    assert_ne!(code, other_code);
    let crossed = world.answer(&visitor, &id, Answer::Code(other_code.clone())).await.unwrap();
    assert!(matches!(crossed, Outcome::WrongCode(_)), "{crossed:?}");

    for _ in 0..4 {
        let outcome = world.answer(&visitor, &id, Answer::Code(other(&code))).await.unwrap();
        assert!(matches!(outcome, Outcome::WrongCode(_)), "{outcome:?}");
    }
    assert_eq!(refused(world.answer(&visitor, &id, Answer::Code(code.clone())).await), Refusal::AttemptOver);
    let again = world.answer(&visitor, &id, Answer::AnotherCode).await.unwrap();
    assert_eq!(asks(&again), id);
    let fresh = world.bed.next_code("kim@example.com").await;
    assert!(
        matches!(world.answer(&visitor, &id, Answer::Code(code)).await, Ok(Outcome::WrongCode(_))),
        "the old one is over"
    );
    let outcome = world.answer(&visitor, &id, Answer::Code(fresh)).await.unwrap();
    world.signed_in(outcome, &visitor);

    world.advance(std::time::Duration::from_secs(10 * 60));
    assert_eq!(refused(world.answer(&second, &other_id, Answer::Code(other_code)).await), Refusal::AttemptOver);
}

async fn who_says_no_is_asked_no_more_and_nothing_happened(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let (_, visitor, id) = known_elsewhere(&world, &site).await;
    let code = world.bed.next_code("kim@example.com").await;
    let outcome = world.answer(&visitor, &id, Answer::No).await.unwrap();
    assert!(matches!(outcome, Outcome::Cancelled { slug } if slug == "acme"));
    assert_eq!(refused(world.answer(&visitor, &id, Answer::Code(code)).await), Refusal::AttemptOver);
    assert_eq!(world.members(site.id()).await.len(), 1);
    assert!(world.identities(site.id()).await.is_empty());
}

async fn r_sso_8_the_tile_asks_before_it_creates_links_or_mails_anybody(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let lee = world.member(&site, "lee", OrganizationRole::Member).await;
    let kim = world.person("kim").await;
    let people = [
        Subject::new("00uDana", "dana@acme.example").claim("name", "Dana"),
        Subject::new("00uLee", "lee@example.com"),
        Subject::new("00uKim", "kim@example.com"),
    ];
    for subject in people.clone() {
        let visitor = world.bed.stranger();
        let id = asks(&by_tile(&world, &site, &visitor, subject.clone()).await);
        let asked = question(app, &visitor, &id).await.unwrap().question;
        let Question::Creation { person, provider_host } = asked else { panic!("{asked:?}") };
        assert_eq!(
            (person.email.as_str(), provider_host.as_str()),
            (subject.claims["email"].as_str().unwrap(), crate::world::HOST)
        );
        world.answer(&visitor, &id, Answer::No).await.unwrap();
        assert!(world.bed.mail(&person.email).await.is_none(), "R-SSO-8: a tile's link mails nobody");
    }
    assert_eq!(world.members(site.id()).await.len(), 2);
    assert!(world.identities(site.id()).await.is_empty() && world.users("dana@acme.example").await.is_empty());

    let [dana, known, elsewhere] = people;
    let visitor = world.bed.stranger();
    let id = asks(&by_tile(&world, &site, &visitor, dana.clone()).await);
    let outcome = world.answer(&visitor, &id, Answer::Yes).await.unwrap();
    let entered = world.signed_in(outcome, &visitor);
    let again = world.bed.stranger();
    let outcome = by_tile(&world, &site, &again, dana).await;
    assert_eq!(world.signed_in(outcome, &again).id, entered.id, "who is known is not asked");

    let visitor = world.bed.stranger();
    let id = asks(&by_tile(&world, &site, &visitor, known).await);
    let outcome = world.answer(&visitor, &id, Answer::Yes).await.unwrap();
    assert_eq!(world.signed_in(outcome, &visitor).id, lee.id);

    let visitor = world.bed.stranger();
    let id = asks(&by_tile(&world, &site, &visitor, elsewhere).await);
    let next = asks(&world.answer(&visitor, &id, Answer::Yes).await.unwrap());
    assert_ne!(next, id);
    let code = world.bed.next_code("kim@example.com").await;
    let outcome = world.answer(&visitor, &next, Answer::Code(code)).await.unwrap();
    assert_eq!(world.signed_in(outcome, &visitor).id, kim.id);
}

async fn t_conf_1_the_tile_names_its_issuer_or_none_and_only_an_active_connection(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let issuer = world.idp.issuer();
    for named in [None, Some(issuer.as_str())] {
        let (slug, name) = organization_of_tile(app, &site.connection, named).await.unwrap();
        assert_eq!((slug.as_str(), name.as_str()), ("acme", "Acme"));
    }
    let slash = format!("{issuer}/");
    for wrong in ["https://evil.example", &slash, ""] {
        assert_eq!(
            refused(organization_of_tile(app, &site.connection, Some(wrong)).await),
            Refusal::NotFound,
            "{wrong:?}"
        );
    }
    let draft = world.draft(&site.owner, "acme", &world.idp).await;
    assert_eq!(refused(organization_of_tile(app, &draft, None).await), Refusal::NotFound);
    connection::disable(app, &site.owner.visitor, "acme", site.connection.as_str()).await.unwrap();
    assert_eq!(refused(organization_of_tile(app, &site.connection, None).await), Refusal::NoActiveConnection);
}

async fn r_sso_8_a_callback_for_another_user_asks_and_changes_only_on_yes(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let kim = world.member(&site, "kim", OrganizationRole::Member).await;
    let lee = world.member(&site, "lee", OrganizationRole::Member).await;
    for answered in [Answer::No, Answer::Yes] {
        world.idp.sign_in_as(Subject::new("00uLee", "lee@example.com"));
        let id = asks(&world.sign_in(&kim.visitor, &site, &world.idp).await);
        let asked = question(app, &kim.visitor, &id).await.unwrap().question;
        let named = |name: &str| Named { name: name.to_owned(), email: format!("{name}@example.com") };
        assert_eq!(asked, Question::Change { from: named("kim"), to: named("lee") });
        assert_eq!(session::current(app, &kim.visitor).await.unwrap().user_id, kim.id, "nothing was added");
        match (answered.clone(), world.answer(&kim.visitor, &id, answered).await.unwrap()) {
            (Answer::No, Outcome::Cancelled { .. }) => assert!(session::current(app, &kim.visitor).await.is_ok()),
            (Answer::Yes, outcome) => {
                let entered = world.signed_in(outcome, &kim.visitor);
                assert_eq!(session::current(app, &entered.visitor).await.unwrap().user_id, lee.id);
                assert_eq!(refused(session::current(app, &kim.visitor).await), Refusal::NoSession);
                assert_eq!(session::current(app, &entered.visitor).await.unwrap().proofs.iter().count(), 1);
            }
            (_, outcome) => panic!("{outcome:?}"),
        }
    }
}

async fn r_sso_8_a_newcomer_in_somebody_elses_browser_is_created_only_on_yes(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let kim = world.person("kim").await;
    world.idp.sign_in_as(Subject::new("00uDana", "dana@acme.example"));
    let id = asks(&world.sign_in(&kim.visitor, &site, &world.idp).await);
    assert!(world.users("dana@acme.example").await.is_empty());
    let outcome = world.answer(&kim.visitor, &id, Answer::Yes).await.unwrap();
    let entered = world.signed_in(outcome, &kim.visitor);
    assert_eq!(world.users("dana@acme.example").await[0].id, entered.id);
}

async fn r_sso_9_a_refusal_after_a_yes_has_a_number_and_uses_the_attempt_up(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let kim = world.person("kim").await;
    let visitor = world.bed.stranger();
    let id = asks(&by_tile(&world, &site, &visitor, Subject::new("00uKim", "kim@example.com")).await);
    world.bed.spend_limit(&format!("mail:{}", kim.email), 100).await;
    let outcome = world.answer(&visitor, &id, Answer::Yes).await.unwrap();
    let Outcome::Refused(page) = outcome else { panic!("{outcome:?}") };
    assert_eq!(world.found(&site, &page.reference).await.record.code, "too-many-requests");
    let read = attempts::refused(&world.bed.app, "acme", page.reference.as_str()).await.unwrap();
    assert_eq!(read.advice, "Wait an hour, then start again.");
    assert!(read.text != "Refused.", "{}", read.text);
    assert_eq!(refused(world.answer(&visitor, &id, Answer::Yes).await), Refusal::AttemptOver);
}

on_each_world! {
    r_sso_9_a_refusal_after_a_yes_has_a_number_and_uses_the_attempt_up
    r_lnk_3_a_person_known_elsewhere_proves_the_address_and_joins
    t_lnk_4_five_tries_and_a_code_of_its_own_attempt_only
    who_says_no_is_asked_no_more_and_nothing_happened
    r_sso_8_the_tile_asks_before_it_creates_links_or_mails_anybody
    t_conf_1_the_tile_names_its_issuer_or_none_and_only_an_active_connection
    r_sso_8_a_callback_for_another_user_asks_and_changes_only_on_yes
    r_sso_8_a_newcomer_in_somebody_elses_browser_is_created_only_on_yes
}
