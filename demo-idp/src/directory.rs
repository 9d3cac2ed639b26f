//! What the provider knows: people, application integrations, and what is in flight between them (sign-ins, codes,
//! access tokens). Applications and the signing key are kept in the state file; the rest ends with the process.

use std::collections::{BTreeSet, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::application::{Application, NewApplication, Refusal, settle};
use crate::key::SigningKey;
use crate::{Effects, StartError};

/// How long a browser stays signed in. *Units*: seconds.
const SIGN_IN_LIFETIME_SECONDS: i64 = 12 * 60 * 60;
/// How long a code is good. *Units*: seconds.
const CODE_LIFETIME_SECONDS: i64 = 60;
/// How long an access token is good. *Units*: seconds.
pub(crate) const TOKEN_LIFETIME_SECONDS: i64 = 60 * 60;

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The subject: this provider's stable name for them.
    pub subject: String,
    /// The address.
    pub email: String,
    /// Whether the provider calls the address verified.
    pub email_verified: bool,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// A few words for the sign-in page: who this is in the demonstration.
    pub about: String,
}

impl Person {
    /// The full name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    pub(crate) fn initials(&self) -> String {
        self.given_name.chars().take(1).chain(self.family_name.chars().take(1)).collect()
    }
}

/// A browser's sign-in at the provider.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) subject: String,
    /// *Units*: UTC seconds.
    pub(crate) authenticated: i64,
    /// What applications know this sign-in by.
    pub(crate) sid: String,
}

/// A sign-in that is over.
#[derive(Debug)]
pub(crate) struct SignedOut {
    pub(crate) signed_in: SignedIn,
    /// The applications that it had opened.
    pub(crate) opened: Vec<Application>,
}

/// What a code stands for, until it is taken.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) signed_in: SignedIn,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
}

/// What is kept in the state file.
#[derive(Serialize, Deserialize)]
struct Kept {
    signing_key: String,
    applications: Vec<Application>,
}

/// Everything the provider knows.
pub(crate) struct Directory {
    people: Vec<Person>,
    kept: Kept,
    state_file: Option<PathBuf>,
    sign_ins: HashMap<String, SignedIn>,
    codes: HashMap<String, (i64, Grant)>,
    access_tokens: HashMap<String, (i64, Grant)>,
    /// Which applications a sign-in opened, by its `sid`.
    opened: HashMap<String, BTreeSet<String>>,
}

