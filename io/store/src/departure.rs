//! Owns the rows of departures: mailed links by which a person leaves an organization that binds them (R-ENF-13).

use orgate_core::id::{DepartureId, OrganizationId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// One pending departure; the mail holds the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Which one.
    pub id: DepartureId,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Who can leave.
    pub user_id: UserId,
    /// What they leave.
    pub organization_id: OrganizationId,
    /// The compared form of the address that the link was mailed to: following it proves this one and no other.
    pub email_key: String,
    /// When it was mailed.
    pub created_at: Timestamp,
    /// Until when the link is good.
    pub expires_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Departure, StoreError> {
    Ok(Departure {
        id: row.get("id")?,
        token_hash: row.get("token_hash")?,
        user_id: row.get("user_id")?,
        organization_id: row.get("organization_id")?,
        email_key: row.get("email_key")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
    })
}

impl OrgTx<'_> {
    /// Remembers a link out of this organization.
    pub async fn insert_departure(&mut self, departure: &Departure) -> Result<(), StoreError> {
        let sql = "insert into departures (organization_id, id, token_hash, user_id, email_key, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            (&departure.id).into(),
            (&departure.token_hash).into(),
            (&departure.user_id).into(),
            (&departure.email_key).into(),
            departure.created_at.into(),
            departure.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Forgets every link of the person out of this organization: none serves after they came back.
    pub async fn delete_departures_of_user(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        let sql = "delete from departures where organization_id = $1 and user_id = $2";
        self.execute(sql, &[user_id.into()]).await
    }
}

impl InstanceTx<'_> {
    /// A link that can still be used. Whoever follows it has named no organization yet: the token does.
    pub async fn find_departure(
        &mut self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Departure>, StoreError> {
        let sql = "select id, token_hash, user_id, organization_id, email_key, created_at, expires_at from departures
            where token_hash = $1 and expires_at > $2";
        self.query_optional(sql, &[token_hash.into(), now.into()], read).await
    }

    /// Takes the link away, once: `None` when it was used before, expired or never was.
    pub async fn consume_departure(
        &mut self,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Departure>, StoreError> {
        let sql = "delete from departures where token_hash = $1 and expires_at > $2
            returning id, token_hash, user_id, organization_id, email_key, created_at, expires_at";
        self.query_optional(sql, &[token_hash.into(), now.into()], read).await
    }
}
