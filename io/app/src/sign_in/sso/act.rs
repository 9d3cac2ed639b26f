//! Owns what happens once the IdP has spoken: facts, decision, writes, session and audit in one transaction, or a
//! question to the person, or a refusal with a reference.

use orgate_core::assertion::Assertion;
use orgate_core::challenge::ChallengePurpose;
use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionId, ConnectionTestId, OrganizationId, SignInId, UserId};
use orgate_core::linking::{Linking, link};
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::{Attempt, Next, after_linking};
use orgate_core::way_in::WayIn;
use orgate_sso::oidc::session_expiry;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::{Organization, Tx, User};

use super::attempts::{self, Ended, RefusalPage};
use super::document::{Document, Purpose, STAGE_CHANGE, STAGE_CODE, STAGE_CREATION, STAGE_FACTOR};
use super::{bearer, document, facts, newcomer};
use crate::app::App;
use crate::authorise;
use crate::challenge::{self, Ask};
use crate::connection;
use crate::connection_test;
use crate::error::{Error, Fault};
use crate::limit;
use crate::log_out::way_out;
use crate::mail::MailTemplate;
use crate::notice;
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::sign_in::second_factor;
use crate::visitor::Visitor;

/// What a request of an attempt ends in.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A session.
    SignedIn {
        /// The session.
        issued: Box<Issued>,
        /// Where the person wanted to go.
        return_to: Option<String>,
        /// The short name of the organization that they came in through.
        slug: String,
    },
    /// A question to the person, on the page of this attempt.
    Asks(SignInId),
    /// A test is over; its page says how.
    Tested {
        /// The organization's short name.
        slug: String,
        /// Which connection.
        connection_id: ConnectionId,
        /// Which test.
        test_id: ConnectionTestId,
    },
    /// No; the page of this reference says why.
    Refused(RefusalPage),
    /// The person said no; back to the organization's login address.
    Cancelled {
        /// Its short name.
        slug: String,
    },
    /// The six digits are not the ones mailed; the attempt goes on.
    WrongCode(SignInId),
    /// The second factor is not right; the attempt goes on under this id.
    WrongFactor(SignInId),
}

/// Decides on an attempt whose assertion is known, and does what was decided.
pub(crate) async fn act(tx: &mut Tx, app: &App, visitor: &Visitor, document: &Document) -> Result<Outcome, Error> {
    let assertion =
        document.assertion.as_ref().ok_or(Error::Fault(Fault::Impossible("an attempt without assertion")))?;
    if let Purpose::Test { test_id, started_by } = &document.purpose {
        connection_test::finish(tx, app, visitor, document, assertion, test_id, started_by).await?;
        return tested(tx, document, test_id).await;
    }
    let slug = match unchanged(tx, document).await? {
        Ok(organization) => organization.slug,
        Err(refusal) => return refuse(tx, app, visitor, document, None, &refusal).await,
    };
    if ended_meanwhile(tx, document, assertion).await? {
        return refuse(tx, app, visitor, document, None, &Refusal::SignedOutAtProvider).await;
    }
    if let Err(refusal) = session_expiry::require_ahead(assertion.session_expiry, app.now()) {
        return refuse_by_sso(tx, app, visitor, document, &refusal).await;
    }
    let browser = authorise::find_session(tx, app, visitor).await?;
    let facts = facts::gather(tx, app, document, assertion, browser.as_ref()).await?;
    let linking = link(&facts);
    let attempt = Attempt {
        started: document.started,
        creation_confirmed: document.creation_confirmed,
        browser_user: browser.as_ref().map(|caller| caller.user_id().clone()),
        change_confirmed: document.change_confirmed,
    };
    match after_linking(&linking, &attempt) {
        None => {
            if let Some(bearer) = bearer::missing(tx, document, &linking).await? {
                return ask_for_factor(tx, app, visitor, document, &linking, &bearer).await;
            }
            let issued = Box::new(sign_in(tx, app, visitor, document, assertion, &facts, &linking).await?);
            Ok(Outcome::SignedIn { issued, return_to: document.return_to.clone(), slug })
        }
        Some(Next::Refuse(refusal)) => refuse(tx, app, visitor, document, user_of(&linking), &refusal.into()).await,
        Some(Next::ProveAddress(user_id)) => ask_for_code(tx, app, visitor, document, &user_id).await,
        Some(Next::ConfirmCreation) => ask(tx, app, visitor, STAGE_CREATION, document).await,
        Some(Next::ConfirmChange { .. }) => ask(tx, app, visitor, STAGE_CHANGE, document).await,
        Some(Next::SecondFactor | Next::Issue | Next::SsoRequired(_) | Next::NoProof) => {
            Err(Error::Fault(Fault::Impossible("a session before linking")))
        }
    }
}

