//! Owns the rows of log-outs with an identity provider: browsers that were sent there, and log-out tokens that came from
//! there.

use orgate_core::assertion::Subject;
use orgate_core::id::{ConnectionId, OrganizationId};
use orgate_core::sid::Sid;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;

/// A browser that was sent to sign out at the IdP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOut {
    /// SHA-256 of `state`.
    pub state_hash: [u8; 32],
    /// SHA-256 of the browser's secret.
    pub browser_hash: [u8; 32],
    /// Through which connection it was signed in.
    pub connection_id: ConnectionId,
    /// Until when it can come back.
    pub expires_at: Timestamp,
}

/// A log-out token that takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLogOut {
    /// Whose IdP said it.
    pub connection_id: ConnectionId,
    /// SHA-256 of its id.
    pub id_hash: [u8; 32],
    /// The person it names.
    pub subject: Option<Subject>,
    /// The session it names.
    pub sid: Option<Sid>,
    /// When it came.
    pub received_at: Timestamp,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

impl OrgTx<'_> {
    /// Remembers a browser that is sent away.
    pub async fn insert_log_out(&mut self, log_out: &LogOut) -> Result<(), StoreError> {
        let sql = "insert into log_outs (organization_id, state_hash, browser_hash, connection_id, expires_at)
            values ($1, $2, $3, $4, $5)";
        let values = [
            (&log_out.state_hash).into(),
            (&log_out.browser_hash).into(),
            (&log_out.connection_id).into(),
            log_out.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// Remembers a log-out token; `false` when it came before. Of two that come at once, one counts.
    pub async fn insert_received_log_out(&mut self, received: &ReceivedLogOut) -> Result<bool, StoreError> {
        let sql = "insert into log_out_tokens
                (organization_id, connection_id, id_hash, subject, sid, received_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7) on conflict (connection_id, id_hash) do nothing";
        let values = [
            (&received.connection_id).into(),
            (&received.id_hash).into(),
            received.subject.as_ref().into(),
            received.sid.as_ref().into(),
            received.received_at.into(),
            received.expires_at.into(),
        ];
        self.changed(sql, &values).await
    }

    /// Whether the IdP ended this person's session since `moment`: the one of that name, or all of theirs.
    pub async fn was_logged_out_since(
        &mut self,
        connection_id: &ConnectionId,
        subject: &Subject,
        sid: Option<&Sid>,
        moment: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "select count(*) from log_out_tokens where organization_id = $1 and connection_id = $2
            and received_at >= $5 and (subject is null or subject = $3)
            and (sid is null or cast($4 as text) is null or sid = $4)
            and (subject is not null or cast($4 as text) is not null)";
        let values = [connection_id.into(), subject.into(), sid.into(), moment.into()];
        Ok(self.count(sql, &values).await? > 0)
    }
}

impl InstanceTx<'_> {
    /// Takes a browser back, once: only the one that was sent, and through the connection that it was sent to. The
    /// address that the IdP sends it to names a connection and no organization.
    pub async fn consume_log_out(
        &mut self,
        state_hash: &[u8; 32],
        browser_hash: &[u8; 32],
        connection_id: &ConnectionId,
        now: Timestamp,
    ) -> Result<Option<OrganizationId>, StoreError> {
        let sql = "update log_outs set consumed_at = $4
            where state_hash = $1 and browser_hash = $2 and connection_id = $3 and consumed_at is null
                and expires_at > $4
            returning organization_id";
        let values = [state_hash.into(), browser_hash.into(), connection_id.into(), now.into()];
        self.query_optional(sql, &values, |row| row.get("organization_id")).await
    }
}
