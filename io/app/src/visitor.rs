//! Owns [`Visitor`]: who sends a request, as far as the request itself says. What they may do is asked of
//! [`crate::authorise`], in the transaction that does it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The address, by what the operator's trusted proxies say.
    pub ip: IpAddr,
    /// The `User-Agent`, cut at 300 characters, without control characters.
    pub user_agent: String,
    /// The hash of the session token that came along.
    pub session: Option<[u8; 32]>,
    /// The hash of the pre-login cookie that came along (T-BCP-1).
    pub browser: Option<[u8; 32]>,
    /// The hash of the secret by which a program goes on with one attempt, in place of a cookie. It names no place: it serves
    /// once (T-MFA-2).
    pub handle: Option<[u8; 32]>,
}

impl Visitor {
    /// A visitor without session or cookie.
    pub fn new(ip: IpAddr, user_agent: &str) -> Self {
        let user_agent = user_agent.chars().filter(|c| !c.is_control()).take(300).collect();
        Self { ip, user_agent, session: None, browser: None, handle: None }
    }

    /// What an attempt that this visitor began is bound to.
    pub(crate) fn holder(&self) -> Option<[u8; 32]> {
        self.handle.or(self.browser)
    }

    /// The address as limits count it: an IPv6 address by its /64, for its holder has all of that (T-WEB-10).
    pub fn network(&self) -> String {
        match self.ip.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// The client's address: the peer's, unless that is a trusted proxy; then the last address in `X-Forwarded-For`, whose
/// values these are, that no trusted proxy has. What stands before it was written by the client (T-WEB-10).
pub fn client_ip<'h>(peer: IpAddr, forwarded: impl Iterator<Item = &'h str>, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let named: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut client = peer;
    for hop in named.iter().rev() {
        // A hop that names no address leaves the nearest known one.
        let Some(ip) = address(hop) else { return client };
        client = ip;
        if !is_trusted(&ip) {
            return client;
        }
    }
    client
}

fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse::<IpAddr>().ok().or_else(with_port).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_web_10_an_ipv6_address_counts_by_its_64() {
        let network = |text: &str| Visitor::new(text.parse().unwrap(), "").network();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn a_user_agent_cannot_break_a_line_of_the_log() {
        assert_eq!(Visitor::new(IpAddr::from([127, 0, 0, 1]), "a\r\n\u{1b}[31mb").user_agent, "a[31mb");
    }

    fn ip(peer: &str, values: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        client_ip(peer.parse().unwrap(), values.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn t_web_10_a_forwarded_address_counts_only_from_a_trusted_proxy() {
        assert_eq!(ip("203.0.113.5", &["198.51.100.1"]), "203.0.113.5");
        assert_eq!(ip("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(ip("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(ip("2001:db8::1", &["[2001:4860::7]:443"]), "2001:4860::7");
    }

    #[test]
    fn t_web_10_what_the_client_wrote_itself_is_passed_over() {
        assert_eq!(ip("10.0.0.1", &["127.0.0.1, 198.51.100.1, 10.0.0.9"]), "198.51.100.1");
        assert_eq!(ip("10.0.0.1", &["127.0.0.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(ip("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
        assert_eq!(ip("10.0.0.1", &["10.0.0.7, 10.0.0.8"]), "10.0.0.7");
    }
}
