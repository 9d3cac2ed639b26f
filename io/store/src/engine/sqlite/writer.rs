//! Owns the one writer. Logical transactions queue up; as many as wait share one physical transaction, each inside a
//! savepoint, and are answered after its commit: one flush to disk serves all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::keeper::Keeper;
use super::session_notes::SessionNotes;
use super::{Connection, run_now};
use crate::db::{Tx, WAIT_LIMIT};
use crate::error::StoreError;
use crate::schema::Standing;
use crate::session_cache::SessionCache;

/// How many logical transactions share a commit at most, so that nobody waits long for the others.
const GROUP_LIMIT: usize = 128;
const QUEUE_LIMIT: usize = 4096;
/// What every write is told once the disk cannot be relied on.
const STOPPED: &str = "nothing is written until a restart, for the disk could not make sure of an earlier write";

/// The way to the writer thread. Dropping it waits until the thread has answered what is queued and closed its connections.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        keeper: Keeper,
        standing: Arc<Standing>,
        sessions: Arc<SessionCache>,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE_LIMIT);
        let notes = SessionNotes::install(&connection, sessions)?;
        let desk = Desk { keeper, standing, notes, tx: Tx::on_sqlite(connection) };
        let thread = std::thread::Builder::new().name("orgate-writer".to_owned());
        let thread = thread.spawn(move || serve(desk, jobs)).map_err(StoreError::unavailable)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// `patience` is how long the caller waits for the writer to begin; none waits as long as it takes. What has begun is waited for,
    /// however long the disk takes: to say before that nothing was done would perhaps be untrue.
    pub(crate) async fn write<I, T, E, F>(&self, input: I, work: F, patience: Option<Duration>) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        let job: Box<dyn Job> = Box::new(Write { input, work, outcome: None, reply, claimed: Arc::clone(&claimed) });
        let queue = self.queue.as_ref().ok_or_else(|| gone(()))?;
        let queued = timeout(WAIT_LIMIT, queue.send(job)).await;
        queued.map_err(|_| StoreError::unavailable("too many writes wait"))?.map_err(gone)?;
        let lost = |_| {
            let has_begun = claimed.load(Ordering::Acquire);
            let words = "the writer has stopped";
            if has_begun { StoreError::in_doubt(words) } else { StoreError::unavailable(words) }
        };
        let Some(patience) = patience else { return answer.await.map_err(lost)? };
        match timeout(patience, &mut answer).await {
            Ok(answered) => answered.map_err(lost)?,
            Err(_) if !claimed.swap(true, Ordering::AcqRel) => {
                Err(StoreError::unavailable("the write was not begun in time").into())
            }
            Err(_) => answer.await.map_err(lost)?,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // The last handle on the database can be a job's own; the thread cannot wait for itself.
        let thread = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id());
        if thread.map(JoinHandle::join).is_some_and(|outcome| outcome.is_err()) {
            tracing::error!("the writer panicked");
        }
    }
}

fn gone(_: impl Sized) -> StoreError {
    StoreError::unavailable("the writer has stopped")
}

/// Why the commit that some writes depended on failed.
struct Failure {
    detail: String,
    /// The disk could not make sure of what was written: a fall that comes before the next start may bring it back.
    in_doubt: bool,
}

impl Failure {
    fn error(&self) -> StoreError {
        if self.in_doubt { StoreError::in_doubt(&self.detail) } else { StoreError::unavailable(&self.detail) }
    }
}

/// A queued logical transaction, whatever its types.
trait Job: Send {
    /// Runs it and says whether its changes are to be kept.
    fn run(&mut self, tx: &mut Tx) -> bool;

    /// Answers it: with its own outcome, or with the reason why the commit it depended on failed.
    fn finish(self: Box<Self>, failure: Option<&Failure>);
}

struct Write<I, T, E, F> {
    input: I,
    work: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    /// By the writer, which begins it, or by a caller who has waited long enough for that: whoever is first.
    claimed: Arc<AtomicBool>,
}

impl<I, T, E, F> Job for Write<I, T, E, F>
where
    I: Send + Sync,
    T: Send,
    E: From<StoreError> + Send,
    F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, E>> + Send + Sync,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        if self.reply.is_closed() || self.claimed.swap(true, Ordering::AcqRel) {
            return false;
        }
        tx.restart();
        let outcome = catch_unwind(AssertUnwindSafe(|| run_now((self.work)(tx, &self.input))));
        let outcome = outcome.unwrap_or_else(|_| Err(StoreError::fault("a transaction panicked").into()));
        let outcome = tx.judge(outcome);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn finish(self: Box<Self>, failure: Option<&Failure>) {
        let Self { input, work, outcome, reply, .. } = *self;
        let answer = match (failure, outcome) {
            // What was refused or gave up changed nothing, whatever became of the commit; to say so is what is certain.
            (Some(failure), Some(Err(_)) | None) => Err(StoreError::unavailable(&failure.detail).into()),
            (Some(failure), Some(Ok(_))) => Err(failure.error().into()),
            (None, Some(outcome)) => outcome,
            (None, None) => return,
        };
        // Often a handle on this very database: who has the answer may let the last one go, and finds the file closed then.
        drop((input, work));
        // Nobody listens when the caller gave up; the outcome stands all the same.
        let _ = reply.send(answer);
    }
}

