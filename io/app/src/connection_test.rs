//! Owns testing a revision: an Owner starts a test, any person of the IdP signs in, the page shows what came and what
//! would happen. It writes `validated` and, if the person is the acting Owner, their Identity, and nothing else
//! (R-SSO-6).

use std::time::Duration;

use orgate_core::assertion::Assertion;
use orgate_core::connection::RevisionState;
use orgate_core::id::{ConnectionTestId, Identifier as _, OrganizationId, Reference, UserId};
use orgate_core::linking::{Facts, Linking, link};
use orgate_core::membership::MembershipState;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::Started;
use orgate_core::time::Timestamp;
use orgate_sso::refusal::SsoRefusal;
use orgate_store::{Connection, ConnectionTest, Tx};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::connection;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::limit;
use crate::seal::Place;
use crate::sign_in::sso::attempts::{self, Ended};
use crate::sign_in::sso::begin::{Begun, NewSignIn, Route, start as send};
use crate::sign_in::sso::document::{Document, Purpose};
use crate::sign_in::sso::{facts, newcomer};
use crate::visitor::Visitor;

/// How long a test can be taken. *Units*: thirty minutes.
pub const TEST_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A test as its pages show it.
#[derive(Debug, Clone)]
pub struct TestView {
    /// The row.
    pub test: ConnectionTest,
    /// The connection.
    pub connection: Connection,
    /// The page's address, for any browser where that Owner is signed in.
    pub url: String,
    /// What came of it.
    pub result: Option<TestResult>,
    /// Whether the tested revision can be activated now.
    pub can_be_activated: bool,
    /// How many members are linked under another issuer or client id.
    pub linked_elsewhere: u64,
    /// Whether it can still be taken.
    pub is_open: bool,
}

/// What came of a test.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestResult {
    /// The claims received: name and printed value.
    pub claims: Vec<(String, String)>,
    /// The person they resolve to, in words.
    pub resolves_to: String,
    /// What would have happened, a sentence each.
    pub would_happen: Vec<String>,
    /// Whether what would have happened is a refusal by our own rules. Older results do not say.
    #[serde(default)]
    pub would_be_refused: bool,
    /// Why it was refused.
    pub failure: Option<TestFailure>,
}

/// Why a test was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestFailure {
    /// The stable code.
    pub code: String,
    /// What happened.
    pub happened: String,
    /// What would have been right.
    pub expected: Option<String>,
    /// What came instead.
    pub received: Option<String>,
    /// How to mend it.
    pub mend: String,
    /// The number under recent attempts.
    pub reference: Reference,
}

/// Starts a test of the draft revision, or of the one in use.
///
/// *Errors*: [`Refusal::ConnectionNotValidated`] when nothing was saved yet, [`Refusal::TooManyRequests`], and those of
/// [`authorise::permitted`].
pub async fn create(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<TestView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    app.store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                limit::connection_test(tx, app, member.organization_id()).await?;
                let connection = connection::load(tx, &member, id).await?;
                let mut own = tx.organization(member.organization_id());
                let revision = match own.find_revision_in_state(&connection.id, RevisionState::Draft).await? {
                    Some(draft) => Some(draft),
                    None => own.find_revision_in_state(&connection.id, RevisionState::Active).await?,
                };
                let revision = revision.ok_or(Refusal::ConnectionNotValidated)?;
                let now = app.now();
                let test = ConnectionTest {
                    id: app.entropy.id(now),
                    connection_id: connection.id.clone(),
                    revision_id: revision.id,
                    started_by: member.user_id().clone(),
                    created_at: now,
                    expires_at: now.plus(TEST_LIFETIME),
                    finished_at: None,
                    outcome: None,
                    sealed_result: None,
                };
                own.insert_connection_test(&test).await?;
                let event = Event::done("connection.test_started").target(&connection.id, &connection.name);
                let author = Author::from(&member.caller);
                audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await?;
                show(tx, app, &member, test, connection).await
            })
        })
        .await
}

/// A test and what came of it.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::permitted`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str, id: &str, test: &str) -> Result<TestView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned(), test.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization, id, test)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                let connection = connection::load(tx, &member, id).await?;
                let test = load(tx, member.organization_id(), &connection, test).await?;
                show(tx, app, &member, test, connection).await
            })
        })
        .await
}

