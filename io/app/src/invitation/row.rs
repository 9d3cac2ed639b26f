//! Owns how an invitation is written: its row, its two tokens, its mail.

use orgate_core::email::EmailAddress;
use orgate_core::id::{OrganizationId, ProjectId, UserId};
use orgate_core::invitation::INVITATION_LIFETIME;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::{Invitation, InvitationTokens, Tx};

use super::link_url;
use super::send::SentInvitation;
use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::limit;
use crate::mail::templates::MailTemplate;
use crate::token::{SecretToken, TokenPurpose};

/// A row to be written, with who sends it and in which words.
pub(crate) struct NewRow<'a> {
    pub(crate) organization_id: &'a OrganizationId,
    pub(crate) inviter: &'a UserId,
    pub(crate) inviter_name: &'a str,
    pub(crate) email: &'a EmailAddress,
    pub(crate) role: OrganizationRole,
    pub(crate) projects: &'a [(ProjectId, ProjectRole)],
}

/// Writes an invitation and its mail.
///
/// *Errors*: [`orgate_core::refusal::Refusal::TooManyRequests`].
pub(crate) async fn insert(tx: &mut Tx, app: &App, row: NewRow<'_>) -> Result<SentInvitation, Error> {
    let now = app.now();
    let invitation = Invitation {
        id: app.entropy.id(now),
        organization_id: row.organization_id.clone(),
        email: row.email.clone(),
        role: row.role,
        invited_by: row.inviter.clone(),
        created_at: now,
        sent_at: now,
        expires_at: now.plus(INVITATION_LIFETIME),
        accepted_at: None,
        accepted_by: None,
        revoked_at: None,
    };
    limit::invitation(tx, app, row.organization_id).await?;
    limit::mail_in(tx, app, row.email.key()).await?;
    let (mailed, copied) = (SecretToken::generate(&*app.entropy), SecretToken::generate(&*app.entropy));
    tx.organization(row.organization_id)
        .insert_invitation(&invitation, &hashes(&mailed, &copied), row.projects)
        .await?;
    mail(tx, app, row.inviter_name, &invitation, &mailed).await?;
    Ok(SentInvitation { link: link_url(app, &copied), invitation })
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
