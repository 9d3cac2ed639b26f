//! Owns `/api/v1`: the same use cases as the console, in JSON. A file a noun; each call names its use case and shapes its
//! answer, and no more. *Source*: `api.md`, R-API-1.

pub mod account;
pub mod account_closing;
pub mod account_export;
pub mod audit_events;
pub mod connection_tests;
pub mod connections;
pub mod domains;
pub mod email_changes;
pub mod enforcement;
pub mod identities;
pub mod invitations;
pub mod linked_accounts;
pub mod members;
pub mod openapi;
pub mod operator;
pub mod organizations;
pub mod passkeys;
pub mod password_resets;
pub mod projects;
mod repeating;
pub mod second_factors;
pub mod session;
pub mod sessions;
pub mod sign_ins;
pub mod sign_ups;
mod views;

pub use views::{IdView, ListView, PageQuery, UserView};

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use orgate_app::app::App;
use orgate_app::visitor::Visitor;

use crate::access;
use crate::error::Failure;
use crate::nul;
use crate::state::Web;

/// One call of a program.
pub struct Call {
    /// The deployment.
    pub web: Web,
    /// Who calls, as far as the request says.
    pub visitor: Visitor,
}

impl FromRequestParts<Web> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self { visitor: access::visitor(web, parts), web: web.clone() })
    }
}

impl Call {
    /// The use cases' effects.
    pub fn app(&self) -> &App {
        &self.web.app
    }
}

/// The JSON that came along; unknown fields are refused by its type.
pub struct Body<T>(pub T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let request = nul::without(request, state, nul::is_in_json).await?;
        let axum::Json(value) = axum::Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}

/// The same where nothing may come along.
pub struct MaybeBody<T>(pub T);

impl<T: serde::de::DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if request.headers().contains_key(CONTENT_TYPE) {
            let Body(value) = Body::from_request(request, state).await?;
            return Ok(Self(value));
        }
        Ok(Self(T::default()))
    }
}

/// The parameters of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Failure))]
pub struct At<T>(pub T);

/// What follows `?`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Failure))]
pub struct Filter<T>(pub T);
