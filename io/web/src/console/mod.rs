//! Owns the pages of the console, a file a noun. A handler takes a [`Visit`](crate::page::Visit), calls one use case and
//! fills one context of [`crate::pages`]; a form that was not taken is shown again with [`Mistakes`](crate::page::Mistakes);
//! a form that was taken answers with [`done`](crate::page::done).

pub mod account;
mod asking;
pub mod audit_log;
pub mod connections;
pub mod deletion;
pub mod departure;
pub mod domains;
mod ending;
pub mod enforcement;
mod frame;
pub mod invitations;
pub(crate) mod lists;
pub mod member_access;
pub mod member_role;
pub mod members;
pub mod organizations;
pub mod project_people;
pub mod project_role;
pub mod projects;
pub mod second_factor_rule;
pub mod settings;

pub use frame::{frame, frame_of, organization_frame, require};
