//! Owns sending a browser to Google or GitHub.

use orgate_core::id::SignInId;
use orgate_core::personal::PersonalProvider;
use orgate_store::Tx;

use super::document::{self, Document, Purpose, Waiting};
use super::exchange;
use super::refused::{self, Ended};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::limit;
use crate::password_reset;
use crate::sign_in::sso::document::Browser;
use crate::token::SecretToken;
use crate::visitor::Visitor;

/// What is to be begun.
#[derive(Debug, Clone)]
pub struct NewSignIn {
    /// At which provider.
    pub provider: PersonalProvider,
    /// Where the person wants to go: a path of ours.
    pub return_to: Option<String>,
    /// The token of the invitation that brought them.
    pub invitation: Option<String>,
}

/// How it begins. The token is the browser's cookie, if it has none yet.
#[derive(Debug)]
pub struct Begun {
    /// Where it goes on.
    pub onward: Onward,
    /// The cookie to set.
    pub cookie: Option<SecretToken>,
}

/// Where a sign-in goes on.
#[derive(Debug)]
pub enum Onward {
    /// At the provider.
    Provider(String),
    /// Nowhere: the provider cannot be asked; the page of this attempt says why.
    Refused(SignInId),
}

/// Begins a sign-in, or in a session a fresh proof.
///
/// *Errors*: [`MethodNotOffered`](orgate_core::refusal::Refusal::MethodNotOffered),
/// [`TooManyRequests`](orgate_core::refusal::Refusal::TooManyRequests).
pub async fn begin(app: &App, visitor: &Visitor, new: NewSignIn) -> Result<Begun, Error> {
    limit::sso(app, visitor).await?;
    let document = Document::new(new.provider, Purpose::Enter, new.return_to);
    start(app, visitor, Document { invitation: new.invitation, ..document }).await
}

/// Begins linking an account at the provider to the person who is signed in.
///
/// *Errors*: as [`begin`]; those of [`authorise::account_recently`]; and
/// [`SsoRequired`](orgate_core::refusal::Refusal::SsoRequired) where enforcement binds the person (R-ENF-11).
pub async fn begin_link(app: &App, visitor: &Visitor, provider: PersonalProvider) -> Result<Begun, Error> {
    limit::sso(app, visitor).await?;
    let purpose = app
        .store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let epoch = tx.instance().load_policy_epoch().await?;
                password_reset::allowed(tx, &user, epoch, app.now()).await??;
                Ok::<_, Error>(Purpose::Link { user_id: user.id, session_id: caller.session_id().clone() })
            })
        })
        .await?;
    start(app, visitor, Document::new(provider, purpose, None)).await
}

/// Draws the attempt's values and writes them down.
async fn start(app: &App, visitor: &Visitor, document: Document) -> Result<Begun, Error> {
    let browser = Browser::of(app, visitor);
    let begun = exchange::begin(app, document.provider).await?;
    let input = (
        app.clone(),
        visitor.clone(),
        browser.hash,
        document,
        begun.map(|begun| (begun.url, begun.state_hash, begun.pending)),
    );
    let onward = app
        .store
        .write(input, |tx, (app, visitor, browser, document, begun)| {
            Box::pin(async move {
                match begun {
                    Ok((url, state_hash, pending)) => {
                        let document = Document { pending: Some(pending.clone()), ..document.clone() };
                        remember(tx, app, *browser, *state_hash, document).await?;
                        Ok::<_, Error>(Onward::Provider(url.clone()))
                    }
                    Err(refusal) => {
                        let ended = Ended::ByProvider(refusal);
                        refused::file(tx, app, visitor, *browser, (document, &ended)).await.map(Onward::Refused)
                    }
                }
            })
        })
        .await?;
    Ok(Begun { onward, cookie: browser.cookie })
}

async fn remember(
    tx: &mut Tx,
    app: &App,
    browser: [u8; 32],
    state_hash: [u8; 32],
    document: Document,
) -> Result<(), Error> {
    let policy_epoch = tx.instance().load_policy_epoch().await?.as_number();
    let document = Document { policy_epoch, ..document };
    document::insert(tx, app, browser, Waiting::Provider(state_hash), &document).await.map(|_| ())
}
