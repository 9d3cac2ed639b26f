//! Owns the end of a trial that nobody confirmed (R-ENF-12). Its moment is stored, so it survives a restart; a node that
//! was down rolls back when it is up again, and until then enforcement holds.

use orgate_core::id::OrganizationId;
use orgate_store::Tx;

use super::set::turn_off_by;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::notice;

/// How many trials one run ends.
const TRIALS_A_RUN: u32 = 50;

/// Rolls back trials that are over, and says how many.
///
/// *Errors*: those of the store.
pub async fn roll_back_once(app: &App) -> Result<u64, Error> {
    let due = app
        .store
        .read(app.now(), |tx, now| {
            Box::pin(async move { tx.instance().list_due_trials(*now, TRIALS_A_RUN).await.map_err(Error::from) })
        })
        .await?;
    let (mut ended, mut failed) = (0, None);
    for id in due {
        let rolled_back = app
            .store
            .write((app.clone(), id), |tx, (app, id)| Box::pin(async move { roll_back_if_due(tx, app, id).await }))
            .await;
        // One that cannot be rolled back keeps no other waiting.
        match rolled_back {
            Ok(rolled_back) => ended += u64::from(rolled_back),
            Err(error) => failed = Some(error),
        }
    }
    if ended > 0 {
        app.outbox.wake();
    }
    failed.map_or(Ok(ended), Err)
}

/// Rolls one organization back if its trial is over; the rule for second factors is what it was before.
pub(super) async fn roll_back_if_due(tx: &mut Tx, app: &App, id: &OrganizationId) -> Result<bool, Error> {
    let terms = tx.organization(id).load_terms().await?;
    if terms.state.trial_ends_at.is_none_or(|end| end > app.now()) {
        return Ok(false);
    }
    turn_off_by(tx, app, id, terms.mfa_before).await?;
    let organization = tx.organization(id).load_organization().await?;
    let event = Event::done("enforcement.rolled-back")
        .target(id, &organization.name)
        .data(serde_json::json!({ "mfa_required": terms.mfa_before }));
    audit::record(tx, app, None, Some(id), &Author::system(), event).await?;
    notice::trial_over(tx, app, id).await?;
    Ok(true)
}
