//! Owns the rows of pending password resets.

use orgate_core::id::{PasswordResetId, UserId};
use orgate_core::policy::PolicyEpoch;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// One pending reset; the mail holds the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// Which one.
    pub id: PasswordResetId,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose password it sets.
    pub user_id: UserId,
    /// The compared form of the address that the link was mailed to: following it proves this one and no other.
    pub email_key: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when the link is good.
    pub expires_at: Timestamp,
    /// How many changes of anybody's terms there had been when it was asked for: enforcement that came since has ended
    /// it as it ends a session (T-ENF-3).
    pub policy_epoch: PolicyEpoch,
}

fn read(row: &Row<'_>) -> Result<PasswordReset, StoreError> {
    Ok(PasswordReset {
        id: row.get("id")?,
        token_hash: row.get("token_hash")?,
        user_id: row.get("user_id")?,
        email_key: row.get("email_key")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        policy_epoch: row.get("policy_epoch")?,
    })
}

impl InstanceTx<'_> {
    /// Remembers a reset.
    pub async fn insert_password_reset(&mut self, reset: &PasswordReset) -> Result<(), StoreError> {
        let sql =
            "insert into password_resets (id, token_hash, user_id, email_key, created_at, expires_at, policy_epoch)
            values ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            (&reset.id).into(),
            (&reset.token_hash).into(),
            (&reset.user_id).into(),
            (&reset.email_key).into(),
            reset.created_at.into(),
            reset.expires_at.into(),
            reset.policy_epoch.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A reset that can still be used.
    pub async fn find_password_reset(
        &mut self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<PasswordReset>, StoreError> {
        let sql = "select id, token_hash, user_id, email_key, created_at, expires_at, policy_epoch
            from password_resets
            where token_hash = $1 and consumed_at is null and expires_at > $2";
        self.query_optional(sql, &[token_hash.into(), now.into()], read).await
    }

    /// Uses the reset, once: `None` when it was used before, expired or never was.
    pub async fn consume_password_reset(
        &mut self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<PasswordReset>, StoreError> {
        let sql = "update password_resets set consumed_at = $2
            where token_hash = $1 and consumed_at is null and expires_at > $2
            returning id, token_hash, user_id, email_key, created_at, expires_at, policy_epoch";
        self.query_optional(sql, &[token_hash.into(), now.into()], read).await
    }

    /// At which count of changes the oldest of the person's resets that can still be used was asked for.
    pub async fn find_oldest_reset_epoch(
        &mut self,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<Option<PolicyEpoch>, StoreError> {
        let sql = "select policy_epoch from password_resets
            where user_id = $1 and consumed_at is null and expires_at > $2 order by policy_epoch limit 1";
        self.query_optional(sql, &[user_id.into(), now.into()], |row| row.get("policy_epoch")).await
    }

    /// Forgets every reset of the person, used or not.
    pub async fn delete_password_resets_of_user(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.execute("delete from password_resets where user_id = $1", &[user_id.into()]).await
    }
}
