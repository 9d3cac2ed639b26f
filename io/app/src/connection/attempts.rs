//! Owns the recent attempts through a connection as an Owner reads them: in parts, or the one with a reference (R-SSO-9).

use orgate_core::id::Reference;
use orgate_core::permission::Permission;
use orgate_core::time::Timestamp;
use orgate_store::{SsoAttempt, Tx};

use super::load;
use crate::app::App;
use crate::authorise;
use crate::error::{Error, invalid};
use crate::paging::{self, Listed};
use crate::sign_in::sso::attempts::AttemptView;
use crate::visitor::Visitor;

/// Which attempts.
#[derive(Debug, Clone, Default)]
pub struct AttemptQuery {
    /// The one with this reference, as somebody types it.
    pub reference: Option<String>,
    /// Where the last part ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// Recent attempts through a connection, newest first.
///
/// *Errors*: [`orgate_core::refusal::Refusal::InvalidInput`], [`orgate_core::refusal::Refusal::NotFound`], and those of
/// [`authorise::permitted`]. *Source*: R-SSO-9, R-API-1.
pub async fn attempts(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &str,
    query: AttemptQuery,
) -> Result<Listed<AttemptView>, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned(), query);
    app.store
        .read(input, |tx, (app, visitor, organization, id, query)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                let connection = load(tx, &member, id).await?;
                let found = match query.reference.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                    Some(text) => find(tx, &connection, text).await?,
                    None => list(tx, &connection, query).await?,
                };
                Ok(found.map(AttemptView::of))
            })
        })
        .await
}

async fn find(tx: &mut Tx, connection: &orgate_store::Connection, text: &str) -> Result<Listed<SsoAttempt>, Error> {
    let found = match Reference::parse(text) {
        Some(reference) => tx.organization(&connection.organization_id).find_sso_attempt(&reference).await?,
        None => None,
    };
    let items = found.into_iter().filter(|attempt| attempt.connection_id == connection.id).collect();
    Ok(Listed { items, next_cursor: None })
}

async fn list(
    tx: &mut Tx,
    connection: &orgate_store::Connection,
    query: &AttemptQuery,
) -> Result<Listed<SsoAttempt>, Error> {
    let before = match query.cursor.as_deref() {
        Some(text) => Some(read(text).ok_or_else(|| invalid("cursor", paging::STRANGE))?),
        None => None,
    };
    let before = before.as_ref().map(|(at, reference)| (*at, reference));
    let mut own = tx.organization(&connection.organization_id);
    let page = own.list_sso_attempts(&connection.id, before, paging::limit(query.limit)).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(write);
    Ok(Listed { items: page.items, next_cursor })
}

/// Several may have come in one millisecond, and a reference sorts by nothing.
fn write(last: &SsoAttempt) -> String {
    format!("{}.{}", last.at.as_millis(), last.reference)
}

fn read(cursor: &str) -> Option<(Timestamp, Reference)> {
    let (at, reference) = cursor.split_once('.')?;
    Some((Timestamp::from_millis(at.parse().ok()?), Reference::parse(reference)?))
}
