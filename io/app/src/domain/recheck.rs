//! Owns looking again at domains that are held: daily, hourly while name servers do not answer, at once when another
//! organization claims the domain, and before a sign-in relies on one. No transaction is open while they are asked.

use futures_util::StreamExt as _;
use orgate_core::domain::{DomainName, Evidence, LAPSES_AFTER, Recheck, recheck};
use orgate_core::email::EmailAddress;
use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;
use orgate_store::{Domain, Tx};

use super::hold;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::Error;
use crate::mail::domain_letters::DomainMail;

/// Domains that one run looks at, and how many at once. *Units*: domains.
const A_RUN: u32 = 200;
const AT_ONCE: usize = 8;

/// Looks at the held domains that are due, and says how many it looked at. One that cannot be written down is due still.
///
/// *Errors*: those of the store.
pub async fn recheck_once(app: &App) -> Result<u64, Error> {
    let due = app
        .store
        .read(app.now(), |tx, now| {
            Box::pin(async move { Ok::<_, Error>(tx.instance().list_due_domains(*now, A_RUN).await?) })
        })
        .await?;
    let looks = futures_util::stream::iter(due).map(|domain| async move { look(app, &domain).await });
    let mut outcomes = looks.buffer_unordered(AT_ONCE);
    let (mut looked, mut failed) = (0, None);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(()) => looked += 1,
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(looked),
    }
}

/// Asks about one held domain and writes down what it came to.
pub(super) async fn look(app: &App, domain: &Domain) -> Result<(), Error> {
    let asked_at = app.now();
    let answer = app.outbound.texts(&domain.name.record_name()).await;
    let evidence = answer.evidence(&domain.token);
    app.store
        .write((app.clone(), domain.clone(), evidence, asked_at), |tx, (app, domain, evidence, asked_at)| {
            Box::pin(async move {
                let found = tx.organization(&domain.organization_id).find_domain(&domain.id).await?;
                // What was learned later than this was asked stands.
                let current = found.filter(|found| found.looks().is_some_and(|looks| looks.checked_at <= *asked_at));
                match current {
                    Some(current) => settle(tx, app, &current, *evidence).await.map(|_| ()),
                    None => Ok(()),
                }
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Writes down a look at a held domain, and says whether it is held still.
pub(super) async fn settle(tx: &mut Tx, app: &App, domain: &Domain, evidence: Evidence) -> Result<bool, Error> {
    let Some(looks) = domain.looks() else { return Ok(false) };
    let now = app.now();
    match recheck(evidence, &looks, now) {
        Recheck::Stays => {
            tx.organization(&domain.organization_id).hold_domain(domain, now).await?;
            Ok(true)
        }
        Recheck::Unanswered { since, warns } => {
            tx.organization(&domain.organization_id).note_unanswered_domain(&domain.id, since, now).await?;
            if warns {
                warn(tx, app, domain, since.plus(LAPSES_AFTER)).await?;
            }
            Ok(true)
        }
        Recheck::Lapses(result) => {
            hold::lapse(tx, app, domain, result).await?;
            Ok(false)
        }
    }
}

/// Tells the Owners that the domain is about to lapse.
async fn warn(tx: &mut Tx, app: &App, domain: &Domain, lapses_at: Timestamp) -> Result<(), Error> {
    let id = &domain.organization_id;
    let event = Event::done("domain.unanswered").target(&domain.id, &domain.name);
    audit::record(tx, app, None, Some(id), &Author::system(), event).await?;
    let name = domain.name.to_string();
    hold::tell(tx, app, id, |organization, domains_url| DomainMail::AboutToLapse {
        organization,
        domain: name,
        lapses_at,
        domains_url,
    })
    .await
}

/// Looks at the domain of an asserted address before a sign-in relies on it, if the last good look is older than a day.
///
/// *Source*: R-LNK-7, before R-LNK-3.
pub(crate) async fn renew_for(
    app: &App,
    organization_id: &OrganizationId,
    address: Option<&EmailAddress>,
) -> Result<(), Error> {
    let Some(name) = address.and_then(|address| DomainName::parse(address.domain())) else { return Ok(()) };
    let holder = app
        .store
        .read(name, |tx, name| Box::pin(async move { Ok::<_, Error>(tx.instance().find_domain_holder(name).await?) }))
        .await?;
    let own = holder.filter(|holder| holder.organization_id == *organization_id);
    match own {
        Some(domain) if domain.looks().is_some_and(|looks| looks.is_due_for_sign_in(app.now())) => {
            look(app, &domain).await
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether the organization has proven the domain of an address, in the transaction that relies on it.
pub(crate) async fn is_proven(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    address: &EmailAddress,
) -> Result<bool, Error> {
    let Some(name) = DomainName::parse(address.domain()) else { return Ok(false) };
    let holder = tx.instance().find_domain_holder(&name).await?;
    Ok(holder.is_some_and(|holder| holder.organization_id == *organization_id))
}
