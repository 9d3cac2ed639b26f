//! Owns the one write of an organization's terms. It counts the change, which is what ends sessions: the call writes no
//! row of a session or member, however many there are (R-ENF-6).

use orgate_core::id::OrganizationId;
use orgate_core::policy::Change;
use orgate_core::refusal::Refusal;
use orgate_store::{Terms, Tx};

use crate::error::Error;

/// Replaces `before`, as it was read in this transaction, by `after`; its past and number are made here.
///
/// *Errors*: [`Refusal::Busy`] when somebody changed the terms meanwhile.
pub(crate) async fn replace(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    before: Terms,
    mut after: Terms,
) -> Result<(), Error> {
    (after.past, after.epoch) = (before.past, before.epoch);
    if after.state.terms != before.state.terms {
        after.epoch = tx.instance().next_policy_epoch().await?;
        after.past = after.past.with(Change { epoch: after.epoch, before: before.state.terms });
    }
    let stored = tx.organization(organization_id).store_terms(before.epoch, &after).await?;
    if stored { Ok(()) } else { Err(Refusal::Busy.into()) }
}
