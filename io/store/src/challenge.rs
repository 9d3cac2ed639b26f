//! Owns the rows of challenges: one pending proof of an address by mailed code. Purpose and what it is bound to are
//! part of every look-up, so a code for one thing never serves another (T-WEB-7).

use orgate_core::challenge::ChallengePurpose;
use orgate_core::email::EmailAddress;
use orgate_core::id::{ChallengeId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// One pending proof.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Which one.
    pub id: ChallengeId,
    /// What kind of thing it is bound to.
    pub purpose: ChallengePurpose,
    /// The id of the attempt, session or invitation.
    pub bound_to: String,
    /// Whose address it proves, when that is known.
    pub user_id: Option<UserId>,
    /// The address that the code was mailed to.
    pub email: EmailAddress,
    /// HMAC of the code, behind the id of its key.
    pub code_mac: Vec<u8>,
    /// Tries that are left.
    pub tries_left: i64,
    /// When the code was mailed.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

fn read(row: &Row<'_>, purpose: ChallengePurpose) -> Result<Challenge, StoreError> {
    Ok(Challenge {
        id: row.get("id")?,
        purpose,
        bound_to: row.get("bound_to")?,
        user_id: row.get("user_id")?,
        email: row.get("email")?,
        code_mac: row.get("code_mac")?,
        tries_left: row.get("tries_left")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
    })
}

impl InstanceTx<'_> {
    /// Remembers a challenge; an older one for the same thing is void.
    pub async fn insert_challenge(&mut self, challenge: &Challenge) -> Result<(), StoreError> {
        let void = "delete from challenges where purpose = $1 and bound_to = $2";
        self.execute(void, &[challenge.purpose.into(), (&challenge.bound_to).into()]).await?;
        let sql = "insert into challenges (id, purpose, bound_to, user_id, email, email_key, code_mac, tries_left,
                created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = [
            (&challenge.id).into(),
            challenge.purpose.into(),
            (&challenge.bound_to).into(),
            challenge.user_id.as_ref().into(),
            challenge.email.as_str().into(),
            challenge.email.key().into(),
            (&challenge.code_mac).into(),
            challenge.tries_left.into(),
            challenge.created_at.into(),
            challenge.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// The challenge for this thing that is neither used up nor expired, and has a try left: no code is compared with
    /// any other.
    pub async fn find_challenge(
        &mut self,
        purpose: ChallengePurpose,
        bound_to: &str,
        now: Timestamp,
    ) -> Result<Option<Challenge>, StoreError> {
        let sql = "select id, bound_to, user_id, email, code_mac, tries_left, created_at, expires_at from challenges
            where purpose = $1 and bound_to = $2 and consumed_at is null and expires_at > $3 and tries_left > 0";
        let values = [purpose.into(), bound_to.into(), now.into()];
        self.query_optional(sql, &values, |row| read(row, purpose)).await
    }

    /// Takes one try. `false` when none is left, or the challenge is over: then no code may be compared.
    pub async fn spend_challenge_try(&mut self, id: &ChallengeId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "update challenges set tries_left = tries_left - 1
            where id = $1 and tries_left > 0 and consumed_at is null and expires_at > $2";
        self.changed(sql, &[id.into(), now.into()]).await
    }

    /// Uses the challenge, once. `false` when it was used before.
    pub async fn consume_challenge(&mut self, id: &ChallengeId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "update challenges set consumed_at = $2 where id = $1 and consumed_at is null and expires_at > $2";
        self.changed(sql, &[id.into(), now.into()]).await
    }
}