impl Directory {
    /// The directory and the signing key, from the state file where there is one.
    pub(crate) fn open(
        people: Vec<Person>,
        applications: Vec<Application>,
        state_file: Option<PathBuf>,
    ) -> Result<(Self, SigningKey), StartError> {
        let earlier = state_file.as_deref().map(read).transpose()?.flatten();
        let (key, mut kept) = if let Some(kept) = earlier {
            (SigningKey::parse(&kept.signing_key)?, kept)
        } else {
            let (key, signing_key) = SigningKey::generate()?;
            (key, Kept { signing_key, applications: Vec::new() })
        };
        for application in applications {
            if !kept.applications.iter().any(|known| known.client_id == application.client_id) {
                kept.applications.push(application);
            }
        }
        if let Some(path) = &state_file {
            write(path, &kept).map_err(|source| StartError::State(path.clone(), source))?;
        }
        let (sign_ins, codes, access_tokens, opened) = Default::default();
        Ok((Self { people, kept, state_file, sign_ins, codes, access_tokens, opened }, key))
    }

    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    pub(crate) fn person(&self, subject: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.subject == subject)
    }

    pub(crate) fn applications(&self) -> &[Application] {
        &self.kept.applications
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.kept.applications.iter().find(|application| application.client_id == client_id)
    }

    /// Creates an application with an id and a secret in Okta's shape.
    pub(crate) fn create(&mut self, new: NewApplication, effects: &Effects) -> Result<Application, Refusal> {
        let mut application = Application {
            name: String::new(),
            client_id: format!("0oa{}", random_text(effects, 17)),
            client_secret: random_text(effects, 64),
            redirect_uris: Vec::new(),
            initiate_login_uri: None,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            assigned: BTreeSet::new(),
        };
        settle(&mut application, new)?;
        self.kept.applications.push(application.clone());
        if let Err(refusal) = self.save() {
            self.kept.applications.pop();
            return Err(refusal);
        }
        Ok(application)
    }

    /// Changes what an administrator may edit of an application; its assignments stay.
    pub(crate) fn edit(&mut self, client_id: &str, new: NewApplication) -> Result<(), Refusal> {
        self.change(client_id, |application| {
            let assigned = application.assigned.clone();
            settle(application, NewApplication { assigned, ..new })
        })
    }

    /// Assigns a person to an application, or takes the assignment away.
    pub(crate) fn assign(&mut self, client_id: &str, subject: &str, assigned: bool) -> Result<(), Refusal> {
        if self.person(subject).is_none() {
            return Err(Refusal::UnknownPerson);
        }
        self.change(client_id, |application| {
            if assigned {
                application.assigned.insert(subject.to_owned());
            } else {
                application.assigned.remove(subject);
            }
            Ok(())
        })
    }

    /// Replaces an application's secret; the old one is refused from now on.
    pub(crate) fn rotate_secret(&mut self, client_id: &str, effects: &Effects) -> Result<(), Refusal> {
        let secret = random_text(effects, 64);
        self.change(client_id, |application| {
            application.client_secret = secret;
            Ok(())
        })
    }

    /// Changes an application and saves it, or leaves everything as it was.
    pub(crate) fn change(
        &mut self,
        client_id: &str,
        change: impl FnOnce(&mut Application) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let before = self.kept.applications.clone();
        let mut applications = self.kept.applications.iter_mut();
        let application = applications.find(|known| known.client_id == client_id).ok_or(Refusal::UnknownApplication)?;
        let outcome = change(application).and_then(|()| self.save());
        if outcome.is_err() {
            self.kept.applications = before;
        }
        outcome
    }

    fn save(&self) -> Result<(), Refusal> {
        self.state_file.as_deref().map_or(Ok(()), |path| write(path, &self.kept)).map_err(Refusal::NotSaved)
    }

    /// Remembers that a browser signed in.
    pub(crate) fn sign_in(&mut self, browser: String, signed_in: SignedIn) {
        let oldest = signed_in.authenticated - SIGN_IN_LIFETIME_SECONDS;
        self.sign_ins.retain(|_, earlier| earlier.authenticated > oldest);
        self.sign_ins.insert(browser, signed_in);
        let alive: BTreeSet<_> = self.sign_ins.values().map(|signed_in| signed_in.sid.as_str()).collect();
        self.opened.retain(|sid, _| alive.contains(sid.as_str()));
    }

    /// Who is signed in there.
    pub(crate) fn signed_in(&self, browser: &str, now: i64) -> Option<&SignedIn> {
        self.sign_ins.get(browser).filter(|signed_in| signed_in.authenticated > now - SIGN_IN_LIFETIME_SECONDS)
    }

    /// Signs a browser out.
    pub(crate) fn sign_out(&mut self, browser: &str) -> Option<SignedOut> {
        let signed_in = self.sign_ins.remove(browser)?;
        let opened = self.opened.remove(&signed_in.sid).unwrap_or_default();
        let opened = opened.iter().filter_map(|client_id| self.application(client_id).cloned()).collect();
        Some(SignedOut { signed_in, opened })
    }

    /// Issues a code that works once within a minute.
    pub(crate) fn issue_code(&mut self, code: String, grant: Grant, now: i64) {
        self.codes.retain(|_, (expires, _)| *expires > now);
        self.codes.insert(code, (now + CODE_LIFETIME_SECONDS, grant));
    }

    /// Takes what a code stands for; a second try finds nothing.
    pub(crate) fn consume_code(&mut self, code: &str, now: i64) -> Option<Grant> {
        self.codes.remove(code).filter(|(expires, _)| *expires > now).map(|(_, grant)| grant)
    }

    /// Issues an access token for UserInfo.
    pub(crate) fn issue_access_token(&mut self, token: String, grant: Grant, now: i64) {
        self.access_tokens.retain(|_, (expires, _)| *expires > now);
        self.opened.entry(grant.signed_in.sid.clone()).or_default().insert(grant.client_id.clone());
        self.access_tokens.insert(token, (now + TOKEN_LIFETIME_SECONDS, grant));
    }

    /// What an access token stands for.
    pub(crate) fn access_token(&self, token: &str, now: i64) -> Option<&Grant> {
        self.access_tokens.get(token).filter(|(expires, _)| *expires > now).map(|(_, grant)| grant)
    }
}

/// Random letters and digits, 5.95 bits each.
pub(crate) fn random_text(effects: &Effects, length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut byte = [0];
        (effects.fill)(&mut byte);
        // Bytes from 248 on are thrown away, so that every sign is as likely as any other.
        let [byte] = byte;
        if let Some(sign) = ALPHABET.get(usize::from(byte) % ALPHABET.len()).filter(|_| byte < 248) {
            text.push(char::from(*sign));
        }
    }
    text
}

fn read(path: &Path) -> Result<Option<Kept>, StartError> {
    let failed = |source| StartError::State(path.to_owned(), source);
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Replaces the file as a whole, readable by its owner only: it holds the key and the secrets.
fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let beside = path.with_extension("new");
    let mut file = options.open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(kept)?)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}
