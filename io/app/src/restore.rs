//! Owns putting a deployment back from a backup: what the backup does not know any more must not serve again. Sessions,
//! attempts, codes and links from before are void; what was to happen by itself waits for a person; every audit log says so.
//!
//! *Source*: T-SEC-5, R-ENF-7, R-OPS-1; decision 24.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;
pub use orgate_store::{Copied, CopyError, Voided};
use orgate_store::{Database, Incoming, Migrate, Organization, Store, StoreError, Tx};
use serde_json::json;

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::boot::{BootError, boot_to_restore};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::error::{Error, Fault};
use crate::jobs;
use crate::organization::DELETION_DELAY;
use crate::settings::Settings;
use crate::sign_in::second_factor::totp;

/// How many organizations are read at once.
const PAGE: u32 = 200;

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Of which moment the state is: the backup's, or when its audit log was last written to.
    pub state_of: Option<Timestamp>,
    /// What became void.
    pub voided: Voided,
    /// Short names of organizations whose trial of enforcement goes on for good.
    pub trials: Vec<String>,
    /// Short names of organizations whose deletion begins its seven days anew.
    pub deletions: Vec<String>,
    /// Domains that are looked at again.
    pub domains: u64,
    /// Organizations whose log says so.
    pub organizations: u64,
}

/// Why nothing was restored.
#[derive(Debug)]
pub enum RestoreError {
    /// A file is for an embedded database; PostgreSQL's own tools put its backups back.
    Postgres,
    /// The database to be marked is not there, or is none of Orgate's.
    NoDatabase,
    /// A program has it open.
    InUse,
    /// The file cannot be taken, or the place not.
    Copy(CopyError),
    /// The database does not open: another key, for example.
    Boot(BootError),
    /// It was undone half way.
    Failed(Error),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => formatter.write_str(
                "this deployment is on PostgreSQL, whose own tools put a backup back (pg_restore, or recovery to a point in \
                 time); afterwards run `orgate restore --in-place`. docs/operate/backup.md has the steps",
            ),
            Self::NoDatabase => formatter.write_str("there is no database of Orgate at ORGATE_DATABASE_URL"),
            Self::InUse => formatter.write_str(
                "a program has the database open: stop every node, for nobody may come in before this is done",
            ),
            Self::Copy(source) => write!(formatter, "nothing was restored: {source}"),
            Self::Boot(source) => write!(formatter, "nothing was restored: {source}"),
            Self::Failed(source) => write!(formatter, "nothing was restored: {source}"),
        }
    }
}

impl std::error::Error for RestoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Postgres | Self::NoDatabase | Self::InUse => None,
            Self::Copy(source) => Some(source),
            Self::Boot(source) => Some(source),
            Self::Failed(source) => Some(source),
        }
    }
}

/// Puts the file `from` where the settings say the database is, marked as restored before it has that name. An older schema
/// is brought up to date. The file itself stays as it is.
///
/// *Errors*: [`RestoreError`]; then there is no database, as before.
pub async fn from_file(
    settings: Settings,
    from: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<(Copied, Restored), RestoreError> {
    let Database::Sqlite { path } = settings.store.database.clone() else { return Err(RestoreError::Postgres) };
    let from = from.to_owned();
    let incoming = blocking(move || Incoming::read(&from, &path)).await?;
    let restored = mark_at(settings, incoming.path().to_owned(), clock, entropy).await?;
    let contents = incoming.contents().clone();
    blocking(move || incoming.place()).await?;
    Ok((contents, restored))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CopyError> + Send + 'static,
) -> Result<T, RestoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| RestoreError::Failed(Error::Fault(Fault::Impossible("work on files ended in a panic"))))?
        .map_err(RestoreError::Copy)
}

