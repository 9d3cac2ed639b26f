//! Owns the OpenAPI document, made from the types of the calls, and the page that reads it to a person (R-API-1).

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response as Answer, ResponseBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};

use super::repeating;
use crate::cookies;
use crate::page::{PageResult, Visit};
use crate::pages::api_reader::ApiReaderPage;
use crate::state::Web;

/// Every call. A test holds this list against the router's.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orgate",
        version = "1",
        description = "The front door of a multi-tenant product: people, organizations, projects, and every way of signing in. \
            JSON in snake_case; times are RFC 3339 in UTC; lists come in parts. A refusal is a problem document \
            (RFC 9457) with a stable code, words for a person, and a reference. Beside what is said of each, any call can \
            answer malformed-request (400), too-many-requests (429, with Retry-After), or a fault: 500, 503 unavailable \
            (nothing was changed; with Retry-After), 503 in-doubt (perhaps it was done: look before you repeat it). \
            Each call that changes something says what it does when it is sent once more, because its answer was lost.",
    ),
    paths(
        super::sign_ups::create, super::sign_ups::verify, super::sign_ups::resend,
        super::sessions::create, super::sign_ins::verify,
        super::session::show, super::session::delete, super::session::prove, super::session::mail_code,
        super::password_resets::create, super::password_resets::complete,
        super::account::rename, super::account::change_password, super::account::list_sessions,
        super::account::end_session, super::account::end_other_sessions, super::account::show,
        super::account::remove_password, super::email_changes::create, super::email_changes::verify,
        super::linked_accounts::list, super::linked_accounts::remove,
        super::account_closing::show, super::account_closing::create, super::account_export::show,
        super::second_factors::show, super::second_factors::mail_code, super::second_factors::verify_code,
        super::second_factors::begin_totp, super::second_factors::confirm_totp, super::second_factors::remove_totp,
        super::second_factors::renew_recovery_codes,
        super::passkeys::draw, super::passkeys::sign_in, super::passkeys::list, super::passkeys::create,
        super::passkeys::draw_for_new, super::passkeys::rename, super::passkeys::remove,
        super::sign_ins::draw, super::session::draw,
        super::organizations::list, super::organizations::create, super::organizations::show,
        super::organizations::change, super::organizations::request_deletion, super::organizations::undo_deletion,
        super::organizations::show_deletion, super::organizations::show_mfa_requirement,
        super::members::list, super::members::show, super::members::change_role, super::members::remove,
        super::members::readmit, super::members::end_proofs,
        super::invitations::list, super::invitations::create, super::invitations::resend,
        super::invitations::copy_link, super::invitations::revoke, super::invitations::accept,
        super::invitations::request_code,
        super::projects::list, super::projects::create, super::projects::show, super::projects::rename,
        super::projects::delete, super::projects::list_members, super::projects::add_member,
        super::projects::change_role, super::projects::remove_member,
        super::connections::list, super::connections::create, super::connections::show, super::connections::save,
        super::connections::activate, super::connections::disable, super::connections::remove,
        super::connections::list_attempts,
        super::connection_tests::create, super::connection_tests::show,
        super::identities::list, super::identities::clear, super::identities::clear_several,
        super::enforcement::show, super::enforcement::set,
        super::domains::list, super::domains::create, super::domains::show, super::domains::verify, super::domains::remove,
        super::audit_events::list, super::audit_events::export,
        super::operator::list, super::operator::set_entitlements,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
struct Document;

/// What a refusal comes as (RFC 9457).
const PROBLEM: &str = "application/problem+json";
/// What any call can answer beside what is said of it.
const ANY_OTHER: &str = "Any other refusal, or a fault.";

/// Every refusal has one shape, and every call can be refused.
fn say_how_it_is_refused(call: &mut Operation) {
    let problem = || Ref::from_schema_name("Problem");
    let answers = &mut call.responses.responses;
    for answer in answers.values_mut() {
        let RefOr::T(Answer { content, .. }) = answer else { continue };
        let is_problem = |content: &RefOr<utoipa::openapi::Content>| match content {
            RefOr::T(content) => content.schema == Some(RefOr::Ref(problem())),
            RefOr::Ref(_) => false,
        };
        if content.get("application/json").is_some_and(is_problem)
            && let Some(problem) = content.shift_remove("application/json")
        {
            content.insert(PROBLEM.to_owned(), problem);
        }
    }
    let shape = ContentBuilder::new().schema(Some(problem())).build();
    let any_other = ResponseBuilder::new().description(ANY_OTHER).content(PROBLEM, shape).build();
    answers.insert("default".to_owned(), any_other.into());
}

fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    for (path, item) in &mut document.paths.paths {
        let calls = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
            ("PATCH", &mut item.patch),
        ];
        for (method, call) in calls {
            let Some(call) = call else { continue };
            say_how_it_is_refused(call);
            if let Some(sentence) = repeating::sentence(method, path) {
                let words = call.description.iter().map(String::as_str).chain([sentence]);
                call.description = Some(words.collect::<Vec<_>>().join(" "));
            }
        }
    }
    let bearer = |text: &str| {
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build())
    };
    let components = document.components.get_or_insert_with(Default::default);
    components.add_security_scheme("bearer", bearer("The token of a session."));
    components.add_security_scheme("operator", bearer("The operator's token."));
    let cookie = ApiKeyValue::with_description(cookies::SESSION, "The console's cookie, from its own pages only.");
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document
}

/// The document as it is committed and served.
pub fn text() -> String {
    // Only a map with a key that is no string cannot be printed, and there is none.
    let mut text = document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The document as JSON.
pub async fn show(State(web): State<Web>) -> Response {
    ([(CONTENT_TYPE, "application/json")], web.openapi.clone()).into_response()
}

/// The document as a page.
pub async fn read(visit: Visit) -> PageResult {
    let document = serde_json::from_slice(&visit.web.openapi).unwrap_or_default();
    visit.page(&ApiReaderPage::from_document(visit.site.clone(), &document))
}
