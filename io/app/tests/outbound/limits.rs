//! What the HTTP client sends, and how much it takes from a hostile IdP: T-IDP-1, T-IDP-4.

use std::sync::Arc;
use std::time::Duration;

use orgate_app::outbound::{Outbound, OutboundLimits};
use orgate_sso::exchange::{Header, Method, Purpose, Response, TransportFailure};
use orgate_testkit::{Authority, Dns};
use tokio::time::Instant;

use crate::server::{LIMITS, Script, Server, client, connection, get};

const HOST: &str = "idp.example.test";

struct Scene {
    client: Outbound,
    server: Server,
    url: String,
    _dns: Dns,
}

async fn scene(script: Script, limits: OutboundLimits) -> Scene {
    let (dns, authority) = (Dns::start(), Authority::new());
    dns.loopback(HOST);
    let server = Server::start("127.0.0.1:0", Some(authority.server_config(&[HOST])), script).await;
    let url = format!("https://{HOST}:{}/", server.address.port());
    Scene { client: client(&dns, &authority, HOST, limits), server, url, _dns: dns }
}

impl Scene {
    async fn get(&self, purpose: Purpose) -> Result<Response, TransportFailure> {
        self.client.send(&connection(1), &get(&self.url, HOST, purpose)).await
    }
}

#[tokio::test]
async fn a_request_goes_out_as_the_protocol_made_it_and_nothing_is_added_that_tells_on_anybody() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\n{}";
    let scene = scene(Script::once(answer), LIMITS).await;
    let mut request = get(&scene.url, HOST, Purpose::Token);
    request.method = Method::Post;
    request.headers.push(Header { name: "authorization", value: "Basic YTpi".into() });
    request.body = Some("grant_type=authorization_code".to_owned().into());
    for _ in 0..2 {
        let response = scene.client.send(&connection(1), &request).await.unwrap();
        assert_eq!(response.content_type.as_deref(), Some("application/json"));
        assert_eq!(response.body, b"{}");
    }
    let requests = scene.server.requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 2);
    for text in requests {
        assert!(
            text.starts_with("POST / HTTP/1.1\r\n") && text.ends_with("\r\n\r\ngrant_type=authorization_code"),
            "{text}"
        );
        let head = text.to_lowercase();
        assert!(head.contains("authorization: basic ytpi") && head.contains("accept-encoding: identity"), "{text}");
        assert!(!head.contains("cookie") && !head.contains("referer"), "{text}");
    }
    assert_eq!(scene.server.connections(), 2, "it closed the first one");
}

#[tokio::test]
async fn a_body_of_the_limit_passes_and_one_byte_more_does_not() {
    let limit = Purpose::Discovery.max_bytes();
    let fits = scene(Script::body(&vec![b'x'; limit]), LIMITS).await;
    assert_eq!(fits.get(Purpose::Discovery).await.unwrap().body.len(), limit);
    let over = scene(Script::body(&vec![b'x'; limit + 1]), LIMITS).await;
    assert_eq!(over.get(Purpose::Discovery).await.unwrap_err(), TransportFailure::TooLarge);
    assert_eq!(over.get(Purpose::Keys).await.unwrap().body.len(), limit + 1);
}

#[tokio::test]
async fn a_body_without_announced_length_is_cut_off_at_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let endless = scene(Script::Forever(head, vec![b'x'; 32 * 1024], Duration::ZERO), LIMITS).await;
    let started = Instant::now();
    assert_eq!(endless.get(Purpose::Token).await.unwrap_err(), TransportFailure::TooLarge);
    assert!(started.elapsed() < LIMITS.total);
}

#[tokio::test]
async fn compressed_bodies_are_not_blown_up() {
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x1c, 5, 0xa3, 0x60];
    let mut answer =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len()).into_bytes();
    answer.extend(bomb);
    let scene = scene(Script::once(answer), LIMITS).await;
    assert_eq!(scene.get(Purpose::Discovery).await.unwrap().body, bomb);
}

#[tokio::test]
async fn drip_fed_bodies_and_endless_headers_end_at_the_deadline() {
    let drip = Script::Forever(
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec(),
        b"x".to_vec(),
        Duration::from_millis(100),
    );
    let slow_head = Script::Forever(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".to_vec(), Duration::from_millis(50));
    let flood_of_headers = Script::Forever(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".repeat(1_000), Duration::ZERO);
    let one_endless_header = Script::Forever(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'y'; 64 * 1024], Duration::ZERO);
    for script in [drip, slow_head, flood_of_headers, one_endless_header] {
        let scene = scene(script, LIMITS).await;
        let started = Instant::now();
        assert_eq!(scene.get(Purpose::Token).await.unwrap_err(), TransportFailure::Unreachable);
        assert!(started.elapsed() < LIMITS.total + Duration::from_millis(500), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_or_of_an_unknown_authority_is_named_as_such() {
    let (dns, authority) = (Dns::start(), Authority::new());
    dns.loopback(HOST);
    for tls in [authority.server_config(&["other.example.test"]), Authority::new().server_config(&[HOST])] {
        let server = Server::start("127.0.0.1:0", Some(tls), Script::body(b"x")).await;
        let client = client(&dns, &authority, HOST, LIMITS);
        let request = get(&format!("https://{HOST}:{}/", server.address.port()), HOST, Purpose::Discovery);
        assert_eq!(client.send(&connection(1), &request).await.unwrap_err(), TransportFailure::Certificate);
    }
}

#[tokio::test]
async fn one_hanging_connection_holds_up_its_own_sign_ins_and_no_others() {
    let (dns, authority) = (Dns::start(), Authority::new());
    dns.loopback(HOST);
    let tls = authority.server_config(&[HOST]);
    let hanging = Server::start("127.0.0.1:0", Some(Arc::clone(&tls)), Script::Silent).await;
    let healthy = Server::start("127.0.0.1:0", Some(tls), Script::body(b"fine")).await;
    let client = client(&dns, &authority, HOST, LIMITS);
    let request = get(&format!("https://{HOST}:{}/", hanging.address.port()), HOST, Purpose::Token);
    let mut waiting = Vec::new();
    for _ in 0..40 {
        let (client, request) = (client.clone(), request.clone());
        waiting.push(tokio::spawn(async move { client.send(&connection(1), &request).await }));
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(hanging.connections(), LIMITS.per_connection);
    let other = get(&format!("https://{HOST}:{}/", healthy.address.port()), HOST, Purpose::Token);
    assert_eq!(client.send(&connection(2), &other).await.unwrap().body, b"fine");
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap_err(), TransportFailure::Unreachable);
    }
}
