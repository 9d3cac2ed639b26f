//! Owns what is wrong between a deployment and identity providers: registrations that are not known there, connections whose
//! settings no longer open or whose provider cannot be asked, and clocks that differ.

use futures_util::StreamExt as _;
use orgate_core::connection::RevisionState;
use orgate_core::id::ConnectionId;
use orgate_core::personal::PersonalProvider;
use orgate_sso::refusal::SsoRefusalCode;
use orgate_sso::settings::Settings;
use orgate_store::Tx;

use super::finding::{Finding, bad, good};
use crate::app::App;
use crate::connection;
use crate::error::Error;
use crate::sign_in::personal::{self, exchange};

const CONNECTIONS: &str = "connections";
/// Connections that are asked, and how many at once. The others are counted.
const ASKED: usize = 200;
const AT_ONCE: usize = 16;
/// Names in a line; the others are counted.
const NAMED: usize = 5;
/// Organizations read at once.
const PAGE: u32 = 200;
/// ID tokens are refused by more than a minute; `Date` has whole seconds and is a while under way. *Units*: milliseconds.
const CLOCKS_MAY_DIFFER_MS: i64 = 30_000;

/// An organization's active connection.
struct Active {
    slug: String,
    id: ConnectionId,
    settings: Option<Settings>,
}

/// Looks at all of it.
pub(super) async fn look(app: &App) -> Vec<Finding> {
    let mut findings = Vec::new();
    for provider in personal::offered(app) {
        findings.push(registration(app, provider).await);
    }
    match active(app).await {
        Ok(active) => findings.extend(connections(app, active).await),
        Err(error) => findings.push(bad(CONNECTIONS, error.to_string())),
    }
    findings.extend(clock(app));
    findings
}

/// Whether Google or GitHub knows us. Whether it knows our redirect URI, only a sign-in tells.
async fn registration(app: &App, provider: PersonalProvider) -> Finding {
    let name = provider.words();
    match exchange::probe(app, provider).await {
        Ok(Ok(())) => {
            let text = format!(
                "{name} accepts client ID and secret; its redirect URI has to be {}",
                exchange::redirect_uri(app, provider)
            );
            good(name, text)
        }
        Ok(Err(told)) => bad(name, format!("{}. {}", told.refusal, told.refusal.code.mend())),
        Err(error) => bad(name, error.to_string()),
    }
}

async fn active(app: &App) -> Result<Vec<Active>, Error> {
    app.store.read_long(app.clone(), |tx, app| Box::pin(list_active(tx, app))).await
}

async fn list_active(tx: &mut Tx, app: &App) -> Result<Vec<Active>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tx.instance().list_organizations(after.as_ref(), PAGE).await?;
        after = page.items.last().map(|organization| organization.id.clone());
        for organization in page.items {
            let Some((id, _)) = organization.enforcement.connection else { continue };
            let mut own = tx.organization(&organization.id);
            let revision = own.find_revision_in_state(&id, RevisionState::Active).await?;
            let settings =
                revision.and_then(|revision| connection::open_settings(app, &organization.id, &revision).ok());
            found.push(Active { slug: organization.slug, id, settings });
        }
        if !page.has_more {
            return Ok(found);
        }
    }
}

async fn connections(app: &App, active: Vec<Active>) -> Vec<Finding> {
    let all = active.len();
    let (open, shut): (Vec<Active>, Vec<Active>) = active.into_iter().partition(|active| active.settings.is_some());
    let mut findings = Vec::new();
    if !shut.is_empty() {
        let text = format!(
            "the settings of {} do not open, and nobody signs in there: they were changed in the database, or sealed with a \
             key that is gone. `orgate keys status` says more; an Owner can save them anew with the client secret.",
            names(&shut.iter().map(|active| active.slug.clone()).collect::<Vec<_>>())
        );
        findings.push(bad(CONNECTIONS, text));
    }
    let asked = open.len().min(ASKED);
    let looks = futures_util::stream::iter(open.into_iter().take(ASKED)).map(|active| ask(app, active));
    let mut broken: Vec<(String, String)> =
        looks.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    broken.sort();
    if broken.is_empty() {
        findings
            .push(good(CONNECTIONS, format!("{asked} of {all} active ones asked: each provider answers as it should")));
    }
    findings.extend(broken.iter().take(NAMED).map(|(slug, text)| bad(CONNECTIONS, format!("{slug}: {text}"))));
    if broken.len() > NAMED {
        let more: Vec<String> = broken.iter().skip(NAMED).map(|(slug, _)| slug.clone()).collect();
        findings
            .push(bad(CONNECTIONS, format!("the providers of {} do not answer as they should either", names(&more))));
    }
    findings
}

/// The first check that fails, with what to do.
async fn ask(app: &App, active: Active) -> Option<(String, String)> {
    let report = connection::check(app, &active.id, active.settings?).await;
    let failed = report.checks().iter().find(|check| !check.ok)?;
    let mut text = format!("{}: {}", failed.name.title(), failed.detail);
    if let Some(mend) = &failed.mend {
        text = format!("{text} {mend}");
    }
    // Whoever sees that there has no hand in it: the authority is the operator's to trust.
    if failed.code == Some(SsoRefusalCode::Certificate) {
        text.push_str(" An authority of the organization's own needs ORGATE_EXTRA_CA_FILE.");
    }
    Some((active.slug, text))
}

/// By the `Date` of whoever was asked. One server can be wrong; it is told all the same, with its name.
fn clock(app: &App) -> Option<Finding> {
    const WHAT: &str = "clock";
    let seen = app.outbound.dates().seen();
    let (host, ahead) = seen.iter().max_by_key(|(_, ahead)| ahead.abs())?;
    if ahead.abs() <= CLOCKS_MAY_DIFFER_MS {
        return Some(good(WHAT, "within half a minute of the identity providers'"));
    }
    let (seconds, side) = (ahead.abs() / 1_000, if *ahead > 0 { "behind" } else { "ahead of" });
    let text = format!(
        "this machine is {seconds} s {side} {host}: ID tokens count as expired or as not valid yet, and sign-ins are refused. \
         Keep its clock by NTP."
    );
    Some(bad(WHAT, text))
}

fn names(slugs: &[String]) -> String {
    let named = slugs.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if slugs.len() > NAMED { format!("{named} and {} more", slugs.len() - NAMED) } else { named }
}
