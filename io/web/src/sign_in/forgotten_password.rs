//! Owns `/forgotten-password`: asking for a link that sets a new password. A known and an unknown address get the same
//! page (R-IN-5).

use orgate_app::password_reset;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::password::is_offered;
use crate::page::{Form, Mistakes, PageResult, Visit};
use crate::pages::password::{ForgottenPasswordMailedPage, ForgottenPasswordPage};

/// The form.
///
/// *Errors*: [`Refusal::MethodNotOffered`] where passwords are not offered: there is none to set (R-IN-1).
pub async fn show(visit: Visit) -> PageResult {
    if !is_offered(&visit) {
        return Err(Refusal::MethodNotOffered.into());
    }
    visit.page(&page(&visit, &Mistakes::default(), ""))
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    email: String,
}

/// Mails the link, if there is somebody to mail it to. The address is printed back, so the answer is the page itself.
///
/// *Errors*: as [`show`].
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    if !is_offered(&visit) {
        return Err(Refusal::MethodNotOffered.into());
    }
    match password_reset::request(visit.app(), &visit.visitor, &typed.email).await {
        Ok(()) => visit.page(&ForgottenPasswordMailedPage { site: visit.site.clone(), email: typed.email }),
        Err(error) => visit.again(&page(&visit, &Mistakes::of(error)?, &typed.email)),
    }
}

fn page(visit: &Visit, mistakes: &Mistakes, typed: &str) -> ForgottenPasswordPage {
    ForgottenPasswordPage { site: visit.site.clone(), email: mistakes.field("email", typed) }
}
