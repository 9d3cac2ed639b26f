//! Owns the secrets that people and browsers carry: 256-bit tokens, kept only as hashes, and six-digit codes, kept only
//! as keyed MACs. What each is for is part of what is stored, so none passes for another (T-WEB-7).

use std::fmt;

use aws_lc_rs::{digest, hmac};
use data_encoding::BASE64URL_NOPAD;
use orgate_core::challenge::ChallengePurpose;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::entropy::{Draw, Entropy};
use crate::instance_key::{InstanceKey, KEY_ID_BYTES, KeyId};

const TOKEN_BYTES: usize = 32;
/// Six bits a letter, without padding.
const TOKEN_LETTERS: usize = (TOKEN_BYTES * 8).div_ceil(6);
const CODE_LENGTH: usize = 6;
/// A token is hashed in one piece of so much, with what it is for. *Units*: bytes.
const PIECE: usize = 64;

/// What a token opens. The word is hashed with it: the hash of one purpose is never found under another. `state` and
/// `nonce` of an authorization request belong to the protocol, which hashes them its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenPurpose {
    /// The cookie or bearer token of a session.
    Session,
    /// The cookie that binds an attempt to sign in to a browser.
    Browser,
    /// What a program goes on by from a sign-in that waits for its second factor (T-MFA-2).
    SignIn,
    /// A code that serves once in place of a second factor.
    RecoveryCode,
    /// A mailed link that sets a password.
    PasswordReset,
    /// A mailed link out of an organization (R-ENF-13).
    Departure,
    /// The mailed link of an invitation, which proves the address (R-INV-2).
    InvitationMailed,
    /// The copied link of an invitation, which does not.
    InvitationCopied,
    /// The operator's token, compared by hash.
    Operator,
}

impl TokenPurpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Browser => "browser",
            Self::SignIn => "sign-in",
            Self::RecoveryCode => "recovery-code",
            Self::PasswordReset => "password-reset",
            Self::Departure => "departure",
            Self::InvitationMailed => "invitation-mailed",
            Self::InvitationCopied => "invitation-copied",
            Self::Operator => "operator",
        }
    }
}

/// A 256-bit secret that travels as base64url without padding; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretToken([u8; TOKEN_BYTES]);

impl SecretToken {
    /// Draws a new one.
    pub fn generate(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(entropy.bytes())
    }

    /// Reads what [`SecretToken::reveal`] wrote; `None` for anything else, other spellings of the same bytes included.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TOKEN_LETTERS {
            return None;
        }
        let mut token = Self([0; TOKEN_BYTES]);
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut token.0).ok()?;
        Some(token)
    }

    /// The text to hand to the person or browser, once.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&self.0))
    }

    /// What is stored and looked up: SHA-256 over purpose, a zero byte and the token.
    pub fn hash(&self, purpose: TokenPurpose) -> [u8; 32] {
        hash(purpose, &self.0)
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretToken(…)")
    }
}

/// Hashes a secret of any form (the operator's token is the operator's own text) under its purpose.
pub fn hash_text(purpose: TokenPurpose, text: &str) -> [u8; 32] {
    hash(purpose, text.as_bytes())
}

fn hash(purpose: TokenPurpose, secret: &[u8]) -> [u8; 32] {
    let parts = [purpose.word().as_bytes(), &[0], secret];
    // Asked many times a second: for a hash of one piece the library allocates nothing.
    let mut piece = Zeroizing::new([0; PIECE]);
    if let Some(whole) = joined(parts, piece.as_mut_slice()) {
        return array(digest::digest(&digest::SHA256, whole).as_ref());
    }
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    array(context.finish().as_ref())
}

/// The parts one behind the other, if there is room for them.
fn joined<'p>(parts: [&[u8]; 3], place: &'p mut [u8]) -> Option<&'p [u8]> {
    let mut length = 0;
    for part in parts {
        let end = length + part.len();
        place.get_mut(length..end)?.copy_from_slice(part);
        length = end;
    }
    place.get(..length)
}

/// Compares two hashes or MACs in constant time (T-SEC-2).
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Six digits that are mailed to prove an address; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SixDigitCode([u8; CODE_LENGTH]);

impl SixDigitCode {
    /// From a number; only the last six digits count.
    pub(crate) fn from_number(number: u32) -> Self {
        let mut digits = [b'0'; CODE_LENGTH];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Self(digits)
    }

