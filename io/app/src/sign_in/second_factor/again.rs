//! Owns confirming by a second factor in a session there is: the proof is added under a new token (R-IN-7, R-IN-8).

use orgate_core::proof::Proof;
use orgate_core::way_in::WayIn;
use orgate_store::{Tx, User};

use super::codes::{self, TypedFactor};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::limit::Basis;
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::visitor::Visitor;

/// Takes a factor that was typed.
///
/// *Errors*: [`InvalidCode`](orgate_core::refusal::Refusal::InvalidCode),
/// [`NoSession`](orgate_core::refusal::Refusal::NoSession),
/// [`TooManyRequests`](orgate_core::refusal::Refusal::TooManyRequests).
pub async fn confirm(app: &App, visitor: &Visitor, typed: TypedFactor) -> Result<Issued, Error> {
    let (user, basis) = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| Box::pin(current(tx, app, visitor)))
        .await?;
    let counted = codes::count(app, visitor, user, basis, typed.method).await?;
    let outcome = app
        .store
        .write((app.clone(), visitor.clone(), typed), |tx, (app, visitor, typed)| {
            Box::pin(async move {
                // The session's own user, whoever it was a moment ago.
                let (user, _) = current(tx, app, visitor).await?;
                match codes::take(tx, app, visitor, &user, typed).await? {
                    Ok(proof) => add(tx, app, visitor, &user, proof).await.map(Ok),
                    Err(refusal) => Ok(Err(refusal)),
                }
            })
        })
        .await?
        .map_err(Error::from);
    counted.settle(app, visitor, &outcome).await?;
    app.outbox.wake();
    outcome
}

/// Whose session it is, and on what they are taken for that person there.
async fn current(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<(User, Basis), Error> {
    let caller = authorise::session(tx, app, visitor).await?;
    Ok((tx.instance().load_user(caller.user_id()).await?, Basis::of(caller.proofs())))
}

/// Adds a factor that was right to the session, in the transaction that used it up.
///
/// *Errors*: those of [`issue`](crate::sign_in::issue).
pub(crate) async fn add(tx: &mut Tx, app: &App, visitor: &Visitor, user: &User, proof: Proof) -> Result<Issued, Error> {
    issue(tx, app, visitor, &user.id, Shown { proof, second: None, way: WayIn::SecondFactorAgain }).await
}
