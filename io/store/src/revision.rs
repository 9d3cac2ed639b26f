//! Owns the rows of revisions: the versions of a connection's settings. The settings are sealed by the use case.

use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionId, RevisionId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::org::OrgTx;
use crate::value::Row;

/// One version of a connection's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Which one.
    pub id: RevisionId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// Counted from one within the connection; given when it is stored.
    pub number: i64,
    /// Whether sign-in uses it.
    pub state: RevisionState,
    /// The issuer: with the client id it names the key space of identities (section 5).
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The settings without the secret, JSON tagged by kind.
    pub public_settings: String,
    /// The whole settings, sealed.
    pub sealed_settings: Vec<u8>,
    /// The named checks of the last save, JSON.
    pub checks: String,
    /// When it was saved.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: UserId,
    /// When a complete test sign-in succeeded.
    pub validated_at: Option<Timestamp>,
    /// Whose test that was.
    pub validated_by: Option<UserId>,
}

macro_rules! columns {
    () => {
        "id, connection_id, number, state, issuer, client_id, public_settings, sealed_settings, checks, created_at, \
         created_by, validated_at, validated_by"
    };
}

fn read(row: &Row<'_>) -> Result<Revision, StoreError> {
    Ok(Revision {
        id: row.get("id")?,
        connection_id: row.get("connection_id")?,
        number: row.get("number")?,
        state: row.get("state")?,
        issuer: row.get("issuer")?,
        client_id: row.get("client_id")?,
        public_settings: row.get("public_settings")?,
        sealed_settings: row.get("sealed_settings")?,
        checks: row.get("checks")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        validated_at: row.get("validated_at")?,
        validated_by: row.get("validated_by")?,
    })
}

impl OrgTx<'_> {
    /// Adds a draft in the place of an older one, which is retired, and says its number. State and number of
    /// `revision` are not looked at.
    pub async fn insert_draft_revision(&mut self, revision: &Revision) -> Result<i64, StoreError> {
        let retire = "update connection_revisions set state = 'retired'
            where organization_id || '' = $1 and connection_id = $2 and state = 'draft'";
        self.execute(retire, &[(&revision.connection_id).into()]).await?;
        let sql =
            "insert into connection_revisions (id, connection_id, organization_id, number, state, issuer, client_id,
                public_settings, sealed_settings, checks, created_at, created_by)
            select cast($2 as text), c.id, c.organization_id,
                (select coalesce(max(r.number), 0) + 1 from connection_revisions r where r.connection_id = c.id),
                'draft', cast($4 as text), cast($5 as text), cast($6 as text), $7, cast($8 as text),
                cast($9 as bigint), cast($10 as text)
            from connections c where c.organization_id = $1 and c.id = $3 and c.removed_at is null
            returning number";
        let values = [
            (&revision.id).into(),
            (&revision.connection_id).into(),
            (&revision.issuer).into(),
            (&revision.client_id).into(),
            (&revision.public_settings).into(),
            (&revision.sealed_settings).into(),
            (&revision.checks).into(),
            revision.created_at.into(),
            (&revision.created_by).into(),
        ];
        let number = self.query_optional(sql, &values, |row| row.get("number")).await?;
        number.ok_or(StoreError::NotFound { noun: "connection" })
    }

    /// A revision by id.
    pub async fn find_revision(&mut self, id: &RevisionId) -> Result<Option<Revision>, StoreError> {
        let sql = concat!("select ", columns!(), " from connection_revisions where organization_id = $1 and id = $2");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// The draft or the active revision of a connection.
    pub async fn find_revision_in_state(
        &mut self,
        connection_id: &ConnectionId,
        state: RevisionState,
    ) -> Result<Option<Revision>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from connection_revisions where organization_id = $1 and connection_id = $2 and state = $3
            order by number desc limit 1"
        );
        self.query_optional(sql, &[connection_id.into(), state.into()], read).await
    }

    /// The revisions of a connection, newest first.
    pub async fn list_revisions(
        &mut self,
        connection_id: &ConnectionId,
        limit: u32,
    ) -> Result<Vec<Revision>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from connection_revisions where organization_id = $1 and connection_id = $2
            order by number desc limit $3"
        );
        self.query(sql, &[connection_id.into(), limit.into()], read).await
    }

    /// Writes down that a complete test sign-in through a revision succeeded. `false` when it is retired.
    pub async fn set_revision_validated(
        &mut self,
        id: &RevisionId,
        by: &UserId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update connection_revisions set validated_at = $4, validated_by = $3
            where organization_id = $1 and id = $2 and state <> 'retired'";
        self.changed(sql, &[id.into(), by.into(), at.into()]).await
    }

    /// Writes down the named checks of a revision.
    pub async fn set_revision_checks(&mut self, id: &RevisionId, checks: &str) -> Result<bool, StoreError> {
        let sql = "update connection_revisions set checks = $3 where organization_id = $1 and id = $2";
        self.changed(sql, &[id.into(), checks.into()]).await
    }

    /// Makes a validated revision the one that sign-in uses; the one before is retired. `false`, and nothing changed,
    /// when it is not validated or retired.
    pub async fn activate_revision(
        &mut self,
        connection_id: &ConnectionId,
        id: &RevisionId,
    ) -> Result<bool, StoreError> {
        let retire = "update connection_revisions set state = 'retired'
            where organization_id || '' = $1 and connection_id = $2 and state = 'active' and id <> $3
                and exists (select 1 from connection_revisions r where r.organization_id = $1 and r.connection_id = $2
                    and r.id = $3 and r.state = 'draft' and r.validated_at is not null)";
        self.execute(retire, &[connection_id.into(), id.into()]).await?;
        let sql = "update connection_revisions set state = 'active'
            where organization_id = $1 and connection_id = $2 and id = $3 and state <> 'retired'
                and validated_at is not null";
        self.changed(sql, &[connection_id.into(), id.into()]).await
    }
}
