//! Owns one client: a connection that stays open, one request after the other.

use std::io::{ErrorKind, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::wire::{self, Message};

/// Longer than any handler may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
pub struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Ask {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: String::new() }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self.header("content-type", "application/json")
    }

    /// What a page's form without fields sends.
    pub fn form(self, origin: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").header("origin", origin)
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, headers, body } = self;
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (headers, length) = (headers.concat(), body.len());
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}").into()
    }
}

/// What came back.
pub struct Answer(pub Message);

impl Answer {
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.body).unwrap_or_else(|_| panic!("{} {}", self.0.head, self.text()))
    }

    /// The same, which has to have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{}{}", self.0.head, self.text());
        self
    }
}

/// One open connection, to a node or to the proxy.
pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends it and waits for the answer.
    ///
    /// *Errors*: what became of the request is not known then. Only reading is tried again, once, where the connection had
    /// been used before.
    pub fn send(&mut self, ask: &Ask) -> Result<Answer> {
        let reused = self.stream.is_some();
        match self.exchange(ask) {
            Err(_) if reused && ask.method == "GET" => self.exchange(ask),
            other => other,
        }
    }

    /// The same where nothing is killed.
    #[track_caller]
    pub fn ask(&mut self, ask: &Ask) -> Answer {
        self.send(ask).unwrap_or_else(|reason| panic!("{} {}: {reason}", ask.method, ask.path))
    }

    fn exchange(&mut self, ask: &Ask) -> Result<Answer> {
        // Kept only if it served.
        let mut stream = match self.stream.take().filter(is_open) {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.write_all(&ask.bytes())?;
        let message = wire::read(&mut stream)?.ok_or(ErrorKind::UnexpectedEof)?;
        if message.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(Answer(message))
    }
}

/// Whether the other side still listens: a node closes what nobody has used for a while.
fn is_open(stream: &TcpStream) -> bool {
    let look = || {
        stream.set_nonblocking(true)?;
        let seen = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        seen
    };
    matches!(look(), Err(reason) if reason.kind() == ErrorKind::WouldBlock)
}

/// A connection that loses no time and waits for ever for nobody.
pub fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}
