//! Owns the load: connections that stay open, each sending one request after the other, with a token drawn from all of
//! them. It is as little as possible, for it must not be slower than what it measures.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::people::{People, Ticket};

const HEAD_END: &[u8] = b"\r\n\r\n";
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// Between two draws.
pub const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
const LENGTH: &[u8] = b"content-length: ";
const CHUNKED: &[u8] = b"transfer-encoding: chunked";

/// What is sent again and again, and how the answer has to begin.
pub trait Requests {
    /// As people write it.
    fn name(&self) -> &'static str;
    /// Writes the request that this number draws.
    fn write(&self, drawn: u64, request: &mut Vec<u8>);
    /// The status line of the right answer, up to behind the code.
    fn status(&self) -> &'static [u8];
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Endpoint {
    /// `GET /empty`, with a session's token as the others have it.
    Empty,
    /// `GET /check?organization=…`.
    Check,
    /// `GET /api/v1/session`.
    Session,
}

impl Endpoint {
    /// Every one; the one that the others are measured against is first.
    pub const ALL: [Self; 3] = [Self::Empty, Self::Check, Self::Session];

    /// As people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "GET /empty",
            Self::Check => "GET /check",
            Self::Session => "GET /api/v1/session",
        }
    }

    /// The status line of the right answer, up to behind the code.
    pub const fn status(self) -> &'static [u8] {
        match self {
            Self::Empty => b"HTTP/1.1 204 ",
            Self::Check | Self::Session => b"HTTP/1.1 200 ",
        }
    }
}

/// One endpoint, asked with everybody's tokens.
pub struct Asked<'t> {
    /// The tokens.
    pub tickets: &'t Tickets,
    /// The endpoint.
    pub endpoint: Endpoint,
}

impl Requests for Asked<'_> {
    fn name(&self) -> &'static str {
        self.endpoint.name()
    }

    fn write(&self, drawn: u64, request: &mut Vec<u8>) {
        self.tickets.write_request(self.endpoint, drawn, request);
    }

    fn status(&self) -> &'static [u8] {
        self.endpoint.status()
    }
}

/// `GET /check` with everybody's tokens, one after the other and then again: the first of each session reads its row.
pub struct InTurn<'t> {
    tickets: &'t Tickets,
    next: AtomicUsize,
}

impl<'t> InTurn<'t> {
    /// From the first on.
    pub fn new(tickets: &'t Tickets) -> Self {
        Self { tickets, next: AtomicUsize::new(0) }
    }

    /// Whether every session had its turn.
    pub fn is_through(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.tickets.count()
    }
}

impl Requests for InTurn<'_> {
    fn name(&self) -> &'static str {
        "GET /check, the first of each session"
    }

    fn write(&self, _: u64, request: &mut Vec<u8>) {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.tickets.count().max(1);
        self.tickets.write(Endpoint::Check, self.tickets.tickets.get(next), request);
    }

    fn status(&self) -> &'static [u8] {
        Endpoint::Check.status()
    }
}

/// What all connections share.
pub struct Tickets {
    tickets: Vec<Ticket>,
    slugs: Vec<String>,
}

impl Tickets {
    /// For everybody's sessions.
    pub fn new(people: &People) -> Self {
        let slugs = people.organizations.iter().map(|organization| organization.slug.clone()).collect();
        Self { tickets: people.tickets().collect(), slugs }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.tickets.len()
    }

    /// Writes a request with the token that this number draws.
    pub fn write_request(&self, endpoint: Endpoint, drawn: u64, request: &mut Vec<u8>) {
        self.write(endpoint, pick(&self.tickets, drawn), request);
    }

    fn write(&self, endpoint: Endpoint, ticket: Option<&Ticket>, request: &mut Vec<u8>) {
        let Some(ticket) = ticket else { return };
        request.clear();
        let path: &[u8] = match endpoint {
            Endpoint::Empty => b"GET /empty",
            Endpoint::Check => b"GET /check?organization=",
            Endpoint::Session => b"GET /api/v1/session",
        };
        request.extend_from_slice(path);
        if let (Endpoint::Check, Some(slug)) = (endpoint, self.slugs.get(ticket.organization)) {
            request.extend_from_slice(slug.as_bytes());
        }
        request.extend_from_slice(b" HTTP/1.1\r\nhost: id.example.test\r\nauthorization: Bearer ");
        request.extend_from_slice(&ticket.token);
        request.extend_from_slice(HEAD_END);
    }
}

