//! A connection serves the next request of its own peer to the address that it goes to, and no other.

use std::net::{IpAddr, Ipv4Addr};

use orgate_app::outbound::Outbound;
use orgate_sso::exchange::{Purpose, Request, TransportFailure};
use orgate_testkit::{Authority, Dns};

use crate::server::{LIMITS, Script, Server, client, connection, get};

const HOST: &str = "idp.example.test";
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
/// Both ends of the hosts that the tests resolve to.
const ALLOWED: &str = "127.0.0.2/31";

struct Scene {
    dns: Dns,
    server: Server,
    other: Server,
    client: Outbound,
    request: Request,
}

impl Scene {
    /// One server at 127.0.0.2, and another at 127.0.0.3 with the same port.
    async fn new(allow: &str) -> Self {
        let (dns, authority) = (Dns::start(), Authority::new());
        let tls = authority.server_config(&[HOST]);
        let keep = Script::Kept(ANSWER.into());
        let server = Server::start("127.0.0.2:0", Some(tls.clone()), keep.clone()).await;
        let port = server.address.port();
        let other = Server::start(&format!("127.0.0.3:{port}"), Some(tls), keep).await;
        dns.addresses(HOST, &[address(2)]);
        let client = client(&dns, &authority, allow, LIMITS);
        let request = get(&format!("https://{HOST}:{port}/"), allow, Purpose::UserInfo);
        Self { dns, server, other, client, request }
    }

    async fn ask(&self, number: u8) -> Result<Vec<u8>, TransportFailure> {
        self.client.send(&connection(number), &self.request).await.map(|response| response.body)
    }
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

#[tokio::test]
async fn one_peers_requests_share_a_connection_and_two_peers_never_do() {
    let scene = Scene::new(ALLOWED).await;
    for _ in 0..3 {
        assert_eq!(scene.ask(1).await.unwrap(), b"fine");
    }
    assert_eq!(scene.server.connections(), 1);
    assert_eq!(scene.ask(2).await.unwrap(), b"fine");
    assert_eq!(scene.server.connections(), 2, "the other peer opened its own");
    assert_eq!(scene.ask(1).await.unwrap(), b"fine");
    assert_eq!(scene.server.connections(), 2);
    assert_eq!(scene.server.requests.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn a_host_that_moves_is_asked_where_it_is_now_t_ssrf_2() {
    let scene = Scene::new(ALLOWED).await;
    assert_eq!(scene.ask(1).await.unwrap(), b"fine");
    scene.dns.addresses(HOST, &[address(3)]);
    assert_eq!(scene.ask(1).await.unwrap(), b"fine");
    assert_eq!((scene.server.connections(), scene.other.connections()), (1, 1));
}

#[tokio::test]
async fn an_open_connection_serves_no_host_that_resolves_to_what_may_not_be_contacted_t_ssrf_2() {
    let scene = Scene::new("127.0.0.2/32").await;
    assert_eq!(scene.ask(1).await.unwrap(), b"fine");
    scene.dns.addresses(HOST, &[address(3)]);
    assert_eq!(scene.ask(1).await.unwrap_err(), TransportFailure::AddressRefused);
    assert_eq!((scene.server.requests.lock().unwrap().len(), scene.other.connections()), (1, 0));
}
