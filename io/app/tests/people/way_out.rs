//! What becomes of a right password that enforced SSO stops: the logs' reference (R-ENF-3) and the way out (R-ENF-13).

use futures_util::future::join_all;
use orgate_app::audit_log::{self, AuditQuery, sentence};
use orgate_app::departure;
use orgate_app::organization::OrganizationView;
use orgate_app::password_reset;
use orgate_app::passwords::Password;
use orgate_app::session;
use orgate_app::sign_in::blocked::{self, Blocked, Departed};
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod, again};
use orgate_app::sign_in::sso::answer;
use orgate_app::sign_in::step_up;
use orgate_app::visitor::Visitor;
use orgate_core::id::SignInId;
use orgate_core::membership::MembershipOrigin;
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::role::OrganizationRole;
use orgate_store::{AuditEvent, Expiring};

use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    r_enf_3_a_stopped_sign_in_is_found_in_the_organizations_log_by_the_reference_of_its_page
    r_ops_3_a_storm_of_stopped_sign_ins_is_one_event_a_minute_and_every_page_names_it
    r_enf_3_a_program_is_refused_with_the_list_and_keeps_no_attempt
    r_enf_13_leaving_by_code_lets_the_person_in_and_tells_the_owners
    r_enf_13_who_leaves_one_of_two_organizations_is_still_stopped_by_the_other
    r_enf_13_the_last_owner_stays
    r_enf_13_a_second_factor_is_not_passed_over
    r_enf_13_only_what_binds_is_left_on_this_way
    r_enf_13_a_code_serves_for_ten_minutes_and_five_tries
    t_web_7_a_code_serves_for_its_attempt_and_its_organization_only
    r_enf_13_the_attempt_of_another_browser_is_no_longer_valid
    r_enf_13_a_password_that_changed_meanwhile_opens_nothing
    r_enf_13_a_proof_is_never_older_than_its_attempt_may_be
    rel_8_of_64_parallel_codes_one_leaves
    r_enf_13_the_mail_that_refuses_a_reset_offers_the_way_out_once_and_makes_no_session
    r_enf_13_a_mailed_link_dies_after_an_hour_and_with_what_it_was_mailed_for
    r_enf_13_of_32_parallel_clicks_one_leaves
    r_enf_13_nobody_gets_a_link_who_is_not_bound_or_whose_address_is_not_proven
    r_enf_13_a_mailed_link_serves_its_own_person_and_address_only
    r_enf_13_what_an_idp_uses_up_in_somebodys_name_keeps_nobody_in
    l5_who_is_bound_has_a_place_where_the_right_password_was_stopped
}

/// Kim is a member of Acme, which Sam owns and which enforces its SSO.
struct Scene {
    sam: Person,
    acme: OrganizationView,
    kim: Person,
}

async fn scene(bed: &Bed) -> Scene {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    let kim = bed.member(&acme, "kim", OrganizationRole::Member).await;
    bed.enforce(&sam, &acme).await;
    bed.read_all(&sam.email).await;
    bed.read_all(&kim.email).await;
    Scene { sam, acme, kim }
}

/// Another organization that enforces, with this person as a member.
async fn second(bed: &Bed, person: &Person) -> (Person, OrganizationView) {
    let olga = bed.person("olga").await;
    let borealis = bed.organization(&olga, "Borealis").await;
    join(bed, &borealis, person, OrganizationRole::Member).await;
    bed.enforce(&olga, &borealis).await;
    (olga, borealis)
}

async fn join(bed: &Bed, organization: &OrganizationView, person: &Person, role: OrganizationRole) {
    let input = (organization.id.clone(), person.id.clone(), role, bed.now());
    bed.write(input, |tx, (organization, user, role, now)| {
        Box::pin(
            async move { tx.organization(organization).join(user, *role, MembershipOrigin::Invitation, *now).await },
        )
    })
    .await;
}

async fn enter(bed: &Bed, visitor: &Visitor, person: &Person) -> Entry {
    let typed = Credentials { email: person.email.clone(), password: Password::from_typed(PASSWORD) };
    let wanted = Some("/organizations/acme/members".to_owned());
    let (entry, cookie) = password::enter(&bed.app, visitor, typed, wanted).await.unwrap();
    assert!(cookie.is_none(), "this browser has its cookie");
    entry
}

