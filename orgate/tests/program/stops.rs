//! The end of `orgate serve`: what is under way is finished, then the program is gone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

use crate::deployment::Deployment;

const BODY: &str = r#"{"method":"password","email":"nobody@a.example","password":"not-a-password"}"#;

pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The exit code, within ten seconds.
fn ended(child: &mut Child) -> Option<i32> {
    for _ in 0..500 {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it does not end");
}

/// A request whose body has come half.
fn half_sent(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&BODY.as_bytes()[..20]).unwrap();
    // Long enough for the server to have begun with it.
    std::thread::sleep(Duration::from_millis(300));
    stream
}

#[test]
fn a_request_that_is_under_way_at_sigterm_is_answered_and_nothing_new_is_taken() {
    let deployment = Deployment::new();
    let mut child = deployment.serve();
    let mut stream = half_sent(deployment.port);
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it did not wait for the request");
    assert!(TcpStream::connect(("127.0.0.1", deployment.port)).is_err(), "it still listens");
    stream.write_all(&BODY.as_bytes()[20..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("invalid-credentials"), "{answer}");
    assert_eq!(ended(&mut child), Some(0));
}

#[test]
fn ctrl_c_ends_an_idle_program_at_once() {
    let deployment = Deployment::new();
    let mut child = deployment.serve();
    signal(&child, "INT");
    assert_eq!(ended(&mut child), Some(0));
}
