//! Owns one `orgate serve`: started on a port of its own, killed as a crash would, started again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use orgate_testkit::memory;

use crate::client::{Ask, Client};
use crate::scale::now;
use crate::signal::signal;

pub const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// A debug build on a busy machine is slow; what never comes up is not waited for.
const STARTING: u64 = 60_000_000_000;

/// What nodes are told. Variables, as `orgate` reads them.
pub type Settings = BTreeMap<String, String>;

/// Settings that are enough, with the limits lifted that a storm would run into.
pub fn settings(folder: &Path, database_url: &str, public_url: &str) -> Settings {
    let settings = [
        ("ORGATE_PUBLIC_URL", public_url.to_owned()),
        ("ORGATE_DATABASE_URL", database_url.to_owned()),
        ("ORGATE_SECRET_KEY", KEY.to_owned()),
        ("ORGATE_MAIL", format!("dir:{}", folder.join("mail").display())),
        ("ORGATE_MAIL_FROM", "orgate@a.example".to_owned()),
        ("ORGATE_LOG", "warn".to_owned()),
        ("ORGATE_LIMIT_SIGN_UPS", "1000000".to_owned()),
        ("ORGATE_LIMIT_SIGN_INS", "1000000000".to_owned()),
        ("ORGATE_LIMIT_TRIES", "none".to_owned()),
        ("ORGATE_LIMIT_MAILS", "1000000".to_owned()),
        ("ORGATE_LIMIT_INVITATIONS", "1000000".to_owned()),
        ("ORGATE_LIMIT_ORGANIZATIONS", "none".to_owned()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).into()
}

/// A node; it is killed with this handle.
pub struct Node {
    program: PathBuf,
    settings: Settings,
    log: PathBuf,
    child: Option<Child>,
    address: SocketAddr,
}

impl Node {
    /// One that does not run yet. What it says goes into a file of this name.
    pub fn new(settings: Settings, log: PathBuf) -> Self {
        // Another build of the same program, such as one with optimisations.
        let program = std::env::var_os("ORGATE_RELIABILITY_BINARY").map(PathBuf::from);
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_orgate").into());
        Self { program, settings, log, child: None, address: (Ipv4Addr::LOCALHOST, 0).into() }
    }

    /// Where it listens. Another port after every start, for a port that nobody has anybody can take.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// What it is told.
    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// Says something else to it from its next start on.
    pub fn set(&mut self, name: &str, value: String) {
        self.settings.insert(name.to_owned(), value);
    }

    /// Is another program from its next start on.
    pub fn become_program(&mut self, program: PathBuf) {
        self.program = program;
    }

    /// Starts it and waits until it is ready; says how long that took. *Units*: nanoseconds.
    pub fn start(&mut self) -> u64 {
        // A port that was free a moment ago can be somebody else's by now.
        for _ in 0..5 {
            self.address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
            let began = now();
            let log = File::options().create(true).append(true).open(&self.log).unwrap();
            let mut command = self.command(&["serve"]);
            command.env("ORGATE_LISTEN", self.address.to_string());
            command.stdout(log.try_clone().unwrap()).stderr(log);
            self.child = Some(command.spawn().unwrap());
            if self.is_ready_by(began + STARTING) {
                return now() - began;
            }
        }
        panic!("it does not start: {}", fs::read_to_string(&self.log).unwrap());
    }

    fn is_ready_by(&mut self, limit: u64) -> bool {
        while now() < limit {
            let answer = Client::new(self.address).send(&Ask::get("/readyz"));
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return true;
            }
            if self.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.kill();
        false
    }

    /// Kills it: no signal that it could hear, no time for anything.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let sent = signal(child.id(), "TERM");
        assert!(sent && child.wait().unwrap().success(), "it did not end well");
    }

    /// Runs a command of the program beside it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).env("ORGATE_LISTEN", "127.0.0.1:1").output().unwrap()
    }

    /// Runs `orgate audit verify`, which has to find nothing.
    #[track_caller]
    pub fn verify_audit_log(&self) {
        let said = self.run(&["audit", "verify"]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }

    /// Memory that it has in hand. *Units*: KiB.
    pub fn resident(&self) -> u64 {
        memory::resident(Some(self.child.as_ref().unwrap().id()))
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A command of the program, with the settings of this node.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().envs(&self.settings).stdin(Stdio::null());
        command
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