async fn stopped(bed: &Bed, visitor: &Visitor, person: &Person) -> Blocked {
    match enter(bed, visitor, person).await {
        Entry::Blocked(blocked) => blocked,
        Entry::SignedIn(_) | Entry::SecondFactor(_) => panic!("no SSO stopped the sign-in"),
    }
}

async fn attempt(bed: &Bed, visitor: &Visitor, person: &Person) -> SignInId {
    stopped(bed, visitor, person).await.attempt.unwrap()
}

/// Asks for a code and reads it.
async fn code(bed: &Bed, visitor: &Visitor, id: &SignInId, slug: &str, email: &str) -> String {
    blocked::mail_code(&bed.app, visitor, id, slug).await.unwrap();
    bed.next_code(email).await
}

/// Six digits that are not these.
fn another(code: &str) -> String {
    code.chars().map(|digit| if digit == '1' { '2' } else { '1' }).collect()
}

async fn events(bed: &Bed, owner: &Person, slug: &str, action: &str) -> Vec<AuditEvent> {
    let query = AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
    audit_log::list(&bed.app, &owner.visitor, slug, query).await.unwrap().items
}

async fn is_member(bed: &Bed, organization: &OrganizationView, person: &Person) -> bool {
    let input = (organization.id.clone(), person.id.clone());
    bed.write(input, |tx, (organization, user)| {
        Box::pin(async move {
            let places = tx.instance().list_places(user).await?;
            Ok(places.iter().any(|place| place.organization_id == *organization))
        })
    })
    .await
}

/// Sessions that nothing has ended; the one from before enforcement ends for good when the membership does.
async fn sessions(bed: &Bed, person: &Person) -> usize {
    let living = bed.write((person.id.clone(), bed.now()), |tx, (user, now)| {
        Box::pin(async move { tx.instance().list_sessions_of_user(user, *now).await })
    });
    living.await.len()
}

fn slugs(organizations: &[RequiringOrganization]) -> Vec<&str> {
    organizations.iter().map(|one| one.slug.as_str()).collect()
}

async fn r_enf_3_a_stopped_sign_in_is_found_in_the_organizations_log_by_the_reference_of_its_page(bed: Bed) {
    let Scene { sam, kim, .. } = scene(&bed).await;
    let (olga, _) = second(&bed, &kim).await;
    let visitor = bed.stranger();
    let blocked = stopped(&bed, &visitor, &kim).await;
    assert_eq!(slugs(&blocked.organizations), ["acme", "borealis"]);
    let shown = blocked::show(&bed.app, &visitor, blocked.attempt.as_ref().unwrap()).await.unwrap();
    assert_eq!(shown, blocked);
    for (owner, slug) in [(&sam, "acme"), (&olga, "borealis")] {
        let [event] = <[AuditEvent; 1]>::try_from(events(&bed, owner, slug, "session.blocked").await).unwrap();
        assert_eq!((event.outcome.as_str(), event.target.as_deref()), ("sso-required", Some(kim.id.as_str())));
        let expected =
            format!("kim was stopped at sign-in by password, for SSO is enforced: reference {}", shown.reference);
        assert_eq!(sentence(&event), expected);
    }
}

async fn r_ops_3_a_storm_of_stopped_sign_ins_is_one_event_a_minute_and_every_page_names_it(bed: Bed) {
    let Scene { sam, kim, .. } = scene(&bed).await;
    let mut references = Vec::new();
    for _ in 0..5 {
        references.push(stopped(&bed, &bed.stranger(), &kim).await.reference);
    }
    references.dedup();
    let [reference] = references.as_slice() else { panic!("several for one minute: {references:?}") };
    let logged = events(&bed, &sam, "acme", "session.blocked").await;
    assert_eq!(logged.len(), 1);
    assert!(logged[0].data.contains(reference.as_str()), "{}", logged[0].data);
    bed.advance(1);
    let later = stopped(&bed, &bed.stranger(), &kim).await.reference;
    assert_ne!(later, *reference);
    assert_eq!(events(&bed, &sam, "acme", "session.blocked").await.len(), 2);
}

