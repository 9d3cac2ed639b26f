//! Owns the rows of connections. Their settings are in `revision.rs`; which one is active for the organization is a
//! column of the organization too, which policy reads.

use orgate_core::connection::ConnectionState;
use orgate_core::id::{ConnectionId, OrganizationId, RevisionId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// An organization's configured trust in one IdP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Which one.
    pub id: ConnectionId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Its kind, in the word of the API.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether it lets people in.
    pub state: ConnectionState,
    /// The revision that sign-in uses.
    pub active_revision_id: Option<RevisionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: UserId,
    /// When it was last activated.
    pub activated_at: Option<Timestamp>,
    /// When somebody last came in through it.
    pub last_sign_in_at: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "id, organization_id, kind, name, state, active_revision_id, created_at, created_by, activated_at, \
         last_sign_in_at"
    };
}

fn read(row: &Row<'_>) -> Result<Connection, StoreError> {
    Ok(Connection {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        kind: row.get("kind")?,
        name: row.get("name")?,
        state: row.get("state")?,
        active_revision_id: row.get("active_revision_id")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        activated_at: row.get("activated_at")?,
        last_sign_in_at: row.get("last_sign_in_at")?,
    })
}

impl InstanceTx<'_> {
    /// A connection by id. The addresses that an IdP calls name a connection and no organization.
    pub async fn find_connection(&mut self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        let sql = concat!("select ", columns!(), " from connections where id = $1 and removed_at is null");
        self.query_optional(sql, &[id.into()], read).await
    }
}

impl OrgTx<'_> {
    /// Adds a draft.
    pub async fn insert_connection(
        &mut self,
        id: &ConnectionId,
        kind: &str,
        name: &str,
        created_by: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "insert into connections (organization_id, id, kind, name, state, created_by, created_at)
            values ($1, $2, $3, $4, 'draft', $5, $6)";
        let values = [id.into(), kind.into(), name.into(), created_by.into(), now.into()];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A connection by id.
    pub async fn find_connection(&mut self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from connections where organization_id = $1 and id = $2 and removed_at is null"
        );
        self.query_optional(sql, &[id.into()], read).await
    }

    /// A connection by id.
    ///
    /// *Errors*: [`StoreError::NotFound`].
    pub async fn load_connection(&mut self, id: &ConnectionId) -> Result<Connection, StoreError> {
        self.find_connection(id).await?.ok_or(StoreError::NotFound { noun: "connection" })
    }

    /// All connections, oldest first.
    pub async fn list_connections(&mut self) -> Result<Vec<Connection>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from connections where organization_id = $1 and removed_at is null order by id"
        );
        self.query(sql, &[], read).await
    }

    /// Gives a connection another name.
    pub async fn rename_connection(&mut self, id: &ConnectionId, name: &str) -> Result<bool, StoreError> {
        let sql = "update connections set name = $3 where organization_id = $1 and id = $2 and removed_at is null";
        self.changed(sql, &[id.into(), name.into()]).await
    }

    /// Makes a connection the active one, with this revision. Another active one has to be disabled before.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `ConnectionActive`.
    pub async fn activate_connection(
        &mut self,
        id: &ConnectionId,
        revision_id: &RevisionId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update connections set state = 'active', active_revision_id = $3, activated_at = $4
            where organization_id = $1 and id = $2 and removed_at is null";
        self.changed(sql, &[id.into(), revision_id.into(), at.into()]).await
    }

    /// Makes an active connection let nobody in. `false` when it was not active.
    pub async fn disable_connection(&mut self, id: &ConnectionId) -> Result<bool, StoreError> {
        let sql = "update connections set state = 'disabled'
            where organization_id = $1 and id = $2 and state = 'active' and removed_at is null";
        self.changed(sql, &[id.into()]).await
    }

    /// Removes a connection that is not active. Its row stays for what refers to it; its sealed settings do not.
    pub async fn remove_connection(&mut self, id: &ConnectionId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update connections set removed_at = $3
            where organization_id = $1 and id = $2 and state <> 'active' and removed_at is null";
        if !self.changed(sql, &[id.into(), at.into()]).await? {
            return Ok(false);
        }
        let wipe = "update connection_revisions set sealed_settings = $3, state = 'retired'
            where organization_id || '' = $1 and connection_id = $2";
        let nothing: &[u8] = &[];
        self.execute(wipe, &[id.into(), nothing.into()]).await?;
        Ok(true)
    }

    /// Writes down that somebody came in through a connection.
    pub async fn touch_connection(&mut self, id: &ConnectionId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update connections set last_sign_in_at = $3 where organization_id = $1 and id = $2";
        self.changed(sql, &[id.into(), at.into()]).await
    }
}
