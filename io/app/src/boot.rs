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
use crate::mail::{MailTransport, SendFailure};
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
    boot_on(open(&settings, &*clock).await?, settings, clock, entropy).await
}

/// The same for whoever only looks: no key comes into use, no mail folder is made, and nothing may be written with what comes
/// of it.
pub async fn boot_to_look(
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, BootError> {
    let (store, sealer) = (open(&settings, &*clock).await?, sealer(&settings));
    held(secret_key::look(&store, &sealer).await)?;
    let transport = MailTransport::new(&settings.mail, settings.extra_ca_pem.as_deref()).map_err(mail)?;
    put_together(Opened { store, sealer, transport }, settings, clock, entropy)
}

/// The same as [`boot`] of whatever database that is, to restore it. A newer schema may hold what serves once and this program
/// does not know.
pub(crate) async fn boot_to_restore(
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, BootError> {
    let store = Store::open(&settings.store, clock.now()).await.map_err(BootError::Store)?;
    store.require_known_schema().map_err(BootError::Store)?;
    boot_on(store, settings, clock, entropy).await
}

async fn open(settings: &Settings, clock: &dyn Clock) -> Result<Store, BootError> {
    let store = Store::open(&settings.store, clock.now()).await.map_err(BootError::Store)?;
    let instance = store.read((), |tx, ()| Box::pin(async move { tx.instance().find_instance().await })).await;
    match instance.map_err(BootError::Store)?.and_then(|instance| instance.backed_up_at) {
        Some(at) => Err(BootError::Backup(at)),
        None => Ok(store),
    }
}

async fn boot_on(
    store: Store,
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, BootError> {
    let sealer = sealer(&settings);
    // This node's own key counts as one in use from now on (T-SEC-1).
    held(secret_key::hold(&store, &sealer, clock.now(), &*entropy).await)?;
    let transport = MailTransport::open(&settings.mail, settings.extra_ca_pem.as_deref()).await.map_err(mail)?;
    put_together(Opened { store, sealer, transport }, settings, clock, entropy)
}

/// What is opened before the rest.
struct Opened {
    store: Store,
    sealer: Arc<Sealer>,
    transport: MailTransport,
}

fn put_together(
    opened: Opened,
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<App, BootError> {
    let Opened { store, sealer, transport } = opened;
    let others = settings.other_secret_keys.as_slice();
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

fn sealer(settings: &Settings) -> Arc<Sealer> {
    let own = Sealer::new(&settings.secret_key);
    Arc::new(settings.other_secret_keys.iter().fold(own, Sealer::with_other))
}

/// Every key that the database is in use with has to be here (T-SEC-1).
fn held(outcome: Result<Result<(), KeyError>, Error>) -> Result<(), BootError> {
    outcome
        .map_err(|error| match error {
            Error::Fault(Fault::Store(source)) => BootError::Store(source),
            other @ (Error::Fault(_) | Error::Refused(_)) => BootError::Other(other),
        })?
        .map_err(BootError::WrongKey)
}

fn mail(failure: SendFailure) -> BootError {
    BootError::Mail(failure.to_string())
}
