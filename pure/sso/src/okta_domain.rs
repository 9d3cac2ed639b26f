//! Owns reading the Okta Domain field, which forgives what people paste and says what it made of it.
//!
//! *Source*: R-SSO-4.

use crate::issuer::sentence;
use crate::kind::Address;
use crate::url_rules::{UrlRules, check_url};

/// Okta's own domains, under which the host of the admin console ends with `-admin`.
const OKTA_SUFFIXES: &[&str] =
    &["okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil", "okta-miltest.com", "trexcloud.com"];

/// Reads the field as typed. The domain is shown with a port if the operator allows one; the issuer is `https://` and the
/// domain, `http://` only where the operator lists it and it was typed.
///
/// *Errors*: a sentence for the person who typed it.
pub fn parse(typed: &str, rules: &UrlRules) -> Result<Address, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Err("Enter your Okta domain, for instance acme.okta.com.".to_owned());
    }
    let mut notes = Vec::new();
    let (plain_http, rest) = without_scheme(text, &mut notes)?;
    let authority = without_path(rest, &mut notes);
    if authority.contains('@') {
        return Err("An Okta domain contains no @. Enter the host name alone, for instance acme.okta.com.".to_owned());
    }
    let host = lower_case(authority, &mut notes);
    let (issuer, domain) = checked(&host, plain_http, rules, &mut notes)?;
    // Looked at as it is written in the end, so that no spelling of a port hides whose console this is.
    let Some(people) = without_admin(&domain) else { return Ok(Address { shown: domain, issuer, notes }) };
    notes.push(format!("{domain} is Okta's admin console; people sign in at {people}."));
    let (issuer, domain) = checked(&people, plain_http, rules, &mut Vec::new())?;
    Ok(Address { shown: domain, issuer, notes })
}

/// Takes the scheme away; whether it was plain http.
fn without_scheme<'a>(text: &'a str, notes: &mut Vec<String>) -> Result<(bool, &'a str), String> {
    let Some((scheme, rest)) = text.split_once("://") else { return Ok((false, text.trim_start_matches('/'))) };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {
            notes.push("Took away https://, which is added by itself.".to_owned());
            Ok((false, rest))
        }
        "http" => Ok((true, rest)),
        _ => Err("Enter the host name alone, for instance acme.okta.com.".to_owned()),
    }
}

fn without_path<'a>(rest: &'a str, notes: &mut Vec<String>) -> &'a str {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if path.starts_with("/oauth2/") && !path.starts_with("/oauth2/v1") {
        notes.push(
            "Took away the path: sign-in goes through the Okta organization itself, no custom server.".to_owned(),
        );
    } else if path.len() > 1 {
        notes.push("Took away the path after the host name.".to_owned());
    }
    authority.trim_end_matches('.')
}

fn lower_case(authority: &str, notes: &mut Vec<String>) -> String {
    let lower = authority.to_lowercase();
    if lower != authority {
        notes.push("Wrote it in lower case.".to_owned());
    }
    lower
}

/// `acme-admin.okta.com` is the console of `acme.okta.com`.
fn without_admin(domain: &str) -> Option<String> {
    let (label, suffix) = domain.split_once('.')?;
    let name = label.strip_suffix("-admin").filter(|name| !name.is_empty())?;
    OKTA_SUFFIXES.contains(&suffix).then(|| format!("{name}.{suffix}"))
}

/// Issuer and domain, if the rules let them be contacted. A typed http:// is kept only where nothing else is meant.
fn checked(
    host: &str,
    plain_http: bool,
    rules: &UrlRules,
    notes: &mut Vec<String>,
) -> Result<(String, String), String> {
    let scheme = if plain_http && check_url(&format!("http://{host}"), rules).is_ok() { "http" } else { "https" };
    if plain_http && scheme == "https" {
        notes.push("Took https:// instead of http://.".to_owned());
    }
    let checked = check_url(&format!("{scheme}://{host}"), rules).map_err(sentence)?;
    let domain = match checked.as_url().port() {
        Some(port) => format!("{}:{port}", checked.host()),
        None => checked.host().to_owned(),
    };
    if domain != host && !host.ends_with(":443") {
        notes.push(format!("Wrote {host} as {domain}."));
    }
    Ok((format!("{scheme}://{domain}"), domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(typed: &str) -> Option<String> {
        parse(typed, &UrlRules::default()).ok().map(|okta| okta.shown)
    }

    #[test]
    fn r_sso_4_what_people_paste_is_understood() {
        for typed in [
            "acme.okta.com",
            " acme.okta.com ",
            "https://acme.okta.com",
            "https://acme.okta.com/",
            "HTTPS://ACME.Okta.com/",
            "http://acme.okta.com",
            "//acme.okta.com",
            "acme.okta.com.",
            "acme.okta.com:443",
            "acme-admin.okta.com",
            "ACME-admin.okta.com:443",
            "ACME-ADMIN.OKTA.COM:",
            "acme-admin.okta.com:0443",
            "http://acme-admin.okta.com:443",
            "https://acme-admin.okta.com/admin/apps/active",
            "https://acme.okta.com/oauth2/default",
            "https://acme.okta.com/.well-known/openid-configuration?x=y#z",
        ] {
            assert_eq!(domain(typed).as_deref(), Some("acme.okta.com"), "{typed}");
        }
        assert_eq!(domain("login.acme.example").as_deref(), Some("login.acme.example"));
        assert_eq!(domain("site-admin.acme.example").as_deref(), Some("site-admin.acme.example"));
        assert_eq!(domain("okta.com.evil.example").as_deref(), Some("okta.com.evil.example"));
        assert_eq!(domain("bücher.example").as_deref(), Some("xn--bcher-kva.example"));
    }

    #[test]
    fn r_sso_4_it_says_what_it_made_of_it() {
        let okta = parse("https://Acme-Admin.okta.com/admin", &UrlRules::default()).unwrap();
        assert_eq!(okta.issuer, "https://acme.okta.com");
        assert_eq!(okta.notes.len(), 4, "{:?}", okta.notes);
        assert!(parse("acme.okta.com", &UrlRules::default()).unwrap().notes.is_empty());
    }

    #[test]
    fn t_ssrf_1_what_is_no_public_host_is_refused_with_a_sentence() {
        for typed in [
            "",
            "   ",
            "acme",
            "localhost",
            "okta.com@evil.example",
            "https://okta.com@evil.example",
            "https://a:b@acme.okta.com",
            "acme.okta.com:8443",
            "127.0.0.1",
            "2130706433",
            "[::1]",
            "ftp://acme.okta.com",
            "acme.okta.com evil.example",
            "acme.okta.com\\@evil.example",
            "metadata.google.internal",
            "a..b",
        ] {
            let refused = parse(typed, &UrlRules::default());
            assert!(refused.as_ref().is_err_and(|text| text.ends_with('.')), "{typed} {refused:?}");
        }
    }

    #[test]
    fn r_sso_4_port_and_plain_http_need_the_operators_list() {
        let rules = UrlRules::parse("idp.test:9443, plain.test").unwrap();
        let with_port = parse("idp.test:9443", &rules).unwrap();
        assert_eq!((with_port.shown.as_str(), with_port.issuer.as_str()), ("idp.test:9443", "https://idp.test:9443"));
        assert_eq!(parse("http://plain.test:80", &rules).unwrap().issuer, "http://plain.test");
        assert_eq!(parse("plain.test", &rules).unwrap().issuer, "https://plain.test");
        assert!(parse("idp.test:9444", &rules).is_err());
    }
}
