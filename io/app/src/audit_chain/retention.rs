//! Owns retention: the oldest events of each chain go when the operator's time is over, and the head says up to where, signed,
//! so that the rest is whole.

use std::time::Duration;

use orgate_core::audit_chain::{Chain, Head, Marked};
use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;

use crate::app::App;
use crate::error::Error;

use super::search;

/// How many events one transaction removes at most.
const TOGETHER: u32 = 500;

/// Removes the events from before the time that the operator keeps them, from the beginning of each chain, and says how many.
/// Without such a time nothing is removed.
///
/// *Errors*: those of the store, the first of them.
pub async fn remove_old(app: &App) -> Result<u64, Error> {
    let Some(days) = app.settings.audit_retention_days else { return Ok(0) };
    let before = app.now().minus(Duration::from_secs(u64::from(days.get()) * 24 * 3600));
    let (mut removed, mut failed) = (0, None);
    for named in search::chains(app, None).await? {
        // What ails one chain keeps no other from its retention.
        match remove_before(app, &named.chain, before).await {
            Ok(some) => removed += some,
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(removed), Err)
}

/// Removes the events of an organization that have their places, however young, for it is about to go; says how many.
///
/// *Errors*: those of the store. *Source*: R-ORG-5.
pub(crate) async fn remove_all(app: &App, id: &OrganizationId) -> Result<u64, Error> {
    remove_before(app, &Chain::of(Some(id)), app.now()).await
}

async fn remove_before(app: &App, chain: &Chain, before: Timestamp) -> Result<u64, Error> {
    let mut removed = 0;
    loop {
        let some = remove_some(app, chain, before).await?;
        removed += some;
        if some < u64::from(TOGETHER) {
            return Ok(removed);
        }
    }
}

/// A prefix, never a choice: the first event that is young enough ends it, and so does one that is out of its place.
async fn remove_some(app: &App, chain: &Chain, before: Timestamp) -> Result<u64, Error> {
    app.store
        .write_apart((app.clone(), chain.clone(), before), |tx, (app, chain, before)| {
            Box::pin(async move {
                let Some(signed) = tx.instance().find_audit_head(chain).await? else { return Ok(0) };
                if signed.head.chain != *chain || signed.check(&app.audit_keys) != Marked::Right {
                    return Ok(0);
                }
                let first = super::list_chained(tx, chain, (i64::MIN, ""), TOGETHER).await?;
                let positions = signed.head.removed_to.saturating_add(1)..=signed.head.position;
                let old = first.iter().take_while(|entry| entry.at < *before).zip(positions);
                let places = old.map_while(|(entry, position)| entry.place.filter(|place| place.position == position));
                let Some(last) = places.last() else { return Ok(0) };
                let head =
                    Head { at: app.now(), removed_to: last.position, removed_link: last.link, ..signed.head.clone() };
                if !tx.instance().replace_audit_head(Some(&signed), &head.sign(&app.audit_keys)).await? {
                    return Ok(0);
                }
                Ok(match chain.organization() {
                    Some(id) => tx.organization(id).delete_audit_events_to(last.position).await?,
                    None => tx.instance().delete_audit_events_to(last.position).await?,
                })
            })
        })
        .await
}
