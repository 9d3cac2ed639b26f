//! Owns what the browser brings back from Google or GitHub. The attempt's row is consumed before anything else, so that an
//! answer serves once (T-BCP-3, T-WEB-4); no transaction is open while the provider is asked.

use orgate_core::personal::PersonalProvider;
use orgate_core::refusal::Refusal;

use super::act::{Outcome, act};
use super::document::{self, Document};
use super::refused::{self, Ended};
use super::{exchange, facts};
use crate::app::App;
use crate::error::{Error, Fault};
use crate::visitor::Visitor;

/// Takes the callback of a provider.
///
/// *Errors*: [`Refusal::AttemptOver`] when the answer belongs to no attempt of this browser and provider;
/// [`Refusal::MethodNotOffered`].
pub async fn callback(app: &App, visitor: &Visitor, provider: PersonalProvider, query: &str) -> Result<Outcome, Error> {
    let (callback, state_hash) = exchange::read_callback(query)?;
    let mut document = take(app, visitor, provider, state_hash).await?;
    let pending =
        document.pending.take().ok_or(Error::Fault(Fault::Impossible("an attempt at a provider without values")))?;
    let outcome = match exchange::finish(app, provider, &pending, &callback).await? {
        Ok(assertion) => {
            document.said = Some(assertion.into());
            finish(app, visitor, document).await?
        }
        Err(refusal) => {
            let input = (app.clone(), visitor.clone(), document, refusal);
            app.store
                .write(input, |tx, (app, visitor, document, refusal)| {
                    Box::pin(async move {
                        let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
                        let ended = (document, &Ended::ByProvider(refusal));
                        refused::file(tx, app, visitor, browser, ended).await.map(Outcome::Asks)
                    })
                })
                .await?
        }
    };
    app.outbox.wake();
    Ok(outcome)
}

async fn take(
    app: &App,
    visitor: &Visitor,
    provider: PersonalProvider,
    state_hash: [u8; 32],
) -> Result<Document, Error> {
    let input = (app.clone(), visitor.clone(), provider, state_hash);
    app.store
        .write(input, |tx, (app, visitor, provider, state_hash)| {
            Box::pin(async move {
                let attempt = document::consume_state(tx, app, visitor, *provider, state_hash).await?;
                Ok::<_, Error>(attempt.document)
            })
        })
        .await
}

/// Decides and writes. A refusal undoes what was written, so it is filed in a transaction of its own.
pub(super) async fn finish(app: &App, visitor: &Visitor, document: Document) -> Result<Outcome, Error> {
    let sign_up_open = facts::is_sign_up_open(app, &document).await?;
    let input = (app.clone(), visitor.clone(), document.clone(), sign_up_open);
    let acted = app
        .store
        .write(input, |tx, (app, visitor, document, open)| Box::pin(act(tx, app, visitor, document, *open)))
        .await;
    match acted {
        Err(Error::Refused(refusal)) if refusal != Refusal::AttemptOver => file(app, visitor, document, refusal).await,
        other => other,
    }
}

async fn file(app: &App, visitor: &Visitor, document: Document, refusal: Refusal) -> Result<Outcome, Error> {
    app.store
        .write((app.clone(), visitor.clone(), document, refusal), |tx, (app, visitor, document, refusal)| {
            Box::pin(async move {
                let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
                let ended = (document, &Ended::ByRule(refusal));
                refused::file(tx, app, visitor, browser, ended).await.map(Outcome::Asks)
            })
        })
        .await
}
