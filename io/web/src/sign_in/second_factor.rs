//! Owns `/sign-in/second-factor/{id}`: the second factor of a sign-in whose first proof was right (R-IN-4).

use axum::response::Response;
use orgate_app::error::Error;
use orgate_app::sign_in::second_factor::{self, Promoted, TypedFactor, TypedMethod, Waiting, passkey};
use orgate_app::token::SecretToken;
use orgate_core::id::{Identifier as _, SignInId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use super::passkey::{Typed as Answer, challenge_of, problem};
use super::password::HOME;
use crate::cookies;
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, see_other};
use crate::pages::passkeys::PasskeyForm;
use crate::pages::second_factor::{FactorField, OtherFactor, SecondFactorPage};
use crate::pages::{Field, Hidden};

/// Said to who has passkeys alone where the operator no longer offers them, and no recovery code is left.
const UNUSABLE: &str = "None of your second factors can be used here at present. Ask whoever runs this service.";

/// The words of a wrong factor, whichever it is.
pub const WRONG_FACTOR: &str = "That code is not right, or it was used already.";

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
    pub fn among(&self, methods: &[AuthenticationMethod]) -> AuthenticationMethod {
        let wanted = methods.iter().find(|method| Some(method.as_str()) == self.with.as_deref());
        wanted.or(methods.first()).copied().unwrap_or(AuthenticationMethod::RecoveryCode)
    }
}

/// Those of the factors that are typed.
fn typed(methods: &[AuthenticationMethod]) -> Vec<AuthenticationMethod> {
    methods.iter().copied().filter(|method| self::method(method.as_str()).is_some()).collect()
}

/// The method that a form names.
pub fn method(typed: &str) -> Option<TypedMethod> {
    [TypedMethod::Totp, TypedMethod::RecoveryCode].into_iter().find(|method| method.method().as_str() == typed)
}

/// What the form asks for; a passkey one step below `action`.
pub fn field(method: AuthenticationMethod, action: &str) -> FactorField {
    match method {
        AuthenticationMethod::Passkey => FactorField::Passkey(PasskeyForm::at(&format!("{action}/passkey"))),
        AuthenticationMethod::Totp => FactorField::Authenticator,
        _ => FactorField::RecoveryCode,
    }
}

