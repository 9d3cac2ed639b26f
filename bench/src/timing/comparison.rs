//! Owns what is timed: every comparison of something that somebody shows with something that is secret, called as the program
//! calls it. Each is given one fixed input, which is right but for its end, or one of many that are wrong throughout: both are refused,
//! for an answer tells what is right from what is wrong anyway. The last one is wrong on purpose: it stops at the first byte that
//! differs, and has to be found.

use std::hint::black_box;

use orgate_app::audit_chain;
use orgate_app::entropy::{Draw as _, SeededEntropy};
use orgate_app::instance_key::InstanceKey;
use orgate_app::operator::OperatorToken;
use orgate_app::seal::{Place, Sealer};
use orgate_app::token::{CodeKey, CodePurpose, SixDigitCode, same};
use orgate_core::audit_chain::AuditKeys;

/// Which input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What is accepted; not timed.
    Right,
    /// The fixed one: right but for its end.
    Nearly,
    /// Drawn anew each time.
    Wrong,
}

/// Something to be timed. What is prepared is outside of the time that is taken.
pub trait Comparison {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What the two inputs are.
    fn inputs(&self) -> &'static str;
    /// Whether it has to be found: the control.
    fn leaks(&self) -> bool {
        false
    }
    /// Makes the next input, by [`Fixed::choose`]: nothing but the input may tell the classes apart when the clock starts.
    fn prepare(&mut self, class: Class);
    /// Compares.
    fn run(&self) -> bool;
}

/// What is right, and what is right but for its last bit.
struct Fixed<const N: usize> {
    right: [u8; N],
    nearly: [u8; N],
}

impl<const N: usize> Fixed<N> {
    fn new(right: [u8; N]) -> Self {
        let mut nearly = right;
        if let Some(last) = nearly.last_mut() {
            *last ^= 1;
        }
        Self { right, nearly }
    }

    /// Writes what the class wants over what was shown last. Of the two that are timed both are read and none is jumped over: a branch
    /// here, or bytes that were read for one class alone, would still show in what the processor remembers when the comparison begins.
    fn choose(&self, class: Class, wrong: &[u8; N], shown: &mut [u8]) {
        let fixed = if class == Class::Right { &self.right } else { &self.nearly };
        let mask = black_box(u8::from(class != Class::Wrong).wrapping_neg());
        for ((shown, fixed), wrong) in shown.iter_mut().zip(fixed).zip(wrong) {
            *shown = (fixed & mask) | (wrong & !mask);
        }
    }
}

/// That it accepts what is right and refuses what is timed.
///
/// *Errors*: which of these it does not.
pub fn compares(comparison: &mut dyn Comparison) -> Result<(), String> {
    for (class, expected) in [(Class::Right, true), (Class::Nearly, false), (Class::Wrong, false)] {
        comparison.prepare(class);
        if comparison.run() != expected {
            return Err(format!("{}: what is {class:?} is not answered by {expected}", comparison.name()));
        }
    }
    Ok(())
}

/// All of them.
///
/// *Errors*: a key that cannot be made.
pub fn all() -> Result<Vec<Box<dyn Comparison>>, String> {
    let key = InstanceKey::from_bytes([7; 32]);
    Ok(vec![
        Box::new(Hashes::new("hashes and challenges", same, false)),
        Box::new(Code::new(&key)),
        Box::new(Operator::new()),
        Box::new(Sealed::new(&key)?),
        Box::new(Mark::new(&key)?),
        Box::new(Hashes::new("control", stops_early, true)),
    ])
}

/// The comparison under every other: 32 bytes with 32 bytes.
struct Hashes {
    name: &'static str,
    compare: fn(&[u8], &[u8]) -> bool,
    leaks: bool,
    stored: Fixed<32>,
    shown: [u8; 32],
    entropy: SeededEntropy,
}

impl Hashes {
    fn new(name: &'static str, compare: fn(&[u8], &[u8]) -> bool, leaks: bool) -> Self {
        let entropy = SeededEntropy::new(1);
        Self { name, compare, leaks, stored: Fixed::new(entropy.bytes()), shown: [0; 32], entropy }
    }
}

impl Comparison for Hashes {
    fn name(&self) -> &'static str {
        self.name
    }

    fn inputs(&self) -> &'static str {
        "the stored 32 bytes with a wrong last bit, or random ones"
    }

    fn leaks(&self) -> bool {
        self.leaks
    }

    fn prepare(&mut self, class: Class) {
        self.stored.choose(class, &self.entropy.bytes(), &mut self.shown);
    }

    fn run(&self) -> bool {
        (self.compare)(black_box(&self.stored.right), black_box(&self.shown))
    }
}

fn stops_early(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).all(|(one, other)| black_box(one) == black_box(other))
}

/// The digits of a mailed code against the stored MAC.
struct Code {
    key: CodeKey,
    right: Fixed<DIGITS>,
    stored: Vec<u8>,
    shown: SixDigitCode,
    entropy: SeededEntropy,
}

impl Code {
    fn new(key: &InstanceKey) -> Self {
        let (key, entropy) = (CodeKey::new(key), SeededEntropy::new(2));
        let right = entropy.six_digits();
        let stored = key.mac(CodePurpose::SignUp, "sup_1", &right);
        Self { key, right: Fixed::new(digits(&right)), shown: right, stored, entropy }
    }
}

