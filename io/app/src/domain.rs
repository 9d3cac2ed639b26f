//! Owns the domains of an organization: what an Owner sees and does under Settings > Domains. Showing that one is held is
//! in `verify`, looking again at what is held in `recheck`, what both of them write in `hold`, and what a page says before in
//! `forecast`.

mod forecast;
mod hold;
mod recheck;
mod report;
mod verify;

pub use forecast::{DomainForecast, forecast};
pub(crate) use hold::proves_still;
pub use recheck::recheck_once;
pub(crate) use recheck::{is_proven, renew_for};
pub use report::Report;
pub use verify::{Verified, verify};

use orgate_core::domain::{DomainError, DomainName, DomainState, record_value};
use orgate_core::id::{DomainId, Identifier as _};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Domain, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::entropy::Draw as _;
use crate::error::{Error, invalid};
use crate::limit;
use crate::notice;
use crate::visitor::Visitor;

/// Domains that an organization may have, claimed or held: each is looked at daily.
const MOST_DOMAINS: usize = 50;

/// A domain as an Owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainView {
    /// The row.
    pub domain: Domain,
    /// The name of the record to publish.
    pub record_name: String,
    /// What it has to hold.
    pub record_value: String,
    /// When it lapses if name servers do not answer until then.
    pub lapses_at: Option<Timestamp>,
}

impl DomainView {
    fn of(domain: Domain) -> Self {
        Self {
            record_name: domain.name.record_name(),
            record_value: record_value(&domain.token),
            lapses_at: domain.looks().and_then(|looks| looks.lapses_at()),
            domain,
        }
    }

    /// What came of the last look, in words; `None` before the first.
    pub fn report(&self) -> Option<Report> {
        self.domain.last_result.map(|result| Report::of(result, self, &[]))
    }
}

/// Lists an organization's domains.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn list(app: &App, visitor: &Visitor, organization: &str) -> Result<Vec<DomainView>, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::DomainManage).await?;
                let domains = tx.organization(member.organization_id()).list_domains().await?;
                Ok(domains.into_iter().map(DomainView::of).collect())
            })
        })
        .await
}

/// One domain.
///
/// *Errors*: [`Refusal::NotFound`], and those of [`authorise::permitted`].
pub async fn get(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<DomainView, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    app.store
        .read(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let member = authorise::permitted(tx, app, visitor, organization, Permission::DomainManage).await?;
                load(tx, &member, id).await.map(DomainView::of)
            })
        })
        .await
}

/// Claims a domain: says which record would show that it is theirs. It reserves nothing; another organization that holds
/// it is looked at again at once.
///
/// *Errors*: [`Refusal::InvalidInput`], [`Refusal::DomainExists`], [`Refusal::DomainLimit`],
/// [`Refusal::NeedsRecentProof`], [`Refusal::TooManyRequests`]. *Source*: R-LNK-7, R-IN-8.
pub async fn claim(app: &App, visitor: &Visitor, organization: &str, typed: &str) -> Result<DomainView, Error> {
    let name = DomainName::claim(typed).map_err(|error| invalid("name", sentence(error)))?;
    let input = (app.clone(), visitor.clone(), organization.to_owned(), name);
    let (claimed, holder) = app
        .store
        .write(input, |tx, (app, visitor, organization, name)| {
            Box::pin(async move {
                let permission = Permission::DomainManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                limit::domain_check(tx, app, member.organization_id()).await?;
                let domain = insert(tx, app, &member, name).await?;
                note(tx, app, visitor, &member, &domain, "domain.claimed").await?;
                notice::owners(tx, app, &member, &format!("claimed the domain {name}")).await?;
                let holder = tx.instance().find_domain_holder(name).await?;
                Ok::<_, Error>((DomainView::of(domain), holder))
            })
        })
        .await?;
    app.outbox.wake();
    if let Some(holder) = holder
        && let Err(error) = recheck::look(app, &holder).await
    {
        // The claim is made; who holds the domain is looked at again when this one is to be verified.
        tracing::error!(error = &error as &dyn std::error::Error, "the holder of a domain could not be looked at");
    }
    Ok(claimed)
}

async fn insert(tx: &mut Tx, app: &App, member: &Member, name: &DomainName) -> Result<Domain, Error> {
    let mut own = tx.organization(member.organization_id());
    let domains = own.list_domains().await?;
    if domains.iter().any(|domain| domain.name == *name) {
        return Err(Refusal::DomainExists.into());
    }
    if domains.len() >= MOST_DOMAINS {
        return Err(Refusal::DomainLimit.into());
    }
    let now = app.now();
    let id: DomainId = app.entropy.id(now);
    let token = data_encoding::HEXLOWER.encode(&app.entropy.bytes::<20>());
    own.insert_domain(&id, name, &token, member.user_id(), now).await?;
    Ok(own.load_domain(&id).await?)
}

fn sentence(error: DomainError) -> &'static str {
    match error {
        DomainError::Malformed => "Type a domain such as example.com.",
        DomainError::TooLong => "This domain is too long for a record to prove it.",
        DomainError::PublicMail => {
            "Anybody can have an address at this domain, so no organization can hold it. Type a domain of your own."
        }
    }
}

/// Gives a domain up, held or not. Addresses that were proven stay proven, until another organization comes to hold it.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::NeedsRecentProof`], and those of [`authorise::permitted`].
pub async fn remove(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<(), Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    app.store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let permission = Permission::DomainManage;
                let member = authorise::permitted_recently(tx, app, visitor, organization, permission).await?;
                let domain = load(tx, &member, id).await?;
                tx.organization(member.organization_id()).delete_domain(&domain.id).await?;
                note(tx, app, visitor, &member, &domain, "domain.removed").await?;
                let did = match domain.state {
                    DomainState::Verified => format!("gave up the domain {}", domain.name),
                    DomainState::Pending | DomainState::Lapsed => {
                        format!("took back the claim of the domain {}", domain.name)
                    }
                };
                notice::owners(tx, app, &member, &did).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// A domain of the caller's organization, by an id that may be anything.
async fn load(tx: &mut Tx, member: &Member, id: &str) -> Result<Domain, Error> {
    let id = DomainId::parse(id).ok_or(Refusal::NotFound)?;
    Ok(tx.organization(member.organization_id()).load_domain(&id).await?)
}

async fn note(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    domain: &Domain,
    action: &'static str,
) -> Result<(), Error> {
    let event = Event::done(action).target(&domain.id, &domain.name);
    let author = Author::from(&member.caller);
    audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await
}
