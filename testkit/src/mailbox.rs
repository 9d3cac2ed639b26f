//! The reader of a folder of `.eml` files, as the `dir:` transport writes them: list, wait, decode, find the code.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use mailparse::{MailHeaderMap, ParsedMail};

use crate::ambient::Deadline;

/// A message, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The file it was read from.
    pub file: PathBuf,
    /// The addresses of `To`, as they were written, without names.
    pub to: Vec<String>,
    /// The `From` header, decoded.
    pub from: String,
    /// The `Subject` header, decoded.
    pub subject: String,
    /// The first `text/plain` part, decoded; empty if there is none.
    pub text: String,
    /// The first `text/html` part, decoded.
    pub html: Option<String>,
    /// The whole message as it was stored.
    pub raw: String,
}

impl Message {
    fn read(file: &Path) -> Option<Self> {
        let raw = std::fs::read(file).ok()?;
        let mail = mailparse::parse_mail(&raw).ok()?;
        let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
        let to = mailparse::addrparse(&header("To")).ok()?;
        Some(Self {
            file: file.to_owned(),
            to: to
                .iter()
                .flat_map(|address| match address {
                    mailparse::MailAddr::Single(single) => vec![single.addr.clone()],
                    mailparse::MailAddr::Group(group) => group.addrs.iter().map(|single| single.addr.clone()).collect(),
                })
                .collect(),
            from: header("From"),
            subject: header("Subject"),
            text: part(&mail, "text/plain").unwrap_or_default(),
            html: part(&mail, "text/html"),
            raw: String::from_utf8_lossy(&raw).into_owned(),
        })
    }

    /// The six-digit code: the only run of exactly six digits in the text. None if there is none, or more than one.
    pub fn code(&self) -> Option<String> {
        let mut runs = self.text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6);
        let code = runs.next()?;
        runs.next().is_none().then(|| code.to_owned())
    }

    /// Every `http` and `https` link of the text, in order.
    pub fn links(&self) -> Vec<String> {
        self.text
            .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
            .map(|word| word.trim_end_matches(['.', ',', ')']).to_owned())
            .collect()
    }

    /// The first link whose text contains `piece`.
    pub fn link(&self, piece: &str) -> Option<String> {
        self.links().into_iter().find(|link| link.contains(piece))
    }
}

/// The first part of the given type, depth first.
fn part(mail: &ParsedMail<'_>, mime_type: &str) -> Option<String> {
    if mail.subparts.is_empty() {
        return (mail.ctype.mimetype == mime_type).then(|| mail.get_body().ok()).flatten();
    }
    mail.subparts.iter().find_map(|inner| part(inner, mime_type))
}

/// A folder of messages, of which it remembers what it has read and what it has handed out.
pub struct Mailbox {
    folder: PathBuf,
    read: Mutex<HashMap<PathBuf, Message>>,
    seen: Mutex<HashSet<PathBuf>>,
}

impl Mailbox {
    /// The mailbox of `folder`, which may not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), read: Mutex::default(), seen: Mutex::default() }
    }

    /// Every message, oldest file first.
    pub fn list(&self) -> Vec<Message> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| (entry.metadata().and_then(|meta| meta.modified()).ok(), entry.path()))
            .filter(|(_, path)| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        files.sort();
        // A message is moved into place whole and never changed, so that each is read once.
        let mut read = self.read.lock().expect("a mailbox that no panic has left behind");
        let mut known = |path: PathBuf| match read.entry(path) {
            Entry::Occupied(known) => Some(known.get().clone()),
            Entry::Vacant(new) => {
                let message = Message::read(new.key())?;
                Some(new.insert(message).clone())
            }
        };
        files.into_iter().filter_map(|(_, path)| known(path)).collect()
    }

    /// Every message to `address`, in any case, oldest first.
    pub fn to(&self, address: &str) -> Vec<Message> {
        self.list().into_iter().filter(|message| is_to(message, address)).collect()
    }

    /// The oldest message to `address` that was not handed out before, or none.
    pub fn take(&self, address: &str) -> Option<Message> {
        let mut seen = self.seen.lock().expect("a mailbox that no panic has left behind");
        let message = self.to(address).into_iter().find(|message| !seen.contains(&message.file))?;
        seen.insert(message.file.clone());
        Some(message)
    }

    /// Waits up to ten seconds for the next message to `address` that was not handed out before.
    ///
    /// Panics, with what there is, if none comes.
    pub async fn next(&self, address: &str) -> Message {
        self.next_within(address, Duration::from_secs(10)).await.unwrap_or_else(|| {
            let there: Vec<_> = self.list().into_iter().map(|message| (message.to, message.subject)).collect();
            unreachable!("no new mail to {address}; there is {there:?}")
        })
    }

    /// As [`Self::next`], within `limit` of real time, or none.
    pub async fn next_within(&self, address: &str, limit: Duration) -> Option<Message> {
        let deadline = Deadline::after(limit);
        loop {
            if let Some(message) = self.take(address) {
                return Some(message);
            }
            if deadline.is_over() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn is_to(message: &Message, address: &str) -> bool {
    message.to.iter().any(|to| to.eq_ignore_ascii_case(address))
}
