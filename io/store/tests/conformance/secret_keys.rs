//! Which keys are in use, and values that are sealed anew only as they were read: T-SEC-1, REL-3.

use std::collections::BTreeSet;

use orgate_core::audit_chain::{Chain, Head, SignedHead};
use orgate_store::{CodesOfKey, ConnectionTest, SealedColumn, SealedValue, SecretKeyInUse, SignUp, StoreSettings};

use crate::bed::{Bed, at, id, proof};
use crate::log_outs::known;
use crate::outbox::mail;
use crate::people::sign_up;
use crate::sessions::session;
use crate::sign_ins::sign_in;

fn in_use(byte: u8, millis: i64) -> SecretKeyInUse {
    SecretKeyInUse { id: vec![byte; 4], key_check: vec![byte, 9], since_at: at(millis) }
}

async fn t_sec_1_a_key_is_in_use_once_until_it_is_forgotten(bed: Bed) {
    let (old, new) = (in_use(2, 1), in_use(1, 5));
    within!(bed, tx, [old, new], {
        let mut instance = tx.instance();
        assert_eq!(instance.list_secret_keys().await?, []);
        assert!(instance.insert_secret_key(old).await? && instance.insert_secret_key(new).await?);
        let again = SecretKeyInUse { key_check: vec![7], ..new.clone() };
        assert!(!instance.insert_secret_key(&again).await?, "and what is kept of it stays");
        assert_eq!(instance.list_secret_keys().await?, [old.clone(), new.clone()]);
        assert!(instance.delete_secret_key(&old.id).await?);
        assert!(!instance.delete_secret_key(&old.id).await?);
        assert_eq!(instance.list_secret_keys().await?, std::slice::from_ref(new));
        Ok(())
    });
}

async fn t_sec_1_codes_that_can_still_be_typed_are_counted_by_their_key(bed: Bed) {
    let coded = |byte: u8, expires: i64| {
        let code_mac = [vec![byte; 4], vec![0; 32]].concat();
        SignUp { id: id(), code_mac, expires_at: at(expires), ..sign_up() }
    };
    let (old, older, new, over) = (coded(1, 60), coded(1, 90), coded(2, 70), coded(1, 10));
    within!(bed, tx, [old, older, new, over], {
        let mut instance = tx.instance();
        for sign_up in [old, older, new, over] {
            instance.insert_sign_up(sign_up).await?;
        }
        let of = |byte: u8, codes, until| CodesOfKey { id: vec![byte; 4], codes, until: at(until) };
        assert_eq!(instance.list_codes_by_key(at(20)).await?, [of(1, 2, 90), of(2, 1, 70)]);
        assert!(instance.consume_sign_up(&older.id, at(20)).await?);
        assert_eq!(instance.list_codes_by_key(at(65)).await?, [of(2, 1, 70)]);
        Ok(())
    });
}

/// A value in every column, two in those whose rows have a key of two parts.
async fn filled(bed: &Bed) {
    bed.instance().await;
    let (acme, owner) = bed.organization("acme").await;
    let (okta, draft) = bed.connection(&acme, &owner).await;
    let (other, _) = bed.connection(&acme, &owner).await;
    let test = ConnectionTest {
        id: id(),
        connection_id: okta.clone(),
        revision_id: draft.id.clone(),
        started_by: owner.id.clone(),
        created_at: at(1),
        expires_at: at(50),
        finished_at: None,
        outcome: None,
        sealed_result: None,
    };
    let (one, session) = (sign_in(Some((&acme, &okta)), 1), session(&owner));
    let rows = [&okta, &other].map(|connection| known(&session.id, (&acme, connection), "00u1", None));
    let (waiting, gone) = (mail(at(1)), mail(at(2)));
    let own = sign_in(None, 2);
    within!(bed, tx, [acme, owner, test, one, own, session, rows, waiting, gone], {
        let mut instance = tx.instance();
        for attempt in [one, own] {
            instance.insert_sign_in(attempt).await?;
        }
        for mail in [waiting, gone] {
            instance.insert_mail(mail).await?;
        }
        assert!(instance.set_mail_sent(&gone.id, at(3)).await?);
        assert!(instance.set_pending_totp(&owner.id, &[5], at(3)).await?);
        instance.insert_session(session, &[7; 32]).await?;
        let mut organization = tx.organization(acme);
        organization.insert_connection_test(test).await?;
        for row in rows {
            organization.put_provider_session(row).await?;
        }
        assert!(organization.finish_connection_test(&test.id, "succeeded", &[4], at(9)).await?);
        Ok(())
    });
}

