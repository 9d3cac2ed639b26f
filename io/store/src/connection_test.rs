//! Owns the rows of test sign-ins through a revision (R-SSO-6).

use orgate_core::id::{ConnectionId, ConnectionTestId, RevisionId, UserId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::org::OrgTx;
use crate::value::Row;

/// One test sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionTest {
    /// Which one.
    pub id: ConnectionTestId,
    /// Through which connection.
    pub connection_id: ConnectionId,
    /// With which revision's settings.
    pub revision_id: RevisionId,
    /// The Owner who started it.
    pub started_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be finished.
    pub expires_at: Timestamp,
    /// When it was.
    pub finished_at: Option<Timestamp>,
    /// How it ended, in the word of the API.
    pub outcome: Option<String>,
    /// What its page shows, sealed: claims are personal.
    pub sealed_result: Option<Vec<u8>>,
}

macro_rules! columns {
    () => {
        "id, connection_id, revision_id, started_by, created_at, expires_at, finished_at, outcome, sealed_result"
    };
}

/// What a person started and can still finish (R-ORG-6): what is counted beforehand is what is revoked then.
macro_rules! started_and_open {
    () => {
        "organization_id = $1 and started_by = $2 and finished_at is null and expires_at > $3"
    };
}

fn read(row: &Row<'_>) -> Result<ConnectionTest, StoreError> {
    Ok(ConnectionTest {
        id: row.get("id")?,
        connection_id: row.get("connection_id")?,
        revision_id: row.get("revision_id")?,
        started_by: row.get("started_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        finished_at: row.get("finished_at")?,
        outcome: row.get("outcome")?,
        sealed_result: row.get("sealed_result")?,
    })
}

impl OrgTx<'_> {
    /// Remembers a test that is to be run.
    pub async fn insert_connection_test(&mut self, test: &ConnectionTest) -> Result<(), StoreError> {
        let sql =
            "insert into connection_tests (organization_id, id, connection_id, revision_id, started_by, created_at,
                expires_at)
            values ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            (&test.id).into(),
            (&test.connection_id).into(),
            (&test.revision_id).into(),
            (&test.started_by).into(),
            test.created_at.into(),
            test.expires_at.into(),
        ];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A test by id, finished or not.
    pub async fn find_connection_test(&mut self, id: &ConnectionTestId) -> Result<Option<ConnectionTest>, StoreError> {
        let sql = concat!("select ", columns!(), " from connection_tests where organization_id = $1 and id = $2");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// The latest test of a connection.
    pub async fn find_latest_connection_test(
        &mut self,
        connection_id: &ConnectionId,
    ) -> Result<Option<ConnectionTest>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from connection_tests where organization_id || '' = $1 and connection_id = $2 order by id desc limit 1"
        );
        self.query_optional(sql, &[connection_id.into()], read).await
    }

    /// Finishes a test, once. `false` when it is finished or has expired.
    pub async fn finish_connection_test(
        &mut self,
        id: &ConnectionTestId,
        outcome: &str,
        sealed_result: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update connection_tests set finished_at = $5, outcome = $3, sealed_result = $4
            where organization_id = $1 and id = $2 and finished_at is null and expires_at > $5";
        self.changed(sql, &[id.into(), outcome.into(), sealed_result.into(), now.into()]).await
    }

    /// How many tests that a person started can still be finished.
    pub async fn count_tests_started_by(&mut self, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
        let sql = concat!("select count(*) from connection_tests where ", started_and_open!());
        self.count(sql, &[user_id.into(), now.into()]).await
    }

    /// Lets no unfinished test that a person started be finished (R-ORG-6).
    pub async fn revoke_tests_started_by(&mut self, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
        let sql = concat!("update connection_tests set expires_at = $3 where ", started_and_open!());
        self.execute(sql, &[user_id.into(), now.into()]).await
    }
}
