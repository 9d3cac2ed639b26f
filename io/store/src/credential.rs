//! Owns the rows of credentials; so far the password. Hashing is the use case's business.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

/// A person's password, hashed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// Whose.
    pub user_id: UserId,
    /// Argon2id in PHC form.
    pub hash: String,
    /// Since when.
    pub set_at: Timestamp,
}

impl InstanceTx<'_> {
    /// The person's password, if they have one.
    pub async fn find_password(&mut self, user_id: &UserId) -> Result<Option<PasswordCredential>, StoreError> {
        let sql = "select user_id, hash, set_at from password_credentials where user_id = $1";
        self.query_optional(sql, &[user_id.into()], |row| {
            Ok(PasswordCredential { user_id: row.get("user_id")?, hash: row.get("hash")?, set_at: row.get("set_at")? })
        })
        .await
    }

    /// Sets or replaces the person's password.
    pub async fn set_password(&mut self, credential: &PasswordCredential) -> Result<(), StoreError> {
        let sql = "insert into password_credentials (user_id, hash, set_at) values ($1, $2, $3)
            on conflict (user_id) do update set hash = excluded.hash, set_at = excluded.set_at";
        let values = [(&credential.user_id).into(), (&credential.hash).into(), credential.set_at.into()];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Replaces the hash of an unchanged password, unless the password changed meanwhile.
    pub async fn rehash_password(&mut self, user_id: &UserId, old: &str, new: &str) -> Result<bool, StoreError> {
        let sql = "update password_credentials set hash = $3 where user_id = $1 and hash = $2";
        self.changed(sql, &[user_id.into(), old.into(), new.into()]).await
    }

    /// Takes the person's password away.
    pub async fn delete_password(&mut self, user_id: &UserId) -> Result<bool, StoreError> {
        self.changed("delete from password_credentials where user_id = $1", &[user_id.into()]).await
    }
}
