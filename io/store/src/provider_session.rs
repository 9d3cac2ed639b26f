//! Owns the rows that say by what name, and as whom, an identity provider knows a session here. They stand beside the
//! sessions, whose rows every check reads, and go with them: triggers delete a row once its session is ended or gone.

use orgate_core::assertion::Subject;
use orgate_core::id::{ConnectionId, OrganizationId, SessionId};
use orgate_core::sid::Sid;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// One session here as one identity provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSession {
    /// The session here.
    pub session_id: SessionId,
    /// The connection that its proof was made through.
    pub connection_id: ConnectionId,
    /// Whose connection that is.
    pub organization_id: OrganizationId,
    /// The IdP's name for the person.
    pub subject: Subject,
    /// The IdP's name for its session, if it said one.
    pub sid: Option<Sid>,
    /// Where and with which hint to sign out there, sealed.
    pub sealed_way_out: Vec<u8>,
    /// The absolute end of the session here.
    pub expires_at: Timestamp,
}

macro_rules! columns {
    () => {
        "session_id, connection_id, subject, sid, sealed_way_out, expires_at"
    };
}

fn read(row: &Row<'_>) -> Result<ProviderSession, StoreError> {
    Ok(ProviderSession {
        session_id: row.get("session_id")?,
        connection_id: row.get("connection_id")?,
        organization_id: row.get("organization_id")?,
        subject: row.get("subject")?,
        sid: row.get("sid")?,
        sealed_way_out: row.get("sealed_way_out")?,
        expires_at: row.get("expires_at")?,
    })
}

impl OrgTx<'_> {
    /// Remembers how the IdP knows a session, in the place of what was remembered before.
    pub async fn put_provider_session(&mut self, known: &ProviderSession) -> Result<(), StoreError> {
        let sql = concat!(
            "insert into provider_sessions (organization_id, ",
            columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (session_id, connection_id) do update set subject = excluded.subject, sid = excluded.sid,
                sealed_way_out = excluded.sealed_way_out, expires_at = excluded.expires_at"
        );
        let values = [
            (&known.session_id).into(),
            (&known.connection_id).into(),
            (&known.subject).into(),
            known.sid.as_ref().into(),
            (&known.sealed_way_out).into(),
            known.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// The sessions of a person of a connection: all, or with `sid` the one of that name and those of which no name is
    /// known.
    pub async fn list_provider_sessions_of_subject(
        &mut self,
        connection_id: &ConnectionId,
        subject: &Subject,
        sid: Option<&Sid>,
    ) -> Result<Vec<ProviderSession>, StoreError> {
        let sql = concat!(
            "select organization_id, ",
            columns!(),
            " from provider_sessions where organization_id || '' = $1 and connection_id = $2 and subject = $3
                and (cast($4 as text) is null or sid is null or sid = $4) order by session_id"
        );
        self.query(sql, &[connection_id.into(), subject.into(), sid.into()], read).await
    }

    /// The sessions that a connection's IdP knows by this name.
    pub async fn list_provider_sessions_by_sid(
        &mut self,
        connection_id: &ConnectionId,
        sid: &Sid,
    ) -> Result<Vec<ProviderSession>, StoreError> {
        let sql = concat!(
            "select organization_id, ",
            columns!(),
            " from provider_sessions where organization_id || '' = $1 and connection_id = $2 and sid = $3 order by session_id"
        );
        self.query(sql, &[connection_id.into(), sid.into()], read).await
    }

    /// Forgets how a connection's IdP knows a session.
    pub async fn delete_provider_session(
        &mut self,
        connection_id: &ConnectionId,
        session_id: &SessionId,
    ) -> Result<bool, StoreError> {
        let sql = "delete from provider_sessions where organization_id = $1 and connection_id = $2 and session_id = $3";
        self.changed(sql, &[connection_id.into(), session_id.into()]).await
    }
}

impl InstanceTx<'_> {
    /// How the IdPs know a session, which may have proofs through connections of several organizations.
    pub async fn list_provider_sessions(&mut self, session_id: &SessionId) -> Result<Vec<ProviderSession>, StoreError> {
        let sql = concat!(
            "select organization_id, ",
            columns!(),
            " from provider_sessions where session_id = $1 order by connection_id"
        );
        self.query(sql, &[session_id.into()], read).await
    }
}
