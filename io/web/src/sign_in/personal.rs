//! Owns `/sign-in/with/…`: signing in through a person's own account at Google or GitHub, and the questions on the way.

use axum::extract::RawQuery;
use axum::response::Response;
use orgate_app::app::App;
use orgate_app::sign_in::password::Entry;
use orgate_app::sign_in::personal::act::Outcome;
use orgate_app::sign_in::personal::answer::{
    Answer, Question, QuestionView, answer, ask_link, link_in_session, question,
};
use orgate_app::sign_in::personal::begin::{Begun, NewSignIn, Onward, begin};
use orgate_app::sign_in::personal::callback::callback;
use orgate_app::sign_in::personal::offered;
use orgate_app::sign_in::sso::answer::Named;
use orgate_core::id::{Identifier as _, SignInId};
use orgate_core::personal::PersonalProvider;
use orgate_core::refusal::Refusal;
use orgate_core::return_to::ReturnTo;
use serde::Deserialize;

use super::password::HOME;
use super::{blocked, second_factor};
use crate::cookies;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done, mailed_again, see_other};
use crate::pages::personal::{
    KnownAddressPage, LinkPage, OtherPersonPage, PersonalRefusalPage, Provider, ProviderLeavePage,
};
use crate::pages::sign_in::{CodePage, CodePurpose};
use crate::pages::{Field, Person};

/// Where somebody new names a first organization (R-ORG-2).
const FIRST: &str = "/organizations/new";
const SECURITY: &str = "/account/security";

/// The providers that people are offered.
pub fn providers(app: &App) -> Vec<Provider> {
    offered(app).into_iter().map(view_of).collect()
}

/// A provider for a page.
pub fn view_of(provider: PersonalProvider) -> Provider {
    Provider { name: provider.words().to_owned(), word: provider.as_str().to_owned() }
}

/// The provider that an address names.
///
/// *Errors*: [`Refusal::NotFound`].
pub fn named(word: &str) -> Result<PersonalProvider, Refusal> {
    PersonalProvider::parse(word).ok_or(Refusal::NotFound)
}

/// Begins a sign-in.
pub async fn create(visit: Visit, Path(word): Path<String>) -> PageResult {
    start(&visit, named(&word)?).await
}

/// Begins a sign-in, or a fresh proof of who is signed in.
pub async fn start(visit: &Visit, provider: PersonalProvider) -> PageResult {
    let new = NewSignIn {
        provider,
        return_to: visit.return_to.as_ref().map(|path| path.as_str().to_owned()),
        invitation: visit.invitation_token(),
    };
    let begun = begin(visit.app(), &visit.visitor, new).await?;
    leave(visit, provider, begun)
}

/// Answers a form that begins: with a page that goes on by itself, for the content security policy lets no form end at
/// another host.
pub fn leave(visit: &Visit, provider: PersonalProvider, begun: Begun) -> PageResult {
    let mut response = match begun.onward {
        Onward::Provider(url) => {
            visit.page(&ProviderLeavePage { site: visit.site.clone(), provider: view_of(provider), url })?
        }
        Onward::Refused(id) => see_other(&page_of(&id)),
    };
    if let Some(token) = begun.cookie {
        cookies::set(response.headers_mut(), cookies::browser(&token));
    }
    Ok(response)
}

/// The redirect URI. Whatever came is taken off the address bar by a 303 (T-BCP-4).
pub async fn come_back(visit: Visit, Path(word): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let provider = named(&word)?;
    let outcome = callback(visit.app(), &visit.visitor, provider, query.as_deref().unwrap_or_default()).await?;
    lead_on(&visit, outcome)
}

/// The page of an attempt.
fn page_of(id: &SignInId) -> String {
    format!("/sign-in/with/attempts/{id}")
}

fn attempt(id: &str) -> Result<SignInId, Refusal> {
    SignInId::parse(id).ok_or(Refusal::AttemptOver)
}

/// Where an attempt leads: always to a clean address of ours (T-BCP-4).
fn lead_on(visit: &Visit, outcome: Outcome) -> Result<Response, Failure> {
    match outcome {
        Outcome::Entered { entry, return_to, newcomer } => {
            enter(visit, *entry, return_to.as_deref(), if newcomer { FIRST } else { HOME })
        }
        Outcome::Asks(id) | Outcome::WrongCode(id) => Ok(see_other(&page_of(&id))),
        Outcome::Linked { provider, return_to } => Ok(linked(provider, return_to.as_deref())),
        Outcome::Cancelled => Ok(see_other("/sign-in")),
    }
}

/// In, or to what is missing. The browser has its cookie already.
fn enter(visit: &Visit, entry: Entry, wanted: Option<&str>, default: &str) -> Result<Response, Failure> {
    match entry {
        Entry::SignedIn(issued) => Ok(visit.arrived(&issued, wanted, default)),
        Entry::SecondFactor(waiting) => Ok(second_factor::ask(&waiting, None)),
        Entry::Blocked(stopped) => {
            let id = stopped.attempt.ok_or(Refusal::SsoRequired(stopped.organizations))?;
            Ok(see_other(&blocked::page_of(&id)))
        }
    }
}

