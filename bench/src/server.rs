//! Owns the measured server: the program's own parts, with the empty route beside them, on one worker thread. Only its
//! clock is another: it starts where the seeded sessions do.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use orgate_app::app::App;
use orgate_app::boot::boot;
use orgate_app::clock::{Clock, SystemClock};
use orgate_app::entropy::SystemEntropy;
use orgate_app::jobs;
use orgate_app::settings::Settings;
use orgate_core::time::Timestamp;
use orgate_web::Web;
use orgate_web::router::router_with_empty_route;
use orgate_web::serve::serve_router;
use tokio::net::TcpListener;

use crate::people::START;

/// Settings that the command line does not choose. No mail is sent, so nothing ever connects to that server.
const SETTINGS: [(&str, &str); 4] = [
    ("ORGATE_LISTEN", "127.0.0.1:0"),
    ("ORGATE_PUBLIC_URL", "https://id.example.test"),
    ("ORGATE_SECRET_KEY", "6f72676174652062656e63686d61726b206b6579206f66206e6f207365637265"),
    ("ORGATE_MAIL", "smtp://127.0.0.1:9"),
];

/// Runs from [`START`] on.
struct SeededClock {
    started_at: Timestamp,
}

impl Clock for SeededClock {
    fn now(&self) -> Timestamp {
        START.plus(SystemClock.now().since(self.started_at))
    }
}

/// Opens the database and puts the program together.
///
/// *Errors*: what the operator would be told.
pub async fn start(database_url: &str) -> Result<App, String> {
    let pairs = SETTINGS.into_iter().chain([("ORGATE_DATABASE_URL", database_url)]);
    let environment: BTreeMap<String, String> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let read_file = |path: &std::path::Path| std::fs::read(path);
    let settings = Settings::load(&environment, None, &read_file).map_err(|reason| reason.to_string())?;
    let clock = SeededClock { started_at: SystemClock.now() };
    boot(settings, Arc::new(clock), Arc::new(SystemEntropy)).await.map_err(|reason| reason.to_string())
}

/// Serves on a free port of loopback, which it prints, until it is killed.
///
/// *Errors*: those of the start, and what the listener ends with.
pub async fn serve(database_url: &str) -> Result<(), String> {
    // As `orgate serve` writes it; whoever starts this decides where it goes.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new("info"))
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .init();
    let app = start(database_url).await?;
    let listener = TcpListener::bind(app.settings.listen).await.map_err(|reason| format!("listen: {reason}"))?;
    let address = listener.local_addr().map_err(|reason| format!("listen: {reason}"))?;
    let background = app.clone();
    tokio::spawn(async move { jobs::run(&background, std::future::pending()).await });
    let mut out = std::io::stdout();
    writeln!(out, "{address}").and_then(|()| out.flush()).map_err(|reason| format!("print: {reason}"))?;
    let router = router_with_empty_route(Web::new(app));
    serve_router(listener, router, std::future::pending()).await.map_err(|reason| format!("serve: {reason}"))
}
