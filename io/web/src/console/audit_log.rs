//! Owns `/organizations/{slug}/audit-log`: reading, filtering and exporting what happened.

use orgate_app::audit_log::{self, ACTIONS, AuditQuery, sentence};
use orgate_app::rows::AuditEvent;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::lists::{address, pager};
use super::organization_frame;
use crate::audit_export::{Shape, export};
use crate::page::{PageResult, Path, Query, Visit};
use crate::pages::audit_log::{AuditLogPage, AuditRow};
use crate::pages::{Badge, Choice, Moment, Section, Tone};

/// What may follow `?`. A form sends every field, also an empty one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    action: String,
    actor: String,
    from: String,
    to: String,
    cursor: Option<String>,
}

impl Wanted {
    fn query(&self) -> AuditQuery {
        AuditQuery {
            action: Some(self.action.clone()),
            actor: Some(self.actor.clone()),
            from: Some(self.from.clone()),
            to: Some(self.to.clone()),
            cursor: self.cursor.clone(),
            limit: None,
        }
    }

    fn filters(&self) -> [(&str, &str); 4] {
        [("action", &self.action), ("actor", &self.actor), ("from", &self.from), ("to", &self.to)]
    }
}

/// The events, latest first.
pub async fn index(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::AuditLog, &slug).await?;
    let listed = audit_log::list(visit.app(), &visit.visitor, &slug, wanted.query()).await?;
    let now = visit.now();
    let url = format!("/organizations/{slug}/audit-log");
    let filters = wanted.filters();
    visit.page(&AuditLogPage {
        frame,
        actions: actions(&wanted.action),
        items: listed.items.iter().map(|event| row(event, now)).collect(),
        export_json_lines_url: address(&format!("{url}.jsonl"), &filters, None),
        export_csv_url: address(&format!("{url}.csv"), &filters, None),
        pager: pager(&url, &filters, wanted.cursor.as_deref(), listed.next_cursor.as_deref()),
        actor: wanted.actor.clone(),
        from: wanted.from.clone(),
        to: wanted.to.clone(),
    })
}

fn actions(selected: &str) -> Vec<Choice> {
    let everything = Choice { value: String::new(), label: "Everything".to_owned(), selected: selected.is_empty() };
    let known = ACTIONS.iter().map(|(action, _)| Choice {
        value: (*action).to_owned(),
        label: label(action),
        selected: *action == selected,
    });
    std::iter::once(everything).chain(known).collect()
}

/// `member.role-changed` as "Member role changed".
fn label(action: &str) -> String {
    let words = action.replace(['.', '-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn row(event: &AuditEvent, now: Timestamp) -> AuditRow {
    let outcome = match event.outcome.as_str() {
        "success" => Badge::new("Done", Tone::Success),
        code => Badge::new(label(code), Tone::Danger),
    };
    let id = event.actor.strip_prefix("user:").unwrap_or(&event.actor);
    AuditRow {
        id: event.id.to_string(),
        at: Moment::new(event.at, now),
        sentence: sentence(event),
        actor: event.actor_name.as_ref().map_or_else(|| label(id), |name| format!("{name} ({id})")),
        action: event.action.clone(),
        outcome,
        ip: event.ip.clone().unwrap_or_default(),
        user_agent: event.user_agent.clone().unwrap_or_default(),
        data: indented(&event.data),
    }
}

/// The data as people read JSON; nothing for none.
fn indented(data: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(data) {
        Ok(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => String::new(),
        Ok(value) => format!("{value:#}"),
        Err(_) => data.to_owned(),
    }
}

/// The events with the filters in force, as CSV.
pub async fn export_csv(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    export(visit.app(), &visit.visitor, &slug, wanted.query(), Shape::Csv).await
}

/// The same as JSON Lines.
pub async fn export_json_lines(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    export(visit.app(), &visit.visitor, &slug, wanted.query(), Shape::JsonLines).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_label_to_choose_it_by() {
        assert_eq!(label("member.role-changed"), "Member role changed");
        assert_eq!(label("connection.settings_saved"), "Connection settings saved");
        let choices = actions("member.removed");
        assert_eq!(choices.len(), ACTIONS.len() + 1);
        let marked: Vec<_> = choices.iter().filter(|choice| choice.selected).map(|choice| &choice.label).collect();
        assert_eq!(marked, ["Member removed"]);
    }

    #[test]
    fn an_event_without_facts_shows_none() {
        assert_eq!(indented("{}"), "");
        assert_eq!(indented("{\"a\":1}"), "{\n  \"a\": 1\n}");
    }
}
