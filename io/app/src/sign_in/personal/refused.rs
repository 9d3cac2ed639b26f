//! Owns the end of a sign-in through Google or GitHub that opens nothing: a page with what to do and a number, under which
//! whoever runs the deployment finds it in the instance's log.

use orgate_core::id::SignInId;
use orgate_core::refusal::Refusal;
use orgate_store::Tx;

use super::document::{self, Document, Refused, STAGE_REFUSED, Waiting};
use super::exchange::PersonalRefusal;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::visitor::Visitor;

/// How it ended.
#[derive(Debug, Clone)]
pub(super) enum Ended<'a> {
    /// The provider said no, or its answer was worth nothing.
    ByProvider(&'a PersonalRefusal),
    /// By our rules.
    ByRule(&'a Refusal),
}

impl Ended<'_> {
    fn code(&self) -> &'static str {
        match self {
            Self::ByProvider(refusal) => refusal.code(),
            Self::ByRule(refusal) => refusal.code(),
        }
    }

    fn title(&self) -> String {
        match self {
            Self::ByProvider(refusal) => format!("{} did not sign you in", refusal.provider.words()),
            Self::ByRule(refusal) => refusal.title().to_owned(),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::ByProvider(refusal) => refusal.for_person(),
            Self::ByRule(refusal) => refusal.advice(),
        }
    }
}

/// Writes it down, and says where its page is.
pub(super) async fn file(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    browser: [u8; 32],
    (document, ended): (&Document, &Ended<'_>),
) -> Result<SignInId, Error> {
    let reference = app.entropy.reference();
    let event = Event::refused("session.refused", ended.code()).data(serde_json::json!({
        "method": document.provider.method().as_str(), "reference": reference,
    }));
    audit::record(tx, app, Some(visitor), None, &Author::anonymous(), event).await?;
    let refused = Refused { reference, code: ended.code().to_owned(), title: ended.title(), advice: ended.advice() };
    let over = Document { pending: None, said: None, proven: None, refused: Some(refused), ..document.clone() };
    document::insert(tx, app, browser, Waiting::Person(STAGE_REFUSED), &over).await
}
