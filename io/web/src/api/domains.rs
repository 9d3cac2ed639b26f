//! Owns `/organizations/{organization}/domains`: domains that an organization proves to be its own (R-LNK-7).

use axum::Json;
use axum::http::StatusCode;
use orgate_app::domain::{self, DomainView as View, Report, Verified};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::maybe;
use super::{At, Body, Call, ListView};
use crate::error::{Failure, Problem};

/// A domain.
#[derive(Serialize, ToSchema)]
pub struct DomainView {
    /// Its id.
    id: String,
    /// The exact name, in ASCII and lower case.
    #[schema(example = "example.com")]
    name: String,
    /// `pending`, `verified` or `lapsed`.
    state: &'static str,
    /// The record to publish and to leave there.
    record: DomainRecordView,
    /// When it was claimed.
    created_at: String,
    /// Since when it is verified, or was.
    verified_at: Option<String>,
    /// When the record was last seen.
    checked_at: Option<String>,
    /// When it lapses if name servers do not answer until then.
    lapses_at: Option<String>,
    /// When it lapsed.
    lapsed_at: Option<String>,
    /// What came of the last look; null before the first.
    check: Option<DomainCheckView>,
}

/// The record that proves a domain.
#[derive(Serialize, ToSchema)]
pub struct DomainRecordView {
    /// Always `TXT`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its full name.
    #[schema(example = "_orgate-challenge.example.com")]
    name: String,
    /// What it has to hold.
    value: String,
}

/// What came of a look at the record.
#[derive(Serialize, ToSchema)]
pub struct DomainCheckView {
    /// `record-found`, `record-missing`, `no-answer` or `held-by-another-organization`.
    name: &'static str,
    /// Whether the record was there and counts.
    ok: bool,
    /// What was found.
    detail: String,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl From<Report> for DomainCheckView {
    fn from(report: Report) -> Self {
        let Report { result, ok, detail, expected, received, mend } = report;
        Self { name: result.as_str(), ok, detail, expected, received, mend }
    }
}

impl From<View> for DomainView {
    fn from(view: View) -> Self {
        let check = view.report().map(DomainCheckView::from);
        Self {
            id: view.domain.id.to_string(),
            name: view.domain.name.to_string(),
            state: view.domain.state.as_str(),
            record: DomainRecordView { kind: "TXT", name: view.record_name, value: view.record_value },
            created_at: view.domain.created_at.to_rfc3339(),
            verified_at: maybe(view.domain.verified_at),
            checked_at: maybe(view.domain.checked_at),
            lapses_at: maybe(view.lapses_at),
            lapsed_at: maybe(view.domain.lapsed_at),
            check,
        }
    }
}

/// List domains
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/domains", tag = "Domains",
    params(("organization" = String, Path, description = "Id or short name")),
    responses((status = 200, body = ListView<DomainView>), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn list(call: Call, At(organization): At<String>) -> Result<Json<ListView<DomainView>>, Failure> {
    let domains = domain::list(call.app(), &call.visitor, &organization).await?;
    Ok(Json(ListView::whole(domains.into_iter().map(DomainView::from))))
}

/// A domain to claim.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainBody {
    /// The domain.
    #[schema(example = "example.com")]
    name: String,
}

/// Claim a domain
///
/// Says which record would prove it. A claim reserves nothing.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/domains", tag = "Domains",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = DomainBody,
    responses(
        (status = 201, body = DomainView),
        (status = 403, body = Problem, description = "not-permitted, needs-recent-proof"),
        (status = 409, body = Problem, description = "domain-exists, domain-limit"),
        (status = 422, body = Problem),
    ),
)]
pub async fn create(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<DomainBody>,
) -> Result<(StatusCode, Json<DomainView>), Failure> {
    let claimed = domain::claim(call.app(), &call.visitor, &organization, &body.name).await?;
    Ok((StatusCode::CREATED, Json(claimed.into())))
}

/// Look at a domain
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/domains/{id}", tag = "Domains",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The domain")),
    responses((status = 200, body = DomainView), (status = 404, body = Problem)),
)]
pub async fn show(call: Call, At((organization, id)): At<(String, String)>) -> Result<Json<DomainView>, Failure> {
    Ok(Json(domain::get(call.app(), &call.visitor, &organization, &id).await?.into()))
}

/// Verify a domain
///
/// Asks name servers for the record now. `check` says what was found, and `state` how the domain stands after it; a record
/// that is not there is an answer and no problem.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/domains/{id}/verification", tag = "Domains",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The domain")),
    responses(
        (status = 200, body = DomainView),
        (status = 403, body = Problem, description = "not-permitted, needs-recent-proof"),
        (status = 404, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn verify(call: Call, At((organization, id)): At<(String, String)>) -> Result<Json<DomainView>, Failure> {
    let Verified { view, report, passed: _ } = domain::verify(call.app(), &call.visitor, &organization, &id).await?;
    Ok(Json(DomainView { check: Some(report.into()), ..view.into() }))
}

/// Remove a domain
///
/// What the organization proved by it counts no more.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/domains/{id}", tag = "Domains",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The domain")),
    responses(
        (status = 204),
        (status = 403, body = Problem, description = "not-permitted, needs-recent-proof"),
        (status = 404, body = Problem),
    ),
)]
pub async fn remove(call: Call, At((organization, id)): At<(String, String)>) -> Result<StatusCode, Failure> {
    domain::remove(call.app(), &call.visitor, &organization, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
