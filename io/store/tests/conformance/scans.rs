//! The lock on large numbers: no statement of the store reads a whole table, but for those that are named here with the reason.
//! SQLite says how it would run each; a table that it reads whole, PostgreSQL has no index for either.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::bed::Bed;

/// How the statement begins, and why it may.
const MAY: [(&str, &str); 17] = [
    ("select id, key_check, since_at from secret_keys", "a row for each key there was"),
    ("select substr(code_mac, 1, 4) as key_id", "a condition of its own that an index serves, by `keys retire`"),
    ("select chain, head_position", "all chains in turn, by `audit verify`"),
    ("select version", "a row for each step of the schema"),
    ("select name from sqlite_master", "the schema itself"),
    ("select count(*) from sqlite_master", "the schema itself"),
    ("select (select count(*) from pragma_table_info", "the schema itself"),
    ("select count(*) from users where closed_at is null", "once, of a copy"),
    ("select count(*) from organizations", "once, of a copy"),
    ("update refused_tries set bucket = event_id", "once at each start, beside everything else"),
    ("update instance set", "one row"),
    ("select count(*) from instance", "one row"),
    ("select backed_up_at from instance", "one row"),
    // What was mailed to a domain that passes from one organization to another, which is rare, and kept for a day.
    ("delete from challenges where substr(", "a day's, when a domain passes on"),
    ("delete from departures where substr(", "a day's, when a domain passes on"),
    ("delete from password_resets where substr(", "a day's, when a domain passes on"),
    ("delete from sign_ups where substr(", "a day's, when a domain passes on"),
];

/// Files whose statements run over everything on purpose, once.
const ONCE: [&str; 1] = ["restore.rs"];

/// What a source file is made of, as far as statements go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(String),
    Word(String),
    Mark(char),
}

fn tokens(source: &str) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), source);
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if first == '"' {
            let (text, behind) = literal(&rest[1..]);
            tokens.push(Token::Literal(text));
            rest = behind;
        } else if rest.starts_with("'\"'") {
            rest = &rest[3..];
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|one: char| !one.is_alphanumeric() && one != '_').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

/// A text up to its closing quote, and what stands behind it.
fn literal(rest: &str) -> (String, &str) {
    let (mut text, mut chars) = (String::new(), rest.char_indices().peekable());
    while let Some((at, one)) = chars.next() {
        match one {
            '"' => return (text, &rest[at + 1..]),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, one)| one.is_whitespace()).is_some() {},
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            _ => text.push(one),
        }
    }
    (text, "")
}

/// Macros that stand for a piece of a statement.
fn pieces(tokens: &[Token]) -> HashMap<String, Vec<Token>> {
    let is_macro = |at: &usize| tokens[*at] == Token::Word("macro_rules".to_owned());
    let pieces = (0..tokens.len()).filter(is_macro).filter_map(|at| {
        let Some(Token::Word(name)) = tokens.get(at + 2) else { return None };
        // `macro_rules ! name { ( ) = > { … } ; }`
        let empty = tokens.get(at + 4..at + 6)? == [Token::Mark('('), Token::Mark(')')];
        let body = tokens.get(at + 9..)?;
        let end = body.iter().position(|token| *token == Token::Mark('}'))?;
        empty.then(|| (name.clone(), body[..end].to_vec()))
    });
    pieces.collect()
}

/// The text that `concat!` or a macro that stands for a piece makes, and how many tokens that took.
fn joined(tokens: &[Token], own: &HashMap<String, Vec<Token>>, all: &HashMap<String, Vec<Token>>) -> (String, usize) {
    let (mut text, mut at, mut depth) = (String::new(), 0, 0);
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Literal(piece) => text.push_str(piece),
            Token::Word(name) if tokens.get(at + 1) == Some(&Token::Mark('!')) && name != "concat" => {
                let piece = own.get(name).or_else(|| all.get(name)).unwrap();
                text.push_str(&joined(piece, own, all).0);
            }
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => {
                depth -= 1;
                if depth == 0 && text.contains(char::is_whitespace) && tokens[0] == Token::Word("concat".to_owned()) {
                    return (text, at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (text, at)
}

/// The statements of a file.
fn statements(tokens: &[Token], own: &HashMap<String, Vec<Token>>, all: &HashMap<String, Vec<Token>>) -> Vec<String> {
    let (mut statements, mut at) = (Vec::new(), 0);
    while let Some(token) = tokens.get(at) {
        let (text, taken) = match token {
            Token::Literal(text) => (text.clone(), 1),
            Token::Word(word) if word == "concat" => joined(&tokens[at..], own, all),
            _ => (String::new(), 1),
        };
        let is_statement = ["select ", "insert into ", "update ", "delete from ", "with "];
        if is_statement.iter().any(|begins| text.starts_with(begins)) {
            statements.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        at += taken;
    }
    statements
}

fn sources(folder: &Path) -> Vec<(PathBuf, Vec<Token>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.file_name().is_none_or(|name| name != "tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let product = text.split("#[cfg(test)]").next().unwrap();
            files.push((path, tokens(product)));
        }
    }
    files
}

/// Indexes of a database: their tables, what they begin with, and whether they have a condition of their own.
struct Indexes(HashMap<String, (String, String, bool)>);

impl Indexes {
    fn of(database: &Connection) -> Self {
        let query = "select i.name, i.tbl_name, coalesce(c.name, ''), coalesce(i.sql like '% where %', false)
            from sqlite_master i join pragma_index_info(i.name) c on c.seqno = 0 where i.type = 'index'";
        let mut query = database.prepare(query).unwrap();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)));
        Self(query.query_map([], read).unwrap().map(Result::unwrap).collect())
    }

    /// Whether a step of a plan reads a whole table; an index that has a condition of its own holds what the condition asks for
    /// and no more.
    fn reads_whole(&self, step: &str) -> bool {
        let is_partial = |index: &str| self.0.get(index).is_some_and(|(_, _, is_partial)| *is_partial);
        step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" && !index_of(step).is_some_and(is_partial)
    }

    /// Whether a step goes through everything of an organization, though the statement says more that an index would find.
    fn reads_organization(&self, statement: &str, step: &str) -> bool {
        let Some((table, begins, _)) = index_of(step).and_then(|index| self.0.get(index)) else { return false };
        let condition = statement.split_once(" where ").map_or("", |(_, condition)| condition);
        let mut given: Vec<&str> =
            condition.split(" = $").filter_map(|part| part.rsplit([' ', '.', '(']).next()).collect();
        // Behind the last one stands no value.
        given.pop();
        let mut others = self.0.values().filter(|(of, _, _)| of == table);
        given.contains(&"organization_id")
            && step.ends_with("(organization_id=?)")
            && others.any(|(_, first, is_partial)| first != begins && !is_partial && given.contains(&first.as_str()))
    }
}

