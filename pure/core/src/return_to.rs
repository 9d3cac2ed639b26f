//! Owns [`ReturnTo`]: where a browser goes after it signed in. Only a path of this host passes, in few characters and
//! one spelling, so that no reader of the address can see a host in it (T-WEB-1).

/// *Units*: bytes.
const LONGEST: usize = 512;

/// A path of this host, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Reads a path; `None` for anything that is not plainly one.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
        let is_query = |byte: u8| is_plain(byte) || b"=&,+:".contains(&byte);
        let fits = text.len() <= LONGEST && path.bytes().all(is_plain) && query.bytes().all(is_query);
        let rooted =
            path.starts_with('/') && !path.contains("//") && !path.split('/').any(|part| part.starts_with('.'));
        (fits && rooted).then(|| Self(text.to_owned()))
    }

    /// The path as it stands in a `Location`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_web_1_only_a_plain_path_of_this_host_is_followed() {
        for foreign in [
            "",
            "x",
            "organizations",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\tevil",
            "\t//evil.example",
            "/%2f%2fevil.example",
            "/%2fevil.example",
            "%2f%2fevil",
            "/%5cevil.example",
            "javascript:alert(1)",
            "/javascript:alert(1)",
            "https://evil.example",
            "https:evil.example",
            "/@evil.example",
            "//user@evil.example",
            "/a\r\nLocation: https://evil.example",
            "/a%0d%0aSet-Cookie:x",
            "/\u{ff0f}evil.example",
            "//ev\u{131}l.example",
            "/x//evil.example",
            "/../evil",
            "/./x",
            "/.//evil.example",
            "/x?u=https://evil@x",
            "/ evil",
            "/a#b",
            "/x;y",
            "/organizations\0",
        ] {
            assert_eq!(ReturnTo::parse(foreign), None, "{foreign:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn pages_of_the_console_and_of_the_product_are_followed() {
        for own in
            ["/", "/organizations", "/organizations/acme/projects/prj_01", "/app/report.html?from=2026-11-01&to=a,b"]
        {
            assert_eq!(ReturnTo::parse(own).as_ref().map(ReturnTo::as_str), Some(own));
        }
    }
}
