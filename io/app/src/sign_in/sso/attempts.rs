//! Owns the memory of attempts through a connection: the reference that a refused person reads out, and what an Owner
//! finds under it, expected against received (R-SSO-9).

use orgate_core::id::{Reference, UserId};
use orgate_core::linking::LinkingRefusal;
use orgate_core::refusal::Refusal;
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode};
use orgate_store::{SsoAttempt, Tx};

use super::document::{Document, Purpose};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::visitor::Visitor;

/// How many attempts of a connection are kept at least. *Units*: attempts.
const KEPT: u32 = 500;
/// What is older is removed at one attempt in 32, which those are whose reference ends so: to find the oldest that is kept, all
/// that are kept have to be counted.
const REMOVES_AT: char = '0';

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum Ended<'a> {
    /// In a session, or in a test's result page.
    Succeeded,
    /// The protocol's "no".
    BySso(&'a SsoRefusal),
    /// Ours.
    ByRule(&'a Refusal),
}

impl Ended<'_> {
    /// The stable code.
    const fn code(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::BySso(refusal) => refusal.code.as_str(),
            Self::ByRule(refusal) => refusal.code(),
        }
    }
}

/// What a refused person sees. Words for people only: what was expected and received is the Owner's to see.
#[derive(Debug, Clone)]
pub struct RefusedAttempt {
    /// The number to read out.
    pub reference: Reference,
    /// The stable code.
    pub code: String,
    /// What happened.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// Whose connection it was.
    pub organization_name: String,
    /// The organization's login address, to try again.
    pub organization_slug: String,
}

/// The page that a refused person is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalPage {
    /// The organization's short name.
    pub slug: String,
    /// The number to read out.
    pub reference: Reference,
    /// The stable code of why, for the log.
    pub code: &'static str,
}

/// Writes a refused attempt down, in the audit log too if it was to end in a session, and says where its page is.
pub(crate) async fn refuse(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    document: &Document,
    user_id: Option<&UserId>,
    ended: &Ended<'_>,
) -> Result<RefusalPage, Error> {
    let reference = record(tx, app, document, user_id, ended).await?;
    if document.purpose == Purpose::SignIn {
        let event = Event::refused("session.refused", ended.code()).data(serde_json::json!({
            "method": "sso", "connection_id": document.connection_id, "reference": reference,
        }));
        audit::record(tx, app, Some(visitor), Some(&document.organization_id), &Author::anonymous(), event).await?;
    }
    let organization = tx.organization(&document.organization_id).load_organization().await?;
    Ok(RefusalPage { slug: organization.slug, reference, code: ended.code() })
}

/// Writes an attempt down.
pub(crate) async fn record(
    tx: &mut Tx,
    app: &App,
    document: &Document,
    user_id: Option<&UserId>,
    ended: &Ended<'_>,
) -> Result<Reference, Error> {
    let reference = app.entropy.reference();
    let (outcome, expected, received) = match ended {
        Ended::Succeeded => ("succeeded", None, None),
        Ended::BySso(refusal) => ("refused", refusal.expected.clone(), refusal.received.clone()),
        Ended::ByRule(_) => ("refused", None, None),
    };
    let record = SsoAttempt {
        reference: reference.clone(),
        connection_id: document.connection_id.clone(),
        at: app.now(),
        purpose: match document.purpose {
            Purpose::SignIn => "sign-in".to_owned(),
            Purpose::Test { .. } => "test".to_owned(),
        },
        outcome: outcome.to_owned(),
        code: ended.code().to_owned(),
        expected,
        received,
        person: document.assertion.as_ref().and_then(|assertion| assertion.email.clone()).map(shorten),
        user_id: user_id.cloned(),
    };
    let mut view = tx.organization(&document.organization_id);
    view.insert_sso_attempt(&record).await?;
    if reference.as_str().ends_with(REMOVES_AT) {
        view.trim_sso_attempts(&document.connection_id, KEPT).await?;
    }
    Ok(reference)
}

fn shorten(text: String) -> String {
    text.chars().filter(|c| !c.is_control()).take(254).collect()
}

