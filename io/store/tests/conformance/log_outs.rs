//! Log-out with an identity provider: what it takes goes with the session, a state and a token count once (T-LO-1, T-LO-2).

use orgate_core::assertion::Subject;
use orgate_core::id::{ConnectionId, OrganizationId, Reference, SessionId};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::sid::Sid;
use orgate_store::{Expiring, LogOut, ProviderSession, ReceivedLogOut, SsoAttempt};

use crate::bed::{Bed, at, hash};
use crate::sessions::session;

pub fn known(
    session: &SessionId,
    place: (&OrganizationId, &ConnectionId),
    subject: &str,
    sid: Option<&str>,
) -> ProviderSession {
    ProviderSession {
        session_id: session.clone(),
        connection_id: place.1.clone(),
        organization_id: place.0.clone(),
        subject: Subject::parse(subject).unwrap(),
        sid: sid.and_then(Sid::parse),
        sealed_way_out: vec![1, 2],
        expires_at: at(1_000_000),
    }
}

async fn what_an_idp_knows_of_a_session_is_found_by_person_and_name_and_goes_with_it(bed: Bed) {
    bed.instance().await;
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let (other, _) = bed.connection(&acme, &owner).await;
    let sessions: Vec<_> = (0..4).map(|_| session(&owner)).collect();
    let rows = vec![
        known(&sessions[0].id, (&acme, &okta), "00u1", Some("one")),
        known(&sessions[1].id, (&acme, &okta), "00u1", Some("two")),
        known(&sessions[2].id, (&acme, &okta), "00u1", None),
        known(&sessions[0].id, (&acme, &other), "00u1", Some("one")),
    ];
    let (subject, one) = (Subject::parse("00u1").unwrap(), Sid::parse("one").unwrap());
    within!(bed, tx, [acme, okta, sessions, rows, subject, one], {
        for (number, session) in (1..).zip(sessions) {
            tx.instance().insert_session(session, &hash(number)).await?;
        }
        for row in rows {
            tx.organization(acme).put_provider_session(row).await?;
        }
        let mut own = tx.organization(acme);
        assert_eq!(own.list_provider_sessions_of_subject(okta, subject, None).await?.len(), 3);
        let named = own.list_provider_sessions_of_subject(okta, subject, Some(one)).await?;
        let ids: Vec<_> = named.iter().map(|row| &row.session_id).collect();
        let mut expected = vec![&sessions[0].id, &sessions[2].id];
        expected.sort();
        assert_eq!(ids, expected, "and the one of no known name");
        assert_eq!(own.list_provider_sessions_by_sid(okta, one).await?, rows[..1]);
        let again = ProviderSession { sealed_way_out: vec![9], ..rows[0].clone() };
        own.put_provider_session(&again).await?;
        assert_eq!(own.list_provider_sessions_by_sid(okta, one).await?, [again]);
        assert_eq!(tx.instance().list_provider_sessions(&sessions[0].id).await?.len(), 2);

        assert!(tx.organization(acme).delete_provider_session(okta, &sessions[0].id).await?);
        assert!(!tx.organization(acme).delete_provider_session(okta, &sessions[0].id).await?);
        assert_eq!(tx.instance().list_provider_sessions(&sessions[0].id).await?, rows[3..]);
        tx.instance().end_session(&sessions[0].user_id, &sessions[0].id, "test", at(20)).await?;
        assert_eq!(tx.instance().list_provider_sessions(&sessions[0].id).await?, [], "an end takes it along");
        tx.instance().end_sessions_of_user(&sessions[0].user_id, Some(&sessions[2].id), "test", at(20)).await?;
        assert_eq!(tx.instance().list_provider_sessions(&sessions[1].id).await?, []);
        assert_eq!(tx.instance().list_provider_sessions(&sessions[2].id).await?.len(), 1);
        assert_eq!(tx.instance().delete_expired(Expiring::ProviderSessions, at(1_000_000), 9).await?, 0);
        assert_eq!(tx.instance().delete_expired(Expiring::ProviderSessions, at(1_000_001), 9).await?, 1);
        tx.organization(acme).put_provider_session(&rows[2]).await?;
        tx.instance().delete_expired(Expiring::Sessions, at(1_000_001), 10).await?;
        assert_eq!(tx.instance().list_provider_sessions(&sessions[2].id).await?, [], "so does the sweep");
        Ok(())
    });
}

async fn a_session_can_lose_proofs_and_keeps_its_token(bed: Bed) {
    bed.instance().await;
    let dana = bed.user("dana").await;
    let session = session(&dana);
    let left = Proofs::of(Proof::Totp { at: at(10) });
    within!(bed, tx, [session, left], {
        let mut instance = tx.instance();
        instance.insert_session(session, &hash(1)).await?;
        assert_eq!(instance.find_session(&session.id).await?.as_ref(), Some(session));
        assert!(instance.reduce_session(&session.id, left).await?);
        assert_eq!(instance.find_session_by_token(&hash(1)).await?.map(|row| row.proofs).as_ref(), Some(left));
        instance.end_session(&session.user_id, &session.id, "test", at(20)).await?;
        assert!(!instance.reduce_session(&session.id, &session.proofs).await?, "what is over gets no proofs");
        Ok(())
    });
}

