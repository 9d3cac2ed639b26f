//! Owns who could come back into an organization if its IdP were down (R-ENF-5), that the last of them is not taken away
//! by an act of the organization itself, and that its Owners hear of it and its log says so when another's act does it (R-ENF-14).

use orgate_core::enforcement::takes_last_way_back;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::policy::{Enforcement, is_break_glass, is_exempt};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{Tx, User, UserPlace};

use crate::account::ways;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::error::Error;
use crate::notice;

/// The Owners who keep every way to sign in while these terms are enforced; everybody else has to use SSO (R-ENF-1).
pub(crate) async fn exempt_owners(tx: &mut Tx, id: &OrganizationId, terms: &Enforcement) -> Result<Vec<User>, Error> {
    let enforced = Enforcement { enforced: true, ..terms.clone() };
    let mut found = Vec::new();
    for owner in tx.organization(id).list_owners().await? {
        let places = tx.instance().list_places(&owner.id).await?;
        if is_exempt(&authorise::world(owner.address.clone(), owner.has_second_factor, &places).under(id, &enforced)) {
            found.push(owner);
        }
    }
    Ok(found)
}

/// Every break-glass Owner under these terms.
pub(crate) async fn list(tx: &mut Tx, app: &App, id: &OrganizationId, terms: &Enforcement) -> Result<Vec<User>, Error> {
    let mut found = Vec::new();
    for owner in tx.organization(id).list_owners().await? {
        if is_one(tx, app, id, terms, &owner).await? {
            found.push(owner);
        }
    }
    Ok(found)
}

/// Whether there is one beside `but`; `first` is asked before the others, for they are probably one.
pub(crate) async fn exists(
    tx: &mut Tx,
    app: &App,
    id: &OrganizationId,
    terms: &Enforcement,
    first: Option<&UserId>,
    but: Option<&UserId>,
) -> Result<bool, Error> {
    let mut owners = tx.organization(id).list_owners().await?;
    owners.retain(|owner| Some(&owner.id) != but);
    owners.sort_by_key(|owner| Some(&owner.id) != first);
    for owner in owners {
        if is_one(tx, app, id, terms, &owner).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses what would take this person away as the last way back in. Asked before anything of it is written.
///
/// *Errors*: [`Refusal::NoWayBackIn`]. *Source*: R-ENF-14.
pub(crate) async fn keep(tx: &mut Tx, app: &App, id: &OrganizationId, user_id: &UserId) -> Result<(), Error> {
    let state = tx.organization(id).load_terms().await?.state;
    if !state.terms.enforced || state.operator_recovery {
        return Ok(());
    }
    let user = tx.instance().load_user(user_id).await?;
    let is_way_back = is_one(tx, app, id, &state.terms, &user).await?;
    let others = exists(tx, app, id, &state.terms, None, Some(user_id)).await?;
    if takes_last_way_back(state.terms.enforced, state.operator_recovery, is_way_back, others) {
        return Err(Refusal::NoWayBackIn.into());
    }
    Ok(())
}

/// The same in every organization that the caller is in.
///
/// *Errors*: [`Refusal::NoWayBackIn`].
pub(crate) async fn keep_all(tx: &mut Tx, app: &App, caller: &Caller) -> Result<(), Error> {
    for place in &caller.check.places {
        keep(tx, app, &place.organization_id, caller.user_id()).await?;
    }
    Ok(())
}

/// Looks again at every enforcing organization that the person is an Owner of, after something about them changed, and
/// tells the Owners of one that has lost its last way back in.
///
/// *Source*: R-ENF-14.
pub(crate) async fn review_of_user(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<(), Error> {
    let places = tx.instance().list_places(user_id).await?;
    review_of_places(tx, app, &places).await
}

/// The same for who has read the person's places in this transaction.
pub(crate) async fn review_of_places(tx: &mut Tx, app: &App, places: &[UserPlace]) -> Result<(), Error> {
    for place in places {
        if place.organization.enforcement.enforced && place.role == OrganizationRole::Owner {
            review(tx, app, &place.organization_id).await?;
        }
    }
    Ok(())
}

/// The same for one organization. A way back that returns is noted, so that losing it again is told again.
pub(crate) async fn review(tx: &mut Tx, app: &App, id: &OrganizationId) -> Result<(), Error> {
    let state = tx.organization(id).load_terms().await?.state;
    let lost =
        state.terms.enforced && !state.operator_recovery && !exists(tx, app, id, &state.terms, None, None).await?;
    let changed = tx.organization(id).set_way_back_lost(lost.then(|| app.now())).await?;
    if lost && changed {
        // Of Orgate itself: whose act in another organization it was is not this one's to know.
        let event = Event::done("enforcement.way-back-lost");
        audit::record(tx, app, None, Some(id), &Author::system(), event).await?;
        notice::way_back_lost(tx, app, id).await?;
    }
    Ok(())
}

async fn is_one(tx: &mut Tx, app: &App, id: &OrganizationId, terms: &Enforcement, user: &User) -> Result<bool, Error> {
    let places = tx.instance().list_places(&user.id).await?;
    let world = authorise::world(user.address.clone(), user.has_second_factor, &places).under(id, terms);
    // The cheap question first: most members are no Owners.
    Ok(is_break_glass(&world, id, true)
        && is_break_glass(&world, id, ways::has_own_credential(tx, app, &user.id).await?))
}
