//! Owns the seam: [`Store`], the handle on the database, and [`Tx`], one transaction, the same on both engines. SQL is
//! in the files of the nouns; outside this crate nobody can write any.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use orgate_core::id::OrganizationId;
use orgate_core::time::Timestamp;

use crate::engine::{postgres, sqlite};
use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::migrate::newest;
use crate::org::OrgTx;
use crate::organization_cache::OrganizationCache;
use crate::schema::{self, Found, Standing};
use crate::session_cache::SessionCache;
use crate::settings::{Database, StoreSettings};
use crate::value::{Row, Value};
use crate::watch::{Looked, Watch, Watcher};

/// How long anything waits for a connection or for its turn before it fails (F4).
pub(crate) const WAIT_LIMIT: Duration = Duration::from_secs(5);

/// The handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    opened: Found,
    standing: Arc<Standing>,
    organizations: Arc<OrganizationCache>,
    sessions: Arc<SessionCache>,
    watcher: Watcher,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens the database and, unless switched off, brings its schema up to date. A newer one, over which this program may
    /// run, is left as it is.
    ///
    /// *Errors*: every variant that speaks of settings, files and schema versions, or [`StoreError::Unavailable`].
    pub async fn open(settings: &StoreSettings, now: Timestamp) -> Result<Self, StoreError> {
        let (migrate, standing) = (settings.migrate, Arc::<Standing>::default());
        let organizations = Arc::<OrganizationCache>::default();
        let room = if matches!(settings.database, Database::Sqlite { .. }) { settings.session_memory } else { 0 };
        let sessions = Arc::new(SessionCache::with_room(room));
        let (engine, opened) = match &settings.database {
            Database::Sqlite { path } => {
                let shared = (Arc::clone(&standing), Arc::clone(&sessions));
                let (engine, opened) = sqlite::Sqlite::open(path, migrate, shared, now)?;
                (Engine::Sqlite(engine), opened)
            }
            Database::Postgres { url } => {
                let (size, roots) = (settings.pool_size, &settings.extra_roots);
                let shared = (Arc::clone(&standing), Arc::clone(&organizations));
                let engine = postgres::Postgres::connect_to(url, size, roots, shared)?;
                let opened = engine.migrate(migrate, now).await?;
                (Engine::Postgres(engine), opened)
            }
        };
        let known = newest();
        if opened.is_newer_than(known) {
            tracing::warn!(
                schema.version = opened.version,
                schema.known = known,
                "the schema is newer than this program, which may run over it"
            );
        }
        let (engine, watcher) = (Arc::new(engine), Watcher::default());
        Ok(Self { engine, opened, standing, organizations, sessions, watcher })
    }

    /// The version of the schema when the database was opened, if it is newer than what this program knows.
    pub fn newer_schema(&self) -> Option<i64> {
        self.opened.is_newer_than(newest()).then_some(self.opened.version)
    }

    /// For work that has to know everything that is in the database, such as all that is sealed or serves once: refused over a
    /// newer schema, which may hold more.
    ///
    /// *Errors*: [`StoreError::UnknownSchema`].
    pub fn require_known_schema(&self) -> Result<(), StoreError> {
        self.opened.must_be_known_to(newest())
    }

    /// Runs a short read on one consistent snapshot. On SQLite it runs on the calling thread.
    ///
    /// *Errors*: those of `work`, and [`StoreError::Unavailable`].
    pub async fn read<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let watched = self.begin("read")?;
        let outcome = match &*self.engine {
            Engine::Sqlite(engine) => engine.read(&input, work),
            Engine::Postgres(engine) => engine.read(&input, work).await,
        };
        watched.end(outcome.is_ok());
        outcome
    }

    /// Like [`Store::read`], for reads of many rows: on SQLite it runs on a thread made for blocking work.
    ///
    /// *Errors*: those of `work`, and [`StoreError::Unavailable`].
    pub async fn read_long<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let watched = self.begin("long read")?;
        let outcome = match &*self.engine {
            Engine::Sqlite(engine) => engine.read_long(input, work).await,
            Engine::Postgres(engine) => engine.read(&input, work).await,
        };
        watched.end(outcome.is_ok());
        outcome
    }

    /// Runs a write and returns once it is on disk. An `Err` of `work` undoes what it did. `work` may run several
    /// times and must do nothing but use its transaction; after a statement failed it can only give up.
    ///
    /// *Errors*: those of `work`, and [`StoreError::Unavailable`]; [`StoreError::InDoubt`] when the database went away
    /// during the commit.
    pub async fn write<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let watched = self.begin("write")?;
        let outcome = match &*self.engine {
            Engine::Sqlite(engine) => engine.write(input, work).await,
            Engine::Postgres(engine) => engine.write(&input, work).await,
        };
        watched.end(outcome.is_ok());
        outcome
    }

    /// Like [`Store::write`], for work that first changes one row under a condition and gives up when it did not hold: that
    /// row alone guards it. On PostgreSQL it runs at READ COMMITTED, so that it makes no other transaction collide.
    ///
    /// *Errors*: as [`Store::write`].
    pub async fn write_apart<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let watched = self.begin("write apart")?;
        let outcome = match &*self.engine {
            Engine::Sqlite(engine) => engine.write(input, work).await,
            Engine::Postgres(engine) => engine.write_apart(&input, work).await,
        };
        watched.end(outcome.is_ok());
        outcome
    }

    /// Like [`Store::write`], for the rare write of an operator that changes very many rows: on SQLite its caller waits as
    /// long as it takes, and so does everybody who writes meanwhile. On PostgreSQL each of its statements has the usual time.
    ///
    /// *Errors*: as [`Store::write`].
    pub async fn write_long<I, T, E, F>(&self, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let watched = self.begin("long write")?;
        let outcome = match &*self.engine {
            Engine::Sqlite(engine) => engine.write_long(input, work).await,
            Engine::Postgres(engine) => engine.write(&input, work).await,
        };
        watched.end(outcome.is_ok());
        outcome
    }

    /// The same store, over whose shoulder somebody looks.
    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self { watcher: Watcher::by(watch), ..self }
    }

    /// Whether another program has the database open, as far as can be known. It changes nothing.
    ///
    /// *Errors*: [`StoreError::Unavailable`], also when there is none.
    pub async fn is_in_use_elsewhere(settings: &StoreSettings) -> Result<bool, StoreError> {
        match &settings.database {
            Database::Sqlite { path } => sqlite::copy::is_in_use(path),
            Database::Postgres { url } => postgres::Postgres::is_in_use(url, &settings.extra_roots).await,
        }
    }

    /// Whether the data is on a server, and not in a file.
    pub(crate) fn has_server(&self) -> bool {
        matches!(&*self.engine, Engine::Postgres(_))
    }

    /// Begins a transaction, for whoever looks on, if nothing speaks against it.
    fn begin(&self, what: &'static str) -> Result<Looked, StoreError> {
        self.standing.hold()?;
        Ok(self.watcher.begin(what))
    }

    /// What this node remembers of organizations.
    pub(crate) fn organizations(&self) -> &OrganizationCache {
        &self.organizations
    }

    /// What this node remembers of sessions.
    pub(crate) fn sessions(&self) -> &SessionCache {
        &self.sessions
    }

    /// Asks the database for a sign of life, and whether this program may still run over it. Once it may not, everything is
    /// refused. A write asks by itself.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let steps = self.one_shot(schema::STEPS, &[], Found::read).await?;
        self.standing.notice(Found::all(steps))
    }

    /// One counting statement as its own transaction. Its first parameters are the texts.
    pub(crate) async fn one_write(
        &self,
        sql: &'static str,
        texts: &[&str],
        numbers: &[i64],
    ) -> Result<Option<u64>, StoreError> {
        self.standing.hold()?;
        match &*self.engine {
            Engine::Sqlite(engine) => {
                let texts: Vec<String> = texts.iter().copied().map(str::to_owned).collect();
                let write = engine.write((texts, numbers.to_vec()), move |tx: &mut Tx, (texts, numbers)| {
                    Box::pin(async move {
                        let texts = texts.iter().map(|text| Value::from(text.as_str()));
                        let values: Vec<Value<'_>> =
                            texts.chain(numbers.iter().map(|number| (*number).into())).collect();
                        tx.query_optional(sql, &values, |row| row.at(0)).await
                    })
                });
                write.await
            }
            Engine::Postgres(engine) => {
                let texts = texts.iter().map(|text| Value::from(*text));
                let values: Vec<Value<'_>> = texts.chain(numbers.iter().map(|number| (*number).into())).collect();
                Ok(engine.one_shot(sql, &values, |row| row.at(0)).await?.into_iter().next())
            }
        }
    }

    /// One reading statement as its own transaction: the cheapest way to ask one question.
    pub(crate) async fn one_shot<T, R>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError> + Send,
    {
        let Engine::Postgres(engine) = &*self.engine else { return self.one_shot_now(sql, values, read) };
        let watched = self.begin("statement")?;
        let outcome = engine.one_shot(sql, values, read).await;
        watched.end(outcome.is_ok());
        outcome
    }

    /// The same at once, on the embedded database alone: nothing has to be waited for.
    pub(crate) fn one_shot_now<T, R>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError>,
    {
        let watched = self.begin("statement")?;
        let outcome = match &*self.engine {
            Engine::Sqlite(engine) => engine.one_shot(sql, values, read),
            Engine::Postgres(_) => Err(StoreError::fault("a server has to be waited for")),
        };
        watched.end(outcome.is_ok());
        outcome
    }
}

