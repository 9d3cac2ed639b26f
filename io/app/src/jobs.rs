//! Owns what happens without a visitor: sweeping, flushing, due deletions, mail, traces, the chain of the audit log. Each piece runs once on its own; [`run`]
//! repeats them until it is told to stop.

mod job;

use std::future::Future;
use std::time::Duration;

use orgate_store::Expiring;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::audit_chain;
use crate::domain;
use crate::enforcement::{self, Pace};
use crate::error::Error;
use crate::organization;
use crate::secret_key;
use crate::session;

pub(crate) use job::Job;

/// Last uses of sessions are written this often, so the idle end is never late (R-IN-7).
const FLUSH_EVERY: Duration = Duration::from_secs(10);
/// Expired rows are swept and due deletions performed this often.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// What only the database knows is measured this often.
const MEASURE_EVERY: Duration = Duration::from_secs(15);
/// Trials are ended and changes of terms swept behind this often.
const ENFORCE_EVERY: Duration = Duration::from_secs(2);
/// Events of the audit log get their places this often.
const SEAL_EVERY: Duration = Duration::from_secs(1);
/// Events that were kept for the operator's time are removed this often.
const REMOVE_EVERY: Duration = Duration::from_secs(3600);
/// Whether this program may still run over the database is looked at this often, for reading does not ask.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Held domains that are due are looked at this often.
const DOMAINS_EVERY: Duration = Duration::from_secs(60);
/// What is left at the end may take this long: whoever stops a process waits some time and then kills it.
const END_LIMIT: Duration = Duration::from_secs(5);
/// What is over stays this long, for a look at what happened. *Units*: one day.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Mails stay this long after they were written: they are tried for a day, and one that was given up can be seen for another.
const MAILS_KEPT: Duration = Duration::from_secs(48 * 3600);
/// A device that is not used this long is forgotten, and new again. *Units*: 180 days.
const DEVICES_KEPT: Duration = Duration::from_secs(180 * 24 * 3600);
/// How many rows of a kind are forgotten in one transaction, so few that nobody who writes waits long, …
const ROWS_AT_ONCE: u32 = 1_000;
/// … and in how many transactions each time: 144 million sessions a day.
const TIMES_A_SWEEP: u32 = 100;

/// Repeats the jobs until `stop` is ready; [`end`] does the rest, once the last request was answered.
pub async fn run(app: &App, stop: impl Future<Output = ()>) {
    let (told, mut heard) = watch::channel(());
    let mail = async {
        app.outbox
            .run(async move {
                // An error means that the sender is gone, which says the same.
                drop(heard.changed().await);
            })
            .await;
    };
    // Boxed, for one future of all of them is large.
    let enforcing = Box::pin(until(told.subscribe(), enforce(app)));
    let auditing = Box::pin(until(told.subscribe(), keep_audit_log(app)));
    let domains = Box::pin(until(told.subscribe(), look_at_domains(app)));
    let sweeping = Box::pin(until(told.subscribe(), sweep(app)));
    let looking = until(told.subscribe(), look_at_schema(app));
    let mut heard = told.subscribe();
    let traces = app.traces.run(async move {
        // As above.
        drop(heard.changed().await);
    });
    let rest = async {
        repeat(app, stop).await;
        drop(told);
    };
    tokio::join!(mail, enforcing, auditing, domains, sweeping, looking, traces, rest);
}

/// Works until it is told to stop; what is under way then is dropped.
async fn until(mut told: watch::Receiver<()>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = told.changed() => {}
        () = work => {}
    }
}

/// What is left to do once nothing else is asked: the last uses of sessions are written, the last events get their places, the
/// last spans leave. What takes longer than this process has left is done by the next one, or by the nodes that go on.
pub async fn end(app: &App) {
    let rest = async {
        report(Job::Uses, flush_once(app).await);
        report(Job::Chain, seal_once(app).await);
        app.traces.flush().await;
    };
    if tokio::time::timeout(END_LIMIT, rest).await.is_err() {
        tracing::warn!(limit.seconds = END_LIMIT.as_secs(), "what was left to write at the end was cut off");
    }
}

async fn repeat(app: &App, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let mut flush = tokio::time::interval(FLUSH_EVERY);
    let mut measure = tokio::time::interval(MEASURE_EVERY);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = flush.tick() => report(Job::Uses, flush_once(app).await),
            _ = measure.tick() => report(Job::Measurements, measure_once(app).await),
        }
    }
}

/// Apart from the others, for what a storm leaves behind takes many transactions. Each is whole, so it can be dropped anywhere.
async fn sweep(app: &App) {
    report(Job::TypedBuckets, forget_typed_buckets(app).await);
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        report(Job::ExpiredRows, sweep_once(app).await);
        report(Job::Deletions, delete_once(app).await);
        report(Job::SecretKey, secret_key::insist(app).await);
    }
}

