//! An HTTP client of a few lines, which reads whatever comes until the end, or until it has seen enough.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use orgate_testkit::{Authority, HostileIdp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const REDIRECT_URI: &str = "https://orgate.example/callback";
/// No answer takes so long, on a machine that stands still for a while either.
pub const LIMIT: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// Whether the provider ended it, before enough was seen.
    pub ended: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A client of one provider.
pub struct Client<'a> {
    pub idp: &'a HostileIdp,
    pub authority: Option<&'a Authority>,
}

impl Client<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.get_until(path, |_| false).await
    }

    /// Reads an answer that may never end, until its bytes are enough.
    pub async fn get_until(&self, path: &str, is_enough: fn(&[u8]) -> bool) -> Answer {
        self.send_until(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.idp.domain()), is_enough).await
    }

    pub async fn user_info(&self, access_token: &str) -> Answer {
        let host = self.idp.domain();
        self.send(&format!(
            "GET /oauth2/v1/userinfo HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {access_token}\r\n\r\n"
        ))
        .await
    }

    /// The address of an authorization request.
    pub fn request(&self) -> String {
        let mut url = url::Url::parse(&format!("{}/oauth2/v1/authorize", self.idp.issuer())).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.idp.client_id().as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        url.into()
    }

    /// Pushes the same request and gives what comes back.
    pub async fn push(&self, secret: &str) -> Answer {
        let request = url::Url::parse(&self.request()).unwrap();
        let (form, host) = (request.query().unwrap(), self.idp.domain());
        let basic = BASE64.encode(format!("{}:{secret}", self.idp.client_id()).as_bytes());
        let length = form.len();
        self.send(&format!(
            "POST /oauth2/v1/par HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {basic}\r\ncontent-type: \
             application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
        ))
        .await
    }

    /// The address of a request that was pushed.
    pub fn pushed(&self, request_uri: &str) -> String {
        let mut url = url::Url::parse(&format!("{}/oauth2/v1/authorize", self.idp.issuer())).unwrap();
        url.query_pairs_mut().append_pair("client_id", &self.idp.client_id()).append_pair("request_uri", request_uri);
        url.into()
    }

    /// Signs in and gives the code.
    pub fn code(&self) -> String {
        parameter(&self.idp.authorize(&self.request()), "code").unwrap()
    }

    pub async fn redeem(&self, code: &str, verifier: &str, secret: &str) -> Answer {
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Forgate.example%2Fcallback&\
             code_verifier={verifier}"
        );
        let basic = BASE64.encode(format!("{}:{secret}", self.idp.client_id()).as_bytes());
        let (host, length) = (self.idp.domain(), form.len());
        self.send(&format!(
            "POST /oauth2/v1/token HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {basic}\r\ncontent-type: \
             application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
        ))
        .await
    }

    /// The ID token of a whole sign-in.
    pub async fn id_token(&self) -> String {
        let tokens = self.redeem(&self.code(), VERIFIER, &self.idp.client_secret()).await;
        tokens.json()["id_token"].as_str().unwrap().to_owned()
    }

    async fn send(&self, request: &str) -> Answer {
        self.send_until(request, |_| false).await
    }

    async fn send_until(&self, request: &str, is_enough: fn(&[u8]) -> bool) -> Answer {
        let stream = TcpStream::connect(self.idp.address()).await.unwrap();
        match self.authority {
            None => exchange(stream, request, is_enough).await,
            Some(authority) => {
                let host = url::Url::parse(&self.idp.issuer()).unwrap().host_str().unwrap().to_owned();
                let host = ServerName::try_from(host).unwrap();
                let stream = trusting(authority).connect(host, stream).await.unwrap();
                exchange(stream, request, is_enough).await
            }
        }
    }
}

/// A TLS client that trusts one authority only.
pub fn trusting(authority: &Authority) -> tokio_rustls::TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config).into()
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    is_enough: fn(&[u8]) -> bool,
) -> Answer {
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut bytes, mut ended) = (Vec::<u8>::new(), false);
    // The provider ends every honest answer by closing, and may break off another.
    let reading = async {
        while !ended && !is_enough(&bytes) {
            ended = stream.read_buf(&mut bytes).await.unwrap_or(0) == 0;
        }
    };
    tokio::time::timeout(LIMIT, reading).await.unwrap();
    let body = body_of(&bytes).unwrap_or_default().to_vec();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Answer { status, head, body, ended }
}

/// What has come of the body, once the head is there.
pub fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    bytes.get(end + 4..)
}

/// A parameter of an address.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(existing, _)| existing == name).map(|(_, value)| value.into_owned())
}

/// Header and payload of a token.
pub fn decode(token: &str) -> (Value, Value) {
    let part = |index| {
        let text: &str = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()).unwrap()
    };
    (part(0), part(1))
}
