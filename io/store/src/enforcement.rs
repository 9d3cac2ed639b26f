//! Owns the columns of an organization that say on which terms it lets people in, what the terms were before, and the
//! number that counts their changes. What a change means for a session is decided in the core.

use orgate_core::enforcement::State;
use orgate_core::id::OrganizationId;
use orgate_core::policy::{Past, PolicyEpoch};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::value::Row;

/// The terms of an organization with all that belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How things stand.
    pub state: State,
    /// Since when it enforces SSO.
    pub since: Option<Timestamp>,
    /// Whether members needed a second factor before enforcement.
    pub mfa_before: bool,
    /// The number of the last change.
    pub epoch: PolicyEpoch,
    /// What the terms were before.
    pub past: Past,
}

fn read(row: &Row<'_>) -> Result<Terms, StoreError> {
    Ok(Terms {
        state: State {
            terms: crate::organization::read_enforcement(row)?,
            operator_recovery: row.get("operator_recovery")?,
            trial_ends_at: row.get("trial_ends_at")?,
            mfa_required: row.get("mfa_required")?,
        },
        since: row.get("enforced_since_at")?,
        mfa_before: row.get("mfa_before")?,
        epoch: row.get("policy_epoch")?,
        past: Past::new(row.get("past_terms")?, row.get("swept_epoch")?, row.get("forgotten_epoch")?),
    })
}

impl InstanceTx<'_> {
    /// Counts one more change of anybody's terms.
    ///
    /// *Errors*: [`StoreError::NotFound`] before the deployment's first start.
    pub async fn next_policy_epoch(&mut self) -> Result<PolicyEpoch, StoreError> {
        let sql = "update instance set policy_epoch = policy_epoch + 1 where id = 1 returning policy_epoch";
        let next = self.query_optional(sql, &[], |row| row.get("policy_epoch")).await?;
        next.ok_or(StoreError::NotFound { noun: "instance" })
    }

    /// How many changes there were.
    ///
    /// *Errors*: [`StoreError::NotFound`] before the deployment's first start.
    pub async fn load_policy_epoch(&mut self) -> Result<PolicyEpoch, StoreError> {
        let sql = "select policy_epoch from instance where id = 1";
        let found = self.query_optional(sql, &[], |row| row.get("policy_epoch")).await?;
        found.ok_or(StoreError::NotFound { noun: "instance" })
    }

    /// Organizations whose terms changed since the sweeper was by. The sweeper belongs to no organization.
    pub async fn list_unswept(&mut self, limit: u32) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "select id from organizations where swept_epoch < policy_epoch order by id limit $1";
        self.query(sql, &[limit.into()], |row| row.get("id")).await
    }

    /// Organizations whose trial is over unconfirmed. The job that rolls back belongs to no organization.
    pub async fn list_due_trials(&mut self, now: Timestamp, limit: u32) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "select id from organizations where trial_ends_at <= $1 order by trial_ends_at limit $2";
        self.query(sql, &[now.into(), limit.into()], |row| row.get("id")).await
    }
}

impl OrgTx<'_> {
    /// The terms.
    ///
    /// *Errors*: [`StoreError::NotFound`].
    pub async fn load_terms(&mut self) -> Result<Terms, StoreError> {
        let sql = "select active_connection_id, connection_since_at, enforced, enforced_since_at, owner_exemption,
                owner_second_factor, mfa_required, operator_recovery, trial_ends_at, mfa_before, policy_epoch,
                past_terms, swept_epoch, forgotten_epoch
            from organizations where id = $1";
        self.query_optional(sql, &[], read).await?.ok_or(StoreError::NotFound { noun: "organization" })
    }

    /// Writes the terms, if nothing changed them since `before` was read.
    ///
    /// *Errors*: [`StoreError::Conflict`] when SSO would be enforced without an active connection (I4).
    pub async fn store_terms(&mut self, before: PolicyEpoch, terms: &Terms) -> Result<bool, StoreError> {
        let sql = "update organizations set active_connection_id = $3, connection_since_at = $4, enforced = $5,
                enforced_since_at = $6, owner_exemption = $7, owner_second_factor = $8, mfa_required = $9,
                operator_recovery = $10, trial_ends_at = $11, mfa_before = $12, policy_epoch = $13, past_terms = $14,
                forgotten_epoch = $15
            where id = $1 and policy_epoch = $2";
        let State { terms: enforcement, operator_recovery, trial_ends_at, mfa_required } = &terms.state;
        let since = enforcement.connection.as_ref().map_or(Timestamp::from_millis(0), |(_, since)| *since);
        let past = terms.past.encode();
        let values = [
            before.into(),
            enforcement.connection.as_ref().map(|(id, _)| id).into(),
            since.into(),
            enforcement.enforced.into(),
            terms.since.into(),
            enforcement.owner_exemption.into(),
            enforcement.owner_second_factor.into(),
            (*mfa_required).into(),
            (*operator_recovery).into(),
            (*trial_ends_at).into(),
            terms.mfa_before.into(),
            terms.epoch.into(),
            (&past).into(),
            terms.past.forgotten().into(),
        ];
        self.changed(sql, &values).await
    }

    /// Remembers that every member's sessions were judged up to `epoch`, and forgets what only older ones needed.
    pub async fn mark_swept(&mut self, epoch: PolicyEpoch) -> Result<bool, StoreError> {
        let past = self.load_terms().await?.past.swept_up_to(epoch).encode();
        let sql = "update organizations set swept_epoch = $2, past_terms = $3 where id = $1 and swept_epoch < $2";
        self.changed(sql, &[epoch.into(), (&past).into()]).await
    }

    /// Remembers since when there is no way back in, or that there is one. `false` when that was known.
    pub async fn set_way_back_lost(&mut self, at: Option<Timestamp>) -> Result<bool, StoreError> {
        // It is asked before, as when domains are renewed: nearly every review finds what was known.
        let other = "select count(*) from organizations
            where id = $1 and (way_back_lost_at is null) <> (cast($2 as bigint) is null)";
        if self.count(other, &[at.into()]).await? == 0 {
            return Ok(false);
        }
        let sql = "update organizations set way_back_lost_at = $2
            where id = $1 and (way_back_lost_at is null) <> (cast($2 as bigint) is null)";
        self.changed(sql, &[at.into()]).await
    }
}
