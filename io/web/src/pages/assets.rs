//! Owns the stylesheet and the script: their bytes, and an address that changes whenever they do, so that a browser may
//! keep them for ever.

/// The stylesheet, served at [`STYLESHEET_PATH`] as `text/css; charset=utf-8`.
pub const STYLESHEET: &str = include_str!("../../static/console.css");
/// The script, served at [`SCRIPT_PATH`] as `text/javascript; charset=utf-8`.
pub const SCRIPT: &str = include_str!("../../static/console.js");
/// The script of passkeys, served at [`PASSKEYS_PATH`] as `text/javascript; charset=utf-8`.
pub const PASSKEYS: &str = include_str!("../../static/passkeys.js");
/// The mark, served at [`ICON_PATH`] as `image/svg+xml`.
pub const ICON: &str = include_str!("../../static/icon.svg");
/// Where the stylesheet is served. Pages add `?v=` and [`version`].
pub const STYLESHEET_PATH: &str = "/static/console.css";
/// Where the script is served. Pages add `?v=` and [`version`].
pub const SCRIPT_PATH: &str = "/static/console.js";
/// Where the script of passkeys is served. Pages add `?v=` and [`version`].
pub const PASSKEYS_PATH: &str = "/static/passkeys.js";
/// Where the mark is served. Pages add `?v=` and [`version`].
pub const ICON_PATH: &str = "/static/icon.svg";

const VERSION: u64 =
    fingerprint(ICON, fingerprint(PASSKEYS, fingerprint(SCRIPT, fingerprint(STYLESHEET, 0xcbf2_9ce4_8422_2325))));

/// A fingerprint of the files, as 16 hex digits. It guards a cache and nothing else.
pub fn version() -> String {
    format!("{VERSION:016x}")
}

/// FNV-1a, because it runs while the program is compiled.
const fn fingerprint(text: &str, start: u64) -> u64 {
    let mut bytes = text.as_bytes();
    let mut hash = start;
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        bytes = rest;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a_as_published() {
        assert_eq!(fingerprint("foobar", 0xcbf2_9ce4_8422_2325), 0x8594_4171_f739_67e8);
    }
}
