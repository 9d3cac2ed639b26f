//! What stands in for others beside a deployment: a proxy with TLS, a mail server, a web server that says one thing. Each
//! listens on loopback until the test ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use orgate_testkit::Authority;
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

/// A port where nobody listens.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn listen(each: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(each));
    port
}

/// The lines of a request's head.
fn head(stream: &mut impl std::io::Read) -> Vec<String> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        text.push(byte[0]);
    }
    let text = String::from_utf8(text).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Answers every request with this, head and body.
pub fn says(answer: &'static str) -> u16 {
    listen(move |mut stream| {
        head(&mut stream);
        drop(stream.write_all(answer.as_bytes()));
    })
}

/// A proxy for `https://localhost`. It passes each request on to a node with its head changed by `change`, or gives the answer
/// that `change` gives.
pub fn proxy(authority: &Authority, node: u16, change: fn(&mut Vec<String>) -> Option<String>) -> u16 {
    let config = authority.server_config(&["localhost"]);
    listen(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        let mut lines = head(&mut stream);
        if lines.is_empty() {
            // A visitor that does not trust the certificate.
            return;
        }
        let answer = change(&mut lines).map_or_else(|| pass_on(&lines, node), String::into_bytes);
        drop(stream.write_all(&answer));
        stream.conn.send_close_notify();
        drop(stream.flush());
    })
}

fn pass_on(lines: &[String], node: u16) -> Vec<u8> {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, node)) else {
        return b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".to_vec();
    };
    write!(stream, "{}\r\nConnection: close\r\n\r\n", lines.join("\r\n")).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// The lines without a header.
pub fn without(lines: &mut Vec<String>, name: &str) {
    lines.retain(|line| !line.to_ascii_lowercase().starts_with(&format!("{name}:")));
}

/// A mail server that takes the user `good`, offers no TLS, and answers senders so.
pub fn mail_server(to_sender: &'static str) -> u16 {
    listen(move |stream| {
        let mut writer = stream.try_clone().unwrap();
        let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes()).is_ok();
        say("220 mail.example ESMTP");
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-mail.example\r\n250 AUTH PLAIN",
                // \0good\0secret
                "AUTH" if line == "AUTH PLAIN AGdvb2QAc2VjcmV0" => "235 2.7.0 welcome",
                "AUTH" => "535 5.7.8 no such user here",
                "MAIL" => to_sender,
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            if !say(answer) || line == "QUIT" {
                return;
            }
        }
    })
}
