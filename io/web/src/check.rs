//! Owns `GET /check`: whether a session opens an organization, for proxies and product backends. One look-up in the
//! database, nothing that can be stale, no write (R-API-2). It is the hot path: what it does not need is not around it.

use std::borrow::Cow;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use orgate_app::error::Error;
use orgate_app::session::{self, Opened};
use orgate_core::refusal::{Refusal, RefusalKind};

use crate::access;
use crate::error::{Failure, RequestRefusal};
use crate::state::Web;

const USER: HeaderName = HeaderName::from_static("x-orgate-user");
const EMAIL: HeaderName = HeaderName::from_static("x-orgate-email");
const ORGANIZATION: HeaderName = HeaderName::from_static("x-orgate-organization");
const ROLE: HeaderName = HeaderName::from_static("x-orgate-role");
const CODE: HeaderName = HeaderName::from_static("x-orgate-code");
/// With those that every answer has: one allocation in place of three.
const MOST_HEADERS: usize = 12;
const SIGN_IN: HeaderName = HeaderName::from_static("x-orgate-sign-in");

/// 200 with who it is, or 401 and 403 with why not and where to sign in.
///
/// *Errors*: 400 without `organization`; 500 and 503 when the database fails, which opens nothing.
pub async fn check(State(web): State<Web>, request: Request) -> Result<Response, Failure> {
    let asked = organization(request.uri().query().unwrap_or_default());
    let Some(organization) = asked else { return Err(RequestRefusal::Malformed.into()) };
    let token_hash = access::session_hash(request.headers());
    match session::ask(&web.app, token_hash, &organization).await {
        Ok(Ok(opened)) => Ok(passed(opened)),
        // A name of which nothing is told goes back as it came.
        Ok(Err(closed)) => Ok(refused(&web, &closed.refusal, closed.slug.as_deref().unwrap_or(&organization))),
        Err(Error::Refused(refusal)) => Ok(refused(&web, &refusal, &organization)),
        Err(fault @ Error::Fault(_)) => Err(fault.into()),
    }
}

/// The organization that is asked about.
fn organization(query: &str) -> Option<Cow<'_, str>> {
    if [b'%', b'+'].iter().any(|byte| query.as_bytes().contains(byte)) {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        return pairs.find(|(name, _)| name == "organization").map(|(_, value)| value);
    }
    // A name or an id is written as it is: nothing has to be decoded.
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(name, _)| *name == "organization").map(|(_, value)| value.into())
}

fn passed(opened: Opened) -> Response {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.reserve(MOST_HEADERS);
    headers.insert(ROLE, HeaderValue::from_static(opened.role.as_str()));
    let texts = [
        (USER, HeaderValue::from_str(opened.user_id.as_str())),
        (EMAIL, HeaderValue::try_from(printable(opened.email))),
        (ORGANIZATION, HeaderValue::from_str(opened.organization_id.as_str())),
    ];
    for (name, value) in texts {
        // Ids and what `printable` answers are visible ASCII, which every header value takes.
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    }
    response
}

/// An address as a header can carry it: bytes outside visible ASCII, and the percent sign, are percent-encoded, so
/// decoding gives back exactly the address.
fn printable(email: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    if email.bytes().all(is_plain) {
        return email;
    }
    email
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Without a valid session 401; with one that does not open the organization 403.
fn refused(web: &Web, refusal: &Refusal, organization: &str) -> Response {
    let slug: String = url::form_urlencoded::byte_serialize(organization.as_bytes()).collect();
    let (status, path) = match refusal {
        Refusal::SsoRequired(required) | Refusal::SessionEnded(required) => {
            let first = required.first().map(|one| format!("/sign-in/{}", one.slug));
            (StatusCode::UNAUTHORIZED, first.unwrap_or_else(|| "/sign-in".to_owned()))
        }
        Refusal::NeedsSso => (StatusCode::FORBIDDEN, format!("/sign-in/{slug}")),
        Refusal::NeedsProof | Refusal::NeedsSecondFactor => {
            (StatusCode::FORBIDDEN, format!("/account/proof?organization={slug}"))
        }
        Refusal::NoSecondFactor(_) => {
            (StatusCode::FORBIDDEN, format!("/account/second-factor/new?organization={slug}"))
        }
        other if other.kind() == RefusalKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "/sign-in".to_owned()),
        _ => (StatusCode::FORBIDDEN, "/sign-in".to_owned()),
    };
    let mut response = status.into_response();
    let headers = response.headers_mut();
    let code = match refusal {
        // A proxy is told why, not only that there is no session any more.
        Refusal::SessionEnded(required) => Refusal::SsoRequired(required.clone()).code(),
        other => other.code(),
    };
    headers.insert(CODE, HeaderValue::from_static(code));
    if let Ok(url) = HeaderValue::try_from(web.link(&path)) {
        headers.insert(SIGN_IN, url);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organization_is_read_as_a_form_writes_it_also_where_nothing_is_encoded() {
        for query in [
            "organization=acme",
            "a=b&organization=acme",
            "organization=acme&organization=other",
            "organization=%61cme",
            "organiz%61tion=acme",
            "organization=ac+me",
            "organization",
            "organization=",
            "organization=a=b",
            "&&organization=acme&",
            "Organization=acme",
            "xorganization=acme",
            "=organization",
            "",
        ] {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let form = pairs.find(|(name, _)| name == "organization").map(|(_, value)| value);
            assert_eq!(organization(query), form, "{query}");
        }
        assert_eq!(organization("a=b&organization=acme").as_deref(), Some("acme"));
    }

    #[test]
    fn an_address_becomes_a_header_that_decodes_to_itself() {
        assert_eq!(printable("a+b@x.example".to_owned()), "a+b@x.example");
        assert_eq!(printable("jos\u{e9}@x.example".to_owned()), "jos%C3%A9@x.example");
        assert_eq!(printable("50%off\r\n@x.example".to_owned()), "50%25off%0D%0A@x.example");
    }
}
