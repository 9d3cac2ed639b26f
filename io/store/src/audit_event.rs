//! Owns the rows of audit events: they are added and read, never changed. What the chain adds to them is in
//! [`crate::audit_chain`].

use orgate_core::id::{AuditEventId, OrganizationId};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::value::{Row, Value};

/// One thing that happened (R-OPS-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Which one.
    pub id: AuditEventId,
    /// Whose event it is; without one it is the instance's.
    pub organization_id: Option<OrganizationId>,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Who did it, as `core::actor` writes it.
    pub actor: String,
    /// The name that the actor had then.
    pub actor_name: Option<String>,
    /// What it was done to: an id.
    pub target: Option<String>,
    /// The name that the target had then.
    pub target_name: Option<String>,
    /// How it ended.
    pub outcome: String,
    /// From which address.
    pub ip: Option<String>,
    /// With which browser.
    pub user_agent: Option<String>,
    /// Everything else, JSON.
    pub data: String,
    /// How many refused tries it stands for; one for anything else. It is counted beside the event (R-OPS-3).
    pub tries: u64,
    /// Its place in the chain; none in the moment before it is chained.
    pub position: Option<u64>,
    /// Its link there.
    pub link: Option<[u8; 32]>,
}

/// What is kept with an event so that a change of it can be found (T-AUD-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditProof {
    /// What opens the commitments of its personal fields.
    pub openings: Vec<u8>,
    /// Orgate's mark over it.
    pub mark: Vec<u8>,
}

/// Which events to list; what is left out does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// This action.
    pub action: Option<String>,
    /// This actor, as `core::actor` writes it.
    pub actor: Option<String>,
    /// At or after this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "id, organization_id, at, action, actor, actor_name, target, target_name, outcome, ip, user_agent, data,
            chain_position, chain_link, coalesce((select r.tries from refused_tries r where r.event_id = audit_events.id), 1) as tries"
    };
}

macro_rules! filtered {
    () => {
        " and (cast($2 as text) is null or action = $2) and (cast($3 as text) is null or actor = $3)
            and at >= coalesce(cast($4 as bigint), 0) and (cast($5 as bigint) is null or at < $5)
            and id < coalesce(cast($6 as text), 'zzzz')
        order by id desc limit $7"
    };
}

const INSERT: &str =
    "insert into audit_events (organization_id, id, at, action, actor, actor_name, target, target_name,
        outcome, ip, user_agent, data, openings, mark)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

fn read(row: &Row<'_>) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        at: row.get("at")?,
        action: row.get("action")?,
        actor: row.get("actor")?,
        actor_name: row.get("actor_name")?,
        target: row.get("target")?,
        target_name: row.get("target_name")?,
        outcome: row.get("outcome")?,
        ip: row.get("ip")?,
        user_agent: row.get("user_agent")?,
        data: row.get("data")?,
        tries: row.get("tries")?,
        position: row.get("chain_position")?,
        link: row.get("chain_link")?,
    })
}

fn values<'v>(event: &'v AuditEvent, proof: &'v AuditProof) -> [Value<'v>; 13] {
    [
        (&event.id).into(),
        event.at.into(),
        (&event.action).into(),
        (&event.actor).into(),
        event.actor_name.as_ref().into(),
        event.target.as_ref().into(),
        event.target_name.as_ref().into(),
        (&event.outcome).into(),
        event.ip.as_ref().into(),
        event.user_agent.as_ref().into(),
        (&event.data).into(),
        (&proof.openings).into(),
        (&proof.mark).into(),
    ]
}

fn filter_values<'v>(filter: &'v AuditFilter, before: Option<&'v AuditEventId>, limit: u32) -> [Value<'v>; 6] {
    [
        filter.action.as_ref().into(),
        filter.actor.as_ref().into(),
        filter.from.into(),
        filter.to.into(),
        before.into(),
        asked(limit).into(),
    ]
}

impl OrgTx<'_> {
    /// Adds an event of this organization, whatever organization it names itself.
    pub async fn insert_audit_event(&mut self, event: &AuditEvent, proof: &AuditProof) -> Result<(), StoreError> {
        self.execute(INSERT, &values(event, proof)).await.map(|_| ())
    }

    /// Events, newest first, older than the one that the last page ended with.
    pub async fn list_audit_events(
        &mut self,
        filter: &AuditFilter,
        before: Option<&AuditEventId>,
        limit: u32,
    ) -> Result<Page<AuditEvent>, StoreError> {
        let sql = concat!("select ", columns!(), " from audit_events where organization_id = $1", filtered!());
        Ok(Page::cut(self.query(sql, &filter_values(filter, before, limit), read).await?, limit))
    }
}

impl InstanceTx<'_> {
    /// Adds an event that belongs to no organization.
    pub async fn insert_audit_event(&mut self, event: &AuditEvent, proof: &AuditProof) -> Result<(), StoreError> {
        let all: Vec<Value<'_>> = std::iter::once(Value::Null).chain(values(event, proof)).collect();
        self.execute(INSERT, &all).await.map(|_| ())
    }

    /// What somebody did, in whatever log it is written, newest first; at most `limit` events. It crosses organizations for
    /// the person's own export.
    pub async fn list_audit_events_of_actor(&mut self, actor: &str, limit: u32) -> Result<Vec<AuditEvent>, StoreError> {
        let sql = concat!("select ", columns!(), " from audit_events where actor = $1 order by id desc limit $2");
        self.query(sql, &[actor.into(), limit.into()], read).await
    }

    /// Events that belong to no organization, newest first.
    pub async fn list_audit_events(
        &mut self,
        filter: &AuditFilter,
        before: Option<&AuditEventId>,
        limit: u32,
    ) -> Result<Page<AuditEvent>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from audit_events where organization_id is null and cast($1 as text) is null",
            filtered!()
        );
        let filter = filter_values(filter, before, limit);
        let all: Vec<Value<'_>> = std::iter::once(Value::Null).chain(filter).collect();
        Ok(Page::cut(self.query(sql, &all, read).await?, limit))
    }
}
