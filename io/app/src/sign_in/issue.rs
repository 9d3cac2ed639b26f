//! Owns the only maker of sessions. Whatever way a person came, the row is written here, after the policy allowed it in
//! the same transaction (R-IN-2, I2). A failed look-up refuses.

use orgate_core::actor::Actor;
use orgate_core::id::{OrganizationId, SessionId, UserId};
use orgate_core::policy::{Decision, Question, World, decide, enforcing};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::{Next, before_session};
use orgate_core::time::Timestamp;
use orgate_core::way_in::WayIn;
use orgate_store::{Session, Tx, User, UserPlace};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::device;
use crate::entropy::Draw as _;
use crate::error::{Error, Fault};
use crate::limit::{self, Basis};
use crate::log_out::way_out;
use crate::notice;
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// What was shown, and on which way.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// The proof; the first one of a sign-in that needed two. It names the method in the logs.
    pub proof: Proof,
    /// The second factor of a sign-in that needed one.
    pub second: Option<Proof>,
    /// The way.
    pub way: WayIn,
}

impl Shown {
    /// One proof.
    pub(crate) fn one(proof: Proof, way: WayIn) -> Self {
        Self { proof, second: None, way }
    }

    fn on_top_of(&self, proofs: &Proofs) -> Proofs {
        let proofs = proofs.with(self.proof.clone());
        match &self.second {
            Some(second) => proofs.with(second.clone()),
            None => proofs,
        }
    }

    /// What the logs say of it.
    fn data(&self) -> serde_json::Value {
        let method = self.proof.method().as_str();
        match &self.second {
            Some(second) => {
                serde_json::json!({ "method": method, "second": second.method().as_str(), "way": self.way.as_str() })
            }
            None => serde_json::json!({ "method": method, "way": self.way.as_str() }),
        }
    }
}

/// A session that was just made. The token is shown once.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Which session; no secret.
    pub session_id: SessionId,
    /// The token.
    pub token: SecretToken,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// Whose it is.
    pub user: User,
}

/// Makes a session for this user with this proof. A session that the browser has already gives its proofs, if it is the
/// same user's, and ends: every change of strength makes a new token (R-IN-7, T-WEB-3).
///
/// *Errors*: [`Refusal::SsoRequired`] (R-ENF-3: before any token exists), [`Refusal::ConnectionChanged`] when the proof's
/// connection was replaced meanwhile, [`Refusal::NeedsSecondFactor`].
pub(crate) async fn issue(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    shown: Shown,
) -> Result<Issued, Error> {
    let previous = authorise::find_session(tx, app, visitor).await?;
    let proofs = match &previous {
        Some(caller) if caller.user_id() == user_id => shown.on_top_of(caller.proofs()),
        Some(_) | None => shown.on_top_of(&Proofs::default()),
    };
    make(tx, app, visitor, user_id, previous.as_ref(), proofs, &shown).await
}

/// Makes the session of a user whom the caller was just merged into: its proofs go with the person (R-LNK-4).
///
/// *Errors*: as [`issue`].
pub(super) async fn adopt(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    caller: &Caller,
    shown: Shown,
) -> Result<Issued, Error> {
    make(tx, app, visitor, user_id, Some(caller), shown.on_top_of(caller.proofs()), &shown).await
}

