//! Owns `/organizations/{slug}/settings`: the organization's name and login address. Leaving and deleting it are in
//! [`super::departure`] and [`super::deletion`].

use orgate_app::organization;
use orgate_core::permission::Permission;
use serde::Deserialize;

use super::organization_frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done};
use crate::pages::Section;
use crate::pages::settings::GeneralSettingsPage;

/// What is said to the last Owner who wants to leave (R-ORG-5).
pub(super) const LAST_OWNER: &str = "You are its last Owner. Make somebody else an Owner first.";

/// The page.
pub async fn show(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&page(&visit, &slug, &Mistakes::default(), None).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    name: String,
}

/// Renames the organization.
pub async fn update(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    match organization::rename(visit.app(), &visit.visitor, &slug, &typed.name).await {
        Ok(_) => Ok(done(&format!("/organizations/{slug}/settings"), "The new name is saved.")),
        Err(error) => visit.again(&page(&visit, &slug, &Mistakes::of(error)?, Some(&typed.name)).await?),
    }
}

async fn page(
    visit: &Visit,
    slug: &str,
    mistakes: &Mistakes,
    typed: Option<&str>,
) -> Result<GeneralSettingsPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::Settings, slug).await?;
    let view = organization::get(visit.app(), &visit.visitor, slug).await?;
    Ok(GeneralSettingsPage {
        frame,
        id: view.id.to_string(),
        name: mistakes.field("name", typed.unwrap_or(&view.name)),
        sso_entitled: view.sso_entitled,
        mfa_required: view.mfa_required,
        sso_enforced: view.enforced,
        role: view.role.label().to_owned(),
        may_manage: view.may(Permission::OrganizationUpdate),
        leave_refused: view.is_last_owner.then(|| LAST_OWNER.to_owned()),
        login_address: view.login_address,
    })
}
