//! Owns signing in by a passkey alone: the authenticator verified its holder, so it is both factors (R-IN-1, R-IN-4). The
//! person is found by the key that their browser chose, never by anything typed.

use orgate_core::id::{CeremonyId, Identifier as _, UserId};
use orgate_core::passkey::{CeremonyPurpose, PasskeyRefusal};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{Passkey, Tx};
use zeroize::Zeroizing;

use super::anchor::Anchor;
use super::blocked::Keeper;
use super::issue::Shown;
use super::password::{Entry, decide};
use super::sso::document::Browser;
use crate::app::App;
use crate::audit::Event;
use crate::error::Error;
use crate::limit;
use crate::passkey::ceremony::{self, Begun, BoundTo};
use crate::passkey::{Assertion, Site, Verified};
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// Between the two parts of a program's name for its challenge; no identifier and no secret holds it.
const BETWEEN: char = '.';

/// What came back from an authenticator.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Which challenge it answers.
    pub ceremony_id: String,
    /// What `navigator.credentials` gave, as JSON.
    pub credential: String,
}

/// Draws a challenge for a browser. The token is the browser's cookie, if it has none yet.
///
/// *Errors*: [`Refusal::MethodNotOffered`], [`Refusal::TooManyRequests`].
pub async fn begin(app: &App, visitor: &Visitor) -> Result<(Begun, Option<SecretToken>), Error> {
    let browser = Browser::of(app, visitor);
    let begun = draw(app, visitor, browser.hash).await?;
    Ok((begun, browser.cookie))
}

/// Draws a challenge for a program, and gives the name by which it goes on: who knows the id alone can do nothing with it.
///
/// *Errors*: as [`begin`].
pub async fn begin_for_program(app: &App, visitor: &Visitor) -> Result<(Begun, Zeroizing<String>), Error> {
    let secret = SecretToken::generate(&*app.entropy);
    let begun = draw(app, visitor, secret.hash(TokenPurpose::SignIn)).await?;
    let handle = Zeroizing::new(format!("{}{BETWEEN}{}", begun.id, *secret.reveal()));
    Ok((begun, handle))
}

/// The challenge that a program names, and the hash that stands in place of a browser's.
pub fn read_handle(text: &str) -> Option<(CeremonyId, [u8; 32])> {
    let (id, secret) = text.split_once(BETWEEN)?;
    Some((CeremonyId::parse(id)?, SecretToken::parse(secret)?.hash(TokenPurpose::SignIn)))
}

async fn draw(app: &App, visitor: &Visitor, browser_hash: [u8; 32]) -> Result<Begun, Error> {
    let site = Site::of(app)?;
    limit::challenge(app, visitor).await?;
    app.store
        .write((app.clone(), site, BoundTo::Browser(browser_hash)), |tx, (app, site, bound_to)| {
            Box::pin(async move {
                let (id, challenge) = ceremony::draw(tx, app, CeremonyPurpose::SignIn, bound_to).await?;
                Ok(Begun { id, options: site.request_options(&[], &challenge) })
            })
        })
        .await
}

/// Signs in, for a browser: a sign-in that is stopped stays as an attempt of it.
///
/// *Errors*: [`Refusal::Passkey`], [`Refusal::AttemptOver`], [`Refusal::TooManyRequests`], [`Refusal::MethodNotOffered`].
pub async fn enter(
    app: &App,
    visitor: &Visitor,
    answered: &Answered,
    return_to: Option<String>,
) -> Result<Entry, Error> {
    let browser_hash = visitor.browser.ok_or(Refusal::AttemptOver)?;
    finish(app, visitor, answered, Some(Keeper { browser_hash, return_to })).await
}

/// Signs in, for a program.
///
/// *Errors*: as [`enter`].
pub async fn complete(app: &App, visitor: &Visitor, answered: &Answered) -> Result<Entry, Error> {
    finish(app, visitor, answered, None).await
}

