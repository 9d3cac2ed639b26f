//! Owns `/organizations/{slug}/enforcement`: enabling SSO enforcement, changing how it treats Owners, confirming a trial,
//! turning it off. What each does is decided in [`orgate_app::enforcement`]; here are the words.

pub mod confirmation;
pub mod edit;
pub mod enable;
mod obstacle;
pub mod removal;
mod switches;
mod view;

pub use view::card;

use axum::response::Response;

use crate::cookies;
use crate::page::see_other;
use crate::pages::{Notice, Tone};

/// The page that has the card.
fn overview_url(slug: &str) -> String {
    format!("/organizations/{slug}/settings/single-sign-on")
}

fn url(slug: &str) -> String {
    format!("/organizations/{slug}/enforcement")
}

/// Back to the card, for there is nothing to do here any more.
fn nothing_to_do(slug: &str, sentence: &str) -> Response {
    let mut response = see_other(&overview_url(slug));
    cookies::set(response.headers_mut(), cookies::notice(&Notice::new(sentence, Tone::Warning)));
    response
}