async fn r_enf_3_a_program_is_refused_with_the_list_and_keeps_no_attempt(bed: Bed) {
    let Scene { sam, kim, .. } = scene(&bed).await;
    let typed = Credentials { email: kim.email.clone(), password: Password::from_typed(PASSWORD) };
    let refusal = refused(password::begin(&bed.app, &bed.stranger(), typed).await.and_then(Entry::session));
    assert!(matches!(refusal, Refusal::SsoRequired(required) if slugs(&required) == ["acme"]));
    assert_eq!(events(&bed, &sam, "acme", "session.blocked").await.len(), 1);
    bed.advance(24 * 60 + 11);
    let swept = bed.write(bed.now(), |tx, now| {
        Box::pin(async move { tx.instance().delete_expired(Expiring::SignIns, *now, 9).await })
    });
    assert_eq!(swept.await, 0, "no attempt was kept");
}

async fn r_enf_13_leaving_by_code_lets_the_person_in_and_tells_the_owners(bed: Bed) {
    let Scene { sam, acme, kim } = scene(&bed).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &kim).await;
    let view = blocked::ask(&bed.app, &visitor, &id, "acme").await.unwrap();
    assert_eq!((view.organization.name.as_str(), view.obstacle), ("Acme", None));
    let code = code(&bed, &visitor, &id, "acme", &kim.email).await;
    bed.advance(2);
    let departed = blocked::leave(&bed.app, &visitor, &id, "acme", &code).await.unwrap();
    let Departed::SignedIn { issued, return_to, left } = departed else { panic!("still stopped") };
    assert_eq!((left.slug.as_str(), return_to.as_deref()), ("acme", Some("/organizations/acme/members")));
    let kim = Person::of(&issued, visitor.clone());
    assert!(session::current(&bed.app, &kim.visitor).await.unwrap().organizations.is_empty());
    assert!(!is_member(&bed, &acme, &kim).await);

    let left = events(&bed, &sam, "acme", "member.left").await.remove(0);
    assert_eq!(left.actor, format!("user:{}", kim.id));
    assert!(left.data.contains("\"how\":\"way-out\"") && left.data.contains("mailed-code"), "{}", left.data);
    let mail = bed.next_mail(&sam.email).await;
    assert_eq!(mail.subject, "kim left Acme");
    assert!(mail.link("/organizations/acme/members").is_some());

    for again in [
        refused(blocked::leave(&bed.app, &visitor, &id, "acme", &code).await),
        refused(blocked::show(&bed.app, &visitor, &id).await),
        refused(blocked::mail_code(&bed.app, &visitor, &id, "acme").await),
    ] {
        assert_eq!(again, Refusal::AttemptOver);
    }
    assert_eq!(sessions(&bed, &kim).await, 1, "a replay makes no session");
}

async fn r_enf_13_who_leaves_one_of_two_organizations_is_still_stopped_by_the_other(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let (olga, borealis) = second(&bed, &kim).await;
    let visitor = bed.stranger();
    let first = stopped(&bed, &visitor, &kim).await;
    let id = first.attempt.unwrap();
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    let departed = blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await.unwrap();
    let Departed::StillBlocked { attempt, left } = departed else { panic!("let in") };
    assert_eq!(left.slug, "acme");
    assert!(!is_member(&bed, &acme, &kim).await && is_member(&bed, &borealis, &kim).await);
    assert_eq!(sessions(&bed, &kim).await, 0, "no session was made");
    assert_eq!(refused(blocked::show(&bed.app, &visitor, &id).await), Refusal::AttemptOver);
    let rest = blocked::show(&bed.app, &visitor, &attempt).await.unwrap();
    assert_eq!((slugs(&rest.organizations), rest.reference), (vec!["borealis"], first.reference));
    assert_eq!(events(&bed, &olga, "borealis", "session.blocked").await.len(), 1);
    let typed = code(&bed, &visitor, &attempt, "borealis", &kim.email).await;
    let departed = blocked::leave(&bed.app, &visitor, &attempt, "borealis", &typed).await.unwrap();
    assert!(matches!(departed, Departed::SignedIn { .. }));
}

