//! A DNS server on loopback, over UDP and TCP, that answers what a test says: addresses, texts, refusals, silence, and
//! answers that flip between two questions, as in a rebinding attack (T-SSRF-2).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::background::Background;

/// How the server answers questions for one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Records; a type of which there is none gets an empty answer.
    Records {
        /// For A and AAAA.
        addresses: Vec<IpAddr>,
        /// For TXT, a record each.
        texts: Vec<String>,
    },
    /// The n-th question of a type gets the n-th list of addresses, and every later one the last list.
    Flip(Vec<Vec<IpAddr>>),
    /// An authoritative "there is no such name". So answers every name that was never set.
    NoSuchName,
    /// SERVFAIL.
    Failure,
    /// No answer at all.
    Silence,
}

/// One question that the server got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, in lower case, without the final dot.
    pub name: String,
    /// The type: `A`, `AAAA`, `TXT` …
    pub record_type: String,
}

#[derive(Default)]
struct State {
    zone: HashMap<String, Answer>,
    asked: Vec<Question>,
}

/// A running DNS server; stops when dropped.
pub struct Dns {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _background: Background,
}

impl Dns {
    /// Starts a server that knows no name, on a free port of 127.0.0.1, UDP and TCP alike.
    pub fn start() -> Self {
        let (udp, tcp) = bind();
        let address = udp.local_addr().expect("a bound socket");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let background = Background::run(move || async move {
            let udp = UdpSocket::from_std(udp).expect("a socket");
            let tcp = TcpListener::from_std(tcp).expect("a socket");
            tokio::join!(serve_udp(udp, Arc::clone(&shared)), serve_tcp(tcp, shared));
        });
        Self { address, state, _background: background }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says how `name` is answered from now on.
    pub fn set(&self, name: &str, answer: Answer) {
        lock(&self.state).zone.insert(canonical(name), answer);
    }

    /// Gives `name` these addresses and keeps its texts.
    pub fn addresses(&self, name: &str, addresses: &[IpAddr]) {
        let mut state = lock(&self.state);
        let texts = match state.zone.remove(&canonical(name)) {
            Some(Answer::Records { texts, .. }) => texts,
            Some(Answer::Flip(_) | Answer::NoSuchName | Answer::Failure | Answer::Silence) | None => Vec::new(),
        };
        state.zone.insert(canonical(name), Answer::Records { addresses: addresses.to_vec(), texts });
    }

    /// Lets `name` resolve to 127.0.0.1.
    pub fn loopback(&self, name: &str) {
        self.addresses(name, &[IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }

    /// Gives `name` these TXT records and keeps its addresses.
    pub fn texts(&self, name: &str, texts: &[&str]) {
        let mut state = lock(&self.state);
        let addresses = match state.zone.remove(&canonical(name)) {
            Some(Answer::Records { addresses, .. }) => addresses,
            Some(Answer::Flip(_) | Answer::NoSuchName | Answer::Failure | Answer::Silence) | None => Vec::new(),
        };
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        state.zone.insert(canonical(name), Answer::Records { addresses, texts });
    }

    /// Every question so far, oldest first.
    pub fn questions(&self) -> Vec<Question> {
        lock(&self.state).asked.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// A UDP and a TCP socket on the same port.
fn bind() -> (std::net::UdpSocket, std::net::TcpListener) {
    for _ in 0..64 {
        let udp = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        if let Ok(tcp) = std::net::TcpListener::bind(udp.local_addr().expect("a bound socket")) {
            udp.set_nonblocking(true).expect("a socket");
            tcp.set_nonblocking(true).expect("a socket");
            return (udp, tcp);
        }
    }
    unreachable!("64 ports free for UDP were all taken for TCP")
}

async fn serve_udp(socket: UdpSocket, state: Arc<Mutex<State>>) {
    let mut buffer = vec![0; 4096];
    loop {
        // A client that went away makes an error of the next receive; the socket is as good as before.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        if let Some(reply) = buffer.get(..length).and_then(|query| reply(query, &state)) {
            drop(socket.send_to(&reply, from).await);
        }
    }
}

async fn serve_tcp(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_stream(stream, Arc::clone(&state)));
        }
    }
}

async fn serve_stream(mut stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    loop {
        let mut query = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut query).await?;
        if let Some(reply) = reply(&query, &state) {
            stream.write_u16(u16::try_from(reply.len()).map_err(std::io::Error::other)?).await?;
            stream.write_all(&reply).await?;
        }
    }
}

/// The answer to one query; none where the name is silent or the query is not one.
fn reply(query: &[u8], state: &Mutex<State>) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    let question = query.queries.first()?.clone();
    let name = canonical(&question.name().to_ascii());
    let (answer, earlier) = note(state, &name, question.query_type());

    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.authoritative = true;
    reply.metadata.recursion_desired = query.metadata.recursion_desired;
    reply.metadata.recursion_available = true;
    reply.add_query(question.clone());
    let (addresses, texts) = match answer {
        Answer::Records { addresses, texts } => (addresses, texts),
        Answer::Flip(lists) => (lists.get(earlier).or(lists.last()).cloned().unwrap_or_default(), Vec::new()),
        Answer::NoSuchName => {
            reply.metadata.response_code = ResponseCode::NXDomain;
            (Vec::new(), Vec::new())
        }
        Answer::Failure => {
            reply.metadata.response_code = ResponseCode::ServFail;
            (Vec::new(), Vec::new())
        }
        Answer::Silence => return None,
    };
    for data in records(question.query_type(), &addresses, &texts) {
        reply.add_answer(Record::from_rdata(question.name().clone(), 0, data));
    }
    reply.to_vec().ok()
}

/// Notes the question; the answer for its name and how often it was asked before.
fn note(state: &Mutex<State>, name: &str, record_type: RecordType) -> (Answer, usize) {
    let mut state = lock(state);
    let question = Question { name: name.to_owned(), record_type: record_type.to_string() };
    let earlier = state.asked.iter().filter(|asked| **asked == question).count();
    state.asked.push(question);
    (state.zone.get(name).cloned().unwrap_or(Answer::NoSuchName), earlier)
}

fn records(record_type: RecordType, addresses: &[IpAddr], texts: &[String]) -> Vec<RData> {
    let mut records = Vec::new();
    for address in addresses {
        match address {
            IpAddr::V4(address) if record_type == RecordType::A => {
                records.push(RData::A((*address).into()));
            }
            IpAddr::V6(address) if record_type == RecordType::AAAA => {
                records.push(RData::AAAA((*address).into()));
            }
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
    }
    if record_type == RecordType::TXT {
        // A TXT record is a list of strings of at most 255 bytes; longer texts are cut into several.
        records.extend(texts.iter().map(|text| {
            let parts: Vec<&[u8]> = text.as_bytes().chunks(255).collect();
            RData::TXT(TXT::from_bytes(parts))
        }));
    }
    records
}
