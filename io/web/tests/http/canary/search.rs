//! What is looked for, in all the forms in which it could stand somewhere, and the looking.

use std::path::Path;

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER};

/// Where a secret may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Seen {
    /// Nowhere.
    Nowhere,
    /// In one answer, which hands it out, and nowhere else.
    Once,
    /// In mail alone.
    Mailed,
}

/// A secret of the journey.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Secret {
    /// What it is, for whoever reads of a finding.
    pub what: String,
    pub text: String,
    pub seen: Seen,
}

/// What is searched. Each byte is one character of its own, so that the search of texts does for bytes too.
pub struct Haystack(String);

impl Haystack {
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| char::from(*byte)).collect())
    }

    pub fn contains(&self, text: &str) -> bool {
        self.0.contains(text)
    }
}

/// The forms of one secret.
pub struct Needles {
    all: Vec<Haystack>,
    is_code: bool,
}

impl Needles {
    pub fn of(secret: &Secret) -> Self {
        let text = secret.text.as_bytes().to_vec();
        let is_code = text.len() == 6 && text.iter().all(u8::is_ascii_digit);
        let mut all = vec![text.clone()];
        if !is_code {
            // Whoever prints bytes prints them so, and a header of Basic or a body in a log would be base64.
            all.extend([HEXLOWER.encode(&text).into_bytes(), BASE64.encode(&text).trim_end_matches('=').into()]);
            all.push(format!("{text:?}").trim_matches(['[', ']']).into());
            let raw =
                [BASE64URL_NOPAD.decode(&text).ok(), BASE32_NOPAD.decode(&text).ok(), HEXLOWER.decode(&text).ok()];
            for raw in raw.into_iter().flatten().filter(|raw| raw.len() >= 16) {
                all.push(HEXLOWER.encode(&raw).into_bytes());
                all.push(raw);
            }
        }
        Self { all: all.iter().map(|bytes| Haystack::new(bytes)).collect(), is_code }
    }

    /// Where it is found, with what stands around it.
    pub fn find(&self, Haystack(haystack): &Haystack) -> Option<String> {
        self.all.iter().find_map(|Haystack(needle)| {
            let mut places = haystack.match_indices(needle.as_str());
            let (at, _) = places.find(|(at, _)| !self.is_code || stands_alone(haystack, *at, at + needle.len()))?;
            let before: Vec<char> = haystack[..at].chars().rev().take(160).collect();
            let after = haystack[at..].chars().take(needle.len() + 60);
            Some(before.into_iter().rev().chain(after).collect())
        })
    }

    /// Digits of a code are among those of many an id and time.
    pub fn is_code(&self) -> bool {
        self.is_code
    }
}

/// Six digits within an id, a number or a time are no code.
fn stands_alone(haystack: &str, from: usize, to: usize) -> bool {
    let is_of_a_word = |neighbour: Option<char>| {
        neighbour
            .is_some_and(|neighbour| neighbour.is_ascii_alphanumeric() || ['.', ':', '_', '-'].contains(&neighbour))
    };
    let after: Vec<char> = haystack[to..].chars().take(2).collect();
    // A full stop ends a sentence as well as it begins the digits behind it.
    let ends = match after.as_slice() {
        ['.'] => true,
        ['.', next] => !next.is_ascii_alphanumeric(),
        [next, ..] => !is_of_a_word(Some(*next)),
        [] => true,
    };
    ends && !is_of_a_word(haystack[..from].chars().next_back())
}

/// The files of a database, with what was not yet moved from beside it.
pub fn files(database: &Path) -> Vec<u8> {
    let names = ["", "-wal", "-shm"].map(|ending| format!("{}{ending}", database.display()));
    names.iter().filter_map(|name| std::fs::read(name).ok()).flatten().collect()
}

/// Every value of every table, for one that stands on two pages is not found in the files.
pub fn rows(database: &Path) -> Vec<u8> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut names = database.prepare("select name from sqlite_master where type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(names.len() > 30, "{names:?}");
    let mut all = Vec::new();
    for name in names {
        let mut statement = database.prepare(&format!("select * from \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                        all.extend_from_slice(bytes);
                    }
                    _ => {}
                }
                all.push(b'\n');
            }
        }
    }
    all
}

#[test]
fn a_search_finds_each_form_and_a_code_only_by_itself() {
    let secret = |text: &str| Secret { what: String::new(), text: text.to_owned(), seen: Seen::Nowhere };
    let raw: [u8; 32] = [0xd7; 32];
    let token = BASE64URL_NOPAD.encode(&raw);
    let needles = Needles::of(&secret(&token));
    let forms = [token.as_bytes(), &raw, HEXLOWER.encode(&raw).as_bytes(), BASE64.encode(token.as_bytes()).as_bytes()]
        .map(<[u8]>::to_vec);
    for form in forms {
        let haystack = [b"before\xff ".as_slice(), &form, b" after"].concat();
        assert!(needles.find(&Haystack::new(&haystack)).is_some_and(|found| found.starts_with("before")));
        assert!(needles.find(&Haystack::new(&haystack[..haystack.len() - 10])).is_none());
    }
    let code = Needles::of(&secret("123456"));
    assert!(code.is_code());
    for (text, is_found) in [
        ("a 123456.", true),
        ("code=\"123456\"", true),
        ("1234567 123456", true),
        ("1123456", false),
        ("usr_a123456f", false),
        ("05.123456Z", false),
        ("12345", false),
    ] {
        assert_eq!(code.find(&Haystack::new(text.as_bytes())).is_some(), is_found, "{text}");
    }
}