async fn r_enf_13_the_last_owner_stays(bed: Bed) {
    let Scene { sam, acme, .. } = scene(&bed).await;
    let (_, borealis) = second(&bed, &sam).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &sam).await;
    let view = blocked::ask(&bed.app, &visitor, &id, "acme").await.unwrap();
    assert_eq!(view.obstacle, Some(Refusal::LastOwner));
    bed.read_all(&sam.email).await;
    assert_eq!(refused(blocked::mail_code(&bed.app, &visitor, &id, "acme").await), Refusal::LastOwner);
    assert!(bed.mail(&sam.email).await.is_none());

    // Alone again after the code was mailed: the guard counts when it matters.
    let kim = bed.member(&acme, "kir", OrganizationRole::Owner).await;
    let typed = code(&bed, &visitor, &id, "acme", &sam.email).await;
    let input = (acme.id.clone(), kim.id.clone());
    bed.write(input, |tx, (organization, user)| {
        Box::pin(async move { tx.organization(organization).set_role(user, OrganizationRole::Member).await })
    })
    .await;
    let refusal = refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await);
    assert_eq!(refusal, Refusal::LastOwner);
    assert!(is_member(&bed, &acme, &sam).await && is_member(&bed, &borealis, &sam).await);
    assert!(blocked::show(&bed.app, &visitor, &id).await.is_ok(), "the attempt goes on");
}

async fn r_enf_13_a_second_factor_is_not_passed_over(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let (visitor, token) = (bed.stranger(), link_out(&bed, &kim).await);
    let id = attempt(&bed, &visitor, &kim).await;
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    let app = bed.authenticator(&kim.id).await;
    let refusals = [
        refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await),
        refused(departure::complete(&bed.app, &bed.stranger(), &token).await),
    ];
    assert!(refusals.iter().all(|refusal| *refusal == Refusal::NeedsSecondFactor), "{refusals:?}");
    let view = departure::open(&bed.app, &token).await.unwrap();
    assert_eq!((view.obstacle, view.factors), (None, vec![AuthenticationMethod::Totp]));
    let wrong = TypedFactor { method: TypedMethod::Totp, code: "no code".to_owned() };
    let refusals = [
        refused(blocked::leave_with(&bed.app, &visitor, &id, "acme", &typed, Some(wrong.clone())).await),
        refused(departure::complete_with(&bed.app, &bed.stranger(), &token, Some(wrong)).await),
    ];
    assert!(refusals.iter().all(|refusal| matches!(refusal, Refusal::InvalidInput(_))), "{refusals:?}");
    assert!(is_member(&bed, &acme, &kim).await);
    let right = Some(app.typed(bed.now()));
    let departed = blocked::leave_with(&bed.app, &visitor, &id, "acme", &typed, right).await.unwrap();
    assert!(matches!(departed, Departed::SignedIn { .. }), "{departed:?}");
    assert!(!is_member(&bed, &acme, &kim).await);
}

async fn r_enf_13_only_what_binds_is_left_on_this_way(bed: Bed) {
    let Scene { sam, acme, kim } = scene(&bed).await;
    let olga = bed.person("olga").await;
    let calm = bed.organization(&olga, "Calm").await;
    join(&bed, &calm, &kim, OrganizationRole::Member).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &kim).await;
    for slug in ["calm", "no-such-organization"] {
        assert_eq!(refused(blocked::ask(&bed.app, &visitor, &id, slug).await), Refusal::NotFound);
        assert_eq!(refused(blocked::mail_code(&bed.app, &visitor, &id, slug).await), Refusal::NotFound);
        assert_eq!(refused(blocked::leave(&bed.app, &visitor, &id, slug, "123456").await), Refusal::NotFound);
    }
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    bed.stop_enforcing(&sam, &acme).await;
    let late = refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await);
    assert_eq!(late, Refusal::AttemptOver, "nobody binds any more: signing in again lets in");
    assert!(is_member(&bed, &acme, &kim).await && is_member(&bed, &calm, &kim).await);
}

