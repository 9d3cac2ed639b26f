//! Owns [`Page`]: a part of a list, and whether there is more. The cursor is the last item's id.

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Whether more follow after the last one.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// From the answer to a query that asked for one row more than `limit`.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > limit;
        items.truncate(limit);
        Self { items, has_more }
    }
}

/// How many rows to ask for, to learn whether there are more than `limit`.
pub(crate) fn asked(limit: u32) -> i64 {
    i64::from(limit) + 1
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn the_row_too_many_is_cut_off_and_told() {
        assert_eq!(Page::cut(vec![1, 2, 3], 2), Page { items: vec![1, 2], has_more: true });
        assert_eq!(Page::cut(vec![1, 2], 2), Page { items: vec![1, 2], has_more: false });
    }
}
