//! Owns the pages of the console, a file a noun. A handler takes a [`Visit`](crate::page::Visit), calls one use case and
//! fills one context of [`crate::pages`]; a form that was not taken is shown again with [`Mistakes`](crate::page::Mistakes);
//! a form that was taken answers with [`done`](crate::page::done).

mod frame;
pub mod organizations;

pub use frame::{frame, organization_frame};
