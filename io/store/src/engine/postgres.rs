//! Owns the engine for several nodes: the pool and retries of serialisation failures. It does not own SQL.

mod migrating;
mod way;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use orgate_core::time::Timestamp;
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::db::{Tx, WAIT_LIMIT};
use crate::error::{Constraint, StoreError};
use crate::migrate::{MIGRATIONS, Migrate};
use crate::organization_cache::OrganizationCache;
use crate::schema::{Found, Standing, what_schema};
use crate::value::{Row, Value};

/// How long one of several hosts may take to be reached unless the address says so: so that the one after a host that lost its
/// power has its turn within [`WAIT_LIMIT`].
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// Longer than the server's own limit below, for servers that do not answer at all.
const STATEMENT_LIMIT: Duration = Duration::from_secs(12);
const SESSION_SETTINGS: &str = "set statement_timeout = '10s'; set lock_timeout = '5s';
    set idle_in_transaction_session_timeout = '15s'";
const BEGIN_READ: &str = "begin isolation level repeatable read, read only";
/// With the pauses of [`pause`] and the waits for a turn alone, these tries take about five seconds.
const TRIES: u32 = 8;
/// So many tries among others before a write asks to be alone.
const TRIES_AMONG_OTHERS: u32 = 4;
/// How a write begins. Every write holds a table that nobody else locks, side by side with the others; one that lost to them
/// again and again asks for it alone, waits for those under way and has none beside it. `lock table` is what makes this work:
/// unlike a select it takes no snapshot, so what the transaction sees begins after the wait. Short writes would otherwise
/// starve a long one for as long as they keep coming. Then it reads what the schema says of itself ([`crate::schema::STEPS`]): a
/// step that this program would notice holds the same table alone, so it comes before the whole of a write or after it.
struct Begin {
    among_others: &'static str,
    alone: &'static str,
}

const WRITE: Begin = Begin {
    among_others: concat!(
        "begin isolation level serializable; lock table schema_migrations in row share mode; ",
        what_schema!()
    ),
    alone: concat!(
        "begin isolation level serializable; set local lock_timeout = '1s';
        lock table schema_migrations in exclusive mode; set local lock_timeout = '5s'; ",
        what_schema!()
    ),
};
const APART: Begin = Begin {
    among_others: concat!(
        "begin isolation level read committed; lock table schema_migrations in row share mode; ",
        what_schema!()
    ),
    alone: WRITE.alone,
};

/// A pool of connections to a PostgreSQL server.
pub(crate) struct Postgres {
    pool: Pool,
    standing: Arc<Standing>,
    /// Spreads the pauses of transactions that collided, without asking for randomness.
    retries: AtomicU64,
}

