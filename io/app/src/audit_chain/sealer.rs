//! Owns the sealer: it gives waiting events their places and signs how far each chain goes. Any number of nodes may run it at
//! once: the head that it began with has to be there still when it writes, so a chain never forks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use orgate_core::audit_chain::{Chain, Entry, Head, Marked, Openings, Place, SignedHead};
use orgate_core::refusal::Refusal;

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::secret_key;

/// How many waiting events are looked at together, and so the most that one transaction gives places to.
const TOGETHER: u32 = 250;
/// How many chains get their heads side by side. They are independent: while one waits for the disk, the others of a page can
/// share that wait, or a node that is busy would seal slower than it writes. Few enough to leave PostgreSQL's connections to
/// people.
const AT_ONCE: usize = 8;
/// How long an event under a key that is not here waits although no such key is in use: a node that was left behind when its key was
/// replaced counts it among those in use again within a minute.
const STRANGE: Duration = Duration::from_secs(5 * 60);
/// Another node was quicker; what it left waits for the next turn.
const LOST: Refusal = Refusal::Busy;

/// Gives every event that waits now its place, and says how many got theirs. Those that no Orgate marked come first: they were
/// there before the chain was. A chain whose head does not hold is left as it is, and said in the log of the program; what ails one
/// chain keeps no other from its places. An event that was marked with a key that is not here waits for a node that has it, while such a key is in
/// use and for some minutes.
///
/// *Errors*: those of the store, the first of them.
pub async fn seal(app: &App) -> Result<u64, Error> {
    let mut turn = Turn::default();
    for which in [Waiting::Unmarked, Waiting::All] {
        if let Err(error) = turn.seal(app, which).await {
            turn.trouble.get_or_insert(error);
        }
    }
    turn.trouble.map_or(Ok(turn.sealed), Err)
}

#[derive(Clone, Copy)]
enum Waiting {
    Unmarked,
    All,
}

/// What came of one turn so far.
#[derive(Default)]
struct Turn {
    sealed: u64,
    /// Chains that got no places and get none in this turn: a later event must not come before an earlier one.
    ailing: BTreeSet<Chain>,
    trouble: Option<Error>,
}

impl Turn {
    async fn seal(&mut self, app: &App, which: Waiting) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let page = match which {
                Waiting::Unmarked => app.store.list_waiting_unmarked_audit_events(&after, TOGETHER).await?,
                Waiting::All => app.store.list_waiting_audit_events(&after, TOGETHER).await?,
            };
            let Some((_, last)) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            // What others write meanwhile waits for the next turn: a node that stops would follow them for as long as they write.
            let was_all = page.len() < TOGETHER as usize;
            self.seal_page(app, page).await?;
            if was_all {
                return Ok(());
            }
        }
    }

    async fn seal_page(&mut self, app: &App, page: Vec<(Chain, Entry)>) -> Result<(), Error> {
        let is_strange = |(chain, entry): &(Chain, Entry)| super::marked(app, chain, entry) == Some(Marked::OtherKey);
        let lacks_one = page.iter().any(is_strange) && secret_key::lacks_one(app).await?;
        let since = app.now().minus(STRANGE);
        let waits = |one: &(Chain, Entry)| is_strange(one) && (lacks_one || one.1.at > since);
        let page = page.into_iter().filter(|one| !waits(one));
        let mut chains: BTreeMap<Chain, Vec<Entry>> = BTreeMap::new();
        for (chain, entry) in page.filter(|(chain, _)| !self.ailing.contains(chain)) {
            chains.entry(chain).or_default().push(entry);
        }
        let sealing = chains.into_iter().map(|(chain, entries)| async move {
            let outcome = seal_chain(app, chain.clone(), entries).await;
            (chain, outcome)
        });
        let outcomes: Vec<_> = stream::iter(sealing).buffer_unordered(AT_ONCE).collect().await;
        for (chain, outcome) in outcomes {
            match outcome {
                Ok(Some(sealed)) => self.sealed += sealed,
                Ok(None) => {
                    self.ailing.insert(chain);
                }
                Err(error) => {
                    self.ailing.insert(chain);
                    self.trouble.get_or_insert(error);
                }
            }
        }
        Ok(())
    }
}

