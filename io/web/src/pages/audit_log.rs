//! Owns the page of the audit log.

use askama::Template;

use super::{Badge, Choice, Frame, Moment, Pager};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Moment,
    /// One line a person can read: "Robin Vale activated the connection Okta (OIDC), acme.okta.com".
    pub sentence: String,
    /// The actor, as a word or address.
    pub actor: String,
    /// The stable name of the action: "connection.activated".
    pub action: String,
    /// How it went.
    pub outcome: Badge,
    /// From which address.
    pub ip: String,
    /// With which browser.
    pub user_agent: String,
    /// The data, as indented JSON.
    pub data: String,
}

/// `/organizations/{slug}/audit-log?action=&actor=&from=&to=`.
#[derive(Debug, Template)]
#[template(path = "audit_log/audit_log.html")]
pub struct AuditLogPage {
    /// Side bar.
    pub frame: Frame,
    /// Query parameter `action`; the first option has the empty value.
    pub actions: Vec<Choice>,
    /// Query parameter `actor`.
    pub actor: String,
    /// Query parameter `from`, a date: "2026-11-01".
    pub from: String,
    /// Query parameter `to`, a date.
    pub to: String,
    /// The events, latest first.
    pub items: Vec<AuditRow>,
    /// Exports as JSON Lines with the filters in force; empty hides the link.
    pub export_json_lines_url: String,
    /// Exports as CSV with the filters in force; empty hides the link.
    pub export_csv_url: String,
    /// Where the list goes on.
    pub pager: Pager,
}

impl AuditLogPage {
    /// Whether the list is narrowed, so that an empty one says so.
    pub fn is_narrowed(&self) -> bool {
        let action = self.actions.iter().any(|choice| choice.selected && !choice.value.is_empty());
        action || [&self.actor, &self.from, &self.to].iter().any(|text| !text.is_empty())
    }
}
