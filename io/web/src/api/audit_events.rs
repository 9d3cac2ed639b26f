//! Owns `/organizations/{organization}/audit-events`.

use axum::Json;
use axum::response::Response;
use orgate_app::audit_log::{self, AuditQuery};
use orgate_app::rows::AuditEvent;
use orgate_core::refusal::{FieldError, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{At, Call, Filter, ListView};
use crate::audit_export::{self, Shape};
use crate::error::{Failure, Problem};

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditEventsQuery {
    /// Of this action: `member.removed`.
    action: Option<String>,
    /// By this person, by id or address; or `operator`, `system`, `anonymous`.
    actor: Option<String>,
    /// At or after this moment (RFC 3339) or day.
    from: Option<String>,
    /// Before this moment, or until the end of this day.
    to: Option<String>,
    /// What the part before ended with.
    cursor: Option<String>,
    /// How many items at most, 1 to 200.
    limit: Option<u32>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct AuditEventView {
    /// Its id.
    id: String,
    /// When.
    at: String,
    /// What.
    #[schema(example = "member.removed")]
    action: String,
    /// By whom: a person's id, `operator`, `system` or `anonymous`.
    actor: String,
    /// The actor's name then.
    actor_name: Option<String>,
    /// Done to what: an id.
    target: Option<String>,
    /// The target's name then.
    target_name: Option<String>,
    /// `success`, or the code of a refusal.
    outcome: String,
    /// From which address.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    /// What else there is to know, by action.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    /// How many refused tries it stands for; one for anything else.
    tries: u64,
}

impl From<AuditEvent> for AuditEventView {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_rfc3339(),
            action: event.action,
            actor: event.actor.strip_prefix("user:").unwrap_or(&event.actor).to_owned(),
            actor_name: event.actor_name,
            target: event.target,
            target_name: event.target_name,
            outcome: event.outcome,
            ip: event.ip,
            user_agent: event.user_agent,
            data: serde_json::from_str(&event.data).unwrap_or_default(),
            tries: event.tries,
        }
    }
}

/// Read the audit log
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/audit-events", tag = "Audit log",
    params(("organization" = String, Path, description = "Id or short name"), AuditEventsQuery),
    responses((status = 200, body = ListView<AuditEventView>), (status = 403, body = Problem), (status = 422, body = Problem)),
)]
pub async fn list(
    call: Call,
    At(organization): At<String>,
    Filter(query): Filter<AuditEventsQuery>,
) -> Result<Json<ListView<AuditEventView>>, Failure> {
    let AuditEventsQuery { action, actor, from, to, cursor, limit } = query;
    let query = AuditQuery { action, actor, from, to, cursor, limit };
    let found = audit_log::list(call.app(), &call.visitor, &organization, query).await?;
    Ok(Json(ListView::part(found.items.into_iter().map(AuditEventView::from), found.next_cursor)))
}

/// Which events, and in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditExportQuery {
    /// Of this action: `member.removed`.
    action: Option<String>,
    /// By this person, by id or address; or `operator`, `system`, `anonymous`.
    actor: Option<String>,
    /// At or after this moment (RFC 3339) or day.
    from: Option<String>,
    /// Before this moment, or until the end of this day.
    to: Option<String>,
    /// `jsonl`, a JSON object a line, or `csv`. Left out: `jsonl`.
    format: Option<String>,
}

/// The form that a query names.
fn shape(word: Option<&str>) -> Result<Shape, Refusal> {
    match word {
        None | Some("jsonl") => Ok(Shape::JsonLines),
        Some("csv") => Ok(Shape::Csv),
        Some(_) => Err(Refusal::InvalidInput(vec![FieldError::new("format", "Give jsonl or csv.")])),
    }
}

/// Export the audit log
///
/// All of it at once, newest first, with each event's place in the chain that shows whether one is missing.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/audit-events/export", tag = "Audit log",
    params(("organization" = String, Path, description = "Id or short name"), AuditExportQuery),
    responses(
        (status = 200, description = "A file", content((String = "application/jsonl"), (String = "text/csv"))),
        (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn export(
    call: Call,
    At(organization): At<String>,
    Filter(query): Filter<AuditExportQuery>,
) -> Result<Response, Failure> {
    let AuditExportQuery { action, actor, from, to, format } = query;
    let shape = shape(format.as_deref())?;
    let query = AuditQuery { action, actor, from, to, cursor: None, limit: None };
    audit_export::export(call.app(), &call.visitor, &organization, query, shape).await
}
