//! A local OpenID provider in Okta's layout, or Google's, that can be honest or do anything wrong, and remembers what it was asked.
//!
//! It writes and signs its tokens by hand and shares no code with the product. Honest, it enforces what an IdP enforces:
//! client authentication, registered redirect URIs, PKCE with S256, codes and pushed requests that work once.

mod authorize;
pub mod catalogue;
pub(crate) mod keys;
mod layout;
mod log_out;
mod mischief;
mod provider;
mod pushed;
mod spoil;
mod token;
pub(crate) mod wire;

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use self::authorize::Authorized;
use self::keys::KeySet;
pub use self::keys::{Algorithm, WeakRsa};
pub use self::layout::Layout;
pub use self::mischief::{Endpoint, KeySetShape, Mischief, Parameters, Signing, Wire};
use self::provider::Provider;
pub use self::pushed::PushedRequests;
use crate::background::Background;
use crate::ca::Authority;
use crate::clock::ManualClock;

/// A person of the provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The subject.
    pub subject: String,
    /// The claims beside it: `email`, `email_verified`, `name` and the like.
    pub claims: Map<String, Value>,
    /// Whether the person is assigned to the client application.
    pub assigned: bool,
}

impl Person {
    /// An assigned person with a verified address and a name made of it.
    pub fn new(subject: impl Into<String>, email: impl Into<String>) -> Self {
        let email = email.into();
        let name = email.split('@').next().unwrap_or_default().to_owned();
        let claims = [
            ("email", json!(email)),
            ("email_verified", json!(true)),
            ("name", json!(name)),
            ("preferred_username", json!(email)),
        ];
        let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { subject: subject.into(), claims, assigned: true }
    }

    /// The same person with another claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// The same person without a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// The same person, not assigned to the application: `access_denied`.
    pub fn unassigned(mut self) -> Self {
        self.assigned = false;
        self
    }
}

/// How the client may authenticate at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// Either.
    Any,
}

/// How a provider is set up. Take [`Setup::tls`] or [`Setup::plain`] and change fields.
#[derive(Clone)]
pub struct Setup {
    /// The host name of the issuer; the port is added.
    pub host: String,
    /// What follows the port in the issuer, as it is written: nothing, `/`, or a path with or without a slash at its end.
    pub issuer_path: &'static str,
    /// TLS with certificates of this authority, or plain HTTP.
    pub authority: Option<Authority>,
    /// The provider's clock.
    pub clock: ManualClock,
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// How it may authenticate.
    pub client_authentication: ClientAuthentication,
    /// The redirect URIs it registered, or none to accept any.
    pub redirect_uris: Option<HashSet<String>>,
    /// What tokens are signed with.
    pub algorithm: Algorithm,
    /// ID tokens without profile claims, as Okta's.
    pub thin: bool,
    /// Authorization responses with `iss`, and metadata that says so. *Source*: RFC 9207.
    pub issuer_in_response: bool,
    /// Refuse authorization requests without an S256 challenge.
    pub require_pkce: bool,
    /// Whether authorization requests are pushed. *Source*: RFC 9126.
    pub pushed_requests: PushedRequests,
    /// How long a pushed request waits for its browser. *Units*: seconds.
    pub pushed_lifetime_seconds: i64,
    /// Where its addresses are.
    pub layout: Layout,
    /// Whether it names its sessions, and offers to end them.
    pub log_out: bool,
    /// The post-logout redirect URIs it registered, or none to accept any.
    pub post_logout_redirect_uris: Option<HashSet<String>>,
}

impl Setup {
    /// An Okta-like provider at `https://host:port` with certificates of `authority`.
    pub fn tls(host: &str, authority: &Authority, clock: &ManualClock) -> Self {
        Self { host: host.to_owned(), authority: Some(authority.clone()), ..Self::plain(clock) }
    }

