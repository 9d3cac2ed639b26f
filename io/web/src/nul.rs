//! Owns refusing U+0000, the one character that PostgreSQL stores in no text: what holds it would be a fault there and would pass
//! on SQLite. Nobody types it, so it is refused wherever text comes in (Z3). What identity providers send is read elsewhere, by the
//! same rule.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request};

use crate::error::Failure;

/// Whether a path, a query or a form holds one, as it stands or encoded.
pub fn is_in_encoded(bytes: &[u8]) -> bool {
    // Most have no percent sign at all, which is found out many bytes at a time.
    bytes.contains(&0) || bytes.contains(&b'%') && bytes.windows(3).any(|three| three == b"%00")
}

/// Whether a JSON document holds one, which stands there escaped. A backslash begins an escape wherever it is in such a document.
pub fn is_in_json(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(index) = rest.iter().position(|byte| *byte == b'\\') {
        rest = rest.get(index + 1..).unwrap_or_default();
        if rest.starts_with(b"u0000") {
            return true;
        }
        // What is escaped begins no escape itself.
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// What the sender is told.
pub fn refusal() -> Failure {
    Failure::Unreadable("The request holds the character U+0000, which is taken nowhere.".to_owned())
}

/// The request with its body read, which holds none.
///
/// *Errors*: it holds one; a body that is too long or breaks off.
pub async fn without<S: Send + Sync>(
    request: Request,
    state: &S,
    is_in: fn(&[u8]) -> bool,
) -> Result<Request, Failure> {
    let (parts, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await?;
    if is_in(&body) { Err(refusal()) } else { Ok(Request::from_parts(parts, Body::from(body))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z3_nul_is_found_as_it_stands_and_encoded() {
        for found in [&b"a\0"[..], b"/a%00b", b"a=%00", b"%2500%00"] {
            assert!(is_in_encoded(found), "{found:?}");
        }
        for none in [&b""[..], b"/a%20b", b"a=%0", b"%2500", b"00"] {
            assert!(!is_in_encoded(none), "{none:?}");
        }
    }

    #[test]
    fn z3_nul_is_found_in_json_where_it_is_escaped_and_only_there() {
        for found in [&br#"{"a":"\u0000"}"#[..], br#"{"a":"x\\\u0000"}"#, br#"{"\u0000":1}"#, br#"["\n\u0000"]"#] {
            assert!(is_in_json(found), "{found:?}");
        }
        for none in [&b""[..], br#"{"a":"\\u0000"}"#, br#"{"a":"u0000"}"#, br#"{"a":"\u0001"}"#, b"\\", b"\\u000"] {
            assert!(!is_in_json(none), "{none:?}");
        }
    }
}