/// What a form offers beside the factor that it shows.
pub fn others(shown: AuthenticationMethod, methods: &[AuthenticationMethod], page: Option<&str>) -> Vec<OtherFactor> {
    let link = |page: &str, method: AuthenticationMethod| {
        let mark = if page.contains('?') { '&' } else { '?' };
        format!("{page}{mark}with={}", method.as_str())
    };
    let rest = methods.iter().copied().filter(|method| *method != shown);
    rest.map(|method| OtherFactor {
        label: match method {
            AuthenticationMethod::Passkey => "Use a passkey",
            AuthenticationMethod::Totp => "Use the authenticator app",
            _ => "Use a recovery code",
        },
        url: page.map(|page| link(page, method)),
        method: method.as_str(),
    })
    .collect()
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
    let code = if shown.methods.is_empty() { Field::empty().refused(UNUSABLE) } else { code };
    let action = page_of(id);
    Ok(SecondFactorPage {
        site: visit.site.clone(),
        reason: format!("Your {} was right. Your account has a second factor.", shown.first.words()),
        unsaved: None,
        with: field(with, &action),
        code,
        others: others(with, &shown.methods, Some(&action)),
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
        Ok(promoted) => go_on(&visit, promoted),
        Err(error) => {
            let mistakes = Mistakes::or_at(error, "code", |refusal| *refusal == Refusal::InvalidCode)?;
            let choice = Choice { with: Some(typed.method) };
            visit.again(&page(&visit, &id, &choice, wrong(&mistakes)).await?)
        }
    }
}

/// Draws a challenge for a passkey of whoever signs in.
pub async fn challenge(visit: Visit, Path(id): Path<String>) -> PageResult {
    Ok(challenge_of(passkey::begin(visit.app(), &visit.visitor, &attempt(&id)?).await?))
}

/// Takes a passkey's answer.
pub async fn verify_passkey(visit: Visit, Path(id): Path<String>, Form(typed): Form<Answer>) -> PageResult {
    let id = attempt(&id)?;
    match passkey::verify(visit.app(), &visit.visitor, &id, &typed.into()).await {
        Ok(promoted) => go_on(&visit, promoted),
        Err(error) => {
            let field = Field::empty().refused(&problem(error)?);
            visit.again(&page(&visit, &id, &Choice::default(), field).await?)
        }
    }
}

fn go_on(visit: &Visit, promoted: Promoted) -> PageResult {
    match promoted {
        Promoted::SignedIn { issued, return_to } => Ok(visit.arrived(&issued, return_to.as_deref(), HOME)),
        Promoted::Blocked(stopped) => {
            let id = stopped.attempt.ok_or(Refusal::SsoRequired(stopped.organizations))?;
            Ok(see_other(&super::blocked::page_of(&id)))
        }
    }
}

/// The words of a refused code are about a mailed one.
pub fn wrong(mistakes: &Mistakes) -> Field {
    let mut field = mistakes.field("code", "");
    field.error = field.error.map(|_| WRONG_FACTOR.to_owned());
    field
}

/// What a form sends that asks for a factor beside something else.
#[derive(Default, Deserialize)]
pub struct Beside {
    method: Option<String>,
    /// The factor; where none was asked for yet, what the form itself asks for.
    code: Option<String>,
    /// What was typed before the factor was asked for.
    mailed_code: Option<String>,
    with: Option<String>,
}

impl Beside {
    /// The mailed code, typed now or before.
    pub fn mailed_code(&self) -> String {
        self.mailed_code.clone().or_else(|| self.code.clone()).unwrap_or_default()
    }

    /// Whether a form sent it that asked for a factor.
    pub fn is_about_factor(&self) -> bool {
        self.method.is_some()
    }

    /// The factor, once the form asked for it and the person does not want to choose another.
    pub fn factor(&self) -> Option<TypedFactor> {
        let method = method(self.method.as_deref()?)?;
        let code = self.code.clone().unwrap_or_default();
        self.with.is_none().then_some(TypedFactor { method, code })
    }

    /// The page that asks for it, with what was typed before.
    pub fn page(&self, visit: &Visit, methods: &[AuthenticationMethod], wants: Wants) -> SecondFactorPage {
        // A passkey is asked for by a page of its own alone.
        let methods = &typed(methods);
        let with = Choice { with: self.with.clone().or_else(|| self.method.clone()) }.among(methods);
        let mut code = Field::empty();
        code.error = wants.error;
        let carried = wants.carries.then(|| Hidden { name: "mailed_code".to_owned(), value: self.mailed_code() });
        SecondFactorPage {
            site: visit.site.clone(),
            reason: wants.reason,
            unsaved: None,
            with: field(with, &wants.action),
            code,
            others: others(with, methods, None),
            action: wants.action,
            hidden: carried.into_iter().collect(),
            cancel_url: wants.cancel_url,
        }
    }
}

/// What the page says that asks for a factor beside something else.
pub struct Wants {
    /// Why, as a sentence.
    pub reason: String,
    /// Where the form posts.
    pub action: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
    /// Whether a mailed code goes along.
    pub carries: bool,
    /// What was wrong with the factor.
    pub error: Option<String>,
}

/// What was wrong with the factor, where the error asks for one or for another; any other error goes on.
///
/// *Errors*: the error itself.
pub fn asks_for_factor(error: Error) -> Result<Option<String>, Error> {
    match error {
        Error::Refused(Refusal::NeedsSecondFactor) => Ok(None),
        error if second_factor::is_wrong(&error) => Ok(Some(WRONG_FACTOR.to_owned())),
        other => Err(other),
    }
}