async fn r_enf_13_a_code_serves_for_ten_minutes_and_five_tries(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &kim).await;
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    for _ in 0..5 {
        let wrong = blocked::leave(&bed.app, &visitor, &id, "acme", &another(&typed)).await;
        assert_eq!(refused(wrong), Refusal::InvalidCode);
    }
    assert_eq!(refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await), Refusal::AttemptOver);
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    bed.advance(10);
    assert_eq!(refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await), Refusal::AttemptOver);
    assert!(is_member(&bed, &acme, &kim).await);
}

async fn t_web_7_a_code_serves_for_its_attempt_and_its_organization_only(bed: Bed) {
    let Scene { kim, .. } = scene(&bed).await;
    second(&bed, &kim).await;
    let visitor = bed.stranger();
    let (one, other) = (attempt(&bed, &visitor, &kim).await, attempt(&bed, &visitor, &kim).await);
    let app = &bed.app;
    let typed = code(&bed, &visitor, &one, "acme", &kim.email).await;
    assert_eq!(refused(blocked::leave(app, &visitor, &one, "borealis", &typed).await), Refusal::AttemptOver);
    assert_eq!(refused(blocked::leave(app, &visitor, &other, "acme", &typed).await), Refusal::AttemptOver);
    assert_eq!(refused(answer::question(app, &visitor, &one).await), Refusal::AttemptOver, "no attempt at an IdP");
    blocked::leave(app, &visitor, &one, "acme", &typed).await.unwrap();
}

async fn r_enf_13_the_attempt_of_another_browser_is_no_longer_valid(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let (visitor, thief) = (bed.stranger(), bed.stranger());
    let mut cookieless = bed.stranger();
    cookieless.browser = None;
    let id = attempt(&bed, &visitor, &kim).await;
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    for other in [&thief, &cookieless] {
        assert_eq!(refused(blocked::show(&bed.app, other, &id).await), Refusal::AttemptOver);
        assert_eq!(refused(blocked::ask(&bed.app, other, &id, "acme").await), Refusal::AttemptOver);
        assert_eq!(refused(blocked::mail_code(&bed.app, other, &id, "acme").await), Refusal::AttemptOver);
        assert_eq!(refused(blocked::leave(&bed.app, other, &id, "acme", &typed).await), Refusal::AttemptOver);
    }
    assert!(is_member(&bed, &acme, &kim).await);
}

async fn r_enf_13_a_password_that_changed_meanwhile_opens_nothing(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &kim).await;
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    bed.sabotage(&format!("update password_credentials set hash = hash || 'x' where user_id = '{}'", kim.id)).await;
    assert_eq!(refused(blocked::show(&bed.app, &visitor, &id).await), Refusal::AttemptOver);
    assert_eq!(refused(blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await), Refusal::AttemptOver);
    assert!(is_member(&bed, &acme, &kim).await, "who only knew the old password ends nothing");
}

async fn r_enf_13_a_proof_is_never_older_than_its_attempt_may_be(bed: Bed) {
    let Scene { kim, .. } = scene(&bed).await;
    second(&bed, &kim).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &kim).await;
    bed.advance(9);
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    let departed = blocked::leave(&bed.app, &visitor, &id, "acme", &typed).await.unwrap();
    let Departed::StillBlocked { attempt, .. } = departed else { panic!("let in") };
    assert!(blocked::show(&bed.app, &visitor, &attempt).await.is_ok());
    bed.advance(1);
    let late = refused(blocked::show(&bed.app, &visitor, &attempt).await);
    assert_eq!(late, Refusal::AttemptOver, "leaving one made the proof no younger");
}

