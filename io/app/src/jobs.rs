//! Owns what happens without a visitor: sweeping, flushing, due deletions, mail, traces, the chain of the audit log. Each piece runs once on its own; [`run`]
//! repeats them until it is told to stop.

use std::future::Future;
use std::time::Duration;

use orgate_core::time::Timestamp;
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
/// What is over stays this long, for a look at what happened. *Units*: one day.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// A device that is not used this long is forgotten, and new again. *Units*: 180 days.
const DEVICES_KEPT: Duration = Duration::from_secs(180 * 24 * 3600);
/// How many sessions are forgotten in one transaction, so few that nobody who writes waits long, …
const SESSIONS_AT_ONCE: u32 = 1_000;
/// … and in how many transactions each time: 144 million sessions a day.
const TIMES_A_SWEEP: u32 = 100;

/// Repeats the jobs until `stop` is ready; a job that was begun is finished, and last uses are written once more.
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
    tokio::join!(mail, enforcing, auditing, domains, looking, traces, rest);
}

/// Works until it is told to stop; what is under way then is dropped.
async fn until(mut told: watch::Receiver<()>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = told.changed() => {}
        () = work => {}
    }
}

/// What is left to do once nothing else is written: the last events get their places, the last spans leave.
pub async fn end(app: &App) {
    report("chain of the audit log", seal_once(app).await);
    app.traces.flush().await;
}

async fn repeat(app: &App, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let mut flush = tokio::time::interval(FLUSH_EVERY);
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    let mut measure = tokio::time::interval(MEASURE_EVERY);
    loop {
        tokio::select! {
            () = &mut stop => {
                report("last uses of sessions", flush_once(app).await);
                return;
            }
            _ = flush.tick() => report("last uses of sessions", flush_once(app).await),
            _ = measure.tick() => report("measurements", measure_once(app).await),
            _ = sweep.tick() => {
                report("expired rows", sweep_once(app).await);
                report("due deletions", delete_once(app).await);
                report("secret key of this node", secret_key::insist(app).await);
            }
        }
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
            report("trials of enforcement", enforcement::roll_back_once(app).await);
        }
    };
    let sweeps = async {
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            report("sessions that enforcement ended", enforcement::sweep_once(app, Pace::Gentle).await);
        }
    };
    tokio::join!(trials, sweeps);
}

/// Apart from the others, so that a long removal delays nobody. Each transaction is whole, so it can be dropped anywhere.
async fn keep_audit_log(app: &App) {
    let mut seal = tokio::time::interval(SEAL_EVERY);
    seal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut remove = tokio::time::interval(REMOVE_EVERY);
    loop {
        tokio::select! {
            _ = seal.tick() => report("chain of the audit log", seal_once(app).await),
            _ = remove.tick() => report("old events of the audit log", audit_chain::remove_old(app).await),
        }
    }
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
        report("schema", app.store.ping().await.map(|()| 0).map_err(Error::from));
    }
}

/// Apart from the others, for name servers may take their time. It can be dropped anywhere, as above.
async fn look_at_domains(app: &App) {
    let mut ticks = tokio::time::interval(DOMAINS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        report("domains", domain::recheck_once(app).await);
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

/// Forgets rows that are over for a day, and says how many.
///
/// *Errors*: those of the store.
pub async fn sweep_once(app: &App) -> Result<u64, Error> {
    let moment = app.now().minus(KEPT);
    Ok(sweep_rows(app, moment).await? + sweep_log_outs(app).await? + sweep_sessions(app, moment).await?)
}

async fn sweep_sessions(app: &App, moment: Timestamp) -> Result<u64, Error> {
    let mut rows = 0;
    for _ in 0..TIMES_A_SWEEP {
        let forget = app.store.write(moment, |tx, moment| {
            Box::pin(async move { tx.instance().delete_expired_sessions(*moment, SESSIONS_AT_ONCE).await })
        });
        let forgotten: u64 = forget.await?;
        rows += forgotten;
        if forgotten < u64::from(SESSIONS_AT_ONCE) {
            break;
        }
    }
    Ok(rows)
}

async fn sweep_rows(app: &App, moment: Timestamp) -> Result<u64, Error> {
    app.store
        .write(moment, |tx, moment| {
            Box::pin(async move {
                let mut instance = tx.instance();
                let mut rows = instance.delete_expired_sign_ups(*moment).await?;
                rows += instance.delete_expired_password_resets(*moment).await?;
                rows += instance.delete_expired_departures(*moment).await?;
                rows += instance.delete_expired_challenges(*moment).await?;
                rows += instance.delete_expired_sign_ins(*moment).await?;
                rows += instance.delete_expired_ceremonies(*moment).await?;
                rows += instance.delete_expired_connection_tests(*moment).await?;
                rows += instance.delete_finished_mails(*moment).await?;
                rows += instance.delete_old_rate_counters(*moment).await?;
                rows += instance.delete_old_throttles(*moment).await?;
                rows += instance.delete_origins_unseen_since(moment.minus(DEVICES_KEPT)).await?;
                rows += instance.delete_devices_unseen_since(moment.minus(DEVICES_KEPT)).await?;
                Ok(rows)
            })
        })
        .await
}

/// What a log-out takes is of no use to look at afterwards, and a hint is personal: it goes at once.
async fn sweep_log_outs(app: &App) -> Result<u64, Error> {
    app.store
        .write(app.now(), |tx, now| {
            Box::pin(async move {
                let rows = tx.instance().delete_expired_provider_sessions(*now).await?;
                Ok(rows + tx.instance().delete_expired_log_outs(*now).await?)
            })
        })
        .await
}

/// A job that fails is tried again at its next turn; nothing it does was promised to anybody.
fn report(job: &'static str, outcome: Result<u64, Error>) {
    match outcome {
        Ok(0) => {}
        Ok(rows) => tracing::debug!(job, rows, "a job did its work"),
        Err(error) => {
            metrics::counter!("orgate_job_failures_total", "task" => job).increment(1);
            tracing::error!(job, error = &error as &dyn std::error::Error, "a job failed and is tried again");
        }
    }
}
