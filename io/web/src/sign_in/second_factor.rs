//! Owns `/sign-in/second-factor/{id}`: the second factor of a sign-in whose first proof was right (R-IN-4).

use axum::response::Response;
use orgate_app::error::Error;
use orgate_app::sign_in::second_factor::{self, Promoted, TypedFactor, TypedMethod, Waiting};
use orgate_app::token::SecretToken;
use orgate_core::id::{Identifier as _, SignInId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::password::HOME;
use crate::cookies;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, see_other};
use crate::pages::Field;
use crate::pages::second_factor::{FactorField, OtherFactor, SecondFactorPage};
use crate::return_to::ReturnTo;

/// The page of an attempt.
fn page_of(id: &SignInId) -> String {
    format!("/sign-in/second-factor/{id}")
}

/// To the page of the attempt, which this browser alone can open.
pub fn ask(waiting: &Waiting, cookie: Option<&SecretToken>) -> Response {
    let mut response = see_other(&page_of(&waiting.sign_in_id));
    if let Some(token) = cookie {
        cookies::set(response.headers_mut(), cookies::browser(token));
    }
    response
}

/// What may follow `?`: which factor to show.
#[derive(Default, Deserialize)]
pub struct Choice {
    /// The method in its own word.
    pub with: Option<String>,
}

impl Choice {
    /// The chosen one of what there is, or the first of it.
    pub fn among(&self, methods: &[AuthenticationMethod]) -> TypedMethod {
        let has_totp = methods.contains(&AuthenticationMethod::Totp);
        let has_codes = methods.contains(&AuthenticationMethod::RecoveryCode);
        let wants_codes = self.with.as_deref() == Some(AuthenticationMethod::RecoveryCode.as_str());
        if has_codes && (wants_codes || !has_totp) { TypedMethod::RecoveryCode } else { TypedMethod::Totp }
    }
}

/// The method that a form names.
pub fn method(typed: &str) -> Option<TypedMethod> {
    [TypedMethod::Totp, TypedMethod::RecoveryCode].into_iter().find(|method| method.method().as_str() == typed)
}

/// What the form asks for.
pub const fn field(method: TypedMethod) -> FactorField {
    match method {
        TypedMethod::Totp => FactorField::Authenticator,
        TypedMethod::RecoveryCode => FactorField::RecoveryCode,
    }
}

/// What a form shows beside its own factor.
pub fn other(shown: TypedMethod, methods: &[AuthenticationMethod], page: &str) -> Option<OtherFactor> {
    let (method, label) = match shown {
        TypedMethod::Totp => (AuthenticationMethod::RecoveryCode, "Use a recovery code"),
        TypedMethod::RecoveryCode => (AuthenticationMethod::Totp, "Use the authenticator app"),
    };
    let mark = if page.contains('?') { '&' } else { '?' };
    methods.contains(&method).then(|| OtherFactor { label, url: format!("{page}{mark}with={}", method.as_str()) })
}

/// The form.
pub async fn show(visit: Visit, Path(id): Path<String>, Query(choice): Query<Choice>) -> PageResult {
    visit.page(&page(&visit, &attempt(&id)?, &choice, Field::empty()).await?)
}

fn attempt(id: &str) -> Result<SignInId, Refusal> {
    SignInId::parse(id).ok_or(Refusal::AttemptOver)
}

async fn page(visit: &Visit, id: &SignInId, choice: &Choice, code: Field) -> Result<SecondFactorPage, Error> {
    let shown = second_factor::show(visit.app(), &visit.visitor, id).await?;
    let with = choice.among(&shown.methods);
    let action = page_of(id);
    Ok(SecondFactorPage {
        site: visit.site.clone(),
        reason: format!("Your {} was right. Your account has a second factor.", shown.first.words()),
        with: field(with),
        code,
        other: other(with, &shown.methods, &action),
        action,
        hidden: Vec::new(),
        cancel_url: "/sign-in".to_owned(),
    })
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    method: String,
    code: String,
}

/// Takes the factor.
pub async fn verify(visit: Visit, Path(id): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    let id = attempt(&id)?;
    let factor = TypedFactor { method: method(&typed.method).ok_or(Refusal::NotFound)?, code: typed.code };
    match second_factor::verify(visit.app(), &visit.visitor, &id, factor).await {
        Ok(Promoted::SignedIn { issued, return_to }) => {
            let wished = return_to.as_deref().and_then(ReturnTo::parse);
            Ok(visit.signed_in(&issued, wished.as_ref().map_or(HOME, ReturnTo::as_str)))
        }
        Ok(Promoted::Blocked(stopped)) => {
            let id = stopped.attempt.ok_or(Refusal::SsoRequired(stopped.organizations))?;
            Ok(see_other(&super::blocked::page_of(&id)))
        }
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            let choice = Choice { with: Some(typed.method) };
            visit.again(&page(&visit, &id, &choice, wrong(&mistakes)).await?)
        }
    }
}

/// The words of a refused code are about a mailed one.
pub fn wrong(mistakes: &Mistakes) -> Field {
    let mut field = mistakes.field("code", "");
    field.error = field.error.map(|_| "That code is not right, or it was used already.".to_owned());
    field
}
