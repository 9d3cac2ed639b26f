//! OpenID Connect, authorization code flow with PKCE, as a relying party: [`begin()`] gives where to send the browser,
//! [`resume()`] turns the callback into an assertion, [`checks`] probes settings when they are saved.
//!
//! *Source*: R-SSO-8; OpenID Connect Core 1.0 and Discovery 1.0 with errata 2; RFC 7636, 9126, 9207, 9700, 8725.

pub mod algorithm;
pub mod begin;
pub mod callback;
pub mod checks;
mod claims;
mod id_token;
mod jwk;
pub mod jwks;
mod jws;
pub mod log_out;
pub mod log_out_token;
pub mod metadata;
mod person;
pub mod provider_session;
mod pushed;
pub mod resume;
pub mod session_expiry;
pub mod statement;
mod times;
mod token_request;
pub(crate) mod token_response;
mod userinfo;

pub use begin::{AuthorizationOptions, AuthorizationSecrets, begin};
pub use callback::Callback;
pub use provider_session::ProviderSession;
pub use resume::{Attempt, resume};
pub use statement::Statement;

/// The scopes of every authorization request. *Source*: T-BCP-8.
pub const SCOPES: &str = "openid email profile";

/// How far two clocks may differ. *Units*: seconds. *Source*: T-ID-05.
pub const CLOCK_SKEW_SECONDS: i64 = 60;
