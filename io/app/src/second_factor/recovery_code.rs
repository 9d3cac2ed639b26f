//! Owns how recovery codes are drawn and shown; how they are read and hashed is where they are asked for. Each has 120 bits,
//! so that a hash without a key gives nothing away (V6.5.2 asks for 112, NIST SP 800-63B for 64), in groups that a person
//! can copy from paper.

use std::fmt;

use orgate_core::id::UserId;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::entropy::{Draw, Entropy};
use crate::sign_in::second_factor::recovery;

/// How many a person gets.
pub const RECOVERY_CODES: usize = 10;

/// *Units*: bytes; 24 signs of five bits.
const BYTES: usize = 15;
const SIGNS: usize = 24;
const GROUP: usize = 4;
/// Digits and small letters without i, l, o and u, which are taken for others.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// One code; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; SIGNS]);

impl RecoveryCode {
    /// Draws one.
    pub(crate) fn generate(entropy: &(impl Entropy + ?Sized)) -> Self {
        let mut drawn: [u8; BYTES] = entropy.bytes();
        let mut bits = drawn.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        drawn.zeroize();
        let mut signs = [0; SIGNS];
        for sign in &mut signs {
            let index = usize::try_from(bits & 31).unwrap_or_default();
            *sign = ALPHABET.get(index).copied().unwrap_or(b'0');
            bits >>= 5;
        }
        Self(signs)
    }

    /// A whole set.
    pub(crate) fn generate_all(entropy: &(impl Entropy + ?Sized)) -> Vec<Self> {
        (0..RECOVERY_CODES).map(|_| Self::generate(entropy)).collect()
    }

    /// As it is shown, once: `7k2m-9xqd-4hzt-w3fc-8n5r-j6vp`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(SIGNS + SIGNS / GROUP);
        for (index, sign) in self.0.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(*sign));
        }
        Zeroizing::new(text)
    }

    /// What is stored.
    pub(crate) fn hash(&self, user_id: &UserId) -> [u8; 32] {
        recovery::hash(user_id, &self.reveal())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use orgate_core::id::Identifier as _;
    use orgate_core::time::Timestamp;

    use super::*;
    use crate::entropy::SeededEntropy;

    struct Same(u8);

    impl Entropy for Same {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    fn user(number: u8) -> UserId {
        UserId::new(Timestamp::from_millis(1), [number; 10])
    }

    #[test]
    fn a_set_is_ten_different_codes_of_six_groups() {
        let codes = RecoveryCode::generate_all(&SeededEntropy::new(1));
        let texts: HashSet<String> = codes.iter().map(|code| code.reveal().to_string()).collect();
        assert_eq!(texts.len(), RECOVERY_CODES);
        for text in texts {
            let groups: Vec<_> = text.split('-').collect();
            assert!(groups.len() == 6 && groups.iter().all(|group| group.len() == 4), "{text}");
        }
    }

    #[test]
    fn every_bit_that_was_drawn_is_in_the_code() {
        assert_eq!(*RecoveryCode::generate(&Same(0)).reveal(), "0000-0000-0000-0000-0000-0000");
        assert_eq!(*RecoveryCode::generate(&Same(255)).reveal(), "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz");
    }

    #[test]
    fn a_code_is_its_persons_and_printing_shows_none() {
        let code = RecoveryCode::generate(&SeededEntropy::new(2));
        assert_eq!(code.hash(&user(1)), code.clone().hash(&user(1)));
        assert_ne!(code.hash(&user(1)), code.hash(&user(2)));
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }
}
