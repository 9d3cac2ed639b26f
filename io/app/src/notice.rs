//! Owns what all Owners of an organization are mailed about: far-reaching acts (R-IN-8), a full organization (R-LNK-8).

use orgate_core::id::OrganizationId;
use orgate_store::Tx;

use crate::app::App;
use crate::authorise::Member;
use crate::error::Error;
use crate::limit;
use crate::mail::templates::MailTemplate;

/// Mails every Owner that a member did something far-reaching. `did` goes on after their name: `made Sam Ode an Owner`.
///
/// *Source*: R-IN-8.
pub(crate) async fn owners(tx: &mut Tx, app: &App, by: &Member, did: &str) -> Result<(), Error> {
    let template = MailTemplate::OwnerNotice {
        organization: by.place.name.clone(),
        actor: by.caller.check.name.clone(),
        act: did.to_owned(),
        at: app.now(),
        url: app.settings.public_url.link(&format!("/organizations/{}/audit-log", by.place.slug)),
    };
    send(tx, app, by.organization_id(), &template).await
}

/// Mails every Owner that somebody could not come in because the organization is full; at most once an hour.
///
/// *Source*: R-LNK-8.
pub(crate) async fn member_limit(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    newcomer: &str,
) -> Result<(), Error> {
    if !limit::is_first_notice(tx, app, organization_id).await? {
        return Ok(());
    }
    let organization = tx.organization(organization_id).load_organization().await?;
    let template = MailTemplate::MemberLimit {
        members_url: app.settings.public_url.link(&format!("/organizations/{}/members", organization.slug)),
        organization: organization.name,
        newcomer: newcomer.to_owned(),
    };
    send(tx, app, organization_id, &template).await
}

async fn send(tx: &mut Tx, app: &App, organization_id: &OrganizationId, template: &MailTemplate) -> Result<(), Error> {
    for owner in tx.organization(organization_id).list_owners().await? {
        app.outbox.put(tx, &owner.email, template.clone()).await?;
    }
    Ok(())
}
