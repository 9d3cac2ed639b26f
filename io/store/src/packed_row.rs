//! Owns the form in which a row is kept in memory: its values one behind the other, a byte that says what follows and then
//! that. It is for this process alone and no text of it is ever written down.

use crate::value::Value;

const NULL: u8 = 0;
/// A whole number from zero on, in as few bytes as it takes, the least first: this and the eight that follow, by their count.
const SHORT_NUMBER: u8 = 1;
const NUMBER: u8 = 10;
const LONG_TEXT: u8 = 11;
const BYTES: u8 = 12;
/// A text of so many bytes more than this.
const SHORT_TEXT: u8 = 13;

/// Puts a value behind the others.
pub(crate) fn pack(value: Value<'_>, into: &mut Vec<u8>) {
    match value {
        Value::Null => into.push(NULL),
        Value::Boolean(truth) => pack(Value::Integer(i64::from(truth)), into),
        Value::Integer(number @ 0..) => {
            let bytes = number.to_le_bytes();
            let count = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            into.extend((SHORT_NUMBER..NUMBER).nth(count));
            into.extend_from_slice(bytes.get(..count).unwrap_or(&bytes));
        }
        Value::Integer(number) => {
            into.push(NUMBER);
            into.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => {
            match u8::try_from(text.len()).ok().and_then(|length| SHORT_TEXT.checked_add(length)) {
                Some(tag) => into.push(tag),
                None => long(LONG_TEXT, text.len(), into),
            }
            into.extend_from_slice(text.as_bytes());
        }
        Value::Bytes(bytes) => {
            long(BYTES, bytes.len(), into);
            into.extend_from_slice(bytes);
        }
    }
}

fn long(tag: u8, length: usize, into: &mut Vec<u8>) {
    into.push(tag);
    into.extend_from_slice(&length.to_le_bytes());
}

/// The values of a row of so many; `None` when these are not exactly that.
pub(crate) fn unpack<const COUNT: usize>(mut packed: &[u8]) -> Option<[Value<'_>; COUNT]> {
    let mut values = [Value::Null; COUNT];
    for value in &mut values {
        *value = next(&mut packed)?;
    }
    packed.is_empty().then_some(values)
}

fn next<'p>(packed: &mut &'p [u8]) -> Option<Value<'p>> {
    let (tag, rest) = packed.split_first()?;
    *packed = rest;
    Some(match *tag {
        NULL => Value::Null,
        tag @ SHORT_NUMBER..NUMBER => {
            let bytes = packed.split_off(..usize::from(tag - SHORT_NUMBER))?;
            Value::Integer(bytes.iter().rev().fold(0, |number, byte| number << 8 | i64::from(*byte)))
        }
        NUMBER => Value::Integer(i64::from_le_bytes(array(packed)?)),
        LONG_TEXT => {
            let length = usize::from_le_bytes(array(packed)?);
            text(packed.split_off(..length)?)?
        }
        BYTES => {
            let length = usize::from_le_bytes(array(packed)?);
            Value::Bytes(packed.split_off(..length)?)
        }
        tag => text(packed.split_off(..usize::from(tag - SHORT_TEXT))?)?,
    })
}

fn array<const COUNT: usize>(packed: &mut &[u8]) -> Option<[u8; COUNT]> {
    packed.split_off(..COUNT)?.try_into().ok()
}

fn text(bytes: &[u8]) -> Option<Value<'_>> {
    std::str::from_utf8(bytes).ok().map(Value::Text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(values: &[Value<'_>]) -> Vec<u8> {
        let mut packed = Vec::new();
        for value in values {
            pack(*value, &mut packed);
        }
        packed
    }

    #[test]
    fn values_come_back_as_they_were() {
        let (long, longest_short) = ("ä".repeat(200), "x".repeat(242));
        let values = [
            Value::Null,
            Value::Integer(0),
            Value::Integer(255),
            Value::Integer(256),
            Value::Integer(i64::MAX),
            Value::Integer(-1),
            Value::Integer(i64::MIN),
            Value::Text(""),
            Value::Text("usr_0"),
            Value::Text(&longest_short),
            Value::Text(&long),
            Value::Bytes(&[0, 1, 255]),
        ];
        let mut packed = all(&values);
        assert_eq!(unpack(&packed), Some(values));
        assert_eq!(unpack::<11>(&packed), None, "one is left over");
        assert_eq!(unpack::<13>(&packed), None, "one is missing");
        pack(Value::Boolean(true), &mut packed);
        assert_eq!(unpack::<13>(&packed).map(|all| all[12]), Some(Value::Integer(1)), "as SQLite keeps it");
    }

    proptest! {
        #[test]
        fn whatever_is_unpacked_is_refused_or_read_and_nothing_else(bytes: Vec<u8>) {
            if let Some(values) = unpack::<3>(&bytes) {
                let packed = all(&values);
                prop_assert_eq!(unpack::<3>(&packed), Some(values));
            }
        }

        #[test]
        fn any_number_and_any_text_come_back(number: i64, text: String) {
            let values = [Value::Integer(number), Value::Text(&text)];
            let packed = all(&values);
            prop_assert_eq!(unpack(&packed), Some(values));
        }
    }
}
