//! Owns `/account/email-changes`: a person takes another address, and proves it by a code mailed there.

use orgate_app::account::email_change;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::security;
use crate::console::frame;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done, mailed_again, see_other};
use crate::pages::account::EmailChangePage;
use crate::pages::sign_in::{CodePage, CodePurpose};
use crate::pages::{Field, Section};

const URL: &str = "/account/email-changes";

/// Asks for the new address.
pub async fn new(visit: Visit) -> PageResult {
    email_change::may_begin(visit.app(), &visit.visitor).await?;
    visit.page(&form(&visit, Field::empty()).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    email: String,
}

/// Mails a code there.
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    match email_change::begin(visit.app(), &visit.visitor, &typed.email).await {
        Ok(change) => Ok(see_other(&format!("{URL}/{}", change.id))),
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            visit.again(&form(&visit, mistakes.field("email", typed.email)).await?)
        }
    }
}

async fn form(visit: &Visit, email: Field) -> Result<EmailChangePage, Failure> {
    Ok(EmailChangePage { frame: frame(visit, Section::Security).await?, email })
}

/// Asks for the code.
pub async fn show(visit: Visit, Path(id): Path<String>) -> PageResult {
    visit.page(&code_page(&visit, &id, Field::empty()).await?)
}

/// What the code's form sends.
#[derive(Deserialize)]
pub struct TypedCode {
    code: String,
}

/// Takes it.
pub async fn verify(visit: Visit, Path(id): Path<String>, Form(typed): Form<TypedCode>) -> PageResult {
    match email_change::confirm(visit.app(), &visit.visitor, &id, &typed.code).await {
        Ok(()) => Ok(done(security::URL, "Your address is changed, and you are signed out everywhere else.")),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            visit.again(&code_page(&visit, &id, mistakes.field("code", "")).await?)
        }
    }
}

/// Mails another code.
pub async fn resend(visit: Visit, Path(id): Path<String>) -> PageResult {
    let change = email_change::find(visit.app(), &visit.visitor, &id).await?;
    let again = email_change::begin(visit.app(), &visit.visitor, &change.email).await?;
    Ok(mailed_again(&format!("{URL}/{}", again.id)))
}

async fn code_page(visit: &Visit, id: &str, code: Field) -> Result<CodePage, Failure> {
    let change = email_change::find(visit.app(), &visit.visitor, id).await?;
    Ok(CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::NewAddress,
        address: change.email,
        code,
        sent_again: visit.sent_again(),
        action: format!("{URL}/{id}"),
        again_action: format!("{URL}/{id}/code"),
        cancel_url: security::URL.to_owned(),
    })
}
