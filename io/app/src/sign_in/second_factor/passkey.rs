//! Owns a passkey as the second factor of a sign-in that waits for one, and as the proof that confirms it is the same
//! person in a session (R-IN-4, R-IN-8).

use orgate_core::id::{SignInId, UserId};
use orgate_core::passkey::CeremonyPurpose;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::Tx;

use super::attempt::{self, Attempt};
use super::verify::{Promoted, cost_a_try, promote};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::limit::{self, Basis};
use crate::passkey::Site;
use crate::passkey::ceremony::{self, Begun, BoundTo};
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::sign_in::passkey::{Answered, Asked, judge};
use crate::visitor::Visitor;

/// Draws a challenge for a sign-in that waits.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::MethodNotOffered`], [`Refusal::NotFound`] where there is no passkey.
pub async fn begin(app: &App, visitor: &Visitor, id: &SignInId) -> Result<Begun, Error> {
    let site = Site::of(app)?;
    limit::challenge(app, visitor).await?;
    app.store
        .write((app.clone(), visitor.clone(), site, id.clone()), |tx, (app, visitor, site, id)| {
            Box::pin(async move {
                let Attempt { user, .. } = attempt::find(tx, app, visitor, id).await?;
                draw(tx, app, site, &user.id, (CeremonyPurpose::SecondFactor, BoundTo::SignIn(id.clone()))).await
            })
        })
        .await
}

/// Draws a challenge in a session.
///
/// *Errors*: [`Refusal::NoSession`], [`Refusal::MethodNotOffered`], [`Refusal::NotFound`] where there is no passkey.
pub async fn begin_again(app: &App, visitor: &Visitor) -> Result<Begun, Error> {
    let site = Site::of(app)?;
    limit::challenge(app, visitor).await?;
    app.store
        .write((app.clone(), visitor.clone(), site), |tx, (app, visitor, site)| {
            Box::pin(async move {
                let caller = authorise::session(tx, app, visitor).await?;
                let bound_to = BoundTo::Session(caller.session_id().clone());
                draw(tx, app, site, caller.user_id(), (CeremonyPurpose::Confirmation, bound_to)).await
            })
        })
        .await
}

async fn draw(
    tx: &mut Tx,
    app: &App,
    site: &Site,
    user_id: &UserId,
    (purpose, bound_to): (CeremonyPurpose, BoundTo),
) -> Result<Begun, Error> {
    let passkeys = tx.instance().list_passkeys(user_id).await?;
    if passkeys.is_empty() {
        return Err(Refusal::NotFound.into());
    }
    let (id, challenge) = ceremony::draw(tx, app, purpose, &bound_to).await?;
    Ok(Begun { id, options: site.request_options(&passkeys, &challenge) })
}

/// Takes the answer of a sign-in that waits; a wrong one costs it a try.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::Passkey`], [`Refusal::TooManyRequests`].
pub async fn verify(app: &App, visitor: &Visitor, id: &SignInId, answered: &Answered) -> Result<Promoted, Error> {
    let site = Site::of(app)?;
    let user_id = waiting(app, visitor, id).await?;
    let guess = limit::second_factor(app, visitor, &user_id, Basis::Own).await?;
    let asked =
        Asked { purpose: CeremonyPurpose::SecondFactor, bound_to: BoundTo::SignIn(id.clone()), whose: Some(user_id) };
    let outcome = match judge(app, visitor, &site, asked, answered).await {
        Ok(right) => {
            app.store
                .write((app.clone(), visitor.clone(), id.clone(), right), |tx, (app, visitor, id, right)| {
                    Box::pin(async move {
                        let proof = right.use_up(tx, app).await?;
                        promote(tx, app, visitor, id, proof).await
                    })
                })
                .await
        }
        Err(error) => Err(error),
    };
    if matches!(&outcome, Err(Error::Refused(Refusal::Passkey(_)))) {
        spend(app, visitor, id).await?;
    }
    guess.settle(app, &outcome).await?;
    app.outbox.wake();
    outcome
}

async fn waiting(app: &App, visitor: &Visitor, id: &SignInId) -> Result<UserId, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move { Ok::<_, Error>(attempt::find(tx, app, visitor, id).await?.user.id) })
        })
        .await
}

async fn spend(app: &App, visitor: &Visitor, id: &SignInId) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(cost_a_try(tx, app, visitor, id))
        })
        .await
}

/// Takes the answer in a session: a new token, with the passkey among its proofs.
///
/// *Errors*: [`Refusal::NoSession`], [`Refusal::AttemptOver`], [`Refusal::Passkey`], [`Refusal::TooManyRequests`].
pub async fn confirm(app: &App, visitor: &Visitor, answered: &Answered) -> Result<Issued, Error> {
    let caller = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| Box::pin(authorise::session(tx, app, visitor)))
        .await?;
    limit::confirmation(app, &caller).await?;
    let site = Site::of(app)?;
    let bound_to = BoundTo::Session(caller.session_id().clone());
    let asked = Asked { purpose: CeremonyPurpose::Confirmation, bound_to, whose: Some(caller.user_id().clone()) };
    let right = judge(app, visitor, &site, asked, answered).await?;
    let issued = app
        .store
        .write((app.clone(), visitor.clone(), right), |tx, (app, visitor, right)| {
            Box::pin(async move {
                // The session that the challenge was drawn in, still there and still theirs.
                let caller = authorise::session(tx, app, visitor).await?;
                if *caller.user_id() != right.passkey.user_id {
                    return Err(Error::from(Refusal::NoSession));
                }
                let proof = right.use_up(tx, app).await?;
                issue(tx, app, visitor, caller.user_id(), Shown::one(proof, WayIn::PasskeyAgain)).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(issued)
}
