//! Owns the pages of a test sign-in: its start and its result (R-SSO-6).

use askama::Template;

use super::sso::ConnectionHead;
use super::{Frame, Moment};

/// `/organizations/{slug}/connections/{id}/tests/{test_id}` before anybody signed in. *Forms*: POST the same URL
/// begins the sign-in.
#[derive(Debug, Template)]
#[template(path = "sso/test_start.html")]
pub struct TestStartPage {
    /// Side bar.
    pub frame: Frame,
    /// Which connection.
    pub connection: ConnectionHead,
    /// Id of the test.
    pub test_id: String,
    /// The absolute URL of this page, for another browser.
    pub url: String,
    /// Until when it can be used.
    pub expires: Moment,
}

/// One claim of the assertion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// Its name: "email".
    pub name: String,
    /// Its value as text; secrets and tokens never get here.
    pub value: String,
    /// What it means here: "Key of the person", or empty.
    pub remark: String,
}

/// Why the test failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestFailure {
    /// What happened: "The ID token names another issuer".
    pub happened: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What came instead.
    pub received: Option<String>,
    /// What to do about it.
    pub mend: String,
    /// The reference under recent attempts.
    pub reference: String,
}

/// The same URL once somebody signed in. *Forms*: POST `{connection}/tests` (again). *Links*: `{connection}/activation`.
#[derive(Debug, Template)]
#[template(path = "sso/test_result.html")]
pub struct TestResultPage {
    /// Side bar.
    pub frame: Frame,
    /// Which connection.
    pub connection: ConnectionHead,
    /// When the outcome was known.
    pub at: Moment,
    /// Why it failed; nothing when it succeeded.
    pub failure: Option<TestFailure>,
    /// The claims received.
    pub claims: Vec<Claim>,
    /// Who they resolve to, as a sentence: "Robin Vale (robin@acme.example), Owner of Acme Robotics."
    pub resolves_to: String,
    /// What would happen at a real sign-in, a sentence each.
    pub would_happen: Vec<String>,
    /// Whether that is a refusal.
    pub would_be_refused: bool,
    /// Whether the settings can be activated now.
    pub can_be_activated: bool,
    /// Members who are linked under another issuer or client id and will be matched anew.
    pub linked_elsewhere: u64,
}
