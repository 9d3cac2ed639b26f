//! Owns `/organizations/{organization}/connections`: an organization's trust in an identity provider.

use axum::Json;
use axum::http::StatusCode;
use orgate_app::connection::{self, AttemptQuery, ConnectionView as View, SettingsForm};
use orgate_app::sign_in::sso::attempts::AttemptView as Attempt;
use orgate_core::refusal::{FieldError, Refusal};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::maybe;
use super::{At, Body, Call, Filter, ListView};
use crate::error::{Failure, Problem};

/// A connection.
#[derive(Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its id.
    id: String,
    /// Its kind: `okta-oidc` or `oidc`.
    kind: String,
    /// Its name.
    name: String,
    /// `draft`, `active` or `disabled`.
    state: &'static str,
    /// Whether a complete test sign-in through its newest settings succeeded.
    validated: bool,
    /// What to enter at the identity provider.
    service_provider: ServiceProviderView,
    /// Its settings, newest first: those being written and those in use. The secret is never shown.
    revisions: Vec<RevisionView>,
    /// How many people are linked through the settings in use.
    linked: u64,
    /// When somebody last signed in through it.
    last_sign_in_at: Option<String>,
}

/// Our side of a connection.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are the names in the API")]
pub struct ServiceProviderView {
    /// The redirect URI; it never changes.
    single_sign_on_url: String,
    /// Where the identity provider's tile starts.
    initiate_login_url: String,
    /// Where the identity provider sends a browser that signed out there.
    post_logout_redirect_url: String,
    /// Where the identity provider posts that somebody signed out there.
    backchannel_logout_url: String,
}

/// One version of a connection's settings.
#[derive(Serialize, ToSchema)]
pub struct RevisionView {
    /// Its number.
    revision: i64,
    /// `draft` or `active`.
    state: &'static str,
    /// The Okta domain or issuer, as saved.
    address: String,
    /// The issuer.
    issuer: String,
    /// The client id.
    client_id: String,
    /// When it was saved.
    created_at: String,
    /// When a complete test sign-in through it succeeded.
    validated_at: Option<String>,
}

impl From<View> for ConnectionView {
    fn from(view: View) -> Self {
        let validated = view.is_validated();
        let revisions = [view.draft, view.active].into_iter().flatten().map(|version| RevisionView {
            revision: version.revision.number,
            state: version.revision.state.as_str(),
            address: version.settings.address,
            issuer: version.settings.issuer,
            client_id: version.settings.client_id,
            created_at: version.revision.created_at.to_rfc3339(),
            validated_at: maybe(version.revision.validated_at),
        });
        Self {
            id: view.connection.id.to_string(),
            kind: view.connection.kind,
            name: view.connection.name,
            state: view.connection.state.as_str(),
            validated,
            service_provider: ServiceProviderView {
                single_sign_on_url: view.single_sign_on_url,
                initiate_login_url: view.initiate_login_url,
                post_logout_redirect_url: view.post_logout_redirect_url,
                backchannel_logout_url: view.backchannel_logout_url,
            },
            revisions: revisions.collect(),
            linked: view.linked,
            last_sign_in_at: maybe(view.connection.last_sign_in_at),
        }
    }
}

/// List connections
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/connections", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name")),
    responses((status = 200, body = ListView<ConnectionView>), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn list(call: Call, At(organization): At<String>) -> Result<Json<ListView<ConnectionView>>, Failure> {
    let overview = connection::overview(call.app(), &call.visitor, &organization).await?;
    Ok(Json(ListView::whole(overview.connections.into_iter().map(ConnectionView::from))))
}

/// A new connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionBody {
    /// `okta-oidc` or `oidc`.
    #[schema(example = "okta-oidc")]
    kind: String,
    /// Its name; made from the kind when left out. Given, the call can be repeated.
    name: Option<String>,
}

