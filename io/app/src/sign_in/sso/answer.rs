//! Owns the questions of an attempt and a person's answers: the mailed code, "become known here?", "change users?".

use orgate_core::challenge::ChallengePurpose;
use orgate_core::id::{SignInId, UserId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_store::{Tx, User};

use super::act::{Outcome, act, ask, mail_code, refuse};
use super::document::{self, Attempt, Document, STAGE_CHANGE, STAGE_CODE, STAGE_CREATION, STAGE_FACTOR};
use super::{bearer, facts};
use crate::app::App;
use crate::authorise;
use crate::challenge;
use crate::error::Error;
use crate::limit::Basis;
use crate::mail::account_letters::AccountMail;
use crate::mail::templates::MailTemplate;
use crate::sign_in::second_factor::{self, TypedFactor, codes};
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// How many wrong factors an attempt bears. *Source*: T-MFA-2.
const MOST_WRONG_FACTORS: u8 = 5;

/// What the page of an attempt asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionView {
    /// The organization's name.
    pub organization_name: String,
    /// Its short name.
    pub organization_slug: String,
    /// What is asked.
    pub question: Question,
}

/// A question to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The code that was mailed.
    Code {
        /// Where to, mostly hidden.
        masked_email: String,
    },
    /// The second factor of who is about to join, or of who has their address.
    Factor {
        /// What they can show.
        methods: Vec<AuthenticationMethod>,
    },
    /// Whether they want to become known here.
    Creation {
        /// Who the IdP says they are.
        person: Named,
        /// The IdP's host.
        provider_host: String,
    },
    /// Whether to change from one user to another.
    Change {
        /// Who the browser is signed in as.
        from: Named,
        /// Whom the IdP named, in its own words.
        to: Named,
    },
}

/// A name and an address, as somebody gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A person's answer.
#[derive(Clone)]
pub enum Answer {
    /// The six digits as typed.
    Code(String),
    /// A second factor as typed.
    Factor(TypedFactor),
    /// Send another code.
    AnotherCode,
    /// Yes.
    Yes,
    /// No.
    No,
}

/// What the page of an attempt shows. It reads and changes nothing.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub async fn question(app: &App, visitor: &Visitor, id: &SignInId) -> Result<QuestionView, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let attempt = document::find(tx, app, visitor, id).await?;
                let organization = tx.organization(&attempt.document.organization_id).load_organization().await?;
                let question = match attempt.stage.as_str() {
                    STAGE_CODE => Question::Code { masked_email: masked(tx, app, id).await? },
                    STAGE_FACTOR => {
                        let user = bearer(tx, app, &attempt).await?;
                        Question::Factor { methods: second_factor::typed_methods(tx, &user).await? }
                    }
                    STAGE_CREATION => {
                        Question::Creation { person: asserted(&attempt), provider_host: provider_host(&attempt) }
                    }
                    STAGE_CHANGE => change(tx, app, visitor, &attempt).await?,
                    _ => return Err(Refusal::AttemptOver.into()),
                };
                Ok(QuestionView {
                    organization_name: organization.name,
                    organization_slug: organization.slug,
                    question,
                })
            })
        })
        .await
}

async fn masked(tx: &mut Tx, app: &App, id: &SignInId) -> Result<String, Error> {
    let challenge = tx.instance().find_challenge(ChallengePurpose::SignIn, id.as_str(), app.now()).await?;
    Ok(challenge.map_or_else(|| "your address".to_owned(), |challenge| challenge.email.masked()))
}

fn asserted(attempt: &Attempt) -> Named {
    let assertion = attempt.document.assertion.as_ref();
    let email = assertion.and_then(|assertion| assertion.email.clone()).unwrap_or_default();
    let name = assertion.and_then(|assertion| assertion.name.clone()).unwrap_or_else(|| email.clone());
    Named { name, email }
}

fn provider_host(attempt: &Attempt) -> String {
    let issuer = attempt.document.assertion.as_ref().map(|assertion| assertion.issuer.as_str()).unwrap_or_default();
    let host = url::Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| issuer.to_owned())
}

async fn change(tx: &mut Tx, app: &App, visitor: &Visitor, attempt: &Attempt) -> Result<Question, Error> {
    let check = authorise::session(tx, app, visitor).await?.check;
    Ok(Question::Change { from: Named { name: check.name, email: check.email }, to: asserted(attempt) })
}

