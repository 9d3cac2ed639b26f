//! Telling applications that somebody signed out: a signed log-out token, posted to each. Plain HTTP alone, as everything
//! of the demonstration.
//!
//! *Source*: OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.5.

use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Provider;
use crate::application::Application;
use crate::directory::SignedOut;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// *Units*: seconds.
const TOKEN_LIFETIME: i64 = 120;
/// How long an application may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells every application that the sign-in had opened and that wants to hear of it, but for the one that asked. One that
/// cannot be told keeps nobody from signing out.
pub(crate) async fn tell(provider: &Provider, signed_out: &SignedOut, asking: Option<&str>) {
    for application in signed_out.opened.iter().filter(|application| asking != Some(application.client_id.as_str())) {
        let Some(uri) = &application.backchannel_logout_uri else { continue };
        let Ok(token) = provider.key.sign(&claims(provider, application, signed_out), Some("logout+jwt")) else {
            continue;
        };
        let told = tokio::time::timeout(PATIENCE, post(uri, &token)).await.unwrap_or_else(|late| Err(late.into()));
        match told {
            Ok(200 | 204) => {}
            Ok(status) => eprintln!("{} answered {status} to the news that somebody signed out", application.name),
            Err(error) => eprintln!("{} could not be told that somebody signed out: {error}", application.name),
        }
    }
}

fn claims(provider: &Provider, application: &Application, signed_out: &SignedOut) -> serde_json::Value {
    let now = provider.now();
    json!({
        "iss": provider.issuer,
        "aud": application.client_id,
        "sub": signed_out.signed_in.subject,
        "sid": signed_out.signed_in.sid,
        "iat": now,
        "exp": now + TOKEN_LIFETIME,
        "jti": provider.secret(),
        "events": { EVENT: {} },
    })
}

/// Posts the token as a form; the status of the answer.
async fn post(uri: &str, token: &str) -> io::Result<u16> {
    let unusable = || io::Error::new(io::ErrorKind::InvalidInput, "the address is not plain HTTP");
    let uri = url::Url::parse(uri).map_err(|_| unusable())?;
    let host = uri.host_str().filter(|_| uri.scheme() == "http").ok_or_else(unusable)?;
    let port = uri.port_or_known_default().ok_or_else(unusable)?;
    let body = format!("logout_token={token}");
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        uri.path(),
        body.len(),
    );
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(1024).read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}
