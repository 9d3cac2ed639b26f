//! Owns what an identity provider sends a browser to, and the questions on the way in.

use axum::extract::RawQuery;
use axum::response::Response;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::{Answer, Named, Question, QuestionView, answer, question};
use orgate_app::sign_in::sso::begin::{NewSignIn, begin, organization_of_tile};
use orgate_app::sign_in::sso::callback::callback;
use orgate_core::id::{ConnectionId, Identifier as _, SignInId};
use orgate_core::refusal::Refusal;
use orgate_core::sign_in::Started;
use serde::Deserialize;

use super::provider;
use super::second_factor::{Beside, WRONG_FACTOR, Wants};
use crate::console::lists;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, mailed_again, see_other};
use crate::pages::sign_in::{CodePage, CodePurpose, DifferentPersonPage, TileStartPage};
use crate::pages::{Field, Person};

/// The redirect URI. Whatever came is taken off the address bar by a 303 (T-BCP-4).
pub async fn come_back(visit: Visit, Path(id): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let id = ConnectionId::parse(&id).ok_or(Refusal::NotFound)?;
    let outcome = callback(visit.app(), &visit.visitor, &id, query.as_deref().unwrap_or_default()).await?;
    Ok(provider::lead_on(&visit, outcome))
}

/// What a tile may send along. `target_link_uri` is not followed: where a person lands is ours to say.
#[derive(Deserialize)]
pub struct Tile {
    iss: Option<String>,
    login_hint: Option<String>,
}

/// The tile's address, by GET (R-SSO-8): a fresh request from us, never an unsolicited answer from them.
pub async fn from_tile(visit: Visit, Path(id): Path<String>, Query(tile): Query<Tile>) -> Result<Response, Failure> {
    start(visit, id, tile).await
}

/// The same by POST, which third-party-initiated login allows. A form of another site comes without the cookie that names the
/// browser, and what began from it would give the browser another name: everything that waits in it would be over. The way by GET
/// comes with it.
pub async fn from_tile_form(Path(id): Path<String>, Form(tile): Form<Tile>) -> Result<Response, Failure> {
    let id = ConnectionId::parse(&id).ok_or(Refusal::NotFound)?;
    let told = [("iss", tile.iss), ("login_hint", tile.login_hint)];
    let told: Vec<(&str, &str)> =
        told.iter().filter_map(|(name, value)| value.as_deref().map(|value| (*name, value))).collect();
    Ok(see_other(&lists::address(&format!("/sso/oidc/{id}/initiate"), &told, None)))
}

async fn start(visit: Visit, id: String, tile: Tile) -> Result<Response, Failure> {
    let id = ConnectionId::parse(&id).ok_or(Refusal::NotFound)?;
    let (slug, _) = organization_of_tile(visit.app(), &id, tile.iss.as_deref()).await?;
    let new = NewSignIn {
        organization: slug,
        started: Started::ByTile,
        fresh: false,
        login_hint: tile.login_hint,
        return_to: None,
    };
    let begun = begin(visit.app(), &visit.visitor, new).await?;
    Ok(provider::redirect(&visit, begun))
}

/// The page of an attempt that waits for the person.
pub async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    let id = attempt(&id)?;
    let view = question(visit.app(), &visit.visitor, &id).await?;
    page(&visit, &id, view, (Field::empty(), None))
}

fn attempt(id: &str) -> Result<SignInId, Refusal> {
    SignInId::parse(id).ok_or(Refusal::AttemptOver)
}