/// Takes an answer.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::InvalidInput`] for what is no code.
pub async fn answer(app: &App, visitor: &Visitor, id: &SignInId, answer: Answer) -> Result<Outcome, Error> {
    let outcome = match answer {
        Answer::Factor(typed) => show(app, visitor, id, typed).await,
        decides @ (Answer::Code(_) | Answer::Yes) => match taken(app, visitor, id, decides.clone(), None).await {
            Err(Error::Refused(refusal)) if is_filed(&refusal) => taken(app, visitor, id, decides, Some(refusal)).await,
            taken => taken,
        },
        other @ (Answer::AnotherCode | Answer::No) => taken(app, visitor, id, other, None).await,
    };
    app.outbox.wake();
    outcome
}

async fn taken(
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    answer: Answer,
    refused: Option<Refusal>,
) -> Result<Outcome, Error> {
    app.store
        .write((app.clone(), visitor.clone(), id.clone(), (answer, refused)), |tx, (app, visitor, id, answered)| {
            Box::pin(take(tx, app, visitor, id, answered))
        })
        .await
}

/// Whether a refusal ends the attempt: then the person needs a number (R-SSO-9). It undid what was written, so all is done
/// once more up to where it was refused, and what serves once is used up.
fn is_filed(refusal: &Refusal) -> bool {
    !matches!(refusal, Refusal::AttemptOver | Refusal::InvalidCode)
}

/// Decides, or files what was decided before.
async fn go_on(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    refused: Option<&Refusal>,
) -> Result<Outcome, Error> {
    match refused {
        None => act(tx, app, visitor, document).await,
        Some(refusal) => refuse(tx, app, visitor, document, None, refusal).await,
    }
}

/// How the attempt goes on after a factor that was right, or wrong. Either is written, so a wrong one is no error.
enum Shown {
    Right(Outcome),
    Wrong(Outcome),
}

/// Takes a second factor, whose try is counted before it is compared.
async fn show(app: &App, visitor: &Visitor, id: &SignInId, typed: TypedFactor) -> Result<Outcome, Error> {
    let (bearer, basis) = bearer_of(app, visitor, id).await?;
    let counted = codes::count(app, visitor, bearer, basis, typed.method).await?;
    let shown = match compared(app, visitor, id, typed.clone(), None).await {
        Err(Error::Refused(refusal)) if is_filed(&refusal) => compared(app, visitor, id, typed, Some(refusal)).await,
        shown => shown,
    };
    let judged: Result<(), Error> = match &shown {
        Ok(Shown::Right(_)) => Ok(()),
        Ok(Shown::Wrong(_)) => Err(Refusal::InvalidCode.into()),
        // Something else was refused first, or it was all taken back.
        Err(_) => Err(Refusal::AttemptOver.into()),
    };
    counted.settle(app, visitor, &judged).await?;
    match shown? {
        Shown::Right(outcome) | Shown::Wrong(outcome) => Ok(outcome),
    }
}

async fn compared(
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    typed: TypedFactor,
    refused: Option<Refusal>,
) -> Result<Shown, Error> {
    app.store
        .write((app.clone(), visitor.clone(), id.clone(), (typed, refused)), |tx, (app, visitor, id, typed)| {
            Box::pin(factor(tx, app, visitor, id, typed))
        })
        .await
}

/// Whose second factor is asked for.
async fn bearer(tx: &mut Tx, app: &App, attempt: &Attempt) -> Result<User, Error> {
    let user_id = concerned(tx, app, attempt).await?;
    bearer::of(tx, &attempt.document, &user_id).await
}

/// The same, and on what they are taken for that person: a mailed code that was right is their own.
async fn bearer_of(app: &App, visitor: &Visitor, id: &SignInId) -> Result<(User, Basis), Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let attempt = document::find(tx, app, visitor, id).await?;
                if attempt.stage != STAGE_FACTOR {
                    return Err(Error::from(Refusal::AttemptOver));
                }
                let concerned = concerned(tx, app, &attempt).await?;
                // Whom it concerns now, for the IdP may name another than the one whose mailbox it was.
                let is_own = attempt.document.code_proven_for.as_ref() == Some(&concerned);
                let basis = if is_own { Basis::Own } else { Basis::Sso };
                Ok((bearer::of(tx, &attempt.document, &concerned).await?, basis))
            })
        })
        .await
}

