//! Owns what a sign-in through Google or GitHub remembers between requests: a sealed document in its SignIn row, bound to
//! the browser by the hash of a cookie (T-BCP-1, T-WEB-2).

use orgate_core::assertion::Subject;
use orgate_core::email::EmailAddress;
use orgate_core::id::{Reference, SessionId, SignInId, UserId};
use orgate_core::personal::{PersonalAssertion, PersonalProvider};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{SignIn, Tx};
use serde::{Deserialize, Serialize};

use super::exchange::Pending;
use crate::app::App;
use crate::domain;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::seal::Place;
use crate::sign_in::sso::document::ATTEMPT_LIFETIME;
use crate::visitor::Visitor;

/// Waiting for the person to type a mailed code.
pub(super) const STAGE_CODE: &str = "personal-code";
/// The address has an account: waiting for the person to say how they show that it is theirs.
pub(super) const STAGE_LINK: &str = "personal-link";
/// Waiting for the person to say whether to change users.
pub(super) const STAGE_CHANGE: &str = "personal-change";
/// Over, with a reason to read.
pub(super) const STAGE_REFUSED: &str = "personal-refused";

/// What an attempt is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Coming in, or confirming that it is the same person.
    Enter,
    /// Linking the account at the provider to the person of this session.
    Link {
        /// Who asked for it.
        user_id: UserId,
        /// In which session.
        session_id: SessionId,
    },
}

/// What the provider said about the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The provider's name for the person.
    pub subject: Subject,
    /// The address that it named, as it named it.
    pub email: Option<String>,
    /// Whether it answers for the address.
    pub authoritative: bool,
    /// A display name.
    pub name: Option<String>,
}

impl Said {
    /// The address as one that an account can have; a look-alike is none (T-LNK-10).
    pub fn address(&self) -> Option<EmailAddress> {
        self.email.as_deref().and_then(|email| EmailAddress::parse_new(email).ok())
    }
}

impl From<PersonalAssertion> for Said {
    fn from(assertion: PersonalAssertion) -> Self {
        Self {
            subject: assertion.subject,
            email: assertion.email.map(|email| email.to_string()),
            authoritative: assertion.authoritative,
            name: assertion.name,
        }
    }
}

/// What is linked to whom the decision names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// At which provider.
    pub provider: PersonalProvider,
    /// What it said.
    pub said: Said,
    /// How many changes of terms were counted when the attempt began: enforcement that came since lets it link nothing.
    pub policy_epoch: i64,
}

/// A code that was right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    /// Who had the address when the code was mailed to them; nobody when it was mailed to the named address.
    pub user_id: Option<UserId>,
    /// When it was typed.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// Why an attempt is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The number to read out.
    pub reference: Reference,
    /// The stable code.
    pub code: String,
    /// What happened, in a few words.
    pub title: String,
    /// What to do.
    pub advice: String,
}

/// What one attempt remembers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Document {
    /// At which provider.
    pub provider: PersonalProvider,
    /// What for.
    pub purpose: Purpose,
    /// Where the person wanted to go: a path of ours.
    pub return_to: Option<String>,
    /// The token of an invitation that brought the person: it opens a closed sign-up.
    pub invitation: Option<String>,
    /// How many changes of terms were counted when it began: enforcement that came since lets it link nothing (T-ENF-3).
    pub policy_epoch: i64,
    /// While the provider has the browser.
    pub pending: Option<Pending>,
    /// Once the provider has spoken.
    pub said: Option<Said>,
    /// Once a code of this attempt was right (T-LNK-4).
    pub proven: Option<Proven>,
    /// The person wants to change users.
    pub change_confirmed: bool,
    /// Once it is over.
    pub refused: Option<Refused>,
}

impl Document {
    /// Of a sign-in that begins.
    pub(super) fn new(provider: PersonalProvider, purpose: Purpose, return_to: Option<String>) -> Self {
        Self {
            provider,
            purpose,
            return_to,
            invitation: None,
            policy_epoch: 0,
            pending: None,
            said: None,
            proven: None,
            change_confirmed: false,
            refused: None,
        }
    }

    /// What the provider said.
    ///
    /// *Errors*: [`Refusal::AttemptOver`] before it spoke.
    pub(super) fn said(&self) -> Result<&Said, Refusal> {
        self.said.as_ref().ok_or(Refusal::AttemptOver)
    }

