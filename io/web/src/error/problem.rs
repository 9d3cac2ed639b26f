//! Owns the problem document of a failure. *Source*: RFC 9457, R-API-1.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use orgate_core::id::Reference;
use orgate_core::refusal::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::Failure;
use crate::state::Web;

/// Why a call was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; the code with a prefix.
    #[serde(rename = "type")]
    #[schema(example = "urn:orgate:problem:not-found")]
    pub problem_type: String,
    /// What happened, in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// The stable code to decide by.
    #[schema(example = "not-found")]
    pub code: &'static str,
    /// What to quote when asking whoever runs the service.
    pub reference: String,
    /// With `sso-required`, and with `no-session` where enforcement ended the session: the organizations that require
    /// their SSO. With `last-owner` of a whole account: those that need it. With `needs-second-factor` where the person
    /// has none: the one that asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<RequiringOrganizationView>,
    /// With `invalid-input`: the fields that were not taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

/// An organization that requires its SSO.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequiringOrganizationView {
    /// Its id.
    pub id: String,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Where its members sign in.
    pub sign_in_url: String,
}

/// A field that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Its name.
    pub field: &'static str,
    /// What to change.
    pub message: String,
}

/// The failure as a program reads it.
pub(super) fn show(web: &Web, failure: &Failure, reference: &Reference) -> Response {
    let problem = Problem {
        problem_type: format!("urn:orgate:problem:{}", failure.code()),
        title: failure.title(),
        status: failure.status().as_u16(),
        detail: failure.advice(),
        code: failure.code(),
        reference: reference.to_string(),
        organizations: organizations(web, failure.refusal()),
        fields: fields(failure.refusal()),
    };
    let mut response = (failure.status(), Json(problem)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

fn organizations(web: &Web, refusal: Option<&Refusal>) -> Vec<RequiringOrganizationView> {
    let Some(
        Refusal::SsoRequired(organizations)
        | Refusal::SessionEnded(organizations)
        | Refusal::LastOwnerOf(organizations)
        | Refusal::NoSecondFactor(organizations),
    ) = refusal
    else {
        return Vec::new();
    };
    organizations
        .iter()
        .map(|organization| RequiringOrganizationView {
            id: organization.id.to_string(),
            slug: organization.slug.clone(),
            name: organization.name.clone(),
            sign_in_url: web.link(&format!("/sign-in/{}", organization.slug)),
        })
        .collect()
}

fn fields(refusal: Option<&Refusal>) -> Vec<FieldProblem> {
    let Some(Refusal::InvalidInput(fields)) = refusal else { return Vec::new() };
    fields.iter().map(|error| FieldProblem { field: error.field, message: error.message.clone() }).collect()
}
