//! Owns the memory that hashes are computed in. Each hashing thread keeps its own for good: asking the system for 19 MiB each
//! time, and giving them back, costs a third of the hash. A thread that lets go of it while it is idle gives the system nothing
//! back either: the allocator keeps blocks of this size, aligned as they are, and takes another one for the next hash.

use std::cell::RefCell;

use argon2::password_hash::Error as HashError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

thread_local! {
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// The hash of a password in this thread's memory.
///
/// *Errors*: parameters, a salt or a length that Argon2 does not have.
pub(super) fn hash(
    (algorithm, version, params): (Algorithm, Version, Params),
    password: &[u8],
    salt: &[u8],
) -> Result<PasswordHash, HashError> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut buffer = [0; Output::MAX_LENGTH];
    let out = buffer.get_mut(..length).ok_or(HashError::OutputSize)?;
    MEMORY.with_borrow_mut(|memory| {
        let blocks = params.block_count();
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        let argon2 = Argon2::new(algorithm, version, params.clone());
        argon2.hash_password_into_with_memory(password, salt, out, memory)
    })?;
    Ok(PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(out)?),
    })
}

/// Compares a password with a stored hash, by the stored parameters.
///
/// *Errors*: [`HashError::PasswordInvalid`] when it is another one; a hash that is none of Argon2's.
pub(super) fn verify(password: &[u8], stored: &PasswordHash) -> Result<(), HashError> {
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Err(HashError::EncodingInvalid) };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let computed = hash((algorithm, version, Params::try_from(stored)?), password, salt)?;
    // `Output` compares in constant time.
    if computed.hash.as_ref() == Some(expected) { Ok(()) } else { Err(HashError::PasswordInvalid) }
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    fn params(memory: u32, passes: u32) -> (Algorithm, Version, Params) {
        (Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, 1, None).unwrap())
    }

    #[test]
    fn memory_that_was_used_before_changes_no_hash() {
        for (memory, passes, password) in [(64, 2, "first"), (32, 1, "second"), (128, 3, "third"), (64, 2, "first")] {
            let (algorithm, version, params) = params(memory, passes);
            let fresh = Argon2::new(algorithm, version, params.clone());
            let expected = fresh.hash_password_with_salt(password.as_bytes(), &[7; 16]).unwrap();
            let ours = hash((algorithm, version, params), password.as_bytes(), &[7; 16]).unwrap();
            assert_eq!(ours.to_string(), expected.to_string());
            assert!(fresh.verify_password(password.as_bytes(), &ours).is_ok());
            assert!(verify(password.as_bytes(), &expected).is_ok());
            assert!(matches!(verify(b"another", &expected), Err(HashError::PasswordInvalid)));
        }
        assert_eq!(MEMORY.with_borrow(Vec::len), 128, "as much as the largest of them took");
    }
}
