//! Owns every HTTP request that leaves the process, and every question to name servers: the only client, its address guard
//! and its limits on time, size and number. What a request means is the protocol's business.
//!
//! A host is resolved here, each address is judged by [`orgate_sso::url_rules`], and the connection goes to a judged
//! address and no other. Nothing is followed, cached, decompressed or sent through a proxy, and no connection is shared
//! between two peers, so no tenant's IdP can lean on another's.
//!
//! *Source*: 2.3 of the security bar, T-SSRF-1 to T-SSRF-5, T-IDP-1.

mod dates;
mod kept;
mod own;
mod peer;
pub mod resolver;
mod slots;
pub mod trust;

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use orgate_core::domain::TextAnswer;
use orgate_sso::exchange::{Method, Request, Response, TransportFailure};
use orgate_sso::url_rules::{CheckedUrl, UrlRules, check_address, check_url};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION};
use reqwest::{redirect, retry};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tokio::time::{sleep, timeout};
use url::Host;

pub use dates::Dates;
use kept::Kept;
pub use own::{OwnAnswer, OwnClient};
pub use peer::Peer;
use resolver::{ResolveFailure, Resolver};
use slots::Slots;

use crate::traces::{Call, Traces};

/// The limits of one request and of all of them.
#[derive(Debug, Clone, Copy)]
pub struct OutboundLimits {
    /// From the call to the last byte of the answer, waiting for a slot included.
    pub total: Duration,
    /// For the TCP and TLS handshakes together.
    pub connect: Duration,
    /// Requests at once for one connection, or one provider of the operator's.
    pub per_connection: usize,
    /// Requests at once altogether.
    pub altogether: usize,
}

impl Default for OutboundLimits {
    /// *Source*: T-IDP-1: 5 seconds, 8 for each connection. 512 altogether is 64 connections that all hang.
    fn default() -> Self {
        Self { total: Duration::from_secs(5), connect: Duration::from_secs(3), per_connection: 8, altogether: 512 }
    }
}

/// Failures before any connection is made are told at multiples of this, whatever the name server took (T-SSRF-5).
const NAME_BUCKET: Duration = Duration::from_millis(250);
const MAX_HEADERS: usize = 100;

/// The HTTP client. Clones share the limits.
#[derive(Clone)]
pub struct Outbound {
    rules: Arc<UrlRules>,
    personal_rules: Arc<UrlRules>,
    resolver: Resolver,
    tls: ClientConfig,
    limits: OutboundLimits,
    slots: Arc<Slots>,
    kept: Arc<Kept<reqwest::Client>>,
    dates: Dates,
    traces: Traces,
}

/// Why a request failed, for the log. The tenant learns less: see [`Cause::told`].
#[derive(Debug)]
enum Cause {
    Url(&'static str),
    Name(ResolveFailure),
    Address(&'static str),
    Slots,
    Deadline,
    TooLarge,
    Certificate(rustls::CertificateError),
    Client(reqwest::Error),
    Header,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(rule) => write!(formatter, "the address {rule}"),
            Self::Name(failure) => write!(formatter, "{failure}: {}", chain(failure)),
            Self::Address(what) => write!(formatter, "the host resolves to nothing that may be contacted ({what})"),
            Self::Slots => formatter.write_str("shutting down"),
            Self::Deadline => formatter.write_str("no whole answer in time"),
            Self::TooLarge => formatter.write_str("the answer is too large"),
            Self::Certificate(reason) => write!(formatter, "certificate: {reason}"),
            Self::Client(error) => write!(formatter, "{error}: {}", chain(error)),
            Self::Header => formatter.write_str("a header value cannot be sent"),
        }
    }
}