async fn t_lo_1_a_browser_comes_back_once_through_its_connection(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let (other, _) = bed.connection(&acme, &owner).await;
    let row = LogOut { state_hash: hash(1), browser_hash: hash(2), connection_id: okta.clone(), expires_at: at(50) };
    within!(bed, tx, [acme, okta, other, row], {
        tx.organization(acme).insert_log_out(row).await?;
        let mut instance = tx.instance();
        assert_eq!(instance.consume_log_out(&hash(9), &hash(2), okta, at(1)).await?, None);
        assert_eq!(instance.consume_log_out(&hash(1), &hash(9), okta, at(1)).await?, None);
        assert_eq!(instance.consume_log_out(&hash(1), &hash(2), other, at(1)).await?, None);
        assert_eq!(instance.consume_log_out(&hash(1), &hash(2), okta, at(50)).await?, None);
        assert_eq!(instance.consume_log_out(&hash(1), &hash(2), okta, at(49)).await?.as_ref(), Some(acme));
        assert_eq!(instance.consume_log_out(&hash(1), &hash(2), okta, at(49)).await?, None);
        assert_eq!(instance.delete_expired(Expiring::LogOuts, at(51), 9).await?, 1);
        Ok(())
    });
}

async fn t_lo_2_a_log_out_token_counts_once_and_is_known_to_a_sign_in_under_way(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let (other, _) = bed.connection(&acme, &owner).await;
    let received = |id: u8, subject: Option<&str>, sid: Option<&str>| ReceivedLogOut {
        connection_id: okta.clone(),
        id_hash: hash(id),
        subject: subject.and_then(Subject::parse),
        sid: sid.and_then(Sid::parse),
        received_at: at(10),
        expires_at: at(100),
    };
    let tokens = vec![
        received(1, Some("person"), None),
        received(2, None, Some("session")),
        received(3, Some("both"), Some("session-of-both")),
    ];
    within!(bed, tx, [acme, okta, other, tokens], {
        let mut own = tx.organization(acme);
        for token in tokens {
            assert!(own.insert_received_log_out(token).await?);
            assert!(!own.insert_received_log_out(token).await?, "a second time");
        }
        let elsewhere =
            ReceivedLogOut { connection_id: other.clone(), subject: Subject::parse("x"), ..tokens[0].clone() };
        assert!(own.insert_received_log_out(&elsewhere).await?, "another connection's is another");
        for (subject, sid, ended) in [
            ("person", None, true),
            ("person", Some("any"), true),
            ("stranger", None, false),
            ("stranger", Some("session"), true),
            ("stranger", Some("any"), false),
            ("both", Some("session-of-both"), true),
            ("both", None, true),
            ("both", Some("another"), false),
            ("x", None, false),
        ] {
            let sid = sid.and_then(Sid::parse);
            let named = Subject::parse(subject).unwrap();
            let found = own.was_logged_out_since(okta, &named, sid.as_ref(), at(10)).await?;
            assert_eq!(found, ended, "{subject} {sid:?}");
            assert!(!own.was_logged_out_since(okta, &named, sid.as_ref(), at(11)).await?, "what began later goes on");
        }
        assert_eq!(tx.instance().delete_expired(Expiring::LogOutTokens, at(100), 9).await?, 0);
        assert_eq!(tx.instance().delete_expired(Expiring::LogOutTokens, at(101), 3).await?, 3, "no more than asked");
        assert_eq!(tx.instance().delete_expired(Expiring::LogOutTokens, at(101), 3).await?, 1);
        Ok(())
    });
}

async fn refused_log_outs_push_no_other_attempt_out(bed: Bed) {
    let (acme, owner) = bed.organization("acme").await;
    let (okta, _) = bed.connection(&acme, &owner).await;
    let attempt = |number: u8, purpose: &str| SsoAttempt {
        reference: Reference::new([number; 5]),
        connection_id: okta.clone(),
        at: at(i64::from(number)),
        purpose: purpose.to_owned(),
        outcome: "refused".to_owned(),
        code: "clock".to_owned(),
        expected: None,
        received: None,
        person: None,
        user_id: None,
    };
    let attempts: Vec<_> =
        (1..=6).map(|number| attempt(number, if number == 1 { "sign-in" } else { "log-out" })).collect();
    within!(bed, tx, [acme, okta, attempts], {
        let mut own = tx.organization(acme);
        for attempt in attempts {
            own.insert_sso_attempt(attempt).await?;
        }
        assert_eq!(own.trim_sso_attempts_of_purpose(okta, "log-out", 2).await?, 3);
        let kept = own.list_sso_attempts(okta, None, 10).await?.items;
        let kept: Vec<_> = kept.iter().map(|attempt| attempt.at).collect();
        assert_eq!(kept, [at(6), at(5), at(1)]);
        Ok(())
    });
}

on_each_engine! {
    what_an_idp_knows_of_a_session_is_found_by_person_and_name_and_goes_with_it
    a_session_can_lose_proofs_and_keeps_its_token
    t_lo_1_a_browser_comes_back_once_through_its_connection
    t_lo_2_a_log_out_token_counts_once_and_is_known_to_a_sign_in_under_way
    refused_log_outs_push_no_other_attempt_out
}
