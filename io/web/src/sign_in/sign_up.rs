//! Owns `/sign-up`: an account with e-mail and password, and the code that proves the address.

use orgate_app::sign_up::{self, NewSignUp};
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::personal;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, mailed_again, see_other};
use crate::pages::Field;
use crate::pages::password::SignUpPage;
use crate::pages::sign_in::{CodePage, CodePurpose};

/// The form.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&page(&visit, &Mistakes::default(), &Typed::default()))
}

/// What the form sends.
#[derive(Default, Deserialize)]
pub struct Typed {
    name: String,
    email: String,
    password: String,
}

/// Begins: a code is mailed.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    let new = NewSignUp {
        email: typed.email.clone(),
        password: typed.password.clone(),
        name: typed.name.clone(),
        invitation: visit.invitation_token(),
    };
    match sign_up::begin(visit.app(), &visit.visitor, new).await {
        Ok(begun) => Ok(see_other(&format!("/sign-up/{}", begun.id))),
        Err(error) => visit.again(&page(&visit, &Mistakes::of(error)?, &typed)),
    }
}

fn page(visit: &Visit, mistakes: &Mistakes, typed: &Typed) -> SignUpPage {
    SignUpPage {
        site: visit.site.clone(),
        name: mistakes.field("name", &typed.name),
        email: mistakes.field("email", &typed.email),
        password: mistakes.secret("password"),
        minimum_password_length: visit.app().settings.password_policy.minimum(),
        problem: mistakes.elsewhere(&["name", "email", "password"]),
        providers: personal::providers(visit.app()),
        password_offered: super::password::is_offered(visit),
    }
}

/// The page that asks for the code. It knows the attempt's id and nothing else, so it is the same for all.
pub async fn show_code(visit: Visit, Path(id): Path<String>) -> PageResult {
    visit.page(&code_page(&visit, &id, Field::empty()))
}

/// What the code's form sends.
#[derive(Deserialize)]
pub struct TypedCode {
    code: String,
}

/// Takes the code: the account is there, and its first session.
pub async fn verify(visit: Visit, Path(id): Path<String>, Form(typed): Form<TypedCode>) -> PageResult {
    match sign_up::verify(visit.app(), &visit.visitor, &id, &typed.code).await {
        Ok(issued) => Ok(visit.signed_in(&issued, "/organizations/new")),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            visit.again(&code_page(&visit, &id, mistakes.field("code", "")))
        }
    }
}

/// Mails another code: the attempt goes on under another id.
pub async fn resend(visit: Visit, Path(id): Path<String>) -> PageResult {
    let begun = sign_up::resend(visit.app(), &visit.visitor, &id).await?;
    Ok(mailed_again(&format!("/sign-up/{}", begun.id)))
}

fn code_page(visit: &Visit, id: &str, code: Field) -> CodePage {
    CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::SignUp,
        address: "the address that you gave".to_owned(),
        code,
        sent_again: visit.sent_again(),
        action: format!("/sign-up/{id}"),
        again_action: format!("/sign-up/{id}/code"),
        cancel_url: "/sign-in".to_owned(),
    }
}
