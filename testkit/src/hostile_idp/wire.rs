//! A small HTTP/1.1 server that can break HTTP: it reads whole requests and delivers replies honestly, slowly, endlessly
//! or not at all. One request a connection.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A request's body is read up to here.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// One request, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One reply and the way it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
}

/// How a reply is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// The head, then a byte of the body a second.
    Drip,
    /// A head that never ends.
    EndlessHeaders,
    /// A body without a length that never ends.
    EndlessBody,
    /// The connection stays open and silent.
    Silence,
    /// The connection ends in the middle of the body.
    Cut,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![
            ("content-type".to_owned(), content_type.to_owned()),
            ("cache-control".to_owned(), "no-store".to_owned()),
        ];
        Self { status, headers, body: body.into(), delivery: Delivery::Whole }
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        let mut reply = Self::new(status, "text/plain", "");
        reply.headers.push(("location".to_owned(), to.to_owned()));
        reply
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(existing, _)| existing != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn head(&self) -> String {
        let mut lines = vec![format!("HTTP/1.1 {} Hostile", self.status), "connection: close".to_owned()];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if self.delivery != Delivery::EndlessBody {
            lines.push(format!("content-length: {}", self.body.len()));
        }
        lines.iter().map(|line| line.to_owned() + "\r\n").collect()
    }
}

/// Reads one request; none when the peer sends something else or too much.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_REQUEST_BYTES || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(Ok(0), |(_, value)| value.parse()).ok()?;
    while body.len() < length.min(MAX_REQUEST_BYTES) {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { method, target, headers, body })
}

/// Delivers one reply. The peer may hang up at any time, which ends the delivery.
pub(crate) async fn write(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), reply: &Reply) -> std::io::Result<()> {
    let head = reply.head();
    match reply.delivery {
        Delivery::Whole => {
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            stream.write_all(&reply.body).await?;
        }
        Delivery::Drip => {
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            for byte in &reply.body {
                stream.write_u8(*byte).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Delivery::EndlessHeaders => {
            stream.write_all(head.as_bytes()).await?;
            repeat(stream, b"x-more: and more and more and more\r\n").await?;
        }
        Delivery::EndlessBody => {
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            stream.write_all(&reply.body).await?;
            repeat(stream, &[b' '; 1024]).await?;
        }
        Delivery::Silence => std::future::pending().await,
        Delivery::Cut => {
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            let half = reply.body.get(..reply.body.len() / 2).unwrap_or_default();
            stream.write_all(half).await?;
            stream.flush().await?;
            return Ok(());
        }
    }
    stream.shutdown().await
}

/// Writes the same bytes, at about a megabyte a second, until the peer hangs up.
async fn repeat(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    loop {
        stream.write_all(bytes).await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