/// Apart from the others, for a sweep behind many members takes minutes. It can be dropped anywhere: what it did not do
/// is done at the next start.
async fn enforce(app: &App) {
    let ticks = || {
        let mut ticks = tokio::time::interval(ENFORCE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    };
    let trials = async {
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            report(Job::Trials, enforcement::roll_back_once(app).await);
        }
    };
    let sweeps = async {
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            report(Job::Sweeps, enforcement::sweep_once(app, Pace::Gentle).await);
        }
    };
    tokio::join!(trials, sweeps);
}

/// Apart from the others and from one another, so that a long removal delays nobody. Each transaction is whole, so it can be
/// dropped anywhere.
async fn keep_audit_log(app: &App) {
    let seals = async {
        let mut ticks = tokio::time::interval(SEAL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            report(Job::Chain, seal_once(app).await);
        }
    };
    let removals = async {
        let mut ticks = tokio::time::interval(REMOVE_EVERY);
        loop {
            ticks.tick().await;
            report(Job::Retention, audit_chain::remove_old(app).await);
        }
    };
    tokio::join!(seals, removals);
}

/// Gives events of the audit log their places in the chain.
///
/// *Errors*: those of the store.
pub async fn seal_once(app: &App) -> Result<u64, Error> {
    audit_chain::seal(app).await
}

/// A newer program may change the schema into one that this program may not run over. Every write finds that out for itself;
/// this is for a node that nobody writes to.
async fn look_at_schema(app: &App) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        report(Job::Schema, app.store.ping().await.map(|()| 0).map_err(Error::from));
    }
}

/// Apart from the others, for name servers may take their time. It can be dropped anywhere, as above.
async fn look_at_domains(app: &App) {
    let mut ticks = tokio::time::interval(DOMAINS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        report(Job::Domains, domain::recheck_once(app).await);
    }
}

/// Writes the last uses of sessions.
///
/// *Errors*: those of the store.
pub async fn flush_once(app: &App) -> Result<u64, Error> {
    session::flush(app).await
}

/// Measures what only the database knows.
///
/// *Errors*: those of the store.
pub async fn measure_once(app: &App) -> Result<u64, Error> {
    app.outbox.measure().await?;
    Ok(0)
}

/// Performs deletions of organizations that are due.
///
/// *Errors*: those of the store.
pub async fn delete_once(app: &App) -> Result<u64, Error> {
    organization::perform_due_deletions(app).await
}

/// Sends the mail that is due.
///
/// *Errors*: those of the outbox.
pub async fn mail_once(app: &App) -> Result<usize, Error> {
    Ok(app.outbox.send_due().await?)
}

/// Earlier versions wrote down in clear what a refused try was counted by.
async fn forget_typed_buckets(app: &App) -> Result<u64, Error> {
    let mut forgotten = 0;
    loop {
        let some = app.store.forget_typed_buckets(ROWS_AT_ONCE).await?;
        forgotten += some;
        if some < u64::from(ROWS_AT_ONCE) {
            return Ok(forgotten);
        }
    }
}

/// Forgets rows that are over for as long as they are kept, and says how many.
///
/// *Errors*: those of the store.
pub async fn sweep_once(app: &App) -> Result<u64, Error> {
    let (mut rows, mut failed) = (0, None);
    for what in Expiring::ALL {
        // One kind that cannot be swept keeps no other waiting.
        match sweep_rows(app, what).await {
            Ok(forgotten) => rows += forgotten,
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(rows), Err)
}

async fn sweep_rows(app: &App, what: Expiring) -> Result<u64, Error> {
    let (moment, mut rows) = (app.now().minus(kept(what)), 0);
    for _ in 0..TIMES_A_SWEEP {
        let forget = app.store.write((what, moment), |tx, (what, moment)| {
            Box::pin(async move { tx.instance().delete_expired(*what, *moment, ROWS_AT_ONCE).await })
        });
        let forgotten: u64 = forget.await?;
        rows += forgotten;
        if forgotten < u64::from(ROWS_AT_ONCE) {
            break;
        }
    }
    Ok(rows)
}

const fn kept(what: Expiring) -> Duration {
    match what {
        Expiring::Origins | Expiring::Devices => DEVICES_KEPT,
        Expiring::Mails => MAILS_KEPT,
        // What a log-out takes is of no use to look at afterwards, and a hint is personal.
        Expiring::ProviderSessions | Expiring::LogOuts | Expiring::LogOutTokens => Duration::ZERO,
        Expiring::SignUps
        | Expiring::PasswordResets
        | Expiring::Departures
        | Expiring::Challenges
        | Expiring::SignIns
        | Expiring::Ceremonies
        | Expiring::ConnectionTests
        | Expiring::RateCounters
        | Expiring::Throttles
        | Expiring::Sessions => KEPT,
    }
}

/// A job that fails is tried again at its next turn; nothing it does was promised to anybody.
fn report(job: Job, outcome: Result<u64, Error>) {
    let job = job.words();
    match outcome {
        Ok(0) => {}
        Ok(rows) => tracing::debug!(job, rows, "a job did its work"),
        Err(error) => {
            metrics::counter!("orgate_job_failures_total", "task" => job).increment(1);
            tracing::error!(job, error = &error as &dyn std::error::Error, "a job failed and is tried again");
        }
    }
}