    /// Reads what a person typed or pasted: spaces and a dash between the digits are forgiven.
    ///
    /// *Errors*: `None` unless exactly six ASCII digits remain.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut digits: Vec<u8> =
            typed.trim().chars().filter(|c| *c != ' ' && *c != '-').map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        let code = <[u8; CODE_LENGTH]>::try_from(digits.as_slice()).ok().filter(|d| d.iter().all(u8::is_ascii_digit));
        digits.zeroize();
        code.map(Self)
    }

    /// The digits, for the mail.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.iter().map(|digit| char::from(*digit)).collect())
    }
}

impl fmt::Debug for SixDigitCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SixDigitCode(…)")
    }
}

/// What a code proves for; part of its MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodePurpose {
    /// Signing up with e-mail; bound to the sign-up.
    SignUp,
    /// A challenge; bound to what it was put for.
    Challenge(ChallengePurpose),
}

impl CodePurpose {
    /// The word that the challenge is stored under.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Challenge(purpose) => purpose.as_str(),
        }
    }
}

/// The instance's keys for codes: a million possible codes could be tried against a bare hash, so the MAC is keyed. It
/// begins with the id of its key, as a sealed value does; codes are too short-lived to be made anew when the key is replaced.
pub struct CodeKey {
    present: (KeyId, hmac::Key),
    others: Vec<(KeyId, hmac::Key)>,
}

impl CodeKey {
    /// Derives the key from the instance's secret.
    pub fn new(instance_key: &InstanceKey) -> Self {
        Self { present: derived(instance_key), others: Vec::new() }
    }

    /// With another key, whose codes still count; none is made with it.
    pub fn with_other(mut self, instance_key: &InstanceKey) -> Self {
        self.others.push(derived(instance_key));
        self
    }

    /// The MAC to store for a code that is good for one purpose and one bound thing.
    pub fn mac(&self, purpose: CodePurpose, bound_to: &str, code: &SixDigitCode) -> Vec<u8> {
        let (id, key) = &self.present;
        [id.as_bytes().as_slice(), tag(key, purpose, bound_to, code).as_ref()].concat()
    }

    /// Whether the code is the one whose MAC is stored; in constant time.
    pub fn matches(&self, purpose: CodePurpose, bound_to: &str, code: &SixDigitCode, stored: &[u8]) -> bool {
        let Some((id, stored)) = stored.split_first_chunk::<KEY_ID_BYTES>() else { return false };
        let mut keys = std::iter::once(&self.present).chain(&self.others);
        let Some((_, key)) = keys.find(|(known, _)| known.as_bytes() == id) else { return false };
        same(tag(key, purpose, bound_to, code).as_ref(), stored)
    }
}

fn derived(instance_key: &InstanceKey) -> (KeyId, hmac::Key) {
    (instance_key.id(), hmac::Key::new(hmac::HMAC_SHA256, &*instance_key.derive("mailed codes")))
}

fn tag(key: &hmac::Key, purpose: CodePurpose, bound_to: &str, code: &SixDigitCode) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in [purpose.word().as_bytes(), bound_to.as_bytes()] {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    context.update(&code.0);
    context.sign()
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeKey(…)")
    }
}

