//! The mailbox of the demonstration: every mail that the product wrote into a folder, as pages on loopback. It reads the
//! folder at each request, keeps nothing and changes nothing.

mod message;
mod pages;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::sync::oneshot;

use crate::{StartError, door};
pub use message::{Mail, list};

/// A running mailbox. It stops when it is dropped or told to.
pub struct Mailbox {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Mailbox {
    /// Shows a folder of `.eml` files on the current tokio runtime. Loopback only; port 0 takes a free one.
    ///
    /// *Errors*: an address that is not loopback or cannot be listened on.
    pub async fn start(address: SocketAddr, folder: PathBuf) -> Result<Self, StartError> {
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let listen = |source| StartError::Listen(address, source);
        let listener = tokio::net::TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (stop, stopped) = oneshot::channel();
        let serve = axum::serve(listener, router(address, folder)).with_graceful_shutdown(async {
            // A dropped handle stops the mailbox as well as a message does.
            drop(stopped.await);
        });
        Ok(Self { address, stop, task: tokio::spawn(serve.into_future()) })
    }

    /// The address of the list.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it and waits for the requests that are under way.
    ///
    /// *Errors*: what the listener's task ended with.
    pub async fn stop(self) -> std::io::Result<()> {
        drop(self.stop);
        self.task.await.map_err(std::io::Error::other)?
    }
}

fn router(address: SocketAddr, folder: PathBuf) -> Router {
    Router::new()
        .route("/", get(pages::list))
        .route("/mails/{name}", get(pages::show))
        .route("/mails/{name}/html", get(pages::show_html))
        .route("/static/style.css", get(crate::pages::stylesheet))
        .route("/static/copy.js", get(crate::pages::script))
        .fallback(pages::not_found)
        .layer(from_fn_with_state(door::Host::of(&format!("http://{address}")), door::guard))
        .with_state(Arc::new(folder))
}
