//! Owns deleting an organization: asked for by an Owner, undone within seven days, performed after them (R-ORG-5).

use std::time::Duration;

use orgate_core::id::{OrganizationId, UserId};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_store::{PlaceOrganization, Tx};

use super::{OrganizationView, view};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::audit_chain;
use crate::authorise;
use crate::enforcement::way_back;
use crate::error::Error;
use crate::notice;
use crate::session;
use crate::visitor::Visitor;

/// How long a requested deletion can be undone. *Units*: seven days. *Source*: R-ORG-5.
pub const DELETION_DELAY: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many members are read at once.
const MEMBERS_AT_ONCE: u32 = 100;
/// How many due deletions one run performs.
const DELETIONS_A_RUN: u32 = 20;

/// Asks for the deletion in seven days. `confirmation` is the short name or the name, typed.
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::NeedsRecentProof`], and those of [`authorise::permitted`].
/// *Source*: R-ORG-5, R-IN-8.
pub async fn request_deletion(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    confirmation: &str,
) -> Result<OrganizationView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), confirmation.trim().to_owned());
    let deleted = app
        .store
        .write(input, |tx, (app, visitor, organization, confirmation)| {
            Box::pin(async move {
                let permission = Permission::OrganizationDelete;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                let PlaceOrganization { slug, name, .. } = &*member.place.organization;
                if confirmation != slug && confirmation != name {
                    let message = format!("Type {slug} to confirm.");
                    return Err(crate::error::invalid("confirmation", message));
                }
                let now = app.now();
                let id = member.organization_id();
                if tx.organization(id).request_deletion(now, now.plus(DELETION_DELAY)).await? {
                    let event = Event::done("organization.deletion-requested").target(id, name);
                    audit::record(tx, app, Some(visitor), Some(id), &Author::from(&member.caller), event).await?;
                    let did = "asked for its deletion: in seven days it is gone, until then an Owner can undo it";
                    notice::owners(tx, app, &member, did).await?;
                }
                let organization = tx.organization(id).load_organization().await?;
                view(tx, app, organization, member.role()).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(deleted)
}

/// Takes the request back.
///
/// *Errors*: [`Refusal::NotFound`] when there is none, and those of [`authorise::permitted`].
pub async fn undo_deletion(app: &App, visitor: &Visitor, organization: &str) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), organization.to_owned()), |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let permission = Permission::OrganizationDelete;
                let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                let id = member.organization_id();
                if !tx.organization(id).undo_deletion(app.now()).await? {
                    return Err(Error::from(Refusal::NotFound));
                }
                let event = Event::done("organization.deletion-undone").target(id, &member.place.organization.name);
                audit::record(tx, app, Some(visitor), Some(id), &Author::from(&member.caller), event).await?;
                notice::owners(tx, app, &member, "took its deletion back").await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Performs deletions whose seven days are over, and says how many.
///
/// *Errors*: those of the store.
pub async fn perform_due_deletions(app: &App) -> Result<u64, Error> {
    let due = app
        .store
        .read(app.now(), |tx, now| {
            Box::pin(async move { tx.instance().list_due_deletions(*now, DELETIONS_A_RUN).await.map_err(Error::from) })
        })
        .await?;
    let (mut performed, mut failed) = (0, None);
    for id in due {
        // One that cannot be deleted keeps no other waiting.
        match perform(app, id).await {
            Ok(some) => performed += some,
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(performed), Err)
}

/// The log of an organization can be long, and what goes with it goes in one transaction that everybody who writes waits for: most
/// of the log goes before, a few events at a time. Nothing takes the deletion back any more.
async fn perform(app: &App, id: OrganizationId) -> Result<u64, Error> {
    audit_chain::remove_all(app, &id).await?;
    app.store
        .write((app.clone(), id), |tx, (app, id)| Box::pin(async move { perform_deletion(tx, app, id).await }))
        .await
}

async fn perform_deletion(tx: &mut Tx, app: &App, id: &OrganizationId) -> Result<u64, Error> {
    let Some(organization) = tx.organization(id).find_organization().await? else { return Ok(0) };
    // What it refused stays refused when it is gone (I7).
    let members = members(tx, id).await?;
    for user_id in &members {
        session::settle(tx, app, user_id).await?;
    }
    let Some(closed) = tx.organization(id).perform_deletion(app.now()).await? else { return Ok(0) };
    // Whom it bound may be a way back in elsewhere again (R-ENF-14).
    for user_id in &members {
        way_back::review_of_user(tx, app, user_id).await?;
    }
    let event = Event::done("organization.deleted").target(id, &organization.name).fact("people_closed", closed);
    audit::record(tx, app, None, None, &Author::system(), event).await?;
    Ok(1)
}

async fn members(tx: &mut Tx, id: &OrganizationId) -> Result<Vec<UserId>, Error> {
    let mut all: Vec<UserId> = Vec::new();
    loop {
        let page = tx.organization(id).list_member_ids(all.last(), MEMBERS_AT_ONCE).await?;
        all.extend(page.items);
        if !page.has_more {
            return Ok(all);
        }
    }
}
