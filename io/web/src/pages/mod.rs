//! Owns what every page of the console shows: one context a page, plain values with the words already chosen. No page
//! decides anything, asks the store or knows a domain type; the handlers fill the contexts and [`render`] prints them.
//!
//! A context says in its documentation which URL shows it, where its forms go and what their fields are called.

pub mod account;
pub mod api_reader;
mod api_shape;
pub mod assets;
pub mod audit_log;
pub mod confirmation;
pub mod departure;
pub mod domains;
pub mod enforcement;
pub mod factors;
pub mod frame;
pub mod invitations;
pub mod members;
pub mod moment;
pub mod organizations;
pub mod parts;
pub mod passkeys;
pub mod password;
pub mod personal;
pub mod projects;
pub mod qr;
pub mod refusal;
pub mod second_factor;
pub mod settings;
pub mod sign_in;
pub mod sso;
pub mod sso_records;
pub mod sso_test;

pub use frame::{Banner, Frame, OrganizationHead, Section, Site, Theme};
pub use moment::Moment;
pub use parts::{Badge, Choice, Field, Hidden, Notice, Pager, Person, Switch, Tone};

/// Prints a page.
///
/// *Errors*: only when memory for the text cannot be had or a value refuses to print itself; a [`askama::Error`] is a
/// fault, never a refusal.
pub fn render(page: &impl askama::Template) -> Result<String, askama::Error> {
    page.render()
}
