//! Owns an Owner's wish to have a domain verified now: ask name servers, then decide in one transaction over what is known
//! of the claim and of another organization that holds the domain (R-LNK-7).

use orgate_core::domain::{CheckResult, DomainState, Evidence, TextAnswer, Verification, verify as decide};
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_store::{Constraint, Domain, StoreError, Tx};

use super::report::Report;
use super::{DomainView, hold, load, note, recheck};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Member};
use crate::error::{Error, Fault};
use crate::limit;
use crate::mail::domain_letters::DomainMail;
use crate::notice;
use crate::visitor::Visitor;

/// How often it is asked again when another organization came between the answer and its use.
const MOST_ROUNDS: usize = 3;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The domain as it stands now.
    pub view: DomainView,
    /// What was found.
    pub report: Report,
    /// Whether the domain passed from another organization: its addresses are unproven until proven again.
    pub passed: bool,
}

/// What one round came to.
enum Round {
    Decided(Box<Verified>),
    /// The answer is older than what is known of the holder.
    Stale,
}

/// Verifies a claim, or looks again at a domain that is held. Not finding the record is no error: it is the answer.
///
/// *Errors*: [`Refusal::NotFound`], [`Refusal::NeedsRecentProof`], [`Refusal::TooManyRequests`], [`Refusal::Busy`] when
/// two organizations verify the same domain at the same moment. *Source*: R-LNK-7, R-IN-8.
pub async fn verify(app: &App, visitor: &Visitor, organization: &str, id: &str) -> Result<Verified, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned());
    let asked_for = app
        .store
        .write(input, |tx, (app, visitor, organization, id)| {
            Box::pin(async move {
                let (member, domain) = before(tx, app, visitor, organization, id).await?;
                limit::domain_check(tx, app, member.organization_id()).await?;
                Ok::<_, Error>(domain)
            })
        })
        .await?;
    for _ in 0..MOST_ROUNDS {
        let asked_at = app.now();
        let answer = app.outbound.texts(&asked_for.name.record_name()).await;
        match round(app, visitor, organization, id, answer, asked_at).await {
            Ok(Round::Decided(verified)) => {
                app.outbox.wake();
                return Ok(*verified);
            }
            // Another organization came to hold it meanwhile: that one is asked about too.
            Ok(Round::Stale) | Err(Error::Fault(Fault::Store(StoreError::Conflict(Constraint::DomainHolder)))) => {}
            Err(other) => return Err(other),
        }
    }
    Err(Refusal::Busy.into())
}

async fn before(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &str,
) -> Result<(Member, Domain), Error> {
    let member = authorise::permitted_recently(tx, app, visitor, organization, Permission::DomainManage).await?;
    let domain = load(tx, &member, id).await?;
    Ok((member, domain))
}

async fn round(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    id: &str,
    answer: TextAnswer,
    asked_at: Timestamp,
) -> Result<Round, Error> {
    let input = (app.clone(), visitor.clone(), organization.to_owned(), id.to_owned(), answer, asked_at);
    app.store
        .write(input, |tx, (app, visitor, organization, id, answer, asked_at)| {
            Box::pin(async move {
                let (member, domain) = before(tx, app, visitor, organization, id).await?;
                let holder = tx.instance().find_domain_holder(&domain.name).await?;
                let rival = holder.filter(|holder| holder.id != domain.id);
                let contested = rival.as_ref().filter(|_| answer.evidence(&domain.token) == Evidence::Present);
                if is_overtaken(&domain, contested, *asked_at) {
                    return Ok(Round::Stale);
                }
                let (result, passed) = match (domain.state, &rival) {
                    (DomainState::Verified, _) => (look_again(tx, app, &domain, answer).await?, false),
                    (DomainState::Pending | DomainState::Lapsed, rival) => {
                        first_look(tx, app, visitor, &member, &domain, rival.as_ref(), answer).await?
                    }
                };
                let view = DomainView::of(load(tx, &member, id).await?);
                let seen = match answer {
                    TextAnswer::Texts(texts) => texts.as_slice(),
                    TextAnswer::Absent | TextAnswer::NoAnswer => &[],
                };
                let report = Report::of(result, &view, seen);
                Ok(Round::Decided(Box::new(Verified { view, report, passed })))
            })
        })
        .await
}

/// Whether more is known than an answer to what was asked then can say. Nobody loses a domain by an answer that is not
/// newer than their own.
fn is_overtaken(domain: &Domain, rival: Option<&Domain>, asked_at: Timestamp) -> bool {
    let checked_at = |domain: &Domain| domain.looks().map(|looks| looks.checked_at);
    checked_at(domain).is_some_and(|at| at > asked_at) || rival.and_then(checked_at).is_some_and(|at| at >= asked_at)
}

/// The organization holds it already.
async fn look_again(tx: &mut Tx, app: &App, domain: &Domain, answer: &TextAnswer) -> Result<CheckResult, Error> {
    let evidence = answer.evidence(&domain.token);
    recheck::settle(tx, app, domain, evidence).await?;
    Ok(match evidence {
        Evidence::Present => CheckResult::Found,
        Evidence::Absent => CheckResult::RecordMissing,
        Evidence::NoAnswer => CheckResult::NoAnswer,
    })
}

/// The organization does not hold it yet, or any more.
async fn first_look(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    domain: &Domain,
    rival: Option<&Domain>,
    answer: &TextAnswer,
) -> Result<(CheckResult, bool), Error> {
    let own = answer.evidence(&domain.token);
    let of_rival = rival.map(|rival| answer.evidence(&rival.token));
    let result = match decide(own, of_rival) {
        Verification::Verified => CheckResult::Found,
        Verification::TakesOver => {
            if let Some(rival) = rival {
                hold::lose(tx, app, rival).await?;
            }
            CheckResult::Found
        }
        Verification::Refused(result) => result,
    };
    if result != CheckResult::Found {
        refuse(tx, app, visitor, member, domain, result).await?;
        if let (CheckResult::HeldByAnother, Some(rival)) = (result, rival) {
            contest(tx, app, rival).await?;
        }
        return Ok((result, false));
    }
    let passed = hold::hold(tx, app, domain).await?;
    note(tx, app, visitor, member, domain, "domain.verified").await?;
    notice::owners(tx, app, member, &format!("proved that the domain {} is the organization's", domain.name)).await?;
    Ok((result, passed))
}

async fn refuse(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    member: &Member,
    domain: &Domain,
    result: CheckResult,
) -> Result<(), Error> {
    tx.organization(member.organization_id()).note_domain_check(&domain.id, result, app.now()).await?;
    let event = Event::refused("domain.refused", result.as_str()).target(&domain.id, &domain.name);
    let author = Author::from(&member.caller);
    audit::record(tx, app, Some(visitor), Some(member.organization_id()), &author, event).await
}

/// Tells the Owners of the holder that somebody else shows a record for their domain, which takes control of its DNS. Who
/// it is, is not theirs to know, and a mere claim, which anybody can make, tells nobody.
async fn contest(tx: &mut Tx, app: &App, holder: &Domain) -> Result<(), Error> {
    let id = &holder.organization_id;
    if !limit::is_first_rival(tx, app, &holder.name).await? {
        return Ok(());
    }
    let event = Event::done("domain.contested").target(&holder.id, &holder.name);
    audit::record(tx, app, None, Some(id), &Author::system(), event).await?;
    let name = holder.name.to_string();
    hold::tell(tx, app, id, |organization, domains_url| DomainMail::Contested {
        organization,
        domain: name,
        at: app.now(),
        domains_url,
    })
    .await
}
