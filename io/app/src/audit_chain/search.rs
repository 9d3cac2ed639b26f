//! Owns the search through the kept chains for what was changed, taken out, moved or put in, and the heads that an operator
//! keeps elsewhere. It writes nothing.

use std::time::Duration;

use orgate_core::audit_chain::{Chain, Expected, Finding, Marked, Report, SignedHead, Verification};
use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;
use orgate_store::{Organization, Tx};

use crate::app::App;
use crate::error::Error;
use crate::operator;

/// An event may wait so long for its place before that is a finding.
const GRACE: Duration = Duration::from_secs(60);
/// How many events are read together.
const TOGETHER: u32 = 1_000;
/// How many organizations are.
const ORGANIZATIONS: u32 = 200;

/// What to look through.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// One organization, by slug or id; every chain without.
    pub organization: Option<String>,
    /// Heads that were kept elsewhere.
    pub expected: Vec<SignedHead>,
}

/// What was found in one chain.
#[derive(Debug, Clone)]
pub struct Examined {
    /// Whose log: a slug, or the deployment's.
    pub name: String,
    /// Its head, as it is stored.
    pub head: Option<SignedHead>,
    /// What was found.
    pub report: Report,
}

/// Looks through the chains, one snapshot each, beside a program that serves.
///
/// *Errors*: [`orgate_core::refusal::Refusal::NotFound`] for an unknown organization, [`Unexpected`] for a head that this
/// deployment did not sign or that is of none of the chains, and those of the store.
pub async fn examine(app: &App, question: &Question) -> Result<Result<Vec<Examined>, Unexpected>, Error> {
    let strange = question.expected.iter().find(|kept| kept.check(&app.audit_keys) != Marked::Right);
    if let Some(kept) = strange {
        return Ok(Err(Unexpected::NotOurs(Box::new(kept.clone()))));
    }
    let mut chains = chains(app, question.organization.as_deref()).await?;
    for kept in &question.expected {
        let chain = &kept.head.chain;
        if !chains.iter().any(|named| named.chain == *chain) {
            if question.organization.is_some() {
                return Ok(Err(Unexpected::OtherChain(Box::new(kept.clone()))));
            }
            // Of an organization that is gone, with its log.
            chains.push(Named { name: chain.name().to_owned(), chain: chain.clone(), begins_by: None });
        }
    }
    let mut all = Vec::with_capacity(chains.len());
    for named in chains {
        let kept = question.expected.iter().filter(|kept| kept.head.chain == named.chain);
        let expected = kept.map(|kept| Expected { position: kept.head.position, link: kept.head.link }).collect();
        all.push(examine_chain(app, named, expected).await?);
    }
    Ok(Ok(all))
}

/// A head that cannot be compared.
#[derive(Debug, Clone)]
pub enum Unexpected {
    /// This deployment did not sign it.
    NotOurs(Box<SignedHead>),
    /// It is of another chain than the one that is looked at.
    OtherChain(Box<SignedHead>),
}

/// Every head, or one organization's, with the name of its log.
///
/// *Errors*: as [`examine`].
pub async fn heads(app: &App, organization: Option<&str>) -> Result<Vec<(String, SignedHead)>, Error> {
    let mut all = Vec::new();
    for named in chains(app, organization).await? {
        let head = app
            .store
            .read(named.chain, |tx, chain| {
                Box::pin(async move { Ok::<_, Error>(tx.instance().find_audit_head(chain).await?) })
            })
            .await?;
        all.extend(head.map(|head| (named.name, head)));
    }
    Ok(all)
}

#[derive(Clone)]
pub(super) struct Named {
    name: String,
    pub(super) chain: Chain,
    /// An organization's log has its first event with the organization.
    begins_by: Option<Timestamp>,
}

impl From<Organization> for Named {
    fn from(organization: Organization) -> Self {
        Self {
            name: organization.slug,
            chain: Chain::Organization(organization.id),
            begins_by: Some(organization.created_at),
        }
    }
}

/// The deployment's chain and every organization's, or one organization's.
pub(super) async fn chains(app: &App, organization: Option<&str>) -> Result<Vec<Named>, Error> {
    if let Some(one) = organization {
        return Ok(vec![operator::organization(app, one).await?.into()]);
    }
    let mut all = vec![Named { name: "the deployment".to_owned(), chain: Chain::Instance, begins_by: None }];
    let mut after: Option<OrganizationId> = None;
    loop {
        let page = app
            .store
            .read(after, |tx, after| {
                Box::pin(async move {
                    Ok::<_, Error>(tx.instance().list_organizations(after.as_ref(), ORGANIZATIONS).await?)
                })
            })
            .await?;
        after = page.items.last().map(|organization| organization.id.clone());
        all.extend(page.items.into_iter().map(Named::from));
        if !page.has_more {
            return Ok(all);
        }
    }
}

async fn examine_chain(app: &App, named: Named, expected: Vec<Expected>) -> Result<Examined, Error> {
    app.store
        .read_long((app.clone(), named, expected), |tx, (app, named, expected)| {
            Box::pin(async move {
                let head = tx.instance().find_audit_head(&named.chain).await?;
                let verification = Verification::begin(&app.audit_keys, &named.chain, head.as_ref());
                let mut verification = expected.iter().copied().fold(verification, Verification::held_against);
                look_at_chained(tx, &named.chain, &mut verification).await?;
                look_at_waiting(tx, &named.chain, &mut verification).await?;
                verification.waited(app.now(), GRACE);
                let mut report = verification.finish();
                let is_empty = head.is_none() && report.events == 0 && report.waiting == 0;
                if is_empty && named.begins_by.is_some() {
                    report.findings.push(Finding::NoEvents);
                }
                Ok(Examined { name: named.name.clone(), head, report })
            })
        })
        .await
}

async fn look_at_chained(tx: &mut Tx, chain: &Chain, verification: &mut Verification<'_>) -> Result<(), Error> {
    let (mut position, mut id) = (i64::MIN, String::new());
    loop {
        let page = super::list_chained(tx, chain, (position, &id), TOGETHER).await?;
        let Some(last) = page.last() else { return Ok(()) };
        let place = last.place.map_or(0, |place| place.position);
        let next = (i64::try_from(place).unwrap_or(i64::MAX), last.id.clone());
        for entry in &page {
            verification.chained(entry);
        }
        // A place that is no number comes behind all numbers. It is found, and nothing behind it can be asked for.
        if page.len() < TOGETHER as usize || next <= (position, id) {
            return Ok(());
        }
        (position, id) = next;
    }
}

async fn look_at_waiting(tx: &mut Tx, chain: &Chain, verification: &mut Verification<'_>) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = match chain.organization() {
            Some(id) => tx.organization(id).list_unchained_audit_events(&after, TOGETHER).await?,
            None => tx.instance().list_unchained_audit_events(&after, TOGETHER).await?,
        };
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for entry in &page {
            verification.waiting(entry);
        }
    }
}
