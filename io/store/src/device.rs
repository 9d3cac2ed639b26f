//! Owns the rows of devices: what a person was seen with, as a hash that says nothing by itself.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;

impl InstanceTx<'_> {
    /// Notes that a known device was used, unless that was noted after `fresh_after`. `false` when the person was not seen with
    /// it before.
    pub async fn touch_device(
        &mut self,
        user_id: &UserId,
        device_hash: &[u8; 32],
        at: Timestamp,
        fresh_after: Timestamp,
    ) -> Result<bool, StoreError> {
        let find = "select last_seen_at from known_devices where user_id = $1 and device_hash = $2";
        let seen: Option<Timestamp> =
            self.query_optional(find, &[user_id.into(), device_hash.into()], |row| row.at(0)).await?;
        if seen.is_some_and(|seen| seen <= fresh_after) {
            let touch = "update known_devices set last_seen_at = $3 where user_id = $1 and device_hash = $2";
            self.execute(touch, &[user_id.into(), device_hash.into(), at.into()]).await?;
        }
        Ok(seen.is_some())
    }

    /// Remembers a device. `false` when it is known.
    pub async fn insert_device(
        &mut self,
        user_id: &UserId,
        device_hash: &[u8; 32],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "insert into known_devices (user_id, device_hash, first_seen_at, last_seen_at)
            values ($1, $2, $3, $3) on conflict (user_id, device_hash) do nothing";
        self.changed(sql, &[user_id.into(), device_hash.into(), at.into()]).await
    }

    /// How many devices the person is known by.
    pub async fn count_devices(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.count("select count(*) from known_devices where user_id = $1", &[user_id.into()]).await
    }
}