/// What an Owner reads of one attempt.
#[derive(Debug, Clone)]
pub struct AttemptView {
    /// The row.
    pub record: SsoAttempt,
    /// What happened, for people.
    pub text: String,
    /// What the Owner can do about it.
    pub mend: String,
}

impl AttemptView {
    /// Adds the words to a row.
    pub fn of(record: SsoAttempt) -> Self {
        let (text, mend) = match (SsoRefusalCode::parse(&record.code), linking_refusal(&record.code)) {
            (Some(code), _) => (format!("{}.", code.happened()), code.mend().to_owned()),
            (None, Some(refusal)) => (words(&record.code).0, refusal.mend().to_owned()),
            (None, None) => words(&record.code),
        };
        Self { record, text, mend }
    }
}

/// What to do for who did not show a second factor, and for who has none to type.
const FACTOR_ADVICE: &str = "Type a code of your authenticator app or a recovery code. If a passkey is all you have, sign in \
     with it, get recovery codes under Sign-in and security, and come back.";

/// What to do for who was refused because too much was asked for.
const TOO_MANY_ADVICE: &str = "Wait an hour, then start again.";

/// What a code means for the person: what happened, and what to do beyond it. What mends a protocol's refusal is the
/// Owner's to read.
fn words(code: &str) -> (String, String) {
    if let Some(code) = SsoRefusalCode::parse(code) {
        return (code.for_person().to_owned(), String::new());
    }
    if code == "succeeded" {
        return ("Signed in.".to_owned(), String::new());
    }
    if code == Refusal::NeedsSecondFactor.code() {
        return (format!("{}.", Refusal::NeedsSecondFactor.title()), FACTOR_ADVICE.to_owned());
    }
    match Refusal::of_code(code) {
        // For how long is not in the row, and less by the time that somebody reads it.
        Some(refusal @ Refusal::TooManyRequests { .. }) => {
            (format!("{}.", refusal.title()), TOO_MANY_ADVICE.to_owned())
        }
        Some(refusal) => (format!("{}.", refusal.title()), refusal.advice()),
        None => ("Refused.".to_owned(), String::new()),
    }
}

fn linking_refusal(code: &str) -> Option<LinkingRefusal> {
    LinkingRefusal::ALL.into_iter().find(|refusal| refusal.code() == code)
}

/// What a refused person sees under their reference. The page says nothing that the refusal itself did not say.
///
/// *Errors*: [`Refusal::NotFound`].
pub async fn refused(app: &App, slug: &str, reference: &str) -> Result<RefusedAttempt, Error> {
    let reference = Reference::parse(reference).ok_or(Refusal::NotFound)?;
    app.store
        .read((slug.to_owned(), reference), |tx, (slug, reference)| {
            Box::pin(async move {
                let organization = tx.instance().find_organization_by_slug(slug).await?.ok_or(Refusal::NotFound)?;
                let record = tx.organization(&organization.id).find_sso_attempt(reference).await?;
                let record = record.ok_or(Refusal::NotFound)?;
                let (text, advice) = words(&record.code);
                Ok(RefusedAttempt {
                    reference: record.reference,
                    code: record.code,
                    text,
                    advice,
                    organization_name: organization.name,
                    organization_slug: organization.slug,
                })
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_sso_9_every_refusal_that_is_filed_says_what_happened_and_what_to_do() {
        for refusal in [
            Refusal::TooManyRequests { retry_after: std::time::Duration::from_secs(40) },
            Refusal::AddressTaken,
            Refusal::NoActiveConnection,
            Refusal::SsoRequired(Vec::new()),
            Refusal::ConnectionChanged,
            Refusal::Linking(LinkingRefusal::MembershipRemoved),
        ] {
            let (text, advice) = words(refusal.code());
            assert_eq!(text, format!("{}.", refusal.title()), "{refusal:?}");
            assert!(!advice.is_empty() && !advice.contains("40"), "{refusal:?}: {advice}");
        }
    }

    #[test]
    fn one_attempt_in_32_removes_what_is_older_than_those_that_are_kept() {
        let references = (0..=255).map(|byte| Reference::new([7, 7, 7, 7, byte]));
        let removing = references.filter(|reference| reference.as_str().ends_with(REMOVES_AT)).count();
        assert_eq!(removing, 256 / 32);
    }
}
