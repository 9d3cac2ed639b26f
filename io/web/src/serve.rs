//! Owns listening: the router on a socket, until it is told to stop.

use std::future::{Future, IntoFuture as _};
use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::observe;
use crate::router::router;
use crate::state::Web;

/// Serves until `stop` is ready, then lets the requests under way finish.
///
/// *Errors*: what the listener ends with.
pub async fn serve(listener: TcpListener, web: Web, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    serve_router(listener, router(web), stop).await
}

/// The same for a router that is put together elsewhere: measurements add a route to compare with.
///
/// *Errors*: what the listener ends with.
pub async fn serve_router(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Answers are small and whole; waiting to fill a packet only delays them.
        if let Err(reason) = stream.set_nodelay(true) {
            tracing::debug!("no TCP_NODELAY: {reason}");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
    tokio::select! {
        ended = serving.into_future() => ended,
        never = observe::add_up() => match never {},
    }
}
