//! Owns what every page's handler has at hand: [`Visit`], how a page is printed, where a form leads afterwards.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use orgate_app::app::App;
use orgate_app::error::Error;
use orgate_app::sign_in::Issued;
use orgate_app::visitor::Visitor;
use orgate_core::refusal::{FieldError, Refusal};
use orgate_core::return_to::ReturnTo;
use orgate_core::time::Timestamp;

use crate::access;
use crate::cookies;
use crate::error::Failure;
use crate::nul;
use crate::pages::{self, Field, Notice, Site, Tone};
use crate::state::Web;

/// Said where another code was mailed.
const ANOTHER_CODE: &str = "A new code is on its way.";

/// What a page's handler answers.
pub type PageResult = Result<Response, Failure>;

/// One request of a browser.
pub struct Visit {
    /// The deployment.
    pub web: Web,
    /// Who asks, as far as the request says.
    pub visitor: Visitor,
    /// Name and theme.
    pub site: Site,
    /// What the last act did; shown once.
    pub notice: Option<Notice>,
    /// Where the person wanted to go before they were asked to sign in.
    pub return_to: Option<ReturnTo>,
    /// Which page's form was sent in vain, because something had to be proven first.
    unsent: Option<ReturnTo>,
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self {
            visitor: access::visitor(web, parts),
            site: site(web, &parts.headers),
            notice: cookies::read_notice(&parts.headers),
            return_to: cookies::read_return_to(&parts.headers),
            unsent: cookies::read_unsent(&parts.headers),
            web: web.clone(),
        })
    }
}

impl Visit {
    /// The use cases' effects.
    pub fn app(&self) -> &App {
        &self.web.app
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.web.app.now()
    }

    /// The token of the invitation that brought the person here.
    pub fn invitation_token(&self) -> Option<String> {
        self.return_to.as_ref()?.as_str().strip_prefix("/invitations/").map(str::to_owned)
    }

    /// Whether another code was mailed just before.
    pub fn sent_again(&self) -> bool {
        self.notice.as_ref().is_some_and(|notice| notice.text == ANOTHER_CODE)
    }

    /// What is said on the way to a proof when the form that asked for it was sent in vain.
    pub fn unsaved(&self) -> Option<String> {
        let was_sent = self.unsent.is_some() && self.unsent == self.return_to;
        was_sent.then(|| "Nothing you sent was saved yet. Afterwards you come back and send it again.".to_owned())
    }

    /// A page on the way to another one, 200: a notice waits for the page that it is for.
    #[expect(clippy::unused_self, reason = "it is the other half of `page`")]
    pub fn on_the_way(&self, page: &impl askama::Template) -> PageResult {
        Ok(html(page)?.into_response())
    }

    /// A page, 200. A notice that it showed is taken back.
    pub fn page(&self, page: &impl askama::Template) -> PageResult {
        let mut response = html(page)?.into_response();
        if self.notice.is_some() {
            cookies::set(response.headers_mut(), cookies::forget_notice());
        }
        Ok(response)
    }

    /// A form again, with what was wrong: 422.
    #[expect(clippy::unused_self, reason = "it is the other half of `page`")]
    pub fn again(&self, page: &impl askama::Template) -> PageResult {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, html(page)?).into_response())
    }

    /// A browser that just got a session: to where it wanted, or to `default` (T-WEB-1).
    pub fn signed_in(&self, issued: &Issued, default: &str) -> Response {
        self.arrived(issued, None, default)
    }

    /// The same at the end of an attempt, which goes where it wanted when it began: another tab may have wanted to go
    /// elsewhere since then (T-WEB-5).
    pub fn arrived(&self, issued: &Issued, wanted: Option<&str>, default: &str) -> Response {
        let own = wanted.and_then(ReturnTo::parse);
        let wanted = own.as_ref().or(self.return_to.as_ref());
        let mut response = see_other(wanted.map_or(default, ReturnTo::as_str));
        let headers = response.headers_mut();
        cookies::set(headers, cookies::session(issued, self.now()));
        let Some(followed) = wanted else { return response };
        if self.return_to.as_ref() == Some(followed) {
            cookies::set(headers, cookies::forget_return_to());
        }
        if self.unsent.as_ref() == Some(followed) {
            cookies::set(headers, cookies::forget_unsent());
            let sentence = "Nothing you sent was saved yet. Send it again now.";
            cookies::set(headers, cookies::notice(&Notice::new(sentence, Tone::Warning)));
        }
        response
    }

    /// A browser whose session got a new token on the way to something: on to `path`, whatever it wanted before.
    pub fn renewed(&self, issued: &Issued, path: &str) -> Response {
        let mut response = see_other(path);
        cookies::set(response.headers_mut(), cookies::session(issued, self.now()));
        response
    }
}

