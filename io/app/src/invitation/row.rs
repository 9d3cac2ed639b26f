//! Owns how an invitation is written: its row, its two tokens, its mail.

use orgate_core::email::EmailAddress;
use orgate_core::id::ProjectId;
use orgate_core::invitation::INVITATION_LIFETIME;
use orgate_core::refusal::Refusal;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Invitation, InvitationTokens, Tx};

use super::send::SentInvitation;
use super::{event, link_url};
use crate::app::App;
use crate::audit::{self, Author};
use crate::authorise::Member;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::limit;
use crate::mail::templates::MailTemplate;
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// A row to be written, with who sends it.
pub(crate) struct NewRow<'a> {
    pub(crate) visitor: &'a Visitor,
    pub(crate) inviter: &'a Member,
    pub(crate) email: &'a EmailAddress,
    pub(crate) role: OrganizationRole,
    pub(crate) projects: &'a [(ProjectId, ProjectRole)],
}

/// Writes an invitation and its mail. An earlier one to the same address ends by it. That its mailbox has had enough travels as
/// a value: who invites many is told whom it is about.
///
/// *Errors*: [`Refusal::TooManyRequests`], for the organization, and as that value for the mailbox.
pub(crate) async fn insert(tx: &mut Tx, app: &App, row: NewRow<'_>) -> Result<Result<SentInvitation, Refusal>, Error> {
    let now = app.now();
    let organization_id = row.inviter.organization_id();
    let invitation = Invitation {
        id: app.entropy.id(now),
        organization_id: organization_id.clone(),
        email: row.email.clone(),
        role: row.role,
        invited_by: row.inviter.user_id().clone(),
        created_at: now,
        sent_at: now,
        expires_at: now.plus(INVITATION_LIFETIME),
        accepted_at: None,
        accepted_by: None,
        revoked_at: None,
    };
    limit::invitation(tx, app, organization_id).await?;
    let (inviter, email_key) = (row.inviter.user_id(), row.email.key());
    if let Err(refusal) = limit::invitation_to(tx, app, organization_id, inviter, email_key).await? {
        return Ok(Err(refusal));
    }
    let (mailed, copied) = (SecretToken::generate(&*app.entropy), SecretToken::generate(&*app.entropy));
    let hashes = hashes(&mailed, &copied);
    let replaced = tx.organization(organization_id).insert_invitation(&invitation, &hashes, row.projects).await?;
    if let Some(replaced) = replaced {
        let event = event("invitation.revoked", &replaced).fact("replaced_by", invitation.id.to_string());
        let author = Author::from(&row.inviter.caller);
        audit::record(tx, app, Some(row.visitor), Some(organization_id), &author, event).await?;
    }
    mail(tx, app, &row.inviter.caller.check.name, &invitation, &mailed).await?;
    Ok(Ok(SentInvitation { link: link_url(app, &copied), invitation }))
}

pub(super) fn hashes(mailed: &SecretToken, copied: &SecretToken) -> InvitationTokens {
    InvitationTokens {
        mailed: mailed.hash(TokenPurpose::InvitationMailed),
        copied: copied.hash(TokenPurpose::InvitationCopied),
    }
}

/// Mails the link that proves the address.
pub(super) async fn mail(
    tx: &mut Tx,
    app: &App,
    inviter: &str,
    invitation: &Invitation,
    mailed: &SecretToken,
) -> Result<(), Error> {
    let mut view = tx.organization(&invitation.organization_id);
    let projects = view.list_invited_projects(&invitation.id).await?.into_iter().map(|project| project.name).collect();
    let template = MailTemplate::Invitation {
        organization: view.load_organization().await?.name,
        invited_by: inviter.to_owned(),
        projects,
        url: link_url(app, mailed),
        expires_at: invitation.expires_at,
    };
    app.outbox.put(tx, &invitation.email, template).await
}
