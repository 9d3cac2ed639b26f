//! Owns what every request passes first: the host name it came under, and the headers that every answer has.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

/// The address that a listener is reached by.
#[derive(Clone)]
pub(crate) struct Host(Arc<str>);

impl Host {
    /// Of an address such as `http://127.0.0.1:8081`.
    pub(crate) fn of(url: &str) -> Self {
        Self(url.into())
    }

    /// Host and port.
    fn name(&self) -> &str {
        self.0.split("://").nth(1).unwrap_or_default()
    }

    /// The way on for who typed `localhost`. Nothing of the request is in it.
    fn elsewhere(&self) -> String {
        let address = self.0.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        format!(
            "<!doctype html><title>Another host</title><p>This is another host. Open <a href=\"{address}/\">{address}</a>.</p>"
        )
    }
}

/// Refuses requests under another host name, so that no web page can reach a listener by rebinding its own name to
/// loopback.
pub(crate) async fn guard(State(host): State<Host>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|named| named.to_str().ok());
    if named != Some(host.name()) {
        return (StatusCode::MISDIRECTED_REQUEST, Html(host.elsewhere())).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_right_host_is_a_link_whatever_its_address_holds() {
        let host = Host::of("http://127.0.0.1:8081");
        assert_eq!(host.name(), "127.0.0.1:8081");
        assert!(host.elsewhere().contains("<a href=\"http://127.0.0.1:8081/\">http://127.0.0.1:8081</a>"));
        let odd = Host::of("http://a\"><script>&").elsewhere();
        assert!(odd.contains("http://a&quot;&gt;&lt;script&gt;&amp;") && !odd.contains("<script"), "{odd}");
    }
}
