//! Owns asking for the addresses of a host: of the name servers that the operator sets, or of the machine's. It judges no
//! address; its caller does, each time.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

/// For one question to one server; with one repetition it stays within the deadline of a request.
const QUESTION_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Short, so that a moved IdP is found again soon.
const LONGEST_CACHED: Duration = Duration::from_secs(60);

/// Finds addresses. Clones share the cache.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

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
        builder.build().map(Self).map_err(ResolveFailure)
    }

    /// All addresses of a host, at least one.
    ///
    /// *Errors*: [`ResolveFailure`] when there is none or no server answers.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveFailure> {
        // The final dot keeps the machine's search list away from public names; names of one label need the list.
        let name = if host.contains('.') { format!("{host}.") } else { host.to_owned() };
        let found = self.0.lookup_ip(name).await.map_err(ResolveFailure)?;
        Ok(found.iter().collect())
    }
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
    async fn localhost_needs_no_name_server() {
        let dns = Dns::start();
        let resolver = Resolver::new(&[dns.address()]).unwrap();
        let found = resolver.addresses("localhost").await.unwrap();
        assert!(found.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{found:?}");
        assert!(dns.questions().is_empty());
    }
}
