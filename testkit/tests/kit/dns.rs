//! The DNS server, asked with messages built by hand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use orgate_testkit::Dns;
use orgate_testkit::dns::Answer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::LIMIT;

fn query(name: &str, record_type: RecordType) -> Vec<u8> {
    let mut message = Message::query();
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), record_type));
    message.to_vec().unwrap()
}

/// The first answer to one of these questions.
async fn first(server: SocketAddr, names: &[&str], record_type: RecordType) -> Message {
    let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for name in names {
        socket.send_to(&query(name, record_type), server).await.unwrap();
    }
    let mut buffer = [0; 4096];
    let length = tokio::time::timeout(LIMIT, socket.recv(&mut buffer)).await.unwrap().unwrap();
    Message::from_vec(&buffer[..length]).unwrap()
}

async fn ask(server: SocketAddr, name: &str, record_type: RecordType) -> Message {
    first(server, &[name], record_type).await
}

async fn addresses(dns: &Dns, name: &str, record_type: RecordType) -> Vec<IpAddr> {
    let reply = ask(dns.address(), name, record_type).await;
    reply.answers.iter().filter_map(|record| record.data.ip_addr()).collect()
}

#[tokio::test]
async fn addresses_and_texts_are_answered_by_type_over_udp_and_tcp() {
    let dns = Dns::start();
    dns.addresses("Acme.idp.test", &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]);
    let long = "orgate-verification=".to_owned() + &"x".repeat(300);
    dns.texts("acme.idp.test", &[&long, "other"]);
    assert_eq!(addresses(&dns, "ACME.idp.test.", RecordType::A).await, [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    assert_eq!(addresses(&dns, "acme.idp.test.", RecordType::AAAA).await, [IpAddr::V6(Ipv6Addr::LOCALHOST)]);

    let mut stream = tokio::net::TcpStream::connect(dns.address()).await.unwrap();
    let question = query("acme.idp.test.", RecordType::TXT);
    stream.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
    stream.write_all(&question).await.unwrap();
    let mut reply = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut reply).await.unwrap();
    let reply = Message::from_vec(&reply).unwrap();
    let texts: Vec<Vec<u8>> = reply
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [long.into_bytes(), b"other".to_vec()]);
}

#[tokio::test]
async fn answers_flip_for_each_type_and_stay_with_the_last() {
    let dns = Dns::start();
    let (public, inside) = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::LOCALHOST));
    dns.set("rebind.test", Answer::Flip(vec![vec![public], vec![inside]]));
    assert!(addresses(&dns, "rebind.test.", RecordType::AAAA).await.is_empty());
    assert_eq!(addresses(&dns, "rebind.test.", RecordType::A).await, [public]);
    assert_eq!(addresses(&dns, "rebind.test.", RecordType::A).await, [inside]);
    assert_eq!(addresses(&dns, "rebind.test.", RecordType::A).await, [inside]);
    assert_eq!(dns.questions().len(), 4);
    assert_eq!((dns.questions()[1].name.as_str(), dns.questions()[1].record_type.as_str()), ("rebind.test", "A"));
}

#[tokio::test]
async fn unknown_names_failures_and_silence_are_told_apart() {
    let dns = Dns::start();
    dns.set("broken.test", Answer::Failure);
    dns.set("silent.test", Answer::Silence);
    let code = async |name| ask(dns.address(), name, RecordType::A).await.metadata.response_code;
    assert_eq!(code("nobody.test.").await, ResponseCode::NXDomain);
    assert_eq!(code("broken.test.").await, ResponseCode::ServFail);
    // Questions are answered in their order, so what is answered is the later one.
    let names = ["silent.test.", "broken.test."];
    assert_eq!(first(dns.address(), &names, RecordType::A).await.metadata.response_code, ResponseCode::ServFail);
    let asked: Vec<String> = dns.questions().into_iter().map(|question| question.name).collect();
    assert_eq!(asked[2..], ["silent.test", "broken.test"]);
}
