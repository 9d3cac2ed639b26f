//! Owns reading JSON that a stranger wrote: bounded depth, no repeated keys, no numbers that lose digits, no U+0000, which a database
//! may not store. Everything an IdP sends is read through here.
//!
//! *Source*: T-ID-11, Z3.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The deepest nesting that is read. *Units*: levels.
const MAX_DEPTH: usize = 32;
/// Whole numbers up to here are exact as 64-bit floating point, which other readers of the same token may use.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// Reads one object and nothing after it.
///
/// *Errors*: what is wrong, in words that quote nothing but a repeated key.
pub(crate) fn object(bytes: &[u8]) -> Result<Object, String> {
    match value(bytes)? {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err("not an object".to_owned())
        }
    }
}

/// Reads one list and nothing after it.
///
/// *Errors*: as [`object`].
pub(crate) fn array(bytes: &[u8]) -> Result<Vec<Value>, String> {
    match value(bytes)? {
        Value::Array(items) => Ok(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err("not a list".to_owned())
        }
    }
}

fn value(bytes: &[u8]) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// A member that is a text, if there is one.
///
/// *Errors*: the member is there and is something else.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, String> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} is not a text")),
    }
}

/// A member that is a list of texts, if there is one.
///
/// *Errors*: the member is there and is something else.
pub(crate) fn texts(object: &Object, name: &str) -> Result<Option<Vec<String>>, String> {
    let wrong = || format!("{name} is not a list of texts");
    match object.get(name) {
        None => Ok(None),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(wrong()),
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH { Err(E::custom("nested too deeply")) } else { Ok(Self { depth }) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let exact = value.abs() <= MAX_EXACT;
        Number::from_f64(value).filter(|_| exact).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        if value.contains('\0') { Err(E::custom("a text holds U+0000")) } else { Ok(Value::String(value)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom("a key is repeated"));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_id_11_json_that_two_readers_could_read_differently_is_refused() {
        let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(object(deep(MAX_DEPTH).as_bytes()).is_ok());
        let refused: &[&[u8]] = &[
            b"",
            b"[]",
            b"null",
            b"{\"a\":1,\"a\":1}",
            b"{\"a\":\"\\u0000\"}",
            b"{\"a\":1,\"\\u0061\":2}",
            b"{\"x\":{\"a\":1,\"a\":2}}",
            b"{\"a\":NaN}",
            b"{\"a\":Infinity}",
            b"{\"a\":1e999}",
            b"{\"a\":18446744073709551616}",
            b"{\"a\":1e300}",
            b"{\"a\":01}",
            b"{\"a\":1,}",
            b"{\"a\":1} x",
            b"{\"a\":1}{}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{'a':1}",
            b"// no\n{}",
        ];
        for text in refused {
            assert!(object(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
        assert!(object(deep(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(object(deep(10_000).as_bytes()).is_err());
        assert!(object("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn ordinary_json_is_read() {
        let read = object(br#" {"a":1.5,"b":[true,null,-3],"c":{"a":"x"}} "#).unwrap();
        assert_eq!(Value::Object(read), serde_json::json!({"a": 1.5, "b": [true, null, -3], "c": {"a": "x"}}));
    }
}
