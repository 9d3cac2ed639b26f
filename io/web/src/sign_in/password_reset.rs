//! Owns `/password-reset/{token}`: setting a new password by a mailed link. Opening the link uses nothing up, so a mail
//! scanner that follows it spoils nothing. A link that brings two accounts together asks for the second factor in the same
//! form, so no password waits in a page for it (R-LNK-4).

use axum::response::Response;
use orgate_app::error::Error;
use orgate_app::password_reset::{self, Opened};
use orgate_app::sign_in::second_factor::{TypedFactor, is_wrong};
use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::address_claim::{CANNOT_BE_SHOWN, GET_CODES};
use super::second_factor::{Choice, WRONG_FACTOR, field, method, others};
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, done};
use crate::pages::Field;
use crate::pages::password::{PasswordResetPage, ResetFactor};
use crate::pages::refusal::RefusalPage;

/// The form.
pub async fn show(visit: Visit, Path(token): Path<String>, Query(choice): Query<Choice>) -> PageResult {
    let opened = password_reset::open(visit.app(), &token).await?;
    if is_stuck(&opened) {
        return visit.page(&stuck(&visit));
    }
    visit.page(&page(&visit, &token, opened, (&Mistakes::default(), Field::empty()), &choice))
}

/// What the form sends; the address is there for password managers.
#[derive(Deserialize)]
pub struct Typed {
    password: String,
    method: Option<String>,
    code: Option<String>,
}

impl Typed {
    fn factor(&self) -> Option<TypedFactor> {
        let method = method(self.method.as_deref()?)?;
        Some(TypedFactor { method, code: self.code.clone().unwrap_or_default() })
    }
}

/// Sets the password. It makes no session: the person signs in with it, past every other rule.
pub async fn update(visit: Visit, Path(token): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    let app = visit.app();
    match password_reset::complete_with(app, &visit.visitor, &token, &typed.password, typed.factor()).await {
        Ok(()) => Ok(done("/sign-in", "Your new password is set. Sign in with it.")),
        Err(error) => Ok(again(&visit, &token, typed, error).await?),
    }
}

async fn again(visit: &Visit, token: &str, typed: Typed, error: Error) -> Result<Response, Failure> {
    let (mistakes, code) = match error {
        // The account got its factor after the form was shown.
        Error::Refused(Refusal::NeedsSecondFactor) => (Mistakes::default(), Field::empty().refused(MISSING)),
        error if is_wrong(&error) => (Mistakes::default(), Field::empty().refused(WRONG_FACTOR)),
        error => (Mistakes::of(error)?, Field::empty()),
    };
    let opened = password_reset::open(visit.app(), token).await?;
    if is_stuck(&opened) {
        return visit.again(&stuck(visit));
    }
    visit.again(&page(visit, token, opened, (&mistakes, code), &Choice { with: typed.method }))
}

/// What is said where the form did not ask for it yet.
const MISSING: &str = "This is asked for too. Type the password again as well.";

/// Whether the factor that is asked for cannot be typed.
fn is_stuck(opened: &Opened) -> bool {
    opened.factors.as_ref().is_some_and(Vec::is_empty)
}

fn stuck(visit: &Visit) -> RefusalPage {
    RefusalPage {
        site: visit.site.clone(),
        title: Refusal::NeedsSecondFactor.title().to_owned(),
        happened: CANNOT_BE_SHOWN.to_owned(),
        mend: GET_CODES.to_owned(),
        reference: None,
        back_url: "/sign-in".to_owned(),
        back_label: "Go to sign-in".to_owned(),
    }
}

fn page(
    visit: &Visit,
    token: &str,
    opened: Opened,
    (mistakes, code): (&Mistakes, Field),
    choice: &Choice,
) -> PasswordResetPage {
    PasswordResetPage {
        site: visit.site.clone(),
        factor: opened.factors.map(|methods| factor(&methods, choice, token, code)),
        token: token.to_owned(),
        email: opened.email,
        organizations: opened.organizations,
        password: mistakes.secret("password"),
        minimum_password_length: visit.app().settings.password_policy.minimum(),
    }
}

fn factor(methods: &[AuthenticationMethod], choice: &Choice, token: &str, code: Field) -> ResetFactor {
    let (with, here) = (choice.among(methods), format!("/password-reset/{token}"));
    ResetFactor { with: field(with, &here), code, others: others(with, methods, Some(&here)) }
}
