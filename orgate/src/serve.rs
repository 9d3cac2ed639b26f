//! Owns `orgate serve` and `orgate migrate`.

use std::sync::Arc;
use std::time::Duration;

use orgate_app::app::App;
use orgate_app::boot::{boot, boot_to_look};
use orgate_app::clock::SystemClock;
use orgate_app::entropy::SystemEntropy;
use orgate_app::jobs;
use orgate_app::settings::Settings;
use orgate_web::{Web, serve::serve};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::{configuration, open_files, say, stop};

/// How long requests and jobs under way may take after the wish to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves with the settings of the environment.
pub async fn run() -> Result<(), String> {
    let settings = configuration::read()?;
    configuration::start_log(&settings)?;
    if let Err(reason) = open_files::take_all() {
        tracing::warn!("{reason}");
    }
    let app = start(settings).await?;
    let listener = listen(&app).await?;
    until_stopped(app, listener).await
}

/// Opens the database, which brings its schema up to date, and stops. A newer one is never changed.
pub async fn migrate() -> Result<(), String> {
    let mut settings = configuration::read()?;
    configuration::start_log(&settings)?;
    settings.store.migrate = orgate_app::boot::Migrate::Apply;
    let app = start(settings).await?;
    say(&app.store.newer_schema().map_or_else(
        || "The schema is up to date.".to_owned(),
        |version| {
            format!(
                "The schema, version {version}, is newer than this program, which may run over it: nothing was changed."
            )
        },
    ))
}

/// Settings become an [`App`].
pub async fn start(settings: Settings) -> Result<App, String> {
    boot(settings, Arc::new(SystemClock), Arc::new(SystemEntropy)).await.map_err(|reason| reason.to_string())
}

/// The same for a command that only looks.
pub async fn look(settings: Settings) -> Result<App, String> {
    boot_to_look(settings, Arc::new(SystemClock), Arc::new(SystemEntropy)).await.map_err(|reason| reason.to_string())
}

/// Takes the address of the settings.
pub async fn listen(app: &App) -> Result<TcpListener, String> {
    let address = app.settings.listen;
    let listener = TcpListener::bind(address).await.map_err(|reason| format!("listen on {address}: {reason}"))?;
    tracing::info!(listen.address = %address, public.url = app.settings.public_url.as_str(), "orgate is ready");
    Ok(listener)
}

/// Serves and does the jobs until the process is asked to stop; then requests under way finish, and uses of sessions
/// that were not written down yet are.
pub async fn until_stopped(app: App, listener: TcpListener) -> Result<(), String> {
    // Before the first answer, so that nobody who got one finds the program deaf.
    let asked = stop::asked();
    let (stopping, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is the wish to stop as well.
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    let background = {
        let (app, wait) = (app.clone(), wait(stopped.clone()));
        tokio::spawn(async move { jobs::run(&app, wait).await })
    };
    let mut server = tokio::spawn(serve(listener, Web::new(app.clone()), wait(stopped)));
    let early = tokio::select! {
        () = asked => None,
        ended = &mut server => Some(ended),
    };
    stopping.send_replace(true);
    let end = Instant::now() + GRACE;
    let ended = match early {
        Some(ended) => ended,
        None => timeout_at(end, server).await.unwrap_or_else(|_| {
            tracing::warn!(grace.seconds = GRACE.as_secs(), "requests under way were cut off");
            Ok(())
        }),
    };
    if let Ok(jobs) = timeout_at(end, background).await {
        jobs.map_err(|reason| format!("background jobs: {reason}"))?;
    } else {
        // A database that stands still must not make the stop last longer than whoever asked for it waits.
        tracing::warn!(grace.seconds = GRACE.as_secs(), "jobs under way were cut off");
    }
    jobs::end(&app).await;
    ended.map_err(|reason| format!("server: {reason}"))
}
