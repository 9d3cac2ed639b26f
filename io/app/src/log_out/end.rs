//! Owns what a log-out at an IdP ends here: the proofs made through that one connection, in the sessions that the token
//! names. A session that nothing else keeps open is over for good (as R-SSO-7 has it for a connection that goes).

use std::collections::BTreeMap;

use orgate_core::id::{ConnectionId, UserId};
use orgate_core::proof::Proofs;
use orgate_sso::oidc::log_out_token::LoggedOut;
use orgate_store::{ProviderSession, Session, Tx};

use super::receive::Route;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise;
use crate::error::Error;
use crate::session;

/// Why a session is over that lived by that proof, in the row.
const ENDED_BY_PROVIDER: &str = "signed-out-at-provider";

/// What a log-out came to for one person.
#[derive(Default)]
struct Count {
    proofs: u64,
    sessions: u64,
}

/// Ends them, and writes down whose they were.
pub(super) async fn sessions(tx: &mut Tx, app: &App, route: &Route, ended: &LoggedOut) -> Result<(), Error> {
    let mut people: BTreeMap<UserId, Count> = BTreeMap::new();
    for row in named(tx, route, ended).await? {
        tx.organization(&route.organization_id).delete_provider_session(&route.connection_id, &row.session_id).await?;
        let session = tx.instance().find_session(&row.session_id).await?;
        let Some(session) = session.filter(|session| session.ended_at.is_none()) else { continue };
        let count = people.entry(session.user_id.clone()).or_default();
        count.proofs += 1;
        count.sessions += u64::from(reduce(tx, app, &route.connection_id, &session).await?);
    }
    for (user_id, count) in people {
        let user = tx.instance().load_user(&user_id).await?;
        let event = Event::done("member.signed-out-at-provider").target(&user.id, &user.name).data(serde_json::json!({
            "connection_id": route.connection_id, "proofs": count.proofs, "sessions_ended": count.sessions,
        }));
        audit::record(tx, app, None, Some(&route.organization_id), &Author::system(), event).await?;
    }
    Ok(())
}

async fn named(tx: &mut Tx, route: &Route, ended: &LoggedOut) -> Result<Vec<ProviderSession>, Error> {
    let mut own = tx.organization(&route.organization_id);
    Ok(match ended {
        LoggedOut::Session(sid) => own.list_provider_sessions_by_sid(&route.connection_id, sid).await?,
        LoggedOut::Person(subject) => {
            own.list_provider_sessions_of_subject(&route.connection_id, subject, None).await?
        }
        LoggedOut::SessionOf { subject, sid } => {
            own.list_provider_sessions_of_subject(&route.connection_id, subject, Some(sid)).await?
        }
    })
}

/// Takes the proof from a session, and says whether that was its end.
async fn reduce(tx: &mut Tx, app: &App, connection_id: &ConnectionId, session: &Session) -> Result<bool, Error> {
    let rest = session.proofs.filter(|proof| proof.connection().is_none_or(|(id, _)| id != connection_id));
    if lives(tx, app, session, &rest).await? {
        tx.instance().reduce_session(&session.id, &rest).await?;
        return Ok(false);
    }
    tx.instance().end_session(&session.user_id, &session.id, ENDED_BY_PROVIDER, app.now()).await?;
    Ok(true)
}

/// Whether what is left keeps the session alive.
async fn lives(tx: &mut Tx, app: &App, session: &Session, proofs: &Proofs) -> Result<bool, Error> {
    let Some(user) = tx.instance().find_user(&session.user_id).await?.filter(|user| user.closed_at.is_none()) else {
        return Ok(false);
    };
    let places = tx.instance().list_places(&user.id).await?;
    let world = authorise::world(user.address, user.has_second_factor, &places);
    Ok(session::lives(&world, user.settled_epoch, session, proofs, app.now()))
}
