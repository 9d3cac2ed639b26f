//! The only crate that names a SQL driver: one seam over SQLite and PostgreSQL, and every statement of Orgate.
//!
//! A use case calls [`Store::read`] or [`Store::write`] and gets a [`Tx`]. From there, [`Tx::organization`] shows one
//! organization and nothing else, and [`Tx::instance`] what belongs to no organization. Neither offers SQL: each noun's
//! file adds its functions to them. A transaction is never open while the network is used.

mod account;
mod audit_event;
mod challenge;
mod connection;
mod connection_test;
mod credential;
mod db;
mod deletion;
mod departure;
mod device;
mod enforcement;
mod engine;
mod error;
mod identity;
mod instance;
mod invitation;
mod known_origin;
mod mail;
mod membership;
mod merge;
mod migrate;
mod org;
mod organization;
mod page;
mod password_reset;
mod personal_identity;
mod place;
mod project;
mod rate_counter;
mod recovery_code;
mod revision;
mod session;
mod sign_in;
mod sign_up;
mod sso_attempt;
mod throttle;
mod totp;
mod user;
mod value;

pub use account::{OwnGrant, OwnMembership};
pub use audit_event::{AuditEvent, AuditFilter};
pub use challenge::Challenge;
pub use connection::Connection;
pub use connection_test::ConnectionTest;
pub use credential::PasswordCredential;
pub use db::{Database, Store, StoreSettings, Tx};
pub use departure::Departure;
pub use enforcement::Terms;
pub use error::{Constraint, StoreError};
pub use identity::{Identity, KeySpace, LinkedPerson};
pub use instance::{Instance, InstanceTx};
pub use invitation::{Invitation, InvitationTokens, InvitedProject};
pub use mail::Mail;
pub use membership::{Member, MemberFilter, Membership};
pub use migrate::Migrate;
pub use org::OrgTx;
pub use organization::Organization;
pub use page::Page;
pub use password_reset::PasswordReset;
pub use personal_identity::PersonalIdentity;
pub use place::UserPlace;
pub use project::{Project, ProjectGrant};
pub use revision::Revision;
pub use session::{Session, SessionCheck};
pub use sign_in::SignIn;
pub use sign_up::SignUp;
pub use sso_attempt::SsoAttempt;
pub use throttle::{Throttle, ThrottleLimit};
pub use totp::TotpCredential;
pub use user::User;
