//! Owns the token request: the code, the PKCE verifier and the client secret, sent to the token endpoint of the issuer
//! that the secret was saved with, and nowhere else.
//!
//! *Source*: RFC 6749, sections 2.3.1 and 4.1.3; T-BCP-6.

use data_encoding::BASE64;
use url::form_urlencoded;

use crate::client::Client;
use crate::exchange::{Purpose, Request};
use crate::oidc::metadata::{ClientAuthentication, Endpoint, Metadata};
use crate::refusal::SsoRefusal;
use crate::url_rules::UrlRules;

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
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", grant.code)
        .append_pair("redirect_uri", grant.redirect_uri)
        .append_pair("code_verifier", grant.verifier);
    match metadata.client_authentication()? {
        ClientAuthentication::Basic => {
            let request = Request::post_form(Purpose::Token, url, form.finish().into());
            Ok(request.authorized(basic(client).into()))
        }
        ClientAuthentication::Post => {
            form.append_pair("client_id", client.id()).append_pair("client_secret", client.secret());
            Ok(Request::post_form(Purpose::Token, url, form.finish().into()))
        }
    }
}

/// Both halves are form-encoded first, as the standard wants.
fn basic(client: &Client) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client.id()), encoded(client.secret()));
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}
