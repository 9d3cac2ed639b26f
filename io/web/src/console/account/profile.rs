//! Owns `/account/profile`: a person's name, and how this browser looks.

use orgate_app::account;
use serde::Deserialize;

use crate::console::frame;
use crate::cookies;
use crate::error::{Failure, RequestRefusal};
use crate::page::{Form, Mistakes, PageResult, Visit, done};
use crate::pages::account::ProfilePage;
use crate::pages::{Section, Theme};

const URL: &str = "/account/profile";

/// The page.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&page(&visit, &Mistakes::default(), None).await?)
}

/// What the form of the name sends.
#[derive(Deserialize)]
pub struct Typed {
    name: String,
}

/// Gives the person another name.
pub async fn update(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    match account::rename(visit.app(), &visit.visitor, &typed.name).await {
        Ok(()) => Ok(done(URL, "Your name is saved.")),
        Err(error) => visit.again(&page(&visit, &Mistakes::of(error)?, Some(&typed.name)).await?),
    }
}

async fn page(visit: &Visit, mistakes: &Mistakes, typed: Option<&str>) -> Result<ProfilePage, Failure> {
    let frame = frame(visit, Section::Profile).await?;
    let name = mistakes.field("name", typed.unwrap_or(&frame.person.name));
    Ok(ProfilePage { frame, name })
}

/// What the form of the appearance sends.
#[derive(Deserialize)]
pub struct Appearance {
    theme: String,
}

/// Light or dark, for this browser.
pub async fn update_appearance(Form(typed): Form<Appearance>) -> PageResult {
    let theme = [Theme::System, Theme::Light, Theme::Dark].into_iter().find(|theme| theme.value() == typed.theme);
    let mut response = done(URL, "The theme is changed for this browser.");
    cookies::set(response.headers_mut(), cookies::theme(theme.ok_or(RequestRefusal::Malformed)?));
    Ok(response)
}
