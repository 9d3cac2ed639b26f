//! Owns [`Statement`]: what a provider says of one person, verified, before it is known through which connection or for
//! which purpose it was asked.

use orgate_core::assertion::{Assertion, EmailVerified, Subject};
use orgate_core::id::{ConnectionId, RevisionId};
use orgate_core::time::Timestamp;

use crate::json::Object;
use crate::oidc::provider_session::ProviderSession;

/// A verified statement. Its parts mean what those of an [`Assertion`] mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// The client id that it was made for.
    pub client_id: String,
    /// The provider's name for the person.
    pub subject: Subject,
    /// The address as asserted, unparsed.
    pub email: Option<String>,
    /// What was said about the address.
    pub email_verified: EmailVerified,
    /// A display name fit to print.
    pub name: Option<String>,
    /// When the person authenticated there, if it said so.
    pub auth_time: Option<Timestamp>,
    /// Whether `max_age=0` was sent.
    pub max_age_zero: bool,
    /// When the person's session there ends, if it said so: ahead when the token was judged.
    pub session_expiry: Option<Timestamp>,
    /// Authentication methods that it named.
    pub amr: Vec<String>,
    /// The claims received, printed.
    pub claims: Vec<(String, String)>,
    /// What signing out at the provider takes.
    pub session: ProviderSession,
    /// The ID token's claims, for what one provider alone says.
    pub(crate) signed: Object,
}

impl Statement {
    /// The statement as one that a tenant's connection vouches for.
    pub fn through(self, connection_id: ConnectionId, revision_id: RevisionId) -> Assertion {
        Assertion {
            connection_id,
            revision_id,
            issuer: self.issuer,
            client_id: self.client_id,
            subject: self.subject,
            email: self.email,
            email_verified: self.email_verified,
            name: self.name,
            auth_time: self.auth_time,
            max_age_zero: self.max_age_zero,
            session_expiry: self.session_expiry,
            amr: self.amr,
            claims: self.claims,
        }
    }
}
