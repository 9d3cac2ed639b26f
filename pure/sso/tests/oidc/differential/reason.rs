//! Why we accept what the second judge refuses: the whole list. A reason holds for a token if the judge accepts it once the
//! reason is taken away, and nothing else was changed.

use serde_json::Value;

use super::draft::PERSON;
use crate::second_judge::{GRACE_SECONDS, accepts_at};
use crate::support::{KEYS, NOW, sign_raw};

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Clocks may differ by a minute (T-ID-05); the second judge knows no leeway.
    Grace,
    /// The second judge insists on the types of claims about the person. We sign nobody in for what they say: a name, an
    /// address or a method of another type counts as missing, and `email_verified` as false (T-LNK-9, T-IDP-4).
    AboutThePerson,
}

impl Reason {
    pub(super) const ALL: [Self; 2] = [Self::Grace, Self::AboutThePerson];
}

/// The fewest reasons with which the second judge's "no" to a token that we accept is explained.
pub(super) fn reasons(token: &str) -> Option<Vec<Reason>> {
    let combinations = [vec![Reason::Grace], vec![Reason::AboutThePerson], Reason::ALL.to_vec()];
    combinations.into_iter().find(|reasons| accepts_without(token, reasons))
}

fn accepts_without(token: &str, reasons: &[Reason]) -> bool {
    let now = if reasons.contains(&Reason::Grace) { NOW - GRACE_SECONDS } else { NOW };
    if reasons.contains(&Reason::AboutThePerson) {
        without_person(token).is_some_and(|token| accepts_at(&token, now))
    } else {
        accepts_at(token, now)
    }
}

/// The same token without claims about the person, signed anew by the same key.
fn without_person(token: &str) -> Option<String> {
    let mut parts = token.split('.').map(|part| data_encoding::BASE64URL_NOPAD.decode(part.as_bytes()).ok());
    let (header, payload) = (String::from_utf8(parts.next()??).ok()?, parts.next()??);
    let algorithm = serde_json::from_str::<Value>(&header).ok()?.get("alg")?.as_str()?.to_owned();
    let Ok(Value::Object(mut claims)) = serde_json::from_slice(&payload) else { return None };
    claims.retain(|name, _| !PERSON.contains(&name.split('#').next().unwrap_or_default()));
    Some(sign_raw(&KEYS, &algorithm, &header, Value::Object(claims).to_string().as_bytes()))
}
