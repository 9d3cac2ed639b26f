//! Owns what happens once Google or GitHub has spoken: facts, decision, writes, session and audit in one transaction, or a
//! question to the person.

use orgate_core::challenge::ChallengePurpose;
use orgate_core::email::EmailAddress;
use orgate_core::id::{SignInId, UserId};
use orgate_core::personal::PersonalProvider;
use orgate_core::personal_linking::{PersonalLinking, link};
use orgate_core::policy::{Decision, Question, decide};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::Tx;

use super::bind;
use super::document::{self, Document, Purpose, STAGE_CHANGE, STAGE_CODE, STAGE_LINK, Waiting};
use super::facts;
use super::proof_of;
use crate::app::App;
use crate::authorise::{self, Caller};
use crate::challenge::{self, Ask};
use crate::error::Error;
use crate::limit;
use crate::mail::MailTemplate;
use crate::mail::personal_letters::PersonalMail;
use crate::sign_in::anchor::Anchor;
use crate::sign_in::blocked::Keeper;
use crate::sign_in::issue::Shown;
use crate::sign_in::password::{self, Entry};
use crate::sign_in::second_factor::{self, Held};
use crate::visitor::Visitor;

/// What a request of an attempt ends in.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The proof is right: a session, or what is missing for one.
    Entered {
        /// What it led to.
        entry: Box<Entry>,
        /// Where the person wanted to go.
        return_to: Option<String>,
        /// Whether they are new here, and belong nowhere yet.
        newcomer: bool,
    },
    /// A question to the person, or why it is over, on the page of this attempt.
    Asks(SignInId),
    /// The six digits are not the ones mailed; the attempt goes on.
    WrongCode(SignInId),
    /// The account at the provider is linked to the person who is signed in.
    Linked {
        /// At which provider.
        provider: PersonalProvider,
        /// Where the person wanted to go.
        return_to: Option<String>,
    },
    /// The person said no.
    Cancelled,
}

/// Decides on an attempt whose assertion is known, and does what was decided.
pub(super) async fn act(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    sign_up_open: bool,
) -> Result<Outcome, Error> {
    match &document.purpose {
        Purpose::Enter => enter(tx, app, visitor, document, sign_up_open).await,
        Purpose::Link { user_id, session_id } => {
            let caller = authorise::account_recently(tx, app, visitor).await?;
            // Signed in anew meanwhile, as whoever: then it is asked for anew.
            if caller.user_id() != user_id || caller.session_id() != session_id {
                return Err(Refusal::AttemptOver.into());
            }
            bind::bind_own(tx, app, visitor, document, &caller).await?;
            Ok(Outcome::Linked { provider: document.provider, return_to: document.return_to.clone() })
        }
    }
}

async fn enter(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    sign_up_open: bool,
) -> Result<Outcome, Error> {
    let linking = link(&facts::gather(tx, document, sign_up_open).await?);
    let to = match &linking {
        PersonalLinking::Refuse(refusal) => return Err(Refusal::from(*refusal).into()),
        PersonalLinking::AskToLink { .. } => return ask(tx, app, visitor, STAGE_LINK, document).await,
        PersonalLinking::ProveAddress { user_id } => {
            return ask_for_code(tx, app, visitor, document, user_id.as_ref()).await;
        }
        PersonalLinking::SignIn { user_id } | PersonalLinking::Link { user_id } => Some(user_id),
        PersonalLinking::Provision => None,
    };
    let browser = authorise::find_session(tx, app, visitor).await?;
    let own = browser.as_ref().filter(|caller| Some(caller.user_id()) == to);
    if browser.is_some() && own.is_none() && !document.change_confirmed {
        // Nothing is added to another person's session (R-SSO-8).
        return ask(tx, app, visitor, STAGE_CHANGE, document).await;
    }
    come_in(tx, app, visitor, document, (&linking, own)).await
}

const fn way_of(provider: PersonalProvider) -> WayIn {
    match provider {
        PersonalProvider::Google => WayIn::Google,
        PersonalProvider::GitHub => WayIn::GitHub,
    }
}

