//! Owns the rows of origins: the browsers and networks, as hashes, from which a person came in before.

use orgate_core::id::UserId;
use orgate_core::time::Timestamp;

use crate::db::Store;
use crate::error::StoreError;
use crate::instance::InstanceTx;

impl Store {
    /// Which of these origins the person with this proven address came in from before. It does the same work for an
    /// address that nobody has (R-IN-5).
    pub async fn list_known_origins(
        &self,
        email_key: &str,
        origins: &[[u8; 32]; 4],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let [first, second, third, last] = origins;
        let sql = "select o.origin_hash from known_origins o join users u on u.id = o.user_id
            where u.email_key = $1 and u.email_proven_at is not null and u.closed_at is null
                and o.origin_hash in ($2, $3, $4, $5)";
        let values = [email_key.into(), first.into(), second.into(), third.into(), last.into()];
        self.one_shot(sql, &values, |row| row.at(0)).await
    }

    /// The same for a person who is known already.
    pub async fn list_known_origins_of(
        &self,
        user_id: &UserId,
        origins: &[[u8; 32]; 4],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let [first, second, third, last] = origins;
        let sql = "select origin_hash from known_origins where user_id = $1 and origin_hash in ($2, $3, $4, $5)";
        let values = [user_id.into(), first.into(), second.into(), third.into(), last.into()];
        self.one_shot(sql, &values, |row| row.at(0)).await
    }

    /// Whether anybody came in from one of these origins before.
    pub async fn is_known_origin(&self, origins: &[[u8; 32]; 2]) -> Result<bool, StoreError> {
        let [one, other] = origins;
        let sql = "select 1 from known_origins where origin_hash in ($1, $2) limit 1";
        Ok(!self.one_shot(sql, &[one.into(), other.into()], |_| Ok(())).await?.is_empty())
    }
}

impl InstanceTx<'_> {
    /// Remembers where the person came in from. What was noted after `fresh_after` is left alone, so that many sign-ins
    /// at once do not wait for each other.
    pub async fn remember_origin(
        &mut self,
        user_id: &UserId,
        origin: &[u8; 32],
        at: Timestamp,
        fresh_after: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "insert into known_origins (user_id, origin_hash, last_seen_at) values ($1, $2, $3)
            on conflict (user_id, origin_hash) do update set last_seen_at = $3 where known_origins.last_seen_at <= $4";
        self.execute(sql, &[user_id.into(), origin.into(), at.into(), fresh_after.into()]).await.map(|_| ())
    }

    /// Forgets where the person came in from: whoever came in with a secret that is no longer theirs is a stranger again.
    pub async fn delete_origins(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        self.execute("delete from known_origins where user_id = $1", &[user_id.into()]).await
    }
}
