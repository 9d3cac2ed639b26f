//! Domains: claims, the record that proves them, looking again, lapsing, and passing from one organization to another
//! (R-LNK-7, T-LNK-8).

use std::time::Duration;

use orgate_app::domain;
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::sign_in::sso::answer::{Answer as Given, Question, question};
use orgate_core::domain::{CheckResult, DomainState};
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_testkit::Person as Subject;
use orgate_testkit::dns::Answer;

use crate::support::refused;
use crate::world::{Site, World, asks};

const HOUR: Duration = Duration::from_secs(3600);
const DOMAIN: &str = "acme.example";

async fn r_lnk_7_an_owner_claims_publishes_and_verifies(world: World) {
    let site = world.site("Acme", &world.idp).await;
    let claim = world.claim(&site, " Acme.EXAMPLE. ").await;
    assert_eq!(claim.domain.name.as_str(), DOMAIN);
    assert_eq!(claim.record_name, "_orgate-challenge.acme.example");
    assert!(claim.record_value.starts_with("orgate-domain-verification=") && claim.domain.token.len() >= 32);
    assert_eq!((claim.domain.state, claim.report()), (DomainState::Pending, None));

    let missing = world.verify(&site, &claim).await;
    assert_eq!((missing.report.result, missing.view.domain.state), (CheckResult::RecordMissing, DomainState::Pending));
    assert_eq!(missing.report.expected.as_ref(), Some(&claim.record_value));
    world.publish(&claim.record_name, &["orgate-domain-verification=another", "v=spf1 -all"]);
    let other = world.verify(&site, &claim).await.report;
    assert!(other.received.is_some_and(|text| text.contains("orgate-domain-verification=another")));

    world.bed.read_all(&site.owner.email).await;
    world.publish(&claim.record_name, &["v=spf1 -all", &claim.record_value]);
    let verified = world.verify(&site, &claim).await;
    assert!(verified.report.ok && !verified.passed);
    assert_eq!(verified.view.domain.state, DomainState::Verified);
    let mail = world.bed.next_mail(&site.owner.email).await;
    assert!(mail.text.contains(DOMAIN), "R-IN-8: all Owners are mailed: {}", mail.text);
}

async fn t_lnk_8_only_owners_with_a_recent_proof_and_no_public_mail_domain(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let member = world.member(&site, "kim", OrganizationRole::Member).await;
    assert_eq!(refused(domain::claim(app, &member.visitor, "acme", DOMAIN).await), Refusal::NotPermitted);
    assert_eq!(refused(domain::list(app, &member.visitor, "acme").await), Refusal::NotPermitted);
    for typed in ["gmail.com", "me@outlook.com", "localhost", "*.acme.example", ""] {
        let refused = refused(domain::claim(app, &site.owner.visitor, "acme", typed).await);
        assert!(matches!(refused, Refusal::InvalidInput(_)), "{typed}: {refused:?}");
    }
    let claim = world.claim(&site, DOMAIN).await;
    assert_eq!(refused(domain::claim(app, &site.owner.visitor, "acme", DOMAIN).await), Refusal::DomainExists);
    world.advance(Duration::from_secs(16 * 60));
    let id = claim.domain.id.as_str();
    for refused in [
        refused(domain::claim(app, &site.owner.visitor, "acme", "other.example").await),
        refused(domain::verify(app, &site.owner.visitor, "acme", id).await),
        refused(domain::remove(app, &site.owner.visitor, "acme", id).await),
    ] {
        assert_eq!(refused, Refusal::NeedsRecentProof, "R-IN-8");
    }
    let other = world.site("Other", &world.provider()).await;
    assert_eq!(refused(domain::get(app, &other.owner.visitor, "other", id).await), Refusal::NotFound, "R-ORG-6");
    assert_eq!(refused(domain::verify(app, &other.owner.visitor, "other", id).await), Refusal::NotFound);
    assert_eq!(refused(domain::remove(app, &other.owner.visitor, "other", id).await), Refusal::NotFound);
}

