//! Owns the replacement of the secret key while nodes serve: what is under another key is made anew under the one in use,
//! a few values a transaction, each only if it still is as it was read. It can be stopped anywhere, for every state between
//! is one that nodes with both keys serve, and running it again goes on.
//!
//! *Source*: T-SEC-1, REL-3.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use orgate_store::{SealedColumn, SealedValue};
use serde_json::json;

use super::survey::{KeyUse, Survey, TOGETHER, survey};
use super::{audit_log, place};
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::audit_chain;
use crate::error::Error;
use crate::instance_key::KeyId;

/// How often everything is gone through: what nodes wrote meanwhile with another key is found at the next turn. A node that
/// still makes everything with another key would keep this busy for ever.
const TURNS: u32 = 3;

/// What becomes of values that no key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadables {
    /// Nothing is begun.
    Refuse,
    /// They stay as they are, and everything else is moved.
    Leave,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Values sealed anew, by column.
    pub sealed: BTreeMap<SealedColumn, u64>,
    /// Heads of the audit log that were signed anew.
    pub heads: u64,
    /// Erasures in the audit log that were marked anew.
    pub erasures: u64,
    /// The keys that nothing needs any more, and that a node may lack from now on.
    pub released: Vec<KeyId>,
    /// What is there now, or what was in the way.
    pub survey: Survey,
    /// How it ended.
    pub end: End,
}

/// How a replacement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything is under the key in use.
    Done,
    /// Values that no key opens were in the way: nothing was begun.
    Refused,
    /// Something came back under another key: a node still makes everything with it.
    Busy,
    /// It was stopped between two transactions.
    Stopped,
}

/// Moves everything to the key in use. `after_each` is asked after every transaction whether to go on.
///
/// *Errors*: those of the store.
pub async fn rotate(
    app: &App,
    unreadables: Unreadables,
    mut after_each: impl FnMut() -> ControlFlow<()> + Send,
) -> Result<Rotated, Error> {
    let found = survey(app).await?;
    let mut rotated = Rotated {
        sealed: BTreeMap::new(),
        heads: 0,
        erasures: 0,
        released: Vec::new(),
        survey: found,
        end: End::Refused,
    };
    if unreadables == Unreadables::Refuse && !rotated.survey.unreadable.is_empty() {
        return Ok(rotated);
    }
    let mut turns = 0;
    while !is_moved(&rotated.survey) {
        turns += 1;
        // Events that a former key marked get their places while that key vouches for them. What ails one chain keeps nothing
        // else from being moved.
        let sealed = audit_chain::seal(app).await;
        if turn(app, &mut rotated, &mut after_each).await?.is_break() {
            rotated.end = End::Stopped;
            return Ok(rotated);
        }
        rotated.survey = survey(app).await?;
        if turns == TURNS && !is_moved(&rotated.survey) {
            sealed?;
            rotated.end = End::Busy;
            return Ok(rotated);
        }
    }
    rotated.released = release(app).await?;
    for key in &mut rotated.survey.keys {
        key.is_needed &= key.seals;
    }
    rotated.end = End::Done;
    Ok(rotated)
}

fn is_moved(survey: &Survey) -> bool {
    survey.others().all(KeyUse::is_empty)
}

async fn turn(
    app: &App,
    rotated: &mut Rotated,
    after_each: &mut (impl FnMut() -> ControlFlow<()> + Send),
) -> Result<ControlFlow<()>, Error> {
    for column in SealedColumn::ALL {
        if seal_anew(app, column, rotated, after_each).await?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    for (_, head) in audit_log::heads(app).await? {
        let done = audit_log::sign_anew(app, head).await?;
        rotated.heads += u64::from(done);
        if done && after_each().is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    let mut after = String::new();
    loop {
        let page = audit_log::erasures(app, &mut after).await?;
        if page.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let done = audit_log::mark_anew(app, page).await?;
        rotated.erasures += done;
        if done > 0 && after_each().is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

async fn seal_anew(
    app: &App,
    column: SealedColumn,
    rotated: &mut Rotated,
    after_each: &mut (impl FnMut() -> ControlFlow<()> + Send),
) -> Result<ControlFlow<()>, Error> {
    let mut after = None;
    loop {
        let page = app.store.list_sealed_values(column, after.as_ref(), TOGETHER).await?;
        let Some(last) = page.last() else { return Ok(ControlFlow::Continue(())) };
        after = Some(last.clone());
        let anew = page.into_iter().filter_map(|value| {
            // What no key opens was told by the survey, and stays.
            let sealed = app.sealer.reseal(&place(&value), &value.value, &*app.entropy).ok().flatten()?;
            Some((value, sealed))
        });
        let anew: Vec<(SealedValue, Vec<u8>)> = anew.collect();
        if anew.is_empty() {
            continue;
        }
        let done = replace(app, anew).await?;
        *rotated.sealed.entry(column).or_default() += done;
        if after_each().is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// At READ COMMITTED on PostgreSQL: each statement looks for itself whether the value is as it was read, and nobody's
/// transaction collides but one that changes the very row.
async fn replace(app: &App, anew: Vec<(SealedValue, Vec<u8>)>) -> Result<u64, Error> {
    app.store
        .write_apart(anew, |tx, anew| {
            Box::pin(async move {
                let mut done = 0;
                for (value, sealed) in anew {
                    done += u64::from(tx.instance().replace_sealed_value(value, sealed).await?);
                }
                Ok(done)
            })
        })
        .await
}

/// A node may lack the other keys from now on. It is written to the deployment's audit log, once.
async fn release(app: &App) -> Result<Vec<KeyId>, Error> {
    app.store
        .write(app.clone(), |tx, app| {
            Box::pin(async move {
                let to = app.sealer.key_id();
                let in_use = tx.instance().list_secret_keys().await?;
                let ids = in_use.iter().filter_map(|key| key.id.as_slice().try_into().ok().map(KeyId::from_bytes));
                // A key that a node began to use since is not known here, and stays.
                let released: Vec<KeyId> = ids.filter(|id| *id != to && app.sealer.knows(*id)).collect();
                for id in &released {
                    tx.instance().delete_secret_key(id.as_bytes()).await?;
                }
                if !released.is_empty() {
                    let from: Vec<String> = released.iter().map(KeyId::to_string).collect();
                    let data = json!({ "from": from.join(", "), "to": to.to_string() });
                    let event = Event::done("secret-key.rotated").data(data);
                    audit::record(tx, app, None, None, &Author::operator(), event).await?;
                }
                Ok(released)
            })
        })
        .await
}
