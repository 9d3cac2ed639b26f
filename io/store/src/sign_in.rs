//! Owns the rows of sign-ins: attempts, of which the browser holds only a secret. What a stage means is the core's
//! business; the document is sealed by the use case.

use orgate_core::id::{ConnectionId, OrganizationId, SignInId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// One attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Which one.
    pub id: SignInId,
    /// SHA-256 of the browser's secret: it is part of every look-up.
    pub browser_hash: [u8; 32],
    /// SHA-256 of `state`, while the attempt waits for the IdP.
    pub state_hash: Option<[u8; 32]>,
    /// The organization it is for, if one was named.
    pub organization_id: Option<OrganizationId>,
    /// The connection it goes through.
    pub connection_id: Option<ConnectionId>,
    /// What it waits for.
    pub stage: String,
    /// Everything else, sealed.
    pub sealed_document: Vec<u8>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Until when it can be finished.
    pub expires_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, browser_hash, state_hash, organization_id, connection_id, stage, sealed_document, created_at, expires_at"
    };
}

fn read(row: &Row<'_>) -> Result<SignIn, StoreError> {
    Ok(SignIn {
        id: row.get("id")?,
        browser_hash: row.get("browser_hash")?,
        state_hash: row.get("state_hash")?,
        organization_id: row.get("organization_id")?,
        connection_id: row.get("connection_id")?,
        stage: row.get("stage")?,
        sealed_document: row.get("sealed_document")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
    })
}

impl InstanceTx<'_> {
    /// Remembers an attempt.
    pub async fn insert_sign_in(&mut self, sign_in: &SignIn) -> Result<(), StoreError> {
        let sql = concat!("insert into sign_ins (", columns!(), ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        let values = [
            (&sign_in.id).into(),
            (&sign_in.browser_hash).into(),
            sign_in.state_hash.as_ref().into(),
            sign_in.organization_id.as_ref().into(),
            sign_in.connection_id.as_ref().into(),
            (&sign_in.stage).into(),
            (&sign_in.sealed_document).into(),
            sign_in.created_at.into(),
            sign_in.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// This browser's attempt, if it is neither used up nor expired.
    pub async fn find_sign_in(
        &mut self,
        id: &SignInId,
        browser_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<SignIn>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from sign_ins where id = $1 and browser_hash = $2 and consumed_at is null and expires_at > $3"
        );
        self.query_optional(sql, &[id.into(), browser_hash.into(), now.into()], read).await
    }

    /// Uses the attempt that an IdP's answer belongs to, once: only from the same browser and the same connection.
    pub async fn consume_sign_in_by_state(
        &mut self,
        state_hash: &[u8; 32],
        browser_hash: &[u8; 32],
        connection_id: &ConnectionId,
        now: Timestamp,
    ) -> Result<Option<SignIn>, StoreError> {
        let sql = concat!(
            "update sign_ins set consumed_at = $4
            where state_hash = $1 and browser_hash = $2 and connection_id = $3 and consumed_at is null
                and expires_at > $4
            returning ",
            columns!()
        );
        self.query_optional(sql, &[state_hash.into(), browser_hash.into(), connection_id.into(), now.into()], read)
            .await
    }

    /// The same for an attempt through a person's own provider, which has no connection: its stage names the provider.
    pub async fn consume_personal_sign_in_by_state(
        &mut self,
        state_hash: &[u8; 32],
        browser_hash: &[u8; 32],
        stage: &str,
        now: Timestamp,
    ) -> Result<Option<SignIn>, StoreError> {
        let sql = concat!(
            "update sign_ins set consumed_at = $4
            where state_hash = $1 and browser_hash = $2 and stage = $3 and connection_id is null and consumed_at is null
                and expires_at > $4
            returning ",
            columns!()
        );
        self.query_optional(sql, &[state_hash.into(), browser_hash.into(), stage.into(), now.into()], read).await
    }

    /// Uses this browser's attempt, once.
    pub async fn consume_sign_in(
        &mut self,
        id: &SignInId,
        browser_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<SignIn>, StoreError> {
        let sql = concat!(
            "update sign_ins set consumed_at = $3
            where id = $1 and browser_hash = $2 and consumed_at is null and expires_at > $3 returning ",
            columns!()
        );
        self.query_optional(sql, &[id.into(), browser_hash.into(), now.into()], read).await
    }

    /// Moves an attempt on, if it still is exactly as `old` was read. `false` when another request was faster.
    pub async fn replace_sign_in(
        &mut self,
        old: &SignIn,
        stage: &str,
        sealed_document: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update sign_ins set stage = $5, sealed_document = $6
            where id = $1 and browser_hash = $2 and stage = $3 and sealed_document = $4 and consumed_at is null
                and expires_at > $7";
        let values = [
            (&old.id).into(),
            (&old.browser_hash).into(),
            (&old.stage).into(),
            (&old.sealed_document).into(),
            stage.into(),
            sealed_document.into(),
            now.into(),
        ];
        self.changed(sql, &values).await
    }
}

impl OrgTx<'_> {
    /// Lets no sign-in in flight through a connection finish (R-SSO-7).
    pub async fn delete_sign_ins_of_connection(&mut self, connection_id: &ConnectionId) -> Result<u64, StoreError> {
        let sql = "delete from sign_ins where organization_id || '' = $1 and connection_id = $2";
        self.execute(sql, &[connection_id.into()]).await
    }
}
