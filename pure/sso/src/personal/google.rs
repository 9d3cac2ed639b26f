//! Owns reading a statement of Google as one about a person who is nobody's employee here: the subject, the address, and
//! whether Google answers for it. The statement was verified as any provider's is.

use orgate_core::assertion::EmailVerified;
use orgate_core::email::EmailAddress;
use orgate_core::personal::{PersonalAssertion, PersonalProvider, google_answers_for};
use serde_json::Value;

use crate::oidc::Statement;

/// Where Google is, unless the operator says otherwise.
pub const ISSUER: &str = "https://accounts.google.com";

/// What Google says about a person. `hd` counts from the signed ID token alone.
///
/// *Source*: R-LNK-9, T-LNK-11.
pub fn assertion(statement: Statement) -> PersonalAssertion {
    let email = statement.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
    let verified = statement.email_verified == EmailVerified::True;
    let hosted_domain = statement.signed.get("hd").and_then(Value::as_str);
    PersonalAssertion {
        provider: PersonalProvider::Google,
        authoritative: email.as_ref().is_some_and(|email| google_answers_for(email, verified, hosted_domain)),
        subject: statement.subject,
        email,
        name: statement.name,
    }
}
