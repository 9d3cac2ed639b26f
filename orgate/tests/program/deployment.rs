//! A deployment in a temporary folder, and the program run against it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::running::Running;

pub const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
pub const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

pub struct Deployment {
    pub folder: TempDir,
    pub port: u16,
    settings: BTreeMap<String, String>,
}

/// What a run left: its exit code and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Deployment {
    /// Settings that are enough, on a free port of loopback.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let settings = [
            ("ORGATE_LISTEN", format!("127.0.0.1:{port}")),
            ("ORGATE_PUBLIC_URL", format!("http://localhost:{port}")),
            ("ORGATE_DATABASE_URL", format!("sqlite:{}", path("orgate.db"))),
            ("ORGATE_SECRET_KEY", KEY.to_owned()),
            ("ORGATE_MAIL", format!("dir:{}", path("mail"))),
            ("ORGATE_MAIL_FROM", "orgate@a.example".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).into();
        Self { folder, port, settings }
    }

    /// A deployment whose database is there.
    pub fn migrated() -> Self {
        let deployment = Self::new();
        let said = deployment.run(&["migrate"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        deployment
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// The settings, as variables.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("orgate.db")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgate"));
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    /// The settings, the folder, and outputs that are kept.
    fn surround<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env_clear().envs(&self.settings).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// The same with other settings, this once.
    pub fn run_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Said {
        self.command(arguments).envs(settings.iter().copied()).output().unwrap().into()
    }

    /// The same with one variable more, of any bytes.
    pub fn run_with_bytes(&self, name: &str, value: &[u8], arguments: &[&str]) -> Said {
        self.command(arguments).env(name, OsStr::from_bytes(value)).output().unwrap().into()
    }

    /// The same where nothing can be printed, for the disk is full.
    pub fn run_into_full_disk(&self, arguments: &[&str]) -> Said {
        let full = File::options().write(true).open("/dev/full").unwrap();
        self.command(arguments).stdout(full).output().unwrap().into()
    }

    /// The exit code where nobody reads what is printed.
    pub fn run_unread(&self, arguments: &[&str]) -> Option<i32> {
        let mut child = Running(self.command(arguments).spawn().unwrap());
        drop(child.stdout.take());
        child.wait().unwrap().code()
    }

    /// Starts `serve` and waits until it answers.
    pub fn serve(&self) -> Running {
        self.wait_for(Running(self.command(&["serve"]).spawn().unwrap()))
    }

    /// The same, by a shell that does this first and becomes the program.
    pub fn serve_after(&self, first: &str) -> Running {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{first}; exec \"$0\" serve"), env!("CARGO_BIN_EXE_orgate")]);
        self.wait_for(Running(self.surround(&mut shell).spawn().unwrap()))
    }

    fn wait_for(&self, mut child: Running) -> Running {
        for _ in 0..600 {
            if self.is_healthy().unwrap_or(false) {
                return child;
            }
            assert!(child.try_wait().unwrap().is_none(), "it ended early");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it does not answer");
    }

    fn is_healthy(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200 "))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