async fn make(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    user_id: &UserId,
    previous: Option<&Caller>,
    proofs: Proofs,
    shown: &Shown,
) -> Result<Issued, Error> {
    let now = app.now();
    let user = tx.instance().find_user(user_id).await?.filter(|user| user.closed_at.is_none());
    let user = user.ok_or(Refusal::NoSession)?;
    let places = tx.instance().list_places(user_id).await?;
    let world = authorise::world(user.address.clone(), user.has_second_factor, &places);
    match before_session(&world, &proofs) {
        Next::Issue => {}
        Next::SecondFactor => return Err(Refusal::NeedsSecondFactor.into()),
        Next::SsoRequired(_) => {
            return Err(authorise::refusal(&decide(Question::Entry, &world, &proofs), &places).into());
        }
        Next::NoProof => return Err(Refusal::ConnectionChanged.into()),
        Next::ProveAddress(_) | Next::ConfirmCreation | Next::ConfirmChange { .. } | Next::Refuse(_) => {
            return Err(Error::Fault(Fault::Impossible("a question about linking after linking")));
        }
    }
    let known = match previous {
        Some(previous) => way_out::of(tx, previous.session_id(), previous.proofs()).await?,
        None => Vec::new(),
    };
    if let Some(previous) = previous {
        tx.instance().end_session(previous.user_id(), previous.session_id(), "replaced", now).await?;
    }
    let token = SecretToken::generate(&*app.entropy);
    let expires_at = app.settings.session.absolute_end(&proofs, now);
    let session = Session {
        id: app.entropy.id(now),
        user_id: user_id.clone(),
        created_at: now,
        last_used_at: now,
        expires_at,
        proofs,
        policy_epoch: tx.instance().load_policy_epoch().await?,
        ended_at: None,
        end_reason: None,
        ip: visitor.ip.to_canonical().to_string(),
        user_agent: visitor.user_agent.clone(),
    };
    tx.instance().insert_session(&session, &token.hash(TokenPurpose::Session)).await?;
    if let Some(previous) = previous {
        way_out::carry(tx, app, known, previous.proofs(), &session).await?;
    }
    let before = previous.filter(|caller| caller.user_id() == user_id).map(Caller::proofs);
    let entry = Entry { user: &user, places: &places, world: &world, proofs: &session.proofs, before, shown };
    note(tx, app, visitor, &entry).await?;
    Ok(Issued { session_id: session.id, token, expires_at, user })
}

/// Who came in where, for the members list and the audit log of every organization that the proofs open.
async fn note(tx: &mut Tx, app: &App, visitor: &Visitor, entry: &Entry<'_>) -> Result<(), Error> {
    let Entry { user, places, world, proofs, before: _, shown } = *entry;
    let author = Author { actor: Actor::User(user.id.clone()), name: Some(user.name.clone()) };
    let event = || Event::done("session.created").target(&user.id, &user.name).data(shown.data());
    audit::record(tx, app, Some(visitor), None, &author, event()).await?;
    for place in places {
        let organization_id = &place.organization_id;
        if decide(Question::Organization(organization_id), world, proofs) == Decision::Allow {
            let by_its_sso = shown.proof.organization_id() == Some(organization_id);
            tx.organization(organization_id).touch_member_sign_in(&user.id, by_its_sso, app.now()).await?;
            audit::record(tx, app, Some(visitor), Some(organization_id), &author, event()).await?;
        }
    }
    if shown.way.is_entry() {
        limit::remember(tx, app, visitor, &user.id, Basis::of_entry(world, proofs)).await?;
        device::note(tx, app, visitor, user, shown.proof.method()).await?;
    }
    for id in enforcing(world).map(|place| &place.organization_id).filter(|id| entry.opens_without_sso(id)) {
        let event = event_of_exempt(user, shown);
        audit::record(tx, app, Some(visitor), Some(id), &author, event).await?;
        notice::exempt_sign_in(tx, app, id, user).await?;
    }
    Ok(())
}

fn event_of_exempt(user: &User, shown: &Shown) -> Event {
    Event::done("session.created-without-sso").target(&user.id, &user.name).data(shown.data())
}

/// A sign-in that was allowed.
struct Entry<'a> {
    user: &'a User,
    places: &'a [UserPlace],
    world: &'a World,
    proofs: &'a Proofs,
    /// What the person had shown in this browser before.
    before: Option<&'a Proofs>,
    shown: &'a Shown,
}

impl Entry<'_> {
    /// Whether an organization that enforces is opened by something of the person's own, who is exempt then or policy had
    /// refused: by a sign-in, or by what was shown in a session that did not open it (R-ENF-8).
    fn opens_without_sso(&self, id: &OrganizationId) -> bool {
        let opens = |proofs: &Proofs| decide(Question::Organization(id), self.world, proofs) == Decision::Allow;
        let by_its_sso = self.proofs.filter(|proof| proof.organization_id() == Some(id));
        let signs_in = self.shown.way.is_entry() && self.shown.proof.method().is_personal();
        opens(self.proofs) && !opens(&by_its_sso) && (signs_in || !self.before.is_some_and(opens))
    }
}
