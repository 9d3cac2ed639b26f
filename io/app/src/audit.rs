//! Owns how a change becomes an audit event, in the transaction of the change (R-OPS-3).

use orgate_core::actor::Actor;
use orgate_core::id::{AuditEventId, OrganizationId};
use orgate_store::{AuditEvent, Tx};

use crate::app::App;
use crate::audit_chain;
use crate::authorise::Caller;
use crate::error::Error;
use crate::visitor::Visitor;

/// What happened, before it is known who did it and where.
#[derive(Debug, Clone)]
pub struct Event {
    /// A noun and a past participle: `member.removed`.
    pub action: &'static str,
    /// The id of what it happened to.
    pub target: Option<String>,
    /// The name of that, as it was.
    pub target_name: Option<String>,
    /// `success`, or the code of a refusal.
    pub outcome: &'static str,
    /// Further facts; never a secret.
    pub data: serde_json::Value,
}

impl Event {
    /// Something done.
    pub fn done(action: &'static str) -> Self {
        Self { action, target: None, target_name: None, outcome: "success", data: serde_json::Value::Null }
    }

    /// Something refused, with the refusal's code.
    pub fn refused(action: &'static str, code: &'static str) -> Self {
        Self { outcome: code, ..Self::done(action) }
    }

    /// What it happened to.
    pub fn target(mut self, id: impl ToString, name: impl ToString) -> Self {
        self.target = Some(id.to_string());
        self.target_name = Some(name.to_string());
        self
    }

    /// Further facts.
    pub fn data(mut self, data: serde_json::Value) -> Self {
        self.data = data;
        self
    }

    /// One more fact.
    pub fn fact(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        let value: serde_json::Value = value.into();
        if let serde_json::Value::Object(facts) = &mut self.data {
            facts.insert(name.to_owned(), value);
        } else {
            self.data = serde_json::json!({ name: value });
        }
        self
    }
}

/// Who did it.
#[derive(Debug, Clone)]
pub struct Author {
    /// Who.
    pub actor: Actor,
    /// Their name or address, as it was.
    pub name: Option<String>,
}

impl Author {
    /// Nobody known.
    pub fn anonymous() -> Self {
        Self { actor: Actor::Anonymous, name: None }
    }

    /// Orgate itself.
    pub fn system() -> Self {
        Self { actor: Actor::System, name: None }
    }

    /// The operator.
    pub fn operator() -> Self {
        Self { actor: Actor::Operator, name: None }
    }
}

impl From<&Caller> for Author {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor(), name: Some(caller.check.name.clone()) }
    }
}

/// Writes the event: into an organization's log, or into the instance's.
pub async fn record(
    tx: &mut Tx,
    app: &App,
    visitor: Option<&Visitor>,
    organization: Option<&OrganizationId>,
    author: &Author,
    event: Event,
) -> Result<(), Error> {
    record_as(tx, app, app.event_id(), visitor, organization, author, event).await
}

/// Writes the event under an id that something else counts by.
pub(crate) async fn record_as(
    tx: &mut Tx,
    app: &App,
    id: AuditEventId,
    visitor: Option<&Visitor>,
    organization: Option<&OrganizationId>,
    author: &Author,
    event: Event,
) -> Result<(), Error> {
    let now = app.now();
    let record = AuditEvent {
        id,
        organization_id: organization.cloned(),
        at: now,
        action: event.action.to_owned(),
        actor: author.actor.encode(),
        actor_name: author.name.clone(),
        target: event.target,
        target_name: event.target_name,
        outcome: event.outcome.to_owned(),
        ip: visitor.map(|visitor| visitor.ip.to_canonical().to_string()),
        user_agent: visitor.map(|visitor| visitor.user_agent.clone()),
        data: if event.data.is_null() { "{}".to_owned() } else { event.data.to_string() },
        tries: 1,
        position: None,
        link: None,
    };
    let proof = audit_chain::prove(app, organization, &record);
    match organization {
        Some(id) => tx.organization(id).insert_audit_event(&record, &proof).await?,
        None => tx.instance().insert_audit_event(&record, &proof).await?,
    }
    Ok(())
}
