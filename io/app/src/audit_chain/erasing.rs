//! Owns erasing: the personal fields of events about somebody whose account is closed are emptied in every log, and their
//! salts forgotten. What was done, when and by which id stays, and so does the chain.

use std::collections::BTreeSet;
use std::time::Duration;

use orgate_core::audit_chain::{Chain, Entry, Openings, PERSONAL_FIELDS, PersonalField};
use orgate_core::email::EmailAddress;
use orgate_core::id::UserId;
use orgate_core::refusal::Refusal;
use orgate_store::{CLOSED_NAME, Tx};

use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::error::{Error, invalid};

/// How many events are looked at together, and so the most that one transaction changes.
const TOGETHER: u32 = 500;
/// How often places are asked for, and events that others changed are read again; and the pause between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// The event that tells of an erasure names nobody.
const ACTION: &str = "user.erased";

/// What was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// From how many events.
    pub events: u64,
    /// How many events there are to look at.
    pub looked_at: u64,
}

/// Erases what the logs say of a person beyond their id: names, network addresses and browsers, and the details of what they
/// did to their own account; and mail addresses that are given, wherever they stand. Each log that is changed says so.
///
/// *Errors*: [`Refusal::NotFound`], and [`Refusal::InvalidInput`] while the account is open or others keep changing the same
/// events; a newer schema, for a log may hold more of a person then. *Source*: R-OPS-3.
pub async fn erase(app: &App, user_id: &UserId, addresses: &[EmailAddress]) -> Result<Erased, Error> {
    app.store.require_known_schema()?;
    require_closed(app, user_id).await?;
    let person = Person::new(user_id, addresses);
    // Only what has its place is changed, so that the mark of the writing was looked at before.
    all_in_place(app, &person).await?;
    let (mut erased, mut after) = (Erased::default(), String::new());
    while let Some(some) = erase_behind(app, &person, &mut after).await? {
        erased.events += some.events;
        erased.looked_at += some.looked_at;
    }
    Ok(erased)
}

/// Erases from the next events after an id, which moves on; `None` when there are none.
async fn erase_behind(app: &App, person: &Person, after: &mut String) -> Result<Option<Erased>, Error> {
    let mut events = 0;
    for _ in 0..TRIES {
        let page = app.store.list_audit_entries(after, TOGETHER).await?;
        let Some((_, last)) = page.last() else { return Ok(None) };
        let (last, looked_at) = (last.id.clone(), count(&page));
        let mut changes: Vec<Change> =
            page.into_iter().filter_map(|(chain, entry)| person.change(app, chain, entry)).collect();
        changes.sort_by(|one, other| one.chain.cmp(&other.chain));
        let left = count(&changes);
        let changed = if changes.is_empty() { 0 } else { write(app, person, changes).await? };
        events += changed;
        if changed == left {
            *after = last;
            return Ok(Some(Erased { events, looked_at }));
        }
        // Somebody changed some of them in between: another person's name may be erased from the same events.
    }
    Err(invalid("user", "Others erase from the same events. What was erased stays so: run it again for the rest."))
}

fn count<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}

