//! Owns `/sign-in`: e-mail and password.

use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use orgate_app::error::Error;
use orgate_app::passwords::Password;
use orgate_app::sign_in::blocked::Blocked;
use orgate_app::sign_in::issue::Issued;
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::token::SecretToken;
use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;
use orgate_core::wait;
use serde::Deserialize;

use super::personal;
use super::wish::Wish;
use crate::cookies;
use crate::page::{Form, PageResult, Query, Visit, see_other};
use crate::pages::Field;
use crate::pages::sign_in::SignInPage;

/// Where somebody lands who wanted nowhere in particular.
pub const HOME: &str = "/organizations";

/// The form. It takes a wish to come back.
pub async fn show(visit: Visit, Query(wish): Query<Wish>) -> PageResult {
    Ok(wish.remembered_by(visit.page(&page(&visit, Field::empty(), None))?))
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    email: String,
    password: String,
}

/// Signs in. A known and an unknown address get the same page again (R-IN-5).
pub async fn create(visit: Visit, Form(typed): Form<Typed>) -> PageResult {
    let credentials = Credentials { email: typed.email.clone(), password: Password::from_typed(&typed.password) };
    let wanted = visit.return_to.as_ref().map(|path| path.as_str().to_owned());
    match password::enter(visit.app(), &visit.visitor, credentials, wanted).await {
        Ok((entry, cookie)) => entered(&visit, entry, cookie.as_ref()),
        Err(Error::Refused(refusal @ Refusal::InvalidCredentials)) => {
            let problem = refusal.told();
            visit.again(&page(&visit, Field::filled(typed.email), Some(problem)))
        }
        Err(Error::Refused(Refusal::TooManyRequests { retry_after })) => throttled(&visit, typed.email, retry_after),
        Err(other) => Err(other.into()),
    }
}

/// Goes on from a right first proof. The cookie is the browser's, if it had none.
pub(super) fn entered(visit: &Visit, entry: Entry, cookie: Option<&SecretToken>) -> PageResult {
    match entry {
        Entry::SignedIn(issued) => Ok(signed_in(visit, &issued, cookie)),
        Entry::SecondFactor(waiting) => Ok(super::second_factor::ask(&waiting, cookie)),
        Entry::Blocked(stopped) => blocked(stopped, cookie),
    }
}

/// The form again, for another try by another way.
pub(super) fn again(visit: &Visit, problem: String) -> PageResult {
    visit.again(&page(visit, Field::empty(), Some(problem)))
}

/// The cookie by which the browser is known stays: strangers' tries count for nothing there (L5).
fn signed_in(visit: &Visit, issued: &Issued, cookie: Option<&SecretToken>) -> Response {
    let mut response = visit.signed_in(issued, HOME);
    if let Some(token) = cookie {
        cookies::set(response.headers_mut(), cookies::browser(token));
    }
    response
}

/// The form again, with every other way still on it.
fn throttled(visit: &Visit, typed: String, retry_after: Duration) -> PageResult {
    let wait = wait::words(retry_after);
    let problem = format!("Too many tries. Try again in {wait}, or use another way to sign in.");
    let mut response = visit.again(&page(visit, Field::filled(typed), Some(problem)))?;
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait::seconds(retry_after)));
    Ok(response)
}

/// To the page of the attempt, which this browser alone can open (R-ENF-3).
fn blocked(stopped: Blocked, cookie: Option<&SecretToken>) -> PageResult {
    let id = stopped.attempt.ok_or(Refusal::SsoRequired(stopped.organizations))?;
    let mut response = see_other(&super::blocked::page_of(&id));
    if let Some(token) = cookie {
        cookies::set(response.headers_mut(), cookies::browser(token));
    }
    Ok(response)
}

/// Whether the operator offers passwords.
pub(super) fn is_offered(visit: &Visit) -> bool {
    visit.app().settings.sign_in_methods.offers(AuthenticationMethod::Password)
}

fn page(visit: &Visit, email: Field, problem: Option<String>) -> SignInPage {
    let (password_offered, providers) = (is_offered(visit), personal::providers(visit.app()));
    let is_open = visit.app().settings.sign_up == orgate_app::settings::SignUpMode::Open;
    SignInPage {
        site: visit.site.clone(),
        notice: visit.notice.clone(),
        email,
        password: Field::empty(),
        password_offered,
        problem,
        // Who signs up shows a password or an account of their own.
        sign_up_open: is_open && (password_offered || !providers.is_empty()),
        providers,
        passkey: orgate_app::passkey::is_offered(visit.app()).then(super::passkey::form),
    }
}

/// `/`: to where a person's things are.
pub async fn home() -> axum::response::Response {
    see_other(HOME)
}