fn page(visit: &Visit, id: &SignInId, view: QuestionView, (code, typed): (Field, Option<Beside>)) -> PageResult {
    let QuestionView { organization_name, organization_slug, question } = view;
    let (site, action) = (visit.site.clone(), format!("/sign-in/attempts/{id}"));
    match question {
        Question::Code { masked_email } => {
            let refused = code.error.is_some();
            let page = CodePage {
                site,
                purpose: CodePurpose::FirstSso { organization_name },
                address: masked_email,
                code,
                sent_again: visit.sent_again(),
                again_action: format!("{action}/code"),
                action,
                cancel_url: format!("/sign-in/{organization_slug}"),
            };
            if refused { visit.again(&page) } else { visit.page(&page) }
        }
        Question::Factor { methods } => {
            let wants = Wants {
                reason: format!("Your account has a second factor. Joining {organization_name} asks for it."),
                action,
                cancel_url: format!("/sign-in/{organization_slug}"),
                carries: false,
                error: code.error,
            };
            let again = wants.error.is_some() || typed.is_some();
            let page = typed.unwrap_or_default().page(visit, &methods, wants);
            if again { visit.again(&page) } else { visit.page(&page) }
        }
        Question::Creation { person: _, provider_host } => {
            visit.page(&TileStartPage { site, organization_name, provider_host, action: format!("{action}/choice") })
        }
        Question::Change { from, to } => visit.page(&DifferentPersonPage {
            site,
            organization_name,
            current: person(from),
            asserted: person(to),
            action: format!("{action}/choice"),
        }),
    }
}

fn person(named: Named) -> Person {
    Person::new("", named.name, named.email)
}

/// Takes the mailed code, or a second factor.
pub async fn verify(visit: Visit, Path(id): Path<String>, Form(typed): Form<Beside>) -> PageResult {
    let id = attempt(&id)?;
    if typed.is_about_factor() {
        return with_factor(visit, id, typed).await;
    }
    let wrong = match answer(visit.app(), &visit.visitor, &id, Answer::Code(typed.mailed_code())).await {
        Ok(Outcome::WrongCode(_)) => Mistakes::or_at(Refusal::InvalidCode.into(), "code", |_| true)?,
        Ok(outcome) => return Ok(provider::lead_on(&visit, outcome)),
        Err(error) => Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?,
    };
    let view = question(visit.app(), &visit.visitor, &id).await?;
    page(&visit, &id, view, (wrong.field("code", ""), None))
}

async fn with_factor(visit: Visit, id: SignInId, typed: Beside) -> PageResult {
    let Some(factor) = typed.factor() else {
        let view = question(visit.app(), &visit.visitor, &id).await?;
        return page(&visit, &id, view, (Field::empty(), Some(typed)));
    };
    match answer(visit.app(), &visit.visitor, &id, Answer::Factor(factor)).await? {
        Outcome::WrongFactor(id) => {
            let view = question(visit.app(), &visit.visitor, &id).await?;
            page(&visit, &id, view, (Field::empty().refused(WRONG_FACTOR), Some(typed)))
        }
        outcome => Ok(provider::lead_on(&visit, outcome)),
    }
}

/// Mails another code for the same attempt.
pub async fn resend(visit: Visit, Path(id): Path<String>) -> PageResult {
    let id = attempt(&id)?;
    answer(visit.app(), &visit.visitor, &id, Answer::AnotherCode).await?;
    Ok(mailed_again(&format!("/sign-in/attempts/{id}")))
}

/// What the buttons of a question send.
#[derive(Deserialize)]
pub struct Choice {
    choice: Option<String>,
}

/// Takes a yes or a no.
pub async fn choose(visit: Visit, Path(id): Path<String>, Form(choice): Form<Choice>) -> PageResult {
    let id = attempt(&id)?;
    let keeps = choice.choice.as_deref() == Some("keep");
    // Only a named yes is one.
    let given = match choice.choice.as_deref() {
        Some("continue" | "switch") => Answer::Yes,
        Some(_) | None => Answer::No,
    };
    match answer(visit.app(), &visit.visitor, &id, given).await? {
        Outcome::Cancelled { .. } if keeps => Ok(see_other(super::password::HOME)),
        outcome => Ok(provider::lead_on(&visit, outcome)),
    }
}
