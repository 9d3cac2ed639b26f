//! Owns finding a cookie in what a browser sends (RFC 6265, 5.4). What cookies there are and what they hold is their
//! setter's business.

/// The value of the first cookie of this name in a `Cookie` header, as it stands there.
pub fn find<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let mut pairs = header.split(';').filter_map(|pair| pair.trim_ascii().split_once('='));
    pairs.find_map(|(found, value)| (found == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_the_first_one_counts() {
        let header = "a=1; x__Host-s=no;__Host-s=yes;  __Host-s=late; b; c=d=e";
        assert_eq!(find(header, "__Host-s"), Some("yes"));
        assert_eq!(find(header, "c"), Some("d=e"));
        for missing in ["b", "", "Host-s", "__Host-s=yes"] {
            assert_eq!(find(header, missing), None, "{missing:?}");
        }
    }
}