    /// An Okta-like provider at `http://127.0.0.1:port`.
    pub fn plain(clock: &ManualClock) -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.to_string(),
            issuer_path: "",
            authority: None,
            clock: clock.clone(),
            client_id: "0oa1testclient2345d7".to_owned(),
            client_secret: "a-client-secret-of-the-tests-0123456789".to_owned(),
            client_authentication: ClientAuthentication::Any,
            redirect_uris: None,
            algorithm: Algorithm::Rs256,
            thin: true,
            issuer_in_response: false,
            require_pkce: true,
            pushed_requests: PushedRequests::Unknown,
            pushed_lifetime_seconds: 60,
            layout: Layout::Okta,
            log_out: true,
            post_logout_redirect_uris: None,
        }
    }

    /// Google at `http://127.0.0.1:port`: its paths below one host, and ID tokens that carry the profile.
    pub fn google(clock: &ManualClock) -> Self {
        Self {
            client_id: "1234567890-tests.apps.googleusercontent.com".to_owned(),
            client_secret: "GOCSPX-a-secret-of-the-tests".to_owned(),
            thin: false,
            layout: Layout::Google,
            log_out: false,
            ..Self::plain(clock)
        }
    }
}

/// One request that the provider got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which address it went to.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The parameters of the query, decoded.
    pub query: Parameters,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The parameters of a form body, decoded.
    pub form: Parameters,
}

impl Recorded {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The first parameter of the query or of the form.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name).or_else(|| first(&self.form, name))
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(existing, _)| existing == name).map(|(_, value)| value.as_str())
}

/// A running provider; stops when dropped.
pub struct HostileIdp {
    address: SocketAddr,
    provider: Arc<Mutex<Provider>>,
    tls: SharedTls,
    _background: Background,
}

/// How connections are taken from now on; without TLS as they are.
type SharedTls = Arc<Mutex<Option<TlsAcceptor>>>;

