//! Owns inviting and what those who invite can do afterwards: send again, copy another link, revoke.

use orgate_core::email::EmailAddress;
use orgate_core::id::{Identifier as _, InvitationId, OrganizationId, ProjectId};
use orgate_core::invitation::{INVITATION_LIFETIME, MOST_INVITED_AT_ONCE};
use orgate_core::membership::MembershipState;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;
use orgate_store::{Invitation, InvitedProject, Tx};

use super::row::{NewRow, hashes, insert, mail};
use super::{link_url, refuse_while_enforced};
use crate::app::App;
use crate::audit::{self, Author};
use crate::authorise::{self, Member};
use crate::error::Error;
use crate::input::Input;
use crate::limit;
use crate::membership;
use crate::notice;
use crate::paging::{self, Listed};
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// A project named by id or short name, and a role in it.
#[derive(Debug, Clone)]
pub struct ProjectChoice {
    /// Which project.
    pub project: String,
    /// As what.
    pub role: ProjectRole,
}

/// Whom to invite, and as what.
#[derive(Debug, Clone)]
pub struct NewInvitations {
    /// The addresses, as typed.
    pub emails: Vec<String>,
    /// The role in the organization, the same for all.
    pub role: OrganizationRole,
    /// The roles in projects, the same for all.
    pub projects: Vec<ProjectChoice>,
}

/// An invitation that was just sent. The link is shown once.
#[derive(Debug, Clone)]
pub struct SentInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The link to copy, which does not prove the address.
    pub link: String,
}

/// What inviting did.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The invitations.
    pub items: Vec<SentInvitation>,
    /// Addresses that were left out because they are members already.
    pub members_already: Vec<String>,
}

/// A pending invitation as those who invite see it.
#[derive(Debug, Clone)]
pub struct PendingInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The roles in projects that it carries.
    pub projects: Vec<InvitedProject>,
    /// The name of who sent it.
    pub inviter: String,
    /// Whether its 48 hours are over.
    pub expired: bool,
}

#[derive(Clone)]
struct Checked {
    emails: Vec<EmailAddress>,
    role: OrganizationRole,
    projects: Vec<ProjectChoice>,
}

