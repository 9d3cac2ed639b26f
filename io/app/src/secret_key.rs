//! Owns which secret keys a deployment is in use with, and the replacement of one while nodes serve. What is sealed names
//! its key ([`crate::seal`]), so does the MAC of a mailed code ([`crate::token`]) and each mark of the audit log; a node opens
//! with every key that it is given and makes everything with one. Replacing moves what is left under the others.
//!
//! *Source*: T-SEC-1, REL-3.

mod audit_log;
mod rotate;
mod survey;

use std::fmt;
use std::sync::Arc;

use orgate_core::time::Timestamp;
use orgate_store::{Instance, SealedValue, SecretKeyInUse, Store};

use crate::app::App;
use crate::entropy::Entropy;
use crate::error::Error;
use crate::instance_key::KeyId;
use crate::seal::{Place, SealError, Sealer};

pub use rotate::{End, Rotated, Unreadables, rotate};
pub use survey::{KeyUse, Survey, Unreadable, survey};

/// Why a node does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// Keys that the database is in use with are not here.
    Missing(Vec<KeyId>),
    /// What is kept of a key was changed, or is gone.
    Damaged(SealError),
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(ids) => {
                let ids: Vec<String> = ids.iter().map(KeyId::to_string).collect();
                write!(
                    formatter,
                    "wrong key: this database is in use with {}, which is neither ORGATE_SECRET_KEY nor among \
                     ORGATE_OTHER_SECRET_KEYS; docs/operate/rotate-keys.md says how a key is replaced",
                    ids.join(" and ")
                )
            }
            Self::Damaged(reason) => write!(formatter, "what the database keeps of its secret key: {reason}"),
        }
    }
}

impl std::error::Error for KeyError {}

/// Looks whether every key that the database is in use with is here, and counts the one that seals among them. A new
/// database is in use with that one alone.
///
/// *Errors*: those of the store. The answer says why the node must not start (T-SEC-1).
pub(crate) async fn hold(
    store: &Store,
    sealer: &Arc<Sealer>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Result<(), KeyError>, Error> {
    let own = match own(sealer, now, entropy) {
        Ok(own) => own,
        Err(reason) => return Ok(Err(KeyError::Damaged(reason))),
    };
    store
        .write((Arc::clone(sealer), own, now), |tx, (sealer, own, now)| {
            Box::pin(async move {
                let mut instance = tx.instance();
                let is_new = instance.find_instance().await?.is_none();
                let held = check(sealer, is_new, &instance.list_secret_keys().await?);
                if is_new {
                    let first = Instance { created_at: *now, epoch_at: Timestamp::from_millis(0), backed_up_at: None };
                    instance.insert_instance(&first).await?;
                }
                if held.is_ok() {
                    instance.insert_secret_key(own).await?;
                }
                Ok(held)
            })
        })
        .await
}

/// The same for whoever writes nothing with a key: none is counted.
///
/// *Errors*: as [`hold`].
pub(crate) async fn look(store: &Store, sealer: &Arc<Sealer>) -> Result<Result<(), KeyError>, Error> {
    store
        .read(Arc::clone(sealer), |tx, sealer| {
            Box::pin(async move {
                let mut instance = tx.instance();
                let is_new = instance.find_instance().await?.is_none();
                Ok(check(sealer, is_new, &instance.list_secret_keys().await?))
            })
        })
        .await
}

fn own(sealer: &Sealer, now: Timestamp, entropy: &dyn Entropy) -> Result<SecretKeyInUse, SealError> {
    let id = sealer.key_id().as_bytes().to_vec();
    Ok(SecretKeyInUse { id, key_check: sealer.key_check(entropy)?, since_at: now })
}

fn check(sealer: &Sealer, is_new: bool, in_use: &[SecretKeyInUse]) -> Result<(), KeyError> {
    if in_use.is_empty() && !is_new {
        return Err(KeyError::Damaged(SealError::Malformed));
    }
    let mut missing = Vec::new();
    for key in in_use {
        match sealer.verify_key(&key.key_check) {
            Ok(()) => {}
            Err(SealError::OtherKey) => missing.extend(Sealer::key_of(&key.key_check)),
            Err(reason @ (SealError::Malformed | SealError::NotAuthentic | SealError::TooLong)) => {
                return Err(KeyError::Damaged(reason));
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(KeyError::Missing(missing)) }
}

/// Whether what is under a strange key may be another node's: a key is in use that this node does not have, or what is kept of the keys
/// does not say.
///
/// *Errors*: those of the store.
pub(crate) async fn lacks_one(app: &App) -> Result<bool, Error> {
    let in_use = app
        .store
        .read((), |tx, ()| Box::pin(async move { Ok::<_, Error>(tx.instance().list_secret_keys().await?) }))
        .await?;
    Ok(check(&app.sealer, false, &in_use).is_err())
}

/// Counts the key that this node seals with among those in use again, when it was replaced from elsewhere meanwhile: what it
/// seals has to be moved once more, and a node without it must not start. How often that happened: never, or once.
///
/// *Errors*: those of the store; [`SealError::OtherKey`] when a key came into use meanwhile that is not here, for then this node
/// would not start, and leaves what is under that key to the others.
pub async fn insist(app: &App) -> Result<u64, Error> {
    let own = own(&app.sealer, app.now(), &*app.entropy)?;
    let known = app
        .store
        .read((), |tx, ()| Box::pin(async move { Ok::<_, Error>(tx.instance().list_secret_keys().await?) }))
        .await?;
    let mut counted = 0;
    if known.iter().all(|key| key.id != own.id) {
        tracing::error!(
            key.id = %app.sealer.key_id(),
            "the secret key of this node was replaced from elsewhere: give it the new one, and run orgate keys rotate again"
        );
        let insert = app.store.write(own, |tx, own| {
            Box::pin(async move { Ok::<_, Error>(u64::from(tx.instance().insert_secret_key(own).await?)) })
        });
        counted = insert.await?;
    }
    check(&app.sealer, false, &known).map_err(|reason| match reason {
        KeyError::Missing(_) => SealError::OtherKey,
        KeyError::Damaged(reason) => reason,
    })?;
    Ok(counted)
}

/// Where a value that is to be sealed anew is bound to: what its use case said when it sealed it.
fn place(value: &SealedValue) -> Place<'_> {
    Place { table: value.column.table(), column: value.column.column(), row: &value.row, tenant: &value.tenant }
}
