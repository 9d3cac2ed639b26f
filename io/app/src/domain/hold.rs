//! Owns what is written when an organization comes to hold a domain, or loses it: the rows, the addresses of a domain that
//! passed to another organization and what was mailed to them, the audit events, and the mails to Owners.

use orgate_core::domain::{CheckResult, DomainName, passed};
use orgate_core::email::EmailAddress;
use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;
use orgate_store::{Domain, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::mail::domain_letters::{DomainMail, LapseReason};
use crate::notice;
use crate::token::{SecretToken, TokenPurpose};

/// Makes the organization of this claim the holder, and says whether the domain passed to it from another one.
///
/// *Errors*: a conflict while another organization holds it; that one has to have lost it before.
pub(super) async fn hold(tx: &mut Tx, app: &App, domain: &Domain) -> Result<bool, Error> {
    let last = tx.instance().find_last_domain_holder(&domain.name).await?;
    let has_passed = passed(last.as_ref(), &domain.organization_id);
    tx.organization(&domain.organization_id).hold_domain(domain, app.now()).await?;
    if has_passed {
        unprove(tx, app, domain).await?;
    }
    Ok(has_passed)
}

/// Whether a code that was typed then proves this address still: its domain came to no other organization since. Whoever read
/// the mailbox before may not be who reads it now (R-LNK-7).
pub(crate) async fn proves_still(tx: &mut Tx, address: &EmailAddress, typed_at: Timestamp) -> Result<bool, Error> {
    let Some(name) = DomainName::parse(address.domain()) else { return Ok(true) };
    let since = tx.instance().find_domain_held_since(&name).await?;
    Ok(since.is_none_or(|since| typed_at > since))
}

/// The addresses of the domain are nobody's until proven again, and what was mailed to them proves none (R-LNK-7). How many there
/// are is no organization's to know.
async fn unprove(tx: &mut Tx, app: &App, domain: &Domain) -> Result<(), Error> {
    let owners = tx.instance().list_owners_of_domain(&domain.name).await?;
    let invitations = tx.instance().list_invitations_into_domain(&domain.name).await?;
    for invitation in &invitations {
        let unknown = SecretToken::generate(&*app.entropy).hash(TokenPurpose::InvitationMailed);
        tx.instance().void_mailed_link(invitation, &unknown).await?;
    }
    let addresses = tx.instance().unprove_addresses(&domain.name).await?;
    for owner in &owners {
        way_back::review_of_user(tx, app, owner).await?;
    }
    let event = Event::done("domain.passed")
        .target(&domain.id, &domain.name)
        .data(serde_json::json!({ "addresses": addresses, "invitations": invitations.len() }));
    audit::record(tx, app, None, None, &Author::system(), event).await
}

/// Takes a domain from its holder, because of what a look at it came to.
pub(super) async fn lapse(tx: &mut Tx, app: &App, domain: &Domain, result: CheckResult) -> Result<(), Error> {
    let reason = match result {
        CheckResult::NoAnswer => LapseReason::NoAnswer,
        CheckResult::Found | CheckResult::RecordMissing | CheckResult::HeldByAnother => LapseReason::RecordMissing,
    };
    end(tx, app, domain, result, "domain.lapsed", reason).await
}

/// The same, because another organization shows its record and this one does not any more.
pub(super) async fn lose(tx: &mut Tx, app: &App, domain: &Domain) -> Result<(), Error> {
    end(tx, app, domain, CheckResult::RecordMissing, "domain.lost", LapseReason::TakenOver).await
}

async fn end(
    tx: &mut Tx,
    app: &App,
    domain: &Domain,
    result: CheckResult,
    action: &'static str,
    reason: LapseReason,
) -> Result<(), Error> {
    let id = &domain.organization_id;
    if !tx.organization(id).lapse_domain(&domain.id, result, app.now()).await? {
        return Ok(());
    }
    let event =
        Event::done(action).target(&domain.id, &domain.name).data(serde_json::json!({ "reason": result.as_str() }));
    audit::record(tx, app, None, Some(id), &Author::system(), event).await?;
    let name = domain.name.to_string();
    tell(tx, app, id, |organization, domains_url| DomainMail::Lapsed {
        organization,
        domain: name,
        reason,
        at: app.now(),
        domains_url,
    })
    .await
}

/// Mails the Owners of an organization about one of its domains.
pub(super) async fn tell(
    tx: &mut Tx,
    app: &App,
    id: &OrganizationId,
    mail: impl FnOnce(String, String) -> DomainMail + Send,
) -> Result<(), Error> {
    let organization = tx.organization(id).load_organization().await?;
    let url = app.settings.public_url.link(&format!("/organizations/{}/settings/domains", organization.slug));
    notice::domain(tx, app, id, mail(organization.name, url)).await
}
