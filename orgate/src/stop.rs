//! Owns the wish to stop: the signals of a terminal and of a service manager.

use tokio::signal::unix::{SignalKind, signal};

/// Ready when the process is asked to stop.
pub async fn asked() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(reason) => {
                tracing::warn!("SIGTERM cannot be heard: {reason}");
                std::future::pending::<()>().await;
            }
        }
    };
    let interrupt = async {
        if let Err(reason) = tokio::signal::ctrl_c().await {
            tracing::warn!("SIGINT cannot be heard: {reason}");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = terminate => {}
        () = interrupt => {}
    }
}