/// Makes what was decided, and hands the proof to the only maker of sessions; `own` is the person's session there is.
async fn come_in(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    (linking, own): (&PersonalLinking, Option<&Caller>),
) -> Result<Outcome, Error> {
    let said = document.said()?;
    let (user_id, anchor) = match linking {
        PersonalLinking::SignIn { user_id } => {
            let identity = tx.instance().find_personal_identity(document.provider, &said.subject).await?;
            (user_id.clone(), Anchor::Identity(identity.ok_or(Refusal::AttemptOver)?.id))
        }
        PersonalLinking::Link { user_id } => {
            let link = document.link()?;
            // With a second factor the link is made once that was shown, and not before.
            let waits = bind::may_bind(tx, app, &link, user_id).await?.has_second_factor;
            let link = Anchor::Linking(Box::new(link));
            (user_id.clone(), if waits { link } else { link.settle(tx, app, visitor, user_id).await? })
        }
        PersonalLinking::Provision => {
            let (user_id, identity_id) = bind::provision(tx, app, visitor, document).await?;
            (user_id, Anchor::Identity(identity_id))
        }
        PersonalLinking::AskToLink { .. } | PersonalLinking::ProveAddress { .. } | PersonalLinking::Refuse(_) => {
            return Err(Refusal::AttemptOver.into());
        }
    };
    if let Anchor::Identity(id) = &anchor {
        tx.instance().touch_personal_identity(id, said.email.as_deref(), app.now()).await?;
    }
    let browser_hash = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let keeper = Keeper { browser_hash, return_to: document.return_to.clone() };
    let proof = proof_of(document.provider, app.now());
    let entry = if waits_for_factor(&anchor, own, &proof) {
        let held = Held { user_id: &user_id, proof, way: way_of(document.provider), anchor };
        Entry::SecondFactor(second_factor::hold(tx, app, held, Some(&keeper)).await?)
    } else {
        let way = if own.is_some() { WayIn::PersonalAgain } else { way_of(document.provider) };
        let shown = Shown::one(proof, way);
        let entry = password::decide(tx, app, visitor, (&user_id, shown, anchor.clone()), Some(&keeper)).await?;
        if matches!(entry, Entry::SignedIn(_)) {
            anchor.settle(tx, app, visitor, &user_id).await?;
        }
        entry
    };
    let newcomer = *linking == PersonalLinking::Provision;
    Ok(Outcome::Entered { entry: Box::new(entry), return_to: document.return_to.clone(), newcomer })
}

/// Whether a link is still to be made, and the person's account is not open to what they have shown: then the second factor is
/// asked for first, even in a session that SSO made, which goes on without one (R-LNK-9, R-IN-9).
fn waits_for_factor(anchor: &Anchor, own: Option<&Caller>, proof: &Proof) -> bool {
    match anchor {
        Anchor::Linking(_) => own.is_none_or(|caller| {
            decide(Question::Account, &caller.world, &caller.proofs().with(proof.clone())) != Decision::Allow
        }),
        Anchor::Password(_) | Anchor::Identity(_) | Anchor::Passkey(_) => false,
    }
}

/// Keeps the attempt for the person, under another id.
pub(super) async fn ask(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    stage: &str,
    document: &Document,
) -> Result<Outcome, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    document::insert(tx, app, browser, Waiting::Person(stage), document).await.map(Outcome::Asks)
}

/// The same, and mails a code bound to the attempt (T-LNK-4).
pub(super) async fn ask_for_code(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    user_id: Option<&UserId>,
) -> Result<Outcome, Error> {
    let outcome = ask(tx, app, visitor, STAGE_CODE, document).await?;
    if let Outcome::Asks(id) = &outcome {
        mail_code(tx, app, document, id, user_id).await?;
    }
    Ok(outcome)
}

/// Mails a code: to the stored address of who has it, else to the named one. An earlier one of the attempt is void.
pub(super) async fn mail_code(
    tx: &mut Tx,
    app: &App,
    document: &Document,
    id: &SignInId,
    user_id: Option<&UserId>,
) -> Result<(), Error> {
    let to: EmailAddress = match user_id {
        Some(user_id) => tx.instance().load_user(user_id).await?.email,
        None => document.said()?.address().ok_or(Refusal::AttemptOver)?,
    };
    limit::mail_in(tx, app, to.key()).await?;
    let ask = Ask { purpose: ChallengePurpose::PersonalSignIn, bound_to: id.as_str(), user_id, email: &to };
    let (_, code) = challenge::put(tx, app, ask).await?;
    let mail = PersonalMail::Code { code, provider: document.provider, known: user_id.is_some() };
    app.outbox.put(tx, &to, MailTemplate::Personal(mail)).await
}
