//! Owns the headers that every answer carries, whatever its route and status (T-WEB-9).

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::route::Surface;

/// What a page may load, send to and be framed by.
///
/// `form-action` also binds redirects that answer a form, all the way to wherever an identity provider sends the browser
/// on. A form that begins SSO is therefore answered by a page that goes on by itself, never by a redirect to the provider.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);
/// What everything else may: nothing.
const BARE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
/// What a page may ask the device for: passkeys, and nothing else.
const PAGE_PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "publickey-credentials-create=(self), publickey-credentials-get=(self), accelerometer=(), bluetooth=(), camera=(), \
     display-capture=(), geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
);
/// Two years. *Units*: seconds.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Adds them. A handler's own `Cache-Control` stays: static files may be kept, everything else may not.
pub fn secure(headers: &mut HeaderMap, surface: Surface, https: bool) {
    let (policy, referrer) = match surface {
        Surface::Page => (PAGE_POLICY, "same-origin"),
        Surface::Entry => (PAGE_POLICY, "no-referrer"),
        Surface::Api | Surface::Asset | Surface::Bare => (BARE_POLICY, "no-referrer"),
    };
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static(referrer));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if matches!(surface, Surface::Page | Surface::Entry) {
        headers.insert(PERMISSIONS, PAGE_PERMISSIONS);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}
