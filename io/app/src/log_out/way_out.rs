//! Owns what a sign-in through an IdP leaves behind for the log-out: the IdP's names for person and session, and sealed
//! beside them where and with which hint to sign out there. It is bound to its row, so it is sealed anew when a session
//! is replaced by a stronger one, and it is gone with the session.

use orgate_core::assertion::Subject;
use orgate_core::id::{ConnectionId, OrganizationId, SessionId};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::sid::Sid;
use orgate_sso::oidc::ProviderSession as Said;
use orgate_store::{ProviderSession, Session, Tx};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::app::App;
use crate::error::Error;
use crate::seal::Place;
use crate::sign_in::Issued;

/// What is sealed.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct WayOut {
    /// Where to sign out, as the IdP's metadata said it.
    end_session_endpoint: Option<String>,
    /// The ID token, unless it is too long for a hint.
    id_token: Option<String>,
}

impl WayOut {
    const fn none() -> Self {
        Self { end_session_endpoint: None, id_token: None }
    }
}

/// What an attempt remembers of it until there is a session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Known {
    /// The IdP's name for its session.
    pub sid: Option<Sid>,
    way_out: WayOut,
}

impl From<Said> for Known {
    fn from(said: Said) -> Self {
        let Said { sid, id_token, end_session_endpoint } = said;
        Self { sid, way_out: WayOut { end_session_endpoint, id_token } }
    }
}

/// Where a session's proof came from.
pub(crate) struct Origin<'a> {
    pub(crate) organization_id: &'a OrganizationId,
    pub(crate) connection_id: &'a ConnectionId,
    pub(crate) subject: &'a Subject,
}

/// Writes it down for a session that was just made.
pub(crate) async fn remember(
    tx: &mut Tx,
    app: &App,
    issued: &Issued,
    origin: Origin<'_>,
    known: &Known,
) -> Result<(), Error> {
    let row = ProviderSession {
        session_id: issued.session_id.clone(),
        connection_id: origin.connection_id.clone(),
        organization_id: origin.organization_id.clone(),
        subject: origin.subject.clone(),
        sid: known.sid.clone(),
        sealed_way_out: Vec::new(),
        expires_at: issued.expires_at,
    };
    put(tx, app, row, &known.way_out).await
}

async fn put(tx: &mut Tx, app: &App, mut row: ProviderSession, way_out: &WayOut) -> Result<(), Error> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(way_out)?);
    let key = key(&row.session_id, &row.connection_id);
    row.sealed_way_out = app.sealer.seal(&place(&key, &row.organization_id), &plain, &*app.entropy)?;
    Ok(tx.organization(&row.organization_id).put_provider_session(&row).await?)
}

fn key(session_id: &SessionId, connection_id: &ConnectionId) -> String {
    format!("{session_id}:{connection_id}")
}

fn place<'a>(key: &'a str, organization_id: &'a OrganizationId) -> Place<'a> {
    Place { table: "provider_sessions", column: "sealed_way_out", row: key, tenant: organization_id.as_str() }
}

/// Opens what a row holds.
///
/// *Errors*: a fault; nobody is sent anywhere then.
pub(super) fn open(app: &App, row: &ProviderSession) -> Result<Said, Error> {
    let key = key(&row.session_id, &row.connection_id);
    let plain = app.sealer.open(&place(&key, &row.organization_id), &row.sealed_way_out)?;
    let mut way_out: WayOut = serde_json::from_slice(&plain)?;
    Ok(Said {
        sid: row.sid.clone(),
        id_token: way_out.id_token.take(),
        end_session_endpoint: way_out.end_session_endpoint.take(),
    })
}

/// What is known of a session that is about to be replaced; read before it ends, for it goes with it.
pub(crate) async fn of(tx: &mut Tx, session_id: &SessionId, proofs: &Proofs) -> Result<Vec<ProviderSession>, Error> {
    if !proofs.iter().any(|proof| proof.connection().is_some()) {
        return Ok(Vec::new());
    }
    Ok(tx.instance().list_provider_sessions(session_id).await?)
}

/// Takes along what belongs to the proofs that go on in a new session.
pub(crate) async fn carry(
    tx: &mut Tx,
    app: &App,
    rows: Vec<ProviderSession>,
    before: &Proofs,
    after: &Session,
) -> Result<(), Error> {
    let goes_on = |row: &ProviderSession| {
        let is_its = |proof: &&Proof| proof.connection().is_some_and(|(id, _)| *id == row.connection_id);
        before.iter().find(is_its).is_some_and(|proof| after.proofs.iter().any(|kept| kept == proof))
    };
    for row in rows.into_iter().filter(goes_on) {
        // Without a way out at the IdP the person signs in all the same.
        let way_out = open(app, &row).map_or_else(|_| WayOut::none(), |said| Known::from(said).way_out);
        let row = ProviderSession { session_id: after.id.clone(), expires_at: after.expires_at, ..row };
        put(tx, app, row, &way_out).await?;
    }
    Ok(())
}
