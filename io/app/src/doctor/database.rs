//! Owns what is wrong with a database as such: away, too old, read-only, held by somebody, without rights, of another time.

use orgate_core::time::Timestamp;
use orgate_store::{Migrate, ServerCondition, Store, StoreError, StoreSettings};

use super::finding::{Finding, bad, good};
use crate::clock::Clock;

const WHAT: &str = "database";
/// The oldest PostgreSQL that Orgate's tests are run with.
const OLDEST_TESTED: i64 = 15;
/// Mailed codes, proofs and one-time passwords are judged by a node's clock, several nodes by several. *Units*: milliseconds.
const CLOCKS_MAY_DIFFER_MS: i64 = 5_000;

/// An embedded database that somebody has open who does not listen where these settings say. Asked before it is opened.
pub(super) async fn held_elsewhere(store: &StoreSettings) -> bool {
    store.file().is_some_and(std::path::Path::is_file) && Store::is_in_use_elsewhere(store).await.unwrap_or(false)
}

/// The same as a finding.
pub(super) fn another_holds(is_held: bool, somebody_of_ours_listens: bool) -> Option<Finding> {
    let text = "another program has the file open, and no node of this deployment listens where these settings say. One node \
                alone may serve SQLite: stop the other one, or use PostgreSQL for several. (A command of `orgate` that is \
                under way is no harm.)";
    (is_held && !somebody_of_ours_listens).then(|| bad(WHAT, text))
}

/// Opens it, if it can be opened and takes writes; and says what was found either way.
pub(super) async fn open(store: &StoreSettings, clock: &dyn Clock) -> (Vec<Finding>, bool) {
    let mut settings = store.clone();
    settings.migrate = Migrate::Check;
    let opened = match Store::open(&settings, clock.now()).await {
        Ok(opened) => opened,
        Err(error) => return (vec![bad(WHAT, with_advice(&error))], false),
    };
    let mut findings = match condition(&opened, clock).await {
        Ok(findings) => findings,
        Err(error) => return (vec![bad(WHAT, with_advice(&error))], false),
    };
    if findings.iter().all(|finding| finding.ok)
        && let Err(error) = opened.try_write().await
    {
        findings.push(bad(WHAT, unwritable(&error)));
    }
    let is_sound = !findings.iter().any(|finding| finding.what == WHAT && !finding.ok);
    if is_sound {
        let schema = opened.newer_schema().map_or_else(
            || "its schema is the one that this program needs".to_owned(),
            |version| format!("its schema, version {version}, is newer than this program, which may run over it"),
        );
        findings.push(good(WHAT, format!("answers, takes writes, and {schema}")));
    }
    (findings, is_sound)
}

async fn condition(store: &Store, clock: &dyn Clock) -> Result<Vec<Finding>, StoreError> {
    let before = clock.now();
    let Some(server) = store.server_condition().await? else { return Ok(Vec::new()) };
    let mut findings = judge(&server);
    findings.push(judge_clock(before, server.now, clock.now()));
    Ok(findings)
}

fn judge(server: &ServerCondition) -> Vec<Finding> {
    let mut findings = Vec::new();
    let major = server.version / 10_000;
    if major < OLDEST_TESTED {
        let text = format!(
            "PostgreSQL {major} is older than {OLDEST_TESTED}, the oldest that Orgate is tested with: upgrade it"
        );
        findings.push(bad(WHAT, text));
    }
    if server.is_standby {
        let text = "this server is a standby, which follows another one and takes no writes: ORGATE_DATABASE_URL has to name \
                    the primary";
        findings.push(bad(WHAT, text));
    } else if server.is_read_only {
        let text = "transactions of this role are read-only: set default_transaction_read_only off for the role and the database";
        findings.push(bad(WHAT, text));
    }
    if server.forbidden_tables > 0 {
        let text = format!(
            "the role of ORGATE_DATABASE_URL may not read and write {} of the tables: make it their owner, or grant select, \
             insert, update and delete on all of them",
            server.forbidden_tables
        );
        findings.push(bad(WHAT, text));
    }
    findings
}

