//! A deployment that came back from a backup: nothing from before serves, people come in anew, and every log says so
//! (T-SEC-5).

use std::sync::Arc;
use std::time::Duration;

use orgate_app::audit_chain::{Question, examine};
use orgate_app::audit_log::{self, AuditQuery, sentence};
use orgate_app::boot::BootError;
use orgate_app::enforcement::{self, WishForm};
use orgate_app::entropy::SeededEntropy;
use orgate_app::error::Error;
use orgate_app::invitation::{self, NewInvitations};
use orgate_app::jobs;
use orgate_app::passwords::Password;
use orgate_app::restore::{self, RestoreError, Restored};
use orgate_app::second_factor;
use orgate_app::sign_in::passkey::{self, Answered};
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod, verify};
use orgate_app::sign_up::{self, NewSignUp};
use orgate_app::visitor::Visitor;
use orgate_app::{organization, password_reset, session};
use orgate_core::id::SignInId;
use orgate_core::invitation::InvitationEnd;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_core::time::Timestamp;

use crate::support::factors::Equipped;
use crate::support::{Bed, PASSWORD, Person, refused};

on_each_engine! {
    t_sec_5_what_serves_once_serves_until_a_restore_and_not_after_it
    t_sec_5_people_come_in_anew_after_a_restore
    t_sec_5_mail_that_waited_may_have_been_sent_and_is_not_sent_again
    t_sec_5_every_audit_log_says_so_and_holds
    t_sec_5_a_trial_and_a_deletion_wait_for_an_owner
    t_sec_5_a_backup_is_served_by_nobody_before_it_was_restored
}

const NEW: &str = "another long pass phrase";

/// Everything that serves once, of one person or for one.
struct Held {
    equipped: Equipped,
    /// What the app shows now.
    code: String,
    waiting: (Visitor, SignInId),
    reset: String,
    sign_up: (Visitor, String, String),
    mailed: String,
    copied: String,
    ceremony: (Visitor, Answered),
}