/// The innermost reason, which is the one that helps.
fn chain(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl Cause {
    fn told(&self) -> TransportFailure {
        match self {
            Self::Url(_) | Self::Address(_) => TransportFailure::AddressRefused,
            Self::Name(_) => TransportFailure::NameNotResolved,
            Self::TooLarge => TransportFailure::TooLarge,
            Self::Certificate(_) => TransportFailure::Certificate,
            Self::Slots | Self::Deadline | Self::Client(_) | Self::Header => TransportFailure::Unreachable,
        }
    }
}

impl Outbound {
    /// A client that obeys the operator's list and trusts `tls`'s roots.
    pub fn new(rules: UrlRules, resolver: Resolver, tls: ClientConfig, limits: OutboundLimits) -> Self {
        let slots = Arc::new(Slots::new(limits.per_connection, limits.altogether));
        let rules = Arc::new(rules);
        Self {
            personal_rules: Arc::clone(&rules),
            rules,
            resolver,
            tls,
            limits,
            slots,
            kept: Arc::default(),
            dates: Dates::default(),
            traces: Traces::default(),
        }
    }

    /// The same with other rules for the providers that the operator registered at: what the operator wrote into the
    /// settings is meant, for those providers and for no tenant.
    pub fn with_personal_rules(mut self, rules: UrlRules) -> Self {
        self.personal_rules = Arc::new(rules);
        self
    }

    /// The same, with spans of what it asks.
    pub fn with_traces(mut self, traces: Traces) -> Self {
        self.traces = traces;
        self
    }

    /// The operator's list, for parsing URLs that tenants type.
    pub fn rules(&self) -> &UrlRules {
        &self.rules
    }

    /// What may be contacted of a peer.
    pub fn rules_for(&self, peer: &Peer) -> &UrlRules {
        match peer {
            Peer::Connection(_) => &self.rules,
            Peer::Personal(_) => &self.personal_rules,
        }
    }

    /// What time the servers that were asked say it is.
    pub fn dates(&self) -> &Dates {
        &self.dates
    }

    /// A client for the operator's own addresses, which trusts the same roots.
    ///
    /// *Errors*: why it cannot be set up.
    pub fn own(&self) -> Result<OwnClient, String> {
        OwnClient::new(self.tls.clone())
    }

    /// The texts at a full name: the one question that leaves the process and is no request.
    pub async fn texts(&self, name: &str) -> TextAnswer {
        self.resolver.texts(name).await
    }

    /// Sends one request to an identity provider. Redirects come back as they are.
    ///
    /// Failures are told late on purpose: nothing in answer or timing tells a refused port from a filtered one.
    ///
    /// *Errors*: why there is no answer; the log says more than the value.
    pub async fn send(&self, peer: impl Into<Peer>, request: &Request) -> Result<Response, TransportFailure> {
        let peer = peer.into();
        let handshakes = sleep(self.limits.connect);
        let name = sleep(NAME_BUCKET);
        let span = self.traces.call(&Call {
            method: method(request.method),
            host: request.url.host(),
            peer: peer.kind(),
            purpose: request.purpose.as_str(),
        });
        let cause = match timeout(self.limits.total, self.attempt(&peer, request)).await {
            Ok(Ok(response)) => {
                if response.status >= 500 {
                    tracing::warn!(
                        request.peer = %peer,
                        request.purpose = ?request.purpose,
                        request.host = request.url.host(),
                        response.status = response.status,
                        "an identity provider answered with an error of its own"
                    );
                }
                count(&peer, request, status_class(response.status));
                if let Some(span) = span {
                    span.end(Ok(response.status));
                }
                return Ok(response);
            }
            Ok(Err(cause)) => cause,
            Err(_) => Cause::Deadline,
        };
        tracing::warn!(
            request.peer = %peer,
            request.purpose = ?request.purpose,
            request.host = request.url.host(),
            %cause,
            "an identity provider could not be asked"
        );
        let told = cause.told();
        count(&peer, request, told.as_str());
        if let Some(span) = span {
            span.end(Err(told.as_str()));
        }
        match told {
            TransportFailure::NameNotResolved | TransportFailure::AddressRefused => name.await,
            TransportFailure::Unreachable => handshakes.await,
            TransportFailure::Certificate | TransportFailure::TooLarge => {}
        }
        Err(told)
    }

    async fn attempt(&self, peer: &Peer, request: &Request) -> Result<Response, Cause> {
        let _slot = self.slots.acquire(peer.as_str()).await.ok_or(Cause::Slots)?;
        let addresses = self.judged_addresses(self.rules_for(peer), &request.url).await?;
        let host = request.url.host();
        let client = self.kept.take(peer, host, &addresses, || self.pinned_client(host, &addresses));
        let response = client.map_err(Cause::Client)?.execute(http_request(request)?).await.map_err(cause)?;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        self.dates.note(host, date);
        read(response, request.purpose.max_bytes()).await
    }

    /// Every address of the host that may be contacted. The URL is checked again too: the list in force now counts.
    async fn judged_addresses(&self, rules: &UrlRules, url: &CheckedUrl) -> Result<Vec<SocketAddr>, Cause> {
        let url = check_url(url.as_str(), rules).map_err(|refusal| Cause::Url(refusal.as_str()))?;
        let found: Vec<IpAddr> = match url.as_url().host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => self.resolver.addresses(name).await.map_err(Cause::Name)?,
            None => return Err(Cause::Url("has no host")),
        };
        let mut refused = "no address";
        let mut judged = Vec::with_capacity(found.len());
        for address in found {
            match check_address(address, &url, rules) {
                Ok(()) => judged.push(SocketAddr::new(address, url.port())),
                Err(refusal) => refused = refusal.what,
            }
        }
        if judged.is_empty() { Err(Cause::Address(refused)) } else { Ok(judged) }
    }

    /// A client for one host, which knows no way to any other address: its own resolver only says no.
    #[expect(clippy::disallowed_methods, reason = "the only HTTP client")]
    fn pinned_client(&self, host: &str, addresses: &[SocketAddr]) -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Nowhere)
            .resolve_to_addrs(host, addresses)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .pool_max_idle_per_host(self.limits.per_connection)
            .pool_idle_timeout(kept::IDLE)
            .connect_timeout(self.limits.connect)
            .user_agent("Orgate")
            .build()
    }
}

