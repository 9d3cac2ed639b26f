//! Owns judging a person's sessions for good: before a role, membership or factor of theirs changes, and behind a change
//! of terms. A session that policy refuses now is marked, so that no later world brings it back (R-ENF-7, I7).

use orgate_core::id::UserId;
use orgate_core::policy::{Decision, PolicyEpoch, World, decide_life};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::time::Timestamp;
use orgate_store::{Session, Tx, UserPlace};

use crate::app::App;
use crate::authorise;
use crate::error::Error;

/// Why a session that enforcement ended is over, in the row.
pub(crate) const ENDED_BY_ENFORCEMENT: &str = "sso-enforced";

/// Marks what is dead among the person's sessions, and says how many that are. From here on only later changes decide.
pub(crate) async fn settle(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<u64, Error> {
    let epoch = tx.instance().load_policy_epoch().await?;
    Ok(settle_up_to(tx, app, user_id, epoch).await?.ended)
}

/// Whether policy lets a session live with these proofs, its own or fewer, that hold now: today, and after each change since
/// its beginning or since `settled`, up to where all of the person's were judged (I7).
pub(crate) fn lives(world: &World, settled: PolicyEpoch, session: &Session, proofs: &Proofs, now: Timestamp) -> bool {
    decide_life(world, &proofs.holding(now), session.policy_epoch.max(settled)) == Decision::Allow
}

/// What was found of a person.
#[derive(Default)]
pub(crate) struct Settled {
    /// Sessions that are marked now.
    pub(crate) ended: u64,
    /// Where they are a member.
    pub(crate) places: Vec<UserPlace>,
}

/// The same for who settles many people in one transaction; `epoch` was read in it.
pub(crate) async fn settle_up_to(
    tx: &mut Tx,
    app: &App,
    user_id: &UserId,
    epoch: PolicyEpoch,
) -> Result<Settled, Error> {
    let now = app.now();
    let Some(user) = tx.instance().find_user(user_id).await?.filter(|user| user.closed_at.is_none()) else {
        return Ok(Settled::default());
    };
    let places = tx.instance().list_places(user_id).await?;
    let world = authorise::world(user.address, user.has_second_factor, &places);
    let living = tx.instance().list_sessions_of_user(user_id, now).await?;
    let is_dead = |session: &Session| !lives(&world, user.settled_epoch, session, &session.proofs, now);
    let dead: Vec<&Session> = living.iter().filter(|session| is_dead(session)).collect();
    if dead.len() == living.len() && !dead.is_empty() {
        tx.instance().end_sessions_of_user(user_id, None, ENDED_BY_ENFORCEMENT, now).await?;
    } else {
        for session in &dead {
            tx.instance().end_session(user_id, &session.id, ENDED_BY_ENFORCEMENT, now).await?;
        }
    }
    // A link dies with enforcement as a session does, and from here on nothing says any more that it came upon this one (T-ENF-3).
    if let Some(asked) = tx.instance().find_oldest_reset_epoch(user_id, now).await? {
        let by_password = Proofs::of(Proof::Password { at: now });
        if matches!(decide_life(&world, &by_password, asked.max(user.settled_epoch)), Decision::Deny(_)) {
            tx.instance().delete_password_resets_of_user(user_id).await?;
        }
    }
    tx.instance().settle_user(user_id, epoch).await?;
    Ok(Settled { ended: u64::try_from(dead.len()).unwrap_or(u64::MAX), places })
}
