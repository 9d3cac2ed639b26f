//! Owns what is timed: every comparison of something that somebody shows with something that is secret, called as the program
//! calls it. Each is given one fixed input, which is as right as an input can be, or one of many that are wrong throughout.
//! The last one is wrong on purpose: it stops at the first byte that differs, and has to be found.

use std::hint::black_box;

use orgate_app::audit_chain;
use orgate_app::entropy::{Draw as _, SeededEntropy};
use orgate_app::instance_key::InstanceKey;
use orgate_app::operator;
use orgate_app::seal::{Place, Sealer};
use orgate_app::token::{CodeKey, CodePurpose, SixDigitCode, same};
use orgate_core::audit_chain::AuditKeys;

/// Which input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The fixed one.
    Right,
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
    /// Makes the next input, by [`choose`]: nothing but the input may tell the classes apart when the clock starts.
    fn prepare(&mut self, class: Class);
    /// Compares.
    fn run(&self) -> bool;
}

/// Writes the right or the wrong bytes over what was shown last. Both are read and none is jumped over: a branch here, or bytes that
/// were read for one class alone, would still show in what the processor remembers when the comparison begins.
fn choose(class: Class, right: &[u8], wrong: &[u8], shown: &mut [u8]) {
    let mask = black_box(u8::from(class == Class::Right).wrapping_neg());
    for ((shown, right), wrong) in shown.iter_mut().zip(right).zip(wrong) {
        *shown = (right & mask) | (wrong & !mask);
    }
}

/// All of them.
///
/// *Errors*: a key that cannot be made.
pub fn all() -> Result<Vec<Box<dyn Comparison>>, String> {
    let key = InstanceKey::from_bytes([7; 32]);
    Ok(vec![
        Box::new(Hashes::new("hashes and challenges", same, false)),
        Box::new(Code::new(&key)),
        Box::new(OperatorToken::new()),
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
    stored: [u8; 32],
    shown: [u8; 32],
    entropy: SeededEntropy,
}

impl Hashes {
    fn new(name: &'static str, compare: fn(&[u8], &[u8]) -> bool, leaks: bool) -> Self {
        let entropy = SeededEntropy::new(1);
        Self { name, compare, leaks, stored: entropy.bytes(), shown: [0; 32], entropy }
    }
}

impl Comparison for Hashes {
    fn name(&self) -> &'static str {
        self.name
    }

    fn inputs(&self) -> &'static str {
        "the stored 32 bytes, or random ones"
    }

    fn leaks(&self) -> bool {
        self.leaks
    }

    fn prepare(&mut self, class: Class) {
        let random: [u8; 32] = self.entropy.bytes();
        choose(class, &self.stored, &random, &mut self.shown);
    }

    fn run(&self) -> bool {
        (self.compare)(black_box(&self.stored), black_box(&self.shown))
    }
}

fn stops_early(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).all(|(one, other)| black_box(one) == black_box(other))
}

/// The digits of a mailed code against the stored MAC.
struct Code {
    key: CodeKey,
    right: String,
    stored: Vec<u8>,
    shown: SixDigitCode,
    entropy: SeededEntropy,
}

impl Code {
    fn new(key: &InstanceKey) -> Self {
        let (key, entropy) = (CodeKey::new(key), SeededEntropy::new(2));
        let right = entropy.six_digits();
        let stored = key.mac(CodePurpose::SignUp, "sup_1", &right);
        Self { key, right: right.reveal().to_string(), shown: right, stored, entropy }
    }
}

impl Comparison for Code {
    fn name(&self) -> &'static str {
        "mailed code"
    }

    fn inputs(&self) -> &'static str {
        "the right digits, or random ones"
    }

    fn prepare(&mut self, class: Class) {
        let random = self.entropy.six_digits().reveal();
        let mut digits = [b'0'; 6];
        choose(class, self.right.as_bytes(), random.as_bytes(), &mut digits);
        if let Some(code) = str::from_utf8(&digits).ok().and_then(SixDigitCode::parse) {
            self.shown = code;
        }
    }

    fn run(&self) -> bool {
        self.key.matches(CodePurpose::SignUp, "sup_1", black_box(&self.shown), black_box(&self.stored))
    }
}

