//! Owns `/organizations/{organization}/connections/{id}/tests`: test sign-ins (R-SSO-6).

use axum::Json;
use axum::http::StatusCode;
use orgate_app::connection_test::{self, TestFailure, TestView};
use serde::Serialize;
use utoipa::ToSchema;

use super::views::maybe;
use super::{At, Call};
use crate::error::{Failure, Problem};

/// A test sign-in.
#[derive(Serialize, ToSchema)]
pub struct ConnectionTestView {
    /// Its id.
    id: String,
    /// The page to open in any browser where the Owner who started it is signed in.
    url: String,
    /// Until when it can be taken.
    expires_at: String,
    /// When somebody signed in or was refused.
    finished_at: Option<String>,
    /// `pending`, `succeeded` or `refused`.
    outcome: String,
    /// The claims received.
    claims: Vec<ClaimView>,
    /// The person they resolve to, in words.
    resolves_to: Option<String>,
    /// What a sign-in would do, a sentence each.
    would_happen: Vec<String>,
    /// Whether what a sign-in would do is to refuse this person, by rules of ours: the provider and the settings work together.
    would_be_refused: bool,
    /// Why it was refused.
    failure: Option<ConnectionTestFailureView>,
    /// Whether the tested settings can be activated now.
    can_be_activated: bool,
    /// How many members are linked under another issuer or client ID, and are matched anew once this is active.
    linked_elsewhere: u64,
}

/// One claim.
#[derive(Serialize, ToSchema)]
pub struct ClaimView {
    /// Its name.
    name: String,
    /// Its value, as text.
    value: String,
}

/// Why a test was refused.
#[derive(Serialize, ToSchema)]
pub struct ConnectionTestFailureView {
    /// The stable code.
    code: String,
    /// What happened.
    happened: String,
    /// What was expected.
    expected: Option<String>,
    /// What came instead.
    received: Option<String>,
    /// How to mend it.
    mend: String,
    /// Its reference under the recent attempts.
    reference: String,
}

impl From<TestFailure> for ConnectionTestFailureView {
    fn from(failure: TestFailure) -> Self {
        Self {
            code: failure.code,
            happened: failure.happened,
            expected: failure.expected,
            received: failure.received,
            mend: failure.mend,
            reference: failure.reference.to_string(),
        }
    }
}

impl From<TestView> for ConnectionTestView {
    fn from(view: TestView) -> Self {
        let would_be_refused = view.result.as_ref().is_some_and(|result| result.would_be_refused);
        let (claims, resolves_to, would_happen, failure) = match view.result {
            Some(result) => (result.claims, Some(result.resolves_to), result.would_happen, result.failure),
            None => (Vec::new(), None, Vec::new(), None),
        };
        Self {
            id: view.test.id.to_string(),
            url: view.url,
            expires_at: view.test.expires_at.to_rfc3339(),
            finished_at: maybe(view.test.finished_at),
            outcome: view.test.outcome.unwrap_or_else(|| "pending".to_owned()),
            claims: claims.into_iter().map(|(name, value)| ClaimView { name, value }).collect(),
            resolves_to,
            would_happen,
            would_be_refused,
            failure: failure.map(ConnectionTestFailureView::from),
            can_be_activated: view.can_be_activated,
            linked_elsewhere: view.linked_elsewhere,
        }
    }
}

/// Start a test sign-in
///
/// Of the newest settings. Any person of the identity provider may be the one who signs in.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/connections/{id}/tests", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection")),
    responses((status = 201, body = ConnectionTestView), (status = 404, body = Problem), (status = 409, body = Problem)),
)]
pub async fn create(
    call: Call,
    At((organization, id)): At<(String, String)>,
) -> Result<(StatusCode, Json<ConnectionTestView>), Failure> {
    let test = connection_test::create(call.app(), &call.visitor, &organization, &id).await?;
    Ok((StatusCode::CREATED, Json(test.into())))
}

/// Look at a test sign-in
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/connections/{id}/tests/{test_id}", tag = "Connections",
    params(
        ("organization" = String, Path, description = "Id or short name"),
        ("id" = String, Path, description = "The connection"),
        ("test_id" = String, Path, description = "The test"),
    ),
    responses((status = 200, body = ConnectionTestView), (status = 404, body = Problem)),
)]
pub async fn show(
    call: Call,
    At((organization, id, test_id)): At<(String, String, String)>,
) -> Result<Json<ConnectionTestView>, Failure> {
    Ok(Json(connection_test::get(call.app(), &call.visitor, &organization, &id, &test_id).await?.into()))
}
