//! Owns reading the issuer field of generic OpenID Connect. The issuer is kept byte for byte, because ID tokens and the
//! discovery document have to repeat it so.
//!
//! *Source*: OpenID Connect Discovery 1.0, section 3; T-ID-01.

use crate::kind::Address;
use crate::url_rules::{UrlRefusal, UrlRules, check_url};

/// Reads an issuer as typed. Only white space around it and the discovery document's own path at its end are taken
/// away, for nobody's issuer ends so.
///
/// *Errors*: a sentence for the person who typed it.
pub fn parse(typed: &str, rules: &UrlRules) -> Result<Address, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Err("Enter the issuer of the identity provider.".to_owned());
    }
    // However often it stands there: what is read now has to read the same when it is saved again.
    let issuer = text.trim_end_matches("/.well-known/openid-configuration");
    if issuer.contains(['?', '#']) {
        return Err("An issuer has neither a query (?) nor a fragment (#).".to_owned());
    }
    check_url(issuer, rules).map_err(sentence)?;
    let mut notes = Vec::new();
    if issuer != text {
        notes.push("Took away the path of the discovery document.".to_owned());
    }
    Ok(Address { shown: issuer.to_owned(), issuer: issuer.to_owned(), notes })
}

/// A refused URL as a sentence, with the way out where there is one.
pub(crate) fn sentence(refusal: UrlRefusal) -> String {
    let way_out = match refusal {
        UrlRefusal::Scheme | UrlRefusal::Port | UrlRefusal::AddressLiteral | UrlRefusal::LocalName => {
            " Only the operator of this site can allow that, in ORGATE_IDP_ALLOW."
        }
        UrlRefusal::Malformed | UrlRefusal::UserInfo | UrlRefusal::Fragment | UrlRefusal::HostName => "",
    };
    format!("The address {}.{way_out}", refusal.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_id_01_an_issuer_is_kept_byte_for_byte() {
        for issuer in ["https://id.example.com", "https://id.example.com/", "https://ID.example.com/Realm//x"] {
            let read = parse(&format!("  {issuer}\n"), &UrlRules::default()).unwrap();
            assert_eq!((read.issuer.as_str(), read.notes.len()), (issuer, 0));
        }
        let path = "/.well-known/openid-configuration";
        for pasted in [format!("https://id.example.com/r{path}"), format!("https://id.example.com/r{path}{path}")] {
            let read = parse(&pasted, &UrlRules::default()).unwrap();
            assert_eq!((read.issuer.as_str(), read.notes.len()), ("https://id.example.com/r", 1));
        }
    }

    #[test]
    fn an_issuer_that_is_none_is_refused_with_a_sentence() {
        for issuer in [
            "",
            "id.example.com",
            "http://id.example.com",
            "https://id.example.com?x",
            "https://id.example.com#",
            "https://10.0.0.1",
        ] {
            assert!(parse(issuer, &UrlRules::default()).unwrap_err().ends_with('.'), "{issuer}");
        }
        assert!(parse("http://idp.test:1", &UrlRules::parse("idp.test").unwrap()).is_ok());
    }
}
