//! Owns `/organizations/{slug}/settings/single-sign-on`, and choosing a kind.

use orgate_app::connection::{self, AttemptQuery};
use orgate_app::enforcement;
use orgate_app::error::Error;
use orgate_core::connection::ConnectionState;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::view::{attempt, card};
use crate::console::enforcement::card as card_of_enforcement;
use crate::console::organization_frame;
use crate::page::{Form, PageResult, Path, Visit, see_other};
use crate::pages::Section;
use crate::pages::sso::{Kind, NewConnectionPage, SsoPage};

/// Attempts shown on the overview.
const RECENT: u32 = 5;

/// The overview.
pub async fn show(visit: Visit, Path(slug): Path<String>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::SingleSignOn, &slug).await?;
    let overview = connection::overview(visit.app(), &visit.visitor, &slug).await?;
    let active = overview.connections.iter().find(|view| view.connection.state == ConnectionState::Active);
    let attempts = match active {
        Some(view) => {
            let id = view.connection.id.as_str();
            let query = AttemptQuery { limit: Some(RECENT), ..AttemptQuery::default() };
            connection::attempts(visit.app(), &visit.visitor, &slug, id, query).await?.items
        }
        None => Vec::new(),
    };
    let enforced = enforcement::show(visit.app(), &visit.visitor, &slug).await?;
    let locked = (!overview.entitled).then(|| Refusal::SsoNotEntitled.advice());
    visit.page(&SsoPage {
        frame,
        locked,
        enforcement: card_of_enforcement(&overview, &enforced, visit.now()),
        connections: overview.connections.iter().map(|view| card(&slug, view, visit.now())).collect(),
        login_address: visit.web.link(&format!("/sign-in/{slug}")),
        attempts: attempts.into_iter().map(|view| attempt(view, visit.now())).collect(),
    })
}

/// The choice of a kind.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    let page = page(&visit, &slug, Kind::OktaOidc, None).await?;
    visit.page(&page)
}

/// What the choice sends.
#[derive(Deserialize)]
pub struct Chosen {
    kind: String,
}

/// Creates a draft and goes on to its form.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(chosen): Form<Chosen>) -> PageResult {
    match connection::create(visit.app(), &visit.visitor, &slug, &chosen.kind, None).await {
        Ok(view) => Ok(see_other(&format!("/organizations/{slug}/connections/{}", view.connection.id))),
        Err(Error::Refused(Refusal::InvalidInput(fields))) => {
            let problem = fields.into_iter().map(|field| field.message).collect::<Vec<_>>().join(" ");
            visit.again(&page(&visit, &slug, Kind::OktaOidc, Some(problem)).await?)
        }
        Err(Error::Refused(refusal @ Refusal::SsoNotEntitled)) => {
            let problem = refusal.told();
            visit.again(&page(&visit, &slug, Kind::OktaOidc, Some(problem)).await?)
        }
        Err(other) => Err(other.into()),
    }
}

async fn page(
    visit: &Visit,
    slug: &str,
    kind: Kind,
    problem: Option<String>,
) -> Result<NewConnectionPage, crate::error::Failure> {
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    // Asks for the right to manage connections before it offers a form.
    connection::overview(visit.app(), &visit.visitor, slug).await?;
    Ok(NewConnectionPage { frame, kind, problem })
}