/// Measures what became of a request. Which organization's provider it was is in the log and in its recent attempts.
fn count(peer: &Peer, request: &Request, outcome: &'static str) {
    let (peer, purpose) = (peer.kind(), request.purpose.as_str());
    metrics::counter!("orgate_idp_requests_total", "peer" => peer, "purpose" => purpose, "outcome" => outcome)
        .increment(1);
}

const fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

const fn status_class(status: u16) -> &'static str {
    match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

/// Resolves nothing: a pinned client that asks has been given a host that was not judged.
struct Nowhere;

impl reqwest::dns::Resolve for Nowhere {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let refused = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "not a judged host");
        Box::pin(std::future::ready(Err(refused.into())))
    }
}

fn http_request(request: &Request) -> Result<reqwest::Request, Cause> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let mut built = reqwest::Request::new(method, request.url.as_url().clone());
    for header in &request.headers {
        let mut value = HeaderValue::from_str(header.value.expose_secret()).map_err(|_| Cause::Header)?;
        value.set_sensitive(true);
        built.headers_mut().append(HeaderName::from_static(header.name), value);
    }
    built.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(body) = &request.body {
        *built.body_mut() = Some(body.expose_secret().to_owned().into());
    }
    Ok(built)
}

async fn read(mut response: reqwest::Response, max_bytes: usize) -> Result<Response, Cause> {
    let header =
        |name| response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let (content_type, location) = (header(CONTENT_TYPE), header(LOCATION));
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > max_bytes) {
        return Err(Cause::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(cause)? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(Cause::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status: response.status().as_u16(), content_type, location, body })
}

/// Looks for the one cause that the tenant is told: a certificate that is not valid for the host.
fn cause(error: reqwest::Error) -> Cause {
    // The URL of a request can carry a code or a client id; the log names the host only.
    let error = error.without_url();
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(rustls::Error::InvalidCertificate(reason)) = source.downcast_ref() {
            return Cause::Certificate(reason.clone());
        }
        // An I/O error hides what it wraps from `source`.
        next = match source.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => source.source(),
        };
    }
    Cause::Client(error)
}
