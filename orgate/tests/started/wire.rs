//! Owns HTTP/1.1 as bytes, as far as these tests need it: whole messages with a length.

use std::io::{Error, ErrorKind, Read as _, Result};
use std::net::TcpStream;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// A request or an answer as it came.
pub struct Message {
    /// The first line and the headers, with the empty line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Message {
    /// The value of the first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// The values of all headers of this lower-case name.
    pub fn headers<'m>(&'m self, name: &str) -> impl Iterator<Item = &'m str> {
        let lines = self.head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        self.head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap()
    }

    /// Everything, to be passed on.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }
}

/// Reads one message; none when the other side ends the connection instead of beginning one.
pub fn read(stream: &mut TcpStream) -> Result<Option<Message>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
            break end + HEAD_END.len();
        }
        if !more(stream, &mut bytes)? {
            return if bytes.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
    };
    let body = bytes.split_off(end);
    let head = String::from_utf8(bytes).map_err(Error::other)?;
    let mut message = Message { head, body };
    assert!(message.header("transfer-encoding").is_none(), "a body in pieces: {}", message.head);
    let length: usize = message.header("content-length").map_or(0, |length| length.parse().unwrap());
    while message.body.len() < length {
        if !more(stream, &mut message.body)? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(message))
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<bool> {
    let mut piece = [0; 8192];
    let read = stream.read(&mut piece)?;
    bytes.extend_from_slice(&piece[..read]);
    Ok(read > 0)
}
