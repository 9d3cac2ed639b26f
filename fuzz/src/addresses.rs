//! Addresses and names that people type: `a` of mail, `b` domains and the records of name servers, `c` URLs, `d` the Okta domain,
//! `e` an issuer, `f` the operator's list and an address of a host, `g` names and short names.

use std::net::IpAddr;

use orgate_app::mail::Sender;
use orgate_core::domain::{DomainName, Evidence, TextAnswer, record_value};
use orgate_core::email::EmailAddress;
use orgate_core::name::{Name, Slug};
use orgate_sso::address::is_public;
use orgate_sso::kind::ConnectionKind;
use orgate_sso::settings::{Settings, SettingsInput};
use orgate_sso::url_rules::{CheckedUrl, UrlRules, check_address, check_url};
use orgate_sso::{issuer, okta_domain};

use crate::input::{choose, parts, text};

const LONGEST_URL: usize = 2048;

/// What is accepted reads back as itself, is one thing and not another, and leads nowhere private.
pub fn run(bytes: &[u8]) {
    let (choice, rest) = choose(bytes, 7);
    match choice {
        0 => email(&text(rest)),
        1 => domain(rest),
        2 => url(&text(rest)),
        3 => okta(&text(rest)),
        4 => issuer_field(&text(rest)),
        5 => operators_list(rest),
        _ => names(rest),
    }
}

fn email(typed: &str) {
    let parsed = EmailAddress::parse(typed);
    if let Ok(address) = &parsed {
        check_email(address);
    }
    if let Ok(new) = EmailAddress::parse_new(typed) {
        assert_eq!(parsed.as_ref().ok().map(EmailAddress::as_str), Some(new.as_str()));
    }
}

/// What holds of every address that was read.
pub(crate) fn check_email(address: &EmailAddress) {
    let stored = address.as_str();
    let again = EmailAddress::parse(stored).expect("an address reads back");
    assert_eq!((again.as_str(), again.key()), (stored, address.key()));
    assert!(stored.len() <= 254 && address.key().len() <= 254, "{stored:?}");
    assert!(!stored.chars().any(|c| c.is_control() || c.is_whitespace() || "\",<>()[]\\:;".contains(c)), "{stored:?}");
    assert_eq!(stored.matches('@').count(), 1, "{stored:?}");
    let domain = address.domain();
    assert!(stored.ends_with(domain) && DomainName::parse(domain).is_some_and(|name| name.as_str() == domain));
    assert!(address.masked().ends_with(domain));
    assert!(Sender::parse_address(stored).is_ok(), "mail cannot be sent to {stored:?}");
}

fn domain(bytes: &[u8]) {
    let [typed, token, record] = parts(bytes).map(text);
    if let Ok(name) = DomainName::claim(&typed) {
        assert_eq!(DomainName::claim(name.as_str()).as_ref(), Ok(&name), "{typed:?}");
        assert_eq!(DomainName::parse(name.as_str()).as_ref(), Some(&name));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        assert!(name.as_str().bytes().all(plain) && name.as_str().contains('.'), "{name}");
        assert!(name.record_name().len() <= 253 && name.as_str() != "gmail.com", "{name}");
    }
    let seen = TextAnswer::Texts(vec![String::new(), record.clone()]).evidence(&token);
    let expected = if record.trim() == record_value(&token) { Evidence::Present } else { Evidence::Absent };
    // A token is drawn, so an empty record never is one.
    assert_eq!(seen, expected, "{record:?} for {token:?}");
}

fn url(typed: &str) {
    if let Ok(url) = check_url(typed, &UrlRules::default()) {
        check_public(&url);
    }
}

/// What holds of every URL that may be contacted without the operator's word.
pub(crate) fn check_public(checked: &CheckedUrl) {
    let url = checked.as_url();
    assert_eq!((url.scheme(), checked.port()), ("https", 443), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    let host = checked.host();
    assert!(matches!(url.host(), Some(url::Host::Domain(_))) && host.parse::<IpAddr>().is_err(), "{url}");
    assert!(host.len() <= 253 && host.contains('.') && !host.ends_with('.') && !host.contains(".."), "{url}");
    for local in [".localhost", ".internal", ".local", ".arpa", ".lan", ".home", ".corp", ".onion"] {
        assert!(!host.ends_with(local), "{url}");
    }
    if checked.as_str().len() <= LONGEST_URL {
        assert_eq!(check_url(checked.as_str(), &UrlRules::default()).as_ref(), Ok(checked), "{url}");
    }
    for inside in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:8.8.8.8", "fd00:ec2::254"] {
        let inside: IpAddr = inside.parse().expect("an address");
        assert!(check_address(inside, checked, &UrlRules::default()).is_err(), "{url} at {inside}");
    }
}

fn okta(typed: &str) {
    let Ok(okta) = okta_domain::parse(typed, &UrlRules::default()) else { return };
    assert_eq!(okta.issuer, format!("https://{}", okta.shown), "{typed:?}");
    check_public(&check_url(&okta.issuer, &UrlRules::default()).expect("an issuer that may be asked"));
    let again = okta_domain::parse(&okta.shown, &UrlRules::default()).expect("what is shown reads back");
    assert_eq!((again.issuer, again.notes), (okta.issuer, Vec::new()), "{typed:?}");
}

fn issuer_field(typed: &str) {
    let Ok(read) = issuer::parse(typed, &UrlRules::default()) else { return };
    assert!(typed.contains(&read.issuer) && !read.issuer.contains(['?', '#']), "{typed:?}");
    check_public(&check_url(&read.issuer, &UrlRules::default()).expect("an issuer that may be asked"));
    let input = SettingsInput {
        kind: ConnectionKind::Oidc,
        address: read.issuer.clone(),
        client_id: "x".to_owned(),
        client_secret: Some("x".to_owned().into()),
    };
    let merged = Settings::merge(None, &input, &UrlRules::default()).expect("settings");
    assert_eq!(merged.settings.issuer(), read.issuer);
}

fn operators_list(bytes: &[u8]) {
    let [list, address, typed] = parts(bytes).map(text);
    let Ok(rules) = UrlRules::parse(&list) else { return };
    let Ok(checked) = check_url(&typed, &rules) else { return };
    assert!(checked.as_url().username().is_empty() && checked.as_url().fragment().is_none(), "{typed:?}");
    let (Ok(address), true) = (address.parse::<IpAddr>(), list.trim().is_empty()) else { return };
    assert_eq!(check_address(address, &checked, &rules).is_ok(), is_public(address), "{typed:?} at {address}");
}

fn names(bytes: &[u8]) {
    let typed = text(bytes);
    if let Ok(name) = Name::parse(&typed) {
        assert_eq!(Name::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(!name.as_str().chars().any(char::is_control) && name.as_str().chars().count() <= 100);
    }
    if let Some(name) = Name::from_untrusted(&typed) {
        assert_eq!(Name::parse(name.as_str()).as_ref(), Ok(&name), "{typed:?}");
    }
    for suffix in [None, Some(2), Some(999)] {
        let slug = Slug::suggest(&typed, suffix);
        assert_eq!(Slug::parse(slug.as_str()).as_ref(), Ok(&slug), "{typed:?}");
    }
    if let Ok(slug) = Slug::parse(&typed) {
        assert_eq!(slug.as_str(), typed);
    }
}
