//! Owns the rows that slow guessing down. Each function is one statement of its own, outside any transaction: what is
//! counted stays when what follows is undone, and a storm on one bucket makes no transaction collide.

use orgate_core::id::AuditEventId;
use orgate_core::time::Timestamp;

use crate::db::Store;
use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// A bucket of tries at one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// When its first try was taken.
    pub began_at: Timestamp,
    /// How many were taken since.
    pub tries: u64,
    /// How many of them were wrong.
    pub wrong: u64,
    /// From when on another one is taken.
    pub open_at: Timestamp,
}

/// What a bucket takes.
#[derive(Debug, Clone, Copy)]
pub struct ThrottleLimit {
    /// So many tries …
    pub most: u64,
    /// … of a bucket that began after this moment; an older one begins anew.
    pub counts_from: Timestamp,
}

// Numbered in the order of `one_write`: texts first.
const TAKE: &str = "insert into throttles (bucket, began_at, tries, wrong, open_at) values ($1, $2, 1, 0, $2)
    on conflict (bucket) do update set
        began_at = case when throttles.began_at <= $3 then $2 else throttles.began_at end,
        tries = case when throttles.began_at <= $3 then 1 else throttles.tries + 1 end,
        wrong = case when throttles.began_at <= $3 then 0 else throttles.wrong end,
        open_at = case when throttles.began_at <= $3 then $2 else throttles.open_at end
    where throttles.began_at <= $3 or (throttles.tries < $4 and throttles.open_at <= $2)
    returning tries";
const WRONG: &str = "update throttles set wrong = wrong + 1 where bucket = $1 returning wrong";
const CLOSE: &str = "update throttles set open_at = $2 where bucket = $1 and open_at < $2 returning tries";
const GIVE_BACK: &str = "update throttles set tries = tries - 1 where bucket = $1 and tries > 0 returning tries";
const EMPTY: &str = "delete from throttles where bucket = $1 returning tries";
const REFUSED: &str = "insert into refused_tries (bucket, event_id, tries) values ($1, $2, 1)
    on conflict (bucket) do update set tries = refused_tries.tries + 1 returning tries";

fn read(row: &Row<'_>) -> Result<Throttle, StoreError> {
    Ok(Throttle {
        began_at: row.get("began_at")?,
        tries: row.get("tries")?,
        wrong: row.get("wrong")?,
        open_at: row.get("open_at")?,
    })
}

impl Store {
    /// Takes one try, if the bucket has one left and is open now, and says whether it did. However many come at once,
    /// the limit holds exactly.
    pub async fn take_throttled_try(
        &self,
        bucket: &str,
        now: Timestamp,
        limit: ThrottleLimit,
    ) -> Result<bool, StoreError> {
        let most = i64::try_from(limit.most).unwrap_or(i64::MAX);
        let numbers = [now.as_millis(), limit.counts_from.as_millis(), most];
        Ok(self.one_write(TAKE, &[bucket], &numbers).await?.is_some())
    }

    /// Counts a try as wrong and says how many were.
    pub async fn count_wrong_try(&self, bucket: &str) -> Result<u64, StoreError> {
        Ok(self.one_write(WRONG, &[bucket], &[]).await?.unwrap_or_default())
    }

    /// Takes no further try before `open_at`.
    pub async fn close_throttle(&self, bucket: &str, open_at: Timestamp) -> Result<(), StoreError> {
        self.one_write(CLOSE, &[bucket], &[open_at.as_millis()]).await.map(|_| ())
    }

    /// Gives a try back that came to no comparison.
    pub async fn give_try_back(&self, bucket: &str) -> Result<(), StoreError> {
        self.one_write(GIVE_BACK, &[bucket], &[]).await.map(|_| ())
    }

    /// Forgets the tries of a bucket.
    pub async fn empty_throttle(&self, bucket: &str) -> Result<(), StoreError> {
        self.one_write(EMPTY, &[bucket], &[]).await.map(|_| ())
    }

    /// A bucket as it is.
    pub async fn find_throttle(&self, bucket: &str) -> Result<Option<Throttle>, StoreError> {
        let sql = "select began_at, tries, wrong, open_at from throttles where bucket = $1";
        Ok(self.one_shot(sql, &[bucket.into()], read).await?.into_iter().next())
    }

    /// Counts a refused try and says how many there are now. The first one's event is the one they all count for.
    pub async fn count_refused_try(&self, bucket: &str, event_id: &AuditEventId) -> Result<u64, StoreError> {
        let tries = self.one_write(REFUSED, &[bucket, event_id.as_str()], &[]).await?;
        tries.ok_or_else(|| StoreError::fault("counting gave no count"))
    }

    /// Forgets what tries were counted by where an earlier version wrote it down as it was typed: the number of tries stays with
    /// its event. At most `limit` of them; says how many.
    pub async fn forget_typed_buckets(&self, limit: u32) -> Result<u64, StoreError> {
        let forget =
            self.write(limit, |tx, limit| Box::pin(async move { tx.instance().forget_typed_buckets(*limit).await }));
        forget.await
    }
}

impl InstanceTx<'_> {
    async fn forget_typed_buckets(&mut self, limit: u32) -> Result<u64, StoreError> {
        let sql = "update refused_tries set bucket = event_id where event_id in
            (select event_id from refused_tries where bucket like '%:%' limit $1)";
        self.execute(sql, &[limit.into()]).await
    }
}
