//! Owns `/organizations/{organization}/sso-enforcement`. *Source*: `api.md`, R-ENF-5 to R-ENF-12.

use axum::Json;
use orgate_app::enforcement::{self, EnforcementView, Named, WishForm};
use orgate_app::rows::Member;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::maybe;
use super::{At, Body, Call, Filter, UserView};
use crate::error::{Failure, Problem};

/// How SSO enforcement stands.
#[derive(Serialize, ToSchema)]
pub struct SsoEnforcementView {
    /// Whether SSO is enforced.
    enabled: bool,
    /// Whether Owners may sign in without SSO.
    owner_exemption: bool,
    /// Whether only Owners with a second factor may.
    owner_second_factor: bool,
    /// Whether the operator's recovery command was accepted as the way back in.
    accept_operator_recovery: bool,
    /// Since when; null while it is off.
    since: Option<String>,
    /// When it turns itself off unless confirmed; there during a trial only.
    #[serde(skip_serializing_if = "Option::is_none")]
    trial_ends_at: Option<String>,
    /// The Owners who could come in if the identity provider were down.
    break_glass: Vec<UserView>,
    /// What turning it on would do; not in the answer to a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<SsoForecastView>,
}

/// What turning enforcement on would do, and to whom.
#[derive(Serialize, ToSchema)]
pub struct SsoForecastView {
    /// Everybody.
    members: PeopleView,
    /// Owners who keep every way to sign in.
    keep_access: PeopleView,
    /// Members who have to use SSO from then on.
    must_use_sso: PeopleView,
    /// Those of them who never signed in through it.
    never_signed_in_by_sso: PeopleView,
    /// Living sessions that end; 0 while it is enforced already.
    sessions_to_end: u64,
    /// Pending invitations, which can be taken up through SSO only then.
    pending_invitations: u64,
    /// Whether members need a second factor now; that rule switches off.
    mfa_required: bool,
}

/// People, the first of them by name.
#[derive(Serialize, ToSchema)]
pub struct PeopleView {
    /// How many.
    count: u64,
    /// Ten of them at most.
    first: Vec<UserView>,
}

impl From<enforcement::People> for PeopleView {
    fn from(people: enforcement::People) -> Self {
        Self { count: people.count, first: people.first.into_iter().map(named).collect() }
    }
}

impl PeopleView {
    /// So many members, and the first of them.
    pub(super) fn of_members(count: u64, first: Vec<Member>) -> Self {
        let named = |member: Member| UserView::new(&member.membership.user_id, &member.email, &member.name);
        Self { count, first: first.into_iter().map(named).collect() }
    }
}

impl From<enforcement::Forecast> for SsoForecastView {
    fn from(forecast: enforcement::Forecast) -> Self {
        Self {
            members: forecast.members.into(),
            keep_access: forecast.keep_access.into(),
            must_use_sso: forecast.must_use_sso.into(),
            never_signed_in_by_sso: forecast.never_signed_in_by_sso.into(),
            sessions_to_end: forecast.sessions_to_end,
            pending_invitations: forecast.pending_invitations,
            mfa_required: forecast.mfa_required,
        }
    }
}

impl SsoEnforcementView {
    fn new(view: EnforcementView, forecast: Option<enforcement::Forecast>) -> Self {
        Self {
            enabled: view.enabled,
            owner_exemption: view.owner_exemption,
            owner_second_factor: view.owner_second_factor,
            accept_operator_recovery: view.accept_operator_recovery,
            since: maybe(view.since),
            trial_ends_at: maybe(view.trial_ends_at),
            break_glass: view.break_glass.into_iter().map(named).collect(),
            forecast: forecast.map(SsoForecastView::from),
        }
    }
}

fn named(person: Named) -> UserView {
    UserView::new(person.id, person.email, person.name)
}

/// The switches that the forecast is for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ForecastQuery {
    /// Owners may sign in without SSO; left out: as stored, or true while it is off.
    owner_exemption: Option<bool>,
    /// Only Owners with a second factor may; left out: as stored, or false while it is off.
    owner_second_factor: Option<bool>,
}

/// Look at SSO enforcement
///
/// With the forecast of what turning it on would do. The query asks for the forecast with other switches; it changes
/// nothing.
#[utoipa::path(
    get, path = "/api/v1/organizations/{organization}/sso-enforcement", tag = "SSO enforcement",
    params(("organization" = String, Path, description = "Id or short name"), ForecastQuery),
    responses((status = 200, body = SsoEnforcementView), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub async fn show(
    call: Call,
    At(organization): At<String>,
    Filter(query): Filter<ForecastQuery>,
) -> Result<Json<SsoEnforcementView>, Failure> {
    let view = enforcement::show(call.app(), &call.visitor, &organization).await?;
    let ForecastQuery { owner_exemption, owner_second_factor } = query;
    let forecast =
        enforcement::forecast(call.app(), &call.visitor, &organization, owner_exemption, owner_second_factor).await?;
    Ok(Json(SsoEnforcementView::new(view, Some(forecast))))
}

/// What an Owner wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SsoEnforcementBody {
    /// Whether to enforce SSO.
    enabled: bool,
    /// Owners may sign in without SSO. Left out: as stored while enforced, true the first time.
    owner_exemption: Option<bool>,
    /// Only Owners with a second factor may. Left out: as stored while enforced, false the first time.
    owner_second_factor: Option<bool>,
    /// The operator's recovery command is way back enough. Stored until enforcement ends.
    accept_operator_recovery: Option<bool>,
    /// Turns itself off after so many minutes, 1 to 1440, unless confirmed by a call without this field.
    #[schema(example = 10)]
    trial_minutes: Option<u32>,
    /// When turning off: members need a second factor again. Left out: false.
    #[serde(default)]
    require_mfa_again: bool,
    /// Has to be true: this decides how everybody here signs in.
    #[serde(default)]
    #[schema(required = true)]
    confirm: bool,
}

/// Turn SSO enforcement on or off
///
/// Changes its switches and confirms a trial as well. Turning on ends every session of the members whom it binds; when the
/// call has returned, none of them opens anything.
#[utoipa::path(
    put, path = "/api/v1/organizations/{organization}/sso-enforcement", tag = "SSO enforcement",
    params(("organization" = String, Path, description = "Id or short name")),
    request_body = SsoEnforcementBody,
    responses(
        (status = 200, body = SsoEnforcementView, description = "Without forecast"),
        (status = 403, body = Problem, description = "needs-recent-proof, needs-second-factor, sso-not-entitled, not-permitted"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "already-enforced, connection-not-validated, no-way-back-in"),
        (status = 422, body = Problem, description = "invalid-input; without confirm: true above all"),
    ),
)]
pub async fn set(
    call: Call,
    At(organization): At<String>,
    Body(body): Body<SsoEnforcementBody>,
) -> Result<Json<SsoEnforcementView>, Failure> {
    let wish = WishForm {
        enabled: body.enabled,
        owner_exemption: body.owner_exemption,
        owner_second_factor: body.owner_second_factor,
        accept_operator_recovery: body.accept_operator_recovery,
        trial_minutes: body.trial_minutes,
        require_mfa_again: body.require_mfa_again,
        confirm: body.confirm,
    };
    let view = enforcement::set(call.app(), &call.visitor, &organization, wish).await?;
    Ok(Json(SsoEnforcementView::new(view, None)))
}