/// The operator's token.
struct OperatorToken {
    expected: String,
    shown: [u8; TOKEN_LETTERS],
    entropy: SeededEntropy,
}

impl OperatorToken {
    fn new() -> Self {
        let entropy = SeededEntropy::new(3);
        Self { expected: text(&entropy), shown: [b'a'; TOKEN_LETTERS], entropy }
    }
}

const TOKEN_LETTERS: usize = 48;

fn text(entropy: &SeededEntropy) -> String {
    entropy.bytes::<TOKEN_LETTERS>().iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

impl Comparison for OperatorToken {
    fn name(&self) -> &'static str {
        "operator's token"
    }

    fn inputs(&self) -> &'static str {
        "the token, or random letters of its length"
    }

    fn prepare(&mut self, class: Class) {
        let random = text(&self.entropy);
        choose(class, self.expected.as_bytes(), random.as_bytes(), &mut self.shown);
    }

    fn run(&self) -> bool {
        str::from_utf8(black_box(&self.shown))
            .is_ok_and(|shown| operator::is_same_token(black_box(&self.expected), shown))
    }
}

/// A sealed value. Right and wrong are told apart by their content anyway, so both are refused here: by the last byte of the
/// tag alone, or by all of it.
struct Sealed {
    sealer: Sealer,
    right: Vec<u8>,
    shown: Vec<u8>,
    entropy: SeededEntropy,
}

const PLACE: Place<'static> = Place { table: "t", column: "c", row: "r", tenant: "o" };

impl Sealed {
    fn new(key: &InstanceKey) -> Result<Self, String> {
        let (sealer, entropy) = (Sealer::new(key), SeededEntropy::new(4));
        let right = sealer.seal(&PLACE, &[5; 64], &entropy).map_err(|reason| reason.to_string())?;
        Ok(Self { sealer, shown: right.clone(), right, entropy })
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
        let random: [u8; 16] = self.entropy.bytes();
        let Some(tag) = self.right.last_chunk::<16>() else { return };
        let mut nearly = *tag;
        nearly[15] ^= 1;
        if let Some(shown) = self.shown.last_chunk_mut::<16>() {
            choose(class, &nearly, &random, shown);
        }
    }

    fn run(&self) -> bool {
        self.sealer.open(&PLACE, black_box(&self.shown)).is_ok()
    }
}

/// The mark of an event of the audit log.
struct Mark {
    keys: AuditKeys,
    right: Vec<u8>,
    shown: Vec<u8>,
    entropy: SeededEntropy,
}

const EVENT: &[u8] = b"evt_1 member.removed user:usr_1";

impl Mark {
    fn new(key: &InstanceKey) -> Result<Self, String> {
        let keys = audit_chain::keys(key, &[]).map_err(|reason| reason.to_string())?;
        let right = keys.mark_event(EVENT);
        Ok(Self { keys, shown: right.clone(), right, entropy: SeededEntropy::new(5) })
    }
}

impl Comparison for Mark {
    fn name(&self) -> &'static str {
        "mark of an audit event"
    }

    fn inputs(&self) -> &'static str {
        "the right mark, or a random one of the same key"
    }

    fn prepare(&mut self, class: Class) {
        let random: [u8; 32] = self.entropy.bytes();
        if let (Some(right), Some(shown)) = (self.right.last_chunk::<32>(), self.shown.last_chunk_mut::<32>()) {
            choose(class, right, &random, shown);
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
    fn t_sec_2_each_input_is_right_or_wrong_as_it_says() {
        for mut comparison in all().unwrap() {
            let mut answer = |class| {
                comparison.prepare(class);
                comparison.run()
            };
            let (right, wrong) = (answer(Class::Right), answer(Class::Wrong));
            assert!(!wrong, "{}", comparison.name());
            assert_eq!(right, comparison.name() != "sealed value", "{}", comparison.name());
        }
    }
}
