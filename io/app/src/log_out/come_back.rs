//! Owns the return of a browser that signed out at its IdP. The state says that it is the browser that was sent, through
//! the connection that it was sent to, for the first time; more is not in it, and nothing else is read.

use orgate_core::id::ConnectionId;
use orgate_core::refusal::Refusal;
use orgate_sso::oidc::log_out::{Returned, returned};

use crate::app::App;
use crate::error::Error;
use crate::sign_in::sso::stray::{self, Purpose, Refused};
use crate::visitor::Visitor;

/// Takes a browser back. Whatever is wrong with that is a line for the Owner, too: the provider may have lost the state.
///
/// *Errors*: [`Refusal::LogOutStateMissing`]; [`Refusal::LogOutStateUnknown`] for another browser's state, another
/// connection's, one that is used up, or several. *Source*: T-LO-1.
pub async fn come_back(app: &App, visitor: &Visitor, connection_id: &ConnectionId, query: &str) -> Result<(), Error> {
    let outcome = take(app, visitor, connection_id, query).await;
    if let Err(Error::Refused(refusal)) = &outcome {
        stray::note(app, connection_id, Purpose::LogOut, Refused::ByRule(refusal)).await?;
    }
    outcome
}

async fn take(app: &App, visitor: &Visitor, connection_id: &ConnectionId, query: &str) -> Result<(), Error> {
    let state_hash = match returned(query) {
        Returned::Nothing => return Err(Refusal::LogOutStateMissing.into()),
        Returned::Several => return Err(Refusal::LogOutStateUnknown.into()),
        Returned::State(hash) => hash,
    };
    let browser = visitor.browser.ok_or(Refusal::LogOutStateUnknown)?;
    let input = (state_hash, browser, connection_id.clone(), app.now());
    let known = app
        .store
        .write(input, |tx, (state_hash, browser, connection_id, now)| {
            Box::pin(async move { tx.instance().consume_log_out(state_hash, browser, connection_id, *now).await })
        })
        .await?;
    known.map(|_| ()).ok_or_else(|| Refusal::LogOutStateUnknown.into())
}
