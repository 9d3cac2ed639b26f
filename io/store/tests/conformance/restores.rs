//! A deployment that was put back from a backup: what serves once is void, sessions are over, and what goes by itself waits
//! for somebody (T-SEC-5).

use std::collections::BTreeSet;
use std::time::Duration;

use orgate_core::challenge::ChallengePurpose;
use orgate_core::passkey::CeremonyPurpose;
use orgate_core::session::{SessionEnd, SessionLimits};
use orgate_core::time::Timestamp;
use orgate_store::{
    Challenge, ConnectionTest, LogOut, PasswordReset, Session, SignUp, Store, StoreSettings, Terms, Voided,
};

use crate::bed::{Bed, at, hash, id};
use crate::departures::departure;
use crate::domains::claim;
use crate::invitations::{invitation, tokens};
use crate::outbox::mail;
use crate::passkeys::ceremony;
use crate::people::{challenge, sign_up};
use crate::secret_keys::schema;
use crate::sessions::session;
use crate::sign_ins::sign_in;

/// A moment after everything of a bed.
fn later() -> Timestamp {
    at(500)
}

async fn void(bed: &Bed) -> Voided {
    bed.store
        .write_long((), |tx, ()| {
            Box::pin(async move {
                let voided = tx.instance().void_one_time_secrets(later(), 40).await?;
                assert!(tx.instance().begin_anew(later()).await?);
                Ok::<_, orgate_store::StoreError>(voided)
            })
        })
        .await
        .unwrap()
}

async fn t_sec_5_sessions_from_before_are_over_and_new_ones_are_not(bed: Bed) {
    bed.instance().await;
    let dana = bed.user("dana").await;
    let before = Session { expires_at: at(9_000), ..session(&dana) };
    // A clock that was an hour ahead.
    let ahead = Session { id: id(), created_at: at(600), expires_at: at(9_000), ..before.clone() };
    let over = Session { id: id(), expires_at: at(20), ..before.clone() };
    within!(bed, tx, [before, ahead, over], {
        for (session, seed) in [(before, 1), (ahead, 2), (over, 3)] {
            tx.instance().insert_session(session, &hash(seed)).await?;
        }
        Ok(())
    });
    let end = async |seed| {
        let found = bed.store.check_session(&hash(seed)).await.unwrap();
        found.map(|found| found.life.end(SessionLimits::default(), at(600)))
    };
    assert_eq!((end(1).await, end(2).await), (Some(None), Some(None)));
    assert_eq!(void(&bed).await, Voided { sessions: 2, ..Voided::default() });
    assert_eq!((end(1).await, end(2).await), (Some(Some(SessionEnd::Ended)), None));
    let new = Session { id: id(), created_at: later(), last_used_at: later(), ..before.clone() };
    within!(bed, tx, [new], tx.instance().insert_session(new, &hash(4)).await);
    assert_eq!(end(4).await, Some(None));
}

