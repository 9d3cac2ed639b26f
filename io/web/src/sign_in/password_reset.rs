//! Owns `/password-reset/{token}`: setting a new password by a mailed link. Opening the link uses nothing up, so a mail
//! scanner that follows it spoils nothing.

use orgate_app::password_reset;
use serde::Deserialize;

use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done};
use crate::pages::password::PasswordResetPage;

/// The form.
pub async fn show(visit: Visit, Path(token): Path<String>) -> PageResult {
    visit.page(&page(&visit, &token, &Mistakes::default()).await?)
}

/// What the form sends; the address is there for password managers.
#[derive(Deserialize)]
pub struct Typed {
    password: String,
}

/// Sets the password. It makes no session: the person signs in with it, past every other rule.
pub async fn update(visit: Visit, Path(token): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    match password_reset::complete(visit.app(), &visit.visitor, &token, &typed.password).await {
        Ok(()) => Ok(done("/sign-in", "Your new password is set. Sign in with it.")),
        Err(error) => visit.again(&page(&visit, &token, &Mistakes::of(error)?).await?),
    }
}

async fn page(visit: &Visit, token: &str, mistakes: &Mistakes) -> Result<PasswordResetPage, Failure> {
    let opened = password_reset::open(visit.app(), token).await?;
    Ok(PasswordResetPage {
        site: visit.site.clone(),
        token: token.to_owned(),
        email: opened.email,
        organizations: opened.organizations,
        password: mistakes.secret("password"),
        minimum_password_length: visit.app().settings.password_policy.minimum(),
    })
}
