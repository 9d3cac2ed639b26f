//! Owns the pages of the mailbox: the list, and one mail as text or as its HTML, which is shown in a frame that can do
//! nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::message::{self, Mail};
use crate::pages::{render, render_framing};

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
    /// Whether the HTML part is shown, where there is one.
    as_html: bool,
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

/// What the frame with a mail's HTML may do: nothing but open a link of it in a window of its own.
const HTML_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; \
                           frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// Which form of a mail to show.
#[derive(Deserialize)]
pub(super) struct View {
    #[serde(default)]
    view: String,
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

pub(super) async fn show(
    State(folder): State<Arc<PathBuf>>,
    Path(name): Path<String>,
    Query(view): Query<View>,
) -> Response {
    match find(&folder, &name) {
        Ok(Some(mail)) => {
            let as_html = mail.html.is_some() && view.view == "html";
            render_framing(&MailPage { pieces: pieces(&mail.text), mail, as_html })
        }
        Ok(None) => not_found().await,
        Err(error) => unreadable(&folder, &error),
    }
}

/// The HTML part alone, for the frame.
pub(super) async fn show_html(State(folder): State<Arc<PathBuf>>, Path(name): Path<String>) -> Response {
    match find(&folder, &name) {
        Ok(Some(Mail { html: Some(html), .. })) => {
            ([(header::CONTENT_SECURITY_POLICY, HTML_POLICY)], Html(html)).into_response()
        }
        Ok(_) => not_found().await,
        Err(error) => unreadable(&folder, &error),
    }
}

/// Names are compared with those of the folder, so no path can be asked for.
fn find(folder: &std::path::Path, name: &str) -> std::io::Result<Option<Mail>> {
    Ok(message::list(folder)?.into_iter().find(|mail| mail.name == name))
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