/// The server's clock was read between two looks at ours.
fn judge_clock(before: Timestamp, theirs: Timestamp, after: Timestamp) -> Finding {
    let (behind, ahead) = (before.as_millis() - theirs.as_millis(), theirs.as_millis() - after.as_millis());
    let off = behind.max(ahead);
    if off > CLOCKS_MAY_DIFFER_MS {
        let (seconds, side) = (off / 1_000, if behind > ahead { "ahead of" } else { "behind" });
        let text = format!(
            "this machine is {seconds} s {side} the database's: codes, proofs and links expire too early or too late, and \
             nodes disagree. Keep all of them by NTP."
        );
        return bad("clock", text);
    }
    good("clock", "within five seconds of the database's")
}

fn with_advice(error: &StoreError) -> String {
    let advice = match error {
        StoreError::Unavailable { .. } | StoreError::InDoubt { .. } => {
            " Look whether the server runs, whether host, port, user and password of ORGATE_DATABASE_URL are right, whether it \
             takes connections from here, and whether by TLS: where it has none, ?sslmode=disable goes without."
        }
        StoreError::Unwritable { .. } => {
            " Orgate's user needs the file, its folder, and the right to write files beside it."
        }
        StoreError::Fault { .. } => " Look at the role's rights and the server's log.",
        StoreError::Conflict(_)
        | StoreError::NotFound { .. }
        | StoreError::UnknownSchema { .. }
        | StoreError::NotMigrated { .. }
        | StoreError::Settings { .. }
        | StoreError::Corrupt { .. } => "",
    };
    let text = error.to_string();
    if advice.is_empty() { text } else { format!("{}.{advice}", text.trim_end_matches('.')) }
}

fn unwritable(error: &StoreError) -> String {
    format!(
        "it can be read, and takes no writes: {error}. Another program may hold it (a shell with an open transaction, a \
         backup), its disk may be full, or the role may not write."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: ServerCondition = ServerCondition {
        version: 150_004,
        now: Timestamp::from_millis(0),
        is_standby: false,
        is_read_only: false,
        forbidden_tables: 0,
    };

    fn said(server: ServerCondition) -> String {
        judge(&server).iter().map(|finding| finding.text.clone()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn a_sound_server_has_nothing_to_mend_and_each_fault_has_its_line() {
        assert_eq!(said(SOUND), "");
        assert!(said(ServerCondition { version: 149_999, ..SOUND }).starts_with("PostgreSQL 14 is older than 15"));
        assert!(
            said(ServerCondition { is_standby: true, is_read_only: true, ..SOUND })
                .starts_with("this server is a standby")
        );
        assert!(said(ServerCondition { is_read_only: true, ..SOUND }).contains("read-only"));
        assert!(
            said(ServerCondition { forbidden_tables: 2, ..SOUND }).contains("may not read and write 2 of the tables")
        );
    }

    #[test]
    fn clocks_that_differ_are_told_with_their_side() {
        let at = Timestamp::from_millis;
        assert!(judge_clock(at(10_000), at(15_000), at(10_000)).ok);
        assert!(judge_clock(at(10_000), at(5_000), at(10_000)).ok);
        // A slow answer is no difference.
        assert!(judge_clock(at(10_000), at(10_500), at(19_000)).ok);
        assert!(judge_clock(at(60_000), at(10_000), at(60_100)).text.contains("50 s ahead of"));
        assert!(judge_clock(at(10_000), at(60_000), at(10_100)).text.contains("49 s behind"));
    }

    #[test]
    fn an_open_file_is_to_mend_only_when_no_node_of_ours_has_it() {
        assert!(another_holds(true, false).is_some());
        assert!(another_holds(true, true).is_none() && another_holds(false, false).is_none());
    }
}
