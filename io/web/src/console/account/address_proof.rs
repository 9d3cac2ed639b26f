//! Owns `/account/address-proof`: the mailed code by which an address that only SSO has told becomes the person's
//! (R-LNK-4).

use orgate_app::session;
use orgate_app::sign_in::step_up;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::security;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Visit, done};
use crate::pages::Field;
use crate::pages::sign_in::{CodePage, CodePurpose};

const URL: &str = "/account/address-proof";

/// Mails the code.
pub async fn create(visit: Visit) -> PageResult {
    step_up::mail_code(visit.app(), &visit.visitor).await?;
    Ok(done(URL, "A code is on its way."))
}

/// Asks for it.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&page(&visit, Field::empty()).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    code: String,
}

/// Takes it: the address is the person's everywhere.
pub async fn verify(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    match step_up::confirm(visit.app(), &visit.visitor, &typed.code).await {
        Ok(issued) => Ok(visit.signed_in(&issued, security::URL)),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            visit.again(&page(&visit, mistakes.field("code", "")).await?)
        }
    }
}

async fn page(visit: &Visit, code: Field) -> Result<CodePage, Failure> {
    Ok(CodePage {
        site: visit.site.clone(),
        purpose: CodePurpose::OwnAddress,
        address: session::current(visit.app(), &visit.visitor).await?.email,
        code,
        sent_again: false,
        action: format!("{URL}/code"),
        again_action: URL.to_owned(),
        cancel_url: security::URL.to_owned(),
    })
}
