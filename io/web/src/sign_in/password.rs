//! Owns `/sign-in`: e-mail and password.

use orgate_app::error::Error;
use orgate_app::passwords::Password;
use orgate_app::sign_in::blocked::Blocked;
use orgate_app::sign_in::password::{self, Credentials, Entry};
use orgate_app::token::SecretToken;
use orgate_core::refusal::Refusal;
use serde::Deserialize;

use crate::cookies;
use crate::page::{Form, PageResult, Query, Visit, see_other};
use crate::pages::Field;
use crate::pages::sign_in::SignInPage;
use crate::return_to::ReturnTo;

/// Where somebody lands who wanted nowhere in particular.
pub const HOME: &str = "/organizations";

/// What may follow `?`.
#[derive(Deserialize)]
pub struct Wish {
    return_to: Option<String>,
}

/// The form. A wish in the address is remembered if it is a plain path, and dropped if not (T-WEB-1).
pub async fn show(visit: Visit, Query(wish): Query<Wish>) -> PageResult {
    let mut response = visit.page(&page(&visit, Field::empty(), None))?;
    if let Some(path) = wish.return_to.as_deref().and_then(ReturnTo::parse) {
        cookies::set(response.headers_mut(), cookies::return_to(&path));
    }
    Ok(response)
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
        Ok((Entry::SignedIn(issued), _)) => Ok(visit.signed_in(&issued, HOME)),
        Ok((Entry::Blocked(stopped), cookie)) => blocked(stopped, cookie.as_ref()),
        Err(Error::Refused(refusal @ Refusal::InvalidCredentials)) => {
            let problem = format!("{}. {}", refusal.title(), refusal.advice());
            visit.again(&page(&visit, Field::filled(typed.email), Some(problem)))
        }
        Err(other) => Err(other.into()),
    }
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

fn page(visit: &Visit, email: Field, problem: Option<String>) -> SignInPage {
    SignInPage {
        site: visit.site.clone(),
        notice: visit.notice.clone(),
        email,
        password: Field::empty(),
        problem,
        sign_up_open: visit.app().settings.sign_up == orgate_app::settings::SignUpMode::Open,
    }
}

/// `/`: to where a person's things are.
pub async fn home() -> axum::response::Response {
    see_other(HOME)
}
