//! Owns the wish to stop: the signals of a terminal and of a service manager.

use tokio::signal::unix::{SignalKind, signal};

/// Listens from now on, and is ready when the process is asked to stop.
pub fn asked() -> impl Future<Output = ()> {
    let (terminate, interrupt) = (heard(SignalKind::terminate()), heard(SignalKind::interrupt()));
    async {
        tokio::select! {
            () = terminate => {}
            () = interrupt => {}
        }
    }
}

fn heard(kind: SignalKind) -> impl Future<Output = ()> {
    let signal = signal(kind);
    async move {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(reason) => {
                tracing::warn!("signal {} cannot be heard: {reason}", kind.as_raw_value());
                std::future::pending::<()>().await;
            }
        }
    }
}
