//! Owns turning a letter into an RFC 5322 message. Headers are typed values, so no text can add one; nothing that is
//! generated (message id, boundary, date) holds six digits in a row, so a mailed code is the only such run.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use orgate_core::id::MailId;
use orgate_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sender;
use super::letter::{fits_header_beside_code, foreign};
use super::templates::MailTemplate;

const BOUNDARY: &str = "orgate-alternative";

/// What the outbox keeps, sealed, until the mail went out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailContent {
    to: String,
    subject: String,
    text: String,
    html: Option<String>,
}

/// It holds codes and links, so only its kind is printed.
impl fmt::Debug for MailContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MailContent").field("html", &self.html.is_some()).finish_non_exhaustive()
    }
}

impl MailContent {
    /// Prints a template for one recipient. The address is used as stored (T-LNK-10).
    pub fn new(to: &str, template: &MailTemplate, product: &str) -> Self {
        let letter = template.letter(product);
        let (text, html) = (letter.to_text(), letter.to_html());
        Self { to: to.to_owned(), subject: foreign(&letter.subject), text, html }
    }
}

/// Why there is no message.
#[derive(Debug)]
pub enum MessageError {
    /// The recipient's address is none that mail can be sent to.
    Recipient,
    /// The parts do not make a message.
    Parts(lettre::error::Error),
}

impl fmt::Display for MessageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Recipient => "the recipient's address cannot be used in a mail",
            Self::Parts(_) => "the mail could not be put together",
        })
    }
}

impl std::error::Error for MessageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Parts(source) => Some(source),
            Self::Recipient => None,
        }
    }
}

/// The message to send.
///
/// *Errors*: [`MessageError`]; trying again does not help.
pub fn build_message(
    id: &MailId,
    content: &MailContent,
    from: &Sender,
    now: Timestamp,
) -> Result<Message, MessageError> {
    let to: Address = content.to.parse().map_err(|_| MessageError::Recipient)?;
    let seconds = u64::try_from(now.as_seconds()).unwrap_or(0);
    let carries_code = content.html.is_none();
    let shown = !from.name.is_empty() && (!carries_code || fits_header_beside_code(&from.name));
    let name = shown.then(|| foreign(&from.name));
    let builder = Message::builder()
        .from(Mailbox::new(name, from.address.clone()))
        .to(Mailbox::new(None, to))
        .subject(content.subject.clone())
        .date(UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(message_id(id, from)))
        .header(AutoSubmitted);
    let message = match &content.html {
        None => builder.singlepart(part(&content.text, ContentType::TEXT_PLAIN)),
        Some(html) => {
            let parts = MultiPart::alternative().boundary(BOUNDARY);
            let text = part(&content.text, ContentType::TEXT_PLAIN);
            builder.multipart(parts.singlepart(text).singlepart(part(html, ContentType::TEXT_HTML)))
        }
    };
    message.map_err(MessageError::Parts)
}

/// Plain ASCII stays as it is, so that links are whole in the file too; everything else becomes quoted-printable, in
/// which plain words stay readable. *Source*: RFC 5322, 2.1.1: lines of at most 998 characters.
fn part(text: &str, content_type: ContentType) -> SinglePart {
    let plain = text.is_ascii() && text.lines().all(|line| line.len() <= 998);
    let body = if plain {
        let lines = text.lines().flat_map(|line| [line, "\r\n"]).collect::<String>();
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new)
    };
    SinglePart::builder().header(content_type).body(body)
}

/// Unique as the identifier is, with letters in the place of its digits.
fn message_id(id: &MailId, from: &Sender) -> String {
    let letters: String = id
        .as_str()
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { char::from(byte - b'0' + b'A') } else { char::from(byte) })
        .collect();
    format!("<{letters}@{}>", from.address.domain())
}

/// `Auto-Submitted: auto-generated`, so that nobody's holiday notice answers. *Source*: RFC 3834.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests;
