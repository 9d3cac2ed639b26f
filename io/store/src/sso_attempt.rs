//! Owns the rows of recent attempts through a connection, which an Owner finds by the reference that a refused person
//! reads out (R-SSO-9). Secrets and tokens appear nowhere in them.

use orgate_core::id::{ConnectionId, Reference, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::value::Row;

/// One attempt through a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoAttempt {
    /// Its number.
    pub reference: Reference,
    /// Through which connection.
    pub connection_id: ConnectionId,
    /// When.
    pub at: Timestamp,
    /// What for: sign-in or test.
    pub purpose: String,
    /// How it ended.
    pub outcome: String,
    /// The stable code of a refusal, or of the success.
    pub code: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What came instead.
    pub received: Option<String>,
    /// The asserted address, when known.
    pub person: Option<String>,
    /// The person it resolved to.
    pub user_id: Option<UserId>,
}

macro_rules! columns {
    () => {
        "reference, connection_id, at, purpose, outcome, code, expected, received, person, user_id"
    };
}

fn read(row: &Row<'_>) -> Result<SsoAttempt, StoreError> {
    Ok(SsoAttempt {
        reference: row.get("reference")?,
        connection_id: row.get("connection_id")?,
        at: row.get("at")?,
        purpose: row.get("purpose")?,
        outcome: row.get("outcome")?,
        code: row.get("code")?,
        expected: row.get("expected")?,
        received: row.get("received")?,
        person: row.get("person")?,
        user_id: row.get("user_id")?,
    })
}

impl OrgTx<'_> {
    /// Remembers an attempt.
    pub async fn insert_sso_attempt(&mut self, attempt: &SsoAttempt) -> Result<(), StoreError> {
        let sql = concat!(
            "insert into sso_attempts (organization_id, ",
            columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        );
        let values = [
            (&attempt.reference).into(),
            (&attempt.connection_id).into(),
            attempt.at.into(),
            (&attempt.purpose).into(),
            (&attempt.outcome).into(),
            (&attempt.code).into(),
            attempt.expected.as_ref().into(),
            attempt.received.as_ref().into(),
            attempt.person.as_ref().into(),
            attempt.user_id.as_ref().into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Attempts through a connection, newest first, older than the one that the last page ended with.
    pub async fn list_sso_attempts(
        &mut self,
        connection_id: &ConnectionId,
        before: Option<(Timestamp, &Reference)>,
        limit: u32,
    ) -> Result<Page<SsoAttempt>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from sso_attempts where organization_id = $1 and connection_id = $2
                and (cast($3 as bigint) is null or at < $3 or (at = $3 and reference < $4))
            order by at desc, reference desc limit $5"
        );
        let (at, reference) = before.unzip();
        let values = [connection_id.into(), at.into(), reference.into(), asked(limit).into()];
        Ok(Page::cut(self.query(sql, &values, read).await?, limit))
    }

    /// The attempt with a reference, if it went through a connection of this organization.
    pub async fn find_sso_attempt(&mut self, reference: &Reference) -> Result<Option<SsoAttempt>, StoreError> {
        let sql = concat!("select ", columns!(), " from sso_attempts where organization_id = $1 and reference = $2");
        self.query_optional(sql, &[reference.into()], read).await
    }

    /// Forgets all but the newest `keep` of one purpose: what anybody can cause pushes nothing else out.
    pub async fn trim_sso_attempts_of_purpose(
        &mut self,
        connection_id: &ConnectionId,
        purpose: &str,
        keep: u32,
    ) -> Result<u64, StoreError> {
        let sql = "delete from sso_attempts where organization_id = $1 and connection_id = $2 and purpose = $3 and at <
            (select a.at from sso_attempts a where a.organization_id = $1 and a.connection_id = $2 and a.purpose = $3
                order by a.at desc, a.reference desc limit 1 offset $4)";
        let last_kept = keep.saturating_sub(1);
        self.execute(sql, &[connection_id.into(), purpose.into(), last_kept.into()]).await
    }

    /// Forgets all but the newest `keep` attempts through a connection.
    pub async fn trim_sso_attempts(&mut self, connection_id: &ConnectionId, keep: u32) -> Result<u64, StoreError> {
        let sql = "delete from sso_attempts where organization_id = $1 and connection_id = $2 and at <
            (select a.at from sso_attempts a where a.organization_id = $1 and a.connection_id = $2
                order by a.at desc, a.reference desc limit 1 offset $3)";
        let last_kept = keep.saturating_sub(1);
        self.execute(sql, &[connection_id.into(), last_kept.into()]).await
    }
}
