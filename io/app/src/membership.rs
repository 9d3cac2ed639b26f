//! Owns who is in an organization and as what: listing, changing roles, removing, re-admitting, ending proofs. Leaving is
//! in [`crate::organization`], joining in [`crate::invitation`] and in single sign-on.

mod begun;
mod forecast;
mod list;

pub(crate) use begun::Begun;
pub use begun::Ending;
pub use forecast::{RoleForecast, role_forecast};
pub use list::{MemberFilter, MemberPage, MemberQuery, MemberView, get, list};

use std::time::Duration;

use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use orgate_core::membership::{MembershipOrigin, MembershipState, is_last_owner};
use orgate_core::permission::{Permission, may};
use orgate_core::refusal::Refusal;
use orgate_core::role::OrganizationRole;
use orgate_store::{Membership, Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::notice;
use crate::organization;
use crate::session;
use crate::visitor::Visitor;

/// What the person reads in the mail about each of these acts, after the name of who did it.
const REMOVED: (&str, &str) = (
    "ended your membership",
    "You no longer see anything there, and invitations that you had sent are revoked. Your account and your other \
     organizations stay as they are.",
);
const READMITTED: (&str, &str) = (
    "re-admitted you",
    "You can come in again by an invitation, or through its single sign-on, as a member with no project.",
);
const PROOFS_ENDED: (&str, &str) =
    ("made you prove again who you are", "You will be asked to sign in once more when you next open it.");
const DEMOTED: (&str, &str) = (
    "made you a member, where you were an Owner",
    "You keep the projects that you have a role in. Invitations and tests that you had begun are revoked.",
);

/// Gives a member another role. Granting `owner` needs proofs from the last 15 minutes (R-IN-8) and is told to all
/// Owners; taking it away ends what the person began as one (R-ORG-6).
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::LastOwner`], [`Refusal::NoWayBackIn`], [`Refusal::NeedsRecentProof`], and those of
/// [`authorise::permitted`].
pub async fn change_role(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    user_id: &str,
    role: OrganizationRole,
) -> Result<(), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), user_id, role);
    app.store
        .write(input, |tx, (app, visitor, organization, user_id, role)| {
            Box::pin(async move {
                let actor = authorise_grant(tx, app, visitor, organization, *role).await?;
                let id = actor.organization_id();
                let target = tx.organization(id).load_active_membership(user_id).await?;
                if target.role == *role {
                    return Ok(());
                }
                let begun = if ends_what_was_begun(target.role, *role) {
                    may_end(tx, app, id, user_id).await?;
                    Begun::end(tx, app, id, user_id).await?
                } else {
                    Begun::default()
                };
                set_role(tx, app, id, user_id, *role).await?;
                tell_role(tx, app, visitor, &actor, &target, *role, begun).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Removes a member: grants and proofs end at once, and nothing lets the person in again until an Owner does
/// (R-ORG-6, R-LNK-1). Removing oneself is leaving.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::LastOwner`], and those of [`authorise::permitted`].
pub async fn remove(app: &App, visitor: &Visitor, organization: &str, user_id: &str) -> Result<(), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    if is_caller(app, visitor, &user_id).await? {
        return organization::leave(app, visitor, organization).await;
    }
    let input = (app.clone(), visitor.clone(), organization.to_owned(), user_id);
    app.store
        .write(input, |tx, (app, visitor, organization, user_id)| {
            Box::pin(async move {
                let actor = authorise::permitted(tx, app, visitor, organization, Permission::MemberManage).await?;
                let id = actor.organization_id();
                let begun = end(tx, app, id, user_id, MembershipState::Removed).await?;
                let user = tx.instance().load_user(user_id).await?;
                let event = Event::done("member.removed").target(user_id, &user.name);
                begun.record(tx, app, visitor, id, &Author::from(&actor.caller), event).await?;
                notice::member(tx, app, &actor, &user, REMOVED).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Lifts the refusal of a removed person. It makes them no member: they come again by an invitation or by SSO.
///
/// *Errors*: [`Refusal::NotFound`] unless they were removed, and those of [`authorise::permitted`]. *Source*: R-LNK-1.
pub async fn readmit(app: &App, visitor: &Visitor, organization: &str, user_id: &str) -> Result<(), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), user_id);
    app.store
        .write(input, |tx, (app, visitor, organization, user_id)| {
            Box::pin(async move {
                let actor = authorise::permitted(tx, app, visitor, organization, Permission::MemberManage).await?;
                let user = tx.instance().find_user(user_id).await?.ok_or(Refusal::NotFound)?;
                if !lift_removal(tx, app, visitor, &actor, &user).await? {
                    return Err(Error::from(Refusal::NotFound));
                }
                notice::member(tx, app, &actor, &user, READMITTED).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// The same for whom an Owner invites again, by the address: the mail of it is the invitation. Nobody else's lifts anything.
/// *Source*: R-LNK-1.
pub(crate) async fn readmit_invited(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    actor: &Member,
    email: &EmailAddress,
) -> Result<(), Error> {
    if !may(actor.role(), None, Permission::MemberManage) {
        return Ok(());
    }
    let open = tx.organization(actor.organization_id()).find_member_by_email(email).await?;
    // Whatever address they have now, and whether they closed the account.
    let removed = tx.organization(actor.organization_id()).list_removed_by_email(email).await?;
    for user in open.into_iter().chain(removed) {
        lift_removal(tx, app, visitor, actor, &user).await?;
    }
    Ok(())
}

/// `false` for who was not removed.
async fn lift_removal(tx: &mut Tx, app: &App, visitor: &Visitor, actor: &Member, user: &User) -> Result<bool, Error> {
    let id = actor.organization_id();
    if !tx.organization(id).readmit(&user.id).await? {
        return Ok(false);
    }
    if user.closed_at.is_some() {
        // Whoever comes with the old subject is a new person: the closed account lets nobody in.
        tx.organization(id).delete_identities_of_user(&user.id).await?;
    }
    let event = Event::done("member.readmitted").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), Some(id), &Author::from(&actor.caller), event).await?;
    Ok(true)
}

/// Makes the member's proofs from before now no longer open this organization; their sessions elsewhere go on.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::permitted`]. *Source*: R-IN-7.
pub async fn end_proofs(app: &App, visitor: &Visitor, organization: &str, user_id: &str) -> Result<(), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), user_id);
    app.store
        .write(input, |tx, (app, visitor, organization, user_id)| {
            Box::pin(async move {
                let actor = authorise::permitted(tx, app, visitor, organization, Permission::MemberManage).await?;
                let id = actor.organization_id();
                tx.organization(id).load_active_membership(user_id).await?;
                // A proof made in this very millisecond is older than the act.
                let from = app.now().plus(Duration::from_millis(1));
                tx.organization(id).set_proofs_not_before(user_id, from).await?;
                let user = tx.instance().load_user(user_id).await?;
                let event = Event::done("member.proofs-ended").target(user_id, &user.name);
                audit::record(tx, app, Some(visitor), Some(id), &Author::from(&actor.caller), event).await?;
                notice::member(tx, app, &actor, &user, PROOFS_ENDED).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Ends a membership with everything that hangs on it, and says what the person had begun. The guard of the last Owner counts in this
/// same transaction.
///
/// *Errors*: [`Refusal::NotFound`] for who is no member, [`Refusal::LastOwner`], [`Refusal::NoWayBackIn`]. *Source*:
/// R-ORG-5, R-ORG-6, R-ENF-14.
pub(crate) async fn end(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    user_id: &UserId,
    state: MembershipState,
) -> Result<Begun, Error> {
    let now = app.now();
    may_end(tx, app, organization_id, user_id).await?;
    session::settle(tx, app, user_id).await?;
    let mut view = tx.organization(organization_id);
    view.end_membership(user_id, state, now).await?;
    view.delete_grants_of_user(user_id).await?;
    // A link out that was mailed before would end the membership that comes after this one.
    view.delete_departures_of_user(user_id).await?;
    let begun = Begun::end(tx, app, organization_id, user_id).await?;
    way_back::review_of_user(tx, app, user_id).await?;
    Ok(begun)
}

/// Refuses what must not end, a membership or an Owner's role: for the act, and for a page that asks before it.
///
/// *Errors*: those of [`end`].
pub(crate) async fn may_end(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    user_id: &UserId,
) -> Result<(), Error> {
    let membership = tx.organization(organization_id).load_active_membership(user_id).await?;
    if membership.role == OrganizationRole::Owner {
        refuse_last_owner(tx, organization_id).await?;
        way_back::keep(tx, app, organization_id, user_id).await?;
    }
    Ok(())
}

/// Makes somebody a member, new or again. `false` when they are one already.
///
/// *Source*: R-ENF-7: their sessions are judged before, so that what was refused until now stays refused.
pub(crate) async fn join(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    user_id: &UserId,
    role: OrganizationRole,
    origin: MembershipOrigin,
) -> Result<(), Error> {
    session::settle(tx, app, user_id).await?;
    tx.organization(organization_id).join(user_id, role, origin, app.now()).await?;
    way_back::review_of_user(tx, app, user_id).await
}

/// Whether another role takes away the right by which the person began what is still open (R-ORG-6).
fn ends_what_was_begun(held: OrganizationRole, role: OrganizationRole) -> bool {
    role < held
}

/// Gives a member another role; their sessions are judged before (R-ENF-7).
pub(crate) async fn set_role(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    user_id: &UserId,
    role: OrganizationRole,
) -> Result<(), Error> {
    session::settle(tx, app, user_id).await?;
    tx.organization(organization_id).set_role(user_id, role).await?;
    way_back::review_of_user(tx, app, user_id).await
}

/// R-ORG-5, T-ORG-1.
async fn refuse_last_owner(tx: &mut Tx, organization_id: &OrganizationId) -> Result<(), Error> {
    let owners = tx.organization(organization_id).count_owners().await?;
    if is_last_owner(owners) { Err(Refusal::LastOwner.into()) } else { Ok(()) }
}

/// Whoever may hand out this role: `owner` only with recent proofs.
pub(crate) async fn authorise_grant(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    role: OrganizationRole,
) -> Result<Member, Error> {
    match role {
        OrganizationRole::Owner => {
            authorise::permitted_recently(tx, app, visitor, organization, Permission::MemberManage).await
        }
        OrganizationRole::Member => {
            authorise::permitted(tx, app, visitor, organization, Permission::MemberManage).await
        }
    }
}

async fn tell_role(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    actor: &Member,
    target: &Membership,
    role: OrganizationRole,
    begun: Begun,
) -> Result<(), Error> {
    let id = actor.organization_id();
    let user = tx.instance().load_user(&target.user_id).await?;
    let event = Event::done("member.role-changed")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "from": target.role, "to": role }));
    begun.record(tx, app, visitor, id, &Author::from(&actor.caller), event).await?;
    match role {
        OrganizationRole::Owner => notice::owners(tx, app, actor, &format!("made {} an Owner", user.name)).await,
        OrganizationRole::Member => notice::member(tx, app, actor, &user, DEMOTED).await,
    }
}

async fn is_caller(app: &App, visitor: &Visitor, user_id: &UserId) -> Result<bool, Error> {
    app.store
        .read((app.clone(), visitor.clone(), user_id.clone()), |tx, (app, visitor, user_id)| {
            Box::pin(async move { Ok(authorise::session(tx, app, visitor).await?.user_id() == user_id) })
        })
        .await
}
