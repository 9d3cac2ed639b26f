//! Owns one pending invitation as those who invite see it.

use orgate_core::id::{Identifier as _, InvitationId};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;

use super::send::{PendingInvitation, describe};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::visitor::Visitor;

/// One pending invitation.
///
/// *Errors*: [`Refusal::NotFound`] unless it is pending, and those of [`authorise::permitted`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<PendingInvitation, Error> {
    let id = InvitationId::parse(id).ok_or(Refusal::NotFound)?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id);
    app.store
        .read(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let permission = Permission::InvitationManage;
                let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                let found = tx.organization(member.organization_id()).find_invitation(id).await?;
                let pending = found.filter(|found| found.accepted_at.is_none() && found.revoked_at.is_none());
                describe(tx, app, pending.ok_or(Refusal::NotFound)?).await
            })
        })
        .await
}
