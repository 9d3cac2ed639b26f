//! Owns how a refused log-out is told to the Owner: a line among the attempts, and an event. Anybody can post one, so a
//! flood is one event a minute (R-OPS-3, R-SSO-9).

use orgate_core::id::AuditEventId;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::{SsoAttempt, Tx};

use super::receive::Route;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::limit;
use crate::sign_in::sso::stray::{self, Purpose, Refused};
use crate::visitor::Visitor;

/// What is written.
struct Note {
    event: Option<AuditEventId>,
    attempt: Option<SsoAttempt>,
}

/// Writes a refusal down, unless the same was written a moment ago.
pub(super) async fn note(app: &App, visitor: &Visitor, route: &Route, refusal: &SsoRefusal) -> Result<(), Error> {
    let line = stray::line(app, &route.connection_id, Purpose::LogOut, Refused::BySso(refusal)).await?;
    let note = Note { event: event_id(app, route).await?, attempt: line };
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
    let id = app.event_id();
    let bucket = format!("log-out:{}:{}", route.connection_id, limit::this_minute(app).as_millis());
    Ok((app.store.count_refused_try(&bucket, &id).await? == 1).then_some(id))
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
        stray::insert(tx, &route.organization_id, attempt).await?;
    }
    if let Some(id) = &note.event {
        let event = Event::refused("connection.log-out-refused", code).target(&route.connection_id, &route.name);
        let (organization, author) = (Some(&route.organization_id), Author::anonymous());
        audit::record_as(tx, app, id.clone(), Some(visitor), organization, &author, event).await?;
    }
    Ok(())
}