/// Gives the person's events their places. A node that serves may be about to do that, and then has to be waited for.
///
/// *Errors*: [`Refusal::InvalidInput`] when some of them get none, for what names the person would stay in them.
async fn all_in_place(app: &App, person: &Person) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        let sealed = super::seal(app).await;
        let waiting = waiting(app, person).await?;
        // What ails the log of others is no reason to keep what names this person.
        if waiting.is_empty() {
            return Ok(());
        }
        tries += 1;
        if tries == TRIES {
            sealed?;
            let logs = waiting.iter().map(Chain::name).collect::<Vec<_>>().join(", ");
            let text = format!(
                "Events about this person wait for their places in {logs}: see orgate audit verify. Nothing was erased."
            );
            return Err(invalid("user", text));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The logs with events of the person that have no place yet.
async fn waiting(app: &App, person: &Person) -> Result<BTreeSet<Chain>, Error> {
    let (mut chains, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = app.store.list_waiting_audit_events(&after, TOGETHER).await?;
        let Some((_, last)) = page.last() else { return Ok(chains) };
        after.clone_from(&last.id);
        let names = page.into_iter().filter_map(|(chain, entry)| person.change(app, chain, entry));
        chains.extend(names.map(|change| change.chain));
    }
}

async fn require_closed(app: &App, user_id: &UserId) -> Result<(), Error> {
    let user = app
        .store
        .read(user_id.clone(), |tx, id| Box::pin(async move { Ok::<_, Error>(tx.instance().find_user(id).await?) }))
        .await?;
    let user = user.ok_or(Refusal::NotFound)?;
    if user.closed_at.is_none() {
        return Err(invalid("user", "This account is open. Its person closes it first, under Account."));
    }
    Ok(())
}

/// From how many events it erased: those that are still as they were read.
async fn write(app: &App, person: &Person, changes: Vec<Change>) -> Result<u64, Error> {
    app.store
        .write((app.clone(), person.id.clone(), changes), |tx, (app, id, changes)| {
            Box::pin(async move {
                let mut all = 0;
                for chain in changes.chunk_by(|one, other| one.chain == other.chain) {
                    all += write_chain(tx, app, id, chain).await?;
                }
                Ok(all)
            })
        })
        .await
}

async fn write_chain(tx: &mut Tx, app: &App, id: &str, changes: &[Change]) -> Result<u64, Error> {
    let mut events = 0_u64;
    for change in changes {
        let left = change.left.each_ref().map(Option::as_deref);
        let mut instance = tx.instance();
        let done = instance.erase_audit_event(&change.id, &change.before, left, &change.openings, &change.mark).await?;
        events += u64::from(done);
    }
    if let Some(first) = changes.first().filter(|_| events > 0) {
        // Not the account's own: an earlier version left it to accounts that were brought to another one.
        let event = Event::done(ACTION).target(id, CLOSED_NAME).data(serde_json::json!({ "events": events }));
        audit::record(tx, app, None, first.chain.organization(), &Author::operator(), event).await?;
    }
    Ok(events)
}

/// What becomes of one event.
struct Change {
    chain: Chain,
    id: String,
    before: Vec<u8>,
    left: [Option<String>; PERSONAL_FIELDS.len()],
    openings: Vec<u8>,
    mark: Vec<u8>,
}

/// By what an event is known to speak of the person.
struct Person {
    actor: String,
    id: String,
    /// As addresses are compared.
    addresses: Vec<String>,
}

impl Person {
    fn new(id: &UserId, addresses: &[EmailAddress]) -> Self {
        Self {
            actor: format!("user:{id}"),
            id: id.to_string(),
            addresses: addresses.iter().map(|address| address.as_str().to_lowercase()).collect(),
        }
    }

    fn change(&self, app: &App, chain: Chain, entry: Entry) -> Option<Change> {
        let before = entry.openings?;
        let mut openings = Openings::decode(&before)?;
        let fields = self.fields(&Said {
            action: &entry.action,
            actor: &entry.actor,
            target: entry.target.as_deref(),
            personal: entry.personal.each_ref().map(Option::as_deref),
        });
        let mut left = entry.personal;
        let mut has_changed = false;
        for (field, value) in PERSONAL_FIELDS.iter().zip(&mut left) {
            let is_there = value.as_deref() != field.erased_value() && !openings.is_erased(*field);
            if is_there && fields.contains(field) {
                openings = openings.erase(*field, value.as_deref());
                *value = field.erased_value().map(str::to_owned);
                has_changed = true;
            }
        }
        let mark = app.audit_keys.mark_erasure(&chain, &entry.id, &openings);
        has_changed.then(|| Change { chain, id: entry.id, before, left, openings: openings.encode(), mark })
    }

    fn fields(&self, said: &Said<'_>) -> Vec<PersonalField> {
        let [actor_name, target_name, _, _, data] = said.personal;
        let mut fields = Vec::new();
        if said.action == ACTION {
            return fields;
        }
        let is_actor = said.actor == self.actor;
        let is_target = said.target == Some(self.id.as_str());
        // Nobody known tried to be this person; where from may be where the person is.
        let is_attempt = is_target && said.actor == "anonymous";
        if is_actor {
            fields.push(PersonalField::ActorName);
        }
        if is_actor || is_attempt {
            fields.extend([PersonalField::Ip, PersonalField::UserAgent]);
        }
        let is_own_name = is_actor && target_name.is_some() && target_name == actor_name;
        if is_target || is_own_name || target_name.is_some_and(|name| self.is_named(name)) {
            fields.push(PersonalField::TargetName);
        }
        let is_own_act = (is_actor && (is_target || is_own_name || said.target.is_none())) || is_attempt;
        if is_own_act || data.is_some_and(|data| self.is_named(data)) {
            fields.push(PersonalField::Data);
        }
        fields
    }

    fn is_named(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.addresses.iter().any(|address| text.contains(address.as_str()))
    }
}

/// What of an event is looked at.
struct Said<'e> {
    action: &'e str,
    actor: &'e str,
    target: Option<&'e str>,
    personal: [Option<&'e str>; PERSONAL_FIELDS.len()],
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = "usr_kim";

    fn fields(action: &str, actor: &str, target: Option<&str>, target_name: &str, data: &str) -> Vec<PersonalField> {
        let person = Person {
            actor: format!("user:{PERSON}"),
            id: PERSON.to_owned(),
            addresses: vec!["kim@example.com".to_owned()],
        };
        let personal = [Some("Kim"), Some(target_name), Some("10.0.0.1"), Some("curl"), Some(data)];
        person.fields(&Said { action, actor, target, personal })
    }

    #[test]
    fn r_ops_3_what_names_the_person_goes_and_what_others_did_stays() {
        use PersonalField::{ActorName, Data, Ip, TargetName, UserAgent};
        let own = "user:usr_kim";
        let all = vec![ActorName, Ip, UserAgent, TargetName, Data];
        assert_eq!(fields("user.email-changed", own, Some(PERSON), "Kim", "{\"to\":\"k@b.example\"}"), all);
        assert_eq!(fields("session.ended", own, Some("ses_1"), "Kim", "{}"), all);
        assert_eq!(fields("member.removed", own, Some("usr_sam"), "Sam", "{}"), [ActorName, Ip, UserAgent]);
        assert_eq!(fields("member.removed", "user:usr_sam", Some(PERSON), "Kim", "{\"from\":\"owner\"}"), [TargetName]);
        assert_eq!(
            fields("session.refused", "anonymous", Some(PERSON), "Kim", "{}"),
            [Ip, UserAgent, TargetName, Data]
        );
        assert_eq!(fields("invitation.created", "user:usr_sam", Some("inv_1"), "KIM@example.com", "{}"), [TargetName]);
        let named = fields("session.refused", "anonymous", None, "", "{\"person\":\"Kim@Example.com\"}");
        assert_eq!(named, [Data]);
        assert_eq!(fields("session.created", "user:usr_sam", Some("usr_sam"), "Sam", "{}"), []);
        assert_eq!(fields(ACTION, "operator", Some(PERSON), CLOSED_NAME, "{}"), []);
    }
}
