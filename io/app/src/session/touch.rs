//! Owns the last use of sessions until it is written: remembered in memory on the request path, written by a job
//! (R-IN-7). What does not fit is remembered at the session's next use.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use orgate_core::session::SessionLife;
use orgate_core::time::Timestamp;

use crate::app::App;
use crate::error::Error;

/// *Units*: sessions. 64 bytes each.
const MOST: usize = 100_000;
/// How many are written in one transaction. *Units*: sessions.
const BATCH: usize = 500;

/// Uses of sessions that wait to be written.
#[derive(Debug, Default)]
pub struct SessionTouch(Mutex<HashMap<[u8; 32], Timestamp>>);

impl SessionTouch {
    /// Remembers this use, if it is worth writing: once in five minutes a session.
    pub fn note(&self, token_hash: &[u8; 32], life: &SessionLife, now: Timestamp) {
        if !life.wants_touch(now) {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST || waiting.contains_key(token_hash) {
            waiting.insert(*token_hash, now);
        }
    }

    fn take(&self) -> Vec<([u8; 32], Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }

    /// Remembers again what could not be written, unless a later use was noted meanwhile.
    fn put_back(&self, unwritten: &[([u8; 32], Timestamp)]) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (token_hash, at) in unwritten {
            waiting.entry(*token_hash).or_insert(*at);
        }
    }
}

/// Writes what waits, and says how many sessions that were. What could not be written waits on.
///
/// *Errors*: those of the store.
pub async fn flush(app: &App) -> Result<u64, Error> {
    let waiting = app.touches.take();
    let mut written = 0;
    for (number, batch) in waiting.chunks(BATCH).enumerate() {
        match write(app, batch.to_vec()).await {
            Ok(some) => written += some,
            Err(error) => {
                app.touches.put_back(waiting.get(number * BATCH..).unwrap_or_default());
                return Err(error);
            }
        }
    }
    Ok(written)
}

async fn write(app: &App, batch: Vec<([u8; 32], Timestamp)>) -> Result<u64, Error> {
    app.store
        .write(batch, |tx, batch| {
            Box::pin(async move {
                let mut written = 0;
                for (token_hash, at) in batch {
                    written += u64::from(tx.instance().touch_session(token_hash, *at).await?);
                }
                Ok::<_, Error>(written)
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn r_in_7_a_use_is_remembered_at_most_once_in_five_minutes() {
        let start = Timestamp::from_millis(1_000_000);
        let life = SessionLife {
            created_at: start,
            last_used_at: start,
            expires_at: start.plus(Duration::from_secs(86_400)),
            ended_at: None,
            not_before: Timestamp::from_millis(0),
        };
        let touches = SessionTouch::default();
        touches.note(&[1; 32], &life, start.plus(Duration::from_secs(299)));
        assert!(touches.take().is_empty());
        let used = start.plus(Duration::from_secs(300));
        touches.note(&[1; 32], &life, used);
        assert_eq!(touches.take(), [([1; 32], used)]);
        assert!(touches.take().is_empty(), "taken once");
    }

    #[test]
    fn r_in_7_a_use_that_could_not_be_written_waits_on_and_puts_no_later_one_away() {
        let at = |seconds: u64| Timestamp::from_millis(1_000_000).plus(Duration::from_secs(seconds));
        let life = |used| SessionLife {
            created_at: at(0),
            last_used_at: used,
            expires_at: at(86_400),
            ended_at: None,
            not_before: Timestamp::from_millis(0),
        };
        let touches = SessionTouch::default();
        for number in 1..=2 {
            touches.note(&[number; 32], &life(at(0)), at(300));
        }
        let unwritten = touches.take();
        touches.note(&[2; 32], &life(at(0)), at(400));
        touches.put_back(&unwritten);
        let mut waiting = touches.take();
        waiting.sort_unstable();
        assert_eq!(waiting, [([1; 32], at(300)), ([2; 32], at(400))]);
    }
}
