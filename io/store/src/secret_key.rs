//! Owns which secret keys are in use: a known text of each, sealed with it, and how many mailed codes were made with it. The
//! keys themselves are never here.

use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

/// A key that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKeyInUse {
    /// Its public id.
    pub id: Vec<u8>,
    /// The known text, sealed with it: whoever opens it holds the key.
    pub key_check: Vec<u8>,
    /// Since when.
    pub since_at: Timestamp,
}

/// Mailed codes that can still be typed, of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodesOfKey {
    /// The key's public id.
    pub id: Vec<u8>,
    /// How many.
    pub codes: u64,
    /// When the last of them expires.
    pub until: Timestamp,
}

impl InstanceTx<'_> {
    /// The keys in use, the first one first.
    pub async fn list_secret_keys(&mut self) -> Result<Vec<SecretKeyInUse>, StoreError> {
        let sql = "select id, key_check, since_at from secret_keys order by since_at, id";
        self.query(sql, &[], |row| {
            Ok(SecretKeyInUse { id: row.get("id")?, key_check: row.get("key_check")?, since_at: row.get("since_at")? })
        })
        .await
    }

    /// Remembers a key that is in use from now on; `false` when it is already.
    pub async fn insert_secret_key(&mut self, key: &SecretKeyInUse) -> Result<bool, StoreError> {
        let sql = "insert into secret_keys (id, key_check, since_at) values ($1, $2, $3) on conflict (id) do nothing";
        self.changed(sql, &[(&key.id).into(), (&key.key_check).into(), key.since_at.into()]).await
    }

    /// Forgets a key that nothing is sealed with any more.
    pub async fn delete_secret_key(&mut self, id: &[u8]) -> Result<bool, StoreError> {
        self.changed("delete from secret_keys where id = $1", &[id.into()]).await
    }

    /// The codes that can still be typed at `now`, by their keys.
    pub async fn list_codes_by_key(&mut self, now: Timestamp) -> Result<Vec<CodesOfKey>, StoreError> {
        let sql = "select substr(code_mac, 1, 4) as key_id, count(*) as codes, max(expires_at) as until from (
                select code_mac, expires_at from challenges where consumed_at is null and expires_at > $1
                union all select code_mac, expires_at from sign_ups where consumed_at is null and expires_at > $1) as live
            group by 1 order by 1";
        self.query(sql, &[now.into()], |row| {
            Ok(CodesOfKey { id: row.get("key_id")?, codes: row.get("codes")?, until: row.get("until")? })
        })
        .await
    }
}
