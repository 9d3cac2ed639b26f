//! Owns what a stopped sign-in remembers: a sealed document in its SignIn row, bound to the browser by the hash of a
//! cookie. It lives as long as its proof may be old, and only while that proof is still right.

use orgate_core::id::{OrganizationId, Reference, SignInId, UserId};
use orgate_core::proof::Proof;
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::way_in::WayIn;
use orgate_store::{SignIn, Tx, User};
use serde::{Deserialize, Serialize};

use super::{Keeper, Stopped};
use crate::app::App;
use crate::departure;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::seal::Place;
use crate::sign_in::anchor::Anchor;
use crate::sign_in::sso::document::ATTEMPT_LIFETIME;
use crate::visitor::Visitor;

/// Waiting for the person to choose an organization's SSO, or to leave one.
const STAGE_BLOCKED: &str = "blocked";

/// What a stopped sign-in remembers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Document {
    /// Who.
    pub user_id: UserId,
    /// What was right, and when.
    pub proof: Proof,
    /// The second factor that was right after it.
    pub second: Option<Proof>,
    /// On which way.
    pub way: WayIn,
    /// What it hangs on: without that this attempt is worthless.
    anchor: Anchor,
    /// The number in the logs.
    pub reference: Reference,
    /// In whose logs.
    pub told: Vec<OrganizationId>,
    /// Where they wanted to go: a path of ours.
    pub return_to: Option<String>,
}

impl Document {
    pub(super) fn new(stopped: &Stopped<'_>, keeper: &Keeper, reference: &Reference) -> Self {
        Self {
            user_id: stopped.user_id.clone(),
            proof: stopped.shown.proof.clone(),
            second: stopped.shown.second.clone(),
            way: stopped.shown.way,
            anchor: stopped.anchor.clone(),
            reference: reference.clone(),
            told: stopped.required.iter().map(|one| one.id.clone()).collect(),
            return_to: keeper.return_to.clone(),
        }
    }

    /// The second factor that was shown already: after the first proof, or by it where that is one itself.
    pub(super) fn shown_factor(&self) -> Option<&Proof> {
        self.second.as_ref().or_else(|| Some(&self.proof).filter(|proof| proof.method().is_second_factor()))
    }
}

/// A stopped sign-in as it stands.
pub(super) struct Attempt {
    /// What it remembers.
    pub document: Document,
    /// Who, as they are now.
    pub user: User,
    /// Who asks for their SSO now.
    pub organizations: Vec<RequiringOrganization>,
}

impl Attempt {
    /// One of the organizations that bind the person.
    ///
    /// *Errors*: [`Refusal::NotFound`] for any other: only what binds is left on this way.
    pub(super) fn organization(&self, slug: &str) -> Result<RequiringOrganization, Refusal> {
        self.organizations.iter().find(|one| one.slug == slug).cloned().ok_or(Refusal::NotFound)
    }
}

fn place(id: &SignInId) -> Place<'_> {
    Place { table: "sign_ins", column: "sealed_document", row: id.as_str(), tenant: "" }
}

/// Writes it down.
pub(super) async fn insert(
    tx: &mut Tx,
    app: &App,
    browser_hash: [u8; 32],
    document: &Document,
) -> Result<SignInId, Error> {
    let now = app.now();
    let id: SignInId = app.entropy.id(now);
    let sealed_document = app.sealer.seal(&place(&id), &serde_json::to_vec(document)?, &*app.entropy)?;
    let record = SignIn {
        id: id.clone(),
        browser_hash,
        state_hash: None,
        organization_id: None,
        connection_id: None,
        stage: STAGE_BLOCKED.to_owned(),
        sealed_document,
        created_at: now,
        // Leaving one organization of several makes another row, but no proof younger.
        expires_at: document.proof.at().plus(ATTEMPT_LIFETIME),
    };
    tx.instance().insert_sign_in(&record).await?;
    Ok(id)
}

/// This browser's stopped sign-in, if its proof is still right and somebody still asks for their SSO.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(super) async fn find(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().find_sign_in(id, &browser, app.now()).await?.ok_or(Refusal::AttemptOver)?;
    if record.stage != STAGE_BLOCKED {
        return Err(Refusal::AttemptOver.into());
    }
    let plain = app.sealer.open(&place(&record.id), &record.sealed_document)?;
    let document: Document = serde_json::from_slice(&plain)?;
    let user = tx.instance().find_user(&document.user_id).await?.filter(|user| user.closed_at.is_none());
    let user = user.ok_or(Refusal::AttemptOver)?;
    if !document.anchor.holds(tx, &user.id).await? {
        return Err(Refusal::AttemptOver.into());
    }
    let organizations = departure::binding(tx, app, &user).await?;
    if organizations.is_empty() {
        return Err(Refusal::AttemptOver.into());
    }
    Ok(Attempt { document, user, organizations })
}

/// The same of somebody for whom there is a way out.
///
/// *Errors*: those of [`find`]; [`Refusal::NotFound`] for who has none.
pub(super) async fn find_leaver(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let attempt = find(tx, app, visitor, id).await?;
    if departure::may_leave(&attempt.user) { Ok(attempt) } else { Err(Refusal::NotFound.into()) }
}

/// Uses it up, once.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(super) async fn consume(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<(), Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let used = tx.instance().consume_sign_in(id, &browser, app.now()).await?;
    used.map(|_| ()).ok_or_else(|| Refusal::AttemptOver.into())
}