/// Name and theme.
pub fn site(web: &Web, headers: &HeaderMap) -> Site {
    Site { product: web.app.settings.product_name.clone(), theme: cookies::read_theme(headers) }
}

/// Prints a page.
pub fn html(page: &impl askama::Template) -> Result<Html<String>, askama::Error> {
    pages::render(page).map(Html)
}

/// 303, so that the method becomes GET and no form is sent twice (T-BCP-5). `path` is ours, or an identity provider's.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::try_from(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => Failure::from(Refusal::NotFound).into_response(),
    }
}

/// 303 after an act, with one sentence for the next page.
pub fn done(path: &str, sentence: &str) -> Response {
    let mut response = see_other(path);
    cookies::set(response.headers_mut(), cookies::notice(&Notice::new(sentence, Tone::Success)));
    response
}

/// 303 after another code was mailed, to the page that asks for it.
pub fn mailed_again(path: &str) -> Response {
    done(path, ANOTHER_CODE)
}

/// A form as a browser sends it, at most 64 KiB.
pub struct Form<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let request = nul::without(request, state, nul::is_in_encoded).await?;
        let axum::Form(value) = axum::Form::from_request(request, state).await?;
        Ok(Self(value))
    }
}

/// What follows `?`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Failure))]
pub struct Query<T>(pub T);

/// The parameters of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Failure))]
pub struct Path<T>(pub T);

/// What was wrong with the fields of a form that is shown again.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// The mistakes that a use case named; every other error goes on as it is.
    ///
    /// *Errors*: anything but [`Refusal::InvalidInput`].
    pub fn of(error: Error) -> Result<Self, Failure> {
        match error {
            Error::Refused(Refusal::InvalidInput(fields)) => Ok(Self(fields)),
            other => Err(other.into()),
        }
    }

    /// The same, and refusals that belong to a field: a taken slug, a wrong code.
    ///
    /// *Errors*: anything else.
    pub fn or_at(error: Error, field: &'static str, taken: impl Fn(&Refusal) -> bool) -> Result<Self, Failure> {
        match error {
            Error::Refused(refusal) if taken(&refusal) => Ok(Self(vec![FieldError::new(field, refusal.told())])),
            other => Self::of(other),
        }
    }

    /// The field with what was typed and what was wrong with it.
    pub fn field(&self, name: &str, typed: impl Into<String>) -> Field {
        Field { value: typed.into(), error: self.message(name) }
    }

    /// A field that is never shown again.
    pub fn secret(&self, name: &str) -> Field {
        self.field(name, "")
    }

    /// What was wrong with fields that the form does not have.
    pub fn elsewhere(&self, shown: &[&str]) -> Option<String> {
        let rest: Vec<&str> =
            self.0.iter().filter(|error| !shown.contains(&error.field)).map(|error| error.message.as_str()).collect();
        (!rest.is_empty()).then(|| rest.join(" "))
    }

    fn message(&self, name: &str) -> Option<String> {
        self.0.iter().find(|error| error.field == name).map(|error| error.message.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_shows_each_mistake_at_its_field_and_the_rest_on_top() {
        let fields = vec![FieldError::new("email", "Type one."), FieldError::new("hidden", "Odd.")];
        let mistakes = Mistakes::of(Error::Refused(Refusal::InvalidInput(fields))).unwrap();
        assert_eq!(mistakes.field("email", "x"), Field::filled("x").refused("Type one."));
        assert_eq!(mistakes.secret("password"), Field::empty());
        assert_eq!(mistakes.elsewhere(&["email", "password"]).as_deref(), Some("Odd."));
    }

    #[test]
    fn a_refusal_that_belongs_to_no_field_goes_on() {
        assert!(Mistakes::of(Error::Refused(Refusal::Busy)).is_err());
        let slug = |refusal: &Refusal| *refusal == Refusal::SlugTaken;
        assert!(Mistakes::or_at(Error::Refused(Refusal::SlugTaken), "slug", slug).is_ok());
    }

    #[test]
    fn an_address_that_is_no_header_is_not_followed() {
        assert_eq!(see_other("/a\r\nb").status(), StatusCode::NOT_FOUND);
        assert_eq!(see_other("/organizations").status(), StatusCode::SEE_OTHER);
    }
}