async fn r_lnk_7_absent_lapses_at_once_and_a_new_record_brings_it_back(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let held = world.hold(&site, DOMAIN).await;
    world.publish(&held.record_name, &[]);
    assert_eq!(domain::recheck_once(app).await.unwrap(), 0, "not due before a day is over");
    world.advance(24 * HOUR);
    world.bed.read_all(&site.owner.email).await;
    assert_eq!(domain::recheck_once(app).await.unwrap(), 1);
    let lapsed = world.domain(&site, &held).await;
    assert_eq!(
        (lapsed.domain.state, lapsed.domain.last_result),
        (DomainState::Lapsed, Some(CheckResult::RecordMissing))
    );
    assert!(world.bed.next_mail(&site.owner.email).await.subject.contains("has lapsed"));
    assert_eq!(domain::recheck_once(app).await.unwrap(), 0, "nothing is held any more");

    world.publish(&held.record_name, &[&held.record_value]);
    let again = world.verify(&site, &held).await;
    assert!(again.report.ok && !again.passed, "it never was another organization's");
}

async fn r_lnk_7_no_answer_lapses_after_72_hours_and_warns_before(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let held = world.hold(&site, DOMAIN).await;
    world.bed.read_all(&site.owner.email).await;
    world.dns.set(&held.record_name, Answer::Failure);
    world.advance(24 * HOUR);
    let began = world.bed.now();
    for hours in 0..72_u32 {
        assert_eq!(domain::recheck_once(app).await.unwrap(), 1, "hourly while there is no answer");
        assert_eq!(domain::recheck_once(app).await.unwrap(), 0);
        let mail = world.bed.mail(&site.owner.email).await.map(|mail| mail.subject);
        assert_eq!(mail.is_some(), hours == 24, "{hours}: {mail:?}");
        world.advance(HOUR);
    }
    let waiting = world.domain(&site, &held).await;
    assert_eq!(waiting.domain.state, DomainState::Verified);
    assert_eq!(waiting.lapses_at, Some(began.plus(72 * HOUR)));
    domain::recheck_once(app).await.unwrap();
    let lapsed = world.domain(&site, &held).await.domain;
    assert_eq!((lapsed.state, lapsed.last_result), (DomainState::Lapsed, Some(CheckResult::NoAnswer)));
    assert!(world.bed.next_mail(&site.owner.email).await.subject.contains("has lapsed"));
}

async fn r_lnk_7_an_answer_ends_the_silence(world: World) {
    let app = &world.bed.app;
    let site = world.site("Acme", &world.idp).await;
    let held = world.hold(&site, DOMAIN).await;
    world.dns.set(&held.record_name, Answer::Failure);
    world.advance(24 * HOUR);
    domain::recheck_once(app).await.unwrap();
    world.dns.set(&held.record_name, Answer::NoSuchName);
    world.publish(&held.record_name, &[&held.record_value]);
    world.advance(71 * HOUR);
    domain::recheck_once(app).await.unwrap();
    let kept = world.domain(&site, &held).await;
    assert_eq!((kept.domain.state, kept.lapses_at), (DomainState::Verified, None));
}

async fn r_lnk_7_a_pending_claim_reserves_nothing_and_a_holder_who_shows_its_record_stays(world: World) {
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.provider()).await);
    let early = world.claim(&rival, DOMAIN).await;
    let held = world.hold(&acme, DOMAIN).await;
    world.advance(HOUR);
    world.bed.read_all(&acme.owner.email).await;

    // Without a record in the DNS, whoever claims learns nothing and nobody is mailed.
    assert_eq!(world.verify(&rival, &early).await.report.result, CheckResult::RecordMissing);
    assert!(world.bed.mail(&acme.owner.email).await.is_none());
    // With one, the holder's Owners hear of it, once an hour.
    world.publish(&held.record_name, &[&held.record_value, &early.record_value]);
    for _ in 0..2 {
        let refused = world.verify(&rival, &early).await;
        assert_eq!(refused.report.result, CheckResult::HeldByAnother);
        assert_eq!(refused.view.domain.state, DomainState::Pending);
    }
    assert!(world.bed.next_mail(&acme.owner.email).await.subject.contains("Another organization"));
    assert!(world.bed.mail(&acme.owner.email).await.is_none());
    assert_eq!(world.domain(&acme, &held).await.domain.state, DomainState::Verified);
}

async fn r_lnk_7_a_rival_claim_looks_at_the_holder_at_once(world: World) {
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.provider()).await);
    let held = world.hold(&acme, DOMAIN).await;
    world.publish(&held.record_name, &[]);
    world.advance(HOUR);
    let claim = world.claim(&rival, DOMAIN).await;
    assert_eq!(world.domain(&acme, &held).await.domain.state, DomainState::Lapsed);
    assert_eq!(claim.domain.state, DomainState::Pending, "and the rival has nothing yet");
}

