//! Owns asking name servers, those that the operator sets or the machine's: for the addresses of a host, and for the texts
//! at a name. It judges no address; its caller does, each time.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use orgate_core::domain::TextAnswer;
use tokio::time::timeout;

/// For one question to one server; with one repetition it stays within the deadline of a request.
const QUESTION_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Short, so that a moved IdP is found again soon.
const LONGEST_CACHED: Duration = Duration::from_secs(60);

/// For the texts at a name, whatever the servers do.
const TEXTS_TIMEOUT: Duration = Duration::from_secs(5);

/// Finds addresses and texts. Clones share the cache of addresses; texts are asked for each time, so that a record that
/// was published a moment ago is found, and one that was taken away is not.
#[derive(Clone)]
pub struct Resolver {
    addresses: TokioResolver,
    texts: TokioResolver,
}

/// Why a host has no address.
#[derive(Debug)]
pub struct ResolveFailure(NetError);

impl fmt::Display for ResolveFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a host name could not be resolved")
    }
}

impl std::error::Error for ResolveFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Resolver {
    /// A resolver that asks these servers; none means those of the machine. The machine's hosts file counts either way.
    ///
    /// *Errors*: [`ResolveFailure`] when the resolver cannot be set up.
    pub fn new(servers: &[SocketAddr]) -> Result<Self, ResolveFailure> {
        Ok(Self { addresses: build(servers, Remembers::Answers)?, texts: build(servers, Remembers::Nothing)? })
    }

    /// All addresses of a host, at least one.
    ///
    /// *Errors*: [`ResolveFailure`] when there is none or no server answers.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveFailure> {
        // The final dot keeps the machine's search list away from public names; names of one label need the list.
        let name = if host.contains('.') { format!("{host}.") } else { host.to_owned() };
        let found = self.addresses.lookup_ip(name).await.map_err(ResolveFailure)?;
        Ok(found.iter().collect())
    }

    /// The texts at a full name. "There are none" is told from "nobody says": a domain lapses by the one at once, and by
    /// the other only after a while (R-LNK-7).
    pub async fn texts(&self, name: &str) -> TextAnswer {
        let asked = timeout(TEXTS_TIMEOUT, self.texts.txt_lookup(format!("{name}."))).await;
        match asked {
            Ok(Ok(found)) => {
                TextAnswer::Texts(found.answers().iter().filter_map(|record| text(&record.data)).collect())
            }
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) if is_authoritative(&none) => TextAnswer::Absent,
            Ok(Err(error)) => {
                tracing::warn!(domain.record = name, %error, "name servers could not be asked for a text");
                TextAnswer::NoAnswer
            }
            Err(_) => TextAnswer::NoAnswer,
        }
    }
}

/// No such name, or no such record at it. A mere referral to other servers says neither.
fn is_authoritative(none: &NoRecords) -> bool {
    match none.response_code {
        ResponseCode::NXDomain => true,
        ResponseCode::NoError => none.soa.is_some() || none.ns.is_none(),
        _ => false,
    }
}

/// A record is a list of strings that make up one text.
fn text(data: &RData) -> Option<String> {
    match data {
        RData::TXT(record) => Some(String::from_utf8_lossy(&record.txt_data.concat()).into_owned()),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Remembers {
    Answers,
    Nothing,
}

fn build(servers: &[SocketAddr], remembers: Remembers) -> Result<TokioResolver, ResolveFailure> {
    let configured = || {
        let servers = servers.iter().map(|server| name_server(*server)).collect();
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let mut builder = if servers.is_empty() {
        // A machine without resolver settings still knows its hosts file and localhost.
        TokioResolver::builder_tokio().unwrap_or_else(|_| configured())
    } else {
        configured()
    };
    let options = builder.options_mut();
    options.timeout = QUESTION_TIMEOUT;
    options.attempts = 1;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.positive_max_ttl = Some(LONGEST_CACHED);
    options.negative_max_ttl = Some(Duration::from_secs(5));
    if remembers == Remembers::Nothing {
        options.cache_size = 0;
    }
    builder.build().map_err(ResolveFailure)
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use orgate_testkit::Dns;
    use orgate_testkit::dns::Answer;

    use super::*;

    #[tokio::test]
    async fn addresses_come_from_the_operators_name_server() {
        let dns = Dns::start();
        let both = [IpAddr::from([203, 0, 113, 7]), "2001:db8::7".parse().unwrap()];
        dns.addresses("idp.example.test", &both);
        let resolver = Resolver::new(&[dns.address()]).unwrap();
        let mut found = resolver.addresses("idp.example.test").await.unwrap();
        found.sort();
        assert_eq!(found, both);
    }

    #[tokio::test]
    async fn unknown_names_and_failing_servers_give_no_address() {
        let dns = Dns::start();
        dns.set("broken.example.test", Answer::Failure);
        let resolver = Resolver::new(&[dns.address()]).unwrap();
        assert!(resolver.addresses("unknown.example.test").await.is_err());
        assert!(resolver.addresses("broken.example.test").await.is_err());
    }

    #[tokio::test]
    async fn texts_are_asked_for_each_time_and_come_whole() {
        let dns = Dns::start();
        let long = "x".repeat(600);
        dns.texts("_orgate-challenge.acme.test", &["one", &long]);
        let resolver = Resolver::new(&[dns.address()]).unwrap();
        let found = resolver.texts("_orgate-challenge.acme.test").await;
        assert!(matches!(found, TextAnswer::Texts(texts) if texts.len() == 2 && texts.contains(&long)));
        dns.texts("_orgate-challenge.acme.test", &["two"]);
        let found = resolver.texts("_orgate-challenge.acme.test").await;
        assert_eq!(found, TextAnswer::Texts(vec!["two".to_owned()]));
    }

    #[tokio::test]
    async fn r_lnk_7_absent_is_told_from_no_answer() {
        let dns = Dns::start();
        dns.loopback("bare.acme.test");
        dns.set("broken.acme.test", Answer::Failure);
        dns.set("silent.acme.test", Answer::Silence);
        let resolver = Resolver::new(&[dns.address()]).unwrap();
        for (name, expected) in [
            ("unknown.acme.test", TextAnswer::Absent),
            ("bare.acme.test", TextAnswer::Absent),
            ("broken.acme.test", TextAnswer::NoAnswer),
            ("silent.acme.test", TextAnswer::NoAnswer),
        ] {
            assert_eq!(resolver.texts(name).await, expected, "{name}");
        }
        let nobody = Resolver::new(&["127.0.0.1:9".parse().unwrap()]).unwrap();
        assert_eq!(nobody.texts("acme.test").await, TextAnswer::NoAnswer);
    }

    #[tokio::test]
    async fn localhost_needs_no_name_server() {
        let dns = Dns::start();
        let resolver = Resolver::new(&[dns.address()]).unwrap();
        let found = resolver.addresses("localhost").await.unwrap();
        assert!(found.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{found:?}");
        assert!(dns.questions().is_empty());
    }
}
