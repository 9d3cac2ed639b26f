//! Owns [`OrgTx`]: one organization's view of a transaction. Every statement that it runs gets the organization's id
//! as `$1`, bound here; a statement that does not use it is refused by PostgreSQL, so by the suite that runs every one
//! on both engines. The statements are in the nouns' files.
//!
//! Some compare `organization_id || '' = $1`, which no index answers: without statistics SQLite may otherwise go through everything
//! of the organization, a million rows in a large one, where another column picks a few. `tests/conformance/scans.rs` finds those that
//! need it (decision 29).

use orgate_core::id::OrganizationId;

use crate::db::Tx;
use crate::error::StoreError;
use crate::value::{Row, Value};

/// One organization's view of a transaction.
pub struct OrgTx<'t> {
    tx: &'t mut Tx,
    organization_id: &'t OrganizationId,
}

impl<'t> OrgTx<'t> {
    pub(crate) fn new(tx: &'t mut Tx, organization_id: &'t OrganizationId) -> Self {
        Self { tx, organization_id }
    }

    /// The organization that this view is of.
    pub fn id(&self) -> &'t OrganizationId {
        self.organization_id
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
        let values = bound(self.organization_id, values);
        self.tx.query(sql, &values, read).await
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
        let values = bound(self.organization_id, values);
        self.tx.query_optional(sql, &values, read).await
    }

    pub(crate) async fn count(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let values = bound(self.organization_id, values);
        self.tx.count(sql, &values).await
    }

    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let values = bound(self.organization_id, values);
        self.tx.execute(sql, &values).await
    }

    /// Runs a statement that changes one row or none, and says whether it did.
    pub(crate) async fn changed(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        Ok(self.execute(sql, values).await? > 0)
    }
}

fn bound<'v>(organization_id: &'v OrganizationId, values: &[Value<'v>]) -> Vec<Value<'v>> {
    std::iter::once(organization_id.into()).chain(values.iter().copied()).collect()
}