fn index_of(step: &str) -> Option<&str> {
    step.split(" INDEX ").nth(1)?.split(' ').next()
}

/// How SQLite would run a statement.
fn plan(database: &Connection, statement: &str) -> rusqlite::Result<Vec<String>> {
    let mut explained = database.prepare(&format!("explain query plan {}", statement.replace('$', "?")))?;
    let nothing = vec![None::<i64>; explained.parameter_count()];
    explained.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))?.collect()
}

#[tokio::test]
async fn no_statement_reads_a_whole_table_but_those_that_say_why() {
    let bed = Bed::sqlite().await;
    let database = Connection::open(bed.url().trim_start_matches("sqlite:")).unwrap();
    let indexes = Indexes::of(&database);
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let all: HashMap<_, _> = files.iter().flat_map(|(_, tokens)| pieces(tokens)).collect();
    let (mut whole, mut explained, mut used) = (Vec::new(), 0, HashSet::<&(&str, &str)>::new());
    for (path, tokens) in &files {
        let file = path.file_name().unwrap().to_str().unwrap();
        for statement in statements(tokens, &pieces(tokens), &all) {
            // A text for one engine alone, or one with holes that are filled later.
            let Ok(steps) = plan(&database, &statement) else {
                println!("not asked: {file}: {statement}");
                continue;
            };
            explained += 1;
            if let Some(step) = steps.iter().find(|step| indexes.reads_organization(&statement, step)) {
                whole.push(format!("{file}: {statement}: everything of an organization: {step}"));
            }
            let steps: Vec<_> = steps.into_iter().filter(|step| indexes.reads_whole(step)).collect();
            let reason = MAY.iter().find(|(begins, _)| statement.starts_with(begins));
            used.extend(reason.filter(|_| !steps.is_empty()));
            if !steps.is_empty() && reason.is_none() && !ONCE.contains(&file) {
                whole.push(format!("{file}: {statement}: {steps:?}"));
            }
        }
    }
    assert!(whole.is_empty(), "{}", whole.join("\n"));
    assert!(explained > 300, "{explained} statements were found");
    let idle: Vec<_> = MAY.iter().filter(|reason| !used.contains(reason)).collect();
    assert!(idle.is_empty(), "nothing needs {idle:?}");
}

#[tokio::test]
async fn a_statement_that_reads_a_whole_table_is_found() {
    let bed = Bed::sqlite().await;
    let database = Connection::open(bed.url().trim_start_matches("sqlite:")).unwrap();
    let source = "macro_rules! columns { () => { \"id, name\" }; } \
        const SQL: &str = concat!(\"select \", columns!(), \" from users where name = $1\"); // \"select 1\"";
    let found = tokens(source);
    let statements = statements(&found, &pieces(&found), &HashMap::new());
    assert_eq!(statements, ["select id, name from users where name = $1"]);
    let (steps, indexes) = (plan(&database, &statements[0]).unwrap(), Indexes::of(&database));
    assert_eq!(steps, ["SCAN users"]);
    assert!(indexes.reads_whole(&steps[0]));
    let wide = "select role from project_grants where organization_id = $1 and project_id = $2";
    let steps = plan(&database, wide).unwrap();
    assert!(indexes.reads_organization(wide, &steps[0]), "{steps:?}");
    let all = "select role from project_grants where organization_id = $1";
    assert!(!indexes.reads_organization(all, &plan(&database, all).unwrap()[0]));
}

/// Whoever deletes a row makes the engine look for rows that name it. A User is closed and never deleted.
#[tokio::test]
async fn every_foreign_key_to_rows_that_can_go_has_an_index() {
    let bed = Bed::sqlite().await;
    let database = Connection::open(bed.url().trim_start_matches("sqlite:")).unwrap();
    let keys = "select t.name, k.\"from\" from sqlite_master t join pragma_foreign_key_list(t.name) k
        where t.type = 'table' and k.\"table\" <> 'users'";
    let indexed = "select t.name, c.name from sqlite_master t join pragma_index_list(t.name) i
        join pragma_index_info(i.name) c where t.type = 'table' and c.seqno = 0 and c.name is not null";
    let pairs = |query: &str| -> HashSet<(String, String)> {
        let mut query = database.prepare(query).unwrap();
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let (keys, indexed) = (pairs(keys), pairs(indexed));
    assert!(keys.len() > 20, "{keys:?}");
    let bare: Vec<_> = keys.difference(&indexed).collect();
    assert!(bare.is_empty(), "no index begins with {bare:?}");
}
