//! Owns listening: the router on a socket until it is told to stop, and how long somebody may hold a connection who asks nothing.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::Service as _;

use crate::observe;
use crate::router::router;
use crate::state::Web;

/// How long a connection is kept on which nothing is asked.
#[derive(Debug, Clone, Copy)]
struct Silence {
    /// Until the head of its first request is whole.
    first: Duration,
    /// Until the head of another one is. Who keeps connections to ask again has to give them up first, or a request meets one that is
    /// about to be closed: nginx does after a minute.
    next: Duration,
}

/// `docs/operate/check-behind-a-proxy.md` tells both.
const SILENCE: Silence = Silence { first: Duration::from_secs(10), next: Duration::from_secs(75) };
/// Between tries to take a connection when the system gives none, as when too many files are open.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop` is ready, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, web: Web, stop: impl Future<Output = ()> + Send + 'static) {
    serve_router(listener, router(web), stop).await;
}

/// The same for a router that is put together elsewhere: measurements add a route to compare with.
pub async fn serve_router(listener: TcpListener, router: Router, stop: impl Future<Output = ()> + Send + 'static) {
    tokio::select! {
        () = accept(listener, router.with_state(()), SILENCE, stop) => {}
        never = observe::add_up() => match never {},
    }
}

async fn accept(listener: TcpListener, router: Router, silence: Silence, stop: impl Future<Output = ()>) {
    let (stopping, stopped) = watch::channel(());
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = stop.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                tokio::spawn(answer(stream, peer, router.clone(), silence, stopped.clone()));
            }
            Err(reason) if is_the_visitors(&reason) => {}
            Err(reason) => {
                tracing::error!("no connection can be taken, and it is tried again: {reason}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(stopped);
    stopping.send_replace(());
    // Until the last connection has let go of it.
    stopping.closed().await;
}

/// Whoever knocked is gone again.
fn is_the_visitors(reason: &io::Error) -> bool {
    matches!(reason.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Answers what is asked on one connection.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    silence: Silence,
    mut stopped: watch::Receiver<()>,
) {
    // Answers are small and whole; waiting to fill a packet only delays them.
    if let Err(reason) = stream.set_nodelay(true) {
        tracing::debug!("no TCP_NODELAY: {reason}");
    }
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&has_asked);
    let service = service_fn(move |mut request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    // A connection by HTTP/2 would need limits of its own, and no proxy needs it for requests that are answered in a millisecond.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(silence.next);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let first = tokio::time::sleep(silence.first);
    tokio::pin!(connection, first);
    let (mut is_first_due, mut is_told) = (false, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(reason) = ended {
                    tracing::trace!("a connection ended early: {reason}");
                }
                return;
            }
            () = first.as_mut(), if !is_first_due => is_first_due = true,
            _ = stopped.changed(), if !is_told => {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        // A head that is not whole yet is no request that anybody waits for: it would keep each stop waiting.
        if !has_asked.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;

    /// Longer than anything here takes.
    const LIMIT: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_secs(3_600);
    const HALF: &str = "GET / HTTP/1.1\r\nHost: a.exam";
    const WHOLE: &str = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: JoinHandle<()>,
    }

    async fn run(router: Router, silence: Silence) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(accept(listener, router, silence, async move { drop(stopped.await) }));
        Running { address, stop, ended }
    }

    /// Says where the visitor comes from.
    fn mirror() -> Router {
        Router::new().route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
    }

    async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Everything that comes until the other side closes the connection.
    async fn rest(mut stream: TcpStream) -> String {
        let mut all = Vec::new();
        // A connection that is reset is closed, too.
        drop(timeout(LIMIT, stream.read_to_end(&mut all)).await.unwrap());
        String::from_utf8(all).unwrap()
    }

    #[tokio::test]
    async fn who_does_not_finish_a_first_request_is_waited_for_a_short_time() {
        let running = run(mirror(), Silence { first: SHORT, next: NEVER }).await;
        for begun in ["", "GET / HT", HALF] {
            let said = rest(send(running.address, begun.as_bytes()).await).await;
            assert_eq!(said, "", "{begun:?}");
        }
        let mut stream = send(running.address, WHOLE.as_bytes()).await;
        let own = stream.local_addr().unwrap();
        // The time is over for who came later, and so for this one.
        rest(send(running.address, b"").await).await;
        stream.write_all(WHOLE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let said = rest(stream).await;
        assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 2, "who has asked goes on: {said}");
        assert_eq!(said.matches(&own.to_string()).count(), 2, "{said}");
    }

    #[tokio::test]
    async fn who_asks_nothing_more_is_waited_for_a_longer_time() {
        let running = run(mirror(), Silence { first: NEVER, next: SHORT }).await;
        for begun in ["", HALF] {
            let said = rest(send(running.address, [WHOLE, begun].concat().as_bytes()).await).await;
            assert!(said.starts_with("HTTP/1.1 200 OK") && said.matches("HTTP/1.1").count() == 1, "{said}");
        }
    }

    #[tokio::test]
    async fn a_head_that_came_half_keeps_no_stop_waiting() {
        let running = run(mirror(), Silence { first: NEVER, next: NEVER }).await;
        let (first, next) = (send(running.address, HALF.as_bytes()).await, [WHOLE, HALF].concat());
        let mut next = send(running.address, next.as_bytes()).await;
        // The others have been read when this is answered.
        let mut answer = [0; 12];
        next.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        running.stop.send(()).unwrap();
        timeout(LIMIT, running.ended).await.unwrap().unwrap();
        assert_eq!(rest(first).await, "");
    }

    #[tokio::test]
    async fn a_request_under_way_at_a_stop_is_answered() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            move || async move {
                begun.notify_one();
                go_on.notified().await;
                "done"
            }
        };
        let running = run(Router::new().route("/", get(handler)), Silence { first: NEVER, next: NEVER }).await;
        let stream = send(running.address, WHOLE.as_bytes()).await;
        begun.notified().await;
        running.stop.send(()).unwrap();
        while TcpStream::connect(running.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!running.ended.is_finished(), "it waits");
        go_on.notify_one();
        assert!(rest(stream).await.ends_with("done"));
        timeout(LIMIT, running.ended).await.unwrap().unwrap();
    }
}
