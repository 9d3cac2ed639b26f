//! Owns the rows of authenticator apps: a person has one at most. What a code is worth is the use case's business.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

/// The secret that a person's authenticator app shares with us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpCredential {
    /// Whose.
    pub user_id: UserId,
    /// The secret, sealed.
    pub sealed_secret: Vec<u8>,
    /// Since when.
    pub created_at: Timestamp,
    /// When a first right code confirmed it; it is no factor before.
    pub confirmed_at: Option<Timestamp>,
    /// The time step of the last accepted code, 0 before the first.
    pub last_step: i64,
}

impl InstanceTx<'_> {
    /// Remembers a secret that waits for its first right code, in place of another that waits. `false` when the person
    /// has a confirmed one, which stays.
    pub async fn set_pending_totp(
        &mut self,
        user_id: &UserId,
        sealed_secret: &[u8],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "insert into totp_credentials (user_id, sealed_secret, created_at, last_step) values ($1, $2, $3, 0)
            on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, created_at = excluded.created_at,
                last_step = 0
            where totp_credentials.confirmed_at is null";
        self.changed(sql, &[user_id.into(), sealed_secret.into(), at.into()]).await
    }

    /// Makes the pending secret, as it was read, a factor; the code of `step` is used up by it. `false` when it was
    /// replaced or confirmed meanwhile.
    pub async fn confirm_totp(
        &mut self,
        pending: &TotpCredential,
        step: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update totp_credentials set confirmed_at = $4, last_step = $3
            where user_id = $1 and sealed_secret = $2 and confirmed_at is null";
        let values = [(&pending.user_id).into(), (&pending.sealed_secret).into(), step.into(), at.into()];
        self.changed(sql, &values).await
    }

    /// The person's secret, confirmed or not.
    pub async fn find_totp(&mut self, user_id: &UserId) -> Result<Option<TotpCredential>, StoreError> {
        let sql = "select user_id, sealed_secret, created_at, confirmed_at, last_step from totp_credentials
            where user_id = $1";
        self.query_optional(sql, &[user_id.into()], |row| {
            Ok(TotpCredential {
                user_id: row.get("user_id")?,
                sealed_secret: row.get("sealed_secret")?,
                created_at: row.get("created_at")?,
                confirmed_at: row.get("confirmed_at")?,
                last_step: row.get("last_step")?,
            })
        })
        .await
    }

    /// Uses the code of a time step up, with every older one: `false` when it was used before, or when the secret is no
    /// longer the one that was read (T-MFA-3).
    pub async fn accept_totp_step(&mut self, confirmed: &TotpCredential, step: i64) -> Result<bool, StoreError> {
        let sql = "update totp_credentials set last_step = $3
            where user_id = $1 and sealed_secret = $2 and last_step < $3 and confirmed_at is not null";
        self.changed(sql, &[(&confirmed.user_id).into(), (&confirmed.sealed_secret).into(), step.into()]).await
    }

    /// Takes the person's authenticator app away, confirmed or not.
    pub async fn delete_totp(&mut self, user_id: &UserId) -> Result<bool, StoreError> {
        self.changed("delete from totp_credentials where user_id = $1", &[user_id.into()]).await
    }
}
