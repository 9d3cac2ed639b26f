//! Owns the start of every page that asks before an act: its frame, its question, where it posts and where "Cancel"
//! leads. What will happen to whom is added by the noun (R-UI-2).

use crate::pages::Frame;
use crate::pages::confirmation::{ConfirmationPage, Weight};

/// The words and ways of a question.
pub struct Question<'q> {
    /// "Remove Robin Vale from Acme Robotics?"
    pub title: String,
    /// The verb on the button.
    pub verb: &'q str,
    /// Where it posts.
    pub action: String,
    /// Where "Cancel" leads, and what that page is called.
    pub above: (&'q str, String),
}

/// A page that asks before something ends or is lost, with nothing yet said about what.
pub fn ask(frame: Frame, question: Question<'_>) -> ConfirmationPage {
    let (label, cancel_url) = question.above;
    ConfirmationPage {
        frame,
        above: Some((label.to_owned(), cancel_url.clone())),
        title: question.title,
        text: String::new(),
        badge: None,
        consequences: Vec::new(),
        reassurance: String::new(),
        switches: Vec::new(),
        typed_name: None,
        problem: None,
        verb: question.verb.to_owned(),
        weight: Weight::Ending,
        action: question.action,
        hidden: Vec::new(),
        cancel_url,
    }
}
