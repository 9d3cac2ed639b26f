//! Owns `/organizations`: the list of a person's organizations, and creating one.

use orgate_app::error::Error;
use orgate_app::organization::{self, NewOrganization};
use orgate_app::session::{self, Access as Opens, CurrentPlace};
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::frame;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done, see_other};
use crate::pages::Section;
use crate::pages::organizations::{Access, OrganizationRow, OrganizationsPage};
use crate::pages::password::NewOrganizationPage;

/// The list.
pub async fn index(visit: Visit) -> PageResult {
    let frame = frame(&visit, Section::Organizations).await?;
    let current = session::current(visit.app(), &visit.visitor).await?;
    let items = current.organizations.iter().map(|place| row(place, current.has_second_factor)).collect();
    let may_create = match organization::may_create(visit.app(), &visit.visitor).await {
        Ok(()) => true,
        Err(Error::Refused(_)) => false,
        Err(fault @ Error::Fault(_)) => return Err(fault.into()),
    };
    visit.page(&OrganizationsPage { frame, items, may_create })
}

/// One organization: to its first page.
pub async fn enter(Path(slug): Path<String>) -> axum::response::Response {
    see_other(&format!("/organizations/{slug}/projects"))
}

fn row(place: &CurrentPlace, has_second_factor: bool) -> OrganizationRow {
    let (access, url) = match place.access {
        Opens::Open => (Access::Open, format!("/organizations/{}/projects", place.slug)),
        Opens::NeedsSso => (Access::NeedsSso, format!("/sign-in/{}", place.slug)),
        Opens::NeedsProof => (Access::NeedsProof, format!("/account/proof?organization={}", place.slug)),
        Opens::NeedsSecondFactor if !has_second_factor => {
            (Access::NeedsSecondFactor, format!("/account/second-factor/new?organization={}", place.slug))
        }
        Opens::NeedsSecondFactor => (Access::NeedsSecondFactor, format!("/account/proof?organization={}", place.slug)),
    };
    OrganizationRow {
        name: place.name.clone(),
        slug: place.slug.clone(),
        role: place.role.label().to_owned(),
        access,
        url,
        being_deleted: place.deletes_at.is_some(),
    }
}

/// The form, for who may send it.
pub async fn new(visit: Visit) -> PageResult {
    organization::may_create(visit.app(), &visit.visitor).await?;
    let page = new_page(&visit, &Mistakes::default(), &Typed::default()).await?;
    visit.page(&page)
}

/// What the form sends.
#[derive(Default, Deserialize)]
pub struct Typed {
    name: String,
    slug: Option<String>,
}

/// Creates one; the person is its Owner.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    let new = NewOrganization { name: typed.name.clone(), slug: typed.slug.clone() };
    match organization::create(visit.app(), &visit.visitor, new).await {
        Ok(created) => Ok(done(
            &format!("/organizations/{}/projects", created.slug),
            &format!("{} is ready. You are its Owner.", created.name),
        )),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "slug", |refusal| *refusal == Refusal::SlugTaken)?;
            visit.again(&new_page(&visit, &mistakes, &typed).await?)
        }
    }
}

async fn new_page(
    visit: &Visit,
    mistakes: &Mistakes,
    typed: &Typed,
) -> Result<NewOrganizationPage, crate::error::Failure> {
    let current = session::current(visit.app(), &visit.visitor).await?;
    Ok(NewOrganizationPage {
        site: visit.site.clone(),
        first: current.organizations.is_empty() && !current.others_hidden,
        name: mistakes.field("name", &typed.name),
        slug: mistakes.field("slug", typed.slug.clone().unwrap_or_default()),
        address_prefix: visit.web.link("/sign-in/"),
        problem: mistakes.elsewhere(&["name", "slug"]),
    })
}
