//! What a browser or a proxy sends besides: `a` where to go after a sign-in, `b` cookies, `c` the `X-Forwarded-For` headers, `d`
//! the name of the browser.

use std::net::IpAddr;

use ipnet::IpNet;
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_app::visitor::{Visitor, client_ip};
use orgate_core::cookie;
use orgate_core::return_to::ReturnTo;

use crate::input::{choose, text};

/// No path leads to another host, no cookie is made up, no client says where it is.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 4);
    let text = text(rest);
    match choice {
        0 => path(&text),
        1 => cookies(&text),
        2 => forwarded(&text),
        _ => user_agent(&text),
    }
}

fn path(text: &str) {
    let Some(path) = ReturnTo::parse(text) else { return };
    assert_eq!(path.as_str(), text);
    let base = url::Url::parse("https://id.example.com:8443/sign-in/x").expect("an address");
    // Once as it is, and once as a reader that decodes it first sees it.
    let decoded = url::form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).next();
    for seen in [text.to_owned(), text.replace('\\', "/"), decoded.unwrap_or_default()] {
        let joined = base.join(&seen).expect("a path of this host");
        assert_eq!(joined.origin(), base.origin(), "{text:?} as {seen:?}");
    }
    assert_eq!(base.join(text).expect("an address").as_str(), format!("https://id.example.com:8443{text}"));
}

fn cookies(header: &str) {
    const NAME: &str = "__Host-orgate-session";
    let Some(value) = cookie::find(header, NAME) else { return };
    assert!(header.contains(&format!("{NAME}={value}")) && !value.contains(';'), "{header:?}");
    if let Some(token) = SecretToken::parse(value) {
        assert_eq!(token.reveal().as_str(), value, "one token has one spelling");
        assert_eq!(value.len(), 43);
        assert_ne!(token.hash(TokenPurpose::Session), token.hash(TokenPurpose::Browser));
        assert!(!format!("{token:?}").contains(value));
    }
}

fn forwarded(headers: &str) {
    let proxy: IpAddr = [10, 0, 0, 1].into();
    let stranger: IpAddr = [203, 0, 113, 5].into();
    let trusted: [IpNet; 2] = ["10.0.0.0/8".parse().expect("a network"), "2001:db8::/32".parse().expect("a network")];
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    assert_eq!(client_ip(stranger, headers.lines(), &trusted), stranger, "a stranger's word counts for nothing");
    let client = client_ip(proxy, headers.lines(), &trusted);
    // Whatever a client writes in front of what the proxy appends changes nothing.
    let seen = format!("{headers}, 198.51.100.7, 10.0.0.9");
    assert_eq!(client_ip(proxy, seen.lines(), &trusted), IpAddr::from([198, 51, 100, 7]));
    let named = headers.lines().flat_map(|line| line.split(',')).map(str::trim);
    let is_named = named.filter_map(|hop| {
        hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
    });
    assert!(client == proxy || is_named.map(|ip| ip.to_canonical()).any(|ip| ip == client), "{client} is made up");
    assert_eq!(client, client.to_canonical());
    let network = Visitor::new(client, "").network();
    assert!(network.parse::<IpAddr>().is_ok() || network.parse::<IpNet>().is_ok(), "{network}");
    assert!(is_trusted(&proxy) && !is_trusted(&stranger));
}

fn user_agent(text: &str) {
    let visitor = Visitor::new([127, 0, 0, 1].into(), text);
    assert!(visitor.user_agent.chars().count() <= 300 && !visitor.user_agent.chars().any(char::is_control));
}