/// One transaction. After a statement failed it does nothing more and cannot be kept, as on PostgreSQL so on SQLite.
pub struct Tx {
    connection: Connection,
    failed: bool,
}

enum Connection {
    Sqlite(sqlite::Connection),
    Postgres(postgres::Connection),
}

impl Tx {
    /// One organization's view: nothing of another can be seen or touched through it.
    pub fn organization<'t>(&'t mut self, id: &'t OrganizationId) -> OrgTx<'t> {
        OrgTx::new(self, id)
    }

    /// The view of the whole deployment, for the few things that span organizations.
    pub fn instance(&mut self) -> InstanceTx<'_> {
        InstanceTx::new(self)
    }

    pub(crate) fn on_sqlite(connection: sqlite::Connection) -> Self {
        Self { connection: Connection::Sqlite(connection), failed: false }
    }

    pub(crate) fn on_postgres(connection: postgres::Connection) -> Self {
        Self { connection: Connection::Postgres(connection), failed: false }
    }

    /// Makes ready for the next transaction on the same connection.
    pub(crate) fn restart(&mut self) {
        self.failed = false;
    }

    /// What becomes of a transaction: it cannot be kept when its work went on after a failed statement.
    pub(crate) fn judge<T, E: From<StoreError>>(&self, outcome: Result<T, E>) -> Result<T, E> {
        if self.failed && outcome.is_ok() {
            return Err(StoreError::fault("a transaction went on after one of its statements failed").into());
        }
        outcome
    }

    pub(crate) fn sqlite(&mut self) -> Result<&mut sqlite::Connection, StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => Ok(connection),
            Connection::Postgres(_) => Err(StoreError::fault("this transaction is on the other engine")),
        }
    }

    pub(crate) fn postgres(&mut self) -> Result<&mut postgres::Connection, StoreError> {
        match &mut self.connection {
            Connection::Postgres(connection) => Ok(connection),
            Connection::Sqlite(_) => Err(StoreError::fault("this transaction is on the other engine")),
        }
    }

    /// All rows of a query.
    pub(crate) async fn query<T, R>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError> + Send,
    {
        self.refuse_after_failure()?;
        let answer = match &mut self.connection {
            Connection::Sqlite(connection) => connection.query(sql, values, read),
            Connection::Postgres(connection) => connection.query(sql, values, read).await,
        };
        self.failed = answer.is_err();
        answer
    }

    /// The one row of a query, if there is one.
    pub(crate) async fn query_optional<T, R>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: R,
    ) -> Result<Option<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError> + Send,
        T: Send,
    {
        Ok(self.query(sql, values, read).await?.into_iter().next())
    }

    /// The one number that a counting query answers.
    pub(crate) async fn count(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        Ok(self.query_optional(sql, values, |row| row.at(0)).await?.unwrap_or(0))
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.refuse_after_failure()?;
        let answer = match &mut self.connection {
            Connection::Sqlite(connection) => connection.execute(sql, values),
            Connection::Postgres(connection) => connection.execute(sql, values).await,
        };
        self.failed = answer.is_err();
        answer
    }

    fn refuse_after_failure(&self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::fault("an earlier statement of this transaction failed"));
        }
        Ok(())
    }
}
