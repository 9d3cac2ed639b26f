//! Owns the measured server: the program's own parts, with the empty route beside them, on one worker thread. Only its
//! clock is another: it starts where the seeded sessions do.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use orgate_app::app::App;
use orgate_app::boot::boot;
use orgate_app::clock::{Clock, SystemClock};
use orgate_app::enforcement::{self, Pace};
use orgate_app::entropy::SystemEntropy;
use orgate_app::jobs;
use orgate_app::settings::Settings;
use orgate_core::time::Timestamp;
use orgate_web::Web;
use orgate_web::router::router_with_empty_route;
use orgate_web::serve::serve_router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::people::START;

/// Where mail goes when none is sent: nothing ever connects to that server.
pub const NO_MAIL: &str = "smtp://127.0.0.1:9";

/// The secret key of everything that is measured.
pub const SECRET_KEY: &str = "6f72676174652062656e63686d61726b206b6579206f66206e6f207365637265";

/// Settings that the command line does not choose.
const SETTINGS: [(&str, &str); 3] = [
    ("ORGATE_LISTEN", "127.0.0.1:0"),
    ("ORGATE_PUBLIC_URL", "https://id.example.test"),
    ("ORGATE_SECRET_KEY", SECRET_KEY),
];

/// What lifts the limits.
const UNLIMITED: [(&str, &str); 4] = [
    ("ORGATE_LIMIT_SIGN_INS", "4000000000"),
    ("ORGATE_LIMIT_SIGN_UPS", "4000000000"),
    ("ORGATE_LIMIT_MAILS", "4000000000"),
    ("ORGATE_LIMIT_TRIES", "none"),
];

/// How often the program's own job looks for something to sweep.
const SWEEP_EVERY: Duration = Duration::from_secs(2);

/// Runs from [`START`] on.
struct SeededClock {
    started_at: Timestamp,
}

impl Clock for SeededClock {
    fn now(&self) -> Timestamp {
        START.plus(SystemClock.now().since(self.started_at))
    }
}

/// The clock of measured servers, which begins now.
pub fn seeded_clock() -> impl Clock {
    SeededClock { started_at: SystemClock.now() }
}

/// Opens the database and puts the program together.
///
/// *Errors*: what the operator would be told.
pub async fn start(database_url: &str, mail: &str) -> Result<App, String> {
    start_with(database_url, mail, &[]).await
}

/// The same with more settings.
///
/// *Errors*: those of [`start`].
pub async fn start_with(database_url: &str, mail: &str, more: &[(&str, &str)]) -> Result<App, String> {
    let pairs = SETTINGS.into_iter().chain([("ORGATE_DATABASE_URL", database_url), ("ORGATE_MAIL", mail)]);
    let pairs = pairs.chain(more.iter().copied());
    let environment: BTreeMap<String, String> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let read_file = |path: &std::path::Path| std::fs::read(path);
    let settings = Settings::load(&environment, None, &read_file).map_err(|reason| reason.to_string())?;
    boot(settings, Arc::new(seeded_clock()), Arc::new(SystemEntropy)).await.map_err(|reason| reason.to_string())
}

/// Serves on a free port of loopback, which it prints, until it is killed.
///
/// *Errors*: those of the start, and what the listener ends with.
pub async fn serve(database_url: &str, session_memory_mib: u32) -> Result<(), String> {
    start_log();
    let memory = if session_memory_mib == 0 { "none".to_owned() } else { session_memory_mib.to_string() };
    let app = start_with(database_url, NO_MAIL, &[("ORGATE_SESSION_MEMORY_MIB", &memory)]).await?;
    // A server that was up for a minute has written something; until then SQLite asks the system for the file's size at
    // every read.
    app.store.hit_rate_counter("bench", START).await.map_err(|reason| reason.to_string())?;
    let background = app.clone();
    tokio::spawn(async move { jobs::run(&background, std::future::pending()).await });
    listen(app).await
}

/// The same without the limits on what one network or account may try.
///
/// *Errors*: those of [`serve`].
pub async fn serve_unlimited(database_url: &str, mail: &str, idp_allow: &str) -> Result<(), String> {
    start_log();
    let [a, b, c, d] = UNLIMITED;
    let app = start_with(database_url, mail, &[a, b, c, d, ("ORGATE_IDP_ALLOW", idp_allow)]).await?;
    let background = app.clone();
    tokio::spawn(async move { jobs::run(&background, std::future::pending()).await });
    listen(app).await
}

/// The same as [`serve`], but sweeps behind enforcement only while it is told to, a line each on standard input: `sweep`, `rest`.
///
/// *Errors*: those of [`serve`].
pub async fn serve_obeying(database_url: &str, mail: &str) -> Result<(), String> {
    start_log();
    let app = start(database_url, mail).await?;
    let outbox = app.outbox.clone();
    tokio::spawn(async move { outbox.run(std::future::pending()).await });
    let (give, orders) = watch::channel(false);
    // A thread of its own, for reading a pipe blocks.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            give.send_replace(line == "sweep");
        }
    });
    tokio::spawn(sweep_as_told(app.clone(), orders));
    listen(app).await
}

/// As the program's own job does it, and the wish to rest is heard at once.
async fn sweep_as_told(app: App, mut orders: watch::Receiver<bool>) {
    while orders.wait_for(|sweep| *sweep).await.is_ok() {
        let sweeping = async {
            loop {
                if let Err(reason) = enforcement::sweep_once(&app, Pace::Gentle).await {
                    tracing::error!("the sweep failed: {reason}");
                }
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        };
        tokio::select! {
            _ = orders.wait_for(|sweep| !*sweep) => {}
            () = sweeping => {}
        }
    }
}

/// As `orgate serve` writes it; whoever starts this decides where it goes.
fn start_log() {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new("info"))
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .init();
}

async fn listen(app: App) -> Result<(), String> {
    let listener = TcpListener::bind(app.settings.listen).await.map_err(|reason| format!("listen: {reason}"))?;
    let address = listener.local_addr().map_err(|reason| format!("listen: {reason}"))?;
    let mut out = std::io::stdout();
    writeln!(out, "{address}").and_then(|()| out.flush()).map_err(|reason| format!("print: {reason}"))?;
    let router = router_with_empty_route(Web::new(app));
    serve_router(listener, router, std::future::pending()).await;
    Ok(())
}
