//! Owns enabling SSO enforcement: the forecast, the switches, the typed name, a trial or for good.

use orgate_app::connection;
use orgate_app::enforcement::{self, EnforcementView, WishForm};
use orgate_core::enforcement::USUAL_TRIAL_MINUTES;

use super::obstacle::{self, remember};
use super::switches::{Switches, Typed, WantedSwitches};
use super::{overview_url, url, view};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{Form, PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::TypedName;
use crate::pages::enforcement::{EnableEnforcementPage, Obstacle};
use crate::pages::{Field, Section};

/// The form. Switches in the address are those of somebody who comes back from their SSO.
pub async fn new(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<WantedSwitches>) -> PageResult {
    let stored = enforcement::begin_change(visit.app(), &visit.visitor, &slug).await?;
    let asked = Asked { slug: &slug, switches: wanted.or(Switches::FIRST), confirmation: Field::empty() };
    visit.page(&page(&visit, &stored, asked, None).await?)
}

/// Enables it, or says why not.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    let stored = enforcement::begin_change(visit.app(), &visit.visitor, &slug).await?;
    let switches = typed.switches();
    let typed_right = typed.confirmation.trim() == slug;
    let confirmation = Field::filled(typed.confirmation.trim());
    let asked = |confirmation| Asked { slug: &slug, switches, confirmation };
    if stored.enabled {
        return visit.again(&page(&visit, &stored, asked(confirmation), None).await?);
    }
    if typed.forecast != switches.forecast_for() {
        let again = Some(obstacle::look_again());
        return visit.again(&page(&visit, &stored, asked(confirmation), again).await?);
    }
    if !typed_right {
        let confirmation = confirmation.refused(format!("Type {slug} to confirm."));
        return visit.again(&page(&visit, &stored, asked(confirmation), None).await?);
    }
    let trial = (typed.mode == "trial").then_some(USUAL_TRIAL_MINUTES);
    let wish = WishForm { trial_minutes: trial, ..switches.wish() };
    match enforcement::set(visit.app(), &visit.visitor, &slug, wish).await {
        Ok(_) => Ok(done(&overview_url(&slug), &sentence(trial))),
        Err(error) => {
            let provider = view::provider(&connection::overview(visit.app(), &visit.visitor, &slug).await?);
            let met = obstacle::of(error, &slug, provider, &visit.site.product)?;
            let back = met.sso().is_some().then(|| switches.address(&format!("{}/new", url(&slug))));
            let mut response = visit.again(&page(&visit, &stored, asked(confirmation), Some(met)).await?)?;
            remember(&mut response, back);
            Ok(response)
        }
    }
}

fn sentence(trial: Option<u32>) -> String {
    match trial {
        Some(minutes) => format!("The trial runs for {minutes} minutes. All Owners were mailed."),
        None => "SSO is enforced. All Owners were mailed the login address.".to_owned(),
    }
}

struct Asked<'a> {
    slug: &'a str,
    switches: Switches,
    confirmation: Field,
}

async fn page(
    visit: &Visit,
    stored: &EnforcementView,
    asked: Asked<'_>,
    met: Option<Obstacle>,
) -> Result<EnableEnforcementPage, Failure> {
    let Asked { slug, switches, confirmation } = asked;
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    let overview = connection::overview(visit.app(), &visit.visitor, slug).await?;
    let (exemption, factor) = (Some(switches.owner_exemption), Some(switches.owner_second_factor));
    let forecast = enforcement::forecast(visit.app(), &visit.visitor, slug, exemption, factor).await?;
    let provider = view::provider(&overview);
    let impossible = match (stored.enabled, overview.entitled, view::is_validated(&overview)) {
        (true, _, _) => Some(obstacle::already_enforced(slug)),
        (false, false, _) => Some(obstacle::not_entitled()),
        (false, true, false) => Some(obstacle::not_validated(slug)),
        (false, true, true) => None,
    };
    Ok(EnableEnforcementPage {
        provider: provider.to_owned(),
        possible: impossible.is_none(),
        obstacle: impossible.or(met),
        forecast: view::enabling(&forecast, provider, &frame.person.id),
        second_factor_rule_ends: forecast.mfa_required,
        switches: switches.of_owners(provider, stored.has_second_factor),
        recovery: switches.of_recovery(provider, &visit.site.product),
        forecast_for: switches.forecast_for(),
        trial_minutes: USUAL_TRIAL_MINUTES,
        typed_name: TypedName { expected: slug.to_owned(), confirmation },
        frame,
    })
}
