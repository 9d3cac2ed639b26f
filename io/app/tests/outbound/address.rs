//! Where the HTTP client may connect to: T-SSRF-1 to T-SSRF-5.

use std::net::IpAddr;
use std::time::Duration;

use orgate_sso::exchange::{Purpose, TransportFailure};
use orgate_testkit::dns::Answer;
use orgate_testkit::{Authority, Dns};
use tokio::time::Instant;

use crate::server::{LIMITS, Script, Server, client, connection, get};

const HOST: &str = "idp.example.test";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_name_with_a_private_address_is_refused_without_a_connection_t_ssrf_1() {
    let (dns, authority) = (Dns::start(), Authority::new());
    // The operator's network lifts the rule for ports, so that a server can listen without privileges; its own address
    // is outside of that network.
    let allow = "127.0.0.2/32";
    let inside = Server::start("127.0.0.1:0", None, Script::body(b"secret")).await;
    let url = format!("https://{HOST}:{}/x", inside.address.port());
    for address in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1", "0.0.0.0"] {
        dns.addresses(HOST, &[ip(address)]);
        let client = client(&dns, &authority, allow, LIMITS);
        let outcome = client.send(&connection(1), &get(&url, allow, Purpose::Discovery)).await;
        assert_eq!(outcome.unwrap_err(), TransportFailure::AddressRefused, "{address}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn only_the_judged_address_of_several_is_contacted_t_ssrf_1() {
    let (dns, authority) = (Dns::start(), Authority::new());
    let allow = "127.0.0.2/32";
    let tls = authority.server_config(&[HOST]);
    let outside = Server::start("127.0.0.2:0", Some(tls), Script::body(b"public")).await;
    let port = outside.address.port();
    let inside = Server::start(&format!("127.0.0.1:{port}"), None, Script::body(b"secret")).await;
    dns.addresses(HOST, &[ip("127.0.0.1"), ip("127.0.0.2")]);
    let client = client(&dns, &authority, allow, LIMITS);
    let request = get(&format!("https://{HOST}:{port}/"), allow, Purpose::Discovery);
    for _ in 0..4 {
        assert_eq!(client.send(&connection(1), &request).await.unwrap().body, b"public");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_name_that_flips_after_the_check_reaches_nothing_t_ssrf_2() {
    let (dns, authority) = (Dns::start(), Authority::new());
    let allow = "127.0.0.2/32";
    let tls = authority.server_config(&[HOST]);
    let outside = Server::start("127.0.0.2:0", Some(tls), Script::body(b"public")).await;
    let port = outside.address.port();
    let inside = Server::start(&format!("127.0.0.1:{port}"), None, Script::body(b"secret")).await;
    dns.set(HOST, Answer::Flip(vec![vec![ip("127.0.0.2")], vec![ip("127.0.0.1")]]));
    let client = client(&dns, &authority, allow, LIMITS);
    let request = get(&format!("https://{HOST}:{port}/"), allow, Purpose::Discovery);

    assert_eq!(client.send(&connection(1), &request).await.unwrap().body, b"public");
    let asked = dns.questions().iter().filter(|question| question.record_type == "A").count();
    assert_eq!(asked, 1, "the address that was judged is the one that is used");
    for _ in 0..3 {
        let outcome = client.send(&connection(1), &request).await;
        assert_eq!(outcome.unwrap_err(), TransportFailure::AddressRefused);
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn redirects_come_back_and_are_not_followed_t_ssrf_3() {
    let (dns, authority) = (Dns::start(), Authority::new());
    dns.loopback(HOST);
    let inside = Server::start("127.0.0.1:0", None, Script::body(b"secret")).await;
    for target in [format!("http://{}/", inside.address), format!("https://{}/", inside.address)] {
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
        let server = Server::start("127.0.0.1:0", Some(authority.server_config(&[HOST])), Script::once(answer)).await;
        let client = client(&dns, &authority, HOST, LIMITS);
        let url = format!("https://{HOST}:{}/", server.address.port());
        let response = client.send(&connection(1), &get(&url, HOST, Purpose::Keys)).await.unwrap();
        assert_eq!((response.status, response.location), (302, Some(target)));
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn an_endpoint_is_judged_at_every_use_by_the_list_in_force_t_ssrf_4() {
    let (dns, authority) = (Dns::start(), Authority::new());
    let inside = Server::start("127.0.0.1:0", None, Script::body(b"secret")).await;
    let client = client(&dns, &authority, "", LIMITS);
    for (url, once_allowed) in [
        (format!("http://{}/token", inside.address), "127.0.0.1"),
        (format!("https://localhost:{}/keys", inside.address.port()), "localhost"),
        (format!("https://{}/keys", inside.address), "127.0.0.0/8"),
    ] {
        let request = get(&url, once_allowed, Purpose::Token);
        assert_eq!(client.send(&connection(1), &request).await.unwrap_err(), TransportFailure::AddressRefused, "{url}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn closed_silent_and_foreign_ports_look_the_same_t_ssrf_5() {
    let (dns, authority) = (Dns::start(), Authority::new());
    dns.loopback(HOST);
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let silent = Server::start("127.0.0.1:0", None, Script::Silent).await.address.port();
    let no_tls = Server::start("127.0.0.1:0", None, Script::once("220 mail.example.test ready\r\n")).await;
    let client = client(&dns, &authority, HOST, LIMITS);
    for port in [closed, silent, no_tls.address.port()] {
        let request = get(&format!("https://{HOST}:{port}/"), HOST, Purpose::Discovery);
        let started = Instant::now();
        assert_eq!(client.send(&connection(1), &request).await.unwrap_err(), TransportFailure::Unreachable, "{port}");
        let elapsed = started.elapsed();
        assert!((LIMITS.connect..LIMITS.total).contains(&elapsed), "{port}: {elapsed:?}");
    }
}

#[tokio::test]
async fn an_unknown_name_and_a_refused_address_take_the_same_time_t_ssrf_5() {
    let (dns, authority) = (Dns::start(), Authority::new());
    dns.loopback("known.example.test");
    let client = client(&dns, &authority, "", LIMITS);
    for (host, told) in [
        ("known.example.test", TransportFailure::AddressRefused),
        ("unknown.example.test", TransportFailure::NameNotResolved),
    ] {
        let started = Instant::now();
        let request = get(&format!("https://{host}/"), "", Purpose::Discovery);
        assert_eq!(client.send(&connection(1), &request).await.unwrap_err(), told);
        let elapsed = started.elapsed();
        assert!((Duration::from_millis(250)..LIMITS.total).contains(&elapsed), "{host}: {elapsed:?}");
    }
}
