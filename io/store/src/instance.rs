//! Owns [`InstanceTx`]: the view of the whole deployment. People, sessions and attempts belong to no organization and
//! are reached here; a query over organizations' rows says in its doc why it may cross them. The statements are in the
//! nouns' files; the row of the deployment itself is here.

use orgate_core::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};

/// The view of the whole deployment.
pub struct InstanceTx<'t> {
    tx: &'t mut Tx,
}

/// What is remembered about this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// When it was first started.
    pub created_at: Timestamp,
    /// Sessions begun before this moment are over: it was restored from a backup (T-SEC-5).
    pub epoch_at: Timestamp,
    /// Of which moment this database is a copy that was not restored yet: no program serves it.
    pub backed_up_at: Option<Timestamp>,
}

impl<'t> InstanceTx<'t> {
    pub(crate) fn new(tx: &'t mut Tx) -> Self {
        Self { tx }
    }

    /// Remembers a new deployment.
    ///
    /// *Errors*: [`StoreError::Conflict`] when there is one already.
    pub async fn insert_instance(&mut self, instance: &Instance) -> Result<(), StoreError> {
        let sql = "insert into instance (id, created_at, epoch_at, backed_up_at) values (1, $1, $2, $3)";
        let values = [instance.created_at.into(), instance.epoch_at.into(), instance.backed_up_at.into()];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// The deployment, unless the database is new.
    pub async fn find_instance(&mut self) -> Result<Option<Instance>, StoreError> {
        let sql = "select created_at, epoch_at, backed_up_at from instance where id = 1";
        self.query_optional(sql, &[], |row| {
            Ok(Instance {
                created_at: row.get("created_at")?,
                epoch_at: row.get("epoch_at")?,
                backed_up_at: row.get("backed_up_at")?,
            })
        })
        .await
    }

    pub(crate) async fn query<T, R>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: R,
    ) -> Result<Vec<T>, StoreError>
    where
        R: FnMut(&Row<'_>) -> Result<T, StoreError> + Send,
    {
        self.tx.query(sql, values, read).await
    }

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
        self.tx.query_optional(sql, values, read).await
    }

    pub(crate) async fn count(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.tx.count(sql, values).await
    }

    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.tx.execute(sql, values).await
    }

    /// Runs a statement that changes one row or none, and says whether it did.
    pub(crate) async fn changed(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        Ok(self.execute(sql, values).await? > 0)
    }
}
