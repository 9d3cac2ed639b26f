//! Owns a browser: one connection, the cookies that it keeps, and its way through single sign-on at either server.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::provider::Provider;
use crate::load::is_whole;
use crate::paced::connect;

/// Where Orgate is reached, as its settings say.
const ORIGIN: &str = "https://id.example.test";
const OUR_SESSION: &str = "__Host-orgate-session";
/// What the other server calls the connection.
pub const PEER_PROVIDER: &str = "measured";
const PEER_SESSION: &str = "better-auth.session_token";
/// Where the other server sends people who have signed in.
const PEER_LANDING: &str = "/signed-in";

/// Whose sign-in it is.
pub enum Door {
    /// Orgate's.
    Ours(Way),
    /// Better-auth's, at this origin.
    Theirs {
        /// Scheme, host and port.
        origin: String,
    },
}

/// An organization's login address.
pub struct Way {
    /// The organization's short name.
    pub slug: String,
}

/// A browser.
pub struct Browser {
    stream: TcpStream,
    cookies: BTreeMap<String, String>,
    answer: Vec<u8>,
}

/// What came back.
struct Reply {
    status: u16,
    /// Header lines, as they came.
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers(wanted).next()
    }

    fn headers(&self, wanted: &str) -> impl Iterator<Item = &str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        pairs.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    }

    fn parse(answer: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(answer).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.get(9..12)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }
}

impl Browser {
    /// One without cookies.
    ///
    /// *Errors*: nobody listens.
    pub fn open(address: SocketAddr) -> Result<Self, String> {
        Ok(Self { stream: connect(address)?, cookies: BTreeMap::new(), answer: vec![0; 64 * 1024] })
    }

    /// Signs a person in and is in their session afterwards. It is signed out before.
    ///
    /// *Errors*: any other end.
    pub fn sign_in(&mut self, door: &Door, provider: &Provider, person: usize) -> Result<(), String> {
        match door {
            Door::Ours(way) => self.sign_in_here(way, provider, person),
            Door::Theirs { origin } => self.sign_in_there(origin, provider, person),
        }
    }

    fn sign_in_here(&mut self, way: &Way, provider: &Provider, person: usize) -> Result<(), String> {
        self.cookies.remove(OUR_SESSION);
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        let page = self.post(&format!("/sign-in/{}", way.slug), ORIGIN, form, "")?;
        let address = link(&page.body).ok_or_else(|| page.unexpected("the start"))?;
        let back = provider.answer(person, &address)?;
        let path = back.strip_prefix(ORIGIN).ok_or("the provider leads elsewhere")?;
        let done = self.send(&format!("GET {path} HTTP/1.1\r\nhost: id.example.test\r\n"), "")?;
        if done.status == 303 && self.cookies.contains_key(OUR_SESSION) {
            return Ok(());
        }
        Err(done.unexpected("the callback"))
    }

    fn sign_in_there(&mut self, origin: &str, provider: &Provider, person: usize) -> Result<(), String> {
        self.cookies.remove(PEER_SESSION);
        let body = format!("{{\"providerId\":\"{PEER_PROVIDER}\",\"callbackURL\":\"{PEER_LANDING}\"}}");
        let begun = self.post("/api/auth/sign-in/sso", origin, "content-type: application/json\r\n", &body)?;
        let begun_with: Option<serde_json::Value> = serde_json::from_str(&unchunked(&begun.body)).ok();
        let address = begun_with.as_ref().and_then(|begun| begun.get("url")?.as_str());
        let address = address.ok_or_else(|| begun.unexpected("the start"))?;
        let back = provider.answer(person, address)?;
        let path = back.strip_prefix(origin).ok_or("the provider leads elsewhere")?;
        let done = self.send(&format!("GET {path} HTTP/1.1\r\nhost: id.example.test\r\n"), "")?;
        let landed = done.header("location").is_some_and(|to| to.ends_with(PEER_LANDING));
        if done.status == 302 && landed && self.cookies.contains_key(PEER_SESSION) {
            return Ok(());
        }
        Err(done.unexpected("the callback"))
    }