/// Asks for the second factor; refuses where there is none to type, so that nobody is left with a form of no use.
async fn ask_for_factor(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    linking: &Linking,
    bearer: &User,
) -> Result<Outcome, Error> {
    if second_factor::typed_methods(tx, bearer).await?.is_empty() {
        return refuse(tx, app, visitor, document, user_of(linking), &Refusal::NeedsSecondFactor).await;
    }
    ask(tx, app, visitor, STAGE_FACTOR, document).await
}

/// Where a test's page is.
async fn tested(tx: &mut Tx, document: &Document, test_id: &ConnectionTestId) -> Result<Outcome, Error> {
    let organization = tx.organization(&document.organization_id).load_organization().await?;
    Ok(Outcome::Tested {
        slug: organization.slug,
        connection_id: document.connection_id.clone(),
        test_id: test_id.clone(),
    })
}

fn user_of(linking: &Linking) -> Option<&UserId> {
    match linking {
        Linking::Existing { user_id }
        | Linking::Link { user_id }
        | Linking::Join { user_id, .. }
        | Linking::Prove { user_id } => Some(user_id),
        Linking::Provision { .. } | Linking::Refuse(_) => None,
    }
}

/// The organization of an attempt. R-SSO-7: what was replaced, disabled or deleted since the attempt began lets it not finish
/// (T-ENF-21).
pub(super) async fn unchanged(tx: &mut Tx, document: &Document) -> Result<Result<Organization, Refusal>, Error> {
    let stands = |organization: &Organization| {
        let connection = organization.enforcement.connection.as_ref();
        connection.is_some_and(|(active, since)| *active == document.connection_id && document.began_at >= *since)
    };
    let found = tx.organization(&document.organization_id).find_organization().await?;
    let Some(organization) = found.filter(stands) else { return Ok(Err(Refusal::ConnectionChanged)) };
    let same_client = is_with_the_client_in_use(tx, document).await?;
    Ok(if same_client { Ok(organization) } else { Err(Refusal::ConnectionChanged) })
}

/// Whether the attempt was begun with the client that is in use. Its moment alone does not tell: it may have read the former
/// settings just before they were replaced, or have begun on a node whose clock is ahead.
async fn is_with_the_client_in_use(tx: &mut Tx, document: &Document) -> Result<bool, Error> {
    let mut own = tx.organization(&document.organization_id);
    let active = own.find_revision_in_state(&document.connection_id, RevisionState::Active).await?;
    let Some(active) = active else { return Ok(false) };
    if active.id == document.revision_id {
        return Ok(true);
    }
    let begun_with = own.find_revision(&document.revision_id).await?;
    Ok(begun_with.is_some_and(|begun_with| connection::is_same_client(&begun_with, &active)))
}

/// T-LO-2: the IdP said meanwhile that the session there is over, so it opens none here.
async fn ended_meanwhile(tx: &mut Tx, document: &Document, assertion: &Assertion) -> Result<bool, Error> {
    let sid = document.known.as_ref().and_then(|known| known.sid.as_ref());
    let mut own = tx.organization(&document.organization_id);
    Ok(own.was_logged_out_since(&document.connection_id, &assertion.subject, sid, document.began_at).await?)
}