async fn r_lnk_7_a_domain_that_passes_makes_its_addresses_unproven_until_proven_again(world: World) {
    let app = &world.bed.app;
    let rival_idp = world.provider();
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &rival_idp).await);
    let held = world.hold(&acme, DOMAIN).await;
    let dana = world.person_at("dana", "dana@acme.example").await;
    let sam = world.person_at("sam", "sam@sub.acme.example").await;
    world.join(acme.id(), &dana, OrganizationRole::Member).await;
    world.advance(HOUR);
    world.bed.read_all(&acme.owner.email).await;

    let claim = world.claim(&rival, DOMAIN).await;
    world.advance(HOUR);
    world.publish(&held.record_name, &[&claim.record_value]);
    let taken = world.verify(&rival, &claim).await;
    assert!(taken.report.ok && taken.passed);
    let lost = world.domain(&acme, &held).await.domain;
    assert_eq!(lost.state, DomainState::Lapsed);
    let subject = world.bed.next_mail(&acme.owner.email).await.subject;
    assert!(subject.contains("went to another organization"), "{subject}");
    assert_eq!(world.address_of(&dana.id).await, AddressState::Unproven);
    assert_eq!(world.address_of(&sam.id).await, AddressState::Proven, "exact names only");

    // The new holder's IdP says that it is Dana: it is somebody else (a bought domain opens no old account).
    rival_idp.sign_in_as(Subject::new("00uNew", "dana@acme.example"));
    let visitor = world.bed.stranger();
    let outcome = world.sign_in(&visitor, &rival, &rival_idp).await;
    let newcomer = world.signed_in(outcome, &visitor);
    assert_ne!(newcomer.id, dana.id);
    assert_eq!(world.address_of(&newcomer.id).await, AddressState::Proven);
    // Dana's own session goes on, and her old address is somebody else's now.
    let current = orgate_app::session::current(app, &dana.visitor).await.unwrap();
    assert!(current.account_open && !current.email_proven);
}

async fn r_lnk_7_a_domain_that_was_given_up_or_whose_organization_is_gone_passes_too(world: World) {
    let app = &world.bed.app;
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.provider()).await);
    let held = world.hold(&acme, DOMAIN).await;
    let dana = world.person_at("dana", "dana@acme.example").await;
    domain::remove(app, &acme.owner.visitor, "acme", held.domain.id.as_str()).await.unwrap();
    assert_eq!(world.address_of(&dana.id).await, AddressState::Proven, "giving up takes nobody's address");
    world.advance(HOUR);
    assert!(world.hold(&rival, DOMAIN).await.domain.verified_at.is_some());
    assert_eq!(world.address_of(&dana.id).await, AddressState::Unproven);

    // A link mailed to the address makes it hers again.
    let visitor = world.bed.stranger();
    orgate_app::password_reset::request(app, &visitor, "dana@acme.example").await.unwrap();
    let link = world.bed.next_mail("dana@acme.example").await.link("/password-reset/").unwrap();
    let token = link.rsplit('/').next().unwrap();
    orgate_app::password_reset::complete(app, &visitor, token, "eleven brown kettles sing").await.unwrap();
    assert_eq!(world.address_of(&dana.id).await, AddressState::Proven);
}

/// The domain passes to this organization, within minutes: an attempt to sign in takes no longer.
async fn pass(world: &World, to: &Site) {
    let minute = Duration::from_secs(60);
    world.advance(minute);
    let claim = world.claim(to, DOMAIN).await;
    world.advance(minute);
    world.publish(&claim.record_name, &[&claim.record_value]);
    assert!(world.verify(to, &claim).await.passed);
}

async fn r_lnk_7_an_invitation_mailed_before_the_domain_passed_proves_no_address(world: World) {
    let app = &world.bed.app;
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.provider()).await);
    world.hold(&acme, DOMAIN).await;
    let dana = world.person_at("dana", "dana@acme.example").await;
    let emails = vec![dana.email.clone()];
    let new = NewInvitations { emails, role: OrganizationRole::Member, projects: Vec::new() };
    let invited = invitation::invite(app, &acme.owner.visitor, "acme", new).await.unwrap();
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let mailed = token(&world.bed.next_mail(&dana.email).await.link("/invitations/").unwrap());
    pass(&world, &rival).await;
    assert_eq!(invitation::open(app, &dana.visitor, &mailed).await.unwrap(), None);
    assert_eq!(refused(invitation::accept(app, &dana.visitor, &mailed, None).await), Refusal::NotFound);
    let copied = invitation::accept(app, &dana.visitor, &token(&invited.items[0].link), None).await;
    assert_eq!(refused(copied), Refusal::InvitationNeedsCode);
    assert_eq!(world.address_of(&dana.id).await, AddressState::Unproven);

    // Mailed again, it reaches whoever reads that mailbox now.
    let id = invited.items[0].invitation.id.as_str();
    invitation::resend(app, &acme.owner.visitor, "acme", id).await.unwrap();
    let again = token(&world.bed.next_mail(&dana.email).await.link("/invitations/").unwrap());
    invitation::accept(app, &dana.visitor, &again, None).await.unwrap();
    assert_eq!(world.address_of(&dana.id).await, AddressState::Proven);
}