/// Invites addresses to the organization with one role. A pending invitation to the same address is replaced.
///
/// *Errors*: [`Refusal::InvalidInput`], also for an address that was sent too many, [`Refusal::NotFound`] for a project of
/// another organization, [`Refusal::InvitationsDisabledBySso`], [`Refusal::NeedsRecentProof`] for the role `owner` (R-IN-8),
/// [`Refusal::TooManyRequests`], and those of [`authorise::permitted`].
pub async fn invite(app: &App, visitor: &Visitor, organization: &str, new: NewInvitations) -> Result<Invited, Error> {
    let checked = check(new)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), checked);
    let invited = app
        .store
        .write(input, |tx, (app, visitor, organization, checked)| {
            Box::pin(async move {
                let member = membership::authorise_grant(tx, app, visitor, organization, checked.role).await?;
                invite_all(tx, app, visitor, &member, checked).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(invited)
}

/// Pending invitations, oldest first.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn list(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<Listed<PendingInvitation>, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), cursor, limit);
    app.store
        .read(input, |tx, (app, visitor, organization, cursor, limit)| {
            Box::pin(async move {
                let permission = Permission::InvitationManage;
                let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                let after = paging::after::<InvitationId>(cursor.as_deref())?;
                let mut view = tx.organization(member.organization_id());
                let page = view.list_pending_invitations(after.as_ref(), paging::limit(*limit)).await?;
                let page = Listed::of(page, |invitation| invitation.id.as_str());
                let mut items = Vec::with_capacity(page.items.len());
                for invitation in page.items {
                    items.push(describe(tx, app, invitation).await?);
                }
                Ok(Listed { items, next_cursor: page.next_cursor })
            })
        })
        .await
}

/// Mails the invitation again with new links and new 48 hours; the old links are dead. It is from now on the invitation of who sends
/// it again, and ends with that person's right to send it (R-ORG-6).
///
/// *Errors*: [`Refusal::NotFound`] unless it is pending, [`Refusal::InvitationsDisabledBySso`],
/// [`Refusal::NeedsRecentProof`] for the role `owner`, and those of [`authorise::permitted`].
pub async fn resend(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<SentInvitation, Error> {
    let id = InvitationId::parse(id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id);
    let sent = app
        .store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let (member, invitation) = pending(tx, app, visitor, organization, id).await?;
                limit::invitation(tx, app, member.organization_id()).await?;
                let (organization_id, email_key) = (member.organization_id(), invitation.email.key());
                limit::invitation_to(tx, app, organization_id, member.user_id(), email_key).await??;
                let now = app.now();
                let (mailed, copied) = (SecretToken::generate(&*app.entropy), SecretToken::generate(&*app.entropy));
                let expires_at = now.plus(INVITATION_LIFETIME);
                let hashes = hashes(&mailed, &copied);
                let (mut view, sender) = (tx.organization(member.organization_id()), member.user_id());
                view.renew_invitation(id, &hashes, sender, now, expires_at).await?;
                let invitation = Invitation { invited_by: sender.clone(), sent_at: now, expires_at, ..invitation };
                mail(tx, app, &member.caller.check.name, &invitation, &mailed).await?;
                note(tx, app, visitor, &member, "invitation.resent", &invitation).await?;
                membership::readmit_invited(tx, app, visitor, &member, &invitation.email).await?;
                tell_of_owner(tx, app, &member, &invitation, "sent again the invitation to").await?;
                Ok::<_, Error>(SentInvitation { link: link_url(app, &copied), invitation })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(sent)
}

/// Makes another link to copy; the one copied before is dead, the mailed one is not. The invitation is from now on that of who
/// hands the link out.
///
/// *Errors*: as [`resend`], and [`Refusal::InvitationOver`] when its 48 hours are over.
pub async fn copy_link(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<SentInvitation, Error> {
    let id = InvitationId::parse(id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id);
    let sent = app
        .store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let (member, invitation) = pending(tx, app, visitor, organization, id).await?;
                if let Some(end) = super::end(&invitation, app.now()) {
                    return Err(Error::from(Refusal::InvitationOver(end)));
                }
                let copied = SecretToken::generate(&*app.entropy);
                let hash = copied.hash(TokenPurpose::InvitationCopied);
                let (mut view, sender) = (tx.organization(member.organization_id()), member.user_id());
                view.set_copied_token(id, &hash, sender).await?;
                let invitation = Invitation { invited_by: sender.clone(), ..invitation };
                membership::readmit_invited(tx, app, visitor, &member, &invitation.email).await?;
                note(tx, app, visitor, &member, "invitation.link-copied", &invitation).await?;
                tell_of_owner(tx, app, &member, &invitation, "copied a link of the invitation to").await?;
                Ok(SentInvitation { link: link_url(app, &copied), invitation })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(sent)
}

/// Revokes a pending invitation.
///
/// *Errors*: [`Refusal::NotFound`] unless it is pending, and those of [`authorise::permitted`].
pub async fn revoke(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<(), Error> {
    let id = InvitationId::parse(id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id);
    app.store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let permission = Permission::InvitationManage;
                let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                let mut view = tx.organization(member.organization_id());
                let invitation = view.find_invitation(id).await?.ok_or(Refusal::NotFound)?;
                if !view.revoke_invitation(id, app.now()).await? {
                    return Err(Error::from(Refusal::NotFound));
                }
                note(tx, app, visitor, &member, "invitation.revoked", &invitation).await
            })
        })
        .await
}

fn check(new: NewInvitations) -> Result<Checked, Error> {
    let mut input = Input::default();
    let typed: Vec<&str> = new.emails.iter().map(|email| email.trim()).filter(|email| !email.is_empty()).collect();
    if typed.is_empty() {
        input.refuse("emails", "Type at least one address.");
    }
    if typed.len() > MOST_INVITED_AT_ONCE {
        input.refuse("emails", format!("Invite at most {MOST_INVITED_AT_ONCE} addresses at once."));
        return Err(input.refused());
    }
    let mut emails: Vec<EmailAddress> = Vec::new();
    for text in typed {
        match EmailAddress::parse_new(text) {
            Ok(email) if emails.contains(&email) => {}
            Ok(email) => emails.push(email),
            Err(_) => input.refuse("emails", format!("{} is no address that we can mail.", printable(text))),
        }
    }
    input.finish()?;
    Ok(Checked { emails, role: new.role, projects: new.projects })
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

async fn invite_all(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    checked: &Checked,
) -> Result<Invited, Error> {
    let id = member.organization_id();
    refuse_while_enforced(&tx.organization(id).load_organization().await?)?;
    let projects = find_projects(tx, id, &checked.projects).await?;
    let mut invited = Invited { items: Vec::new(), members_already: Vec::new() };
    let mut too_often = Input::default();
    for email in &checked.emails {
        if is_member(tx, id, email).await? {
            invited.members_already.push(email.to_string());
            continue;
        }
        let row = NewRow { visitor, inviter: member, email, role: checked.role, projects: &projects };
        let Ok(sent) = insert(tx, app, row).await? else {
            too_often.refuse("emails", format!("{email} was sent enough invitations for now. Try again in an hour."));
            continue;
        };
        note(tx, app, visitor, member, "invitation.created", &sent.invitation).await?;
        membership::readmit_invited(tx, app, visitor, member, email).await?;
        invited.items.push(sent);
    }
    too_often.finish()?;
    if checked.role == OrganizationRole::Owner && !invited.items.is_empty() {
        let count = invited.items.len();
        notice::owners(tx, app, member, &format!("invited {count} people as Owners")).await?;
    }
    Ok(invited)
}

/// R-IN-8: to hand `owner` out again is told to all Owners like the first time.
async fn tell_of_owner(
    tx: &mut Tx,
    app: &App,
    member: &Member,
    invitation: &Invitation,
    did: &str,
) -> Result<(), Error> {
    match invitation.role {
        OrganizationRole::Owner => {
            notice::owners(tx, app, member, &format!("{did} {} as Owner", invitation.email)).await
        }
        OrganizationRole::Member => Ok(()),
    }
}

async fn is_member(tx: &mut Tx, id: &OrganizationId, email: &EmailAddress) -> Result<bool, Error> {
    let mut view = tx.organization(id);
    let Some(user) = view.find_member_by_email(email).await? else { return Ok(false) };
    let membership = view.find_membership(&user.id).await?;
    Ok(membership.is_some_and(|membership| membership.state == MembershipState::Active))
}

async fn find_projects(
    tx: &mut Tx,
    id: &OrganizationId,
    choices: &[ProjectChoice],
) -> Result<Vec<(ProjectId, ProjectRole)>, Error> {
    let mut found: Vec<(ProjectId, ProjectRole)> = Vec::new();
    for choice in choices {
        let mut view = tx.organization(id);
        let project = match ProjectId::parse(&choice.project) {
            Some(project_id) => view.find_project(&project_id).await?,
            None => view.find_project_by_slug(&choice.project).await?,
        };
        let project = project.ok_or(Refusal::NotFound)?;
        match found.iter_mut().find(|(known, _)| *known == project.id) {
            Some((_, role)) => *role = (*role).max(choice.role),
            None => found.push((project.id, choice.role)),
        }
    }
    Ok(found)
}

/// A pending invitation, for whoever may hand out its role now.
async fn pending(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &InvitationId,
) -> Result<(Member, Invitation), Error> {
    let permission = Permission::InvitationManage;
    let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
    let invitation = tx.organization(member.organization_id()).find_invitation(id).await?.ok_or(Refusal::NotFound)?;
    if invitation.accepted_at.is_some() || invitation.revoked_at.is_some() {
        return Err(Refusal::NotFound.into());
    }
    refuse_while_enforced(&tx.organization(member.organization_id()).load_organization().await?)?;
    membership::authorise_grant(tx, app, visitor, organization, invitation.role).await?;
    Ok((member, invitation))
}

pub(super) async fn describe(tx: &mut Tx, app: &App, invitation: Invitation) -> Result<PendingInvitation, Error> {
    let projects = tx.organization(&invitation.organization_id).list_invited_projects(&invitation.id).await?;
    let inviter = tx.instance().load_user(&invitation.invited_by).await?.name;
    Ok(PendingInvitation { expired: is_expired(&invitation, app.now()), projects, inviter, invitation })
}

fn is_expired(invitation: &Invitation, now: Timestamp) -> bool {
    super::end(invitation, now).is_some()
}

async fn note(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    action: &'static str,
    invitation: &Invitation,
) -> Result<(), Error> {
    let (author, event) = (Author::from(&member.caller), super::event(action, invitation));
    audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await
}