async fn all(bed: &Bed, column: SealedColumn) -> Vec<SealedValue> {
    let (mut all, mut after) = (Vec::<SealedValue>::new(), None);
    loop {
        let page = bed.store.list_sealed_values(column, after.as_ref(), 1).await.unwrap();
        let Some(one) = page.into_iter().next() else { return all };
        assert!(!all.contains(&one), "no value comes twice");
        after = Some(one.clone());
        all.push(one);
    }
}

async fn t_sec_1_every_sealed_value_is_found_once_and_replaced_only_as_it_was_read(bed: Bed) {
    filled(&bed).await;
    for column in SealedColumn::ALL {
        let values = all(&bed, column).await;
        let expected = match column {
            SealedColumn::ConnectionRevision | SealedColumn::ProviderSession | SealedColumn::SignIn => 2,
            SealedColumn::ConnectionTest | SealedColumn::Mail | SealedColumn::Totp => 1,
        };
        assert_eq!(values.len(), expected, "{column:?}: what was emptied is no value");
        let is_of_an_organization = |value: &&SealedValue| !value.tenant.is_empty();
        let bound = values.iter().filter(is_of_an_organization).count();
        let tenants = match column {
            SealedColumn::Mail | SealedColumn::Totp => 0,
            SealedColumn::SignIn | SealedColumn::ConnectionTest => 1,
            SealedColumn::ConnectionRevision | SealedColumn::ProviderSession => 2,
        };
        assert_eq!(bound, tenants, "{column:?}");
        for value in values {
            within!(bed, tx, [value], {
                assert!(tx.instance().replace_sealed_value(value, &[1, 2, 3]).await?);
                assert!(!tx.instance().replace_sealed_value(value, &[4]).await?, "it is another one now");
                Ok(())
            });
        }
        assert!(all(&bed, column).await.iter().all(|value| value.value == [1, 2, 3]));
    }
}

async fn rel_3_erasures_and_heads_are_found_and_replaced_only_as_they_were_read(bed: Bed) {
    let (acme, _) = bed.organization("acme").await;
    let event = crate::audit_chain::event("a.one");
    let head = |chain: Chain, signature: u8| {
        let head = Head { position: 1, link: [3; 32], ..Head::empty(chain, at(1)) };
        SignedHead { head, signature: vec![signature] }
    };
    let (of_acme, own) = (head(Chain::Organization(acme.clone()), 1), head(Chain::Instance, 2));
    within!(bed, tx, [acme, event, of_acme, own], {
        tx.organization(acme).insert_audit_event(event, &proof()).await?;
        let mut instance = tx.instance();
        for head in [of_acme, own] {
            assert!(instance.replace_audit_head(None, head).await?);
        }
        let place = crate::audit_chain::place(1);
        assert!(instance.place_audit_event(event.id.as_str(), &[1; 32], &place).await?);
        let left = [None, None, None, None, Some("{}")];
        assert!(instance.erase_audit_event(event.id.as_str(), &[1; 32], left, &[2; 32], &[5]).await?);
        assert!(instance.replace_erasure_mark(event.id.as_str(), &[5], &[6]).await?);
        assert!(!instance.replace_erasure_mark(event.id.as_str(), &[5], &[7]).await?);
        Ok(())
    });
    let erased = bed.store.list_erased_audit_events("", 9).await.unwrap();
    assert_eq!(erased.len(), 1);
    assert_eq!(erased[0].1.erasure.as_deref(), Some(&[6][..]));
    assert_eq!(bed.store.list_erased_audit_events(&erased[0].1.id, 9).await.unwrap(), []);
    let first = bed.store.list_audit_heads("", 1).await.unwrap();
    let rest = bed.store.list_audit_heads(&first[0].0, 9).await.unwrap();
    assert_eq!((first.len(), rest.len()), (1, 1));
    assert_ne!(first[0].1.head.chain, rest[0].1.head.chain);
    assert!(first.iter().chain(&rest).all(|(name, signed)| name == signed.head.chain.name()));
}

/// What may stand in a column of bytes. A new one has to be put into one of these, and a sealed one into [`SealedColumn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bytes {
    /// Under the secret key: [`SealedColumn`] has it.
    Sealed,
    /// SHA-256 of a token of 256 bits, or of what tells a place and no secret.
    Hash,
    /// Of a code, behind the id of the key.
    Mac,
    /// A secret of nobody.
    Public,
}

