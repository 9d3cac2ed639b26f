//! Sign-ins through the public interface, against a provider that is a value too. It signs with its own code and shares
//! none with the crate.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets a surprise should stop there"
)]

mod begin;
mod callback;
mod checks;
mod differential;
mod every_code;
mod google;
mod hostile_bytes;
mod id_token;
mod keys;
mod log_out;
mod log_out_token;
mod metadata;
mod pushed;
mod second_judge;
mod support;
mod times;
mod token_response;
mod userinfo;
