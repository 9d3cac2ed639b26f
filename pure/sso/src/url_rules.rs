//! Owns which URLs may be contacted for a tenant: [`UrlRules`] hold the operator's list, [`check_url`] makes a
//! [`CheckedUrl`], [`check_address`] judges each address that its host resolves to. Nothing else makes a `CheckedUrl`, so
//! a request to an unchecked URL does not compile.
//!
//! *Source*: 2.3 of the security bar, T-SSRF-1, T-SSRF-4, T-ID-15; R-SSO-4.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::address;

/// The longest URL that is looked at. *Units*: bytes.
const MAX_URL: usize = 2048;
/// The longest host name. *Units*: bytes. *Source*: RFC 1035.
const MAX_HOST: usize = 253;
/// Last labels that never name a public host.
const LOCAL_SUFFIXES: &[&str] =
    &["localhost", "internal", "local", "localdomain", "lan", "home", "corp", "intranet", "arpa", "onion"];

/// What the operator lists in `ORGATE_IDP_ALLOW`; empty by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UrlRules {
    /// Host as the URL parser writes it, and the one port that is meant, or all.
    hosts: Vec<(String, Option<u16>)>,
    networks: Vec<IpNet>,
}

impl UrlRules {
    /// Reads the list: `host`, `host:port` or networks such as `10.0.0.0/8`, separated by commas or white space.
    ///
    /// *Errors*: the first entry that is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Self::default();
        for entry in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()) {
            match entry.parse::<IpNet>() {
                Ok(network) => rules.networks.push(network.trunc()),
                Err(_) => rules.hosts.push(listed_host(entry).ok_or_else(|| entry.to_owned())?),
            }
        }
        Ok(rules)
    }

    /// The same and the place of an address that the operator wrote down: its host with its port, and no other.
    pub fn with_place_of(mut self, url: &Url) -> Self {
        if let (Some(host), Some(port)) = (host_text(url), url.port_or_known_default()) {
            self.hosts.push((host, Some(port)));
        }
        self
    }

    /// Whether the operator lists this host with this port.
    fn lists_host(&self, host: &str, port: u16) -> bool {
        self.hosts.iter().any(|(listed, only)| listed == host && only.is_none_or(|only| only == port))
    }

    /// Whether the operator lists a network that holds this address.
    fn lists_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

fn listed_host(entry: &str) -> Option<(String, Option<u16>)> {
    if let Ok(address) = entry.parse::<Ipv6Addr>() {
        return Some((format!("[{address}]"), None));
    }
    // The scheme has no default port, so a port that was typed is always seen.
    let with_scheme = Url::parse(&format!("https://{entry}")).ok()?;
    let plain = with_scheme.path() == "/" && with_scheme.query().is_none() && with_scheme.fragment().is_none();
    let userinfo = !with_scheme.username().is_empty() || with_scheme.password().is_some();
    let port = match with_scheme.port() {
        None if entry.ends_with(":443") => Some(443),
        port => port,
    };
    (plain && !userinfo && !entry.ends_with('/')).then(|| Some((host_text(&with_scheme)?, port)))?
}

/// A URL that may be contacted, as far as it alone can tell; its addresses are checked with [`check_address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedUrl {
    url: Url,
    lifted: Lifted,
}

/// What the operator's list has to do with a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifted {
    /// It passes without the list; its addresses have to be public or listed.
    Nothing,
    /// Its host is listed: any address will do.
    Host,
    /// It passes only if all its addresses are in listed networks.
    Network,
}

impl CheckedUrl {
    /// The URL, for the HTTP client.
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The host as the URL parser writes it.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// The same place with other query parameters appended, which changes neither host nor port.
    pub(crate) fn with_query(mut self, pairs: &[(&str, impl AsRef<str>)]) -> Self {
        self.url.query_pairs_mut().extend_pairs(pairs);
        self
    }
}

/// Why a URL must not be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlRefusal {
    /// Not a URL, over 2,048 bytes, or with white space, control characters or backslashes.
    Malformed,
    /// Another scheme than https.
    Scheme,
    /// A user name or password.
    UserInfo,
    /// A fragment.
    Fragment,
    /// Another port than 443.
    Port,
    /// An IP address in the place of a host name, in whatever notation.
    AddressLiteral,
    /// A name that is never public: one label, `localhost`, `*.internal` and the like.
    LocalName,
    /// Longer than 253 characters, an empty label or a trailing dot.
    HostName,
}

impl UrlRefusal {
    /// What is wrong, as the end of the sentence "the address …".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "is not a valid URL",
            Self::Scheme => "does not start with https://",
            Self::UserInfo => "contains a user name or password",
            Self::Fragment => "contains a fragment (#)",
            Self::Port => "names another port than 443",
            Self::AddressLiteral => "is an IP address instead of a host name",
            Self::LocalName => "is not a public host name",
            Self::HostName => "has a host name that is too long or ends with a dot",
        }
    }
}

