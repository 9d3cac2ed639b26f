//! Owns `orgate demo`: everything on this machine, to try it by hand. It listens on loopback only, keeps its data in one
//! folder, and brings along an identity provider and a mailbox. The first start makes the sample people; a second finds
//! them again, at the same addresses.

mod cast;
mod folder;
mod ports;
mod seed;
mod stand_in;
mod walk_through;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use orgate_app::App;
use orgate_app::clock::{Clock as _, SystemClock};
use orgate_app::entropy::{Entropy as _, SystemEntropy};
use orgate_app::settings::Settings;
use orgate_demo_idp::mailbox::Mailbox;
use orgate_demo_idp::{Effects, Server};
use tokio::net::TcpListener;

use self::folder::{Folder, State};
use self::ports::Ports;
use crate::{configuration, say, serve};

/// What the command takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Port of the console. Default: 8080, or a free one if it is taken; a second start keeps the first one's.
    #[arg(long)]
    port: Option<u16>,
    /// Where the data is kept.
    #[arg(long, default_value = ".demo")]
    folder: PathBuf,
    /// Forget what an earlier start left in the folder.
    #[arg(long)]
    reset: bool,
}

/// What runs beside the console.
struct Company {
    idp: Server,
    mailbox: Mailbox,
}

/// Starts everything, says where it is, and serves until it is asked to stop.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    let folder = Folder::open(&arguments.folder)?;
    if arguments.reset {
        folder.clear()?;
    }
    let (state, is_new) = settle(&folder, arguments.port)?;
    let settings = settings(&folder, state.ports)?;
    configuration::start_log(&settings)?;
    let company = start_company(&folder, state.ports).await?;
    let app = serve::start(settings).await?;
    let listener = serve::listen(&app).await?;
    if is_new {
        say("Making the sample organizations and people ...")?;
        seed::seed(&app, &company.idp, &folder.mails()).await?;
        folder.keep(&State { is_complete: true, ..state })?;
    }
    say(&walk_through::text(&walk_through::Places {
        console: app.settings.public_url.as_str(),
        mailbox: &company.mailbox.url(),
        idp: company.idp.issuer(),
        idp_admin: &company.idp.admin_url(),
        folder: folder.path(),
        settings: &folder.settings(),
        program: &std::env::args().next().unwrap_or_else(|| "orgate".to_owned()),
        is_new,
    }))?;
    serve_with(company, app, listener).await?;
    say("Stopped. Start again to go on with the same data, or with --reset to begin anew.")
}

/// What an earlier start left, or a new beginning. One that was cut off while it made the people begins anew too.
fn settle(folder: &Folder, port: Option<u16>) -> Result<(State, bool), String> {
    match folder.state()? {
        Some(state) if state.is_complete => {
            state.ports.check_free(port)?;
            Ok((state, false))
        }
        Some(_) | None => {
            folder.clear()?;
            let state = State { ports: Ports::choose(port)?, is_complete: false };
            folder.keep(&state)?;
            Ok((state, true))
        }
    }
}

/// The settings of an operator who runs this machine for themselves. The environment has no say.
fn settings(folder: &Folder, ports: Ports) -> Result<Settings, String> {
    let key = folder.secret_key(&SystemEntropy)?;
    let file = folder.keep_settings(&[
        ("listen", address(ports.console).to_string()),
        ("public_url", format!("http://localhost:{}", ports.console)),
        ("database_url", format!("sqlite:{}", folder.database().display())),
        ("secret_key_file", key.display().to_string()),
        ("mail", format!("dir:{}", folder.mails().display())),
        ("mail_from", "orgate@demo.example".to_owned()),
        // Nothing else of this machine may be reached through a connection's settings.
        ("idp_allow", address(ports.idp).to_string()),
        ("google_client_id", stand_in::GOOGLE.to_owned()),
        ("google_client_secret", stand_in::SECRET.to_owned()),
        ("google_issuer", format!("http://{}", address(ports.idp))),
        ("github_client_id", stand_in::GITHUB.to_owned()),
        ("github_client_secret", stand_in::SECRET.to_owned()),
        ("github_url", format!("http://{}", address(ports.idp))),
        ("github_api_url", format!("http://{}/api/v3", address(ports.idp))),
        ("log", "warn".to_owned()),
    ])?;
    configuration::of(&BTreeMap::from([("ORGATE_CONFIG".to_owned(), file.display().to_string())]))
}

async fn start_company(folder: &Folder, ports: Ports) -> Result<Company, String> {
    let provider = orgate_demo_idp::Settings {
        address: address(ports.idp),
        issuer: None,
        organization: cast::IDP_NAME.to_owned(),
        people: cast::idp_people(),
        applications: stand_in::applications(ports.console),
        state_file: Some(folder.idp_state()),
        thin_id_tokens: true,
    };
    let effects = Effects {
        now: Arc::new(|| SystemClock.now().as_seconds()),
        fill: Arc::new(|buffer| SystemEntropy.fill(buffer)),
    };
    let idp = Server::start(provider, effects).await.map_err(|reason| reason.to_string())?;
    let mailbox = Mailbox::start(address(ports.mailbox), folder.mails()).await.map_err(|reason| reason.to_string())?;
    Ok(Company { idp, mailbox })
}

async fn serve_with(company: Company, app: App, listener: TcpListener) -> Result<(), String> {
    let served = serve::until_stopped(app, listener).await;
    let (idp, mailbox) = tokio::join!(company.idp.stop(), company.mailbox.stop());
    served?;
    idp.and(mailbox).map_err(|reason| reason.to_string())
}

/// Loopback, whatever the port.
fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
