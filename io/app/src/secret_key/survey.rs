//! Owns the look at everything that was made with a secret key: how much is under which, and what no key opens. It tries each
//! value, changes nothing, and says nothing of what is in it.

use std::collections::BTreeMap;
use std::fmt;

use orgate_core::audit_chain::{Chain, Marked};
use orgate_core::time::Timestamp;
use orgate_store::SealedColumn;

use super::{audit_log, place};
use crate::app::App;
use crate::audit_chain;
use crate::error::Error;
use crate::instance_key::{InstanceKey, KeyId};
use crate::seal::Sealer;

/// How many values are read together.
pub(super) const TOGETHER: u32 = 200;
/// How many of those that no key opens are named; the others are counted.
const NAMED: usize = 100;

const MARKED_ELSEWHERE: &str = "marked with a key that is not here";

/// What one key is in use for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Which.
    pub id: KeyId,
    /// Whether it is the one that everything is made with.
    pub seals: bool,
    /// Whether a node that lacks it does not start.
    pub is_needed: bool,
    /// Sealed values, by column.
    pub sealed: BTreeMap<SealedColumn, u64>,
    /// Signed heads of the audit log.
    pub heads: u64,
    /// Marks of erasures in the audit log.
    pub erasures: u64,
    /// Events of the audit log that wait for their place, and would bear a strange mark without the key.
    pub waiting: u64,
    /// Mailed codes that can still be typed.
    pub codes: u64,
    /// When the last of them expires.
    pub codes_until: Option<Timestamp>,
}

impl KeyUse {
    /// Whether anything is left that has to be moved to another key before this one can go. Codes are not moved.
    pub fn is_empty(&self) -> bool {
        self.sealed.is_empty() && self.heads + self.erasures + self.waiting == 0
    }
}

/// Something that no key opens or verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What: a table and column.
    pub what: String,
    /// Which row.
    pub row: String,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}: {}", self.what, self.row, self.why)
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The keys of this node: the one that seals first, the others in the order of the settings.
    pub keys: Vec<KeyUse>,
    /// What none of them opens; at most a hundred.
    pub unreadable: Vec<Unreadable>,
    /// How many further ones there are.
    pub more_unreadable: u64,
}

impl Survey {
    fn new(app: &App) -> Self {
        let others = app.settings.other_secret_keys.iter().map(InstanceKey::id);
        let ids = std::iter::once(app.sealer.key_id()).chain(others);
        let keys = ids.enumerate().map(|(position, id)| KeyUse {
            id,
            seals: position == 0,
            is_needed: false,
            sealed: BTreeMap::new(),
            heads: 0,
            erasures: 0,
            waiting: 0,
            codes: 0,
            codes_until: None,
        });
        Self { keys: keys.collect(), unreadable: Vec::new(), more_unreadable: 0 }
    }

    /// The keys that make nothing any more.
    pub fn others(&self) -> impl Iterator<Item = &KeyUse> {
        self.keys.iter().filter(|key| !key.seals)
    }

    fn of(&mut self, id: KeyId) -> Option<&mut KeyUse> {
        self.keys.iter_mut().find(|key| key.id == id)
    }

    fn add_unreadable(&mut self, unreadable: Unreadable) {
        if self.unreadable.len() < NAMED {
            self.unreadable.push(unreadable);
        } else {
            self.more_unreadable += 1;
        }
    }
}

/// Looks at everything. It reads in small pieces, beside nodes that serve, so what changes meanwhile is seen before or after.
///
/// *Errors*: those of the store; a newer schema may hold sealed values that this program does not know.
pub async fn survey(app: &App) -> Result<Survey, Error> {
    app.store.require_known_schema()?;
    let mut survey = Survey::new(app);
    for column in SealedColumn::ALL {
        look_at_column(app, column, &mut survey).await?;
    }
    look_at_heads(app, &mut survey).await?;
    look_at_erasures(app, &mut survey).await?;
    look_at_waiting(app, &mut survey).await?;
    look_at_codes(app, &mut survey).await?;
    Ok(survey)
}

