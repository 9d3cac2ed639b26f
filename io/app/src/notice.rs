//! Owns what all Owners of an organization are mailed about: far-reaching acts (R-IN-8), a full organization (R-LNK-8); and
//! what a member is, when somebody changes their place.

use orgate_core::id::OrganizationId;
use orgate_core::policy::AddressState;
use orgate_core::refusal::RequiringOrganization;
use orgate_store::{Organization, Tx, User};

use crate::app::App;
use crate::authorise::Member;
use crate::error::Error;
use crate::limit;
use crate::mail::account_letters::AccountMail;
use crate::mail::domain_letters::DomainMail;
use crate::mail::templates::MailTemplate;

/// Mails every Owner that a member did something far-reaching. `did` goes on after their name: `made Sam Ode an Owner`.
///
/// *Source*: R-IN-8.
pub(crate) async fn owners(tx: &mut Tx, app: &App, by: &Member, did: &str) -> Result<(), Error> {
    let template = MailTemplate::OwnerNotice {
        organization: by.place.organization.name.clone(),
        actor: by.caller.check.name.clone(),
        act: did.to_owned(),
        at: app.now(),
        url: app.settings.public_url.link(&format!("/organizations/{}/audit-log", by.place.organization.slug)),
    };
    send(tx, app, by.organization_id(), &template).await
}

/// Mails every Owner that somebody became one of them: of the invitation they heard when it was sent, and this is its effect.
///
/// *Source*: R-IN-8.
pub(crate) async fn new_owner(tx: &mut Tx, app: &App, organization: &Organization, who: &User) -> Result<(), Error> {
    let template = MailTemplate::OwnerNotice {
        url: app.settings.public_url.link(&format!("/organizations/{}/audit-log", organization.slug)),
        organization: organization.name.clone(),
        actor: who.name.clone(),
        act: "became an Owner by an invitation".to_owned(),
        at: app.now(),
    };
    send(tx, app, &organization.id, &template).await
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

/// Mails every Owner that enforcement changed, with the login address that members need from now on.
///
/// *Source*: R-ENF-6, R-IN-8.
pub(crate) async fn enforcement(tx: &mut Tx, app: &App, by: &Member, did: &str) -> Result<(), Error> {
    let template = MailTemplate::EnforcementChanged {
        organization: by.place.organization.name.clone(),
        actor: by.caller.check.name.clone(),
        act: did.to_owned(),
        at: app.now(),
        login_url: app.settings.public_url.link(&format!("/sign-in/{}", by.place.organization.slug)),
        settings_url: single_sign_on_page(app, &by.place.organization.slug),
    };
    send(tx, app, by.organization_id(), &template).await
}

/// Mails every Owner that a trial was not confirmed and enforcement is off again. *Source*: R-ENF-12.
pub(crate) async fn trial_over(tx: &mut Tx, app: &App, id: &OrganizationId) -> Result<(), Error> {
    let organization = tx.organization(id).load_organization().await?;
    let template = MailTemplate::TrialOver {
        settings_url: single_sign_on_page(app, &organization.slug),
        organization: organization.name,
        at: app.now(),
    };
    send(tx, app, id, &template).await
}

/// Mails every Owner that nobody could come in any more if the IdP were down. *Source*: R-ENF-14.
pub(crate) async fn way_back_lost(tx: &mut Tx, app: &App, id: &OrganizationId) -> Result<(), Error> {
    let organization = tx.organization(id).load_organization().await?;
    let template = MailTemplate::WayBackLost {
        settings_url: single_sign_on_page(app, &organization.slug),
        organization: organization.name,
    };
    send(tx, app, id, &template).await
}

/// Mails the other Owners that one of them came in without SSO while it is enforced. *Source*: R-ENF-8.
pub(crate) async fn exempt_sign_in(tx: &mut Tx, app: &App, id: &OrganizationId, who: &User) -> Result<(), Error> {
    let organization = tx.organization(id).load_organization().await?;
    let template = MailTemplate::ExemptSignIn {
        url: app.settings.public_url.link(&format!("/organizations/{}/audit-log", organization.slug)),
        organization: organization.name,
        owner: who.name.clone(),
        at: app.now(),
    };
    for owner in tx.organization(id).list_owners().await? {
        if owner.id != who.id {
            app.outbox.put(tx, &owner.email, template.clone()).await?;
        }
    }
    Ok(())
}

/// Mails every Owner that a member left without coming in through SSO. *Source*: R-ENF-13.
pub(crate) async fn way_out(tx: &mut Tx, app: &App, left: &RequiringOrganization, who: &User) -> Result<(), Error> {
    let template = MailTemplate::WayOut {
        url: app.settings.public_url.link(&format!("/organizations/{}/members", left.slug)),
        organization: left.name.clone(),
        name: who.name.clone(),
        email: who.email.to_string(),
        at: app.now(),
    };
    send(tx, app, &left.id, &template).await
}

/// Mails a member what somebody changed about them; an address that nobody has proven is told nothing. `act` goes on after
/// the name of who did it: `removed you`.
pub(crate) async fn member(
    tx: &mut Tx,
    app: &App,
    by: &Member,
    user: &User,
    (act, meaning): (&'static str, &'static str),
) -> Result<(), Error> {
    if user.address != AddressState::Proven || user.id == *by.user_id() || user.closed_at.is_some() {
        return Ok(());
    }
    let mail = AccountMail::MemberNotice {
        organization: by.place.organization.name.clone(),
        actor: by.caller.check.name.clone(),
        act,
        meaning,
        at: app.now(),
    };
    app.outbox.put(tx, &user.email, MailTemplate::Account(mail)).await?;
    Ok(())
}

/// Mails every Owner that the operator did something to the organization. *Source*: R-OPS-1.
pub(crate) async fn operator(tx: &mut Tx, app: &App, id: &OrganizationId, did: &str) -> Result<(), Error> {
    let organization = tx.organization(id).load_organization().await?;
    let template = MailTemplate::OwnerNotice {
        url: app.settings.public_url.link(&format!("/organizations/{}/audit-log", organization.slug)),
        organization: organization.name,
        actor: "The operator of this service".to_owned(),
        act: did.to_owned(),
        at: app.now(),
    };
    send(tx, app, id, &template).await
}

/// Mails every Owner about a domain of the organization. *Source*: R-LNK-7.
pub(crate) async fn domain(tx: &mut Tx, app: &App, id: &OrganizationId, mail: DomainMail) -> Result<(), Error> {
    send(tx, app, id, &MailTemplate::Domain(mail)).await
}

fn single_sign_on_page(app: &App, slug: &str) -> String {
    app.settings.public_url.link(&format!("/organizations/{slug}/settings/single-sign-on"))
}

async fn send(tx: &mut Tx, app: &App, organization_id: &OrganizationId, template: &MailTemplate) -> Result<(), Error> {
    for owner in tx.organization(organization_id).list_owners().await? {
        app.outbox.put(tx, &owner.email, template.clone()).await?;
    }
    Ok(())
}
