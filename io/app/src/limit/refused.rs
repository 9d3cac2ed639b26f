//! Owns how refused tries are written down: one event an account, network and minute, and beside it how many tries it
//! stands for, so that a storm fills no disk (R-OPS-3).

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::visitor::Visitor;

/// Counts a refused try, and writes `event` down if it is the first of this account from this network in this minute.
pub(crate) async fn note(app: &App, visitor: &Visitor, account: &str, event: Event) -> Result<(), Error> {
    let bucket = bucket(app, visitor, account);
    let id = app.entropy.id(app.now());
    if app.store.count_refused_try(&bucket, &id).await? > 1 {
        return Ok(());
    }
    app.store
        .write((app.clone(), visitor.clone(), id, event), |tx, (app, visitor, id, event)| {
            Box::pin(async move {
                let author = Author::anonymous();
                audit::record_as(tx, app, id.clone(), Some(visitor), None, &author, event.clone()).await
            })
        })
        .await
}

/// The row stays as long as the event, and what somebody typed can be an address, or a password in the wrong field: it is kept as a
/// keyed hash of what the try is counted by. A node with another key counts apart.
fn bucket(app: &App, visitor: &Visitor, account: &str) -> String {
    let minute = super::this_minute(app).as_millis();
    let counted_by = format!("{account}:{}:{minute}", visitor.network());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &*app.settings.secret_key.derive("refused tries"));
    BASE64URL_NOPAD.encode(hmac::sign(&key, counted_by.as_bytes()).as_ref())
}
