//! Owns the chain of the audit log as it is kept: the keys, the sealer that gives events their places, the search for what
//! was changed, retention and erasing. What the bytes mean is in [`orgate_core::audit_chain`]; events are written by
//! [`crate::audit`].
//!
//! *Source*: T-AUD-1, R-OPS-3.

mod erasing;
mod retention;
mod sealer;
mod search;

pub use erasing::{Erased, erase};
pub(crate) use retention::remove_all;
pub use retention::remove_old;
pub(crate) use sealer::goes_on;
pub use sealer::seal;
pub use search::{Examined, Question, Unexpected, examine, heads};

use orgate_core::audit_chain::{AuditKeys, Chain, Entry, Facts, KeyRejected, KeySecrets, Marked, Openings};
use orgate_core::id::OrganizationId;
use orgate_store::{AuditEvent, AuditProof, Tx};

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::instance_key::InstanceKey;

/// The keys of the chain, derived from the instance's for this alone; those of the others verify and make nothing.
///
/// *Errors*: [`KeyRejected`].
pub fn keys(instance_key: &InstanceKey, others: &[InstanceKey]) -> Result<AuditKeys, KeyRejected> {
    let derive = |key: &InstanceKey| (key.derive("audit marks"), key.derive("audit heads"));
    let (marks, heads) = derive(instance_key);
    let keys = AuditKeys::new(&KeySecrets { marks: &marks, heads: &heads })?;
    others.iter().try_fold(keys, |keys, other| {
        let (marks, heads) = derive(other);
        keys.with_former(&KeySecrets { marks: &marks, heads: &heads })
    })
}

/// What is kept with a new event: a salt of its own and Orgate's mark.
pub(crate) fn prove(app: &App, organization: Option<&OrganizationId>, event: &AuditEvent) -> AuditProof {
    let openings = Openings::new(app.entropy.bytes());
    let facts = Facts {
        id: event.id.as_str(),
        at: event.at,
        action: &event.action,
        actor: &event.actor,
        target: event.target.as_deref(),
        outcome: &event.outcome,
        personal: [
            event.actor_name.as_deref(),
            event.target_name.as_deref(),
            event.ip.as_deref(),
            event.user_agent.as_deref(),
            Some(&event.data),
        ],
    };
    let mark = app.audit_keys.mark_event(&facts.bytes(&Chain::of(organization), &openings));
    AuditProof { openings: openings.encode(), mark }
}

/// How the mark of an event stands to the keys; `None` when it has none, or nothing that opens what it was made over.
pub(crate) fn marked(app: &App, chain: &Chain, entry: &Entry) -> Option<Marked> {
    let (openings, mark) = (entry.openings()?, entry.mark.as_deref()?);
    Some(app.audit_keys.check_event(&entry.facts().bytes(chain, &openings), mark))
}

/// Events of one chain in the order of their places, after a place and id.
async fn list_chained(tx: &mut Tx, chain: &Chain, after: (i64, &str), limit: u32) -> Result<Vec<Entry>, Error> {
    Ok(match chain.organization() {
        Some(id) => tx.organization(id).list_chained_audit_events(after, limit).await?,
        None => tx.instance().list_chained_audit_events(after, limit).await?,
    })
}
