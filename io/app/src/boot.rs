//! Owns starting: settings become an [`App`], or a message that says what to mend. Nothing is half started.

use std::sync::Arc;

use orgate_core::time::Timestamp;
use orgate_sso::oidc::jwks::JwkSet;
pub use orgate_store::Migrate;
use orgate_store::{Store, StoreError};

use crate::app::{App, Effects};
use crate::audit_chain;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::error::{Error, Fault};
use crate::jwks_cache::JwksCache;
use crate::mail::MailTransport;
use crate::outbound::resolver::Resolver;
use crate::outbound::{Outbound, OutboundLimits, trust};
use crate::outbox::{Outbox, OutboxParts};
use crate::passwords::Passwords;
use crate::seal::Sealer;
use crate::secret_key::{self, KeyError};
use crate::settings::Settings;
use crate::token::CodeKey;
use crate::traces::Traces;

/// Why Orgate does not start. Each says what to do; none repeats a secret.
#[derive(Debug)]
pub enum BootError {
    /// The database.
    Store(StoreError),
    /// A key that this database is in use with is not here.
    WrongKey(KeyError),
    /// The database is a backup, of this moment, that was not restored yet (T-SEC-5).
    Backup(Timestamp),
    /// Mail cannot leave.
    Mail(String),
    /// The outbound client.
    Outbound(String),
    /// Anything else.
    Other(Error),
}

impl std::fmt::Display for BootError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(source) => write!(formatter, "{source}"),
            Self::WrongKey(source) => write!(formatter, "{source}"),
            Self::Backup(at) => write!(
                formatter,
                "this database is a backup of {}, in which sessions, links and codes are good that have ended since: run \
                 `orgate restore --in-place` first; docs/operate/backup.md says what it does",
                at.to_rfc3339()
            ),
            Self::Mail(reason) => write!(formatter, "mail: {reason}"),
            Self::Outbound(reason) => write!(formatter, "outbound connections: {reason}"),
            Self::Other(source) => write!(formatter, "{source}"),
        }
    }
}

impl std::error::Error for BootError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(source) => Some(source),
            Self::WrongKey(source) => Some(source),
            Self::Other(source) => Some(source),
            Self::Backup(_) | Self::Mail(_) | Self::Outbound(_) => None,
        }
    }
}

/// Puts an [`App`] together: opens the database (and upgrades it, if the settings allow), checks the key, readies mail. A
/// backup is refused.
pub async fn boot(settings: Settings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<App, BootError> {
    let store = Store::open(&settings.store, clock.now()).await.map_err(BootError::Store)?;
    match backed_up_at(&store).await? {
        Some(at) => Err(BootError::Backup(at)),
        None => boot_on(store, settings, clock, entropy).await,
    }
}

/// The same of whatever database that is, to restore it. A newer schema may hold what serves once and this program does not
/// know.
pub(crate) async fn boot_to_restore(
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, BootError> {
    let store = Store::open(&settings.store, clock.now()).await.map_err(BootError::Store)?;
    store.require_known_schema().map_err(BootError::Store)?;
    boot_on(store, settings, clock, entropy).await
}

async fn backed_up_at(store: &Store) -> Result<Option<Timestamp>, BootError> {
    let instance = store.read((), |tx, ()| Box::pin(async move { tx.instance().find_instance().await })).await;
    Ok(instance.map_err(BootError::Store)?.and_then(|instance| instance.backed_up_at))
}

async fn boot_on(
    store: Store,
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, BootError> {
    let others = settings.other_secret_keys.as_slice();
    let sealer = Arc::new(others.iter().fold(Sealer::new(&settings.secret_key), Sealer::with_other));
    hold_keys(&store, &sealer, &*clock, &*entropy).await?;
    let transport = MailTransport::open(&settings.mail, settings.extra_ca_pem.as_deref())
        .await
        .map_err(|failure| BootError::Mail(failure.to_string()))?;
    let outbound = outbound(&settings)?;
    let traces = traces(&settings, &outbound, &entropy)?;
    let outbound = outbound.with_traces(traces.clone());
    let store = if traces.is_on() { store.watched_by(Arc::new(traces.clone())) } else { store };
    let passwords = Passwords::new(settings.hashing_cost);
    let outbox = Outbox::new(OutboxParts {
        store: store.clone(),
        sealer: Arc::clone(&sealer),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        transport,
        from: settings.mail_from.clone(),
        product_name: settings.product_name.clone(),
    });
    let code_key = others.iter().fold(CodeKey::new(&settings.secret_key), CodeKey::with_other);
    let audit_keys = audit_chain::keys(&settings.secret_key, others)
        .map_err(|_| BootError::Other(Error::Fault(Fault::Impossible("a key of the audit log that cannot be made"))))?;
    Ok(App::new(Effects {
        jwks: JwksCache::new(Arc::clone(&clock)).with_nothing(JwkSet::is_empty),
        metadata: JwksCache::new(Arc::clone(&clock)),
        outbox,
        touches: crate::session::SessionTouch::default(),
        store,
        clock,
        entropy,
        settings,
        sealer,
        code_key,
        audit_keys,
        passwords,
        outbound,
        traces,
    }))
}

fn traces(settings: &Settings, outbound: &Outbound, entropy: &Arc<dyn Entropy>) -> Result<Traces, BootError> {
    let Some(traces) = &settings.traces else { return Ok(Traces::default()) };
    let client = outbound.own().map_err(BootError::Outbound)?;
    Ok(Traces::new(traces, client, entropy))
}

fn outbound(settings: &Settings) -> Result<Outbound, BootError> {
    let failed = |reason: String| BootError::Outbound(reason);
    let resolver = Resolver::new(&settings.dns_servers).map_err(|failure| failed(failure.to_string()))?;
    let tls = trust::client_config(settings.extra_ca_pem.as_deref()).map_err(|error| failed(error.to_string()))?;
    let personal = settings.personal.rules(&settings.idp_allow);
    let outbound = Outbound::new(settings.idp_allow.clone(), resolver, tls, OutboundLimits::default());
    Ok(outbound.with_personal_rules(personal))
}

/// Every key that the database is in use with has to be here, and this node's own counts as one from now on (T-SEC-1).
async fn hold_keys(
    store: &Store,
    sealer: &Arc<Sealer>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<(), BootError> {
    let held = secret_key::hold(store, sealer, clock.now(), entropy).await;
    held.map_err(|error| match error {
        Error::Fault(Fault::Store(source)) => BootError::Store(source),
        other @ (Error::Fault(_) | Error::Refused(_)) => BootError::Other(other),
    })?
    .map_err(BootError::WrongKey)
}
