//! Owns the one page that stands before every destructive or far-reaching act: what it will do, to whom (R-UI-2).

use askama::Template;

use super::{Badge, Field, Frame, Hidden, Person, Switch};

/// One line of what will happen. With people it opens to their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consequence {
    /// How many, printed large before the sentence; nothing for a plain sentence.
    pub count: Option<u64>,
    /// The sentence: "members must sign in again at their next click".
    pub text: String,
    /// Some of the people it concerns.
    pub people: Vec<Person>,
}

impl Consequence {
    /// A sentence without a number.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { count: None, text: text.into(), people: Vec::new() }
    }

    /// A number and the sentence it begins.
    pub fn counted(count: u64, text: impl Into<String>) -> Self {
        Self { count: Some(count), text: text.into(), people: Vec::new() }
    }

    /// How many people stay unnamed.
    pub fn unnamed(&self) -> u64 {
        let named = u64::try_from(self.people.len()).unwrap_or(u64::MAX);
        self.count.unwrap_or(0).saturating_sub(named)
    }
}

/// What has to be typed before the button does anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedName {
    /// The text to type, an organization's slug or a project's name.
    pub expected: String,
    /// Field `confirmation`.
    pub confirmation: Field,
}

/// Whether the act creates or destroys; it colours the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// Something begins to apply.
    #[default]
    Beginning,
    /// Something ends or is lost.
    Ending,
}

/// The page of a noun that is about to be created by POST to its own URL, such as
/// `/organizations/{slug}/members/{id}/removal`. *Forms*: POST `action` with `hidden`, the `switches`, and
/// `confirmation` when a name must be typed.
#[derive(Debug, Template)]
#[template(path = "confirmation/confirmation.html")]
pub struct ConfirmationPage {
    /// Side bar.
    pub frame: Frame,
    /// What is above it: ("Members", "/organizations/acme/members").
    pub above: Option<(String, String)>,
    /// The question: "Remove Robin Vale from Acme Robotics?"
    pub title: String,
    /// One sentence under it, or empty.
    pub text: String,
    /// State of the thing, when it helps.
    pub badge: Option<Badge>,
    /// What will happen, in order.
    pub consequences: Vec<Consequence>,
    /// What stays as it is, or can be undone; empty for nothing to add.
    pub reassurance: String,
    /// What can be chosen along with it.
    pub switches: Vec<Switch>,
    /// A name to type.
    pub typed_name: Option<TypedName>,
    /// Why the last try was refused.
    pub problem: Option<String>,
    /// The verb on the button: "Remove".
    pub verb: String,
    /// Whether the button destroys.
    pub weight: Weight,
    /// Where it posts.
    pub action: String,
    /// Fields that go along.
    pub hidden: Vec<Hidden>,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

impl ConfirmationPage {
    /// Whether the button destroys.
    pub fn ends_something(&self) -> bool {
        self.weight == Weight::Ending
    }
}
