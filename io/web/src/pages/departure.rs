//! Owns the pages of leaving an organization without coming in through its SSO (R-ENF-13).

use askama::Template;

use super::Site;
use super::confirmation::{Consequence, Weight};

/// What leaving does, before anything happens: within a stopped sign-in, or by a mailed link. *Forms*: POST `action`
/// without fields, unless there is an obstacle.
#[derive(Debug, Template)]
#[template(path = "departure/leave.html")]
pub struct DeparturePage {
    /// Deployment and theme.
    pub site: Site,
    /// What would be left.
    pub organization_name: String,
    /// What will happen, in order.
    pub consequences: Vec<Consequence>,
    /// What stays as it is, and what comes next.
    pub reassurance: String,
    /// Why it cannot be done, and what to do about it.
    pub obstacle: Option<String>,
    /// The verb on the button: "Mail me a code".
    pub verb: String,
    /// Whether the button ends it, or only mails a code.
    pub weight: Weight,
    /// Where it posts.
    pub action: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
}

impl DeparturePage {
    /// Whether the button ends the membership at once.
    pub fn ends_something(&self) -> bool {
        self.weight == Weight::Ending
    }
}

/// After a mailed link was used. It made no session.
#[derive(Debug, Template)]
#[template(path = "departure/left.html")]
pub struct DepartedPage {
    /// Deployment and theme.
    pub site: Site,
    /// What was left.
    pub organization_name: String,
}
