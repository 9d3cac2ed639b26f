//! Owns one request and its answer as they are compared: status, size of the body, time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::load::{is_whole, now};

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The size of the body. *Units*: bytes.
    pub body: usize,
    /// How long it took. *Units*: nanoseconds.
    pub nanoseconds: u64,
}

/// A POST as a browser or program sends it.
pub fn post(path: &str, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: id.example.test\r\norigin: https://id.example.test\r\n\
         content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends it and reads the answer.
///
/// *Errors*: the connection, or an answer that cannot be read.
pub fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) -> Result<Answer, String> {
    let sent_at = now();
    stream.write_all(request).map_err(|reason| format!("send: {reason}"))?;
    let mut filled = 0;
    loop {
        let room = buffer.get_mut(filled..).filter(|room| !room.is_empty()).ok_or("an answer is too long")?;
        let read = stream.read(room).map_err(|reason| format!("receive: {reason}"))?;
        if read == 0 {
            return Err("the server closed a connection".to_owned());
        }
        filled += read;
        let so_far = buffer.get(..filled).unwrap_or_default();
        if is_whole(so_far) {
            let nanoseconds = u64::try_from(sent_at.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let status = so_far.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            let head = so_far.windows(4).position(|four| four == b"\r\n\r\n").map(|end| end + 4);
            let (status, head) = status.zip(head).ok_or("an answer cannot be read")?;
            return Ok(Answer { status, body: filled - head, nanoseconds });
        }
    }
}