const BYTES: &[(&str, &str, Bytes)] = &[
    ("audit_events", "chain_link", Bytes::Public),
    ("audit_events", "erasure", Bytes::Public),
    ("audit_events", "mark", Bytes::Public),
    ("audit_events", "openings", Bytes::Public),
    ("audit_heads", "head_link", Bytes::Public),
    ("audit_heads", "removed_link", Bytes::Public),
    ("audit_heads", "signature", Bytes::Public),
    ("challenges", "code_mac", Bytes::Mac),
    ("connection_revisions", "sealed_settings", Bytes::Sealed),
    ("connection_tests", "sealed_result", Bytes::Sealed),
    ("departures", "token_hash", Bytes::Hash),
    ("invitations", "copied_token_hash", Bytes::Hash),
    ("invitations", "mailed_token_hash", Bytes::Hash),
    ("known_devices", "device_hash", Bytes::Hash),
    ("known_origins", "origin_hash", Bytes::Hash),
    ("log_out_tokens", "id_hash", Bytes::Hash),
    ("log_outs", "browser_hash", Bytes::Hash),
    ("log_outs", "state_hash", Bytes::Hash),
    ("mails", "sealed_content", Bytes::Sealed),
    ("passkey_ceremonies", "challenge", Bytes::Public),
    ("passkeys", "credential_id", Bytes::Public),
    ("passkeys", "public_key", Bytes::Public),
    ("password_resets", "token_hash", Bytes::Hash),
    ("provider_sessions", "sealed_way_out", Bytes::Sealed),
    ("recovery_codes", "code_hash", Bytes::Hash),
    ("secret_keys", "id", Bytes::Public),
    // Sealed, and written anew with its key, never under another.
    ("secret_keys", "key_check", Bytes::Public),
    ("sessions", "token_hash", Bytes::Hash),
    ("sign_ins", "browser_hash", Bytes::Hash),
    ("sign_ins", "sealed_document", Bytes::Sealed),
    ("sign_ins", "state_hash", Bytes::Hash),
    ("sign_ups", "code_mac", Bytes::Mac),
    ("totp_credentials", "sealed_secret", Bytes::Sealed),
];

pub async fn schema() -> Vec<(String, String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orgate.db");
    let settings = StoreSettings::parse(&format!("sqlite:{}", path.display())).unwrap();
    drop(orgate_store::Store::open(&settings, at(0)).await.unwrap());
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "select t.name, c.name, lower(c.type) from sqlite_master t, pragma_table_info(t.name) c
        where t.type = 'table' and t.name not like 'sqlite_%' order by 1, 2";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn t_sec_1_every_column_of_bytes_is_sealed_a_hash_a_mac_or_no_secret() {
    let schema = schema().await;
    let found: BTreeSet<(&str, &str)> = schema
        .iter()
        .filter(|(_, _, kind)| kind == "blob")
        .map(|(table, column, _)| (table.as_str(), column.as_str()))
        .collect();
    let known: BTreeSet<(&str, &str)> = BYTES.iter().map(|(table, column, _)| (*table, *column)).collect();
    assert_eq!(found, known, "a new column of bytes says here what it is");
    let sealed: BTreeSet<(&str, &str)> =
        SealedColumn::ALL.iter().map(|column| (column.table(), column.column())).collect();
    for (table, column, bytes) in BYTES {
        let place = (*table, *column);
        assert_eq!(*bytes == Bytes::Sealed, sealed.contains(&place), "{place:?}: orgate keys rotate has to know it");
        assert_eq!(*bytes == Bytes::Sealed, column.starts_with("sealed_"), "{place:?}");
        assert_eq!(*bytes == Bytes::Hash, column.ends_with("_hash"), "{place:?}");
        assert_eq!(*bytes == Bytes::Mac, column.ends_with("_mac"), "{place:?}");
    }
    // Texts that sound like a secret: Argon2id of a password, and the text of a public record.
    let words = ["secret", "password", "token", "seed", "hash", "code", "verifier", "nonce"];
    let texts: Vec<String> = schema
        .iter()
        .filter(|(_, column, kind)| kind == "text" && words.iter().any(|word| column.contains(word)))
        .map(|(table, column, _)| format!("{table}.{column}"))
        .collect();
    assert_eq!(texts, ["domains.token", "password_credentials.hash", "sign_ups.password_hash", "sso_attempts.code"]);
}

on_each_engine! {
    t_sec_1_a_key_is_in_use_once_until_it_is_forgotten
    t_sec_1_codes_that_can_still_be_typed_are_counted_by_their_key
    t_sec_1_every_sealed_value_is_found_once_and_replaced_only_as_it_was_read
    rel_3_erasures_and_heads_are_found_and_replaced_only_as_they_were_read
}
