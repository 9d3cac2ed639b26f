//! Owns what taking a second factor away would mean, for the page that asks before.

use orgate_store::Tx;

use super::{is_exempt_by_factor, requiring};
use crate::authorise::Caller;
use crate::error::Error;

/// What removing a factor would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalForecast {
    /// Whether there is no other factor.
    pub is_last: bool,
    /// Organizations that then do not open without their SSO.
    pub closed: Vec<String>,
    /// Whether this session may end too: the person is let in without SSO only for having a factor (R-ENF-8).
    pub ends_here: bool,
    /// How many other sessions end.
    pub sessions_to_end: u64,
}

/// Reads it for a factor that is the caller's last one, or is not.
pub(super) async fn forecast(tx: &mut Tx, caller: &Caller, is_last: bool) -> Result<RemovalForecast, Error> {
    let sessions = tx.instance().list_sessions_of_user(caller.user_id(), caller.now).await?;
    let others = sessions.iter().filter(|session| session.id != *caller.session_id()).count();
    let closed = requiring(caller).filter(|_| is_last).map(|place| place.organization.name.clone());
    Ok(RemovalForecast {
        is_last,
        closed: closed.collect(),
        ends_here: is_last && is_exempt_by_factor(&caller.world),
        sessions_to_end: u64::try_from(others).unwrap_or(u64::MAX),
    })
}
