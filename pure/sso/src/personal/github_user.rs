//! Owns reading what GitHub's interface says about a person: the numeric id, a name, and the one address that counts.
//!
//! *Source*: T-LNK-11: the numeric id, never the login, which can be given up and taken by another; only the primary
//! address, and only if GitHub has verified it.

use orgate_core::assertion::Subject;
use orgate_core::email::EmailAddress;
use serde_json::Value;

use crate::exchange::{Purpose, Response};
use crate::json::{self, Object};
use crate::refusal::{SsoRefusal, SsoRefusalCode, printable};

/// The longest display name. *Units*: characters.
const MAX_NAME: usize = 200;
/// The most addresses that are looked at.
const MAX_ADDRESSES: usize = 100;

/// The person, as `GET /user` names them.
#[derive(Debug)]
pub(super) struct User {
    pub(super) subject: Subject,
    pub(super) name: Option<String>,
}

/// Reads the answer to `GET /user`.
///
/// *Errors*: the token was refused, too many questions, or nobody with a numeric id.
pub(super) fn user(response: &Response) -> Result<User, SsoRefusal> {
    readable(response)?;
    let document = json::object(&response.body).map_err(malformed)?;
    let id = document.get("id").and_then(Value::as_u64).filter(|id| *id > 0);
    let subject = id.and_then(|id| Subject::parse(&id.to_string()));
    let subject = subject
        .ok_or_else(|| SsoRefusal::new(SsoRefusalCode::UserInfoMalformed).expected("a numeric id").received("none"))?;
    Ok(User { subject, name: name(&document) })
}

/// Who has not told their name goes by their login.
fn name(document: &Object) -> Option<String> {
    let text = |member: &str| {
        let text = printable(document.get(member)?.as_str()?, MAX_NAME);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    text("name").or_else(|| text("login"))
}

/// Reads the answer to `GET /user/emails`. A person can refuse us their addresses, and can have none that mail reaches;
/// that stops nobody who is known by their id.
///
/// *Errors*: the token was refused, too many questions, or no list of addresses.
pub(super) fn primary_address(response: &Response) -> Result<Option<EmailAddress>, SsoRefusal> {
    not_rate_limited(response)?;
    if matches!(response.status, 403 | 404) {
        return Ok(None);
    }
    readable(response)?;
    let entries = json::array(&response.body).map_err(malformed)?;
    let mut found = None;
    for entry in entries.iter().take(MAX_ADDRESSES) {
        let entry = entry.as_object().ok_or_else(|| malformed("an address that is no object".to_owned()))?;
        let is = |member: &str| entry.get(member) == Some(&Value::Bool(true));
        if is("primary") && is("verified") {
            let text = json::text(entry, "email").map_err(malformed)?;
            if found.is_some() {
                return Err(malformed("two primary addresses".to_owned()));
            }
            found = Some(text.and_then(|text| EmailAddress::parse(text).ok()).filter(reaches_somebody));
        }
    }
    Ok(found.flatten())
}

/// GitHub takes no mail for the addresses that it makes up to hide the real ones.
fn reaches_somebody(address: &EmailAddress) -> bool {
    !address.domain().split('.').any(|label| label == "noreply")
}

/// A refusal of 403 that is about their number is another one than one about the token.
pub(super) fn not_rate_limited(response: &Response) -> Result<(), SsoRefusal> {
    let limited = match response.status {
        429 => true,
        403 => message(response).is_some_and(|message| message.to_ascii_lowercase().contains("rate limit")),
        _ => false,
    };
    if limited {
        return Err(SsoRefusal::new(SsoRefusalCode::RateLimited).received(response.status.to_string()));
    }
    Ok(())
}

fn readable(response: &Response) -> Result<(), SsoRefusal> {
    if response.body.len() > Purpose::UserInfo.max_bytes() {
        return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
    }
    not_rate_limited(response)?;
    if matches!(response.status, 401 | 403) {
        let received = message(response).unwrap_or_else(|| response.status.to_string());
        return Err(SsoRefusal::new(SsoRefusalCode::UserInfoRejected).received(received));
    }
    response.require_success()
}

fn message(response: &Response) -> Option<String> {
    let document = json::object(&response.body).ok()?;
    json::text(&document, "message").ok().flatten().map(str::to_owned)
}

fn malformed(what: String) -> SsoRefusal {
    SsoRefusal::new(SsoRefusalCode::UserInfoMalformed).received(what)
}
