//! Owns how a recovery code is kept: hashed, for it holds enough chance that nobody can try them all (R-IN-4).

use orgate_core::id::UserId;

use crate::token::{TokenPurpose, hash_text};

/// More than any code of ours. *Units*: characters.
const LONGEST: usize = 64;

/// The hash of a person's code, however they type it: case, spaces and dashes are forgiven.
pub(crate) fn hash(user_id: &UserId, typed: &str) -> [u8; 32] {
    let code: String = typed.chars().filter(char::is_ascii_alphanumeric).take(LONGEST).collect();
    hash_text(TokenPurpose::RecoveryCode, &format!("{user_id} {}", code.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use orgate_core::id::Identifier as _;
    use orgate_core::time::Timestamp;

    use super::*;

    #[test]
    fn a_code_is_read_kindly_and_is_one_persons() {
        let [kim, lee] = [1, 2].map(|number| UserId::new(Timestamp::from_millis(1), [number; 10]));
        let kept = hash(&kim, "abcd-2345-wxyz-6789");
        for typed in ["ABCD 2345 WXYZ 6789", " abcd2345wxyz6789\n"] {
            assert_eq!(hash(&kim, typed), kept, "{typed:?}");
        }
        assert_ne!(hash(&kim, "abcd-2345-wxyz-6788"), kept);
        assert_ne!(hash(&lee, "abcd-2345-wxyz-6789"), kept);
    }
}
