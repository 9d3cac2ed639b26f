//! Owns tidying behind a change of terms: every member's sessions are judged once more and the dead ones marked, so that
//! checks need no past. Nobody waits for it: a dead session was refused from the moment the change was made (R-ENF-6).

use std::time::Duration;

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::policy::{Change, PolicyEpoch};
use orgate_store::{Terms, Tx};

use super::way_back;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::session;

/// Organizations swept in one run.
const ORGANIZATIONS_A_RUN: u32 = 20;
/// The pause after each of them at a gentle pace, at least and at most: a clock that is set while one is under way must not
/// stop the sweep.
const LEAST_REST: Duration = Duration::from_millis(10);
const MOST_REST: Duration = Duration::from_secs(1);
/// How many times as long as it worked a gentle sweep rests, so that it takes a fiftieth of a core whatever the machine.
const REST_OF_WORK: u32 = 50;

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Without a pause.
    Brisk,
    /// With pauses, so that whoever asks in between hardly notices.
    Gentle,
}

impl Pace {
    /// Members judged in one transaction. A check that arrives while its core does this waits for all of it.
    fn members_at_once(self) -> u32 {
        match self {
            Self::Brisk => 16,
            Self::Gentle => 1,
        }
    }
}

/// What one sweep found.
#[derive(Debug, Clone, Copy, Default)]
struct Swept {
    members: u64,
    sessions: u64,
}

/// Sweeps behind every change so far, and says how many sessions it marked.
///
/// *Errors*: those of the store; what is not done is done at the next run.
pub async fn sweep_once(app: &App, pace: Pace) -> Result<u64, Error> {
    let unswept = app
        .store
        .read((), |tx, ()| {
            Box::pin(async move { tx.instance().list_unswept(ORGANIZATIONS_A_RUN).await.map_err(Error::from) })
        })
        .await?;
    let (mut sessions, mut failed) = (0, None);
    for id in unswept {
        // One that cannot be swept keeps no other waiting.
        match sweep(app, &id, pace).await {
            Ok(marked) => sessions += marked,
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(sessions), Err)
}

/// Sweeps one organization up to its last change.
pub(crate) async fn sweep(app: &App, id: &OrganizationId, pace: Pace) -> Result<u64, Error> {
    let up_to = app
        .store
        .read(id.clone(), |tx, id| {
            Box::pin(async move { Ok::<_, Error>(tx.organization(id).load_terms().await?.epoch) })
        })
        .await?;
    let mut swept = Swept::default();
    let mut after: Option<UserId> = None;
    loop {
        let began = app.now();
        let page = app
            .store
            .write((app.clone(), id.clone(), after.clone(), pace.members_at_once()), |tx, (app, id, after, at_once)| {
                Box::pin(async move { judge(tx, app, id, after.as_ref(), *at_once).await })
            })
            .await?;
        swept.members += page.members;
        swept.sessions += page.sessions;
        after = page.last;
        if after.is_none() {
            break;
        }
        if pace == Pace::Gentle {
            tokio::time::sleep(rest(app.now().since(began))).await;
        }
    }
    app.store
        .write((app.clone(), id.clone(), up_to, swept), |tx, (app, id, up_to, swept)| {
            Box::pin(async move { finish(tx, app, id, *up_to, *swept).await })
        })
        .await?;
    app.outbox.wake();
    Ok(swept.sessions)
}

/// How long to rest after a transaction that took so long.
fn rest(took: Duration) -> Duration {
    took.saturating_mul(REST_OF_WORK).clamp(LEAST_REST, MOST_REST)
}

struct Judged {
    members: u64,
    sessions: u64,
    last: Option<UserId>,
}

async fn judge(
    tx: &mut Tx,
    app: &App,
    id: &OrganizationId,
    after: Option<&UserId>,
    at_once: u32,
) -> Result<Judged, Error> {
    let page = tx.organization(id).list_member_ids(after, at_once).await?;
    let epoch = tx.instance().load_policy_epoch().await?;
    let mut sessions = 0;
    for user_id in &page.items {
        let settled = session::settle_up_to(tx, app, user_id, epoch).await?;
        sessions += settled.ended;
        // Who is bound here can be an Owner elsewhere, and the way back in there is gone with it.
        way_back::review_of_places(tx, app, &settled.places).await?;
    }
    let members = u64::try_from(page.items.len()).unwrap_or(u64::MAX);
    let last = if page.has_more { page.items.last().cloned() } else { None };
    Ok(Judged { members, sessions, last })
}

/// Writes down how far it was swept, and what was found if the change bound anybody.
async fn finish(tx: &mut Tx, app: &App, id: &OrganizationId, up_to: PolicyEpoch, swept: Swept) -> Result<(), Error> {
    let terms = tx.organization(id).load_terms().await?;
    let bound = bound_somebody(&terms, up_to);
    if !tx.organization(id).mark_swept(up_to).await? || !bound {
        return Ok(());
    }
    let exempt = way_back::exempt_owners(tx, id, &terms.state.terms).await?.len();
    let event = Event::done("enforcement.swept").data(serde_json::json!({
        "members_bound": swept.members.saturating_sub(u64::try_from(exempt).unwrap_or(u64::MAX)),
        "sessions_ended": swept.sessions,
    }));
    audit::record(tx, app, None, Some(id), &Author::system(), event).await
}

/// Whether one of the changes that were swept behind made the terms stricter.
fn bound_somebody(terms: &Terms, up_to: PolicyEpoch) -> bool {
    let changes = terms.past.changes();
    let after = changes.iter().skip(1).map(|change| &change.before).chain(std::iter::once(&terms.state.terms));
    changes.iter().zip(after).any(|(Change { epoch, before }, after)| *epoch <= up_to && after.is_stricter_than(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_enf_6_a_gentle_sweep_rests_the_longer_the_longer_it_worked() {
        let milliseconds = |took: u64| rest(Duration::from_millis(took)).as_millis();
        assert_eq!([0, 1, 5, 20, 500].map(milliseconds), [10, 50, 250, 1000, 1000]);
        assert_eq!(rest(Duration::MAX), MOST_REST, "a clock that was set is no reason to stop");
    }
}
