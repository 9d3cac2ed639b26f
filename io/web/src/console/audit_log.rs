//! Owns `/organizations/{slug}/audit-log`: reading, filtering and exporting what happened.

use std::collections::VecDeque;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use orgate_app::app::App;
use orgate_app::audit_log::{self, ACTIONS, AuditQuery, CSV_HEADER, csv_row, json_line, sentence};
use orgate_app::error::Error;
use orgate_app::rows::AuditEvent;
use orgate_app::visitor::Visitor;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::lists::{address, pager};
use super::organization_frame;
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

/// A form of an export.
#[derive(Clone, Copy)]
struct Shape {
    content_type: &'static str,
    extension: &'static str,
    header: &'static str,
    line: fn(&AuditEvent) -> String,
}

const CSV: Shape =
    Shape { content_type: "text/csv; charset=utf-8", extension: "csv", header: CSV_HEADER, line: csv_row };
const JSON_LINES: Shape = Shape { content_type: "application/jsonl", extension: "jsonl", header: "", line: json_line };

/// The events with the filters in force, as CSV.
pub async fn export_csv(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    export(&visit, &slug, &wanted, CSV).await
}

/// The same as JSON Lines.
pub async fn export_json_lines(visit: Visit, Path(slug): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    export(&visit, &slug, &wanted, JSON_LINES).await
}

/// An export that is still being written, a part at a time, so its length needs no memory.
struct Export {
    app: App,
    visitor: Visitor,
    slug: String,
    query: AuditQuery,
    shape: Shape,
    ready: VecDeque<String>,
    is_over: bool,
}

/// The first part is read before the answer begins, so a refusal is a page and no broken file.
async fn export(visit: &Visit, slug: &str, wanted: &Wanted, shape: Shape) -> PageResult {
    let mut export = Export {
        app: visit.app().clone(),
        visitor: visit.visitor.clone(),
        slug: slug.to_owned(),
        query: AuditQuery { cursor: None, ..wanted.query() },
        shape,
        ready: VecDeque::from([shape.header.to_owned()]),
        is_over: false,
    };
    export.read().await?;
    let name = format!("attachment; filename=\"{slug}-audit-log.{}\"", shape.extension);
    let headers = [(CONTENT_TYPE, shape.content_type.to_owned()), (CONTENT_DISPOSITION, name)];
    let body: Response = (headers, Body::from_stream(stream::try_unfold(export, Export::next))).into_response();
    Ok(body)
}

impl Export {
    async fn next(mut self) -> Result<Option<(String, Self)>, Error> {
        if self.ready.is_empty() && !self.is_over {
            self.read().await?;
        }
        Ok(self.ready.pop_front().map(|part| (part, self)))
    }

    async fn read(&mut self) -> Result<(), Error> {
        let part = audit_log::export(&self.app, &self.visitor, &self.slug, self.query.clone()).await?;
        self.ready.push_back(part.items.iter().map(self.shape.line).collect());
        self.is_over = part.next_cursor.is_none();
        self.query.cursor = part.next_cursor;
        Ok(())
    }
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