async fn t_sec_5_what_serves_once_serves_no_more(bed: Bed) {
    bed.instance().await;
    let (acme, dana) = bed.organization("acme").await;
    let (okta, draft) = bed.connection(&acme, &dana).await;
    let ends = at(1_000_000);
    let attempt = orgate_store::SignIn { expires_at: ends, ..sign_in(Some((&acme, &okta)), 1) };
    let up = SignUp { id: id(), expires_at: ends, ..sign_up() };
    let reset = PasswordReset {
        id: id(),
        token_hash: hash(1),
        user_id: dana.id.clone(),
        email_key: dana.email.key().to_owned(),
        created_at: at(1),
        expires_at: ends,
        policy_epoch: orgate_core::policy::PolicyEpoch::default(),
    };
    let code = Challenge { expires_at: ends, ..challenge(ChallengePurpose::Session, 5) };
    let out = orgate_store::Departure { expires_at: ends, ..departure(&acme, &dana, 1) };
    let question = orgate_store::Ceremony { expires_at: ends, ..ceremony(1) };
    let sent = invitation(&acme, &dana, "guest@example.com", ends);
    let log_out = LogOut { state_hash: hash(1), browser_hash: hash(2), connection_id: okta.clone(), expires_at: ends };
    let test = ConnectionTest {
        id: id(),
        connection_id: okta.clone(),
        revision_id: draft.id.clone(),
        started_by: dana.id.clone(),
        created_at: at(1),
        expires_at: ends,
        finished_at: None,
        outcome: None,
        sealed_result: None,
    };
    let waiting = mail(at(1));
    within!(bed, tx, [acme, attempt, up, reset, code, out, question, sent, log_out, test, waiting], {
        let mut instance = tx.instance();
        instance.insert_sign_in(attempt).await?;
        instance.insert_sign_up(up).await?;
        instance.insert_password_reset(reset).await?;
        instance.insert_challenge(code).await?;
        instance.insert_ceremony(question).await?;
        instance.insert_mail(waiting).await?;
        let mut organization = tx.organization(acme);
        organization.insert_departure(out).await?;
        organization.insert_invitation(sent, &tokens(1), &[]).await?;
        organization.insert_log_out(log_out).await?;
        organization.insert_connection_test(test).await
    });
    let voided = void(&bed).await;
    let expected = Voided { sessions: 0, attempts: 4, codes: 2, links: 2, invitations: 1, recovery_codes: 0, mails: 1 };
    assert_eq!(voided, expected);
    within!(bed, tx, [acme, okta, attempt, up, question, sent, code], {
        let now = later();
        let mut instance = tx.instance();
        let state = hash(101);
        assert_eq!(instance.consume_sign_in_by_state(&state, &hash(1), okta, now).await?, None);
        assert_eq!(instance.find_sign_in(&attempt.id, &hash(1), now).await?, None);
        assert!(!instance.consume_sign_up(&up.id, now).await?);
        assert_eq!(instance.consume_password_reset(&hash(1), now).await?, None);
        assert_eq!(instance.consume_departure(&hash(1), now).await?, None);
        assert!(instance.find_challenge(code.purpose, &code.bound_to, now).await?.is_none());
        let taken = instance.consume_ceremony(&question.id, CeremonyPurpose::SignIn, &question.bound_to, now).await?;
        assert_eq!(taken, None);
        assert_eq!(instance.consume_log_out(&hash(1), &hash(2), okta, now).await?, None);
        assert_eq!(instance.claim_due_mails(at(1_000), at(2_000), 9).await?, []);
        assert_eq!(instance.count_mails_failed_since(at(0)).await?, 0, "no mail server said no to it");
        assert_eq!(instance.list_invitations_to(&sent.email, now).await?, []);
        let mut organization = tx.organization(acme);
        assert!(!organization.accept_invitation(&sent.id, &sent.invited_by, now).await?);
        assert!(
            !organization.accept_invitation(&sent.id, &sent.invited_by, at(2)).await?,
            "nor by a clock that is slow"
        );
        assert_eq!(organization.list_pending_invitations(None, 9).await?.items.len(), 1, "they stay invited");
        assert_eq!(organization.count_pending_invitations(now).await?, 0, "by no link");
        let renewed = organization.renew_invitation(&sent.id, &tokens(2), &sent.invited_by, now, at(900)).await?;
        assert!(renewed, "and are sent new links");
        assert!(organization.accept_invitation(&sent.id, &sent.invited_by, at(600)).await?);
        Ok(())
    });
    assert_eq!(void(&bed).await, Voided::default(), "once is enough");
}

async fn t_sec_5_codes_of_second_factors_that_may_have_been_used_are_used_up(bed: Bed) {
    bed.instance().await;
    let (kim, lee) = (bed.user("kim").await, bed.user("lee").await);
    within!(bed, tx, [kim, lee], {
        let mut instance = tx.instance();
        for (user, secret) in [(kim, 1), (lee, 2)] {
            instance.set_pending_totp(&user.id, &[secret], at(1)).await?;
        }
        let pending = instance.find_totp(&kim.id).await?.unwrap();
        instance.confirm_totp(&pending, 7, at(2)).await?;
        instance.replace_recovery_codes(&kim.id, &[hash(1), hash(2)], at(1)).await?;
        assert!(instance.consume_recovery_code(&kim.id, &hash(1), at(2)).await?);
        Ok(())
    });
    let voided = void(&bed).await;
    assert_eq!(voided, Voided { attempts: 1, recovery_codes: 1, ..Voided::default() });
    within!(bed, tx, [kim, lee], {
        let mut instance = tx.instance();
        let known = instance.find_totp(&kim.id).await?.unwrap();
        for (step, accepted) in [(8, false), (39, false), (40, true)] {
            assert_eq!(instance.accept_totp_step(&known, step).await?, accepted, "{step}");
        }
        assert_eq!(instance.find_totp(&lee.id).await?, None, "it waited for its first code");
        assert_eq!(instance.count_unused_recovery_codes(&kim.id).await?, 0);
        assert!(!instance.consume_recovery_code(&kim.id, &hash(2), later()).await?);
        Ok(())
    });
}

