//! Owns the OpenAPI document, made from the types of the calls (R-API-1).

use orgate_app::settings::Settings;
use utoipa::OpenApi;

/// The calls and their types.
#[derive(OpenApi)]
#[openapi(info(title = "Orgate", description = "The front door of a multi-tenant product."))]
struct Document;

/// The document as JSON.
pub fn document(_settings: &Settings) -> String {
    Document::openapi().to_pretty_json().unwrap_or_default()
}
