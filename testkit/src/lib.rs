//! The kit of the tests: a hostile identity provider, a GitHub, a DNS server, a certificate authority, a mail server, a mailbox reader,
//! a clock that stands still, and fresh PostgreSQL databases.
//!
//! It shares no token-checking code with the product, so that a mistake there cannot excuse itself here. Everything
//! listens on loopback, lives in a thread of its own and ends when its handle is dropped.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a broken set-up ends the test it was made for, there and then"
)]

mod ambient;
pub mod authenticator;
mod background;
pub mod ca;
pub mod clock;
pub mod dns;
pub mod github;
pub mod hostile_idp;
pub mod mail_server;
pub mod mailbox;
pub mod memory;
pub mod postgres;

pub use ca::Authority;
pub use clock::ManualClock;
pub use dns::Dns;
pub use github::GitHub;
pub use hostile_idp::{HostileIdp, Mischief, Person, Setup};
pub use mail_server::MailServer;
pub use mailbox::Mailbox;
