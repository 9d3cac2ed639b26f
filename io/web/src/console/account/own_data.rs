//! Owns `/account/data`: everything that is kept about a person, to look at and to take away.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use orgate_app::account::export;
use orgate_app::error::{Error, Fault};

use crate::api::account_export::ExportView;
use crate::console::frame;
use crate::page::{PageResult, Visit};
use crate::pages::Section;
use crate::pages::account::OwnDataPage;

/// Says what is in it.
pub async fn show(visit: Visit) -> PageResult {
    let export = export::export(visit.app(), &visit.visitor).await?;
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    visit.page(&OwnDataPage {
        frame: frame(&visit, Section::Profile).await?,
        memberships: count(export.memberships.len()),
        project_roles: count(export.grants.len()),
        sessions: count(export.sessions.len()),
        identities: count(export.identities.len()),
        events: count(export.events.len()),
        has_older_events: export.has_older_events,
    })
}

/// The document, as a file.
pub async fn download(visit: Visit) -> PageResult {
    let export = export::export(visit.app(), &visit.visitor).await?;
    let text = serde_json::to_string_pretty(&ExportView::from(export))
        .map_err(|source| Error::Fault(Fault::Document(source)))?;
    let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, "attachment; filename=\"account.json\"")];
    Ok((headers, text).into_response())
}
