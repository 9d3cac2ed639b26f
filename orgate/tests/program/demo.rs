//! `orgate demo` from outside: it makes its people, is found again at the same addresses, and keeps to itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::running::Running;
use crate::signal::signal;

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgate"));
    command.arg("demo").arg("--folder").arg(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A demonstration that has printed all it prints.
pub fn started(folder: &Path, more: &[&str]) -> (Running, String) {
    let mut child = Running(command(folder).args(more).spawn().unwrap());
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while output.read_line(&mut printed).unwrap() > 0 {
        if printed.contains("Ctrl-C") {
            return (child, printed);
        }
    }
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    panic!("it ended early: {said}");
}

pub fn stop(mut child: Running) {
    assert!(signal(child.id(), "INT"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Other tests try the usual ports.
pub fn free_port() -> String {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string()
}

/// The address that is printed behind a word.
pub fn address<'p>(printed: &'p str, word: &str) -> &'p str {
    let line = printed.lines().find(|line| line.trim_start().starts_with(word)).unwrap();
    line.split_whitespace().find(|part| part.starts_with("http://")).unwrap()
}

pub fn ask(address: &str, head_and_body: &str) -> String {
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(head_and_body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub fn get(address: &str, path: &str, more: &str) -> String {
    let host = address.split("//").nth(1).unwrap();
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"))
}

/// Signs Dana in and asks `/check` for her organization and another.
fn check(console: &str) {
    let body = r#"{"method":"password","email":"dana@acme.example","password":"amber-orbit-violin"}"#;
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = ask(console, &format!("{head}{body}"));
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let token = answer.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert!(get(console, "/check?organization=acme", &bearer).contains("x-orgate-role: owner"));
    assert!(get(console, "/check?organization=northwind", &bearer).starts_with("HTTP/1.1 403 "));
}

#[test]
fn a_second_start_finds_people_and_addresses_again() {
    let folder = tempfile::tempdir().unwrap();
    let (child, first) = started(folder.path(), &["--port", &free_port()]);
    assert!(first.contains("Its data is new"), "{first}");
    let (console, mailbox, idp) = (address(&first, "Console"), address(&first, "Mailbox"), address(&first, "Identity"));
    assert!(get(console, "/sign-in/acme", "").contains("Continue with SSO"));
    assert!(get(idp, "/.well-known/openid-configuration", "").contains(&format!("\"issuer\":\"{idp}\"")));
    assert!(get(mailbox, "/?to=dana%40acme.example", "").contains("A change in Acme Robotics"));
    check(console);
    let beside = command(folder.path()).output().unwrap();
    assert_eq!(beside.status.code(), Some(1));
    assert!(String::from_utf8(beside.stderr).unwrap().contains("is running"));
    stop(child);

    let (child, second) = started(folder.path(), &[]);
    assert!(second.contains("Its data is that of the earlier start"), "{second}");
    for word in ["Console", "Mailbox", "Identity"] {
        assert_eq!(address(&second, word), address(&first, word));
    }
    check(console);
    stop(child);
}
