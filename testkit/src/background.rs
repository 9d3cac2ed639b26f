//! Threads of the kit's servers: each has its own runtime, so that a test with any runtime, a paused one or none can use
//! them, and ends when the handle is dropped.

use std::future::Future;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// A server's thread.
pub(crate) struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs `serve` until the handle is dropped.
    pub(crate) fn run<F>(serve: impl FnOnce() -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = serve() => {}
                    _ = stopped => {}
                }
            });
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the server's thread was printed there; a second one while unwinding would abort the test run.
            drop(thread.join());
        }
    }
}