/// Create a connection
///
/// A draft, with the addresses to enter at the identity provider.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/connections", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = ConnectionBody,
    responses(
        (status = 201, body = ConnectionView),
        (status = 403, body = Problem, description = "not-permitted, sso-not-entitled, needs-recent-proof"),
        (status = 422, body = Problem),
    ),
)]
pub async fn create(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<ConnectionBody>,
) -> Result<(StatusCode, Json<ConnectionView>), Failure> {
    let created =
        connection::create(call.app(), &call.visitor, &organization, &body.kind, body.name.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// Look at a connection
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/connections/{id}", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection")),
    responses((status = 200, body = ConnectionView), (status = 404, body = Problem)),
)]
pub async fn show(call: Call, At((organization, id)): At<(String, String)>) -> Result<Json<ConnectionView>, Failure> {
    Ok(Json(connection::get(call.app(), &call.visitor, &organization, &id).await?.into()))
}

/// Settings of an identity provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsBody {
    /// Kind `okta-oidc`: the Okta domain.
    #[schema(example = "acme.okta.com")]
    okta_domain: Option<String>,
    /// Kind `oidc`: the issuer.
    issuer: Option<String>,
    /// The client id.
    client_id: String,
    /// The client secret; left out, the stored one stays while the issuer does.
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

/// A secret on its way in: it cannot be printed.
#[derive(Deserialize)]
#[serde(from = "String")]
pub struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

/// What saving found.
#[derive(Serialize, ToSchema)]
pub struct SavedView {
    /// The number of the revision.
    revision: i64,
    /// The named checks.
    checks: Vec<CheckView>,
    /// What was made of the address, a sentence each.
    notes: Vec<String>,
}

/// One named check.
#[derive(Serialize, ToSchema)]
pub struct CheckView {
    /// Its name.
    #[schema(example = "discovery")]
    name: &'static str,
    /// False only for a failure.
    ok: bool,
    /// What is worth knowing although it is no failure, or why it could not be made.
    remark: Option<String>,
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

/// Save settings
///
/// Makes a draft and checks it at once. A failed check does not prevent saving, except an address that must not be
/// contacted.
#[utoipa::path(
    put, path = "/api/v1/organizations/{organization}/connections/{id}/settings", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection")),
    request_body = SettingsBody,
    responses((status = 200, body = SavedView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)),
)]
pub async fn save(
    call: Call,
    At((organization, id)): At<(String, String)>,
    Body(body): Body<SettingsBody>,
) -> Result<Json<SavedView>, Failure> {
    let view = connection::get(call.app(), &call.visitor, &organization, &id).await?;
    let address = address(view.kind.describe().address.name, body.okta_domain, body.issuer)?;
    let client_secret = body.client_secret.map(|SecretText(secret)| secret);
    let form = SettingsForm { address, client_id: body.client_id, client_secret };
    let saved = connection::save(call.app(), &call.visitor, &organization, &id, form).await?;
    let checks = saved.report.checks().iter().map(|check| CheckView {
        name: check.name.as_str(),
        ok: check.ok,
        remark: check.remark.clone(),
        detail: check.detail.clone(),
        expected: check.expected.clone(),
        received: check.received.clone(),
        mend: check.mend.clone(),
    });
    Ok(Json(SavedView { revision: saved.revision, checks: checks.collect(), notes: saved.notes }))
}

/// The one address field that this kind of connection has.
fn address(field: &'static str, okta_domain: Option<String>, issuer: Option<String>) -> Result<String, Refusal> {
    let named = [("okta_domain", okta_domain), ("issuer", issuer)];
    let mut given = named.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    match (given.next(), given.next()) {
        (Some((name, value)), None) if name == field => Ok(value),
        _ => Err(Refusal::InvalidInput(vec![FieldError::new(field, format!("Give {field}, and no other address."))])),
    }
}

