//! Owns the stored bonds of members and an IdP's subjects, as an Owner lists and clears them (R-LNK-5).

use orgate_core::id::{ConnectionId, IdentityId, UserId};
use orgate_core::membership::MembershipState;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_store::{LinkedPerson, Page, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::error::Error;
use crate::notice;
use crate::visitor::Visitor;

/// What to list.
#[derive(Debug, Clone)]
pub struct IdentityQuery {
    /// The bonds at this connection; without one, at all of the organization's.
    pub connection_id: Option<ConnectionId>,
    /// Which one the last page ended with.
    pub after: Option<IdentityId>,
    /// How many at most.
    pub limit: u32,
}

/// Lists who is linked.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn identities(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    query: IdentityQuery,
) -> Result<Page<LinkedPerson>, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), query);
    app.store
        .read(input, |tx, (app, visitor, organization, query)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                let IdentityQuery { connection_id, after, limit } = query;
                let mut view = tx.organization(member.organization_id());
                Ok(view.list_identities(connection_id.as_ref(), after.as_ref(), *limit).await?)
            })
        })
        .await
}

/// Those of these people who are linked at any connection of the organization: whom [`clear`] concerns.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn linked(app: &App, visitor: &Visitor, organization: &str, users: Vec<UserId>) -> Result<Vec<User>, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), users);
    app.store
        .read(input, |tx, (app, visitor, organization, users)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::ConnectionManage).await?;
                let mut linked = Vec::new();
                for user_id in users {
                    if was_removed(tx, &member, user_id).await? {
                        continue;
                    }
                    let identities = tx.organization(member.organization_id()).list_identities_of_user(user_id).await?;
                    if !identities.is_empty() {
                        linked.push(tx.instance().load_user(user_id).await?);
                    }
                }
                Ok(linked)
            })
        })
        .await
}

/// The bond of somebody who was removed is what single sign-on refuses them by, whatever their address says (R-LNK-1): it goes when they
/// were re-admitted.
async fn was_removed(tx: &mut Tx, member: &Member, user_id: &UserId) -> Result<bool, Error> {
    let held = tx.organization(member.organization_id()).find_membership(user_id).await?;
    Ok(held.is_some_and(|held| held.state == MembershipState::Removed))
}

/// Clears the bonds of some people at every connection of the organization: their next sign-in is a first one again, and
/// proofs made so far stay. Who was removed is passed over.
///
/// *Errors*: [`Refusal::NeedsRecentProof`], and those of [`authorise::permitted`].
pub async fn clear(app: &App, visitor: &Visitor, organization: &str, users: Vec<UserId>) -> Result<u64, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), users);
    let cleared = app
        .store
        .write(input, |tx, (app, visitor, organization, users)| {
            Box::pin(async move {
                let permission = Permission::ConnectionManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                let author = Author::from(&member.caller);
                let mut cleared = 0;
                for user_id in users {
                    if was_removed(tx, &member, user_id).await? {
                        continue;
                    }
                    let count = tx.organization(member.organization_id()).delete_identities_of_user(user_id).await?;
                    if count == 0 {
                        continue;
                    }
                    cleared += count;
                    let user = tx.instance().load_user(user_id).await?;
                    let event = Event::done("identity.cleared").target(user_id, &user.name);
                    audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await?;
                }
                if cleared == 0 {
                    return Err(Error::from(Refusal::NotFound));
                }
                notice::owners(tx, app, &member, "cleared who is linked to single sign-on").await?;
                Ok(cleared)
            })
        })
        .await?;
    app.outbox.wake();
    Ok(cleared)
}
