//! A server of raw bytes on loopback that says what a test wants, and the client under test.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orgate_app::outbound::resolver::Resolver;
use orgate_app::outbound::trust::client_config;
use orgate_app::outbound::{Outbound, OutboundLimits};
use orgate_core::id::{ConnectionId, Identifier};
use orgate_core::time::Timestamp;
use orgate_sso::exchange::{Method, Purpose, Request};
use orgate_sso::url_rules::{UrlRules, check_url};
use orgate_testkit::{Authority, Dns};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a server does with each connection.
#[derive(Clone)]
pub enum Script {
    /// Reads a request, writes these pieces with a pause before each, closes.
    Write(Vec<Vec<u8>>, Duration),
    /// Reads a request and writes the piece until the client goes away.
    Forever(Vec<u8>, Vec<u8>, Duration),
    /// Answers request after request.
    Kept(Vec<u8>),
    /// Accepts and says nothing.
    Silent,
}

impl Script {
    pub fn once(answer: impl Into<Vec<u8>>) -> Self {
        Self::Write(vec![answer.into()], Duration::ZERO)
    }

    /// A 200 with this body.
    pub fn body(body: &[u8]) -> Self {
        let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        answer.extend(body);
        Self::once(answer)
    }
}

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    pub accepted: Arc<AtomicUsize>,
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Listens on `address`, with TLS if a configuration is given.
    pub async fn start(address: &str, tls: Option<Arc<ServerConfig>>, script: Script) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), accepted: Arc::default(), requests: Arc::default() };
        let shared = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                let (shared, script, tls) = (shared.clone(), script.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await {
                                shared.answer(stream, script).await;
                            }
                        }
                        None => shared.answer(stream, script).await,
                    }
                });
            }
        });
        server
    }

    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script) {
        if matches!(script, Script::Silent) {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let request = read_request(&mut stream).await;
        self.requests.lock().unwrap().push(request);
        match script {
            Script::Kept(answer) => {
                while stream.write_all(&answer).await.is_ok() && stream.flush().await.is_ok() {
                    let next = read_request(&mut stream).await;
                    if next.is_empty() {
                        return;
                    }
                    self.requests.lock().unwrap().push(next);
                }
            }
            Script::Write(pieces, pause) => {
                for piece in pieces {
                    tokio::time::sleep(pause).await;
                    if stream.write_all(&piece).await.is_err() || stream.flush().await.is_err() {
                        return;
                    }
                }
                drop(stream.shutdown().await);
            }
            Script::Forever(head, piece, pause) => {
                let mut next = head;
                while stream.write_all(&next).await.is_ok() && stream.flush().await.is_ok() {
                    tokio::time::sleep(pause).await;
                    next.clone_from(&piece);
                }
            }
            Script::Silent => {}
        }
    }
}

/// A request is whole when its headers are and as many bytes of body as they announce.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return text,
            Ok(_) => {}
        }
    }
}

pub const LIMITS: OutboundLimits = OutboundLimits {
    total: Duration::from_millis(1_500),
    connect: Duration::from_millis(600),
    per_connection: 8,
    altogether: 64,
};

/// A client that asks `dns`, trusts `authority` and obeys `allow`.
pub fn client(dns: &Dns, authority: &Authority, allow: &str, limits: OutboundLimits) -> Outbound {
    let tls = client_config(Some(authority.pem().as_bytes())).unwrap();
    let resolver = Resolver::new(&[dns.address()]).unwrap();
    Outbound::new(UrlRules::parse(allow).unwrap(), resolver, tls, limits)
}

pub fn connection(number: u8) -> ConnectionId {
    ConnectionId::new(Timestamp::from_millis(1), [number; 10])
}

/// A GET, checked under the rules of `allow`.
pub fn get(url: &str, allow: &str, purpose: Purpose) -> Request {
    let url = check_url(url, &UrlRules::parse(allow).unwrap()).unwrap();
    Request { purpose, method: Method::Get, url, headers: Vec::new(), body: None }
}
