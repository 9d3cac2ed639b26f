//! A token before and after it is signed, and what can happen to it in between.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

use super::random::Random;
use crate::support::{CLIENT, ISSUER, KEYS, NOW, OTHER_KEYS, b64, claims, header_of, nonce, sign_as_published};

/// A token in the making.
pub(super) struct Draft {
    algorithm: &'static str,
    header: String,
    payload: String,
    /// Signed by a key that nobody published.
    foreign: bool,
    /// What happens to the signature and to the finished text.
    after: Vec<fn(&mut Random, String) -> String>,
}

/// A way to change a token, and its name.
pub(super) type Mutation = (&'static str, fn(&mut Random, &mut Draft));

/// Every way.
pub(super) const MUTATIONS: &[Mutation] = &[
    ("nothing", |_, _| {}),
    ("a bit of the text", |_, draft| draft.after.push(flipped)),
    ("a character of the text", |_, draft| draft.after.push(edited)),
    ("a part cut off or added", |_, draft| draft.after.push(resized)),
    ("another base64", |_, draft| draft.after.push(rewritten)),
    ("another signature", |_, draft| draft.after.push(resigned)),
    ("a key that nobody published", |_, draft| draft.foreign = true),
    ("a claim set or removed", |random, draft| draft.payload = changed(random, &draft.payload, CLAIMS)),
    ("a claim about the person", |random, draft| draft.payload = changed(random, &draft.payload, PERSON)),
    ("a member of the header set or removed", |random, draft| draft.header = changed(random, &draft.header, HEADER)),
    ("times around the edges", |random, draft| draft.payload = timed(random, &draft.payload)),
    ("a time in another writing", |random, draft| draft.payload = numbered(random, &draft.payload)),
    ("a key of the claims twice", |random, draft| draft.payload = doubled(random, &draft.payload)),
    ("a key of the header twice", |random, draft| draft.header = doubled(random, &draft.header)),
    ("white space and escapes in the claims", |random, draft| draft.payload = spaced(random, &draft.payload)),
    ("white space and escapes in the header", |random, draft| draft.header = spaced(random, &draft.header)),
    ("damaged claims", |random, draft| draft.payload = edited(random, std::mem::take(&mut draft.payload))),
    ("a damaged header", |random, draft| draft.header = edited(random, std::mem::take(&mut draft.header))),
];

/// The claims that a sign-in depends on.
const CLAIMS: &[&str] = &[
    "iss",
    "aud",
    "sub",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "azp",
    "auth_time",
    "at_hash",
    "c_hash",
    "events",
    "sid",
    "jti",
];
/// What is said about the person. *Source*: OpenID Connect Core 1.0, 5.1; `acr` and `amr` say how they came.
pub(super) const PERSON: &[&str] = &[
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
    "acr",
    "amr",
];
const HEADER: &[&str] = &["alg", "kid", "typ", "crit", "jku", "jwk", "x5c", "x5u", "cty", "zip", "b64", "enc", "x"];
const ALGORITHMS: &[&str] = &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

impl Draft {
    pub(super) fn new(random: &mut Random) -> Self {
        let algorithm = *random.pick(ALGORITHMS);
        let (header, payload) = (header_of(algorithm), claims().to_string());
        Self { algorithm, header, payload, foreign: false, after: Vec::new() }
    }

    /// Signs it, and does to it what is left to do.
    pub(super) fn finish(self, random: &mut Random) -> String {
        let keys = if self.foreign { &OTHER_KEYS } else { &KEYS };
        let token = crate::support::sign_raw(keys, self.algorithm, &self.header, self.payload.as_bytes());
        self.after.into_iter().fold(token, |token, change| change(random, token))
    }
}

fn value(random: &mut Random) -> Value {
    let texts =
        [ISSUER, CLIENT, "", "none", "JWT", "jwt", "RS256", "PS512", "ES256", "EdDSA", "at+jwt", "00u1", "ünal"];
    match random.below(14) {
        0..4 => json!(random.pick(&texts)),
        4 => json!(nonce()),
        5 => Value::Null,
        6 => json!(random.once_in(2)),
        7 => json!(NOW + random.around(4000)),
        8 => serde_json::from_str(&format!("{}.25", NOW + random.around(4000))).unwrap(),
        9 => json!(random.around(i64::MAX / 4)),
        10 => json!([CLIENT]),
        11 => json!([CLIENT, "another"]),
        12 => json!({"formatted": "x"}),
        _ => json!("a".repeat(random.below(300))),
    }
}

fn changed(random: &mut Random, text: &str, names: &[&str]) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str(text) else { return text.to_owned() };
    for _ in 0..=random.below(2) {
        let name = *random.pick(names);
        if random.once_in(4) {
            members.remove(name);
        } else {
            members.insert(name.to_owned(), value(random));
        }
    }
    Value::Object(members).to_string()
}

fn timed(random: &mut Random, text: &str) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str(text) else { return text.to_owned() };
    let name = *random.pick(&["exp", "iat", "nbf", "auth_time"]);
    members.insert(name.to_owned(), json!(NOW + random.around(130)));
    Value::Object(members).to_string()
}

