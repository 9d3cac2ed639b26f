//! Owns requests to what the operator runs: this deployment's own public address, a collector of traces. The operator wrote
//! the addresses down, so they are not judged; time and size are limited as everywhere, and no redirect is followed.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use reqwest::{redirect, retry};
use rustls::ClientConfig;

/// From the call to the last byte of the answer.
const TOTAL: Duration = Duration::from_secs(5);
/// *Units*: bytes.
const MOST_READ: usize = 64 * 1024;

/// A client for the operator's own addresses.
#[derive(Debug, Clone)]
pub struct OwnClient(reqwest::Client);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAnswer {
    /// The status code.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The body, cut at 64 KiB.
    pub body: Vec<u8>,
}

impl OwnClient {
    /// A client that trusts `tls`'s roots.
    ///
    /// *Errors*: why it cannot be set up.
    #[expect(clippy::disallowed_methods, reason = "the HTTP client of the operator's own addresses")]
    pub fn new(tls: ClientConfig) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .timeout(TOTAL)
            .user_agent("Orgate")
            .build();
        client.map(Self).map_err(|error| reason(&error))
    }

    /// Asks for an address.
    ///
    /// *Errors*: why nobody answered, in words without the address.
    pub async fn get(&self, url: &str, headers: &[(&'static str, &str)]) -> Result<OwnAnswer, String> {
        let mut request = self.0.get(url);
        for (name, value) in headers {
            request =
                request.header(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(|_| "a header")?);
        }
        read(request).await
    }

    /// Sends a body to an address.
    ///
    /// *Errors*: as of [`OwnClient::get`].
    pub async fn post(&self, url: &str, content_type: &'static str, body: Vec<u8>) -> Result<OwnAnswer, String> {
        read(self.0.post(url).header(CONTENT_TYPE, HeaderValue::from_static(content_type)).body(body)).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<OwnAnswer, String> {
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(ToOwned::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() >= MOST_READ {
            body.truncate(MOST_READ);
            break;
        }
    }
    Ok(OwnAnswer { status, location, body })
}

/// The reason at the bottom, which is the one that helps.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no whole answer within five seconds".to_owned();
    }
    let mut at: &dyn Error = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}
