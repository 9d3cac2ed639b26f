//! Owns a person's sessions as they see them: what the present one opens, which others there are, ending them. The only
//! maker of sessions is [`crate::sign_in::issue`].

mod current;
mod open;
mod settle;
mod touch;

pub(crate) use current::describe;
pub use current::{Access, Current, CurrentPlace, current, current_in};
pub use open::{Closed, Opened, ask, open};
pub(crate) use settle::{ENDED_BY_ENFORCEMENT, lives, settle, settle_up_to};
pub use touch::{SessionTouch, flush};

use orgate_core::id::{Identifier as _, SessionId};
use orgate_core::policy::counts;
use orgate_core::refusal::Refusal;
use orgate_core::session::SessionLife;
use orgate_store::{ProviderSession, Session, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::error::Error;
use crate::log_out::way_out;
use crate::visitor::Visitor;

/// One session of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The person's living sessions, this one first.
///
/// *Errors*: those of [`authorise::account`] (R-IN-9).
pub async fn list(app: &App, visitor: &Visitor) -> Result<Vec<SessionView>, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                views(tx, app, &caller).await
            })
        })
        .await
}

/// Ends one of the person's sessions.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::account`].
pub async fn end(app: &App, visitor: &Visitor, id: &str) -> Result<(), Error> {
    let id = SessionId::parse(id).ok_or(Refusal::NotFound)?;
    app.store
        .write((app.clone(), visitor.clone(), id), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                if !tx.instance().end_session(caller.user_id(), id, "ended-by-person", app.now()).await? {
                    return Err(Refusal::NotFound.into());
                }
                let event = Event::done("session.ended").target(id, &caller.check.name);
                audit::record(tx, app, Some(visitor), None, &Author::from(&caller), event).await
            })
        })
        .await
}

/// Ends all sessions of the person but this one, and says how many.
///
/// *Errors*: those of [`authorise::account`].
pub async fn end_others(app: &App, visitor: &Visitor) -> Result<u64, Error> {
    app.store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                let but = Some(caller.session_id());
                let ended =
                    tx.instance().end_sessions_of_user(caller.user_id(), but, "ended-by-person", app.now()).await?;
                let event = Event::done("session.others-ended")
                    .target(caller.user_id(), &caller.check.name)
                    .data(serde_json::json!({ "sessions": ended }));
                audit::record(tx, app, Some(visitor), None, &Author::from(&caller), event).await?;
                Ok(ended)
            })
        })
        .await
}

/// A session that its holder just ended.
#[derive(Debug, Clone)]
pub struct SignedOut {
    /// The session, as it was.
    pub(crate) session: Session,
    /// How identity providers knew it.
    pub(crate) known: Vec<ProviderSession>,
}

/// Ends this session, also one that opens nothing any more. Nothing outside is asked for it; what there is to do at an
/// identity provider afterwards is in [`crate::log_out::leave`].
///
/// *Errors*: [`Refusal::NoSession`] when there is none to end. *Source*: T-LO-1.
pub async fn sign_out(app: &App, visitor: &Visitor) -> Result<SignedOut, Error> {
    let token_hash = visitor.session.ok_or(Refusal::NoSession)?;
    app.store
        .write((app.clone(), visitor.clone(), token_hash), |tx, (app, visitor, token_hash)| {
            Box::pin(async move {
                let session = tx.instance().find_session_by_token(token_hash).await?.ok_or(Refusal::NoSession)?;
                let known = way_out::of(tx, &session.id, &session.proofs).await?;
                if !tx.instance().end_session(&session.user_id, &session.id, "signed-out", app.now()).await? {
                    return Err(Error::from(Refusal::NoSession));
                }
                let user = tx.instance().load_user(&session.user_id).await?;
                let author = Author { actor: orgate_core::actor::Actor::User(user.id), name: Some(user.name.clone()) };
                let event = Event::done("session.signed-out").target(&session.id, &user.name);
                audit::record(tx, app, Some(visitor), None, &author, event).await?;
                Ok(SignedOut { session, known })
            })
        })
        .await
}

/// The person's living sessions, this one first. Those that an epoch ended are left out.
pub(crate) async fn views(tx: &mut Tx, app: &App, caller: &Caller) -> Result<Vec<SessionView>, Error> {
    let now = app.now();
    let all = tx.instance().list_sessions_of_user(caller.user_id(), now).await?;
    let is_alive = |session: &Session| {
        let life = SessionLife {
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            ended_at: session.ended_at,
            not_before: caller.check.life.not_before,
        };
        life.end(app.settings.session, now).is_none()
            && lives(&caller.world, caller.check.settled, session, &session.proofs, now)
    };
    let mut views: Vec<SessionView> = all
        .into_iter()
        .filter(is_alive)
        .map(|session| {
            let proofs = session.proofs.holding(now).filter(|proof| counts(&caller.world, proof));
            Session { proofs, ..session }
        })
        .map(|session| SessionView { current: session.id == *caller.session_id(), session })
        .collect();
    views.sort_by_key(|view| !view.current);
    Ok(views)
}
