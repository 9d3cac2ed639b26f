//! Owns pages of lists: the cursor that a client hands back, and how much one page holds. *Source*: R-API-1.

use orgate_core::id::Identifier;
use orgate_store::Page;

use crate::error::{Error, invalid};

/// *Units*: items.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// What a cursor is told that is none of ours.
pub(crate) const STRANGE: &str = "This is no cursor of this list.";

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// What to ask with for the next part; none at the end.
    pub next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// From the store's answer; the cursor is the id of the last item.
    pub(crate) fn of(page: Page<T>, id: impl Fn(&T) -> &str) -> Self {
        let last = page.items.last().map(|item| id(item).to_owned());
        Self { next_cursor: last.filter(|_| page.has_more), items: page.items }
    }

    /// The same part with other items.
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// The id that the last part ended with.
///
/// *Errors*: [`orgate_core::refusal::Refusal::InvalidInput`] for a cursor that is none of ours.
pub(crate) fn after<I: Identifier>(cursor: Option<&str>) -> Result<Option<I>, Error> {
    cursor.map(|text| I::parse(text).ok_or_else(|| invalid("cursor", STRANGE))).transpose()
}

/// How many items to hand out.
pub(crate) fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(USUAL).clamp(1, MOST)
}
