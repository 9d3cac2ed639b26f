//! Owns leaving an organization from a stopped sign-in: a code proves the address, the membership ends, and the sign-in is
//! decided anew with the proof that was right (R-ENF-13).

use orgate_core::challenge::ChallengePurpose;
use orgate_core::id::SignInId;
use orgate_core::refusal::{Refusal, RequiringOrganization};
use orgate_store::{Tx, User};

use super::document::{self, Attempt, Document};
use super::record::{self, Whose};
use crate::app::App;
use crate::challenge::{self, Ask};
use crate::departure::{self, DepartureView, ShownBy};
use crate::error::Error;
use crate::limit;
use crate::mail::MailTemplate;
use crate::sign_in::issue::{Issued, Shown, issue};
use crate::sign_in::second_factor::{TypedFactor, beside};
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// What leaving led to.
#[derive(Debug, Clone)]
pub enum Departed {
    /// Nobody else asks for their SSO: a session.
    SignedIn {
        /// The session.
        issued: Box<Issued>,
        /// Where the person wanted to go.
        return_to: Option<String>,
        /// What they left.
        left: RequiringOrganization,
    },
    /// Others still do; the sign-in goes on from this attempt.
    StillBlocked {
        /// The attempt.
        attempt: SignInId,
        /// What they left.
        left: RequiringOrganization,
    },
}

/// What a person reads before they leave. It reads and changes nothing.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::NotFound`] for what does not bind them, and for who has no way out.
pub async fn ask(app: &App, visitor: &Visitor, id: &SignInId, slug: &str) -> Result<DepartureView, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone(), slug.to_owned()), |tx, (app, visitor, id, slug)| {
            Box::pin(async move {
                let attempt = document::find_leaver(tx, app, visitor, id).await?;
                let organization = attempt.organization(slug)?;
                departure::describe(tx, app, &attempt.user, organization, attempt.document.shown_factor()).await
            })
        })
        .await
}

/// Mails a code that serves for this attempt and this organization; an earlier one no longer does.
///
/// *Errors*: those of [`ask`]; [`Refusal::LastOwner`], [`Refusal::NoWayBackIn`], [`Refusal::NeedsSecondFactor`] before
/// anything is mailed; [`Refusal::TooManyRequests`].
pub async fn mail_code(app: &App, visitor: &Visitor, id: &SignInId, slug: &str) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), id.clone(), slug.to_owned()), |tx, (app, visitor, id, slug)| {
            Box::pin(async move {
                let attempt = document::find_leaver(tx, app, visitor, id).await?;
                let organization = attempt.organization(slug)?;
                let second = attempt.document.shown_factor();
                let view = departure::describe(tx, app, &attempt.user, organization, second).await?;
                match view.obstacle {
                    Some(refusal) => Err(refusal.into()),
                    None => put_code(tx, app, id, &attempt, view.organization).await,
                }
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

async fn put_code(
    tx: &mut Tx,
    app: &App,
    id: &SignInId,
    attempt: &Attempt,
    organization: RequiringOrganization,
) -> Result<(), Error> {
    let user = &attempt.user;
    limit::code_in(tx, app, ChallengePurpose::Departure, user).await?;
    let bound_to = bound_to(id, &organization);
    let ask =
        Ask { purpose: ChallengePurpose::Departure, bound_to: &bound_to, user_id: Some(&user.id), email: &user.email };
    let (_, code) = challenge::put(tx, app, ask).await?;
    app.outbox.put(tx, &user.email, MailTemplate::DepartureCode { code, organization: organization.name }).await
}

fn bound_to(id: &SignInId, organization: &RequiringOrganization) -> String {
    format!("{id} {}", organization.id)
}

/// Takes the code: the person leaves, once, and their sign-in is decided anew.
///
/// *Errors*: [`Refusal::InvalidCode`], those of [`ask`], and those of [`mail_code`] that are about leaving.
pub async fn leave(app: &App, visitor: &Visitor, id: &SignInId, slug: &str, typed: &str) -> Result<Departed, Error> {
    leave_with(app, visitor, id, slug, typed, None).await
}

/// The same with the second factor of who has one and did not show it on the way to this attempt.
///
/// *Errors*: as [`leave`], and [`Refusal::InvalidInput`] for a wrong factor, after which the mailed code serves on.
pub async fn leave_with(
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    slug: &str,
    typed: &str,
    factor: Option<TypedFactor>,
) -> Result<Departed, Error> {
    let code = SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?;
    let bearer = if factor.is_some() { bearer(app, visitor, id).await? } else { None };
    let counted = match bearer {
        Some(bearer) => beside::count(app, visitor, bearer, factor.as_ref()).await?,
        None => None,
    };
    let departed = app
        .store
        .write((app.clone(), visitor.clone(), id.clone(), slug.to_owned(), (code, factor)), |tx, input| {
            Box::pin(async move {
                let (app, visitor, id, slug, (code, factor)) = input;
                let attempt = document::find_leaver(tx, app, visitor, id).await?;
                let organization = attempt.organization(slug)?;
                // A wrong try has to be kept, so the refusal travels as a value and the transaction commits.
                if !is_right(tx, app, &bound_to(id, &organization), &attempt, code).await? {
                    return Ok(Err(Refusal::InvalidCode));
                }
                document::consume(tx, app, visitor, id).await?;
                let mut document = attempt.document;
                if document.shown_factor().is_none() {
                    document.second = beside::take(tx, app, visitor, &attempt.user, factor.as_ref()).await?;
                }
                let shown = (ShownBy::Code, document.shown_factor());
                departure::perform(tx, app, visitor, &attempt.user, &organization, shown).await?;
                resume(tx, app, visitor, document, organization).await.map(Ok)
            })
        })
        .await
        .and_then(|departed| departed.map_err(|refusal: Refusal| Error::from(refusal)));
    beside::settle(app, visitor, counted, &departed).await?;
    app.outbox.wake();
    departed
}

/// Whose second factor is compared; nobody's where one was shown already, for no try is counted that is not compared.
async fn bearer(app: &App, visitor: &Visitor, id: &SignInId) -> Result<Option<User>, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let attempt = document::find_leaver(tx, app, visitor, id).await?;
                let is_shown = attempt.document.shown_factor().is_some();
                Ok::<_, Error>((!is_shown).then_some(attempt.user))
            })
        })
        .await
}

