//! Owns bringing the schema of a PostgreSQL database up to date while nodes serve: one step a transaction, one program at a
//! time, for as long as a step takes, and without holding up others for long.

use std::time::Duration;

use orgate_core::time::Timestamp;

use super::{Connection, Postgres, waited_in_vain};
use crate::error::StoreError;
use crate::migrate::{self, Dialect, Migrate, Migration};
use crate::schema::{self, Found};

/// The limits of a session are for statements that people wait for. An index over a large table takes as long as it takes, and
/// so does another program that migrates: the advisory lock, of a number that no other program uses, serialises them.
/// What a step changes it asks for in this time or gives way: whoever comes after it waits behind it meanwhile.
const BEGIN: &str = "begin; set local statement_timeout = 0; set local lock_timeout = 0;
    select pg_advisory_xact_lock(7209114816321); set local lock_timeout = '2s'";
/// A step that programs of before would notice comes while none of their writes is under way; each holds this table (see `Begin`).
const ALONE: &str = "lock table schema_migrations in exclusive mode";
/// How often a step gives way: with the pauses and its waits, for a minute and a half.
const TRIES: u32 = 30;
/// In which those who waited behind it have their turn.
const PAUSE: Duration = Duration::from_secs(1);

/// Applies what is missing, and says what is there then.
///
/// *Errors*: as [`migrate::missing`]; [`StoreError::Unavailable`] also when a step gave way to others again and again.
pub(super) async fn migrate(
    postgres: &Postgres,
    steps: &[Migration],
    migrate: Migrate,
    now: Timestamp,
) -> Result<Found, StoreError> {
    if migrate == Migrate::Check {
        let (mut connection, _) = postgres.begin("begin").await?;
        let found = connection.schema().await?;
        connection.end("commit").await?;
        return migrate::missing(steps, found, migrate).map(|_| found);
    }
    let mut gave_way = 0;
    loop {
        let mut connection = postgres.connect().await?;
        match one_step(&mut connection, steps, now).await {
            Ok(Step::Applied) => gave_way = 0,
            Ok(Step::None(found)) => return Ok(found),
            Err(error) if connection.collided && gave_way < TRIES => {
                gave_way += 1;
                tracing::warn!("a step of the schema gave way to others and is tried again: {error}");
                drop(connection);
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if connection.collided => {
                return Err(StoreError::unavailable(format!(
                    "a step of the schema waited in vain for others, again and again: end what has a transaction open for \
                     long, such as a dump, and start it anew ({error})"
                )));
            }
            Err(error) => return Err(error),
        }
    }
}

enum Step {
    Applied,
    /// There is none to apply; what was found.
    None(Found),
}

async fn one_step(connection: &mut Connection, steps: &[Migration], now: Timestamp) -> Result<Step, StoreError> {
    connection.unfinished = true;
    connection.long(BEGIN).await?;
    connection.long(migrate::CREATE_TABLE).await?;
    let found = connection.schema().await?;
    let next = migrate::missing(steps, found, Migrate::Apply)?.next();
    if let Some(step) = next {
        if step.is_noticed() {
            connection.long(ALONE).await?;
        }
        connection.long(&step.statements(Dialect::Postgres)).await?;
        let (sql, values) = step.note(now);
        connection.execute(sql, &values).await?;
        tracing::info!(schema.version = step.version, schema.step = step.name, "a step of the schema is applied");
    }
    connection.long("commit").await?;
    connection.unfinished = false;
    Ok(next.map_or(Step::None(found), |_| Step::Applied))
}

impl Connection {
    /// Runs statements that take as long as they take. Whether the server is still there is the connection's own business.
    async fn long(&mut self, sql: &str) -> Result<(), StoreError> {
        let was_open = self.starts();
        let answer = self.client()?.batch_execute(sql).await;
        self.collided |= answer.as_ref().is_err_and(waited_in_vain);
        self.settle(Ok(answer), was_open)
    }

    /// What the schema says of itself; nothing when there is none.
    async fn schema(&mut self) -> Result<Found, StoreError> {
        let exists = "select cast(tablename as text) from pg_tables
            where schemaname = current_schema() and tablename = 'schema_migrations'";
        if self.query(exists, &[], |row| row.at::<String>(0)).await?.is_empty() {
            return Ok(Found::default());
        }
        let newest = "select coalesce(max(version), 0) from schema_migrations";
        let version = self.query(newest, &[], |row| row.at(0)).await?.pop().unwrap_or(0);
        if version < schema::SAYS_SO_SINCE {
            return Ok(Found::silent(version));
        }
        Ok(Found::all(self.query(schema::STEPS, &[], Found::read).await?))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// The limits that a statement of a write has, and what a migration's statements found.
    const LIMITS: &str = "select current_setting('statement_timeout'), current_setting('lock_timeout')";
    const NOTED: &str = "select statements, locks from limits";

    #[tokio::test]
    async fn u1_a_step_takes_as_long_as_it_takes_and_asks_for_its_tables_for_two_seconds() {
        let Some(database) = orgate_testkit::postgres::empty().await else { return };
        let postgres = Postgres::connect_to(database.url(), 1, &[], (Arc::default(), Arc::default())).unwrap();
        let note = "create table limits as select current_setting('statement_timeout') as statements,
            current_setting('lock_timeout') as locks";
        let steps = [Migration::common(1, "limits", note)];
        let now = Timestamp::from_millis(0);
        assert_eq!(migrate(&postgres, &steps, Migrate::Apply, now).await.unwrap(), Found::silent(1));
        let mut connection = postgres.connect().await.unwrap();
        for (sql, expected) in [(NOTED, ["0", "2s"]), (LIMITS, ["10s", "5s"])] {
            let read = |row: &crate::value::Row<'_>| Ok([row.at::<String>(0)?, row.at::<String>(1)?]);
            assert_eq!(connection.query(sql, &[], read).await.unwrap(), [expected.map(str::to_owned)], "{sql}");
        }
        drop(connection);
        database.remove().await;
    }
}
