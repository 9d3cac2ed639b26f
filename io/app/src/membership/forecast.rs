//! Owns what another role in the organization would do and to whom, as the page says that asks first (R-UI-2).

use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{Session, Tx, User};

use super::{Begun, Ending, authorise_grant, ends_what_was_begun, may_end};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::session::lives;
use crate::visitor::Visitor;

/// What another role would do.
#[derive(Debug, Clone)]
pub struct RoleForecast {
    /// Whose.
    pub user: User,
    /// The role they hold.
    pub held: OrganizationRole,
    /// What they had begun and ends.
    pub ending: Ending,
    /// Living sessions that end, wherever they were: the organization enforces SSO and exempts its Owners.
    pub sessions_to_end: u64,
}

/// Counts it, for who could do it now.
///
/// *Errors*: those of [`super::change_role`].
pub async fn role_forecast(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    user_id: &str,
    role: OrganizationRole,
) -> Result<RoleForecast, Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), user_id, role);
    app.store
        .read(input, |tx, (app, visitor, organization, user_id, role)| {
            Box::pin(async move {
                let actor = authorise_grant(tx, app, visitor, organization, *role).await?;
                let id = actor.organization_id();
                let held = tx.organization(id).load_active_membership(user_id).await?.role;
                let ending = if ends_what_was_begun(held, *role) {
                    may_end(tx, app, id, user_id).await?;
                    Begun::forecast(tx, app, id, user_id).await?
                } else {
                    Ending::default()
                };
                let sessions_to_end = sessions_to_end(tx, app, id, user_id, *role).await?;
                Ok(RoleForecast { user: tx.instance().load_user(user_id).await?, held, ending, sessions_to_end })
            })
        })
        .await
}

/// Those that policy lets live today and would not if the person had this role here.
async fn sessions_to_end(
    tx: &mut Tx,
    app: &App,
    id: &OrganizationId,
    user_id: &UserId,
    role: OrganizationRole,
) -> Result<u64, Error> {
    let now = app.now();
    let user = tx.instance().load_user(user_id).await?;
    let mut places = tx.instance().list_places(user_id).await?;
    let today = authorise::world(user.address.clone(), user.has_second_factor, &places);
    for place in places.iter_mut().filter(|place| place.organization_id == *id) {
        place.role = role;
    }
    let then = authorise::world(user.address, user.has_second_factor, &places);
    // The change judges all of them before it is made, as of now.
    let (settled, judged) = (user.settled_epoch, tx.instance().load_policy_epoch().await?);
    let used_since = now.minus(app.settings.session.idle);
    let living = tx.instance().list_sessions_of_user(user_id, now).await?;
    let ends = |session: &&Session| {
        session.last_used_at > used_since
            && lives(&today, settled, session, &session.proofs, now)
            && !lives(&then, judged, session, &session.proofs, now)
    };
    Ok(u64::try_from(living.iter().filter(ends).count()).unwrap_or(u64::MAX))
}
