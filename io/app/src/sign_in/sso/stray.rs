//! Owns what an Owner reads of arrivals at a connection's addresses that can be laid at nobody's door: an answer without the
//! state of a waiting sign-in, a log-out that does not hold. Anybody can make one, so a flood is one line a minute and code,
//! and these lines push no other attempt out (R-SSO-9, R-OPS-3).

use orgate_core::id::{ConnectionId, OrganizationId};
use orgate_core::refusal::Refusal;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::{SsoAttempt, Tx};

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::limit;

/// How many lines of one purpose are kept for a connection. *Units*: attempts.
const KEPT: u32 = 50;

/// What arrived, in the row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// A browser with an answer of the provider.
    Callback,
    /// A provider's log-out, or a browser that comes back from one.
    LogOut,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::LogOut => "log-out",
        }
    }
}

/// The line for an arrival, unless this minute has one of its code.
pub(crate) async fn line(
    app: &App,
    connection_id: &ConnectionId,
    purpose: Purpose,
    refused: Refused<'_>,
) -> Result<Option<SsoAttempt>, Error> {
    let (code, expected, received) = refused.told();
    let bucket = format!("stray:{}:{connection_id}:{code}", purpose.as_str());
    if app.store.hit_rate_counter(&bucket, limit::this_minute(app)).await? > 1 {
        return Ok(None);
    }
    Ok(Some(SsoAttempt {
        reference: app.entropy.reference(),
        connection_id: connection_id.clone(),
        at: app.now(),
        purpose: purpose.as_str().to_owned(),
        outcome: "refused".to_owned(),
        code: code.to_owned(),
        expected,
        received,
        person: None,
        user_id: None,
    }))
}

/// Why it is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused<'a> {
    /// The protocol's "no".
    BySso(&'a SsoRefusal),
    /// Ours.
    ByRule(&'a Refusal),
}

impl Refused<'_> {
    /// Code, what was expected, what was received.
    fn told(self) -> (&'static str, Option<String>, Option<String>) {
        match self {
            Self::BySso(refusal) => (refusal.code.as_str(), refusal.expected.clone(), refusal.received.clone()),
            Self::ByRule(refusal) => (refusal.code(), None, None),
        }
    }
}

/// Writes a line.
pub(crate) async fn insert(tx: &mut Tx, organization_id: &OrganizationId, line: &SsoAttempt) -> Result<(), Error> {
    let mut own = tx.organization(organization_id);
    own.insert_sso_attempt(line).await?;
    own.trim_sso_attempts_of_purpose(&line.connection_id, &line.purpose, KEPT).await?;
    Ok(())
}

/// Tells the Owner of a connection, if there is one of this id.
pub(crate) async fn note(
    app: &App,
    connection_id: &ConnectionId,
    purpose: Purpose,
    refused: Refused<'_>,
) -> Result<(), Error> {
    let found = app
        .store
        .read(connection_id.clone(), |tx, id| {
            Box::pin(async move { Ok::<_, Error>(tx.instance().find_connection(id).await?) })
        })
        .await?;
    let Some(connection) = found else { return Ok(()) };
    let Some(line) = line(app, connection_id, purpose, refused).await? else { return Ok(()) };
    app.store
        .write((connection.organization_id, line), |tx, (organization_id, line)| {
            Box::pin(insert(tx, organization_id, line))
        })
        .await
}