/// Checks a URL before each use.
///
/// *Errors*: the first rule that it breaks and the operator's list does not lift.
pub fn check_url(text: &str, rules: &UrlRules) -> Result<CheckedUrl, UrlRefusal> {
    let url = parse(text)?;
    let host = url.host_str().unwrap_or_default();
    let lifted = match liftable_refusal(&url) {
        _ if rules.lists_host(host, url.port_or_known_default().unwrap_or(443)) => Lifted::Host,
        None => Lifted::Nothing,
        Some(refusal) => match literal_address(&url) {
            Some(address) if !rules.lists_address(address) => return Err(refusal),
            None if rules.networks.is_empty() => return Err(refusal),
            Some(_) | None => Lifted::Network,
        },
    };
    Ok(CheckedUrl { url, lifted })
}

/// Why an address of a checked URL's host must not be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRefusal {
    /// What the address is, in a word or two. For logs of the operator, not for tenants (T-SSRF-5).
    pub what: &'static str,
}

/// Checks an address that the URL's host resolved to, right before connecting to that very address.
///
/// *Errors*: what it is, when it is neither public nor lifted by the operator's list.
pub fn check_address(address: IpAddr, url: &CheckedUrl, rules: &UrlRules) -> Result<(), AddressRefusal> {
    let listed = rules.lists_address(address);
    match (url.lifted, address::special(address)) {
        (Lifted::Host, _) | (Lifted::Nothing, None) => Ok(()),
        (Lifted::Nothing | Lifted::Network, _) if listed => Ok(()),
        (Lifted::Nothing, Some(what)) => Err(AddressRefusal { what }),
        (Lifted::Network, _) => Err(AddressRefusal { what: "outside of the listed networks" }),
    }
}

