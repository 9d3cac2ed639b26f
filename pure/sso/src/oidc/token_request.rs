//! Owns what carries the client secret: the token request with the code and the PKCE verifier, and the way to send the secret
//! along. It goes to endpoints that the issuer names which it was saved with, and nowhere else.
//!
//! *Source*: RFC 6749, sections 2.3.1 and 4.1.3; T-BCP-6.

use data_encoding::BASE64;
use url::form_urlencoded;

use crate::client::Client;
use crate::exchange::{Purpose, Request};
use crate::oidc::metadata::{ClientAuthentication, Endpoint, Metadata};
use crate::refusal::SsoRefusal;
use crate::url_rules::{CheckedUrl, UrlRules};

/// What is exchanged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant<'a> {
    pub(crate) code: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) redirect_uri: &'a str,
}

/// The request that exchanges a code.
///
/// *Errors*: the endpoint may not be contacted, or takes the secret in no way that is spoken here.
pub(crate) fn request(
    metadata: &Metadata,
    client: &Client,
    grant: Grant<'_>,
    rules: &UrlRules,
) -> Result<Request, SsoRefusal> {
    let url = metadata.endpoint(Endpoint::Token, rules)?;
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", grant.code),
        ("redirect_uri", grant.redirect_uri),
        ("code_verifier", grant.verifier),
    ];
    post_with_secret(metadata, client, Purpose::Token, url, &parameters)
}

/// A form with the client's secret, in the way that the provider takes it: basic leaves the form as it is.
///
/// *Errors*: it takes it in no way that is spoken here. *Source*: RFC 6749, section 2.3.1; RFC 9126, section 2.
pub(crate) fn post_with_secret(
    metadata: &Metadata,
    client: &Client,
    purpose: Purpose,
    url: CheckedUrl,
    parameters: &[(&str, impl AsRef<str>)],
) -> Result<Request, SsoRefusal> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters);
    match metadata.client_authentication()? {
        ClientAuthentication::Basic => {
            let request = Request::post_form(purpose, url, form.finish().into());
            Ok(request.authorized(basic(client).into()))
        }
        ClientAuthentication::Post => {
            if parameters.iter().all(|(name, _)| *name != "client_id") {
                form.append_pair("client_id", client.id());
            }
            form.append_pair("client_secret", client.secret());
            Ok(Request::post_form(purpose, url, form.finish().into()))
        }
    }
}

/// Both halves are form-encoded first, as the standard wants.
fn basic(client: &Client) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client.id()), encoded(client.secret()));
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}
