//! Owns `/account/address-proof`: the mailed code by which an address that only SSO has told becomes the person's
//! (R-LNK-4).

use orgate_app::session;
use orgate_app::sign_in::step_up;
use orgate_core::refusal::Refusal;

use super::security;
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Visit, mailed_again, see_other};
use crate::pages::Field;
use crate::pages::sign_in::{CodePage, CodePurpose};
use crate::sign_in::address_claim;
use crate::sign_in::second_factor::{Beside, asks_for_factor};

const URL: &str = "/account/address-proof";

/// Where the code goes.
const CODE: &str = "/account/address-proof/code";

/// Mails the code.
pub async fn create(visit: Visit) -> PageResult {
    step_up::mail_code(visit.app(), &visit.visitor).await?;
    Ok(see_other(URL))
}

/// Mails another one.
pub async fn resend(visit: Visit) -> PageResult {
    step_up::mail_code(visit.app(), &visit.visitor).await?;
    Ok(mailed_again(URL))
}

/// Asks for it.
pub async fn show(visit: Visit) -> PageResult {
    visit.page(&page(&visit, Field::empty()).await?)
}

/// Takes it: the address is the person's everywhere, or brings them to their account that has it, after its second factor.
pub async fn verify(visit: Visit, Form(typed): Form<Beside>) -> PageResult {
    let code = typed.mailed_code();
    let error = match step_up::confirm_with(visit.app(), &visit.visitor, &code, typed.factor()).await {
        Ok(issued) => return Ok(visit.signed_in(&issued, security::URL)),
        Err(error) => error,
    };
    match asks_for_factor(error) {
        Ok(wrong) => address_claim::ask(&visit, &typed, wrong, (CODE, security::URL)).await,
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
        sent_again: visit.sent_again(),
        action: CODE.to_owned(),
        again_action: "/account/address-proof/code/again".to_owned(),
        cancel_url: security::URL.to_owned(),
    })
}
