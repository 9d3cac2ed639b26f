//! Owns what a request says about who sends it, and the check at the door: a declared access that the request cannot
//! have by its looks alone is refused before a handler runs. What a person may do is decided by the use case, in its
//! own transaction.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method};
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_app::visitor::{self, Visitor};
use orgate_core::refusal::Refusal;

use crate::cookies;
use crate::error::{Failure, RequestRefusal};
use crate::route::Surface;
use crate::state::Web;

/// Who may call a route. From [`Access::Session`] on, the use case asks for more than the door does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever runs the deployment, or this machine itself while there is no operator's token.
    Monitor,
    /// Whoever has the operator's token (R-ORG-7).
    Operator,
    /// A person in a session.
    Session,
    /// A person to whom their own account is open (R-IN-9).
    Account,
    /// The same, with proofs of the last 15 minutes (R-IN-8).
    RecentAccount,
    /// A member to whom the organization is open.
    Member,
    /// A member with a role in the project, or an Owner.
    Project,
    /// An Owner.
    Owner,
    /// An Owner with a proof of the last 15 minutes (R-IN-8).
    RecentOwner,
}

impl Access {
    /// The word in the list of routes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Monitor => "monitor",
            Self::Operator => "operator",
            Self::Session => "session",
            Self::Account => "account",
            Self::RecentAccount => "recent account",
            Self::Member => "member",
            Self::Project => "project",
            Self::Owner => "owner",
            Self::RecentOwner => "recent owner",
        }
    }
}

/// Refuses what cannot be allowed.
///
/// *Errors*: [`RequestRefusal::CrossSite`], [`Refusal::NoSession`], [`RequestRefusal::NotTheOperator`].
pub fn check(
    web: &Web,
    access: Access,
    surface: Surface,
    method: &Method,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<(), Failure> {
    if surface.asks_for_same_origin() && !is_same_site(web, method, headers) {
        return Err(RequestRefusal::CrossSite.into());
    }
    match access {
        Access::Public => Ok(()),
        Access::Operator => operator(web, headers, false),
        // Behind a proxy on this machine everybody's peer is loopback: what was forwarded is not this machine's own.
        Access::Monitor => operator(web, headers, peer(extensions).is_loopback() && !is_forwarded(headers)),
        Access::Session
        | Access::Account
        | Access::RecentAccount
        | Access::Member
        | Access::Project
        | Access::Owner
        | Access::RecentOwner => session_hash(headers).map(|_| ()).ok_or_else(|| Refusal::NoSession.into()),
    }
}

/// Whether a proxy says that it passes the request on.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    ["x-forwarded-for", "forwarded", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name))
}

fn operator(web: &Web, headers: &HeaderMap, without_token: bool) -> Result<(), Failure> {
    let allowed = match (&web.app.settings.operator_token, bearer(headers)) {
        (Some(_), Some(shown)) => orgate_app::operator::is_token(&web.app, shown),
        (Some(_), None) => false,
        (None, _) => without_token,
    };
    if allowed { Ok(()) } else { Err(RequestRefusal::NotTheOperator.into()) }
}

/// Whether a request that may change something comes from our own pages, or from a program that no site can steer.
///
/// A bearer token is never sent by a browser on its own, so such a call passes. Everything else that a browser sends is
/// judged by `Sec-Fetch-Site`, or by `Origin` where that is missing, against the public URL and nothing else. What has
/// neither header comes from no browser of this decade; it passes only without a cookie of ours (T-WEB-8).
fn is_same_site(web: &Web, method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() || bearer(headers).is_some() {
        return true;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some("same-origin"), None) => true,
        // A page without a referrer sends the origin "null" with its own forms.
        (Some("same-origin"), Some("null")) => true,
        (Some("same-origin") | None, Some(origin)) => origin == web.app.settings.public_url.as_str(),
        (Some(_), _) => false,
        (None, None) => {
            cookies::value(headers, cookies::SESSION).is_none() && cookies::value(headers, cookies::BROWSER).is_none()
        }
    }
}

/// Who sends the request.
pub fn visitor(web: &Web, parts: &Parts) -> Visitor {
    let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("unreadable"));
    let ip = visitor::client_ip(peer(&parts.extensions), forwarded, &web.app.settings.trusted_proxies);
    let mut visitor = Visitor::new(ip, agent);
    visitor.session = session_hash(&parts.headers);
    visitor.browser = cookies::value(&parts.headers, cookies::BROWSER)
        .and_then(SecretToken::parse)
        .map(|token| token.hash(TokenPurpose::Browser));
    visitor
}

/// The hash of the session's token: of the bearer token if there is one, else of the cookie.
pub fn session_hash(headers: &HeaderMap) -> Option<[u8; 32]> {
    let token = match headers.get(AUTHORIZATION) {
        Some(_) => bearer(headers)?,
        None => cookies::value(headers, cookies::SESSION)?,
    };
    SecretToken::parse(token).map(|token| token.hash(TokenPurpose::Session))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_ascii())
}

/// Whether the other end of the connection is a proxy whose word counts.
pub fn is_from_proxy(web: &Web, extensions: &Extensions) -> bool {
    let peer = peer(extensions);
    web.app.settings.trusted_proxies.iter().any(|network| network.contains(&peer))
}

/// The other end of the connection. A request that came over none (a test's) has no address.
pub fn peer(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_token_goes_before_the_cookie_and_a_broken_one_is_not_replaced_by_it() {
        let mut headers = HeaderMap::new();
        let zero = "A".repeat(43);
        headers.insert("cookie", HeaderValue::try_from(format!("{}={zero}", cookies::SESSION)).unwrap());
        assert!(session_hash(&headers).is_some());
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer nonsense"));
        assert!(session_hash(&headers).is_none());
        headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("bearer {zero}")).unwrap());
        assert!(session_hash(&headers).is_some());
    }
}
