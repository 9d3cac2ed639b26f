//! Owns a sign-in that enforced SSO stopped after a right proof (R-ENF-3): what the logs and the page say of it, and the
//! attempt from which the person goes on, through an organization's SSO or out of it (R-ENF-13).

mod document;
mod record;
mod way_out;

pub use way_out::{Departed, ask, leave, leave_with, mail_code};

use orgate_core::id::{Reference, SignInId, UserId};
use orgate_core::refusal::RequiringOrganization;
use orgate_store::Tx;

use record::Whose;

use super::anchor::Anchor;
use super::issue::Shown;
use crate::app::App;
use crate::departure;
use crate::error::Error;
use crate::limit;
use crate::visitor::Visitor;

/// A sign-in that was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Every organization that binds the person.
    pub organizations: Vec<RequiringOrganization>,
    /// The number in their logs.
    pub reference: Reference,
    /// The attempt that a browser goes on from.
    pub attempt: Option<SignInId>,
    /// Whether the person can leave one of them from here (R-ENF-13).
    pub may_leave: bool,
}

/// A right proof that makes no session.
pub(super) struct Stopped<'a> {
    /// Whose.
    pub user_id: &'a UserId,
    /// What was shown, and on which way.
    pub shown: Shown,
    /// What that hangs on.
    pub anchor: Anchor,
    /// Who asks for their SSO.
    pub required: Vec<RequiringOrganization>,
}

/// The browser that an attempt is kept for.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    /// The hash of its cookie.
    pub browser_hash: [u8; 32],
    /// Where the person wanted to go: a path of ours.
    pub return_to: Option<String>,
}

/// Writes a stopped sign-in down, in the transaction that decided: in the log of every organization that binds, and as
/// an attempt where a browser can go on from it.
pub(super) async fn stop(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    stopped: Stopped<'_>,
    keeper: Option<&Keeper>,
) -> Result<Blocked, Error> {
    let user = tx.instance().load_user(stopped.user_id).await?;
    let whose = Whose { user: &user, method: stopped.shown.proof.method() };
    if stopped.shown.proof.organization_id().is_none() {
        // Who is bound comes in by SSO alone, which makes no place: here they showed what is theirs, and strangers who guess at
        // it keep them from the way out no more than others from the way in (R-ENF-13, L5).
        limit::remember_for_password(tx, app, visitor, &user.id).await?;
    }
    let reference = record::first(tx, app, visitor, whose, &stopped.required).await?;
    let attempt = match keeper {
        None => None,
        Some(keeper) => {
            let document = document::Document::new(&stopped, keeper, &reference);
            Some(document::insert(tx, app, keeper.browser_hash, &document).await?)
        }
    };
    Ok(Blocked { organizations: stopped.required, reference, attempt, may_leave: departure::may_leave(&user) })
}

/// What the page of a stopped sign-in shows, to the browser that it belongs to. It reads and changes nothing.
///
/// *Errors*: [`AttemptOver`](orgate_core::refusal::Refusal::AttemptOver).
pub async fn show(app: &App, visitor: &Visitor, id: &SignInId) -> Result<Blocked, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let attempt = document::find(tx, app, visitor, id).await?;
                Ok(Blocked {
                    organizations: attempt.organizations,
                    reference: attempt.document.reference,
                    attempt: Some(id.clone()),
                    may_leave: departure::may_leave(&attempt.user),
                })
            })
        })
        .await
}