fn last(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

async fn wait(bed: &Bed, email: &str) -> (Visitor, SignInId) {
    let visitor = bed.stranger();
    let typed = Credentials { email: email.to_owned(), password: Password::from_typed(PASSWORD) };
    match password::enter(&bed.app, &visitor, typed, None).await.unwrap().0 {
        Entry::SecondFactor(waiting) => (visitor, waiting.sign_in_id),
        Entry::SignedIn(_) | Entry::Blocked(_) => panic!("it does not wait for a second factor"),
    }
}

async fn link(bed: &Bed, email: &str, part: &str) -> String {
    loop {
        if let Some(link) = bed.next_mail(email).await.link(part) {
            return last(&link);
        }
    }
}

async fn held(bed: &Bed, owner: &Person, name: &str) -> Held {
    let person = bed.person(name).await;
    let equipped = bed.equip(&person).await;
    password_reset::request(&bed.app, &bed.stranger(), &person.email).await.unwrap();
    let reset = link(bed, &person.email, "/password-reset/").await;
    let (visitor, email) = (bed.stranger(), format!("new-{name}@example.com"));
    let typed =
        NewSignUp { email: email.clone(), password: PASSWORD.to_owned(), name: "New".to_owned(), invitation: None };
    let begun = sign_up::begin(&bed.app, &visitor, typed).await.unwrap();
    let sign_up = (visitor, begun.id.to_string(), bed.next_code(&email).await);
    let guest = format!("guest-{name}@example.com");
    let new = NewInvitations {
        emails: vec![guest.clone(), person.email.clone()],
        role: OrganizationRole::Member,
        projects: Vec::new(),
    };
    let invited = invitation::invite(&bed.app, &owner.visitor, "acme", new).await.unwrap();
    let mailed = link(bed, &guest, "/invitations/").await;
    let copied = last(&invited.items[1].link);
    let holder = bed.person(&format!("key-{name}")).await;
    let mut device = bed.passkey(&holder.id, 7).await;
    let visitor = bed.stranger();
    let (asked, _) = passkey::begin(&bed.app, &visitor).await.unwrap();
    let answered = Answered { ceremony_id: asked.id.to_string(), credential: device.get(&asked.options) };
    bed.advance(1);
    let waiting = wait(bed, &person.email).await;
    Held {
        code: equipped.code(bed.now()),
        equipped,
        waiting,
        reset,
        sign_up,
        mailed,
        copied,
        ceremony: (visitor, answered),
    }
}

/// Each way to use something up, and what came of it: `None` when it served.
async fn use_up(bed: &Bed, held: &Held) -> Vec<(&'static str, Option<Refusal>)> {
    fn outcome<T>(outcome: Result<T, Error>) -> Option<Refusal> {
        match outcome {
            Ok(_) => None,
            Err(Error::Refused(refusal)) => Some(refusal),
            Err(Error::Fault(fault)) => panic!("{fault}"),
        }
    }
    let app = &bed.app;
    let person = &held.equipped.person;
    let by_code = |code: &str, method| TypedFactor { method, code: code.to_owned() };
    let mut all = vec![("session", outcome(session::current(app, &person.visitor).await))];
    let (visitor, id) = &held.waiting;
    let (other, beside) = wait(bed, &person.email).await;
    all.push(("recovery code", {
        let typed = by_code(&held.equipped.recovery_codes[0], TypedMethod::RecoveryCode);
        outcome(verify(app, &other, &beside, typed).await)
    }));
    let (other, beside) = wait(bed, &person.email).await;
    all.push(("code of the app", outcome(verify(app, &other, &beside, by_code(&held.code, TypedMethod::Totp)).await)));
    all.push(("waiting sign-in", {
        let typed = by_code(&held.equipped.recovery_codes[1], TypedMethod::RecoveryCode);
        outcome(verify(app, visitor, id, typed).await)
    }));
    let now = bed.with_both_factors(person).await;
    all.push(("copied link", outcome(invitation::accept(app, &now.visitor, &held.copied, None).await)));
    let opened = invitation::open(app, &bed.stranger(), &held.mailed).await.unwrap();
    all.push(("mailed link", opened.is_none().then_some(Refusal::InvitationOver(InvitationEnd::Expired))));
    let (visitor, id, code) = &held.sign_up;
    all.push(("sign-up", outcome(sign_up::verify(app, visitor, id, code).await)));
    let (visitor, answered) = &held.ceremony;
    all.push(("question to an authenticator", outcome(passkey::enter(app, visitor, answered, None).await)));
    // Last, for it ends the others.
    all.push(("reset link", outcome(password_reset::complete(app, &bed.stranger(), &held.reset, NEW).await)));
    all
}

/// The control comes first: of two sets that differ in nothing, one is used before the restore.
async fn t_sec_5_what_serves_once_serves_until_a_restore_and_not_after_it(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    let kim = held(&bed, &sam, "kim").await;
    for (what, refusal) in use_up(&bed, &kim).await {
        assert_eq!(refusal, None, "{what}");
    }
    let lee = held(&bed, &sam, "lee").await;
    bed.clock.advance(Duration::from_secs(1));
    let restored = restore::mark(&bed.app).await.unwrap();
    assert!(restored.voided.sessions >= 2 && restored.voided.recovery_codes >= 10, "{restored:?}");
    let mut outcomes = use_up(&bed, &lee).await;
    outcomes.sort_by_key(|(what, _)| *what);
    let over = Some(Refusal::AttemptOver);
    let expired = Some(Refusal::InvitationOver(InvitationEnd::Expired));
    let expected = [
        ("code of the app", Some(Refusal::InvalidCode)),
        ("copied link", expired.clone()),
        ("mailed link", expired),
        ("question to an authenticator", over.clone()),
        ("recovery code", Some(Refusal::InvalidCode)),
        ("reset link", over.clone()),
        ("session", Some(Refusal::NoSession)),
        ("sign-up", over.clone()),
        ("waiting sign-in", over),
    ];
    assert_eq!(outcomes, expected);
}

async fn t_sec_5_people_come_in_anew_after_a_restore(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.organization(&sam, "Acme").await;
    let lee = held(&bed, &sam, "lee").await;
    bed.clock.advance(Duration::from_secs(1));
    restore::mark(&bed.app).await.unwrap();
    // Nobody waits longer for a code that was not shown yet.
    bed.advance(1);
    let person = &lee.equipped.person;
    let (visitor, id) = wait(&bed, &person.email).await;
    let typed = TypedFactor { method: TypedMethod::Totp, code: lee.equipped.code(bed.now()) };
    verify(&bed.app, &visitor, &id, typed).await.unwrap();
    let again = bed.with_both_factors(person).await;
    assert_eq!(second_factor::list(&bed.app, &again.visitor).await.unwrap().recovery_codes_left, 0);
    let codes = second_factor::recovery_codes::renew(&bed.app, &again.visitor).await.unwrap();
    let (visitor, id) = wait(&bed, &person.email).await;
    let typed = TypedFactor { method: TypedMethod::RecoveryCode, code: codes[0].reveal().to_string() };
    verify(&bed.app, &visitor, &id, typed).await.unwrap();

    password_reset::request(&bed.app, &bed.stranger(), &sam.email).await.unwrap();
    let reset = link(&bed, &sam.email, "/password-reset/").await;
    password_reset::complete(&bed.app, &bed.stranger(), &reset, NEW).await.unwrap();
    let typed = Credentials { email: sam.email.clone(), password: Password::from_typed(NEW) };
    let issued = password::begin(&bed.app, &bed.stranger(), typed).await.and_then(Entry::session).unwrap();
    let sam = Person::of(&issued, bed.stranger());

    let listed = invitation::list(&bed.app, &sam.visitor, "acme", None, None).await.unwrap().items;
    assert!(listed.len() == 2 && listed.iter().all(|pending| pending.expired), "they stay invited");
    let lees = listed.iter().find(|pending| pending.invitation.email.as_str() == person.email).unwrap();
    let sent = invitation::resend(&bed.app, &sam.visitor, "acme", lees.invitation.id.as_str()).await.unwrap();
    let accepted = invitation::accept(&bed.app, &again.visitor, &last(&sent.link), None).await.unwrap();
    assert_eq!(accepted.slug, "acme");
}

async fn t_sec_5_mail_that_waited_may_have_been_sent_and_is_not_sent_again(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.read_all(&sam.email).await;
    password_reset::request(&bed.app, &bed.stranger(), &sam.email).await.unwrap();
    bed.clock.advance(Duration::from_secs(1));
    assert_eq!(restore::mark(&bed.app).await.unwrap().voided.mails, 1);
    bed.advance(60);
    assert!(bed.mail(&sam.email).await.is_none());
    password_reset::request(&bed.app, &bed.stranger(), &sam.email).await.unwrap();
    assert!(bed.mail(&sam.email).await.is_some(), "what is asked for now is sent");
}

async fn is_whole(bed: &Bed) -> bool {
    jobs::seal_once(&bed.app).await.unwrap();
    let examined = examine(&bed.app, &Question::default()).await.unwrap().unwrap();
    examined.iter().all(|one| one.report.is_whole())
}

async fn t_sec_5_every_audit_log_says_so_and_holds(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    bed.organization(&sam, "Borealis").await;
    assert!(is_whole(&bed).await);
    let sealed = bed.now();
    bed.advance(1);
    let restored = restore::mark(&bed.app).await.unwrap();
    assert_eq!((restored.state_of, restored.organizations), (Some(sealed), 2));
    assert!(is_whole(&bed).await);
    let newest = async |organization: Option<&str>| {
        let events = audit_log::export_by_operator(&bed.app, organization, None).await.unwrap().items;
        (events[0].actor.clone(), sentence(&events[0]))
    };
    let said = "put Acme back to its state of 2026-11-22T06:00:00Z, with everything here";
    assert_eq!(newest(Some(acme.slug.as_str())).await, ("operator".to_owned(), format!("The operator {said}")));
    let (actor, said) = newest(None).await;
    assert_eq!(actor, "operator");
    assert!(
        said.starts_with(
            "The operator put everything back to its state of 2026-11-22T06:00:00Z: void are 1 sessions, "
        )
    );
    let sam = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    let query = AuditQuery { action: Some("organization.restored".to_owned()), ..AuditQuery::default() };
    assert_eq!(
        audit_log::list(&bed.app, &sam.visitor, "acme", query).await.unwrap().items.len(),
        1,
        "an Owner reads it"
    );
}

async fn t_sec_5_a_trial_and_a_deletion_wait_for_an_owner(bed: Bed) {
    let sam = bed.person("sam").await;
    let acme = bed.organization(&sam, "Acme").await;
    bed.organization(&sam, "Borealis").await;
    organization::request_deletion(&bed.app, &sam.visitor, "borealis", "borealis").await.unwrap();
    bed.enforce_with(&sam, &acme, WishForm { trial_minutes: Some(10), ..WishForm::default() }).await;
    // As old as a backup gets.
    bed.advance(8 * 24 * 60);
    let Restored { trials, deletions, .. } = restore::mark(&bed.app).await.unwrap();
    assert_eq!((trials, deletions), (vec!["acme".to_owned()], vec!["borealis".to_owned()]));
    assert_eq!(enforcement::roll_back_once(&bed.app).await.unwrap(), 0, "R-ENF-10: enforcement stays on");
    assert_eq!(jobs::delete_once(&bed.app).await.unwrap(), 0);
    let terms =
        bed.write(acme.id.clone(), |tx, id| Box::pin(async move { tx.organization(id).load_terms().await })).await;
    assert!(terms.state.terms.enforced && terms.state.trial_ends_at.is_none());
    let sam = bed.session(&sam, Proofs::of(Proof::Password { at: bed.now() })).await;
    for (slug, said) in [
        ("acme", "The operator kept SSO enforcement on, for whether its trial was confirmed is not known any more"),
        ("borealis", "The operator moved the deletion of Borealis to 2026-12-07T06:00:00Z"),
    ] {
        let events = audit_log::export_by_operator(&bed.app, Some(slug), None).await.unwrap().items;
        assert!(events.iter().any(|event| sentence(event) == said), "{events:?}");
    }
    organization::undo_deletion(&bed.app, &sam.visitor, "borealis").await.unwrap();
    bed.advance(8 * 24 * 60);
    assert_eq!(jobs::delete_once(&bed.app).await.unwrap(), 0);
}

async fn t_sec_5_a_backup_is_served_by_nobody_before_it_was_restored(bed: Bed) {
    let sam = bed.person("sam").await;
    bed.sabotage("update instance set backed_up_at = 1795327200000").await;
    let made_at = Timestamp::parse_rfc3339("2026-11-22T06:00:00Z").unwrap();
    let refused_start = bed.node(&[]).await.err().unwrap();
    assert!(matches!(refused_start, BootError::Backup(at) if at == made_at), "{refused_start}");
    assert!(refused_start.to_string().contains("orgate restore --in-place"), "{refused_start}");
    bed.advance(1);
    let entropy = || Arc::new(SeededEntropy::new(77));
    let in_use = restore::ready(bed.settings(&[]), &bed.clock).await.map(drop);
    assert!(matches!(in_use, Err(RestoreError::InUse)), "{in_use:?}");
    let stopped = bed.stopped();
    let mut tries = 0;
    let ready = loop {
        match restore::ready(stopped.settings(), &stopped.clock).await {
            // A server takes a moment to notice that a connection is gone.
            Err(RestoreError::InUse) if tries < 100 => tries += 1,
            other => break other.map_err(|error| error.to_string()).unwrap(),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let clock = || Arc::new(stopped.clock.clone());
    let restored = restore::in_place(ready, clock(), entropy()).await.unwrap();
    assert_eq!((restored.state_of, restored.voided.sessions), (Some(made_at), 1));
    let app = orgate_app::boot::boot(stopped.settings(), clock(), entropy()).await.unwrap();
    assert_eq!(refused(session::current(&app, &sam.visitor).await), Refusal::NoSession);
}