impl Postgres {
    /// Connects. The database is not looked at yet: [`Postgres::migrate`] comes first.
    pub(crate) fn connect_to(
        url: &str,
        pool_size: usize,
        extra_roots: &[CertificateDer<'static>],
        (standing, organizations): (Arc<Standing>, Arc<OrganizationCache>),
    ) -> Result<Self, StoreError> {
        Ok(Self { pool: pool(url, pool_size, extra_roots, organizations)?, standing, retries: AtomicU64::new(0) })
    }

    /// Brings the schema up to date; says what schema it is.
    pub(crate) async fn migrate(&self, migrate: Migrate, now: Timestamp) -> Result<Found, StoreError> {
        migrating::migrate(self, MIGRATIONS, migrate, now).await
    }

    /// Whether a program of ours is connected to the database; only those of the same role are seen.
    pub(crate) async fn is_in_use(url: &str, extra_roots: &[CertificateDer<'static>]) -> Result<bool, StoreError> {
        let alone = Self::connect_to(url, 1, extra_roots, (Arc::default(), Arc::default()))?;
        let sql = "select count(*) from pg_stat_activity where datname = current_database()
            and application_name = 'orgate' and pid <> pg_backend_pid()";
        Ok(alone.one_shot(sql, &[], |row| row.at::<u64>(0)).await?.pop().is_some_and(|count| count > 0))
    }

    /// Runs a read on one snapshot.
    pub(crate) async fn read<I, T, E, F>(&self, input: &I, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> FnOnce(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>>,
    {
        let (connection, _) = self.begin(BEGIN_READ).await?;
        let mut tx = Tx::on_postgres(connection);
        let outcome = work(&mut tx, input).await;
        tx.postgres()?.end("commit").await?;
        tx.judge(outcome)
    }

    /// Runs a write, again and again while it collides with others.
    pub(crate) async fn write<I, T, E, F>(&self, input: &I, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>>,
    {
        self.write_at(WRITE, input, work).await
    }

    /// Runs a write that is guarded by the row that it changes first: it collides with no reader of the others.
    pub(crate) async fn write_apart<I, T, E, F>(&self, input: &I, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>>,
    {
        self.write_at(APART, input, work).await
    }

    async fn write_at<I, T, E, F>(&self, begin: Begin, input: &I, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>>,
    {
        let mut looked_twice = false;
        for attempt in 0..TRIES {
            let text = if attempt < TRIES_AMONG_OTHERS { begin.among_others } else { begin.alone };
            let (connection, found) = self.begin(text).await?;
            if connection.collided {
                // Somebody held their turn for longer than a write may take: as well to be among the others again.
                continue;
            }
            self.standing.notice(found)?;
            let mut tx = Tx::on_postgres(connection);
            let outcome = AssertUnwindSafe(work(&mut tx, input)).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err(StoreError::fault("a transaction panicked").into()));
            let outcome = tx.judge(outcome);
            let connection = tx.postgres()?;
            let ended = if outcome.is_ok() { connection.keep().await } else { connection.end("rollback").await };
            // A row that somebody committed since this transaction began is refused as one that exists already: whoever looked
            // for it before did not see it. One that is still in the way at the second look was there.
            let looks_again = connection.met_a_row && !std::mem::replace(&mut looked_twice, true);
            if !connection.collided && !looks_again {
                return ended.map_err(E::from).and(outcome);
            }
            metrics::counter!("orgate_store_retries_total").increment(1);
            let number = self.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause(attempt, number)).await;
        }
        Err(StoreError::unavailable("the write kept colliding with others").into())
    }

    /// Runs one statement by itself; it is its own transaction.
    pub(crate) async fn one_shot<T, R>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError>,
    {
        let mut connection = self.connect().await?;
        connection.query(sql, values, read).await
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        let client = self.pool.get().await.map_err(|error| StoreError::unavailable(no_connection(&error)))?;
        Ok(Connection { client: Some(client), unfinished: false, collided: false, met_a_row: false })
    }

    async fn begin(&self, begin: &'static str) -> Result<(Connection, Found), StoreError> {
        let mut connection = self.connect().await?;
        match connection.begin(begin).await {
            Ok(found) => Ok((connection, found)),
            Err(_) if connection.collided => Ok((connection, Found::default())),
            Err(_) => {
                // The server may have closed an idle connection; nothing has been done on it yet, so another one may try. It
                // is let go first: where all are in the same hands, nobody else gives one back.
                drop(connection);
                let mut another = self.connect().await?;
                let found = another.begin(begin).await?;
                Ok((another, found))
            }
        }
    }
}

/// One connection, on loan from the pool.
pub(crate) struct Connection {
    client: Option<Object>,
    /// A transaction is open, or a statement was given up half way: the connection must not go back to the pool.
    unfinished: bool,
    /// The server asked to try the whole transaction again.
    collided: bool,
    /// The server said that such a row exists already.
    met_a_row: bool,
}

impl Connection {
    /// Runs a query and reads every row.
    pub(crate) async fn query<T, R>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError>,
    {
        let was_open = self.starts();
        let client = self.client()?;
        let work = async {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, &parameters(values)).await
        };
        let answer = timeout(STATEMENT_LIMIT, work).await;
        self.settle(answer, was_open)?.iter().map(|row| read(&Row::from(row))).collect()
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let was_open = self.starts();
        let client = self.client()?;
        let work = async {
            let statement = client.prepare_cached(sql).await?;
            client.execute(&statement, &parameters(values)).await
        };
        let answer = timeout(STATEMENT_LIMIT, work).await;
        self.settle(answer, was_open)
    }

    async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        let was_open = self.starts();
        let answer = timeout(STATEMENT_LIMIT, self.client()?.batch_execute(sql)).await;
        self.settle(answer, was_open)
    }

    /// From now until the answer is there the connection is not to go back, whoever stops waiting; whether it was so before.
    fn starts(&mut self) -> bool {
        std::mem::replace(&mut self.unfinished, true)
    }

    /// Begins a transaction; what the schema says of itself, if `begin` asks for it.
    async fn begin(&mut self, begin: &'static str) -> Result<Found, StoreError> {
        self.unfinished = true;
        let begun = timeout(STATEMENT_LIMIT, self.client()?.simple_query(begin)).await;
        self.collided = matches!(&begun, Ok(Err(error)) if waited_in_vain(error));
        if let Ok(Err(error)) = &begun
            && error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
        {
            // A standby reads at no level at which this program writes.
            return Err(StoreError::unavailable(detail(error)));
        }
        Ok(Found::all(self.settle(begun, true)?.iter().filter_map(step)))
    }

    async fn end(&mut self, end: &'static str) -> Result<(), StoreError> {
        let ended = self.batch(end).await;
        self.unfinished = ended.is_err();
        ended
    }

    /// Commits a write. Without a word of the server that it did not, nobody knows.
    async fn keep(&mut self) -> Result<(), StoreError> {
        let answer = timeout(STATEMENT_LIMIT, self.client()?.batch_execute("commit")).await;
        let was_refused = matches!(&answer, Ok(Err(error)) if is_refusal(error));
        let ended = self.settle(answer, true);
        self.unfinished = ended.is_err() && !was_refused;
        ended.map_err(|error| if was_refused { error } else { StoreError::in_doubt(error) })
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client.as_ref().ok_or_else(|| StoreError::fault("the connection was given back"))
    }

    fn settle<T>(
        &mut self,
        answer: Result<Result<T, tokio_postgres::Error>, tokio::time::error::Elapsed>,
        was_open: bool,
    ) -> Result<T, StoreError> {
        let Ok(answer) = answer else {
            return Err(StoreError::unavailable("the server did not answer in time"));
        };
        self.unfinished = was_open;
        answer.map_err(|error| {
            let code = error.code();
            let again = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
            self.collided |= code.is_some_and(|code| again.contains(code));
            self.met_a_row |= code == Some(&SqlState::UNIQUE_VIOLATION);
            translate(&error)
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.unfinished
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

/// One of the rows that beginning a write answers.
fn step(message: &SimpleQueryMessage) -> Option<Found> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let number = |column: usize| row.get(column)?.parse().ok();
    Some(Found { version: number(0)?, oldest: number(1)? })
}

/// Whether the server took the transaction back and goes on: an ordinary error. What ends its connection leaves open what became
/// of the commit, and so does what says as much of itself.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let unknown = [SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN, SqlState::TRANSACTION_RESOLUTION_UNKNOWN];
    error
        .as_db_error()
        .is_some_and(|reply| reply.parsed_severity() == Some(Severity::Error) && !unknown.contains(reply.code()))
}

fn waited_in_vain(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

fn parameters<'v>(values: &'v [Value<'v>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn translate(error: &tokio_postgres::Error) -> StoreError {
    let Some(reply) = error.as_db_error() else {
        // Everything that the server did not say itself is about the way to it, save wrongly typed parameters.
        let text = detail(error);
        let by_the_way = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return if error.is_closed() || by_the_way { StoreError::unavailable(text) } else { StoreError::fault(text) };
    };
    let code = reply.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return StoreError::Conflict(Constraint::from_index(reply.constraint().unwrap_or_default()));
    }
    let text = format!("{} ({})", reply.message(), code.code());
    // Connection exceptions, lack of resources, operator intervention, collisions, locks, a standby that is read-only.
    let passing = ["08", "53", "57", "40", "55", "25", "58"];
    if passing.iter().any(|class| code.code().starts_with(class)) {
        StoreError::unavailable(text)
    } else {
        StoreError::fault(text)
    }
}

/// Why there is no connection, in words that tell an operator where to look.
fn no_connection(error: &PoolError) -> String {
    match error {
        PoolError::Timeout(TimeoutType::Wait) => "all connections were in use for too long".to_owned(),
        PoolError::Timeout(TimeoutType::Create) => TOO_SLOW.to_owned(),
        PoolError::Timeout(TimeoutType::Recycle) => "a connection did not answer in time".to_owned(),
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => detail(error),
        PoolError::PostCreateHook(HookError::Message(words)) => words.to_string(),
        PoolError::Closed | PoolError::NoRuntimeSpecified => error.to_string(),
    }
}

fn detail(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

const TOO_SLOW: &str = "the server did not take a connection in time";

fn pool(
    url: &str,
    size: usize,
    extra_roots: &[CertificateDer<'static>],
    organizations: Arc<OrganizationCache>,
) -> Result<Pool, StoreError> {
    let mut config = way::config(url)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_LIMIT);
    }
    config.application_name("orgate").tcp_user_timeout(WAIT_LIMIT);
    config.keepalives_idle(Duration::from_secs(10));
    let tls = MakeRustlsConnect::new(way::tls(extra_roots)?);
    let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let prepare = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        // It may be another server than before, to which the last changes of the old one did not come.
        organizations.forget();
        Box::pin(async move {
            // The pool's own limit is over when it calls this.
            match timeout(WAIT_LIMIT, client.batch_execute(SESSION_SETTINGS)).await {
                Ok(set) => set.map_err(HookError::Backend),
                Err(_) => Err(HookError::message(TOO_SLOW)),
            }
        })
    });
    Pool::builder(manager)
        .max_size(size.max(1))
        .wait_timeout(Some(WAIT_LIMIT))
        .create_timeout(Some(WAIT_LIMIT))
        .recycle_timeout(Some(WAIT_LIMIT))
        .runtime(Runtime::Tokio1)
        .post_create(prepare)
        .build()
        .map_err(StoreError::fault)
}

/// Longer with every attempt, up to a quarter of a second, and spread so that two that collided do not meet again.
fn pause(attempt: u32, number: u64) -> Duration {
    let ceiling = 5_u64.saturating_mul(1 << attempt.min(6)).min(250);
    let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    Duration::from_millis(ceiling / 2 + spread % (ceiling / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_keeps_colliding_gives_up_after_about_five_seconds() {
        let pauses: Duration = (0..TRIES).map(|attempt| pause(attempt, u64::from(attempt) * 7)).sum();
        let turns_alone = Duration::from_secs(u64::from(TRIES - TRIES_AMONG_OTHERS));
        assert!((3..=6).contains(&(pauses + turns_alone).as_secs()), "{pauses:?}");
    }
}