    /// Asks whose session it is in.
    ///
    /// *Errors*: nobody's.
    pub fn is_signed_in(&mut self, door: &Door) -> Result<(), String> {
        let path = match door {
            Door::Ours(_) => "/api/v1/session",
            Door::Theirs { .. } => "/api/auth/get-session",
        };
        let session = self.send(&format!("GET {path} HTTP/1.1\r\nhost: id.example.test\r\n"), "")?;
        if session.status == 200 && session.body.contains("\"user\"") {
            return Ok(());
        }
        Err(session.unexpected("the session"))
    }

    fn post(&mut self, path: &str, origin: &str, more: &str, body: &str) -> Result<Reply, String> {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: id.example.test\r\norigin: {origin}\r\n{more}");
        self.send(&format!("{head}content-length: {length}\r\n"), body)
    }

    fn send(&mut self, head: &str, body: &str) -> Result<Reply, String> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = if cookies.is_empty() { String::new() } else { format!("cookie: {}\r\n", cookies.join("; ")) };
        let request = format!("{head}{cookies}\r\n{body}");
        self.stream.write_all(request.as_bytes()).map_err(|reason| format!("send: {reason}"))?;
        let mut filled = 0;
        loop {
            let room = self.answer.get_mut(filled..).filter(|room| !room.is_empty()).ok_or("an answer is too long")?;
            let read = self.stream.read(room).map_err(|reason| format!("receive: {reason}"))?;
            filled += read;
            let so_far = self.answer.get(..filled).unwrap_or_default();
            if is_whole(so_far) {
                let reply = Reply::parse(so_far).ok_or("an answer cannot be read")?;
                self.remember(&reply);
                return Ok(reply);
            }
            if read == 0 {
                return Err("the server closed a connection".to_owned());
            }
        }
    }

    fn remember(&mut self, reply: &Reply) {
        for set in reply.headers("set-cookie") {
            let pair = set.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() || set.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Reply {
    fn unexpected(&self, what: &str) -> String {
        let to = self.header("location").unwrap_or("nowhere");
        let beginning: String = self.body.chars().take(300).collect();
        format!("{what} was answered {} to {to}: {beginning}", self.status)
    }
}

/// The address of the page's link to the provider.
fn link(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("href=\"http://")?;
    let address = rest.split('"').next()?;
    Some(format!("http://{}", address.replace("&#38;", "&").replace("&amp;", "&")))
}

/// The first chunk of a body in chunks, or the body.
fn unchunked(body: &str) -> String {
    match body.split_once("\r\n") {
        Some((_, rest)) => rest.split("\r\n").next().unwrap_or_default().to_owned(),
        None => body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_to_the_provider_is_read_as_a_browser_reads_it() {
        let page = "<link href=\"/static/a.css\"><a href=\"http://127.0.0.1:1/authorize?a=1&#38;b=2&amp;c=3\" rel>";
        assert_eq!(link(page).unwrap(), "http://127.0.0.1:1/authorize?a=1&b=2&c=3");
        assert_eq!(link("<a href=\"/sign-in\">"), None);
    }

    #[test]
    fn a_reply_has_a_status_headers_in_any_case_and_a_body() {
        let answer =
            b"HTTP/1.1 303 See Other\r\nLocation: /a\r\nset-cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n\r\nbody";
        let reply = Reply::parse(answer).unwrap();
        assert_eq!((reply.status, reply.header("location"), reply.body.as_str()), (303, Some("/a"), "body"));
        assert_eq!(reply.headers("set-cookie").collect::<Vec<_>>(), ["a=1; Path=/", "b=2"]);
        assert!(Reply::parse(b"HTTP/1.1 303 See Other\r\n").is_none());
    }

    #[test]
    fn a_body_in_one_chunk_is_read_without_its_length() {
        assert_eq!(unchunked("d\r\n{\"url\":\"/a\"}\r\n0\r\n\r\n"), "{\"url\":\"/a\"}");
        assert_eq!(unchunked("{\"url\":\"/a\"}"), "{\"url\":\"/a\"}");
    }
}
