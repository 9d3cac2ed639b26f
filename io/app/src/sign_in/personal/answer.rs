//! Owns the questions of a sign-in through Google or GitHub, and a person's answers.

use orgate_core::challenge::ChallengePurpose;
use orgate_core::id::{SignInId, UserId};
use orgate_core::personal::PersonalProvider;
use orgate_core::personal_linking::{PersonalLinking, link};
use orgate_core::refusal::Refusal;
use orgate_store::Tx;

use super::act::{Outcome, ask_for_code, mail_code};
use super::callback::finish;
use super::document::{self, Attempt, Document, Proven, Refused, STAGE_CHANGE, STAGE_CODE, STAGE_LINK, STAGE_REFUSED};
use super::{bind, facts};
use crate::app::App;
use crate::authorise;
use crate::challenge;
use crate::error::Error;
use crate::sign_in::sso::answer::Named;
use crate::token::SixDigitCode;
use crate::visitor::Visitor;

/// What the page of an attempt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionView {
    /// At which provider.
    pub provider: PersonalProvider,
    /// The address that it named; empty if none.
    pub email: String,
    /// Whether the person is linking from their account page.
    pub linking: bool,
    /// What is asked.
    pub question: Question,
}

/// A question to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The code that was mailed.
    Code,
    /// The address has an account: in which way they show that it is theirs.
    Link,
    /// Whether to change from one user to another.
    Change {
        /// Who the browser is signed in as.
        from: Named,
        /// Whom the provider named, in its own words.
        to: Named,
    },
    /// It is over.
    Refused(Refused),
}

/// A person's answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The six digits as typed.
    Code(String),
    /// Send a code, or another one.
    MailCode,
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
                let question = match attempt.stage.as_str() {
                    STAGE_CODE => Question::Code,
                    STAGE_LINK => Question::Link,
                    STAGE_CHANGE => {
                        let check = authorise::session(tx, app, visitor).await?.check;
                        let from = Named { name: check.name, email: check.email };
                        Question::Change { from, to: named(&attempt.document)? }
                    }
                    STAGE_REFUSED => Question::Refused(attempt.document.refused.clone().ok_or(Refusal::AttemptOver)?),
                    _ => return Err(Error::from(Refusal::AttemptOver)),
                };
                Ok(view(&attempt.document, question))
            })
        })
        .await
}

fn view(document: &Document, question: Question) -> QuestionView {
    QuestionView {
        provider: document.provider,
        email: document.said.as_ref().and_then(|said| said.email.clone()).unwrap_or_default(),
        linking: document.purpose != document::Purpose::Enter,
        question,
    }
}

fn named(document: &Document) -> Result<Named, Refusal> {
    let said = document.said()?;
    let email = said.email.clone().unwrap_or_default();
    Ok(Named { name: said.name.clone().unwrap_or_else(|| email.clone()), email })
}

/// What came of an answer, before what takes a transaction of its own.
enum Taken {
    Outcome(Outcome),
    /// The attempt goes on with this.
    GoesOn(Box<Document>),
}

/// Takes an answer.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::InvalidCode`] for what is no code, [`Refusal::TooManyRequests`].
pub async fn answer(app: &App, visitor: &Visitor, id: &SignInId, answer: Answer) -> Result<Outcome, Error> {
    let taken = app
        .store
        .write((app.clone(), visitor.clone(), id.clone(), answer), |tx, (app, visitor, id, answer)| {
            Box::pin(take(tx, app, visitor, id, answer))
        })
        .await?;
    let outcome = match taken {
        Taken::Outcome(outcome) => outcome,
        Taken::GoesOn(document) => finish(app, visitor, *document).await?,
    };
    app.outbox.wake();
    Ok(outcome)
}

async fn take(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId, answer: &Answer) -> Result<Taken, Error> {
    let attempt = document::find(tx, app, visitor, id).await?;
    match (attempt.stage.as_str(), answer) {
        (STAGE_CODE, Answer::Code(typed)) => code(tx, app, visitor, id, typed).await,
        (STAGE_CODE, Answer::MailCode) => {
            let to = concerned(tx, &attempt).await?;
            mail_code(tx, app, &attempt.document, id, to.as_ref()).await?;
            Ok(Taken::Outcome(Outcome::Asks(id.clone())))
        }
        (STAGE_LINK, Answer::MailCode) => {
            let document = document::consume(tx, app, visitor, id).await?.document;
            let to = concerned(tx, &attempt).await?;
            ask_for_code(tx, app, visitor, &document, to.as_ref()).await.map(Taken::Outcome)
        }
        (STAGE_CHANGE, Answer::Yes) => {
            let document = document::consume(tx, app, visitor, id).await?.document;
            Ok(Taken::GoesOn(Box::new(Document { change_confirmed: true, ..document })))
        }
        (_, Answer::No) => {
            document::consume(tx, app, visitor, id).await?;
            void(tx, app, id).await?;
            Ok(Taken::Outcome(Outcome::Cancelled))
        }
        (_, Answer::Code(_) | Answer::MailCode | Answer::Yes) => Err(Refusal::AttemptOver.into()),
    }
}

