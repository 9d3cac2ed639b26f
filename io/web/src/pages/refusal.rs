//! Owns the pages that say no: blocked by SSO, refused with a reference, and the plain error pages.

use askama::Template;

use super::Site;

/// An organization that requires its SSO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockingOrganization {
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// Where to leave it instead, for a browser that goes on from a stopped sign-in (R-ENF-13).
    pub leave_url: Option<String>,
}

/// A personal proof was right, but an organization requires SSO (R-ENF-3). *Forms*: POST `/sign-in/{slug}` for each.
#[derive(Debug, Template)]
#[template(path = "refusal/blocked.html")]
pub struct BlockedPage {
    /// Deployment and theme.
    pub site: Site,
    /// What was just left.
    pub notice: Option<String>,
    /// Every organization that binds the person; at least one.
    pub organizations: Vec<BlockingOrganization>,
    /// The reference that an Owner finds in the audit log, when it was a sign-in that was stopped.
    pub reference: Option<String>,
}

/// An expected "no" on the way in or inside.
#[derive(Debug, Template)]
#[template(path = "refusal/refusal.html")]
pub struct RefusalPage {
    /// Deployment and theme.
    pub site: Site,
    /// What was refused: "Okta did not let you in".
    pub title: String,
    /// What happened, a sentence or two.
    pub happened: String,
    /// What to do now, a sentence or two.
    pub mend: String,
    /// The reference that an Owner finds, when there is a record.
    pub reference: Option<String>,
    /// Where the button leads.
    pub back_url: String,
    /// What the button says: "Back to sign-in".
    pub back_label: String,
}

/// Which of the plain error pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// 400: the form or address could not be read.
    BadRequest,
    /// 403: signed in, but not allowed.
    Forbidden,
    /// 404: nothing here, or not yours to see.
    NotFound,
    /// 409: it changed in the meantime.
    Conflict,
    /// 429: too many tries.
    TooManyRequests,
    /// 500: our fault.
    Fault,
    /// 503: not ready, or part of it is down.
    Unavailable,
}

impl ErrorKind {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooManyRequests => 429,
            Self::Fault => 500,
            Self::Unavailable => 503,
        }
    }

    /// The title of the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "That request could not be read",
            Self::Forbidden => "Your role does not allow this",
            Self::NotFound => "Nothing is here",
            Self::Conflict => "This changed in the meantime",
            Self::TooManyRequests => "Too many tries",
            Self::Fault => "This is our fault",
            Self::Unavailable => "Not available right now",
        }
    }

    /// What to do, when the page has nothing more particular to say.
    pub fn text(self) -> &'static str {
        match self {
            Self::BadRequest => "Go back, reload the page and send the form again.",
            Self::Forbidden => "Ask an Owner of the organization to do it, or to change your role.",
            Self::NotFound => "The address may be mistyped, or what was here is gone or not yours to see.",
            Self::Conflict => "Somebody else was faster. Go back, reload the page and look again before you repeat it.",
            Self::TooManyRequests => "Wait a few minutes, then try again. Nothing was changed.",
            Self::Fault => {
                "Nothing was changed. Try again; if it stays, tell whoever runs this service the reference below."
            }
            Self::Unavailable => "What you sent was perhaps not done. Look whether it was, then try again.",
        }
    }
}

/// 400, 403, 404, 409, 429, 500 and 503.
#[derive(Debug, Template)]
#[template(path = "refusal/error.html")]
pub struct ErrorPage {
    /// Deployment and theme.
    pub site: Site,
    /// Which one.
    pub kind: ErrorKind,
    /// What to say instead of [`ErrorKind::text`].
    pub text: Option<String>,
    /// The reference of the log line.
    pub reference: Option<String>,
}
