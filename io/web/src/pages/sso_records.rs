//! Owns what a connection has seen: recent attempts and linked identities.

use askama::Template;

use super::sso::ConnectionHead;
use super::{Badge, Frame, Moment, Pager, Person};

/// One attempt to sign in through the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// What the person was shown: "K7Q-2M9".
    pub reference: String,
    /// When.
    pub at: Moment,
    /// Who it was, as far as known: a name or address, or empty.
    pub person: String,
    /// How it went: "Signed in", "Refused", "Test".
    pub outcome: Badge,
    /// What happened, as a sentence.
    pub happened: String,
    /// The stable code, empty when it succeeded.
    pub code: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What came instead.
    pub received: Option<String>,
    /// What to do about it.
    pub mend: Option<String>,
}

/// `/organizations/{slug}/connections/{id}/attempts?reference=`.
#[derive(Debug, Template)]
#[template(path = "sso/attempts.html")]
pub struct AttemptsPage {
    /// Side bar.
    pub frame: Frame,
    /// Which connection.
    pub connection: ConnectionHead,
    /// What was searched for: query parameter `reference`.
    pub reference: String,
    /// The attempts, latest first.
    pub items: Vec<AttemptRow>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One linked person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityRow {
    /// Who.
    pub person: Person,
    /// The IdP's stable name for them.
    pub subject: String,
    /// Whether it belongs to another issuer or client id than the settings in use.
    pub superseded: bool,
    /// When it was linked.
    pub linked: Moment,
    /// When it was last used.
    pub last_sign_in: Option<Moment>,
}

/// `/organizations/{slug}/connections/{id}/identities`. *Forms*: GET `{connection}/identities/removal` with `identity`, the
/// id of a person, for each that is marked, which asks before it posts to the same URL.
#[derive(Debug, Template)]
#[template(path = "sso/identities.html")]
pub struct IdentitiesPage {
    /// Side bar.
    pub frame: Frame,
    /// Which connection.
    pub connection: ConnectionHead,
    /// Why nothing was cleared.
    pub problem: Option<String>,
    /// The identities.
    pub items: Vec<IdentityRow>,
    /// Where the list goes on.
    pub pager: Pager,
}
