//! Owns the rows that count attempts in windows of time, for limits that hold on every node.

use orgate_core::time::Timestamp;

use crate::db::Store;
use crate::error::StoreError;
use crate::instance::InstanceTx;

const HIT: &str = "insert into rate_counters (bucket, window_start_at, hits) values ($1, $2, 1)
    on conflict (bucket, window_start_at) do update set hits = rate_counters.hits + 1
    returning hits";

impl Store {
    /// Counts one attempt and says how many there are now in the window that began at `window_start_at`.
    ///
    /// It is a statement of its own, outside any transaction: the count stays when what follows is undone, and a storm
    /// on one bucket makes no transaction collide.
    pub async fn hit_rate_counter(&self, bucket: &str, window_start_at: Timestamp) -> Result<u64, StoreError> {
        let hits = self.one_write(HIT, &[bucket], &[window_start_at.as_millis()]).await?;
        hits.ok_or_else(|| StoreError::fault("counting gave no count"))
    }
}

impl InstanceTx<'_> {
    /// Counts one attempt inside the transaction that it guards, and says how many there are now in the window: what is
    /// undone with it is not counted.
    pub async fn hit_rate_counter(&mut self, bucket: &str, window_start_at: Timestamp) -> Result<u64, StoreError> {
        self.count(HIT, &[bucket.into(), window_start_at.into()]).await
    }

    /// The attempts counted so far in a window.
    pub async fn count_hits(&mut self, bucket: &str, window_start_at: Timestamp) -> Result<u64, StoreError> {
        let sql = "select coalesce(max(hits), 0) from rate_counters where bucket = $1 and window_start_at = $2";
        self.count(sql, &[bucket.into(), window_start_at.into()]).await
    }
}