/// It waits for a person: an Owner may have confirmed or undone it, or the domain may be another's.
async fn t_sec_5_what_was_to_happen_by_itself_does_not(bed: Bed) {
    bed.instance().await;
    let (acme, dana) = bed.organization("acme").await;
    let (other, _) = bed.organization("other").await;
    let (okta, _) = bed.connection(&acme, &dana).await;
    let held = claim(&bed, &acme, &dana, "acme.example").await;
    within!(bed, tx, [acme, other, okta, held], {
        let before = tx.organization(acme).load_terms().await?;
        let mut trial = before.clone();
        trial.state.terms.connection = Some((okta.clone(), at(5)));
        trial.state.terms.enforced = true;
        trial.state.trial_ends_at = Some(at(20));
        assert!(tx.organization(acme).store_terms(before.epoch, &trial).await?);
        assert!(tx.organization(acme).hold_domain(held, at(20)).await?);
        assert!(tx.organization(other).request_deletion(at(20), at(40)).await?);
        let mut instance = tx.instance();
        assert_eq!(instance.list_due_trials(later(), 9).await?, std::slice::from_ref(acme));
        assert_eq!(instance.list_due_deletions(later(), 9).await?, std::slice::from_ref(other));
        assert_eq!(instance.keep_trials().await?, std::slice::from_ref(acme));
        assert_eq!(instance.postpone_deletions(at(900)).await?, std::slice::from_ref(other));
        assert_eq!(instance.recheck_domains(at(30)).await?, 1);
        assert_eq!(instance.recheck_domains(at(30)).await?, 0);
        assert_eq!((instance.list_due_trials(at(5_000), 9).await?, instance.keep_trials().await?), (vec![], vec![]));
        assert_eq!(instance.list_due_deletions(at(899), 9).await?, []);
        assert_eq!(instance.list_due_deletions(at(900), 9).await?, std::slice::from_ref(other));
        let Terms { state, .. } = tx.organization(acme).load_terms().await?;
        assert!(state.terms.enforced && state.trial_ends_at.is_none());
        Ok(())
    });
}

/// A node that went on through a restore remembers organizations under numbers that the restored database will give again.
async fn t_sec_5_what_a_node_remembers_of_organizations_is_of_no_use_after_it(bed: Bed) {
    bed.instance().await;
    let (acme, dana) = bed.organization("acme").await;
    let session = Session { created_at: at(600), last_used_at: at(600), expires_at: at(9_000), ..session(&dana) };
    within!(bed, tx, [session], tx.instance().insert_session(session, &hash(1)).await);
    // What is in memory serves under the number that it was read under.
    let mfa = async || {
        bed.store.check_session(&hash(1)).await.unwrap().map(|check| check.places[0].organization.mfa_required)
    };
    assert_eq!((mfa().await, mfa().await), (Some(false), Some(false)));
    let before = within!(bed, tx, [], tx.instance().find_instance().await).unwrap();
    assert!(within!(bed, tx, [acme], tx.organization(acme).set_mfa_required(true).await));
    bed.raw("update instance set organization_changes = organization_changes - 1").await;
    assert_eq!(mfa().await, Some(false), "the number came twice");
    within!(bed, tx, [], tx.instance().begin_anew(at(550)).await);
    assert_eq!(mfa().await, Some(true));
    let after = within!(bed, tx, [], tx.instance().find_instance().await).unwrap();
    assert_eq!((before.epoch_at, after.epoch_at), (at(0), at(550)));
    within!(bed, tx, [], tx.instance().begin_anew(at(540)).await);
    let again = within!(bed, tx, [], tx.instance().find_instance().await).unwrap();
    assert_eq!(again.epoch_at, at(540), "this clock's, so that nobody who signs in now is kept out");
    assert_eq!(mfa().await, Some(true));
}

