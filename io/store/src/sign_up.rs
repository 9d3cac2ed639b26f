//! Owns the rows of pending sign-ups: what a person typed, until the mailed code makes a User of it.

use orgate_core::email::EmailAddress;
use orgate_core::id::{InvitationId, SignUpId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::value::Row;

/// One pending sign-up.
#[derive(Clone, PartialEq, Eq)]
pub struct SignUp {
    /// Which one.
    pub id: SignUpId,
    /// The address that the code was mailed to.
    pub email: EmailAddress,
    /// The name typed.
    pub name: String,
    /// The password typed, hashed.
    pub password_hash: String,
    /// HMAC of the code, behind the id of its key.
    pub code_mac: Vec<u8>,
    /// Tries that are left.
    pub tries_left: i64,
    /// The invitation that opened a closed sign-up to it.
    pub invitation_id: Option<InvitationId>,
    /// When it was begun, under whatever id.
    pub begun_at: Timestamp,
    /// When this code of it was mailed.
    pub created_at: Timestamp,
    /// Until when the code is good.
    pub expires_at: Timestamp,
    /// From which address.
    pub ip: String,
    /// With which browser.
    pub user_agent: String,
}

fn read(row: &Row<'_>) -> Result<SignUp, StoreError> {
    Ok(SignUp {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        password_hash: row.get("password_hash")?,
        code_mac: row.get("code_mac")?,
        tries_left: row.get("tries_left")?,
        invitation_id: row.get("invitation_id")?,
        begun_at: row.get("begun_at")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        ip: row.get("ip")?,
        user_agent: row.get("user_agent")?,
    })
}

impl InstanceTx<'_> {
    /// Remembers a sign-up.
    pub async fn insert_sign_up(&mut self, sign_up: &SignUp) -> Result<(), StoreError> {
        let sql = "insert into sign_ups (id, email, email_key, name, password_hash, code_mac, tries_left, created_at,
                expires_at, ip, user_agent, invitation_id, begun_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let values = [
            (&sign_up.id).into(),
            sign_up.email.as_str().into(),
            sign_up.email.key().into(),
            (&sign_up.name).into(),
            (&sign_up.password_hash).into(),
            (&sign_up.code_mac).into(),
            sign_up.tries_left.into(),
            sign_up.created_at.into(),
            sign_up.expires_at.into(),
            (&sign_up.ip).into(),
            (&sign_up.user_agent).into(),
            sign_up.invitation_id.as_ref().into(),
            sign_up.begun_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A sign-up that is neither used up nor expired.
    pub async fn find_sign_up(&mut self, id: &SignUpId, now: Timestamp) -> Result<Option<SignUp>, StoreError> {
        let sql = "select id, email, name, password_hash, code_mac, tries_left, created_at, expires_at, ip, user_agent,
                invitation_id, coalesce(begun_at, created_at) as begun_at
            from sign_ups where id = $1 and consumed_at is null and expires_at > $2";
        self.query_optional(sql, &[id.into(), now.into()], read).await
    }

    /// Takes one try. `false` when none is left, or the sign-up is over: then no code may be compared.
    pub async fn spend_sign_up_try(&mut self, id: &SignUpId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "update sign_ups set tries_left = tries_left - 1
            where id = $1 and tries_left > 0 and consumed_at is null and expires_at > $2";
        self.changed(sql, &[id.into(), now.into()]).await
    }

    /// Uses the sign-up, once. `false` when it was used before.
    pub async fn consume_sign_up(&mut self, id: &SignUpId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "update sign_ups set consumed_at = $2, password_hash = ''
            where id = $1 and consumed_at is null and expires_at > $2";
        self.changed(sql, &[id.into(), now.into()]).await
    }
}
