//! Owns the two pages of the mailbox: the list, and one mail.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::message::{self, Mail};
use crate::pages::render;

#[derive(Template)]
#[template(path = "mailbox/list.html")]
struct ListPage {
    /// Everybody who has mail.
    addresses: BTreeSet<String>,
    /// Whose mail is shown; empty for everybody's.
    to: String,
    mails: Vec<Mail>,
}

#[derive(Template)]
#[template(path = "mailbox/mail.html")]
struct MailPage {
    mail: Mail,
    pieces: Vec<Piece>,
}

#[derive(Template)]
#[template(path = "mailbox/stopped.html")]
struct StoppedPage {
    title: &'static str,
    text: String,
}

/// A piece of a mail's text.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Link(String),
}

/// Whose mail to show.
#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    to: String,
}

pub(super) async fn list(State(folder): State<Arc<PathBuf>>, Query(filter): Query<Filter>) -> Response {
    let mut mails = match message::list(&folder) {
        Ok(mails) => mails,
        Err(error) => return unreadable(&folder, &error),
    };
    let addresses = mails.iter().map(|mail| mail.to.clone()).collect();
    mails.retain(|mail| filter.to.is_empty() || mail.to == filter.to);
    render(&ListPage { addresses, to: filter.to, mails }, "'none'")
}

pub(super) async fn show(State(folder): State<Arc<PathBuf>>, Path(name): Path<String>) -> Response {
    // Names are compared with those of the folder, so no path can be asked for.
    match message::list(&folder) {
        Ok(mails) => match mails.into_iter().find(|mail| mail.name == name) {
            Some(mail) => render(&MailPage { pieces: pieces(&mail.text), mail }, "'none'"),
            None => not_found().await,
        },
        Err(error) => unreadable(&folder, &error),
    }
}

pub(super) async fn not_found() -> Response {
    let page = StoppedPage { title: "There is no such mail", text: "The list shows every mail there is.".to_owned() };
    (StatusCode::NOT_FOUND, render(&page, "'none'")).into_response()
}

fn unreadable(folder: &std::path::Path, error: &std::io::Error) -> Response {
    let text = format!("{}: {error}", folder.display());
    let page = StoppedPage { title: "The mail folder cannot be read", text };
    (StatusCode::INTERNAL_SERVER_ERROR, render(&page, "'none'")).into_response()
}

/// The text with its links told apart.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, link, after)) = next_link(rest) {
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Link(link.to_owned()));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["http://", "https://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let (before, from) = text.split_at_checked(start)?;
    let end = from.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(from.len());
    let link = from.get(..end)?.trim_end_matches(['.', ',', ')']);
    Some((before, link, from.get(link.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn links_are_told_apart_from_the_text_around_them() {
        let link = |url: &str| Piece::Link(url.to_owned());
        assert_eq!(
            pieces("Open:\nhttp://localhost:8080/a?b=1&c=2\n(or https://b.example/c)."),
            [
                text("Open:\n"),
                link("http://localhost:8080/a?b=1&c=2"),
                text("\n(or "),
                link("https://b.example/c"),
                text(").")
            ]
        );
        assert_eq!(pieces("javascript:alert(1)"), [text("javascript:alert(1)")]);
    }
}