async fn finish(app: &App, visitor: &Visitor, answered: &Answered, keeper: Option<Keeper>) -> Result<Entry, Error> {
    let bound_to = BoundTo::Browser(visitor.holder().ok_or(Refusal::AttemptOver)?);
    let asked = Asked { purpose: CeremonyPurpose::SignIn, bound_to, whose: None };
    let right = judge(app, visitor, &Site::of(app)?, asked, answered).await?;
    let entry = app
        .store
        .write((app.clone(), visitor.clone(), right, keeper), |tx, (app, visitor, right, keeper)| {
            Box::pin(async move {
                let proof = right.use_up(tx, app).await?;
                let shown = Shown::one(proof, WayIn::Passkey);
                let anchor = Anchor::Passkey(right.passkey.id.clone());
                decide(tx, app, visitor, (&right.passkey.user_id, shown, anchor), keeper.as_ref()).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(entry)
}

/// Which answer is waited for.
pub(super) struct Asked {
    /// What the challenge was drawn for.
    pub purpose: CeremonyPurpose,
    /// To whom it was given.
    pub bound_to: BoundTo,
    /// Whose passkey it has to be; the authenticator says so where nobody is known yet.
    pub whose: Option<UserId>,
}

/// A right answer, not yet used up.
pub(super) struct Right {
    /// The passkey as it was read.
    pub passkey: Passkey,
    verified: Verified,
}

impl Right {
    /// Writes the use down, in the transaction that the proof serves in.
    ///
    /// *Errors*: [`Refusal::Passkey`] when it was removed, or used with a later counter, meanwhile.
    pub(super) async fn use_up(&self, tx: &mut Tx, app: &App) -> Result<Proof, Error> {
        let at = app.now();
        let Verified { sign_count, backed_up } = self.verified;
        if tx.instance().touch_passkey(&self.passkey.id, sign_count, backed_up, at).await? {
            return Ok(Proof::Passkey { at });
        }
        let there = tx.instance().find_passkey_by_credential(&self.passkey.credential_id).await?;
        let why = if there.is_some() { PasskeyRefusal::Copied } else { PasskeyRefusal::Unknown };
        Err(Refusal::Passkey(why).into())
    }
}

/// Uses the challenge up and compares the answer, outside of any transaction. A wrong one is written down.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::Passkey`].
pub(super) async fn judge(
    app: &App,
    visitor: &Visitor,
    site: &Site,
    Asked { purpose, bound_to, whose }: Asked,
    answered: &Answered,
) -> Result<Right, Error> {
    let challenge = ceremony::consume(app, &answered.ceremony_id, purpose, bound_to).await?;
    let mut named = None;
    let outcome = compare(app, site, &challenge, whose.as_ref(), answered, &mut named).await;
    if let Err(Error::Refused(refusal)) = &outcome {
        let target = whose.or(named);
        let mut event = Event::refused("session.refused", refusal.code())
            .data(serde_json::json!({ "method": "passkey", "purpose": purpose.as_str() }));
        event.target = target.as_ref().map(ToString::to_string);
        limit::note_refused(app, visitor, target.as_ref().map_or("", UserId::as_str), event).await?;
    }
    outcome
}

async fn compare(
    app: &App,
    site: &Site,
    challenge: &[u8; 32],
    whose: Option<&UserId>,
    answered: &Answered,
    named: &mut Option<UserId>,
) -> Result<Right, Error> {
    let assertion = Assertion::parse(&answered.credential).map_err(Refusal::from)?;
    let found = app
        .store
        .read(assertion.credential_id.clone(), |tx, id| {
            Box::pin(async move { Ok::<_, Error>(tx.instance().find_passkey_by_credential(id).await?) })
        })
        .await?;
    let is_theirs = |passkey: &Passkey| whose.is_none_or(|user_id| passkey.user_id == *user_id);
    let passkey = found.filter(is_theirs).ok_or(Refusal::Passkey(PasskeyRefusal::Unknown))?;
    *named = Some(passkey.user_id.clone());
    // 7.2, step 6: who is not known yet is known by what the authenticator says.
    if whose.is_none() && assertion.user_handle.is_none() {
        return Err(Refusal::Passkey(PasskeyRefusal::Invalid).into());
    }
    let verified = site.verify(challenge, &passkey, &assertion).map_err(Refusal::from)?;
    Ok(Right { passkey, verified })
}
