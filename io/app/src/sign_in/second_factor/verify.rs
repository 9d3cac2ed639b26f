//! Owns going on from a sign-in that waits for its second factor: the page of it, a factor that was typed, and the
//! decision anew. Policy is asked again in the transaction that makes the session: enforcement turned on meanwhile stops
//! it there (R-ENF-11).

use orgate_core::id::SignInId;
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{Tx, User};

use super::attempt::{self, Attempt, methods};
use super::codes::{self, TypedFactor};
use crate::app::App;
use crate::error::Error;
use crate::limit::Basis;
use crate::mail::account_letters::AccountMail;
use crate::mail::templates::MailTemplate;
use crate::sign_in::blocked::{self, Blocked, Keeper, Stopped};
use crate::sign_in::issue::{self, Issued, issue};
use crate::visitor::Visitor;

/// What the page of a waiting sign-in shows, to who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What the person can show.
    pub methods: Vec<AuthenticationMethod>,
    /// By what they came so far.
    pub first: AuthenticationMethod,
    /// Their address, mostly hidden.
    pub masked_email: String,
}

/// What a right second factor led to.
#[derive(Debug, Clone)]
pub enum Promoted {
    /// A session.
    SignedIn {
        /// The session.
        issued: Box<Issued>,
        /// Where the person wanted to go.
        return_to: Option<String>,
    },
    /// SSO began to be enforced meanwhile, or binds the person by something else that changed (R-ENF-3).
    Blocked(Blocked),
}

/// What the page shows. It reads and changes nothing.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub async fn show(app: &App, visitor: &Visitor, id: &SignInId) -> Result<Shown, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let Attempt { document, user, .. } = attempt::find(tx, app, visitor, id).await?;
                Ok(Shown {
                    methods: methods(tx, app, &user).await?,
                    first: document.proof.method(),
                    masked_email: user.email.masked(),
                })
            })
        })
        .await
}

/// Takes a factor that was typed.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::InvalidCode`] (after five the attempt is over),
/// [`Refusal::TooManyRequests`].
pub async fn verify(app: &App, visitor: &Visitor, id: &SignInId, typed: TypedFactor) -> Result<Promoted, Error> {
    let user = waiting_user(app, visitor, id).await?;
    let counted = codes::count(app, visitor, user, Basis::Own, typed.method).await?;
    let outcome = app
        .store
        .write((app.clone(), visitor.clone(), id.clone(), typed), |tx, (app, visitor, id, typed)| {
            Box::pin(async move {
                let Attempt { user, .. } = attempt::find(tx, app, visitor, id).await?;
                match codes::take(tx, app, visitor, &user, typed).await? {
                    Ok(second) => promote(tx, app, visitor, id, second).await.map(Ok),
                    Err(refusal) => {
                        cost_a_try(tx, app, visitor, id).await?;
                        Ok(Err(refusal))
                    }
                }
            })
        })
        .await?
        .map_err(Error::from);
    counted.settle(app, visitor, &outcome).await?;
    app.outbox.wake();
    outcome
}

async fn waiting_user(app: &App, visitor: &Visitor, id: &SignInId) -> Result<User, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move { Ok::<_, Error>(attempt::find(tx, app, visitor, id).await?.user) })
        })
        .await
}

/// Takes a try away from an attempt whose factor was wrong. With the last one the attempt is over, and the person is
/// told: somebody knows what they come in by.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(crate) async fn cost_a_try(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<(), Error> {
    let attempt = attempt::find(tx, app, visitor, id).await?;
    if attempt::spend_try(tx, app, &attempt).await? > 0 {
        return Ok(());
    }
    let mail = AccountMail::SecondFactorRefused {
        at: app.now(),
        first: attempt.document.proof.method().words(),
        ip: visitor.ip.to_canonical().to_string(),
        reset_url: app.settings.public_url.link("/forgotten-password"),
    };
    app.outbox.put(tx, &attempt.user.email, MailTemplate::Account(mail)).await?;
    Ok(())
}

/// Goes on with a second factor that was right, in the transaction that used it up: the attempt is over, and the sign-in
/// is decided anew with both proofs.
///
/// *Errors*: [`Refusal::AttemptOver`], and those of [`issue`](crate::sign_in::issue).
pub(crate) async fn promote(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    second: Proof,
) -> Result<Promoted, Error> {
    let Attempt { mut document, .. } = attempt::consume(tx, app, visitor, id).await?;
    document.anchor = document.anchor.settle(tx, app, visitor, &document.user_id).await?;
    let second = Some(second);
    let shown = issue::Shown { proof: document.proof.clone(), second: second.clone(), way: WayIn::SecondFactor };
    match issue(tx, app, visitor, &document.user_id, shown).await {
        Ok(issued) => Ok(Promoted::SignedIn { issued: Box::new(issued), return_to: document.return_to }),
        Err(Error::Refused(Refusal::SsoRequired(required))) => {
            let shown = issue::Shown { proof: document.proof, second, way: document.way };
            let stopped = Stopped { user_id: &document.user_id, shown, anchor: document.anchor, required };
            let browser_hash = visitor.browser.filter(|_| document.in_browser);
            let keeper = browser_hash.map(|browser_hash| Keeper { browser_hash, return_to: document.return_to });
            blocked::stop(tx, app, visitor, stopped, keeper.as_ref()).await.map(Promoted::Blocked)
        }
        Err(other) => Err(other),
    }
}