fn linked(provider: PersonalProvider, return_to: Option<&str>) -> Response {
    let wished = return_to.and_then(ReturnTo::parse);
    let to = wished.as_ref().map_or(SECURITY, ReturnTo::as_str);
    done(to, &format!("{} is linked to your account.", provider.words()))
}

/// The page of an attempt that waits for the person, or is over.
pub async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    let id = attempt(&id)?;
    let view = question(visit.app(), &visit.visitor, &id).await?;
    page(&visit, &id, view, Field::empty())
}

fn page(visit: &Visit, id: &SignInId, view: QuestionView, code: Field) -> PageResult {
    let (site, action, provider) = (visit.site.clone(), page_of(id), view_of(view.provider));
    match view.question {
        Question::Code => {
            let page = CodePage {
                site,
                purpose: CodePurpose::Personal { provider: provider.name, link_url: format!("{action}/link") },
                address: view.email,
                sent_again: visit.sent_again(),
                again_action: format!("{action}/code"),
                cancel_url: "/sign-in".to_owned(),
                action,
                code,
            };
            if page.code.error.is_some() { visit.again(&page) } else { visit.page(&page) }
        }
        Question::Link => visit.page(&KnownAddressPage {
            site,
            provider,
            email: view.email,
            link_url: format!("{action}/link"),
            code_action: format!("{action}/code"),
            cancel_action: format!("{action}/choice"),
        }),
        Question::Change { from, to } => visit.page(&OtherPersonPage {
            site,
            provider,
            current: person(from),
            asserted: person(to),
            action: format!("{action}/choice"),
        }),
        Question::Refused(refused) => visit.page(&PersonalRefusalPage {
            site,
            title: refused.title,
            advice: refused.advice,
            reference: refused.reference.to_string(),
            back_url: if view.linking { SECURITY } else { "/sign-in" }.to_owned(),
            back_label: if view.linking { "Back to sign-in and security" } else { "Back to sign-in" }.to_owned(),
        }),
    }
}

fn person(named: Named) -> Person {
    Person::new("", named.name, named.email)
}

/// What the code's form sends.
#[derive(Deserialize)]
pub struct TypedCode {
    code: String,
}

/// Takes the mailed code.
pub async fn verify(visit: Visit, Path(id): Path<String>, Form(typed): Form<TypedCode>) -> PageResult {
    let id = attempt(&id)?;
    let wrong = match answer(visit.app(), &visit.visitor, &id, Answer::Code(typed.code)).await {
        Ok(Outcome::WrongCode(_)) => Mistakes::or_at(Refusal::InvalidCode.into(), "code", |_| true)?,
        Ok(outcome) => return lead_on(&visit, outcome),
        Err(error) => Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?,
    };
    let view = question(visit.app(), &visit.visitor, &id).await?;
    page(&visit, &id, view, wrong.field("code", ""))
}

/// Mails a code, the first one or another.
pub async fn mail_code(visit: Visit, Path(id): Path<String>) -> PageResult {
    let id = attempt(&id)?;
    match answer(visit.app(), &visit.visitor, &id, Answer::MailCode).await? {
        Outcome::Asks(same) if same == id => Ok(mailed_again(&page_of(&id))),
        outcome => lead_on(&visit, outcome),
    }
}

/// What the buttons of a question send.
#[derive(Deserialize)]
pub struct Choice {
    choice: String,
}

/// Takes a yes or a no.
pub async fn choose(visit: Visit, Path(id): Path<String>, Form(choice): Form<Choice>) -> PageResult {
    let id = attempt(&id)?;
    let switches = choice.choice == "switch";
    let given = if switches { Answer::Yes } else { Answer::No };
    match answer(visit.app(), &visit.visitor, &id, given).await? {
        Outcome::Cancelled if choice.choice == "keep" => Ok(see_other(HOME)),
        outcome => lead_on(&visit, outcome),
    }
}

/// What is linked to whom, for who signed in by a way that they have.
pub async fn show_link(visit: Visit, Path(id): Path<String>) -> PageResult {
    let id = attempt(&id)?;
    let view = ask_link(visit.app(), &visit.visitor, &id).await?;
    visit.page(&LinkPage {
        site: visit.site.clone(),
        provider: view_of(view.provider),
        email: view.email,
        person: person(view.person),
        action: format!("{}/link", page_of(&id)),
    })
}

/// Links it.
pub async fn create_link(visit: Visit, Path(id): Path<String>) -> PageResult {
    let outcome = link_in_session(visit.app(), &visit.visitor, &attempt(&id)?).await?;
    lead_on(&visit, outcome)
}
