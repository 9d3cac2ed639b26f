//! Owns what one attempt remembers between requests: a sealed document in its SignIn row, bound to the browser by the
//! hash of a cookie. The browser holds nothing but that cookie (T-BCP-1).

use std::time::Duration;

use orgate_core::assertion::Assertion;
use orgate_core::id::{ConnectionId, ConnectionTestId, OrganizationId, RevisionId, SignInId, UserId};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::Started;
use orgate_core::time::Timestamp;
use orgate_store::{SignIn, Tx};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::app::App;
use crate::domain;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::log_out::way_out::Known;
use crate::seal::Place;
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// How long an attempt may take at the IdP, and at each question. *Units*: ten minutes. *Source*: T-ID-13.
pub const ATTEMPT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// What an attempt is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A session.
    SignIn,
    /// A test of a revision, for the Owner who started it (R-SSO-6).
    Test {
        /// Which test.
        test_id: ConnectionTestId,
        /// Who started it.
        started_by: UserId,
    },
}

/// The values that must come back with the answer of the IdP.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Handshake {
    /// The PKCE verifier.
    pub verifier: String,
    /// SHA-256 of the nonce.
    pub nonce_hash: [u8; 32],
}

/// What one attempt remembers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Document {
    /// Whose connection.
    pub organization_id: OrganizationId,
    /// Which connection.
    pub connection_id: ConnectionId,
    /// By which revision's settings.
    pub revision_id: RevisionId,
    /// What for.
    pub purpose: Purpose,
    /// Who started it.
    pub started: Started,
    /// When it began: a connection that was replaced or disabled since lets it not finish (R-SSO-7).
    pub began_at: Timestamp,
    /// Where the person wanted to go: a path of ours.
    pub return_to: Option<String>,
    /// Whether the IdP was asked to authenticate anew (R-IN-8).
    pub max_age_zero: bool,
    /// While the IdP has the browser.
    pub handshake: Option<Handshake>,
    /// Once the IdP has spoken.
    pub assertion: Option<Assertion>,
    /// What signing out at the IdP will take, once it has spoken.
    #[serde(default)]
    pub known: Option<Known>,
    /// The person wants to be created or linked.
    pub creation_confirmed: bool,
    /// The person wants to change users.
    pub change_confirmed: bool,
    /// The user whose address was proven by a code bound to this attempt.
    pub code_proven_for: Option<UserId>,
    /// When the code was typed.
    #[serde(default)]
    pub code_proven_at: Option<Timestamp>,
    /// Whose second factor was right, and which (R-LNK-3).
    #[serde(default)]
    pub second: Option<(UserId, Proof)>,
    /// How many wrong factors there were.
    #[serde(default)]
    pub wrong_factors: u8,
}

/// An attempt as it stands.
pub struct Attempt {
    /// Its row.
    pub id: SignInId,
    /// What it remembers.
    pub document: Document,
    /// What it waits for, in the words of the row's `stage`.
    pub stage: String,
}

/// Waiting for the IdP.
pub const STAGE_IDP: &str = "idp";
/// Waiting for the person to type a mailed code.
pub const STAGE_CODE: &str = "code";
/// Waiting for the person to say whether they want to become known here.
pub const STAGE_CREATION: &str = "creation";
/// Waiting for the second factor of who is about to join (R-LNK-3).
pub const STAGE_FACTOR: &str = "factor";
/// Waiting for the person to say whether to change users.
pub const STAGE_CHANGE: &str = "change";

fn place<'a>(id: &'a SignInId, organization_id: &'a OrganizationId) -> Place<'a> {
    Place { table: "sign_ins", column: "sealed_document", row: id.as_str(), tenant: organization_id.as_str() }
}

/// The browser's binding, made when it has none yet.
pub struct Browser {
    /// The hash in the row.
    pub hash: [u8; 32],
    /// The cookie to set, if it is new.
    pub cookie: Option<SecretToken>,
}

impl Browser {
    /// Of a visitor.
    pub fn of(app: &App, visitor: &Visitor) -> Self {
        if let Some(hash) = visitor.browser {
            return Self { hash, cookie: None };
        }
        let token = SecretToken::generate(&*app.entropy);
        Self { hash: token.hash(TokenPurpose::Browser), cookie: Some(token) }
    }
}

/// Writes an attempt down.
pub(crate) async fn insert(
    tx: &mut Tx,
    app: &App,
    browser_hash: [u8; 32],
    state_hash: Option<[u8; 32]>,
    stage: &str,
    document: &Document,
) -> Result<SignInId, Error> {
    let now = app.now();
    let id: SignInId = app.entropy.id(now);
    let plain = serde_json::to_vec(document)?;
    let sealed = app.sealer.seal(&place(&id, &document.organization_id), &plain, &*app.entropy)?;
    let record = SignIn {
        id: id.clone(),
        browser_hash,
        state_hash,
        organization_id: Some(document.organization_id.clone()),
        connection_id: Some(document.connection_id.clone()),
        stage: stage.to_owned(),
        sealed_document: sealed,
        created_at: now,
        expires_at: now.plus(ATTEMPT_LIFETIME),
    };
    tx.instance().insert_sign_in(&record).await?;
    Ok(id)
}

/// Takes the attempt that waits for the IdP, once: the row must be this browser's, this connection's, and unused.
///
/// *Errors*: [`Refusal::AttemptOver`]. *Source*: T-ID-13, T-BCP-3, T-WEB-2, T-WEB-4.
pub(crate) async fn consume_state(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    connection_id: &ConnectionId,
    state_hash: &[u8; 32],
) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().consume_sign_in_by_state(state_hash, &browser, connection_id, app.now()).await?;
    open(tx, app, record.ok_or(Refusal::AttemptOver)?).await
}

/// Looks at an attempt that waits for the person.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(crate) async fn find(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().find_sign_in(id, &browser, app.now()).await?;
    open(tx, app, record.ok_or(Refusal::AttemptOver)?).await
}

/// Takes an attempt that waits for the person, once.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(crate) async fn consume(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().consume_sign_in(id, &browser, app.now()).await?;
    open(tx, app, record.ok_or(Refusal::AttemptOver)?).await
}

async fn open(tx: &mut Tx, app: &App, record: SignIn) -> Result<Attempt, Error> {
    let organization_id = record.organization_id.as_ref().ok_or(Refusal::AttemptOver)?;
    let plain = app.sealer.open(&place(&record.id, organization_id), &record.sealed_document)?;
    let mut document: Document = serde_json::from_slice(&plain)?;
    if !is_proven_still(tx, &document).await? {
        (document.code_proven_for, document.code_proven_at) = (None, None);
    }
    Ok(Attempt { id: record.id, document, stage: record.stage })
}

/// A code that was typed before the domain of the address passed to another organization proves nothing after it (R-LNK-7).
async fn is_proven_still(tx: &mut Tx, document: &Document) -> Result<bool, Error> {
    let Some(user_id) = &document.code_proven_for else { return Ok(true) };
    let Some(typed_at) = document.code_proven_at else { return Ok(false) };
    let address = tx.instance().load_user(user_id).await?.email;
    domain::proves_still(tx, &address, typed_at).await
}
