//! Owns changing how Owners are treated while SSO is enforced. New switches are shown with whom they bind before they are
//! saved (R-UI-2).

use orgate_app::connection;
use orgate_app::enforcement::{self, EnforcementView, WishForm};
use orgate_core::enforcement::USUAL_TRIAL_MINUTES;

use super::obstacle::{self, remember};
use super::switches::{Switches, Typed, WantedSwitches};
use super::{nothing_to_do, overview_url, url, view};
use crate::console::organization_frame;
use crate::error::Failure;
use crate::page::{Form, PageResult, Path, Query, Visit, done};
use crate::pages::Section;
use crate::pages::enforcement::{EditEnforcementPage, Obstacle};

const OFF: &str = "SSO is not enforced, so there is nothing to change.";

/// The form.
pub async fn edit(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<WantedSwitches>) -> PageResult {
    let stored = enforcement::begin_change(visit.app(), &visit.visitor, &slug).await?;
    if !view::stands(&stored, visit.now()) {
        return Ok(nothing_to_do(&slug, OFF));
    }
    let switches = wanted.or(Switches::stored(&stored));
    visit.page(&page(&visit, &slug, &stored, switches, None).await?)
}

/// Shows whom the new switches bind, and saves them once that was seen.
pub async fn update(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    let stored = enforcement::begin_change(visit.app(), &visit.visitor, &slug).await?;
    if !view::stands(&stored, visit.now()) {
        return Ok(nothing_to_do(&slug, OFF));
    }
    let switches = typed.switches();
    if typed.forecast != switches.forecast_for() {
        return visit.page(&page(&visit, &slug, &stored, switches, None).await?);
    }
    // A trial goes on as a trial.
    let trial_minutes = stored.trial_ends_at.map(|_| USUAL_TRIAL_MINUTES);
    let wish = WishForm { trial_minutes, ..switches.wish() };
    match enforcement::adjust(visit.app(), &visit.visitor, &slug, wish).await {
        Ok(now) if !now.enabled => Ok(nothing_to_do(&slug, OFF)),
        Ok(now) if now == stored => Ok(done(&overview_url(&slug), "Nothing was changed.")),
        Ok(_) => Ok(done(&overview_url(&slug), "How Owners are treated has changed. All Owners were mailed.")),
        Err(error) => {
            let provider = view::provider(&connection::overview(visit.app(), &visit.visitor, &slug).await?);
            let met = obstacle::of(error, &slug, provider, &visit.site.product)?;
            let back = met.sso().is_some().then(|| switches.address(&format!("{}/edit", url(&slug))));
            let mut response = visit.again(&page(&visit, &slug, &stored, switches, Some(met)).await?)?;
            remember(&mut response, back);
            Ok(response)
        }
    }
}

async fn page(
    visit: &Visit,
    slug: &str,
    stored: &EnforcementView,
    switches: Switches,
    obstacle: Option<Obstacle>,
) -> Result<EditEnforcementPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::SingleSignOn, slug).await?;
    let overview = connection::overview(visit.app(), &visit.visitor, slug).await?;
    let (exemption, factor) = (Some(switches.owner_exemption), Some(switches.owner_second_factor));
    let forecast = enforcement::forecast(visit.app(), &visit.visitor, slug, exemption, factor).await?;
    let provider = view::provider(&overview);
    Ok(EditEnforcementPage {
        provider: provider.to_owned(),
        obstacle,
        shows_change: switches.forecast_for() != Switches::stored(stored).forecast_for(),
        forecast: view::standing(&forecast, provider, &frame.person.id),
        switches: switches.of_owners(provider, stored.has_second_factor),
        recovery: switches.of_recovery(provider, &visit.site.product),
        forecast_for: switches.forecast_for(),
        frame,
    })
}