async fn r_lnk_7_a_code_typed_before_the_domain_passed_proves_no_address(world: World) {
    let app = &world.bed.app;
    let (acme, rival) = (world.site("Acme", &world.provider()).await, world.site("Rival", &world.provider()).await);
    let third = world.site("Third", &world.idp).await;
    world.hold(&acme, DOMAIN).await;
    let kim = world.person_at("kim", "kim@acme.example").await;
    world.join(third.id(), &kim, OrganizationRole::Member).await;
    // Somebody else is signed in in this browser, so there is a question behind the code.
    let visitor = world.person("lee").await.visitor;
    world.idp.sign_in_as(Subject::new("00uKim", "kim@acme.example").claim("email_verified", false));
    let id = asks(&world.sign_in(&visitor, &third, &world.idp).await);
    let code = world.bed.next_code(&kim.email).await;
    let id = asks(&world.answer(&visitor, &id, Given::Code(code)).await.unwrap());
    assert!(matches!(question(app, &visitor, &id).await.unwrap().question, Question::Change { .. }));
    pass(&world, &rival).await;
    let id = asks(&world.answer(&visitor, &id, Given::Yes).await.unwrap());
    assert!(matches!(question(app, &visitor, &id).await.unwrap().question, Question::Code { .. }));
    assert_eq!(world.address_of(&kim.id).await, AddressState::Unproven);
    let code = world.bed.next_code(&kim.email).await;
    let outcome = world.answer(&visitor, &id, Given::Code(code)).await.unwrap();
    assert_eq!(world.signed_in(outcome, &visitor).id, kim.id);
    assert_eq!(world.address_of(&kim.id).await, AddressState::Proven);
}

async fn r_lnk_7_two_organizations_that_verify_at_once_never_both_hold_it(world: World) {
    let app = &world.bed.app;
    let (acme, rival) = (world.site("Acme", &world.idp).await, world.site("Rival", &world.provider()).await);
    let (one, two) = (world.claim(&acme, DOMAIN).await, world.claim(&rival, DOMAIN).await);
    world.publish(&one.record_name, &[&one.record_value, &two.record_value]);
    let (first, second) = tokio::join!(
        domain::verify(app, &acme.owner.visitor, "acme", one.domain.id.as_str()),
        domain::verify(app, &rival.owner.visitor, "rival", two.domain.id.as_str()),
    );
    // The clock stands still, so who comes second may also be asked to try again.
    for outcome in [&first, &second] {
        match outcome {
            Ok(_) | Err(orgate_app::Error::Refused(Refusal::Busy)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let states = [world.domain(&acme, &one).await.domain.state, world.domain(&rival, &two).await.domain.state];
    assert_eq!(states.iter().filter(|state| **state == DomainState::Verified).count(), 1, "{states:?}");
}

on_each_world! {
    r_lnk_7_an_owner_claims_publishes_and_verifies
    t_lnk_8_only_owners_with_a_recent_proof_and_no_public_mail_domain
    r_lnk_7_absent_lapses_at_once_and_a_new_record_brings_it_back
    r_lnk_7_no_answer_lapses_after_72_hours_and_warns_before
    r_lnk_7_an_answer_ends_the_silence
    r_lnk_7_a_pending_claim_reserves_nothing_and_a_holder_who_shows_its_record_stays
    r_lnk_7_a_rival_claim_looks_at_the_holder_at_once
    r_lnk_7_a_domain_that_passes_makes_its_addresses_unproven_until_proven_again
    r_lnk_7_a_domain_that_was_given_up_or_whose_organization_is_gone_passes_too
    r_lnk_7_an_invitation_mailed_before_the_domain_passed_proves_no_address
    r_lnk_7_a_code_typed_before_the_domain_passed_proves_no_address
    r_lnk_7_two_organizations_that_verify_at_once_never_both_hold_it
}
