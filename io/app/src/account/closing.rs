//! Owns closing one's own account: what stands in its way, what it takes along, and doing it, all in one transaction. The
//! address is free again afterwards; memberships do not come back with it.

use orgate_core::email::EmailAddress;
use orgate_core::membership::MembershipState;
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_core::role::OrganizationRole;
use orgate_store::{Tx, User};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::error::Error;
use crate::mail::MailTemplate;
use crate::mail::account_letters::AccountMail;
use crate::membership;
use crate::session;
use crate::visitor::Visitor;

/// What closing would end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosingForecast {
    /// The address, which has to be typed.
    pub email: String,
    /// The memberships that end.
    pub places: Vec<ClosingPlace>,
    /// How many roles in projects end.
    pub grants: u64,
    /// How many other sessions end.
    pub other_sessions: u64,
    /// How many bonds to identity providers are dissolved.
    pub identities: u64,
}

/// One membership that would end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosingPlace {
    /// Where.
    pub organization: RequiringOrganization,
    /// As what.
    pub role: OrganizationRole,
    /// Why it cannot end: [`Refusal::LastOwner`], [`Refusal::NoWayBackIn`].
    pub obstacle: Option<Refusal>,
}

/// What closing would end, and what stands in its way.
///
/// *Errors*: those of [`authorise::account_recently`], so that the proof is asked for before anything is typed.
pub async fn forecast(app: &App, visitor: &Visitor) -> Result<ClosingForecast, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                let sessions = session::views(tx, app, &caller).await?;
                Ok(ClosingForecast {
                    places: places(tx, app, &caller).await?,
                    grants: count(&tx.instance().list_grants_of_user(&user.id).await?),
                    other_sessions: count(&sessions).saturating_sub(1),
                    identities: count(&tx.instance().list_linked_identities(&user.id).await?),
                    email: user.email.to_string(),
                })
            })
        })
        .await
}

/// Closes it. `confirmation` is the own address, typed.
///
/// *Errors*: [`Refusal::LastOwnerOf`] (R-ORG-5) and [`Refusal::NoWayBackIn`] (R-ENF-14), [`Refusal::InvalidInput`], and
/// those of [`authorise::account_recently`].
pub async fn close(app: &App, visitor: &Visitor, confirmation: &str) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), confirmation.to_owned()), |tx, (app, visitor, confirmation)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                refuse_while_needed(&places(tx, app, &caller).await?)?;
                let typed = EmailAddress::parse(confirmation);
                if !typed.is_ok_and(|typed| typed.key() == user.email.key()) {
                    return Err(crate::error::invalid("confirmation", "Type your address to confirm."));
                }
                perform(tx, app, visitor, &caller, &user).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

async fn places(tx: &mut Tx, app: &App, caller: &Caller) -> Result<Vec<ClosingPlace>, Error> {
    let mut all = Vec::new();
    for place in &caller.check.places {
        let id = &place.organization_id;
        let obstacle = match membership::may_end(tx, app, id, caller.user_id()).await {
            Ok(()) => None,
            Err(Error::Refused(refusal)) => Some(refusal),
            Err(fault @ Error::Fault(_)) => return Err(fault),
        };
        let organization = RequiringOrganization {
            id: id.clone(),
            slug: place.organization.slug.clone(),
            name: place.organization.name.clone(),
        };
        all.push(ClosingPlace { organization, role: place.role, obstacle });
    }
    all.sort_by(|one, other| one.organization.name.cmp(&other.organization.name));
    Ok(all)
}

/// All organizations that need the person are named at once.
fn refuse_while_needed(places: &[ClosingPlace]) -> Result<(), Refusal> {
    let mut others = places.iter().filter_map(|place| place.obstacle.clone());
    let last_owner_of: Vec<RequiringOrganization> = places
        .iter()
        .filter(|place| place.obstacle == Some(Refusal::LastOwner))
        .map(|place| place.organization.clone())
        .collect();
    if !last_owner_of.is_empty() {
        return Err(Refusal::LastOwnerOf(last_owner_of));
    }
    others.next().map_or(Ok(()), Err)
}

async fn perform(tx: &mut Tx, app: &App, visitor: &Visitor, caller: &Caller, user: &User) -> Result<(), Error> {
    let now = app.now();
    app.outbox.put(tx, &user.email, MailTemplate::Account(AccountMail::AccountClosed { at: now })).await?;
    let author = Author::from(caller);
    let event = || Event::done("user.closed").target(&user.id, &user.name);
    for place in &caller.check.places {
        let id = &place.organization_id;
        // Each end asks again whether it may be, in this same transaction.
        let begun = membership::end(tx, app, id, &user.id, MembershipState::Left).await?;
        begun.record(tx, app, visitor, id, &author, event()).await?;
    }
    audit::record(tx, app, Some(visitor), None, &author, event()).await?;
    if tx.instance().erase_user(&user.id, now).await? { Ok(()) } else { Err(Refusal::NoSession.into()) }
}

fn count<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}