/// Activate the tested settings
///
/// They become the ones in use, and this connection the organization's one; what another one proved ends.
#[utoipa::path(
    post, path = "/api/v1/organizations/{organization}/connections/{id}/activation", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection")),
    responses(
        (status = 200, body = ConnectionView),
        (status = 403, body = Problem, description = "needs-recent-proof, sso-not-entitled"),
        (status = 409, body = Problem, description = "connection-not-validated"),
    ),
)]
pub async fn activate(
    call: Call,
    At((organization, id)): At<(String, String)>,
) -> Result<Json<ConnectionView>, Failure> {
    Ok(Json(connection::activate(call.app(), &call.visitor, &organization, &id).await?.into()))
}

/// Disable the connection
///
/// Nobody signs in through it any more, and what it proved ends.
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/connections/{id}/activation", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection")),
    responses(
        (status = 200, body = ConnectionView),
        (status = 403, body = Problem, description = "needs-recent-proof"),
        (status = 409, body = Problem, description = "sso-enforced, no-active-connection"),
    ),
)]
pub async fn disable(
    call: Call,
    At((organization, id)): At<(String, String)>,
) -> Result<Json<ConnectionView>, Failure> {
    Ok(Json(connection::disable(call.app(), &call.visitor, &organization, &id).await?.into()))
}

/// Delete the connection
#[utoipa::path(
    delete, path = "/api/v1/organizations/{organization}/connections/{id}", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection")),
    responses(
        (status = 204),
        (status = 403, body = Problem, description = "needs-recent-proof"),
        (status = 409, body = Problem, description = "sso-enforced"),
    ),
)]
pub async fn remove(call: Call, At((organization, id)): At<(String, String)>) -> Result<StatusCode, Failure> {
    connection::remove(call.app(), &call.visitor, &organization, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which attempts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AttemptsQuery {
    /// The one with this reference.
    reference: Option<String>,
    /// What the part before ended with.
    cursor: Option<String>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
}

/// One attempt to sign in through the connection.
#[derive(Serialize, ToSchema)]
pub struct AttemptView {
    /// What the person was shown.
    reference: String,
    /// When.
    at: String,
    /// `sign-in` or `test`; `callback` and `log-out` for what arrived and belongs to neither.
    purpose: String,
    /// `succeeded` or `refused`.
    outcome: String,
    /// The stable code.
    code: String,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// The address that the identity provider named.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// What happened.
    text: String,
    /// How to mend it.
    mend: String,
}

impl From<Attempt> for AttemptView {
    fn from(view: Attempt) -> Self {
        Self {
            reference: view.record.reference.to_string(),
            at: view.record.at.to_rfc3339(),
            purpose: view.record.purpose,
            outcome: view.record.outcome,
            code: view.record.code,
            expected: view.record.expected,
            received: view.record.received,
            person: view.record.person,
            text: view.text,
            mend: view.mend,
        }
    }
}

/// List recent attempts
///
/// Newest first; the last 500 are kept.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/connections/{id}/attempts", tag = "Connections",
    params(("organization" = String, Path, description = "Id or short name"), ("id" = String, Path, description = "The connection"), AttemptsQuery),
    responses((status = 200, body = ListView<AttemptView>), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn list_attempts(
    call: Call,
    At((organization, id)): At<(String, String)>,
    Filter(query): Filter<AttemptsQuery>,
) -> Result<Json<ListView<AttemptView>>, Failure> {
    let AttemptsQuery { reference, cursor, limit } = query;
    let query = AttemptQuery { reference, cursor, limit };
    let found = connection::attempts(call.app(), &call.visitor, &organization, &id, query).await?;
    Ok(Json(ListView::part(found.items.into_iter().map(AttemptView::from), found.next_cursor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_own_address_and_no_other() {
        let text = || Some("a".to_owned());
        assert_eq!(address("okta_domain", text(), None), Ok("a".to_owned()));
        for (okta_domain, issuer) in [(None, None), (None, text()), (text(), text())] {
            assert!(address("okta_domain", okta_domain, issuer).is_err());
        }
    }
}