/// A code of an attempt that is over serves no more (T-LNK-4).
async fn void(tx: &mut Tx, app: &App, id: &SignInId) -> Result<(), Error> {
    let found = tx.instance().find_challenge(ChallengePurpose::PersonalSignIn, id.as_str(), app.now()).await?;
    if let Some(challenge) = found {
        tx.instance().consume_challenge(&challenge.id, app.now()).await?;
    }
    Ok(())
}

/// A wrong code costs a try and must be written, so it is an outcome and no error.
async fn code(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId, typed: &str) -> Result<Taken, Error> {
    let typed = SixDigitCode::parse(typed).ok_or(Refusal::InvalidCode)?;
    let found = tx.instance().find_challenge(ChallengePurpose::PersonalSignIn, id.as_str(), app.now()).await?;
    let pending = found.ok_or(Refusal::AttemptOver)?;
    match challenge::take(tx, app, &pending, &typed).await? {
        Ok(()) => {}
        Err(Refusal::InvalidCode) => return Ok(Taken::Outcome(Outcome::WrongCode(id.clone()))),
        Err(refusal) => return Err(refusal.into()),
    }
    let document = document::consume(tx, app, visitor, id).await?.document;
    let proven = Proven { user_id: pending.user_id, at: Some(app.now()) };
    Ok(Taken::GoesOn(Box::new(Document { proven: Some(proven), ..document })))
}

/// Whose address has to be proven: asked anew, for the world may have changed.
async fn concerned(tx: &mut Tx, attempt: &Attempt) -> Result<Option<UserId>, Error> {
    match link(&facts::gather(tx, &attempt.document, true).await?) {
        PersonalLinking::AskToLink { user_id } | PersonalLinking::Link { user_id } => Ok(Some(user_id)),
        PersonalLinking::ProveAddress { user_id } => Ok(user_id),
        PersonalLinking::Provision => Ok(None),
        PersonalLinking::SignIn { .. } | PersonalLinking::Refuse(_) => Err(Refusal::AttemptOver.into()),
    }
}

/// Links what the provider named to the person who signed in meanwhile, by a way that they have (R-LNK-9). The attempt is
/// this browser's, so nobody else can have begun it.
///
/// *Errors*: [`Refusal::AttemptOver`], [`Refusal::PersonalLinking`], [`Refusal::SsoRequired`], and those of
/// [`authorise::account_recently`].
pub async fn link_in_session(app: &App, visitor: &Visitor, id: &SignInId) -> Result<Outcome, Error> {
    let outcome = app
        .store
        .write((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let attempt = document::consume(tx, app, visitor, id).await?;
                if attempt.stage != STAGE_CODE && attempt.stage != STAGE_LINK {
                    return Err(Error::from(Refusal::AttemptOver));
                }
                void(tx, app, id).await?;
                bind::bind_own(tx, app, visitor, &attempt.document, &caller).await?;
                let Document { provider, return_to, .. } = attempt.document;
                Ok(Outcome::Linked { provider, return_to })
            })
        })
        .await?;
    app.outbox.wake();
    Ok(outcome)
}

/// What the page says before that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// At which provider.
    pub provider: PersonalProvider,
    /// The address that it named.
    pub email: String,
    /// Who is signed in.
    pub person: Named,
}

/// What the person reads before they link. It reads and changes nothing.
///
/// *Errors*: [`Refusal::AttemptOver`], and those of [`authorise::account_recently`].
pub async fn ask_link(app: &App, visitor: &Visitor, id: &SignInId) -> Result<LinkView, Error> {
    app.store
        .read((app.clone(), visitor.clone(), id.clone()), |tx, (app, visitor, id)| {
            Box::pin(async move {
                let check = authorise::account_recently(tx, app, visitor).await?.check;
                let attempt = document::find(tx, app, visitor, id).await?;
                if attempt.stage != STAGE_CODE && attempt.stage != STAGE_LINK {
                    return Err(Error::from(Refusal::AttemptOver));
                }
                let view = view(&attempt.document, Question::Link);
                let person = Named { name: check.name, email: check.email };
                Ok(LinkView { provider: view.provider, email: view.email, person })
            })
        })
        .await
}
