//! The end of `orgate serve`: what is under way is finished, then the program is gone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::signal::signal;

const GO_ON: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";
const BODY: &str = r#"{"method":"password","email":"nobody@a.example","password":"not-a-password"}"#;

/// What becomes of it on a machine that may stand still for a while.
fn sooner_or_later<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(seen) = look() {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}");
}

fn ended(child: &mut Child) -> Option<i32> {
    sooner_or_later("it does not end", || child.try_wait().unwrap()).code()
}

/// A request whose body has come half, and which the server waits for: it said to go on.
fn half_sent(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = [0; GO_ON.len()];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(said, *GO_ON, "{}", String::from_utf8_lossy(&said));
    stream.write_all(&BODY.as_bytes()[..20]).unwrap();
    stream
}

#[test]
fn a_request_that_is_under_way_at_sigterm_is_answered_and_nothing_new_is_taken() {
    let deployment = Deployment::new();
    let mut child = deployment.serve();
    let mut stream = half_sent(deployment.port);
    assert!(signal(child.id(), "TERM"));
    let address = ("127.0.0.1", deployment.port);
    sooner_or_later("it still listens", || TcpStream::connect(address).is_err().then_some(()));
    assert!(child.try_wait().unwrap().is_none(), "it did not wait for the request");
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
    assert!(signal(child.id(), "INT"));
    assert_eq!(ended(&mut child), Some(0));
}
