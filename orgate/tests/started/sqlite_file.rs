//! Owns a look at a SQLite database from outside.

use std::path::Path;

/// What SQLite itself says of the file `orgate.db` in this folder.
///
/// *Errors*: what is wrong with it.
pub fn is_whole(folder: &Path) -> Result<(), String> {
    let database = rusqlite::Connection::open(folder.join("orgate.db")).unwrap();
    let said: String =
        database.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(|reason| reason.to_string())?;
    let strays = database.prepare("pragma foreign_key_check").and_then(|mut check| check.exists([]));
    match (said.as_str(), strays) {
        ("ok", Ok(false)) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
