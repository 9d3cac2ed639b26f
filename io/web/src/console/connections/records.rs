//! Owns the list of recent attempts, and finding one by the number that a refused person reads out (R-SSO-9).

use orgate_app::connection;
use serde::Deserialize;

use super::view::{attempt, head};
use crate::console::organization_frame;
use crate::page::{PageResult, Path, Query, Visit};
use crate::pages::sso_records::AttemptsPage;
use crate::pages::{Pager, Section};

/// How many are listed: the newest.
const SHOWN: u32 = 100;

/// What may follow `?`.
#[derive(Default, Deserialize)]
pub struct Search {
    reference: Option<String>,
}

/// The attempts.
pub async fn attempts(
    visit: Visit,
    Path((slug, id)): Path<(String, String)>,
    Query(search): Query<Search>,
) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let view = connection::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let reference = search.reference.unwrap_or_default();
    let found = connection::attempts(visit.app(), &visit.visitor, &slug, &id, Some(&reference), SHOWN).await?;
    visit.page(&AttemptsPage {
        frame,
        connection: head(&slug, &view),
        reference,
        items: found.into_iter().map(|view| attempt(view, visit.now())).collect(),
        pager: Pager::default(),
    })
}
