//! Owns the audit log as a file, for the console and the API: written a part at a time, so its length needs no memory.

use std::collections::VecDeque;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use orgate_app::app::App;
use orgate_app::audit_log::{self, AuditQuery, CSV_HEADER, csv_row, json_line};
use orgate_app::error::Error;
use orgate_app::rows::AuditEvent;
use orgate_app::visitor::Visitor;

use crate::error::Failure;

/// A form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A row of RFC 4180 an event.
    Csv,
    /// A JSON object and a line feed an event.
    JsonLines,
}

impl Shape {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/jsonl",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    const fn header(self) -> &'static str {
        match self {
            Self::Csv => CSV_HEADER,
            Self::JsonLines => "",
        }
    }

    fn line(self, event: &AuditEvent) -> String {
        match self {
            Self::Csv => csv_row(event),
            Self::JsonLines => json_line(event),
        }
    }
}

/// An export that is still being written.
struct Export {
    app: App,
    visitor: Visitor,
    organization: String,
    query: AuditQuery,
    shape: Shape,
    ready: VecDeque<String>,
    is_over: bool,
}

/// The events with these filters, newest first. The first part is read before the answer begins, so a refusal is one and no
/// broken file.
///
/// *Errors*: those of [`audit_log::export`].
pub async fn export(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    query: AuditQuery,
    shape: Shape,
) -> Result<Response, Failure> {
    let mut export = Export {
        app: app.clone(),
        visitor: visitor.clone(),
        organization: organization.to_owned(),
        query: AuditQuery { cursor: None, ..query },
        shape,
        ready: VecDeque::from([shape.header().to_owned()]),
        is_over: false,
    };
    export.read().await?;
    let name = format!("attachment; filename=\"{organization}-audit-log.{}\"", shape.extension());
    let headers = [(CONTENT_TYPE, shape.content_type().to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(stream::try_unfold(export, Export::next))).into_response())
}

impl Export {
    async fn next(mut self) -> Result<Option<(String, Self)>, Error> {
        if self.ready.is_empty() && !self.is_over {
            self.read().await?;
        }
        Ok(self.ready.pop_front().map(|part| (part, self)))
    }

    async fn read(&mut self) -> Result<(), Error> {
        let part = audit_log::export(&self.app, &self.visitor, &self.organization, self.query.clone()).await?;
        self.ready.push_back(part.items.iter().map(|event| self.shape.line(event)).collect());
        self.is_over = part.next_cursor.is_none();
        self.query.cursor = part.next_cursor;
        Ok(())
    }
}