/// A number as JSON lets it be written, or nearly.
fn numbered(random: &mut Random, text: &str) -> String {
    let written = [
        "1.7953308e9",
        "1795330800.0",
        "17953308E2",
        "1795330800.5",
        "-0",
        "0",
        "1e400",
        "18446744073709551616",
        "\"1795330800\"",
        "01795330800",
        "+1795330800",
        "1795330800.",
        "NaN",
        "1795330800e-400",
        "9007199254740993",
    ];
    let name = *random.pick(&["\"exp\":", "\"iat\":", "\"auth_time\":"]);
    let number = *random.pick(&written);
    match text.split_once(name) {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{name}{number}{rest}")
        }
        None => text.replacen('{', &format!("{{{name}{number},"), 1),
    }
}

fn doubled(random: &mut Random, text: &str) -> String {
    let name = *random.pick(&["iss", "sub", "aud", "exp", "nonce", "alg", "kid", "typ", "email"]);
    let written =
        if random.once_in(2) { name.to_owned() } else { format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]) };
    let member = format!("\"{written}\":{}", value(random));
    if random.once_in(2) {
        text.replacen('{', &format!("{{{member},"), 1)
    } else {
        text.trim_end_matches('}').to_owned() + "," + &member + "}"
    }
}

/// The same JSON for every reader: that is what both have to accept.
fn spaced(random: &mut Random, text: &str) -> String {
    let space = *random.pick(&[" ", "\n", "\t", "\r\n"]);
    match random.below(4) {
        0 => text.replace("\":", &format!("\"{space}:{space}")),
        1 => format!("{space}{text}{space}"),
        2 => text.replace('/', "\\/"),
        _ => text.replace("00u1", "\\u0030\\u0030u1").replace("RS256", "RS\\u003256"),
    }
}

fn flipped(random: &mut Random, token: String) -> String {
    let bit = random.below((token.len() * 8).max(1));
    let mut bytes = token.clone().into_bytes();
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
    // A token is a JSON string, so one that is no UTF-8 does not even arrive.
    String::from_utf8(bytes).unwrap_or(token)
}

fn edited(random: &mut Random, text: String) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = random.below(letters.len() + 1);
    let letter = *random
        .pick(&['A', 'z', '0', '-', '_', '.', '=', '+', '/', '"', '{', '}', ',', ':', ' ', '\n', '\0', '\\', 'é']);
    match random.below(4) {
        0 => letters.insert(at, letter),
        1 => drop((at < letters.len()).then(|| letters.remove(at))),
        2 => {
            if let Some(existing) = letters.get_mut(at) {
                *existing = letter;
            }
        }
        _ => {
            if at + 1 < letters.len() {
                letters.swap(at, at + 1);
            }
        }
    }
    letters.into_iter().collect()
}

fn resized(random: &mut Random, token: String) -> String {
    let kept: String = token.chars().take(random.below(token.chars().count() + 1)).collect();
    match random.below(6) {
        0 => kept,
        1 => token.chars().skip(kept.chars().count()).collect(),
        2 => format!("{token}{kept}"),
        3 => format!("{token}.{kept}"),
        4 => token.rsplit_once('.').map_or(String::new(), |(signed, _)| format!("{signed}.")),
        _ => format!("{}{token}{}", random.pick(&["", " ", "\n", "."]), random.pick(&[" ", "\n", ".", "=", "\0"])),
    }
}

/// One of the parts in another writing of the same bytes.
fn rewritten(random: &mut Random, token: String) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let count = parts.len();
    let part = &mut parts[random.below(count)];
    match (random.below(5), BASE64URL_NOPAD.decode(part.as_bytes())) {
        (0, Ok(bytes)) => *part = BASE64.encode(&bytes),
        (1, Ok(bytes)) => *part = BASE64.encode(&bytes).trim_end_matches('=').to_owned(),
        (2, _) => part.push('='),
        (3, _) => part.insert(part.chars().next().map_or(0, char::len_utf8), '\n'),
        // The bits of the last letter that stand for nothing.
        (4, Ok(bytes)) if bytes.len() % 3 != 0 => {
            let last = part.pop().unwrap();
            let next = char::from(u8::try_from(u32::from(last)).unwrap_or(b'A') + 1);
            part.push(if next.is_ascii_alphanumeric() { next } else { 'B' });
        }
        _ => part.make_ascii_uppercase(),
    }
    parts.join(".")
}

fn resigned(random: &mut Random, token: String) -> String {
    let Some((signed, signature)) = token.rsplit_once('.') else { return token };
    let bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap_or_default();
    let algorithm = *random.pick(ALGORITHMS);
    let other = match random.below(7) {
        0 => vec![0; bytes.len()],
        1 => vec![0xff; bytes.len()],
        2 => bytes.iter().rev().copied().collect(),
        3 => [bytes.as_slice(), &[0]].concat(),
        4 => [&[0], bytes.as_slice()].concat(),
        5 => KEYS.sign(algorithm, signed.as_bytes()),
        _ => {
            let whole = sign_as_published(algorithm, &claims());
            return format!("{signed}.{}", whole.rsplit('.').next().unwrap_or_default());
        }
    };
    format!("{signed}.{}", b64(other))
}
