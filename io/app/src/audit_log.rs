//! Owns reading the audit log: filters, pages, sentences for people, rows for export. Writing it is in [`crate::audit`].

mod export;
mod sentence;

pub use export::{CSV_HEADER, csv_row, json_line};
pub use sentence::{ACTIONS, sentence};

use std::time::Duration;

use orgate_core::email::EmailAddress;
use orgate_core::id::{AuditEventId, Identifier as _, OrganizationId, UserId};
use orgate_core::permission::Permission;
use orgate_core::time::Timestamp;
use orgate_store::{AuditEvent, AuditFilter, Tx};

use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::input::Input;
use crate::operator;
use crate::paging::{self, Listed};
use crate::visitor::Visitor;

/// How many events one part of an export holds.
const EXPORTED_AT_ONCE: u32 = 1_000;
/// *Units*: a day.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What to list; what is left out or empty does not filter.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// This action: `member.removed`.
    pub action: Option<String>,
    /// Done by this person, by id or by an address of the organization; or `operator`, `system`, `anonymous`.
    pub actor: Option<String>,
    /// At or after this moment or day: RFC 3339, or `2026-11-22`.
    pub from: Option<String>,
    /// Before this moment, or until the end of this day.
    pub to: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// Events of an organization, newest first.
///
/// *Errors*: [`orgate_core::refusal::Refusal::InvalidInput`], and those of [`authorise::permitted`].
pub async fn list(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    query: AuditQuery,
) -> Result<Listed<AuditEvent>, Error> {
    let limit = paging::limit(query.limit);
    page(app, visitor, organization, query, limit).await
}

/// The next part of an export with the same filters; it is over when there is no next cursor.
///
/// *Errors*: as [`list`].
pub async fn export(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    query: AuditQuery,
) -> Result<Listed<AuditEvent>, Error> {
    page(app, visitor, organization, query, EXPORTED_AT_ONCE).await
}

/// The next part of an export by the operator: of an organization, or of the deployment's own log.
///
/// *Errors*: [`orgate_core::refusal::Refusal::NotFound`] for an unknown organization.
pub async fn export_by_operator(
    app: &App,
    organization: Option<&str>,
    cursor: Option<String>,
) -> Result<Listed<AuditEvent>, Error> {
    let id = match organization {
        Some(organization) => Some(operator::organization(app, organization).await?.id),
        None => None,
    };
    app.store
        .read_long((id, cursor), |tx, (id, cursor)| {
            Box::pin(async move {
                let (filter, before) = (AuditFilter::default(), paging::after::<AuditEventId>(cursor.as_deref())?);
                let page = match id {
                    Some(id) => {
                        tx.organization(id).list_audit_events(&filter, before.as_ref(), EXPORTED_AT_ONCE).await?
                    }
                    None => tx.instance().list_audit_events(&filter, before.as_ref(), EXPORTED_AT_ONCE).await?,
                };
                Ok(Listed::of(page, |event| event.id.as_str()))
            })
        })
        .await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    query: AuditQuery,
    limit: u32,
) -> Result<Listed<AuditEvent>, Error> {
    let (from, to) = moments(&query)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), (query, from, to), limit);
    app.store
        .read_long(input, |tx, (app, visitor, organization, (query, from, to), limit)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::AuditRead).await?;
                let id = member.organization_id();
                let before = paging::after::<AuditEventId>(query.cursor.as_deref())?;
                let filter = AuditFilter {
                    action: given(query.action.as_deref()).map(str::to_owned),
                    actor: actor(tx, id, query.actor.as_deref()).await?,
                    from: *from,
                    to: *to,
                };
                let page = tx.organization(id).list_audit_events(&filter, before.as_ref(), *limit).await?;
                Ok(Listed::of(page, |event| event.id.as_str()))
            })
        })
        .await
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn moments(query: &AuditQuery) -> Result<(Option<Timestamp>, Option<Timestamp>), Error> {
    let mut input = Input::default();
    let mut read = |field: &'static str, text: Option<&str>, from_midnight: Duration| {
        let text = given(text)?;
        let midnight = || Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"));
        let moment = Timestamp::parse_rfc3339(text).or_else(|| midnight().map(|midnight| midnight.plus(from_midnight)));
        if moment.is_none() {
            input.refuse(field, "Type a day such as 2026-11-22.");
        }
        moment
    };
    let from = read("from", query.from.as_deref(), Duration::ZERO);
    // Events before it are listed: before the next midnight, so that no moment of the day is left out.
    let to = read("to", query.to.as_deref(), DAY);
    input.finish()?;
    Ok((from, to))
}

/// The actor as the log writes it. An address that nobody here has matches no event.
async fn actor(tx: &mut Tx, id: &OrganizationId, typed: Option<&str>) -> Result<Option<String>, Error> {
    let Some(typed) = given(typed) else { return Ok(None) };
    if UserId::parse(typed).is_some() {
        return Ok(Some(format!("user:{typed}")));
    }
    let Ok(email) = EmailAddress::parse(typed) else { return Ok(Some(typed.to_owned())) };
    let user = tx.organization(id).find_member_by_email(&email).await?;
    Ok(Some(user.map_or_else(|| typed.to_owned(), |user| format!("user:{}", user.id))))
}
