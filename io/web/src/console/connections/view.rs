//! Owns how a connection looks on every page: its head, its card, its checks.

use orgate_app::connection::{ConnectionView, RevisionView};
use orgate_app::sign_in::sso::attempts::AttemptView;
use orgate_core::connection::ConnectionState;
use orgate_core::time::Timestamp;
use orgate_sso::kind::ConnectionKind;
use orgate_sso::oidc::checks::Check as Made;

use crate::pages::sso::{Check, CheckOutcome, ConnectionCard, ConnectionHead, Kind, Progress, State};
use crate::pages::sso_records::AttemptRow;
use crate::pages::{Badge, Moment, Tone};

/// The kind as the templates know it.
pub fn kind(kind: ConnectionKind) -> Kind {
    match kind {
        ConnectionKind::OktaOidc => Kind::OktaOidc,
        ConnectionKind::Oidc => Kind::Oidc,
    }
}

/// What every page about a connection shows of it.
pub fn head(slug: &str, view: &ConnectionView) -> ConnectionHead {
    ConnectionHead {
        id: view.connection.id.to_string(),
        kind: kind(view.kind),
        host: view.current().map(|current| host(&current.settings.issuer)).unwrap_or_default(),
        state: match view.connection.state {
            ConnectionState::Draft => State::Draft,
            ConnectionState::Active => State::Active,
            ConnectionState::Disabled => State::Disabled,
        },
        slug: slug.to_owned(),
    }
}

fn host(issuer: &str) -> String {
    let url = url::Url::parse(issuer).ok();
    let host = url.as_ref().and_then(|url| url.host_str());
    match (host, url.as_ref().and_then(url::Url::port)) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => issuer.to_owned(),
    }
}

/// How far the current settings have come.
pub fn progress(view: &ConnectionView) -> Progress {
    let validated = view.is_validated();
    match (&view.draft, &view.active) {
        (None, None) => Progress::Unsaved,
        (Some(_), _) if validated => Progress::Validated,
        (Some(_), _) => Progress::Untested,
        (None, Some(_)) if view.connection.state == ConnectionState::Active => Progress::InUse,
        (None, Some(_)) if validated => Progress::Validated,
        (None, Some(_)) => Progress::Untested,
    }
}

/// The card on the overview.
pub fn card(slug: &str, view: &ConnectionView, now: Timestamp) -> ConnectionCard {
    ConnectionCard {
        connection: head(slug, view),
        progress: progress(view),
        validated: view.current().and_then(|current| current.revision.validated_at).map(|at| Moment::new(at, now)),
        last_sign_in: view.connection.last_sign_in_at.map(|at| Moment::new(at, now)),
        linked: view.linked,
    }
}

/// The named checks of the last save.
pub fn checks(current: Option<&RevisionView>) -> Vec<Check> {
    current.map(|current| current.checks.iter().map(check).collect()).unwrap_or_default()
}

fn check(made: &Made) -> Check {
    let outcome = match (made.ok, &made.remark) {
        (false, _) => CheckOutcome::Failed,
        (true, Some(_)) if made.detail == "Not made." => CheckOutcome::NotMade,
        (true, Some(_)) => CheckOutcome::Remark,
        (true, None) => CheckOutcome::Passed,
    };
    let text = match (&made.remark, outcome) {
        (Some(remark), CheckOutcome::NotMade) => format!("{}: {remark}", made.name.title()),
        (Some(remark), _) => format!("{}: {} {remark}", made.name.title(), made.detail),
        (None, _) => format!("{}: {}", made.name.title(), made.detail),
    };
    Check { outcome, text, expected: made.expected.clone(), received: made.received.clone(), mend: made.mend.clone() }
}

/// One recent attempt.
pub fn attempt(view: AttemptView, now: Timestamp) -> AttemptRow {
    let AttemptView { record, text, mend } = view;
    let is_test = record.purpose == "test";
    let outcome = match (record.outcome.as_str(), is_test) {
        ("succeeded", false) => Badge::new("Signed in", Tone::Success),
        ("succeeded", true) => Badge::new("Test passed", Tone::Success),
        (_, false) => Badge::new("Refused", Tone::Danger),
        (_, true) => Badge::new("Test refused", Tone::Warning),
    };
    AttemptRow {
        reference: record.reference.to_string(),
        at: Moment::new(record.at, now),
        person: record.person.unwrap_or_else(|| "Unknown".to_owned()),
        outcome,
        happened: text,
        code: record.code,
        expected: record.expected,
        received: record.received,
        mend: (!mend.is_empty()).then_some(mend),
    }
}
