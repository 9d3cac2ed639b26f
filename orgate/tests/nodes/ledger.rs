//! Owns what a client was promised, and the judgement whether a database holds to it: everything acknowledged is there, the
//! one act without an answer is there whole or not at all, and the audit log tells the same story.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::text;

/// What an organization holds, by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Its name; none before it is there.
    pub name: Option<String>,
    /// Names of projects.
    pub projects: BTreeMap<String, String>,
    /// Addresses of invitations.
    pub invitations: BTreeMap<String, String>,
}

/// One change. What is new has no id before it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Found { name: String },
    Rename { name: String },
    CreateProject { name: String },
    RenameProject { id: String, name: String },
    DeleteProject { id: String },
    Invite { email: String },
    Revoke { id: String },
}

impl Holdings {
    /// After an act that was answered; `id` is what the answer named.
    pub fn after(mut self, act: &Act, id: &str) -> Self {
        match act {
            Act::Found { name } | Act::Rename { name } => self.name = Some(name.clone()),
            Act::CreateProject { name } => drop(self.projects.insert(id.to_owned(), name.clone())),
            Act::RenameProject { id, name } => drop(self.projects.insert(id.clone(), name.clone())),
            Act::DeleteProject { id } => drop(self.projects.remove(id)),
            Act::Invite { email } => drop(self.invitations.insert(id.to_owned(), email.clone())),
            Act::Revoke { id } => drop(self.invitations.remove(id)),
        }
        self
    }
}

/// What one client did in one organization.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What was acknowledged.
    pub promised: Holdings,
    /// How many acts were.
    pub acknowledged: usize,
    /// The act that has no answer.
    pub doubt: Option<Act>,
}

impl Ledger {
    pub fn acknowledge(&mut self, act: &Act, id: &str) {
        self.promised = std::mem::take(&mut self.promised).after(act, id);
        self.acknowledged += 1;
        self.doubt = None;
    }

    /// Compares with what is found, and with what the audit log tells: `true` when the act in doubt was done.
    ///
    /// *Errors*: what was lost, half done, or done without its event or told without being done.
    pub fn judge(&self, found: &Holdings, told: &[Value]) -> Result<bool, String> {
        let replayed = replay(told);
        if replayed != *found {
            return Err(format!("the audit log tells {replayed:?} but there is {found:?}"));
        }
        let done = if *found == self.promised {
            false
        } else if self.with_doubt(found).is_some_and(|expected| expected == *found) {
            true
        } else {
            return Err(format!("promised {:?}, in doubt {:?}, found {found:?}", self.promised, self.doubt));
        };
        let events = told.iter().filter(|event| tells(event).is_some()).count();
        // To delete what is gone, or to give a name again, changes nothing and is told by nobody; no act here does so.
        let expected = self.acknowledged + usize::from(done);
        if events == expected { Ok(done) } else { Err(format!("{expected} acts and {events} events")) }
    }

    /// What would be there after the act in doubt, whose new id only the finding tells.
    fn with_doubt(&self, found: &Holdings) -> Option<Holdings> {
        let act = self.doubt.as_ref()?;
        let new = |there: &BTreeMap<String, String>, before: &BTreeMap<String, String>| {
            there.keys().find(|id| !before.contains_key(*id)).cloned()
        };
        let id = match act {
            Act::CreateProject { .. } => new(&found.projects, &self.promised.projects)?,
            Act::Invite { .. } => new(&found.invitations, &self.promised.invitations)?,
            _ => String::new(),
        };
        Some(self.promised.clone().after(act, &id))
    }
}

/// The act that an event tells, and what it named.
fn tells(event: &Value) -> Option<(Act, String)> {
    let (id, name) =
        (event["target"].as_str()?.to_owned(), event["target_name"].as_str().unwrap_or_default().to_owned());
    let act = match event["action"].as_str()? {
        "organization.created" => Act::Found { name },
        "organization.renamed" => Act::Rename { name },
        "project.created" => Act::CreateProject { name },
        "project.renamed" => Act::RenameProject { id: id.clone(), name },
        "project.deleted" => Act::DeleteProject { id: id.clone() },
        "invitation.created" => Act::Invite { email: name },
        "invitation.revoked" => Act::Revoke { id: id.clone() },
        _ => return None,
    };
    Some((act, id))
}

