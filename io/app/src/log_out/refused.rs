//! Owns how a refused log-out is told to the Owner. Anybody can post one, so a flood is one event a minute and one line a
//! minute and code, and these lines push no other attempt out (R-OPS-3, R-SSO-9).

use orgate_core::id::AuditEventId;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::{SsoAttempt, Tx};

use super::receive::Route;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::limit;
use crate::visitor::Visitor;

/// What these attempts were for, in the row.
const PURPOSE: &str = "log-out";
/// How many refused log-outs of a connection are kept. *Units*: attempts.
const KEPT: u32 = 50;

/// What is written.
struct Note {
    event: Option<AuditEventId>,
    attempt: Option<SsoAttempt>,
}

/// Writes a refusal down, unless the same was written a moment ago.
pub(super) async fn note(app: &App, visitor: &Visitor, route: &Route, refusal: &SsoRefusal) -> Result<(), Error> {
    let note = Note { event: event_id(app, route).await?, attempt: attempt(app, route, refusal).await? };
    if note.event.is_none() && note.attempt.is_none() {
        return Ok(());
    }
    let input = (app.clone(), visitor.clone(), route.clone(), refusal.code.as_str(), note);
    app.store
        .write(input, |tx, (app, visitor, route, code, note)| Box::pin(write(tx, app, visitor, route, code, note)))
        .await
}

/// Counts it, and gives the id of the event that stands for this minute's if there is none yet.
async fn event_id(app: &App, route: &Route) -> Result<Option<AuditEventId>, Error> {
    let id: AuditEventId = app.entropy.id(app.now());
    let bucket = format!("log-out:{}:{}", route.connection_id, limit::this_minute(app).as_millis());
    Ok((app.store.count_refused_try(&bucket, &id).await? == 1).then_some(id))
}

async fn attempt(app: &App, route: &Route, refusal: &SsoRefusal) -> Result<Option<SsoAttempt>, Error> {
    let bucket = format!("log-out-refused:{}:{}", route.connection_id, refusal.code.as_str());
    if app.store.hit_rate_counter(&bucket, limit::this_minute(app)).await? > 1 {
        return Ok(None);
    }
    Ok(Some(SsoAttempt {
        reference: app.entropy.reference(),
        connection_id: route.connection_id.clone(),
        at: app.now(),
        purpose: PURPOSE.to_owned(),
        outcome: "refused".to_owned(),
        code: refusal.code.as_str().to_owned(),
        expected: refusal.expected.clone(),
        received: refusal.received.clone(),
        person: None,
        user_id: None,
    }))
}

async fn write(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    route: &Route,
    code: &'static str,
    note: &Note,
) -> Result<(), Error> {
    if let Some(attempt) = &note.attempt {
        let mut own = tx.organization(&route.organization_id);
        own.insert_sso_attempt(attempt).await?;
        own.trim_sso_attempts_of_purpose(&route.connection_id, PURPOSE, KEPT).await?;
    }
    if let Some(id) = &note.event {
        let event = Event::refused("connection.log-out-refused", code).target(&route.connection_id, &route.name);
        let (organization, author) = (Some(&route.organization_id), Author::anonymous());
        audit::record_as(tx, app, id.clone(), Some(visitor), organization, &author, event).await?;
    }
    Ok(())
}
