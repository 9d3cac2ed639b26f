//! Owns the shapes that several calls share.

use orgate_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListView<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to pass as `cursor` for the next part; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> ListView<T> {
    /// A list that is whole.
    pub fn whole(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next_cursor: None }
    }

    /// A part of a list.
    pub fn part(items: impl IntoIterator<Item = T>, next_cursor: Option<String>) -> Self {
        Self { items: items.into_iter().collect(), next_cursor }
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// What the part before ended with.
    pub cursor: Option<String>,
    /// How many items at most, 1 to 200.
    pub limit: Option<u32>,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Their id.
    #[schema(example = "usr_01kb3v8d9q7m5x2w4t6r8y0z1c")]
    pub id: String,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
}

impl UserView {
    /// From what a row says.
    pub fn new(id: impl ToString, email: impl ToString, name: impl ToString) -> Self {
        Self { id: id.to_string(), email: email.to_string(), name: name.to_string() }
    }
}

/// What was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdView {
    /// Its id.
    pub id: String,
}

/// A moment that may not have come.
pub fn maybe(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::to_rfc3339)
}