async fn rel_8_of_64_parallel_codes_one_leaves(bed: Bed) {
    let Scene { sam, acme, kim } = scene(&bed).await;
    let visitor = bed.stranger();
    let id = attempt(&bed, &visitor, &kim).await;
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    let all = join_all((0..64).map(|_| blocked::leave(&bed.app, &visitor, &id, "acme", &typed))).await;
    let (left, others): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    assert_eq!(left.len(), 1, "{others:?}");
    for other in others {
        assert_eq!(refused(other), Refusal::AttemptOver);
    }
    assert!(!is_member(&bed, &acme, &kim).await);
    assert_eq!(sessions(&bed, &kim).await, 1);
    assert_eq!(events(&bed, &sam, "acme", "member.left").await.len(), 1);
}

/// Asks for a new password and takes the token of the way out that the mail offers.
async fn link_out(bed: &Bed, person: &Person) -> String {
    bed.read_all(&person.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &person.email).await.unwrap();
    let link = bed.next_mail(&person.email).await.link("/leave/").unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

async fn r_enf_13_the_mail_that_refuses_a_reset_offers_the_way_out_once_and_makes_no_session(bed: Bed) {
    let Scene { sam, acme, kim } = scene(&bed).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    let mail = bed.next_mail(&kim.email).await;
    assert!(mail.link("/sign-in/acme").is_some() && mail.link("/password-reset/").is_none(), "{}", mail.text);
    let token = mail.link("/leave/").unwrap().rsplit('/').next().unwrap().to_owned();
    for _ in 0..2 {
        let view = departure::open(&bed.app, &token).await.unwrap();
        assert_eq!((view.organization.slug.as_str(), view.obstacle), ("acme", None), "opening uses nothing up");
    }
    assert!(is_member(&bed, &acme, &kim).await);
    let left = departure::complete(&bed.app, &bed.stranger(), &token).await.unwrap();
    assert_eq!(left.name, "Acme");
    assert!(!is_member(&bed, &acme, &kim).await);
    assert_eq!(sessions(&bed, &kim).await, 0, "it made none");
    assert!(events(&bed, &sam, "acme", "member.left").await[0].data.contains("mailed-link"));
    assert_eq!(bed.next_mail(&sam.email).await.subject, "kim left Acme");
    for over in [
        refused(departure::open(&bed.app, &token).await),
        refused(departure::complete(&bed.app, &sam.visitor, &token).await),
    ] {
        assert_eq!(over, Refusal::AttemptOver);
    }
    bed.read_all(&kim.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &kim.email).await.unwrap();
    assert!(bed.next_mail(&kim.email).await.link("/password-reset/").is_some(), "nothing stands before it now");
}

async fn r_enf_13_a_mailed_link_dies_after_an_hour_and_with_what_it_was_mailed_for(bed: Bed) {
    let Scene { sam, acme, kim } = scene(&bed).await;
    let token = link_out(&bed, &kim).await;
    bed.advance(60);
    assert_eq!(refused(departure::complete(&bed.app, &bed.stranger(), &token).await), Refusal::AttemptOver);

    let (token, unused) = (link_out(&bed, &kim).await, link_out(&bed, &kim).await);
    let sam = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    bed.stop_enforcing(&sam, &acme).await;
    assert_eq!(refused(departure::open(&bed.app, &token).await), Refusal::AttemptOver);
    assert_eq!(refused(departure::complete(&bed.app, &bed.stranger(), &token).await), Refusal::AttemptOver);
    bed.advance(1);
    bed.enforce(&sam, &acme).await;
    departure::complete(&bed.app, &bed.stranger(), &token).await.unwrap();
    join(&bed, &acme, &kim, OrganizationRole::Member).await;
    let stale = refused(departure::complete(&bed.app, &bed.stranger(), &unused).await);
    assert_eq!(stale, Refusal::AttemptOver, "a link from before does not end the new membership");
    assert!(is_member(&bed, &acme, &kim).await);
}

async fn r_enf_13_of_32_parallel_clicks_one_leaves(bed: Bed) {
    let Scene { kim, .. } = scene(&bed).await;
    let (token, visitor) = (link_out(&bed, &kim).await, bed.stranger());
    let all = join_all((0..32).map(|_| departure::complete(&bed.app, &visitor, &token))).await;
    assert_eq!(all.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{all:?}");
}

async fn r_enf_13_nobody_gets_a_link_who_is_not_bound_or_whose_address_is_not_proven(bed: Bed) {
    let Scene { sam, acme, .. } = scene(&bed).await;
    let free = bed.person("free").await;
    let born = bed.born_by_sso(&acme, "Bo", "bo@corp.example").await;
    for email in [sam.email.as_str(), free.email.as_str(), born.email.as_str(), "nobody@example.com"] {
        bed.read_all(email).await;
        password_reset::request(&bed.app, &bed.stranger(), email).await.unwrap();
        if let Some(mail) = bed.mail(email).await {
            assert!(mail.link("/leave/").is_none(), "{email}: {}", mail.text);
            assert_eq!(mail.link("/sign-in/acme").is_some(), email == born.email, "{email}");
        } else {
            assert_eq!(email, "nobody@example.com");
        }
    }
}

async fn r_enf_13_a_mailed_link_serves_its_own_person_and_address_only(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let mia = bed.member(&acme, "mia", OrganizationRole::Member).await;
    let token = link_out(&bed, &kim).await;
    // Whoever follows it, and in whichever session: it is about Kim.
    departure::complete(&bed.app, &mia.visitor, &token).await.unwrap();
    assert!(is_member(&bed, &acme, &mia).await && !is_member(&bed, &acme, &kim).await);
    let token = link_out(&bed, &mia).await;
    let moved =
        format!("update users set email = 'new@example.com', email_key = 'new@example.com' where id = '{}'", mia.id);
    bed.sabotage(&moved).await;
    assert_eq!(refused(departure::complete(&bed.app, &bed.stranger(), &token).await), Refusal::AttemptOver);
    for never in ["", "no-such-token", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(refused(departure::open(&bed.app, never).await), Refusal::AttemptOver);
    }
}

async fn l5_who_is_bound_has_a_place_where_the_right_password_was_stopped(bed: Bed) {
    let Scene { kim, .. } = scene(&bed).await;
    let elsewhere = |number: u8, visitor: Visitor| Visitor { ip: [203, 0, 113, number].into(), ..visitor };
    let own = elsewhere(8, bed.stranger());
    attempt(&bed, &own, &kim).await;
    let stranger = elsewhere(9, bed.stranger());
    let wrong =
        || Credentials { email: kim.email.clone(), password: Password::from_typed("not the pass phrase of anybody") };
    while refused(password::enter(&bed.app, &stranger, wrong(), None).await) == Refusal::InvalidCredentials {}
    attempt(&bed, &own, &kim).await;
}

async fn r_enf_13_what_an_idp_uses_up_in_somebodys_name_keeps_nobody_in(bed: Bed) {
    let Scene { acme, kim, .. } = scene(&bed).await;
    let app = bed.authenticator(&kim.id).await;
    let elsewhere = |number: u8, visitor: Visitor| Visitor { ip: [203, 0, 113, number].into(), ..visitor };
    // Acme's IdP lets somebody in as Kim, who asks for codes and tries at the factor until nothing more is taken.
    let impostor = elsewhere(7, bed.sso_session(&kim, &acme.id).await.visitor);
    while step_up::mail_code(&bed.app, &impostor).await.is_ok() {}
    let wrong = || TypedFactor { method: TypedMethod::Totp, code: "no code".to_owned() };
    while refused(again::confirm(&bed.app, &impostor, wrong()).await) == Refusal::InvalidCode {}
    let guess = || Password::from_typed("not the pass phrase of anybody");
    while refused(password::confirm(&bed.app, &impostor, guess()).await) == Refusal::InvalidCredentials {}
    // Kim leaves, from where nobody knows them either. The page of it is reached by the password.
    let visitor = elsewhere(8, bed.stranger());
    let id = attempt(&bed, &visitor, &kim).await;
    bed.read_all(&kim.email).await;
    let typed = code(&bed, &visitor, &id, "acme", &kim.email).await;
    let right = Some(app.typed(bed.now()));
    let departed = blocked::leave_with(&bed.app, &visitor, &id, "acme", &typed, right).await.unwrap();
    assert!(matches!(departed, Departed::SignedIn { .. }), "{departed:?}");
    assert!(!is_member(&bed, &acme, &kim).await);
}
