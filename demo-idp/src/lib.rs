//! The demonstration identity provider: an Okta org in miniature, for `orgate demo` and for trying the set-up guide by
//! hand.
//!
//! It owns its people, its application integrations, their sign-in pages and the OpenID Connect addresses in Okta's
//! layout; it stands in for Google by the same addresses and for GitHub by GitHub's. It shares no code with the product. It proves nobody's identity (whoever reaches it picks a person from a
//! list), so it listens on loopback only and speaks plain HTTP, which the demonstration allows for its own address.

mod application;
mod back_channel;
mod directory;
mod door;
mod github;
mod key;
pub mod mailbox;
mod pages;
mod protocol;
mod router;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

pub use crate::application::{Application, NewApplication, Refusal};
pub use crate::directory::Person;
use crate::directory::{Directory, SignedIn};
use crate::key::SigningKey;
use crate::protocol::{AuthorizationRequest, Unanswerable};

/// How a provider is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen. Loopback only; port 0 takes a free one.
    pub address: SocketAddr,
    /// The issuer, without a slash at its end, where it is not `http://` and the address.
    pub issuer: Option<String>,
    /// The name of the company whose provider this is.
    pub organization: String,
    /// The people who can sign in.
    pub people: Vec<Person>,
    /// Applications to begin with. One whose client id the state file knows already stays as it is there.
    pub applications: Vec<Application>,
    /// Where the signing key and the applications are kept for the next start. Without it they live in memory.
    pub state_file: Option<PathBuf>,
    /// ID tokens without profile and e-mail claims, which Okta then gives at UserInfo only.
    pub thin_id_tokens: bool,
}

/// Fills a buffer with unpredictable bytes.
pub type Fill = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The effects that the provider is given: time and randomness.
#[derive(Clone)]
pub struct Effects {
    /// The time. *Units*: UTC seconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The randomness. The signing key alone draws on the crypto library's own.
    pub fill: Fill,
}

/// Why a provider did not start.
#[derive(Debug)]
pub enum StartError {
    /// The address is not a loopback address.
    NotLoopback(SocketAddr),
    /// The address could not be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The state file could not be read or written.
    State(PathBuf, std::io::Error),
    /// The signing key could not be made or read.
    Key(String),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback(address) => {
                write!(f, "the demonstration identity provider listens on loopback only, not on {address}")
            }
            Self::Listen(address, _) => write!(f, "cannot listen on {address} for the demonstration identity provider"),
            Self::State(path, _) => {
                write!(f, "cannot keep the demonstration identity provider's state in {}", path.display())
            }
            Self::Key(reason) => write!(f, "the demonstration identity provider has no signing key: {reason}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen(_, source) | Self::State(_, source) => Some(source),
            Self::NotLoopback(_) | Self::Key(_) => None,
        }
    }
}

/// What every handler sees.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) organization: String,
    pub(crate) thin_id_tokens: bool,
    pub(crate) key: SigningKey,
    pub(crate) effects: Effects,
    directory: Mutex<Directory>,
}

impl Provider {
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        // Every change to the directory is complete before anything in it can panic.
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> i64 {
        (self.effects.now)()
    }

    /// A random value of 256 bits as text.
    pub(crate) fn secret(&self) -> String {
        directory::random_text(&self.effects, 43)
    }
}

/// A running provider. It stops when it is dropped or told to.
pub struct Server {
    address: SocketAddr,
    provider: Arc<Provider>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Starts a provider on the current tokio runtime.
    ///
    /// *Errors*: see [`StartError`].
    pub async fn start(settings: Settings, effects: Effects) -> Result<Self, StartError> {
        if !settings.address.ip().is_loopback() {
            return Err(StartError::NotLoopback(settings.address));
        }
        let listen = |source| StartError::Listen(settings.address, source);
        let listener = tokio::net::TcpListener::bind(settings.address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (directory, key) = Directory::open(settings.people, settings.applications, settings.state_file)?;
        let provider = Arc::new(Provider {
            issuer: settings.issuer.unwrap_or_else(|| format!("http://{address}")),
            organization: settings.organization,
            thin_id_tokens: settings.thin_id_tokens,
            key,
            effects,
            directory: Mutex::new(directory),
        });
        let (stop, stopped) = oneshot::channel();
        let router = router::router(Arc::clone(&provider));
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            // A dropped handle stops the provider as well as a message does.
            drop(stopped.await);
        });
        let task = tokio::spawn(serve.into_future());
        Ok(Self { address, provider, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The issuer, which is also what a person types as the Okta domain.
    pub fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    /// The page where applications are created and people assigned.
    pub fn admin_url(&self) -> String {
        format!("{}/admin", self.provider.issuer)
    }

    /// The applications, oldest first.
    pub fn applications(&self) -> Vec<Application> {
        self.provider.directory().applications().to_vec()
    }

    /// Creates an application, as the admin page does.
    ///
    /// *Errors*: a redirect URI that is none, or a state file that cannot be written.
    pub fn create_application(&self, new: NewApplication) -> Result<Application, Refusal> {
        self.provider.directory().create(new, &self.provider.effects)
    }

    /// Adds a redirect URI to an application, if it is not there yet.
    ///
    /// *Errors*: an unknown client id, a URI that is none, or a state file that cannot be written.
    pub fn add_redirect_uri(&self, client_id: &str, uri: &str) -> Result<(), Refusal> {
        self.provider.directory().change(client_id, |application| {
            let uri = application::parse_uri(uri)?;
            if !application.redirect_uris.contains(&uri) {
                application.redirect_uris.push(uri);
            }
            Ok(())
        })
    }

    /// Assigns a person to an application, or takes the assignment away.
    ///
    /// *Errors*: an unknown client id or person, or a state file that cannot be written.
    pub fn assign(&self, client_id: &str, subject: &str, assigned: bool) -> Result<(), Refusal> {
        self.provider.directory().assign(client_id, subject, assigned)
    }

    /// Where a browser is sent once this person has signed in to answer an authorization request, as the sign-in page
    /// sends it: with a code, or with the error that the application is told.
    ///
    /// *Errors*: an unknown person, or a request that cannot be answered at any application.
    pub fn answer(&self, subject: &str, authorization_url: &str) -> Result<String, Refusal> {
        let unreadable = || Refusal::NotAUri(authorization_url.to_owned());
        let url = url::Url::parse(authorization_url).map_err(|_| unreadable())?;
        let request: AuthorizationRequest =
            serde_urlencoded::from_str(url.query().unwrap_or_default()).map_err(|_| unreadable())?;
        let (application, redirect_uri) = {
            let directory = self.provider.directory();
            directory.person(subject).ok_or(Refusal::UnknownPerson)?;
            protocol::resolve(&request, &directory).map_err(|unanswerable| match unanswerable {
                Unanswerable::UnknownClient => Refusal::UnknownApplication,
                Unanswerable::UnregisteredUri { received, .. } => Refusal::UnregisteredUri(received),
            })?
        };
        let (authenticated, sid) = (self.provider.now(), self.provider.secret());
        let signed_in = SignedIn { subject: subject.to_owned(), authenticated, sid };
        let decided = protocol::check(&request)
            .and_then(|()| protocol::authorize(&self.provider, &application, &request, signed_in));
        Ok(protocol::answer(&redirect_uri, request.state.as_deref(), decided))
    }

    /// Stops it and waits for the requests that are under way.
    ///
    /// *Errors*: what the listener's task ended with.
    pub async fn stop(self) -> std::io::Result<()> {
        drop(self.stop);
        self.task.await.map_err(std::io::Error::other)?
    }
}
