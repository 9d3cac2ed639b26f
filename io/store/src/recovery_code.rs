//! Owns the rows of recovery codes: each serves once in place of a second factor. How they are made and hashed is the
//! use case's business.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

impl InstanceTx<'_> {
    /// Gives the person a new set of codes, by their hashes; the old set is void.
    pub async fn replace_recovery_codes(
        &mut self,
        user_id: &UserId,
        hashes: &[[u8; 32]],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.delete_recovery_codes(user_id).await?;
        let sql = "insert into recovery_codes (user_id, code_hash, created_at) values ($1, $2, $3)";
        for hash in hashes {
            self.execute(sql, &[user_id.into(), hash.into(), at.into()]).await?;
        }
        Ok(())
    }

    /// Uses a code, once: `false` when it was used before or never was.
    pub async fn consume_recovery_code(
        &mut self,
        user_id: &UserId,
        hash: &[u8; 32],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update recovery_codes set used_at = $3
            where user_id = $1 and code_hash = $2 and used_at is null";
        self.changed(sql, &[user_id.into(), hash.into(), at.into()]).await
    }

    /// How many codes the person has left.
    pub async fn count_unused_recovery_codes(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.count("select count(*) from recovery_codes where user_id = $1 and used_at is null", &[user_id.into()])
            .await
    }

    /// Makes all codes of the person void.
    pub async fn delete_recovery_codes(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.execute("delete from recovery_codes where user_id = $1", &[user_id.into()]).await
    }

    /// Says whether the person has a second factor: true to the rows, or policy decides wrongly.
    pub async fn set_has_second_factor(&mut self, user_id: &UserId, has_one: bool) -> Result<bool, StoreError> {
        let sql = "update users set has_second_factor = $2 where id = $1 and closed_at is null";
        self.changed(sql, &[user_id.into(), has_one.into()]).await
    }
}
