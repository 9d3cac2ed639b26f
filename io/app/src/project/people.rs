//! Owns who is in a project and as what. *Source*: R-INV-1, R-ORG-9.

use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, UserId};
use orgate_core::membership::MembershipState;
use orgate_core::permission::{Permission, may};
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Invitation, Project, ProjectGrant, Tx, User};

use super::note;
use crate::app::App;
use crate::audit::{Author, Event};
use crate::authorise::{self, Member};
use crate::error::Error;
use crate::input::Input;
use crate::invitation::{self, SentInvitation};
use crate::membership::{self, Begun};
use crate::paging::{self, Listed};
use crate::visitor::Visitor;

/// How many pending invitations are shown.
const MOST_INVITATIONS: u32 = 200;

/// Who is in a project.
#[derive(Debug, Clone)]
pub struct People {
    /// The Owners of the organization, who are `admin` in every project; on the first page.
    pub owners: Vec<User>,
    /// Those with a grant.
    pub grants: Listed<ProjectGrant>,
    /// Pending invitations that carry a role here, for those who may manage; on the first page.
    pub invitations: Vec<(Invitation, ProjectRole)>,
}

/// What adding somebody did.
#[derive(Debug, Clone)]
pub enum Added {
    /// A member of the organization: they have access at once.
    Granted(UserId),
    /// An outsider: a new invitation to the organization carries the role.
    Invited(Box<SentInvitation>),
    /// An outsider who is invited already: that invitation carries the role from now on.
    Attached(Box<Invitation>),
}

/// Who is in a project.
///
/// *Errors*: those of [`authorise::project`].
pub async fn list(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<People, Error> {
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), cursor, limit);
    app.store
        .read(input, |tx, (app, visitor, (organization, project), cursor, limit)| {
            Box::pin(async move {
                let (member, project, grant) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectRead).await?;
                let after = paging::after::<UserId>(cursor.as_deref())?;
                let mut view = tx.organization(member.organization_id());
                let page = view.list_grants(&project.id, after.as_ref(), paging::limit(*limit)).await?;
                let first = after.is_none();
                let manages = may(member.role(), grant, Permission::ProjectManage);
                let invitations = if first && manages {
                    view.list_invitations_to_project(&project.id, MOST_INVITATIONS).await?
                } else {
                    Vec::new()
                };
                Ok(People {
                    owners: if first { view.list_owners().await? } else { Vec::new() },
                    grants: Listed::of(page, |grant| grant.user_id.as_str()),
                    invitations,
                })
            })
        })
        .await
}

/// Somebody's place in a project, for who may take it away: a manager, or that person.
///
/// *Errors*: [`Refusal::NotFound`] for who has no grant there, and those of [`authorise::project`].
pub async fn get(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    user_id: &str,
) -> Result<(User, ProjectRole), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), user_id);
    app.store
        .read(input, |tx, (app, visitor, (organization, project), user_id)| {
            Box::pin(async move {
                let (member, project, _) = removable(tx, app, visitor, organization, project, user_id).await?;
                let role = tx.organization(member.organization_id()).find_grant(&project.id, user_id).await?;
                Ok((tx.instance().load_user(user_id).await?, role.ok_or(Refusal::NotFound)?))
            })
        })
        .await
}