/// How many got their places; `None` when the chain is not one to go on with.
async fn seal_chain(app: &App, chain: Chain, entries: Vec<Entry>) -> Result<Option<u64>, Error> {
    let Some(before) = trusted_head(app, &chain).await? else { return Ok(None) };
    let mut head = before.as_ref().map_or_else(|| Head::empty(chain, app.now()), |signed| signed.head.clone());
    let mut placed = Vec::with_capacity(entries.len());
    let mut vouched = Vec::with_capacity(entries.len());
    for entry in entries {
        let (action, outcome) = (entry.action.clone(), entry.outcome.clone());
        let next = place(app, &head, entry);
        vouched.extend(next.place.vouched.then_some((action, outcome)));
        (head.position, head.link) = (next.place.position, next.place.link);
        placed.push(next);
    }
    let signed = Head { at: app.now(), ..head }.sign(&app.audit_keys);
    let outcome = app
        .store
        .write_apart((before, signed, placed), |tx, (before, signed, placed)| {
            Box::pin(async move {
                let mut instance = tx.instance();
                if !instance.replace_audit_head(before.as_ref(), signed).await? {
                    return Err(LOST.into());
                }
                for one in placed {
                    if !instance.place_audit_event(&one.id, &one.openings, &one.place).await? {
                        // It got its place, or went with its organization, before the head was read: undo all of this.
                        return Err(LOST.into());
                    }
                }
                Ok(u64::try_from(placed.len()).unwrap_or(u64::MAX))
            })
        })
        .await;
    match outcome {
        Err(Error::Refused(LOST)) => Ok(None),
        Ok(sealed) => {
            measure(vouched);
            Ok(Some(sealed))
        }
        Err(error) => Err(error),
    }
}

/// Counts what happened, here where each event that was committed comes by once, whatever node wrote it and however often its
/// transaction ran. Only what Orgate itself wrote is counted, so the words are those of the code.
fn measure(vouched: Vec<(String, String)>) {
    for (action, outcome) in vouched {
        metrics::counter!("orgate_audit_events_total", "action" => action, "outcome" => outcome).increment(1);
    }
}

/// Whether events that wait get their places in this chain.
///
/// *Errors*: those of the store.
pub(crate) async fn goes_on(app: &App, chain: &Chain) -> Result<bool, Error> {
    Ok(find_trusted_head(app, chain).await?.is_some())
}

async fn trusted_head(app: &App, chain: &Chain) -> Result<Option<Option<SignedHead>>, Error> {
    let trusted = find_trusted_head(app, chain).await?;
    if trusted.is_none() {
        metrics::counter!("orgate_audit_heads_refused_total").increment(1);
        tracing::error!(
            audit.chain = chain.name(),
            "the head of an audit chain is not the one that Orgate signed; its new events wait: see orgate audit verify"
        );
    }
    Ok(trusted)
}

/// The head to go on from: the inner `None` for a chain that begins. A head that was changed, or taken from a chain that
/// has one, is not signed anew: that would make the change ours.
async fn find_trusted_head(app: &App, chain: &Chain) -> Result<Option<Option<SignedHead>>, Error> {
    let (head, has_events) = app
        .store
        .read(chain.clone(), |tx, chain| {
            Box::pin(async move {
                let head = tx.instance().find_audit_head(chain).await?;
                let first = super::list_chained(tx, chain, (i64::MIN, ""), 1).await?;
                Ok::<_, Error>((head, !first.is_empty()))
            })
        })
        .await?;
    let is_right = match &head {
        Some(signed) => signed.head.chain == *chain && signed.check(&app.audit_keys) == Marked::Right,
        None => !has_events,
    };
    Ok(is_right.then_some(head))
}

struct Placed {
    id: String,
    openings: Vec<u8>,
    place: Place,
}

/// The event behind `head`. What bears no mark of ours is chained as it is, and said to be so for good; what a key marked that is
/// in use and not here has been left to a node that has it.
fn place(app: &App, head: &Head, entry: Entry) -> Placed {
    let vouched = super::marked(app, &head.chain, &entry) == Some(Marked::Right);
    let openings = entry.openings().unwrap_or_else(|| Openings::new(app.entropy.bytes()));
    let bytes = entry.facts().bytes(&head.chain, &openings);
    let place = Place::after(head.link, head.position.saturating_add(1), vouched, &bytes, entry.mark.as_deref());
    Placed { id: entry.id, openings: openings.encode(), place }
}