/// The rules that nothing lifts.
fn parse(text: &str) -> Result<Url, UrlRefusal> {
    // The WHATWG parser drops tabs and line ends and turns backslashes into slashes; nobody means a URL that needs it.
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if text.len() > MAX_URL || text.contains(odd) {
        return Err(UrlRefusal::Malformed);
    }
    let url = Url::parse(text).map_err(|_| UrlRefusal::Malformed)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(UrlRefusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(UrlRefusal::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(UrlRefusal::Fragment);
    }
    let host = url.host_str().unwrap_or_default();
    let bad_label = matches!(url.host(), Some(Host::Domain(name)) if name.split('.').any(str::is_empty));
    if host.is_empty() || host.len() > MAX_HOST || bad_label {
        return Err(UrlRefusal::HostName);
    }
    Ok(url)
}

/// The authority as written; an empty user name ("https://@host") leaves no trace in the parsed URL.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The first rule it breaks among those that the operator can lift.
fn liftable_refusal(url: &Url) -> Option<UrlRefusal> {
    let local = matches!(url.host(), Some(Host::Domain(name)) if is_local_name(name));
    if literal_address(url).is_some() {
        Some(UrlRefusal::AddressLiteral)
    } else if local {
        Some(UrlRefusal::LocalName)
    } else if url.scheme() != "https" {
        Some(UrlRefusal::Scheme)
    } else if url.port().is_some() {
        Some(UrlRefusal::Port)
    } else {
        None
    }
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_local_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.contains('.') || LOCAL_SUFFIXES.contains(&last)
}

fn host_text(url: &Url) -> Option<String> {
    url.host_str().filter(|host| !host.is_empty() && host.len() <= MAX_HOST).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, rules: &UrlRules) -> Option<UrlRefusal> {
        check_url(text, rules).err()
    }

    fn reachable(url: &str, address: &str, list: &str) -> bool {
        let rules = UrlRules::parse(list).unwrap();
        check_url(url, &rules).is_ok_and(|url| check_address(address.parse().unwrap(), &url, &rules).is_ok())
    }

    #[test]
    fn t_ssrf_1_every_url_that_must_not_be_contacted_is_refused_for_its_reason() {
        use UrlRefusal as R;
        let table = [
            ("https://169.254.169.254/latest", R::AddressLiteral),
            ("https://[::ffff:7f00:1]/", R::AddressLiteral),
            ("https://[::1]/", R::AddressLiteral),
            ("https://0.0.0.0/", R::AddressLiteral),
            ("https://127.1/", R::AddressLiteral),
            ("https://2130706433/", R::AddressLiteral),
            ("https://0x7f.1/", R::AddressLiteral),
            ("https://0177.0.0.1/", R::AddressLiteral),
            ("https://127%2e0.0.1/", R::AddressLiteral),
            ("https://①②⑦.0.0.1/", R::AddressLiteral),
            ("https://8.8.8.8/", R::AddressLiteral),
            ("https://localhost/", R::LocalName),
            ("https://LOCALHOST/", R::LocalName),
            ("https://ⓛocalhost/", R::LocalName),
            ("https://localhost./", R::HostName),
            ("https://idp.example.com./", R::HostName),
            ("https://a..example.com/", R::HostName),
            ("https://metadata.google.internal/", R::LocalName),
            ("https://printer.local/", R::LocalName),
            ("https://a.localhost/", R::LocalName),
            ("https://intranet/", R::LocalName),
            ("https://okta.com@evil.example/", R::UserInfo),
            ("https://a:b@evil.example/", R::UserInfo),
            ("https://@evil.example/", R::UserInfo),
            ("https://okta.com\\@evil.example/", R::Malformed),
            ("https://okta.com\t.evil.example/", R::Malformed),
            ("https://okta.com\r\nx", R::Malformed),
            ("https://idp.example.com:8443/", R::Port),
            ("https://idp.example.com:22/", R::Port),
            ("http://idp.example.com/", R::Scheme),
            ("ftp://idp.example.com/", R::Scheme),
            ("file:///etc/passwd", R::Scheme),
            ("gopher://idp.example.com/", R::Scheme),
            ("https://idp.example.com/#x", R::Fragment),
            ("https://", R::Malformed),
            ("//idp.example.com", R::Malformed),
            ("idp.example.com", R::Malformed),
        ];
        for (text, reason) in table {
            assert_eq!(refusal(text, &UrlRules::default()), Some(reason), "{text}");
        }
        assert_eq!(refusal(&format!("https://{}.example", "a".repeat(250)), &UrlRules::default()), Some(R::HostName));
        assert_eq!(
            refusal(&format!("https://a.example/{}", "a".repeat(2048)), &UrlRules::default()),
            Some(R::Malformed)
        );
    }

    #[test]
    fn public_hosts_pass_whatever_they_are_called() {
        for text in [
            "https://acme.okta.com",
            "https://okta.com.evil.example/x?y=z",
            "https://bücher.example/",
            "https://a.b:443/",
        ] {
            assert_eq!(refusal(text, &UrlRules::default()), None, "{text}");
        }
        assert_eq!(check_url("https://bücher.example/", &UrlRules::default()).unwrap().host(), "xn--bcher-kva.example");
    }

    #[test]
    fn t_ssrf_1_a_public_name_with_a_private_address_is_refused() {
        assert!(reachable("https://idp.example.com/", "8.8.8.8", ""));
        assert!(!reachable("https://idp.example.com/", "10.0.0.1", ""));
        assert!(!reachable("https://idp.example.com/", "::ffff:8.8.8.8", ""));
    }

    #[test]
    fn r_sso_4_a_listed_host_may_be_private_on_another_port_a_literal_or_plain_http() {
        assert!(reachable("http://idp.internal:8080/", "10.0.0.1", "idp.internal"));
        assert!(reachable("https://idp.test:9443/", "127.0.0.1", "idp.test:9443"));
        assert!(!reachable("https://idp.test:9444/", "127.0.0.1", "idp.test:9443"));
        assert!(!reachable("https://idp.test/", "127.0.0.1", "idp.test:9443"));
        assert!(reachable("https://idp.test/", "127.0.0.1", "idp.test:443"));
        assert!(reachable("https://127.0.0.1:9443/", "127.0.0.1", "127.0.0.1:9443"));
        assert!(reachable("http://localhost:1/", "::1", "a.example, LOCALHOST"));
        assert!(reachable("https://[::1]:9443/", "::1", "::1"));
        assert!(reachable("https://[::1]:9443/", "::1", "[::1]:9443"));
        assert!(!reachable("https://other.internal/", "10.0.0.1", "idp.internal"));
        assert!(!reachable("https://idp.internal@evil.example/", "8.8.8.8", "idp.internal"));
    }

    #[test]
    fn r_sso_4_a_listed_network_lifts_the_rules_for_its_own_addresses_only() {
        assert!(reachable("http://idp.test:8080/", "10.1.2.3", "10.0.0.0/8"));
        assert!(reachable("https://10.1.2.3:8443/", "10.1.2.3", "10.0.0.0/8"));
        assert!(reachable("https://idp.example.com/", "10.1.2.3", "10.0.0.0/8"));
        assert!(reachable("https://idp.example.com/", "::ffff:10.1.2.3", "10.0.0.0/8"));
        assert!(reachable("https://idp.example.com/", "8.8.8.8", "10.0.0.0/8"));
        assert!(!reachable("https://idp.example.com/", "192.168.0.1", "10.0.0.0/8"));
        assert!(!reachable("http://idp.example.com/", "8.8.8.8", "10.0.0.0/8"));
        assert!(!reachable("https://idp.example.com:22/", "8.8.8.8", "10.0.0.0/8"));
        assert!(!reachable("https://127.0.0.1/", "127.0.0.1", "10.0.0.0/8"));
    }

    #[test]
    fn an_entry_that_is_no_host_or_network_is_named() {
        for entry in ["https://idp.test", "idp.test/path", "a@b", "10.0.0.0/33", "idp.test:99999", "idp.test?x"] {
            assert_eq!(UrlRules::parse(&format!("ok.test {entry}")), Err(entry.to_owned()), "{entry}");
        }
    }
}