impl HostileIdp {
    /// Starts a provider with nobody signed in, on a free port of 127.0.0.1.
    pub fn start(setup: Setup) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        let tls = setup.authority.as_ref().map(|authority| authority.server_config(&[&setup.host]));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let issuer = format!("{scheme}://{}:{}{}", setup.host, address.port(), setup.issuer_path);
        let provider = Arc::new(Mutex::new(Provider::new(issuer, setup)));
        let tls = Arc::new(Mutex::new(tls.map(TlsAcceptor::from)));
        let (shared, shared_tls) = (Arc::clone(&provider), Arc::clone(&tls));
        let background = Background::run(move || serve(listener, shared_tls, shared));
        Self { address, provider, tls, _background: background }
    }

    /// From now on it shows a certificate that has expired. Does nothing without TLS.
    pub fn let_certificate_expire(&self) {
        let (authority, host) = {
            let provider = self.lock();
            (provider.setup.authority.clone(), provider.setup.host.clone())
        };
        *lock(&self.tls) = authority.map(|authority| authority.expired_server_config(&[&host]).into());
    }

    /// The issuer: scheme, host, port, and the path if it has one.
    pub fn issuer(&self) -> String {
        self.lock().issuer.clone()
    }

    /// The issuer without its scheme, as a person would type it into a domain field.
    pub fn domain(&self) -> String {
        self.lock().issuer.split("://").nth(1).unwrap_or_default().to_owned()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its client.
    pub fn client_id(&self) -> String {
        self.lock().setup.client_id.clone()
    }

    /// The secret of its client.
    pub fn client_secret(&self) -> String {
        self.lock().setup.client_secret.clone()
    }

    /// Changes the set-up of the running provider: another secret, algorithm, registered URIs. The host stays.
    pub fn configure(&self, change: impl FnOnce(&mut Setup)) {
        change(&mut self.lock().setup);
    }

    /// Signs a person in at the provider, as of now; the next authorization request is answered for them.
    pub fn sign_in_as(&self, person: Person) {
        let mut provider = self.lock();
        let now = provider.setup.clock.now_seconds();
        provider.current = Some((person, now));
        provider.sid = provider::new_sid();
    }

    /// Signs the current person out.
    pub fn sign_out(&self) {
        self.lock().current = None;
    }

    /// Replaces the mischief in force.
    pub fn set(&self, mischief: Mischief) {
        self.lock().mischief = mischief;
    }

    /// Makes the provider honest again.
    pub fn behave(&self) {
        self.set(Mischief::none());
    }

    /// Signs with new keys from now on; the old ones stay published if `keep_old`.
    pub fn rotate_keys(&self, keep_old: bool) {
        let mut provider = self.lock();
        let fresh = KeySet::generate(format!("{}", provider.generation + 2));
        provider.generation += 1;
        let old = std::mem::replace(&mut provider.keys, fresh);
        if keep_old {
            provider.older.push(old);
        } else {
            provider.older.clear();
        }
    }

    /// Plays the browser: asks the authorization endpoint for `url` and gives the address it is sent back to.
    ///
    /// Panics with the provider's page where there is no redirect: an unknown client, a redirect URI that is not
    /// registered, a pushed request that is no more, or nobody signed in.
    pub fn authorize(&self, url: &str) -> String {
        match self.visit(url) {
            Ok(to) => to,
            Err(page) => unreachable!("no redirect but a page: {page}"),
        }
    }

    /// The same where a page is an answer too: its status and text.
    pub fn visit(&self, url: &str) -> Result<String, String> {
        let url = url::Url::parse(url).expect("an authorization request");
        let mut provider = self.lock();
        let query: Parameters = url.query_pairs().into_owned().collect();
        provider.recorded.push(Recorded {
            endpoint: Endpoint::Authorize,
            method: "GET".to_owned(),
            path: url.path().to_owned(),
            query: query.clone(),
            headers: Vec::new(),
            form: Vec::new(),
        });
        match provider.authorize(&query) {
            Authorized::Redirect(to) => Ok(to),
            Authorized::Page(status, text) => Err(format!("{status} {text}")),
        }
    }

    /// Plays the browser: asks the end-session endpoint for `url` and gives the address it is sent back to, if it is.
    pub fn end_session(&self, url: &str) -> Option<String> {
        let url = url::Url::parse(url).expect("a log-out request");
        let query: Parameters = url.query_pairs().into_owned().collect();
        let mut provider = self.lock();
        provider.recorded.push(Recorded {
            endpoint: Endpoint::EndSession,
            method: "GET".to_owned(),
            path: url.path().to_owned(),
            query: query.clone(),
            headers: Vec::new(),
            form: Vec::new(),
        });
        provider.end_session(&query).ok()
    }

    /// The name of the session of whoever is signed in, as ID tokens carry it.
    pub fn sid(&self) -> String {
        self.lock().sid.clone()
    }

    /// A log-out token for a person, a session or both, with the mischief in force.
    pub fn log_out_token(&self, subject: Option<&str>, sid: Option<&str>) -> String {
        self.lock().log_out_token(subject, sid)
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().recorded.clone()
    }

    /// The requests to one address, oldest first.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.endpoint == endpoint).collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.lock().recorded.clear();
    }

    /// An ID token for the current person with the mischief in force, outside of any code: for tests of token checks
    /// that need no HTTP.
    pub fn id_token(&self, nonce: &str) -> String {
        self.lock().loose_id_token(nonce)
    }

    /// The key set as the mischief in force publishes it.
    pub fn key_set(&self) -> Value {
        self.lock().key_set()
    }

    fn lock(&self) -> MutexGuard<'_, Provider> {
        lock(&self.provider)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: std::net::TcpListener, tls: SharedTls, provider: Arc<Mutex<Provider>>) {
    let listener = TcpListener::from_std(listener).expect("a socket");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, provider) = (lock(&tls).clone(), Arc::clone(&provider));
        tokio::spawn(async move {
            let Some(tls) = tls else {
                return converse(stream, provider).await;
            };
            // A client that does not trust the certificate hangs up here, as it should.
            if let Ok(stream) = tls.accept(stream).await {
                converse(stream, provider).await;
            }
        });
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, provider: Arc<Mutex<Provider>>) {
    if let Some(request) = wire::read(&mut stream).await {
        let reply = lock(&provider).answer(request);
        // The peer may hang up in the middle of an endless reply, which is what a good one does.
        drop(wire::write(&mut stream, &reply).await);
    }
}
