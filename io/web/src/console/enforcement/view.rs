//! Owns how enforcement reads: its card, and the lines that say whom it binds.

use orgate_app::connection::Overview;
use orgate_app::enforcement::{EnforcementView, Forecast, Named, People};
use orgate_core::connection::ConnectionState;
use orgate_core::time::Timestamp;

use crate::console::connections::view::kind;
use crate::pages::confirmation::Consequence;
use crate::pages::enforcement::{EnforcementCard, EnforcementState};
use crate::pages::{Moment, Person};

/// What sentences call the identity provider that members are sent to.
pub fn provider(overview: &Overview) -> &'static str {
    let active = overview.connections.iter().find(|view| view.connection.state == ConnectionState::Active);
    active.map_or("your identity provider", |view| kind(view.kind).provider())
}

/// Whether the active connection passed a test sign-in.
pub fn is_validated(overview: &Overview) -> bool {
    overview
        .connections
        .iter()
        .filter(|view| view.connection.state == ConnectionState::Active)
        .filter_map(|view| view.active.as_ref())
        .any(|active| active.revision.validated_at.is_some())
}

/// The card on the overview.
pub fn card(overview: &Overview, view: &EnforcementView, now: Timestamp) -> EnforcementCard {
    let state = match (view.enabled, view.trial_ends_at, view.since) {
        (false, _, _) => EnforcementState::Off,
        (true, Some(ends), _) => EnforcementState::Trial { ends: Moment::new(ends, now) },
        (true, None, since) => EnforcementState::On { since: Moment::new(since.unwrap_or(now), now) },
    };
    EnforcementCard {
        state,
        owners: owners(view).to_owned(),
        provider: provider(overview).to_owned(),
        break_glass: view.break_glass.iter().map(person).collect(),
        operator_recovery: view.accept_operator_recovery,
        plan_lost: view.enabled && !overview.entitled,
        locked: (!overview.entitled).then(|| "It cannot be enforced while it is not part of the plan.".to_owned()),
    }
}

fn owners(view: &EnforcementView) -> &'static str {
    match (view.owner_exemption, view.owner_second_factor) {
        (true, false) => "May sign in without SSO, unless another organization binds them",
        (true, true) => "May sign in without SSO if they have a second factor, unless another organization binds them",
        (false, _) => "Use SSO like everybody else",
    }
}

/// Whether it is on and stays so. A trial that is over counts as off, though the job that rolls it back may be late.
pub fn stands(view: &EnforcementView, now: Timestamp) -> bool {
    view.enabled && view.trial_ends_at.is_none_or(|end| end > now)
}

/// Where a running trial ends.
pub fn trial_end(view: &EnforcementView, now: Timestamp) -> Option<Timestamp> {
    view.trial_ends_at.filter(|_| stands(view, now))
}

fn person(named: &Named) -> Person {
    Person::new(named.id.as_str(), &named.name, &named.email)
}

fn line(people: &People, one: String, many: String) -> Consequence {
    let text = if people.count == 1 { one } else { many };
    Consequence { people: people.first.iter().map(person).collect(), ..Consequence::counted(people.count, text) }
}

/// What enabling it does and to whom; of what there is none of, nothing is said.
pub fn enabling(forecast: &Forecast, provider: &str, reader: &str) -> Vec<Consequence> {
    let sessions = match forecast.sessions_to_end {
        0 => String::new(),
        1 => "; 1 session ends".to_owned(),
        count => format!("; {count} sessions end"),
    };
    let mut lines = vec![
        keeping(forecast),
        line(
            &forecast.must_use_sso,
            format!("member must use {provider} at their next click{sessions}"),
            format!("members must use {provider} at their next click{sessions}"),
        ),
    ];
    let never = &forecast.never_signed_in_by_sso;
    if never.count > 0 {
        lines.push(line(
            never,
            format!("of them has never signed in through {provider}. Are they assigned there?"),
            format!("of them have never signed in through {provider}. Are they assigned there?"),
        ));
    } else if forecast.must_use_sso.count > 0 {
        let who = if forecast.must_use_sso.count == 1 { "They" } else { "All of them" };
        lines.push(Consequence::plain(format!("{who} have signed in through {provider} before.")));
    }
    match forecast.pending_invitations {
        0 => {}
        1 => lines.push(Consequence::counted(1, format!("pending invitation can only be taken up through {provider}"))),
        count => {
            lines.push(Consequence::counted(
                count,
                format!("pending invitations can only be taken up through {provider}"),
            ));
        }
    }
    if binds(forecast, reader) {
        lines.push(Consequence::plain(format!(
            "You are bound as well: you are signed out and come back through {provider}."
        )));
    }
    lines
}

/// Whom it binds, once it is on.
pub fn standing(forecast: &Forecast, provider: &str, reader: &str) -> Vec<Consequence> {
    let mut lines = vec![
        keeping(forecast),
        line(
            &forecast.must_use_sso,
            format!("member signs in through {provider} only"),
            format!("members sign in through {provider} only"),
        ),
    ];
    if binds(forecast, reader) {
        lines.push(Consequence::plain(format!("You are among them, so you come in through {provider}.")));
    }
    lines
}

fn keeping(forecast: &Forecast) -> Consequence {
    let (one, many) = ("Owner keeps every way to sign in", "Owners keep every way to sign in");
    line(&forecast.keep_access, one.to_owned(), many.to_owned())
}

/// Whether the forecast is sure to bind the reader: everybody who keeps their ways is named, and it is not them.
fn binds(forecast: &Forecast, reader: &str) -> bool {
    let keep = &forecast.keep_access;
    usize::try_from(keep.count).is_ok_and(|count| count == keep.first.len())
        && keep.first.iter().all(|owner| owner.id.as_str() != reader)
}
