//! Owns the bare hash: Argon2id with the program's own parameters and nothing around it, on one thread.

use std::io::Write as _;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};

use super::scene::PASSWORD;
use crate::load::now;

/// *Source*: R-IN-3; the same as `HashingCost::FLOOR`.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// Hashes for a while and prints how many times a second.
///
/// *Errors*: parameters that are none, or a closed pipe.
pub fn hash(seconds: f64) -> Result<(), String> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, LANES, None).map_err(|reason| reason.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (began, mut hashes, mut out) = (now(), 0_u32, [0; 32]);
    while began.elapsed() < Duration::from_secs_f64(seconds) {
        let hashed = argon2.hash_password_into(PASSWORD.as_bytes(), &[7; 16], &mut out);
        hashed.map_err(|reason| reason.to_string())?;
        hashes += 1;
    }
    let rate = f64::from(hashes) / began.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{rate}").map_err(|reason| format!("print: {reason}"))
}