async fn a_database_that_a_program_has_open_is_told_from_one_that_nobody_has(bed: Bed) {
    let settings = StoreSettings::parse(bed.url()).unwrap();
    assert!(Store::is_in_use_elsewhere(&settings).await.unwrap());
    bed.instance().await;
    let bed = bed.closed();
    let mut looks = 0;
    // A server takes a moment to notice that a connection is gone.
    while Store::is_in_use_elsewhere(&settings).await.unwrap() {
        looks += 1;
        assert!(looks < 100, "nobody has it open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(Store::open(&settings, at(0)).await.unwrap());
    drop(bed);
}

async fn the_moment_of_the_state_is_that_of_the_newest_head(bed: Bed) {
    use orgate_core::audit_chain::{Chain, Head, SignedHead};
    assert_eq!(within!(bed, tx, [], tx.instance().find_last_sealed().await), None);
    let (acme, _) = bed.organization("acme").await;
    within!(bed, tx, [acme], {
        for (chain, moment) in [(Chain::Instance, at(30)), (Chain::Organization(acme.clone()), at(20))] {
            let head = SignedHead { head: Head::empty(chain, moment), signature: vec![1] };
            assert!(tx.instance().replace_audit_head(None, &head).await?);
        }
        Ok(())
    });
    assert_eq!(within!(bed, tx, [], tx.instance().find_last_sealed().await), Some(at(30)));
}

/// Every table, and what a restore does to it.
const TABLES: &[(&str, &str)] = &[
    ("audit_events", "says what was done; gets the event that says so"),
    ("audit_heads", "goes on from the backup's"),
    ("challenges", "void"),
    ("changed_organizations", "says which organizations a node forgets; it forgets all"),
    ("connection_revisions", "settings as they were"),
    ("connection_tests", "void, unless finished"),
    ("connections", "settings as they were"),
    ("departures", "void"),
    ("domain_holders", "who held a domain last"),
    ("domains", "looked at again at once"),
    ("identities", "as they were; a proof by the connection is needed"),
    ("instance", "begins anew"),
    ("invitation_projects", "as their invitation"),
    ("invitations", "their links are void"),
    ("known_devices", "opens nothing"),
    ("known_origins", "counts guesses, opens nothing"),
    ("log_out_tokens", "tokens from before are refused by the deployment's moment"),
    ("log_outs", "void"),
    ("mails", "given up, if they waited"),
    ("memberships", "as they were, which the operator is told"),
    ("organizations", "trials go on for good, deletions begin their days anew"),
    ("passkey_ceremonies", "void"),
    ("passkeys", "as they were, which the operator is told"),
    ("password_credentials", "as they were, which the operator is told"),
    ("password_resets", "void"),
    ("personal_identities", "as they were; a sign-in there is needed"),
    ("project_grants", "as they were, which the operator is told"),
    ("projects", "as they were"),
    ("provider_sessions", "of sessions that are over"),
    ("rate_counters", "windows that are over"),
    ("recovery_codes", "void"),
    ("refused_tries", "counts of events"),
    ("schema_migrations", "the schema's version"),
    ("secret_keys", "the keys that it is in use with"),
    ("sessions", "over, by the deployment's moment"),
    ("sign_ins", "void"),
    ("sign_ups", "void"),
    ("sso_attempts", "a report of what happened"),
    ("throttles", "counts of wrong tries, as they were"),
    ("totp_credentials", "codes that were shown are used up, a secret without a first code is void"),
    ("users", "as they were, which the operator is told"),
];

#[tokio::test]
async fn t_sec_5_every_table_is_void_after_a_restore_or_kept_for_a_reason() {
    let found: BTreeSet<String> = schema().await.into_iter().map(|(table, _, _)| table).collect();
    let known: BTreeSet<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(found, known, "a new table says here what a restore does to it");
    // What serves once says so by one of these columns, and is named above as void.
    let once = ["consumed_at", "used_at"];
    for (table, column, _) in schema().await {
        if once.contains(&column.as_str()) {
            let (_, said) = TABLES.iter().find(|(known, _)| *known == table).unwrap();
            assert!(said.starts_with("void"), "{table}.{column}");
        }
    }
}

on_each_engine! {
    t_sec_5_sessions_from_before_are_over_and_new_ones_are_not
    t_sec_5_what_serves_once_serves_no_more
    t_sec_5_codes_of_second_factors_that_may_have_been_used_are_used_up
    t_sec_5_what_was_to_happen_by_itself_does_not
    t_sec_5_what_a_node_remembers_of_organizations_is_of_no_use_after_it
    a_database_that_a_program_has_open_is_told_from_one_that_nobody_has
    the_moment_of_the_state_is_that_of_the_newest_head
}