/// What the thread works with.
struct Desk {
    keeper: Keeper,
    standing: Arc<Standing>,
    notes: SessionNotes,
    // Dropped last: the last connection to close folds the log into the file, and the keeper cannot.
    tx: Tx,
}

fn serve(mut desk: Desk, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut group = Vec::new();
        let outcome = commit_group(&mut desk, first, &mut jobs, &mut group);
        if outcome.is_err()
            && let Err(error) = desk.tx.sqlite().and_then(Connection::reset)
        {
            // The next group tries again; until then no other program can write.
            tracing::warn!(error = %error, "a transaction that failed was not given up");
        }
        let in_doubt = desk.tx.sqlite().is_ok_and(|connection| connection.has_sync_failed());
        let failure = outcome.err().map(|error| Failure { detail: error.to_string(), in_doubt });
        if let Some(Failure { detail, .. }) = &failure {
            tracing::error!(store.group_jobs = group.len(), error = detail, "a group of writes was not committed");
        }
        for job in group {
            job.finish(failure.as_ref());
        }
        if in_doubt {
            return refuse_all(&mut jobs);
        }
    }
}

/// Acknowledges nothing any more: whether what is written from now on would be kept, nobody can tell (F5).
fn refuse_all(jobs: &mut mpsc::Receiver<Box<dyn Job>>) {
    metrics::gauge!("orgate_store_writes_stopped").set(1.0);
    tracing::error!("{STOPPED}: look at the disk, then start Orgate again");
    let stopped = Failure { detail: STOPPED.to_owned(), in_doubt: false };
    while let Some(job) = jobs.blocking_recv() {
        job.finish(Some(&stopped));
    }
}

fn commit_group(
    desk: &mut Desk,
    first: Box<dyn Job>,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> Result<(), StoreError> {
    group.push(first);
    let Desk { keeper, standing, notes, tx } = desk;
    tx.sqlite()?.reset()?;
    tx.sqlite()?.execute("begin immediate", &[])?;
    // Nobody can change the schema any more now, until the commit.
    tx.sqlite()?.schema_in_use().and_then(|found| standing.notice(found))?;
    let began_at = notes.begin(tx.sqlite()?)?;
    let mut ran = 0;
    while let Some(job) = group.get_mut(ran) {
        run_in_savepoint(tx, job.as_mut())?;
        ran += 1;
        if ran < GROUP_LIMIT
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
    }
    let sessions = notes.before_commit(began_at, tx.sqlite()?)?;
    keeper.let_go();
    let committed = tx.sqlite()?.execute("commit", &[]);
    if let Some(sessions) = sessions {
        notes.after_commit(sessions, committed.is_ok());
    }
    keeper.hold();
    committed?;
    #[expect(clippy::cast_precision_loss, reason = "a group has at most GROUP_LIMIT jobs")]
    metrics::histogram!("orgate_store_group_jobs").record(ran as f64);
    Ok(())
}

fn run_in_savepoint(tx: &mut Tx, job: &mut dyn Job) -> Result<(), StoreError> {
    tx.sqlite()?.execute("savepoint job", &[])?;
    let keep = job.run(tx);
    let connection = tx.sqlite()?;
    // A full disk, for example, makes SQLite give up the whole transaction, the other jobs' changes included.
    if !connection.in_transaction() {
        return Err(StoreError::unavailable("the database gave up the transaction"));
    }
    if !keep {
        connection.execute("rollback to job", &[])?;
    }
    connection.execute("release job", &[])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use orgate_core::time::Timestamp;

    use super::*;
    use crate::migrate::Migrate;

    const SHORT: Duration = Duration::from_millis(20);

    fn writer(folder: &std::path::Path) -> Writer {
        let path = folder.join("orgate.db");
        let mut connection = Connection::open_writer(&path, Migrate::Apply).unwrap();
        connection.migrate(Migrate::Apply, Timestamp::from_millis(0)).unwrap();
        let sessions = Arc::new(SessionCache::with_room(0));
        Writer::start(connection, Keeper::open(&path).unwrap(), Arc::default(), sessions).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn f5_a_write_that_has_begun_is_waited_for_and_one_that_has_not_is_never_done() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Arc::new(writer(folder.path()));
        let ((begun, has_begun), (end, ended)) = (channel(), channel());
        let input = (begun, Mutex::new(ended));
        let first = Arc::clone(&writer);
        let first = tokio::spawn(async move {
            let written = first.write(
                input,
                |_, (begun, ended)| {
                    Box::pin(async move {
                        begun.send(()).unwrap();
                        ended.lock().unwrap().recv().unwrap();
                        Ok::<_, StoreError>(7)
                    })
                },
                Some(SHORT),
            );
            written.await
        });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        let (done, was_done) = channel();
        let second = writer.write(
            done,
            |_, done| {
                Box::pin(async move {
                    done.send(()).unwrap();
                    Ok::<_, StoreError>(())
                })
            },
            Some(SHORT),
        );
        let second = second.await;
        assert!(matches!(second, Err(StoreError::Unavailable { .. })), "{second:?}");
        assert!(!first.is_finished(), "its patience is over, too");
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), 7);
        drop(writer);
        assert!(was_done.try_recv().is_err());
    }
}