/// Whether it is the code that was mailed; then it is used up. A wrong one costs a try.
async fn is_right(
    tx: &mut Tx,
    app: &App,
    bound_to: &str,
    attempt: &Attempt,
    code: &SixDigitCode,
) -> Result<bool, Error> {
    let found = tx.instance().find_challenge(ChallengePurpose::Departure, bound_to, app.now()).await?;
    let pending = found.ok_or(Refusal::AttemptOver)?;
    let same_person = pending.user_id.as_ref() == Some(&attempt.user.id);
    if !same_person || pending.email.key() != attempt.user.email.key() {
        return Err(Refusal::AttemptOver.into());
    }
    match challenge::take(tx, app, &pending, code).await? {
        Ok(()) => Ok(true),
        Err(Refusal::InvalidCode) => Ok(false),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Decides the sign-in anew, by what was right when it began.
async fn resume(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: Document,
    left: RequiringOrganization,
) -> Result<Departed, Error> {
    let shown = Shown { proof: document.proof.clone(), second: document.second.clone(), way: document.way };
    match issue(tx, app, visitor, &document.user_id, shown).await {
        Ok(issued) => Ok(Departed::SignedIn { issued: Box::new(issued), return_to: document.return_to, left }),
        Err(Error::Refused(Refusal::SsoRequired(required))) => {
            let attempt = go_on(tx, app, visitor, document, &required).await?;
            Ok(Departed::StillBlocked { attempt, left })
        }
        Err(other) => Err(other),
    }
}

/// The same sign-in, stopped by the others. Who began to ask meanwhile finds it in their log as well.
async fn go_on(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    mut document: Document,
    required: &[RequiringOrganization],
) -> Result<SignInId, Error> {
    let browser = visitor.browser.ok_or(Refusal::AttemptOver)?;
    let user = tx.instance().load_user(&document.user_id).await?;
    let whose = Whose { user: &user, method: document.proof.method() };
    for one in required.iter().filter(|one| !document.told.contains(&one.id)) {
        record::write(tx, app, visitor, whose, Some(&one.id), &document.reference).await?;
    }
    document.told = required.iter().map(|one| one.id.clone()).collect();
    document::insert(tx, app, browser, &document).await
}
