//! The code that each case of the catalogue is refused with, in the order of the catalogue. People search for these codes
//! and Owners read them: one that changes is a change to tell.

/// A code and the cases that end in it.
pub type Table = &'static [(&'static str, &'static [&'static str])];

pub const ID_TOKENS: Table = &[
    (
        "id-token-issuer",
        &[
            "iss with a slash at the end",
            "iss in upper case",
            "iss that begins with the right one",
            "iss with white space around",
            "iss of somebody else",
            "iss missing",
            "iss null",
            "iss in a list",
        ],
    ),
    (
        "id-token-audience",
        &[
            "aud with another audience",
            "aud of another client",
            "aud that begins with the right one",
            "aud missing",
            "aud empty list",
            "aud number",
        ],
    ),
    ("id-token-authorized-party", &["azp of another client", "azp number"]),
    ("id-token-expired", &["exp two minutes ago"]),
];
pub const AGES: Table = &[];
pub const CALLBACKS: Table = &[("attempt-over", &["state"])];
pub const TOKEN_RESPONSES: Table = &[];
pub const USER_INFOS: Table = &[];
pub const KEY_SETS: Table = &[];
pub const DISCOVERIES: Table = &[];
pub const WIRES: Table = &[];