/// One of all, by a number.
pub fn pick<T>(all: &[T], drawn: u64) -> Option<&T> {
    all.get(usize::try_from(mixed(drawn)).unwrap_or(0) % all.len().max(1))
}

/// One open connection.
pub struct Connection {
    stream: TcpStream,
    drawn: u64,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// What one connection saw in one run: how long each answer took. *Units*: nanoseconds.
pub type Latencies = Vec<u64>;

impl Connection {
    /// Opens one; `number` makes it draw other tokens than the next.
    ///
    /// *Errors*: nobody listens.
    pub async fn open(address: SocketAddr, number: u64) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|reason| format!("connect: {reason}"))?;
        stream.set_nodelay(true).map_err(|reason| format!("connect: {reason}"))?;
        Ok(Self { stream, drawn: number, request: Vec::new(), answer: vec![0; 16 * 1024] })
    }

    /// Sends requests until `end`.
    ///
    /// *Errors*: an answer that is not the expected one.
    pub async fn run(&mut self, requests: &impl Requests, end: Instant) -> Result<Latencies, String> {
        let mut latencies = Latencies::new();
        let mut sent_at = now();
        while sent_at < end {
            self.drawn = self.drawn.wrapping_add(STEP);
            requests.write(self.drawn, &mut self.request);
            self.stream.write_all(&self.request).await.map_err(|reason| format!("send: {reason}"))?;
            self.read_answer(requests).await?;
            let answered_at = now();
            latencies.push(nanoseconds(answered_at - sent_at));
            sent_at = answered_at;
        }
        Ok(latencies)
    }

    async fn read_answer(&mut self, requests: &impl Requests) -> Result<(), String> {
        let mut filled = 0;
        loop {
            let free = self.answer.get_mut(filled..).filter(|free| !free.is_empty()).ok_or("an answer is too long")?;
            let read = self.stream.read(free).await.map_err(|reason| format!("receive: {reason}"))?;
            if read == 0 {
                return Err("the server closed a connection".to_owned());
            }
            filled += read;
            let answer = self.answer.get(..filled).unwrap_or_default();
            if !answer.starts_with(requests.status()) {
                let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
                return Err(format!("{} answered {}", requests.name(), String::from_utf8_lossy(line)));
            }
            if is_whole(answer) {
                return Ok(());
            }
        }
    }
}

/// Whether head and body of an answer have arrived.
pub fn is_whole(answer: &[u8]) -> bool {
    let mut rest = answer;
    let (mut length, mut chunked) = (0, false);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        rest = after;
        if line == b"\r\n" {
            return if chunked { rest.ends_with(LAST_CHUNK) } else { rest.len() >= length };
        }
        if let Some(value) = behind(line, LENGTH) {
            length = number(value);
        }
        chunked |= behind(line, CHUNKED).is_some();
    }
    false
}

/// What follows in a line that begins so, in whatever case.
fn behind<'l>(line: &'l [u8], beginning: &[u8]) -> Option<&'l [u8]> {
    let (head, rest) = line.split_at_checked(beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then_some(rest)
}

fn number(text: &[u8]) -> usize {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}

/// The finaliser of SplitMix64: neighbouring numbers become unrelated ones.
pub const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// The stopwatch.
#[expect(clippy::disallowed_methods, reason = "measuring is what this crate is for")]
pub fn now() -> Instant {
    Instant::now()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_head_and_all_of_its_body_are_there() {
        assert!(is_whole(b"HTTP/1.1 204 No Content\r\n\r\n"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\ndate: x\r\n\r\n{\"a\": \"bcd\"}"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"a\": \"\r\n\r\n"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"));
    }
}