/// Sends the browser to the IdP for a test: only in a session of the Owner who started it.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::NotFound`], [`Refusal::TooManyRequests`].
pub async fn begin(app: &App, visitor: &Visitor, organization: &str, id: &str, test: &str) -> Result<Begun, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned(), test.to_owned());
    let (route, purpose, slug) = app
        .store
        .write(input, |tx, (app, visitor, organization, id, test)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                limit::provider_asked(tx, app, "connection-test-begin", member.organization_id()).await?;
                let connection = connection::load(tx, &member, id).await?;
                let test = load(tx, member.organization_id(), &connection, test).await?;
                if test.started_by != *member.user_id() || !is_open(&test, app.now()) {
                    return Err(Error::from(Refusal::AttemptOver));
                }
                let revision = tx.organization(member.organization_id()).find_revision(&test.revision_id).await?;
                let revision = revision.filter(|revision| revision.state != RevisionState::Retired);
                let route = Route {
                    organization_id: member.organization_id().clone(),
                    connection_id: connection.id,
                    revision: revision.ok_or(Refusal::ConnectionChanged)?,
                };
                let purpose = Purpose::Test { test_id: test.id, started_by: test.started_by };
                Ok((route, purpose, member.place.organization.slug.clone()))
            })
        })
        .await?;
    let new = NewSignIn { organization: slug, started: Started::Here, fresh: false, login_hint: None, return_to: None };
    send(app, visitor, route, purpose, &new).await
}

/// Writes a test's success down: what was received, whom it is, what would happen.
pub(crate) async fn finish(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    assertion: &Assertion,
    test_id: &ConnectionTestId,
    started_by: &UserId,
) -> Result<(), Error> {
    let caller = authorise::session(tx, app, visitor).await?;
    if caller.user_id() != started_by {
        return Err(Refusal::AttemptOver.into());
    }
    let facts = facts::gather(tx, app, document, assertion, Some(&caller)).await?;
    let linking = link(&facts);
    let resolves_to = resolve(tx, &facts).await?;
    let result = TestResult {
        claims: assertion.claims.clone(),
        resolves_to,
        would_happen: with_domain(outcome(&linking, is_known_here(&facts)), assertion, &facts),
        would_be_refused: matches!(linking, Linking::Refuse(_)),
        failure: None,
    };
    keep(tx, app, document, test_id, "succeeded", &result).await?;
    let mut own = tx.organization(&document.organization_id);
    if !own.set_revision_validated(&document.revision_id, started_by, app.now()).await? {
        // The draft was edited meanwhile: what was tested is not what would be activated.
        return Err(Refusal::ConnectionChanged.into());
    }
    if matches!(&linking, Linking::Link { user_id } if user_id == started_by) {
        newcomer::bind(tx, app, visitor, document, assertion, started_by).await?;
    }
    attempts::record(tx, app, document, None, &Ended::Succeeded).await?;
    let event = Event::done("connection.validated").target(&document.connection_id, "connection");
    let author = Author::from(&caller);
    audit::record(tx, app, Some(visitor), Some(&document.organization_id), &author, event).await
}

/// Writes a test's refusal down.
pub(crate) async fn fail(
    tx: &mut Tx,
    app: &App,
    document: &Document,
    test_id: &ConnectionTestId,
    refusal: &SsoRefusal,
    reference: &Reference,
) -> Result<(), Error> {
    let result = TestResult {
        claims: Vec::new(),
        resolves_to: String::new(),
        would_happen: Vec::new(),
        would_be_refused: false,
        failure: Some(TestFailure {
            code: refusal.code.as_str().to_owned(),
            happened: refusal.code.happened().to_owned(),
            expected: refusal.expected.clone(),
            received: refusal.received.clone(),
            mend: refusal.code.mend().to_owned(),
            reference: reference.clone(),
        }),
    };
    keep(tx, app, document, test_id, "refused", &result).await
}

async fn keep(
    tx: &mut Tx,
    app: &App,
    document: &Document,
    test_id: &ConnectionTestId,
    outcome: &str,
    result: &TestResult,
) -> Result<(), Error> {
    let place = place(&document.organization_id, test_id);
    let sealed = app.sealer.seal(&place, &serde_json::to_vec(result)?, &*app.entropy)?;
    let mut own = tx.organization(&document.organization_id);
    if own.finish_connection_test(test_id, outcome, &sealed, app.now()).await? {
        Ok(())
    } else {
        Err(Refusal::AttemptOver.into())
    }
}