    /// What can be linked.
    ///
    /// *Errors*: as [`Self::said`].
    pub(super) fn link(&self) -> Result<Link, Refusal> {
        let (provider, policy_epoch) = (self.provider, self.policy_epoch);
        Ok(Link { provider, said: self.said()?.clone(), policy_epoch })
    }
}

/// An attempt as it stands.
pub(super) struct Attempt {
    /// What it remembers.
    pub document: Document,
    /// What it waits for, in the words of the row's `stage`.
    pub stage: String,
}

fn place(id: &SignInId) -> Place<'_> {
    Place { table: "sign_ins", column: "sealed_document", row: id.as_str(), tenant: "" }
}

/// Writes an attempt down.
pub(super) async fn insert(
    tx: &mut Tx,
    app: &App,
    browser_hash: [u8; 32],
    waiting: Waiting<'_>,
    document: &Document,
) -> Result<SignInId, Error> {
    let now = app.now();
    let id: SignInId = app.entropy.id(now);
    let sealed_document = app.sealer.seal(&place(&id), &serde_json::to_vec(document)?, &*app.entropy)?;
    let (stage, state_hash) = match waiting {
        Waiting::Provider(state_hash) => (document.provider.as_str(), Some(state_hash)),
        Waiting::Person(stage) => (stage, None),
    };
    let record = SignIn {
        id: id.clone(),
        browser_hash,
        state_hash,
        organization_id: None,
        connection_id: None,
        stage: stage.to_owned(),
        sealed_document,
        created_at: now,
        expires_at: now.plus(ATTEMPT_LIFETIME),
    };
    tx.instance().insert_sign_in(&record).await?;
    Ok(id)
}

/// What an attempt waits for.
#[derive(Clone, Copy)]
pub(super) enum Waiting<'a> {
    /// The provider's answer, which is found by the hash of its state.
    Provider([u8; 32]),
    /// The person, at this stage.
    Person(&'a str),
}

/// Takes the attempt that waits for the provider, once: the row must be this browser's, this provider's, and unused.
///
/// *Errors*: [`Refusal::AttemptOver`]. *Source*: T-ID-13, T-BCP-3, T-WEB-2, T-WEB-4.
pub(super) async fn consume_state(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    provider: PersonalProvider,
    state_hash: &[u8; 32],
) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let stage = provider.as_str();
    let record = tx.instance().consume_personal_sign_in_by_state(state_hash, &browser, stage, app.now()).await?;
    open(tx, app, record).await
}

/// Looks at an attempt that waits for the person.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(super) async fn find(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().find_sign_in(id, &browser, app.now()).await?;
    open(tx, app, record.filter(waits_for_the_person)).await
}

/// Takes an attempt that waits for the person, once.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(super) async fn consume(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().consume_sign_in(id, &browser, app.now()).await?;
    open(tx, app, record.filter(waits_for_the_person)).await
}

/// Rows of other ways are not ours to read.
fn waits_for_the_person(record: &SignIn) -> bool {
    [STAGE_CODE, STAGE_LINK, STAGE_CHANGE, STAGE_REFUSED].contains(&record.stage.as_str())
}

async fn open(tx: &mut Tx, app: &App, record: Option<SignIn>) -> Result<Attempt, Error> {
    let record = record.ok_or(Refusal::AttemptOver)?;
    let plain = app.sealer.open(&place(&record.id), &record.sealed_document)?;
    let mut document: Document = serde_json::from_slice(&plain)?;
    if !is_proven_still(tx, &document).await? {
        document.proven = None;
    }
    Ok(Attempt { document, stage: record.stage })
}

/// A code that was typed before the domain of the named address passed to another organization proves nothing after it (R-LNK-7).
/// Whoever it was mailed to has that address.
async fn is_proven_still(tx: &mut Tx, document: &Document) -> Result<bool, Error> {
    let Some(proven) = &document.proven else { return Ok(true) };
    let Some(typed_at) = proven.at else { return Ok(false) };
    let Some(address) = document.said.as_ref().and_then(Said::address) else { return Ok(false) };
    domain::proves_still(tx, &address, typed_at).await
}
