//! Owns the list of recent attempts, and finding one by the number that a refused person reads out (R-SSO-9).

use orgate_app::connection::{self, AttemptQuery};
use serde::Deserialize;

use super::view::{attempt, head};
use crate::console::lists::pager;
use crate::console::organization_frame;
use crate::page::{PageResult, Path, Query, Visit};
use crate::pages::Section;
use crate::pages::sso_records::AttemptsPage;

/// What may follow `?`.
#[derive(Default, Deserialize)]
pub struct Search {
    reference: Option<String>,
    cursor: Option<String>,
}

/// The attempts.
pub async fn attempts(
    visit: Visit,
    Path((slug, id)): Path<(String, String)>,
    Query(search): Query<Search>,
) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let view = connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let Search { reference, cursor } = search;
    let query = AttemptQuery { reference: reference.clone(), cursor: cursor.clone(), limit: None };
    let found = connection::attempts(visit.app(), &visit.visitor, &slug, &id, query).await?;
    let connection = head(&slug, &view);
    let path = format!("{}/attempts", connection.url());
    visit.page(&AttemptsPage {
        frame,
        connection,
        reference: reference.unwrap_or_default(),
        pager: pager(&path, &[], cursor.as_deref(), found.next_cursor.as_deref()),
        items: found.items.into_iter().map(|view| attempt(view, visit.now())).collect(),
    })
}
