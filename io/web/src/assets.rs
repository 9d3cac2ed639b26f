//! Owns serving the files of [`crate::pages::assets`]: a browser that asks for the version that the pages name may keep it
//! for ever.

use axum::extract::RawQuery;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use crate::pages::assets::{ICON, PASSKEYS, SCRIPT, STYLESHEET, version};

/// The stylesheet.
pub async fn stylesheet(RawQuery(query): RawQuery) -> Response {
    file(STYLESHEET, "text/css; charset=utf-8", query.as_deref())
}

/// The script.
pub async fn script(RawQuery(query): RawQuery) -> Response {
    file(SCRIPT, "text/javascript; charset=utf-8", query.as_deref())
}

/// The script of passkeys.
pub async fn passkeys(RawQuery(query): RawQuery) -> Response {
    file(PASSKEYS, "text/javascript; charset=utf-8", query.as_deref())
}

/// The mark.
pub async fn icon(RawQuery(query): RawQuery) -> Response {
    file(ICON, "image/svg+xml", query.as_deref())
}

fn file(text: &'static str, content_type: &'static str, query: Option<&str>) -> Response {
    let named = query.and_then(|query| query.strip_prefix("v="));
    let caching = if named == Some(version().as_str()) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(content_type)), (CACHE_CONTROL, HeaderValue::from_static(caching))];
    (headers, text).into_response()
}