/// Adds somebody by address: a member at once, an outsider by an invitation that carries the role. Who is in the project has this role
/// from now on; a call that is repeated changes nothing (R-API-1).
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::NotAnOrganizationMember`] for an outsider while SSO is enforced
/// (R-INV-3), [`Refusal::TooManyRequests`], and those of [`authorise::project`].
pub async fn add(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    email: &str,
    role: ProjectRole,
) -> Result<Added, Error> {
    let mut input = Input::default();
    let Some(email) = input.new_email("email", email) else { return Err(input.refused()) };
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), email, role);
    let added = app
        .store
        .write(input, |tx, (app, visitor, (organization, project), email, role)| {
            Box::pin(async move {
                let (member, project, _) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectManage).await?;
                match find_member(tx, &member, email).await? {
                    Some(user) => give(tx, app, visitor, &member, &project, &user, *role).await,
                    None if member.place.organization.enforcement.enforced => {
                        Err(Refusal::NotAnOrganizationMember.into())
                    }
                    None => invite(tx, app, visitor, &member, &project, email, *role).await,
                }
            })
        })
        .await?;
    app.outbox.wake();
    Ok(added)
}

/// Gives a project user another role. Who is no admin any more cannot go on inviting (R-ORG-6).
///
/// *Errors*: [`Refusal::NotFound`] for who has no grant there, and those of [`authorise::project`].
pub async fn change_role(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    user_id: &str,
    role: ProjectRole,
) -> Result<(), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), user_id, role);
    app.store
        .write(input, |tx, (app, visitor, (organization, project), user_id, role)| {
            Box::pin(async move {
                let (member, project, _) =
                    authorise::project(tx, app, visitor, organization, project, Permission::ProjectManage).await?;
                let held = tx.organization(member.organization_id()).find_grant(&project.id, user_id).await?;
                let change = (held.ok_or(Refusal::NotFound)?, *role);
                let user = tx.instance().load_user(user_id).await?;
                give_another(tx, app, visitor, &member, &project, &user, change).await
            })
        })
        .await
}

/// Takes somebody's access to the project away; their membership stays as it is (R-ORG-9). Anyone may take their own.
///
/// *Errors*: [`Refusal::NotFound`] for who has no grant there, and those of [`authorise::project`].
pub async fn remove(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    user_id: &str,
) -> Result<(), Error> {
    let user_id = UserId::parse(user_id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), (organization.to_owned(), project.to_owned()), user_id);
    app.store
        .write(input, |tx, (app, visitor, (organization, project), user_id)| {
            Box::pin(async move {
                let (member, project, _) = removable(tx, app, visitor, organization, project, user_id).await?;
                if !tx.organization(member.organization_id()).delete_grant(&project.id, user_id).await? {
                    return Err(Error::from(Refusal::NotFound));
                }
                let begun = if invites_as_owner(tx, &member, user_id).await? {
                    Begun::default()
                } else {
                    Begun::end(tx, app, member.organization_id(), user_id).await?
                };
                let user = tx.instance().load_user(user_id).await?;
                let event = Event::done("project-member.removed")
                    .target(user_id, &user.name)
                    .data(serde_json::json!({ "project": project.name }));
                begun.record(tx, app, visitor, member.organization_id(), &Author::from(&member.caller), event).await
            })
        })
        .await
}

/// A manager may take anybody out of a project, anybody else themselves.
async fn removable(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    project: &str,
    user_id: &UserId,
) -> Result<(Member, Project, Option<ProjectRole>), Error> {
    let (member, project, grant) =
        authorise::project(tx, app, visitor, organization, project, Permission::ProjectRead).await?;
    if may(member.role(), grant, Permission::ProjectManage) || member.user_id() == user_id {
        Ok((member, project, grant))
    } else {
        Err(Refusal::NotPermitted.into())
    }
}

/// What somebody sent as a project's admin ends with that role; an Owner invites by another right.
async fn invites_as_owner(tx: &mut Tx, member: &Member, user_id: &UserId) -> Result<bool, Error> {
    let held = tx.organization(member.organization_id()).find_membership(user_id).await?;
    Ok(held.is_some_and(|held| held.role == OrganizationRole::Owner))
}

/// Whether another role than the one held ends it: for the act, and for the page that asks before it.
pub(super) async fn ends_what_was_begun(
    tx: &mut Tx,
    member: &Member,
    user_id: &UserId,
    (held, role): (ProjectRole, ProjectRole),
) -> Result<bool, Error> {
    Ok(role < held && !invites_as_owner(tx, member, user_id).await?)
}

/// Another role than the one held, if it is another.
async fn give_another(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    project: &Project,
    user: &User,
    (held, role): (ProjectRole, ProjectRole),
) -> Result<(), Error> {
    if held == role {
        return Ok(());
    }
    let mut view = tx.organization(member.organization_id());
    view.set_grant(&project.id, &user.id, role, member.user_id(), app.now()).await?;
    let begun = if ends_what_was_begun(tx, member, &user.id, (held, role)).await? {
        Begun::end(tx, app, member.organization_id(), &user.id).await?
    } else {
        Begun::default()
    };
    let event = Event::done("project-member.role-changed")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "project": project.name, "from": held, "to": role }));
    begun.record(tx, app, visitor, member.organization_id(), &Author::from(&member.caller), event).await
}

/// Who has this address, if they are a member.
pub(super) async fn find_member(tx: &mut Tx, member: &Member, email: &EmailAddress) -> Result<Option<User>, Error> {
    let mut view = tx.organization(member.organization_id());
    let Some(user) = view.find_member_by_email(email).await? else { return Ok(None) };
    let held = view.find_membership(&user.id).await?;
    Ok(held.filter(|held| held.state == MembershipState::Active).map(|_| user))
}

async fn give(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    project: &Project,
    user: &User,
    role: ProjectRole,
) -> Result<Added, Error> {
    let held = tx.organization(member.organization_id()).find_grant(&project.id, &user.id).await?;
    if let Some(held) = held {
        give_another(tx, app, visitor, member, project, user, (held, role)).await?;
        return Ok(Added::Granted(user.id.clone()));
    }
    let mut view = tx.organization(member.organization_id());
    view.set_grant(&project.id, &user.id, role, member.user_id(), app.now()).await?;
    let event = Event::done("project-member.added")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "project": project.name, "role": role }));
    note(tx, app, visitor, member, event).await?;
    Ok(Added::Granted(user.id.clone()))
}

/// A living invitation to the address is left as its sender made it, and carries the role from now on, until who had it carried may
/// not manage the project any more (R-ORG-6).
async fn invite(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    project: &Project,
    email: &EmailAddress,
    role: ProjectRole,
) -> Result<Added, Error> {
    let id = member.organization_id();
    membership::readmit_invited(tx, app, visitor, member, email).await?;
    let event = |target: &Invitation| {
        Event::done("project-member.invited")
            .target(&target.id, &target.email)
            .data(serde_json::json!({ "project": project.name, "role": role }))
    };
    if let Some(pending) = tx.organization(id).find_pending_invitation(email, app.now()).await? {
        if tx.organization(id).add_invited_project(&pending.id, &project.id, role, member.user_id()).await? {
            note(tx, app, visitor, member, event(&pending)).await?;
        }
        return Ok(Added::Attached(Box::new(pending)));
    }
    let projects = [(project.id.clone(), role)];
    let row =
        invitation::NewRow { visitor, inviter: member, email, role: OrganizationRole::Member, projects: &projects };
    let sent = invitation::insert(tx, app, row).await??;
    note(tx, app, visitor, member, event(&sent.invitation)).await?;
    Ok(Added::Invited(Box::new(sent)))
}
