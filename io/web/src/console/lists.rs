//! Owns what pages of lists share: the cursor in the address, and the links that go on from there with the filters kept.

use serde::Deserialize;

use crate::pages::Pager;

/// Where a list goes on, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Cursor {
    /// What the last part ended with.
    pub cursor: Option<String>,
}

/// The links under a list: `path` with the filters in force, each a name and a value, and the cursor.
pub fn pager(path: &str, filters: &[(&str, &str)], cursor: Option<&str>, next: Option<&str>) -> Pager {
    Pager {
        first_url: cursor.map(|_| address(path, filters, None)),
        next_url: next.map(|next| address(path, filters, Some(next))),
    }
}

/// `path` with the filters that are not empty.
pub fn address(path: &str, filters: &[(&str, &str)], cursor: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filters.iter().filter(|(_, value)| !value.is_empty()));
    query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_filters_and_the_first_page_drops_the_cursor() {
        let pager = pager("/x", &[("q", "a&b"), ("filter", "")], Some("usr_1"), Some("usr_2"));
        assert_eq!(pager.first_url.as_deref(), Some("/x?q=a%26b"));
        assert_eq!(pager.next_url.as_deref(), Some("/x?q=a%26b&cursor=usr_2"));
    }

    #[test]
    fn a_short_list_has_no_links() {
        assert!(!pager("/x", &[], None, None).is_needed());
        assert_eq!(address("/x", &[("q", "")], None), "/x");
    }
}
