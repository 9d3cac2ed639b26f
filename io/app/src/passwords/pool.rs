//! Owns the threads that hash. They are their own and stand back: where a storm of sign-ins and other requests want the
//! same core, the requests come first (L3). They keep running when nobody waits for an answer any more, but do not begin
//! what nobody waits for.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// How far the threads stand back. *Units*: steps of `nice`; against one busy thread of the ordinary priority, five leave
/// about a quarter of a core.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Threads that take jobs in turn. They end with the last handle.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    jobs: Sender<Job>,
}

impl Pool {
    /// With so many threads.
    pub(super) fn new(threads: NonZeroUsize) -> Self {
        let (jobs, waiting) = unbounded::<Job>();
        for _ in 0..threads.get() {
            let waiting = waiting.clone();
            let spawned = thread::Builder::new().name("hashing".to_owned()).spawn(move || work(&waiting));
            if let Err(error) = spawned {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a thread for hashing passwords cannot start"
                );
            }
        }
        Self { jobs }
    }

    /// Does the work on one of the threads. `None` when it panicked, or no thread is there.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let job = move || {
            if !answer.is_closed() {
                // Whoever asked may be gone by now.
                drop(answer.send(work()));
            }
        };
        self.jobs.send(Box::new(job)).ok()?;
        answered.await.ok()
    }
}

fn work(waiting: &Receiver<Job>) {
    stand_back();
    while let Ok(job) = waiting.recv() {
        // A panic is this job's own; the message went to the log.
        drop(catch_unwind(AssertUnwindSafe(job)));
    }
}

/// On Linux a priority is a thread's; elsewhere it is a process's, and stays.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(error = &error as &dyn std::error::Error, "hashing passwords cannot stand back behind requests");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_is_no_answer_and_the_thread_goes_on() {
        let pool = Pool::new(NonZeroUsize::MIN);
        assert_eq!(pool.run(|| -> u8 { panic!("on purpose") }).await, None);
        assert_eq!(pool.run(|| 7).await, Some(7));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_begun() {
        let pool = Pool::new(NonZeroUsize::MIN);
        let (release, held) = unbounded::<()>();
        let busy = {
            let pool = pool.clone();
            tokio::spawn(async move { pool.run(move || held.recv().is_ok()).await })
        };
        let (begun, begins) = unbounded::<()>();
        let given_up = {
            let pool = pool.clone();
            tokio::spawn(async move { pool.run(move || begun.send(())).await })
        };
        tokio::task::yield_now().await;
        given_up.abort();
        assert!(given_up.await.is_err());
        release.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Some(true));
        pool.run(|| ()).await.unwrap();
        assert!(begins.try_recv().is_err());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn l3_the_threads_stand_back_behind_everything_else() {
        let own = rustix::process::getpriority_process(None).unwrap();
        let pool = Pool::new(NonZeroUsize::MIN);
        let theirs = pool.run(|| rustix::process::getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!(theirs, (own + NICE).clamp(NICE, 19));
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), own, "this thread stays as it was");
    }
}