fn array(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    for (target, source) in array.iter_mut().zip(bytes) {
        *target = *source;
    }
    array
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::entropy::SeededEntropy;

    const PURPOSES: [TokenPurpose; 9] = [
        TokenPurpose::Session,
        TokenPurpose::Browser,
        TokenPurpose::SignIn,
        TokenPurpose::RecoveryCode,
        TokenPurpose::PasswordReset,
        TokenPurpose::Departure,
        TokenPurpose::InvitationMailed,
        TokenPurpose::InvitationCopied,
        TokenPurpose::Operator,
    ];

    fn key(byte: u8) -> CodeKey {
        CodeKey::new(&InstanceKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_token_survives_its_text_and_only_its_own_text() {
        let token = SecretToken::generate(&SeededEntropy::new(1));
        let text = token.reveal();
        assert_eq!(text.len(), 43);
        let read = SecretToken::parse(&text).unwrap();
        assert_eq!(read.hash(TokenPurpose::Session), token.hash(TokenPurpose::Session));
        for wrong in ["", "abc", &text[..42], &format!("{}=", *text), &format!(" {}", *text), &format!("{}A", *text)] {
            assert!(SecretToken::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn two_spellings_of_the_same_bytes_are_not_both_accepted() {
        let zero = "A".repeat(43);
        assert!(SecretToken::parse(&zero).is_some());
        assert!(SecretToken::parse(&format!("{}B", "A".repeat(42))).is_none());
    }

    #[test]
    fn a_token_of_one_purpose_is_not_found_under_another_t_web_7() {
        let token = SecretToken::generate(&SeededEntropy::new(2));
        let hashes: HashSet<_> = PURPOSES.iter().map(|purpose| token.hash(*purpose)).collect();
        assert_eq!(hashes.len(), PURPOSES.len());
    }

    #[test]
    fn the_stored_hash_is_sha_256_over_purpose_zero_and_token() {
        let token = SecretToken([9; 32]);
        let input = [b"password-reset\0".as_slice(), &[9; 32]].concat();
        let expected = digest::digest(&digest::SHA256, &input);
        assert_eq!(token.hash(TokenPurpose::PasswordReset).as_slice(), expected.as_ref());
    }

    #[test]
    fn a_secret_of_any_length_is_hashed_alike_and_a_token_in_one_piece() {
        for length in 0..2 * PIECE {
            let text = "x".repeat(length);
            let input = [b"operator\0".as_slice(), text.as_bytes()].concat();
            let expected = digest::digest(&digest::SHA256, &input);
            assert_eq!(hash_text(TokenPurpose::Operator, &text).as_slice(), expected.as_ref(), "{length}");
        }
        let longest = PURPOSES.iter().map(|purpose| purpose.word().len()).max().unwrap();
        assert!(longest + 1 + TOKEN_BYTES <= PIECE);
    }

    #[test]
    fn printing_shows_no_secret() {
        let token = SecretToken::generate(&SeededEntropy::new(4));
        let code = SixDigitCode::from_number(123_456);
        let printed = format!("{token:?} {code:?} {:?}", key(1));
        assert_eq!(printed, "SecretToken(…) SixDigitCode(…) CodeKey(…)");
    }

    #[test]
    fn a_typed_code_is_read_kindly_but_never_guessed() {
        for typed in ["123456", " 123456 ", "123 456", "123-456"] {
            assert_eq!(*SixDigitCode::parse(typed).unwrap().reveal(), "123456");
        }
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６", "12345٦"] {
            assert!(SixDigitCode::parse(typed).is_none(), "{typed:?}");
        }
    }

    #[test]
    fn a_code_counts_for_its_purpose_its_attempt_and_its_instance_only() {
        let code = SixDigitCode::from_number(7);
        let stored = key(1).mac(CodePurpose::SignUp, "sup_a", &code);
        assert!(key(1).matches(CodePurpose::SignUp, "sup_a", &code, &stored));
        assert!(!key(1).matches(CodePurpose::Challenge(ChallengePurpose::SignIn), "sup_a", &code, &stored));
        assert!(!key(1).matches(CodePurpose::SignUp, "sup_b", &code, &stored));
        assert!(!key(1).matches(CodePurpose::SignUp, "sup_a", &SixDigitCode::from_number(8), &stored));
        assert!(!key(2).matches(CodePurpose::SignUp, "sup_a", &code, &stored));
        assert!(!key(1).matches(CodePurpose::SignUp, "sup_a", &code, &stored[..35]));
        assert!(!key(1).matches(CodePurpose::SignUp, "sup_a", &code, &[]));
    }

    #[test]
    fn t_sec_1_a_code_of_another_known_key_counts_and_names_its_key() {
        let code = SixDigitCode::from_number(7);
        let both = key(2).with_other(&InstanceKey::from_bytes([1; 32]));
        let before = key(1).mac(CodePurpose::SignUp, "sup_a", &code);
        assert!(both.matches(CodePurpose::SignUp, "sup_a", &code, &before));
        assert!(!both.matches(CodePurpose::SignUp, "sup_a", &SixDigitCode::from_number(8), &before));
        let now = both.mac(CodePurpose::SignUp, "sup_a", &code);
        assert!(key(2).matches(CodePurpose::SignUp, "sup_a", &code, &now));
        assert_eq!((now.len(), &now[..4]), (36, InstanceKey::from_bytes([2; 32]).id().as_bytes().as_slice()));
    }
}