impl Comparison for Code {
    fn name(&self) -> &'static str {
        "mailed code"
    }

    fn inputs(&self) -> &'static str {
        "the digits with a wrong last one, or random ones"
    }

    fn prepare(&mut self, class: Class) {
        let mut shown = [b'0'; DIGITS];
        self.right.choose(class, &digits(&self.entropy.six_digits()), &mut shown);
        if let Some(code) = str::from_utf8(&shown).ok().and_then(SixDigitCode::parse) {
            self.shown = code;
        }
    }

    fn run(&self) -> bool {
        self.key.matches(CodePurpose::SignUp, "sup_1", black_box(&self.shown), black_box(&self.stored))
    }
}

const DIGITS: usize = 6;

fn digits(code: &SixDigitCode) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    digits.iter_mut().zip(code.reveal().bytes()).for_each(|(digit, byte)| *digit = byte);
    digits
}

/// The operator's token.
struct Operator {
    token: OperatorToken,
    right: Fixed<TOKEN_LETTERS>,
    shown: [u8; TOKEN_LETTERS],
    entropy: SeededEntropy,
}

impl Operator {
    fn new() -> Self {
        let entropy = SeededEntropy::new(3);
        let right = letters(&entropy);
        let token = OperatorToken::new(&right.iter().copied().map(char::from).collect::<String>());
        Self { token, right: Fixed::new(right), shown: [b'a'; TOKEN_LETTERS], entropy }
    }
}

const TOKEN_LETTERS: usize = 48;

fn letters(entropy: &SeededEntropy) -> [u8; TOKEN_LETTERS] {
    entropy.bytes().map(|byte| b'a' + byte % 26)
}

impl Comparison for Operator {
    fn name(&self) -> &'static str {
        "operator's token"
    }

    fn inputs(&self) -> &'static str {
        "the token with a wrong last letter, or random letters"
    }

    fn prepare(&mut self, class: Class) {
        self.right.choose(class, &letters(&self.entropy), &mut self.shown);
    }

    fn run(&self) -> bool {
        str::from_utf8(black_box(&self.shown)).is_ok_and(|shown| black_box(&self.token).is(shown))
    }
}

/// A sealed value, by its tag.
struct Sealed {
    sealer: Sealer,
    tag: Fixed<16>,
    shown: Vec<u8>,
    entropy: SeededEntropy,
}

const PLACE: Place<'static> = Place { table: "t", column: "c", row: "r", tenant: "o" };

impl Sealed {
    fn new(key: &InstanceKey) -> Result<Self, String> {
        let (sealer, entropy) = (Sealer::new(key), SeededEntropy::new(4));
        let shown = sealer.seal(&PLACE, &[5; 64], &entropy).map_err(|reason| reason.to_string())?;
        let tag = *shown.last_chunk().ok_or("a sealed value without a tag")?;
        Ok(Self { sealer, tag: Fixed::new(tag), shown, entropy })
    }
}

impl Comparison for Sealed {
    fn name(&self) -> &'static str {
        "sealed value"
    }

    fn inputs(&self) -> &'static str {
        "a tag with one wrong bit at its end, or a random one"
    }

    fn prepare(&mut self, class: Class) {
        if let Some(shown) = self.shown.last_chunk_mut::<16>() {
            self.tag.choose(class, &self.entropy.bytes(), shown);
        }
    }

    fn run(&self) -> bool {
        self.sealer.open(&PLACE, black_box(&self.shown)).is_ok()
    }
}

/// The mark of an event of the audit log.
struct Mark {
    keys: AuditKeys,
    right: Fixed<32>,
    shown: Vec<u8>,
    entropy: SeededEntropy,
}

const EVENT: &[u8] = b"evt_1 member.removed user:usr_1";

impl Mark {
    fn new(key: &InstanceKey) -> Result<Self, String> {
        let keys = audit_chain::keys(key, &[]).map_err(|reason| reason.to_string())?;
        let shown = keys.mark_event(EVENT);
        let mark = *shown.last_chunk().ok_or("an event without a mark")?;
        Ok(Self { keys, right: Fixed::new(mark), shown, entropy: SeededEntropy::new(5) })
    }
}

impl Comparison for Mark {
    fn name(&self) -> &'static str {
        "mark of an audit event"
    }

    fn inputs(&self) -> &'static str {
        "the mark with a wrong last bit, or a random one of the same key"
    }

    fn prepare(&mut self, class: Class) {
        if let Some(shown) = self.shown.last_chunk_mut::<32>() {
            self.right.choose(class, &self.entropy.bytes(), shown);
        }
    }

    fn run(&self) -> bool {
        self.keys.check_event(EVENT, black_box(&self.shown)) == orgate_core::audit_chain::Marked::Right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_sec_2_both_inputs_are_refused_and_the_fixed_one_is_right_but_for_its_last_bit() {
        for mut comparison in all().unwrap() {
            compares(&mut *comparison).unwrap();
        }
        let fixed = Fixed::new([7, 6]);
        let shown = |class| {
            let mut shown = [0; 2];
            fixed.choose(class, &[1, 2], &mut shown);
            shown
        };
        assert_eq!([Class::Right, Class::Nearly, Class::Wrong].map(shown), [[7, 6], [7, 7], [1, 2]]);
    }

    /// One that accepts all it is shown.
    struct Open;

    impl Comparison for Open {
        fn name(&self) -> &'static str {
            "open"
        }

        fn inputs(&self) -> &'static str {
            "anything"
        }

        fn prepare(&mut self, _: Class) {}

        fn run(&self) -> bool {
            true
        }
    }

    #[test]
    fn t_sec_2_what_compares_nothing_is_not_timed() {
        assert!(compares(&mut Open).is_err());
    }
}
