//! The built program from outside: what stops its start, what it says, and how it ends.

mod demo;
mod deployment;
mod doctor;
mod refuses;
mod stops;