async fn look_at_column(app: &App, column: SealedColumn, survey: &mut Survey) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = app.store.list_sealed_values(column, after.as_ref(), TOGETHER).await?;
        for value in &page {
            let opened = app.sealer.open(&place(value), &value.value).and_then(|_| Sealer::key_of(&value.value));
            match opened {
                Ok(id) => {
                    if let Some(key) = survey.of(id) {
                        *key.sealed.entry(column).or_default() += 1;
                    }
                }
                Err(reason) => survey.add_unreadable(Unreadable {
                    what: format!("{}.{}", column.table(), column.column()),
                    row: value.row.clone(),
                    why: reason.short(),
                }),
            }
        }
        after = page.into_iter().next_back();
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn look_at_heads(app: &App, survey: &mut Survey) -> Result<(), Error> {
    for (row, signed) in audit_log::heads(app).await? {
        let why = match signed.check(&app.audit_keys) {
            Marked::Right => {
                let position = app.audit_keys.named_by(&signed.signature);
                if let Some(key) = position.and_then(|position| survey.keys.get_mut(position)) {
                    key.heads += 1;
                }
                continue;
            }
            Marked::Wrong => "not as it was signed",
            Marked::OtherKey => "signed with a key that is not here",
        };
        survey.add_unreadable(Unreadable { what: "audit_heads.signature".to_owned(), row, why });
    }
    Ok(())
}

/// An erasure whose mark is wrong was made by somebody else: `orgate audit verify` says so, and no key would help.
async fn look_at_erasures(app: &App, survey: &mut Survey) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = audit_log::erasures(app, &mut after).await?;
        if page.is_empty() {
            return Ok(());
        }
        for erasure in page {
            match erasure.marked(app) {
                Marked::Right => {
                    let position = app.audit_keys.named_by(&erasure.mark);
                    if let Some(key) = position.and_then(|position| survey.keys.get_mut(position)) {
                        key.erasures += 1;
                    }
                }
                Marked::OtherKey => survey.add_unreadable(Unreadable {
                    what: "audit_events.erasure".to_owned(),
                    row: erasure.id,
                    why: MARKED_ELSEWHERE,
                }),
                Marked::Wrong => {}
            }
        }
    }
}

/// Where the head does not hold, or is gone, events wait until somebody mends it, whatever becomes of the key; and what a strange
/// key marked waits for that one.
async fn look_at_waiting(app: &App, survey: &mut Survey) -> Result<(), Error> {
    let (mut chains, mut after) = (BTreeMap::<Chain, bool>::new(), String::new());
    // Without one the mark is strange to everybody, and the event is chained as it is.
    let lacks_one = super::lacks_one(app).await?;
    loop {
        let page = app.store.list_waiting_audit_events(&after, TOGETHER).await?;
        let Some((_, last)) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for (chain, entry) in page {
            let goes_on = match chains.get(&chain) {
                Some(goes_on) => *goes_on,
                None => audit_chain::goes_on(app, &chain).await?,
            };
            chains.insert(chain.clone(), goes_on);
            if !goes_on {
                continue;
            }
            if lacks_one && audit_chain::marked(app, &chain, &entry) == Some(Marked::OtherKey) {
                survey.add_unreadable(Unreadable {
                    what: "audit_events.mark".to_owned(),
                    row: entry.id,
                    why: MARKED_ELSEWHERE,
                });
                continue;
            }
            let position = entry.mark.as_deref().and_then(|mark| app.audit_keys.named_by(mark));
            if let Some(key) = position.and_then(|position| survey.keys.get_mut(position)) {
                key.waiting += 1;
            }
        }
    }
}

/// What the database says of keys itself: those without which a node does not start, and codes by theirs.
async fn look_at_codes(app: &App, survey: &mut Survey) -> Result<(), Error> {
    let (needed, codes) = app
        .store
        .read(app.now(), |tx, now| {
            Box::pin(async move {
                let mut instance = tx.instance();
                Ok::<_, Error>((instance.list_secret_keys().await?, instance.list_codes_by_key(*now).await?))
            })
        })
        .await?;
    for key in &mut survey.keys {
        key.is_needed = needed.iter().any(|needed| needed.id == key.id.as_bytes());
        if let Some(of_key) = codes.iter().find(|codes| codes.id == key.id.as_bytes()) {
            (key.codes, key.codes_until) = (of_key.codes, Some(of_key.until));
        }
    }
    Ok(())
}