async fn sign_in(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    assertion: &Assertion,
    facts: &orgate_core::linking::Facts,
    linking: &Linking,
) -> Result<Issued, Error> {
    let user_id = newcomer::apply(tx, app, visitor, document, assertion, facts, linking).await?;
    let now = app.now();
    let proof = Proof::Sso {
        connection_id: document.connection_id.clone(),
        organization_id: document.organization_id.clone(),
        at: now,
        authenticated_at: if assertion.max_age_zero { assertion.auth_time } else { None },
        holds_until: assertion.session_expiry,
    };
    let second = document.second.clone().filter(|(shown_by, _)| *shown_by == user_id).map(|(_, second)| second);
    let issued = issue(tx, app, visitor, &user_id, Shown { proof, second, way: WayIn::Sso }).await?;
    if let Some(known) = &document.known {
        let (organization_id, connection_id) = (&document.organization_id, &document.connection_id);
        let origin = way_out::Origin { organization_id, connection_id, subject: &assertion.subject };
        way_out::remember(tx, app, &issued, origin, known).await?;
    }
    let mut view = tx.organization(&document.organization_id);
    view.touch_connection(&document.connection_id, now).await?;
    attempts::record(tx, app, document, Some(&user_id), &Ended::Succeeded).await?;
    Ok(issued)
}

/// Files that an exchange with the provider came to a "no", in a transaction of its own.
pub(super) async fn refuse_exchange(
    app: &App,
    visitor: &Visitor,
    document: Document,
    refusal: SsoRefusal,
) -> Result<Outcome, Error> {
    app.store
        .write((app.clone(), visitor.clone(), document, refusal), |tx, (app, visitor, document, refusal)| {
            Box::pin(refuse_by_sso(tx, app, visitor, document, refusal))
        })
        .await
}

/// The protocol's "no": filed under a reference, and on the test's page if it was a test.
async fn refuse_by_sso(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    refusal: &SsoRefusal,
) -> Result<Outcome, Error> {
    let page = attempts::refuse(tx, app, visitor, document, None, &Ended::BySso(refusal)).await?;
    if let Purpose::Test { test_id, .. } = &document.purpose {
        connection_test::fail(tx, app, document, test_id, refusal, &page.reference).await?;
        return tested(tx, document, test_id).await;
    }
    Ok(Outcome::Refused(page))
}

/// Refuses with a reference that the Owner finds (R-SSO-9).
pub(super) async fn refuse(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    user_id: Option<&UserId>,
    refusal: &Refusal,
) -> Result<Outcome, Error> {
    let page = attempts::refuse(tx, app, visitor, document, user_id, &Ended::ByRule(refusal)).await?;
    if *refusal == Refusal::Linking(orgate_core::linking::LinkingRefusal::MemberLimit) {
        let newcomer =
            document.assertion.as_ref().and_then(|assertion| assertion.email.as_deref()).unwrap_or("Somebody");
        notice::member_limit(tx, app, &document.organization_id, newcomer).await?;
    }
    Ok(Outcome::Refused(page))
}

pub(super) async fn ask(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    stage: &str,
    document: &Document,
) -> Result<Outcome, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let mut waiting = document.clone();
    waiting.handshake = None;
    document::insert(tx, app, browser, None, stage, &waiting).await.map(Outcome::Asks)
}

/// Mails a code to the user's stored address, bound to the new attempt's id (R-LNK-3, T-LNK-4).
async fn ask_for_code(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    user_id: &UserId,
) -> Result<Outcome, Error> {
    let outcome = ask(tx, app, visitor, STAGE_CODE, document).await?;
    if let Outcome::Asks(id) = &outcome {
        mail_code(tx, app, &document.organization_id, id, user_id).await?;
    }
    Ok(outcome)
}

/// Mails a code for an attempt; an earlier one of the same attempt no longer serves.
pub(super) async fn mail_code(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    id: &SignInId,
    user_id: &UserId,
) -> Result<(), Error> {
    let user = tx.instance().load_user(user_id).await?;
    let organization = tx.organization(organization_id).load_organization().await?.name;
    limit::mail_in(tx, app, user.email.key()).await?;
    let ask =
        Ask { purpose: ChallengePurpose::SignIn, bound_to: id.as_str(), user_id: Some(user_id), email: &user.email };
    let (_, code) = challenge::put(tx, app, ask).await?;
    app.outbox.put(tx, &user.email, MailTemplate::ProofCode { code, organization }).await
}