fn place<'a>(organization_id: &'a OrganizationId, test_id: &'a ConnectionTestId) -> Place<'a> {
    Place {
        table: "connection_tests",
        column: "sealed_result",
        row: test_id.as_str(),
        tenant: organization_id.as_str(),
    }
}

fn is_open(test: &ConnectionTest, now: Timestamp) -> bool {
    test.finished_at.is_none() && now < test.expires_at
}

async fn load(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    connection: &Connection,
    id: &str,
) -> Result<ConnectionTest, Error> {
    let id = ConnectionTestId::parse(id).ok_or(Refusal::NotFound)?;
    let test = tx.organization(organization_id).find_connection_test(&id).await?;
    test.filter(|test| test.connection_id == connection.id).ok_or_else(|| Refusal::NotFound.into())
}

async fn show(
    tx: &mut Tx,
    app: &App,
    member: &Member,
    test: ConnectionTest,
    connection: Connection,
) -> Result<TestView, Error> {
    let result = match &test.sealed_result {
        Some(sealed) => {
            let plain = app.sealer.open(&place(member.organization_id(), &test.id), sealed)?;
            Some(serde_json::from_slice(&plain)?)
        }
        None => None,
    };
    let view = connection::view(tx, app, connection).await?;
    let is_draft = view.draft.as_ref().is_some_and(|draft| draft.revision.id == test.revision_id);
    Ok(TestView {
        url: app.settings.public_url.link(&format!(
            "/organizations/{}/connections/{}/tests/{}",
            member.place.organization.slug, view.connection.id, test.id
        )),
        can_be_activated: is_draft && view.is_validated(),
        linked_elsewhere: view.linked_elsewhere,
        is_open: is_open(&test, app.now()),
        connection: view.connection,
        result,
        test,
    })
}

/// The person the claims resolve to, if a member or former member here. Anybody else is "somebody new", so a test tells
/// no Owner who has an account elsewhere (R-SSO-6, R-IN-5).
async fn resolve(tx: &mut Tx, facts: &Facts) -> Result<String, Error> {
    let candidate = facts.identity.as_ref().or(facts.holder.as_ref());
    let Some((candidate, (state, role))) = candidate.and_then(|found| found.membership.map(|place| (found, place)))
    else {
        return Ok("Somebody new to this organization, perhaps after a mailed code".to_owned());
    };
    let user = tx.instance().load_user(&candidate.user_id).await?;
    let standing = match state {
        MembershipState::Active => role.label(),
        MembershipState::Removed => "removed from this organization",
        MembershipState::Left => "left this organization",
        MembershipState::Readmitted => "may come back to this organization",
    };
    Ok(format!("{} ({}), {standing}", user.name, user.email))
}

/// Whether the person has, or had, a place in this organization.
fn is_known_here(facts: &Facts) -> bool {
    facts.identity.as_ref().or(facts.holder.as_ref()).is_some_and(|candidate| candidate.membership.is_some())
}

/// The same with whether the organization answers for the asserted address (R-LNK-7).
fn with_domain(mut sentences: Vec<String>, assertion: &Assertion, facts: &Facts) -> Vec<String> {
    if let Some(address) = facts::address_of(assertion) {
        let domain = address.domain();
        sentences.push(if facts.domain_proven {
            format!("The organization has proven {domain}, so its identity provider answers for this address.")
        } else {
            format!(
                "The organization has not proven {domain}, so the address counts here alone until its person proves it."
            )
        });
    }
    sentences
}

/// What a sign-in with this assertion would do, without telling a member from a stranger elsewhere.
fn outcome(linking: &Linking, is_known_here: bool) -> Vec<String> {
    let text = match linking {
        Linking::Existing { .. } => "Signs in as this person. Role and projects stay as they are.",
        Linking::Link { .. } => {
            "Is linked to this person by the address, who is told by mail. Role and projects stay as they are."
        }
        Linking::Join { bind: false, .. } => "Becomes a member again, with no project.",
        Linking::Prove { .. } if is_known_here => "Confirms the address by a mailed code first, then signs in.",
        // One sentence for all who have no place here, so that a test tells nobody who has an account elsewhere (R-IN-5).
        Linking::Provision { .. } | Linking::Join { bind: true, .. } | Linking::Prove { .. } => {
            "Becomes a member with no project, perhaps after a mailed code; an Owner adds them to projects afterwards."
        }
        Linking::Refuse(refusal) => {
            return vec![format!("Is refused: {}.", Refusal::from(*refusal).title()), refusal.mend().to_owned()];
        }
    };
    vec![text.to_owned()]
}
