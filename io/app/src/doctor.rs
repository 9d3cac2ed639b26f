//! Owns looking at a deployment from inside: what is wrong with its settings, database, key, mail, clock and registrations,
//! each with what to do. It changes nothing and migrates nothing.

use std::sync::Arc;
use std::time::Duration;

use orgate_core::personal::PersonalProvider;
use orgate_store::{Migrate, Store, Tx};

use crate::app::App;
use crate::boot::{BootError, boot};
use crate::clock::{Clock as _, SystemClock};
use crate::entropy::SystemEntropy;
use crate::settings::Settings;
use crate::sign_in::personal::{self, exchange};

/// Organizations read at once.
const PAGE: u32 = 200;

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it needs no mending.
    pub ok: bool,
    /// What was found, and what to do.
    pub text: String,
}

fn good(what: &'static str, text: impl Into<String>) -> Finding {
    Finding { what, ok: true, text: text.into() }
}

fn bad(what: &'static str, text: impl Into<String>) -> Finding {
    Finding { what, ok: false, text: text.into() }
}

/// Examines a deployment with these settings.
pub async fn examine(mut settings: Settings) -> Vec<Finding> {
    settings.store.migrate = Migrate::Check;
    let mut findings = vec![public_url(&settings), mail_waits_in(&settings)];
    let database = database(&settings).await;
    let is_there = database.ok;
    findings.push(database);
    if is_there {
        findings.extend(running(settings).await);
    }
    findings
}

fn public_url(settings: &Settings) -> Finding {
    let url = settings.public_url.as_str();
    if settings.public_url.is_https() && settings.trusted_proxies.is_empty() && settings.listen.ip().is_loopback() {
        let text = format!(
            "{url} is reached by TLS, but no proxy is trusted: every visitor has the proxy's address, and limits count \
             them as one. Set ORGATE_TRUSTED_PROXIES to the proxy's address."
        );
        return bad("public URL", text);
    }
    good("public URL", url)
}

fn mail_waits_in(settings: &Settings) -> Finding {
    match &settings.mail {
        crate::mail::MailTransportSettings::Folder(folder) => {
            let text = format!("written to {}, which is for development: nobody receives it", folder.display());
            good("mail", text)
        }
        crate::mail::MailTransportSettings::Smtp(_) => good("mail", "sent by SMTP"),
    }
}

async fn database(settings: &Settings) -> Finding {
    match Store::open(&settings.store, SystemClock.now()).await {
        Ok(_) => good("database", "answers, and its schema is the one that this program needs"),
        Err(error) => bad("database", error.to_string()),
    }
}

/// What can be said only of a deployment whose database is in order.
async fn running(settings: Settings) -> Vec<Finding> {
    let app = match boot(settings, Arc::new(SystemClock), Arc::new(SystemEntropy)).await {
        Ok(app) => app,
        Err(BootError::WrongKey(reason)) => return vec![bad("secret key", reason.to_string())],
        Err(backup @ BootError::Backup(_)) => return vec![bad("backup", backup.to_string())],
        Err(other) => return vec![bad("start", other.to_string())],
    };
    let mut findings = vec![good("secret key", "opens what this database has sealed")];
    let oldest = app.now().minus(Duration::from_secs(600));
    let waiting = app
        .store
        .read(oldest, |tx, oldest| Box::pin(async move { tx.instance().count_mails_waiting_since(*oldest).await }));
    findings.push(match waiting.await {
        Ok(0) => good("outbox", "no mail has waited for more than ten minutes"),
        Ok(count) => bad(
            "outbox",
            format!("{count} mails have waited for more than ten minutes: look at ORGATE_MAIL and the log"),
        ),
        Err(error) => bad("outbox", crate::Error::from(error).to_string()),
    });
    findings.push(ways_back(&app).await);
    for provider in personal::offered(&app) {
        findings.push(registration(&app, provider).await);
    }
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

/// Organizations that would need the operator if their IdP were down. That is theirs to mend, and told to their Owners
/// (R-ENF-14); the operator may want to know it beforehand.
async fn ways_back(app: &App) -> Finding {
    let without = app.store.read_long((), |tx, ()| Box::pin(without_way_back(tx))).await;
    match without {
        Ok(slugs) if slugs.is_empty() => good("enforcement", "every organization that enforces SSO has a way back in"),
        Ok(slugs) => {
            let text = format!(
                "no Owner could come in without the identity provider: {}; `orgate recover` would let them in",
                slugs.join(", ")
            );
            good("enforcement", text)
        }
        Err(error) => bad("enforcement", error.to_string()),
    }
}

async fn without_way_back(tx: &mut Tx) -> Result<Vec<String>, crate::Error> {
    let (mut slugs, mut after) = (Vec::new(), None);
    loop {
        let page = tx.instance().list_organizations(after.as_ref(), PAGE).await?;
        after = page.items.last().map(|organization| organization.id.clone());
        let lost = page.items.into_iter().filter(|organization| organization.way_back_lost_at.is_some());
        slugs.extend(lost.map(|organization| organization.slug));
        if !page.has_more {
            return Ok(slugs);
        }
    }
}