async fn mark_at(
    mut settings: Settings,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Restored, RestoreError> {
    settings.store.database = Database::Sqlite { path };
    settings.store.migrate = Migrate::Apply;
    let app = boot_to_restore(settings, clock, entropy).await.map_err(RestoreError::Boot)?;
    let restored = mark(&app).await.map_err(RestoreError::Failed);
    jobs::end(&app).await;
    restored
}

/// A database of ours that is where the settings say, and that nobody had open a moment ago.
pub struct Ready(Settings);

/// Marks a database as restored, which somebody has put there by other means. An older schema is brought up to date.
///
/// *Errors*: [`RestoreError`]; then nothing was changed but the schema.
pub async fn in_place(
    ready: Ready,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Restored, RestoreError> {
    let Ready(mut settings) = ready;
    settings.store.migrate = Migrate::Apply;
    let app = boot_to_restore(settings, clock, entropy).await.map_err(RestoreError::Boot)?;
    let restored = mark(&app).await.map_err(RestoreError::Failed)?;
    // No program serves, so nobody else would chain the events.
    jobs::end(&app).await;
    Ok(restored)
}

/// Looks whether there is a database of ours that nobody has open. It is not made here, and a newer one is none that this
/// program can mark.
///
/// *Errors*: [`RestoreError::NoDatabase`], [`RestoreError::InUse`], [`RestoreError::Boot`].
pub async fn ready(settings: Settings, clock: &dyn Clock) -> Result<Ready, RestoreError> {
    if matches!(&settings.store.database, Database::Sqlite { path } if !path.is_file()) {
        return Err(RestoreError::NoDatabase);
    }
    let broken = |error| RestoreError::Boot(BootError::Store(error));
    if Store::is_in_use_elsewhere(&settings.store).await.map_err(broken)? {
        return Err(RestoreError::InUse);
    }
    let mut looking = settings.store.clone();
    looking.migrate = Migrate::Check;
    match Store::open(&looking, clock.now()).await {
        Ok(store) => store.require_known_schema().map_err(broken).map(|()| Ready(settings)),
        Err(StoreError::NotMigrated { found, .. }) if found > 0 => Ok(Ready(settings)),
        Err(StoreError::NotMigrated { .. }) => Err(RestoreError::NoDatabase),
        Err(error) => Err(broken(error)),
    }
}

/// Makes void what a backup does not know any more, in one transaction.
///
/// *Errors*: those of the store. *Source*: T-SEC-5.
pub async fn mark(app: &App) -> Result<Restored, Error> {
    app.store.write_long(app.clone(), |tx, app| Box::pin(async move { begin_anew(tx, app).await })).await
}

async fn begin_anew(tx: &mut Tx, app: &App) -> Result<Restored, Error> {
    let now = app.now();
    let mut instance = tx.instance();
    let known = instance.find_instance().await?.and_then(|instance| instance.backed_up_at);
    let state_of = known.or(instance.find_last_sealed().await?);
    let voided = instance.void_one_time_secrets(now, totp::first_unshown_step(now)).await?;
    let (trials, deletions) =
        (instance.keep_trials().await?, instance.postpone_deletions(now.plus(DELETION_DELAY)).await?);
    let domains = instance.recheck_domains(now).await?;
    if !instance.begin_anew(now).await? {
        return Err(Error::Fault(Fault::Impossible("a deployment without its row")));
    }
    let mut restored =
        Restored { state_of, voided, trials: Vec::new(), deletions: Vec::new(), domains, organizations: 0 };
    tell_instance(tx, app, &restored).await?;
    let mut after: Option<OrganizationId> = None;
    loop {
        let page = tx.instance().list_organizations(after.as_ref(), PAGE).await?;
        after = page.items.last().map(|organization| organization.id.clone());
        for organization in &page.items {
            tell(tx, app, organization, "organization.restored", json!({ "state_of": moment(state_of) })).await?;
            if trials.contains(&organization.id) {
                tell(tx, app, organization, "enforcement.trial-kept", serde_json::Value::Null).await?;
                restored.trials.push(organization.slug.clone());
            }
            if deletions.contains(&organization.id) {
                let data = json!({ "deletes_at": now.plus(DELETION_DELAY).to_rfc3339() });
                tell(tx, app, organization, "organization.deletion-postponed", data).await?;
                restored.deletions.push(organization.slug.clone());
            }
            restored.organizations += 1;
        }
        if !page.has_more {
            return Ok(restored);
        }
    }
}

async fn tell_instance(tx: &mut Tx, app: &App, restored: &Restored) -> Result<(), Error> {
    let Voided { sessions, attempts, codes, links, invitations, recovery_codes, mails } = restored.voided;
    let event = Event::done("instance.restored").data(json!({
        "state_of": moment(restored.state_of),
        "sessions": sessions,
        "attempts": attempts,
        "codes": codes,
        "links": links,
        "invitations": invitations,
        "recovery_codes": recovery_codes,
        "mails": mails,
    }));
    audit::record(tx, app, None, None, &Author::operator(), event).await
}

async fn tell(
    tx: &mut Tx,
    app: &App,
    organization: &Organization,
    action: &'static str,
    data: serde_json::Value,
) -> Result<(), Error> {
    let event = Event::done(action).target(&organization.id, &organization.name).data(data);
    audit::record(tx, app, None, Some(&organization.id), &Author::operator(), event).await
}

fn moment(state_of: Option<Timestamp>) -> String {
    state_of.map_or_else(|| "an unknown moment".to_owned(), Timestamp::to_rfc3339)
}
