//! What the Owner of an organization can do, a file for each sort.

pub mod assertion;
pub mod call;
pub mod log_out;
pub mod organization;