/// What the events say is there. They come newest first, as the API lists them.
fn replay(told: &[Value]) -> Holdings {
    let acts = told.iter().rev().filter_map(tells);
    acts.fold(Holdings::default(), |holdings, (act, id)| holdings.after(&act, &id))
}

/// The items of a list by id, with one of their texts.
pub fn listed(items: &[Value], field: &str) -> BTreeMap<String, String> {
    items.iter().map(|item| (text(&item["id"]), text(&item[field]))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(acts: &[(&str, &str, &str)]) -> Vec<Value> {
        let event =
            |(action, id, name): &(&str, &str, &str)| json!({ "action": action, "target": id, "target_name": name });
        acts.iter().rev().map(event).collect()
    }

    const FOUNDED: (&str, &str, &str) = ("organization.created", "org_1", "Acme");
    const CREATED: (&str, &str, &str) = ("project.created", "prj_1", "Rocket");

    fn founded() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.acknowledge(&Act::Found { name: "Acme".to_owned() }, "org_1");
        ledger
    }

    fn with_rocket(mut ledger: Ledger) -> Ledger {
        ledger.acknowledge(&Act::CreateProject { name: "Rocket".to_owned() }, "prj_1");
        ledger
    }

    #[test]
    fn what_was_acknowledged_and_told_fits() {
        let ledger = with_rocket(founded());
        assert_eq!(ledger.judge(&ledger.promised, &told(&[FOUNDED, CREATED])), Ok(false));
    }

    #[test]
    fn what_was_acknowledged_and_is_gone_is_found_whether_or_not_its_event_is_gone_too() {
        let ledger = with_rocket(founded());
        let lost = founded().promised;
        assert!(ledger.judge(&lost, &told(&[FOUNDED])).unwrap_err().starts_with("promised"));
        assert!(ledger.judge(&lost, &told(&[FOUNDED, CREATED])).unwrap_err().starts_with("the audit log tells"));
        assert!(ledger.judge(&ledger.promised, &told(&[FOUNDED])).unwrap_err().starts_with("the audit log tells"));
    }

    #[test]
    fn the_act_in_doubt_is_there_whole_or_not_at_all() {
        let mut ledger = founded();
        ledger.doubt = Some(Act::CreateProject { name: "Rocket".to_owned() });
        let done = with_rocket(founded()).promised;
        assert_eq!(ledger.judge(&ledger.promised, &told(&[FOUNDED])), Ok(false));
        assert_eq!(ledger.judge(&done, &told(&[FOUNDED, CREATED])), Ok(true));
        assert!(ledger.judge(&done, &told(&[FOUNDED])).is_err(), "a change without its event");
        assert!(ledger.judge(&ledger.promised, &told(&[FOUNDED, CREATED])).is_err(), "an event without its change");
        let other = ("project.created", "prj_1", "Lander");
        let strange = done.after(&Act::RenameProject { id: "prj_1".to_owned(), name: "Lander".to_owned() }, "");
        assert!(ledger.judge(&strange, &told(&[FOUNDED, other])).is_err(), "nobody asked for that name");
    }

    #[test]
    fn an_event_too_many_is_found_though_the_end_is_the_same() {
        let mut ledger = with_rocket(founded());
        ledger.acknowledge(&Act::DeleteProject { id: "prj_1".to_owned() }, "");
        let deleted = ("project.deleted", "prj_1", "Rocket");
        assert_eq!(ledger.judge(&ledger.promised, &told(&[FOUNDED, CREATED, deleted])), Ok(false));
        let twice = told(&[FOUNDED, CREATED, deleted, CREATED, deleted]);
        assert_eq!(ledger.judge(&ledger.promised, &twice), Err("3 acts and 5 events".to_owned()));
    }

    #[test]
    fn invitations_and_names_are_replayed_too() {
        let events = [
            FOUNDED,
            ("invitation.created", "inv_1", "kim@example.com"),
            ("invitation.created", "inv_2", "lee@example.com"),
            ("member.joined", "usr_1", "Kim"),
            ("invitation.revoked", "inv_1", "kim@example.com"),
            ("organization.renamed", "org_1", "Acme Two"),
        ];
        let expected = Holdings {
            name: Some("Acme Two".to_owned()),
            projects: BTreeMap::new(),
            invitations: [("inv_2".to_owned(), "lee@example.com".to_owned())].into(),
        };
        assert_eq!(replay(&told(&events)), expected);
    }
}