/// Compares a second factor. A wrong one costs one of five tries; with the last one the attempt is over, and the person is
/// told.
async fn factor(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    (typed, refused): &(TypedFactor, Option<Refusal>),
) -> Result<Shown, Error> {
    let attempt = document::consume(tx, app, visitor, id).await?;
    if attempt.stage != STAGE_FACTOR {
        return Err(Refusal::AttemptOver.into());
    }
    let concerned = concerned(tx, app, &attempt).await?;
    let user = bearer::of(tx, &attempt.document, &concerned).await?;
    let mut document = attempt.document;
    if let Ok(second) = codes::take(tx, app, visitor, &user, typed).await? {
        document.second = Some((user.id, second));
        return go_on(tx, app, visitor, &document, refused.as_ref()).await.map(Shown::Right);
    }
    document.wrong_factors = document.wrong_factors.saturating_add(1);
    if document.wrong_factors >= MOST_WRONG_FACTORS {
        tell(tx, app, visitor, &document, &user).await?;
        let refused = refuse(tx, app, visitor, &document, Some(&concerned), &Refusal::NeedsSecondFactor).await;
        return refused.map(Shown::Wrong);
    }
    match ask(tx, app, visitor, STAGE_FACTOR, &document).await? {
        Outcome::Asks(id) => Ok(Shown::Wrong(Outcome::WrongFactor(id))),
        other => Ok(Shown::Wrong(other)),
    }
}

/// Tells who has the factor that somebody came as far as it on the word of this organization's IdP (V6.3.5).
async fn tell(tx: &mut Tx, app: &App, visitor: &Visitor, document: &Document, bearer: &User) -> Result<(), Error> {
    if bearer.address != AddressState::Proven {
        return Ok(());
    }
    let organization = tx.organization(&document.organization_id).load_organization().await?.name;
    let ip = visitor.ip.to_canonical().to_string();
    let mail = AccountMail::SecondFactorRefusedBySso { at: app.now(), organization, ip };
    app.outbox.put(tx, &bearer.email, MailTemplate::Account(mail)).await
}

async fn take(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    (answer, refused): &(Answer, Option<Refusal>),
) -> Result<Outcome, Error> {
    let refused = refused.as_ref();
    let attempt = document::find(tx, app, visitor, id).await?;
    match (attempt.stage.as_str(), answer) {
        (STAGE_CODE, Answer::Code(typed)) => code(tx, app, visitor, id, (typed.as_str(), refused)).await,
        (STAGE_CODE, Answer::AnotherCode) => {
            let user_id = concerned(tx, app, &attempt).await?;
            mail_code(tx, app, &attempt.document.organization_id, id, &user_id).await?;
            Ok(Outcome::Asks(id.clone()))
        }
        (STAGE_CREATION, Answer::Yes) => {
            let mut document = document::consume(tx, app, visitor, id).await?.document;
            document.creation_confirmed = true;
            go_on(tx, app, visitor, &document, refused).await
        }
        (STAGE_CHANGE, Answer::Yes) => {
            let mut document = document::consume(tx, app, visitor, id).await?.document;
            document.change_confirmed = true;
            go_on(tx, app, visitor, &document, refused).await
        }
        (_, Answer::No) => {
            let document = document::consume(tx, app, visitor, id).await?.document;
            if let Some(challenge) =
                tx.instance().find_challenge(ChallengePurpose::SignIn, id.as_str(), app.now()).await?
            {
                tx.instance().consume_challenge(&challenge.id, app.now()).await?;
            }
            let organization = tx.organization(&document.organization_id).load_organization().await?;
            Ok(Outcome::Cancelled { slug: organization.slug })
        }
        (_, Answer::Code(_) | Answer::Factor(_) | Answer::AnotherCode | Answer::Yes) => {
            Err(Refusal::AttemptOver.into())
        }
    }
}

/// A wrong code costs a try and must be written, so it is an outcome and no error.
async fn code(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    id: &SignInId,
    (typed, refused): (&str, Option<&Refusal>),
) -> Result<Outcome, Error> {
    let typed = SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?;
    let found = tx.instance().find_challenge(ChallengePurpose::SignIn, id.as_str(), app.now()).await?;
    let pending = found.ok_or(Refusal::AttemptOver)?;
    match challenge::take(tx, app, &pending, &typed).await? {
        Ok(()) => {}
        Err(Refusal::InvalidCode) => return Ok(Outcome::WrongCode(id.clone())),
        Err(refusal) => return Err(refusal.into()),
    }
    let mut document = document::consume(tx, app, visitor, id).await?.document;
    (document.code_proven_for, document.code_proven_at) = (pending.user_id, Some(app.now()));
    go_on(tx, app, visitor, &document, refused).await
}

/// Whose address the attempt has to prove: asked anew, for the world may have changed.
async fn concerned(tx: &mut Tx, app: &App, attempt: &Attempt) -> Result<UserId, Error> {
    let assertion = attempt.document.assertion.as_ref().ok_or(Refusal::AttemptOver)?;
    let facts = facts::gather(tx, app, &attempt.document, assertion, None).await?;
    facts.identity.or(facts.holder).map(|candidate| candidate.user_id).ok_or_else(|| Refusal::AttemptOver.into())
}
