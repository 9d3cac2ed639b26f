//! Owns joining ID token and UserInfo into a [`Statement`]. UserInfo only fills gaps: it never replaces what the ID
//! token says, and never touches issuer or subject.
//!
//! *Source*: R-SSO-8, T-ID-10.

use orgate_core::assertion::EmailVerified;

use crate::json::Object;
use crate::oidc::claims;
use crate::oidc::id_token::IdToken;
use crate::oidc::provider_session::ProviderSession;
use crate::oidc::resume::Attempt;
use crate::oidc::statement::Statement;

/// What UserInfo could still say about the address in an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// Nothing.
    None,
    /// The address itself.
    Email,
    /// Whether it is verified.
    EmailVerified,
}

/// The gap in an ID token.
pub(crate) fn gap(id_token: &IdToken) -> Gap {
    match (claims::email(&id_token.claims), claims::email_verified(&id_token.claims)) {
        (None, _) => Gap::Email,
        (Some(_), EmailVerified::Missing) => Gap::EmailVerified,
        (Some(_), EmailVerified::True | EmailVerified::FalseOrMalformed) => Gap::None,
    }
}

/// What the provider states in this attempt.
pub(crate) fn statement(
    attempt: &Attempt,
    id_token: IdToken,
    session: ProviderSession,
    userinfo: Option<&Object>,
) -> Statement {
    let IdToken { subject, auth_time, session_expiry, claims } = id_token;
    let empty = Object::new();
    let more = userinfo.unwrap_or(&empty);
    let (email, email_verified) = address(&claims, more);
    let name = claims::name(&claims).or_else(|| claims::name(more));
    let all = more.iter().chain(&claims).map(|(name, value)| (name.clone(), value.clone())).collect();
    Statement {
        issuer: attempt.client.issuer().to_owned(),
        client_id: attempt.client.id().to_owned(),
        subject,
        email,
        email_verified,
        name,
        auth_time,
        max_age_zero: attempt.max_age_zero,
        session_expiry,
        amr: claims::methods(&claims),
        claims: claims::printed(&all),
        session,
        signed: claims,
    }
}

/// The address and what is said about that very address. Where the two sources contradict each other, the address
/// counts as not verified, so that a mailed code decides.
fn address(token: &Object, more: &Object) -> (Option<String>, EmailVerified) {
    use EmailVerified::{FalseOrMalformed, Missing, True};
    let (said, more_said) = (claims::email_verified(token), claims::email_verified(more));
    let Some(email) = claims::email(token) else {
        let verified = if said == FalseOrMalformed { FalseOrMalformed } else { more_said };
        return (claims::email(more).map(str::to_owned), verified);
    };
    let about_the_same = claims::email(more).is_none_or(|other| other == email);
    let verified = match said {
        True | FalseOrMalformed => said,
        Missing if about_the_same => more_said,
        Missing => FalseOrMalformed,
    };
    (Some(email.to_owned()), verified)
}
