//! One client of a node that dies: what it does, what it was promised, and the comparison with what is there afterwards.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::api::{Api, PASSWORD, Person, sign_in, text};
use crate::client::{Answer, Ask, Client};
use crate::ledger::{Act, Holdings, Ledger, listed};
use crate::load::Load;
use crate::node::Node;
use crate::scale::{Random, now};

const CLIENTS: usize = 6;

/// What one client did between two starts.
#[derive(Default)]
pub struct Journal {
    slug: Option<String>,
    pub ledger: Ledger,
    /// Sessions that were made, and not ended, as far as was acknowledged.
    sessions: Vec<String>,
    /// Sessions whose end was acknowledged.
    ended: Vec<String>,
    /// Whose invitation was acknowledged.
    pub invited: Vec<String>,
}

/// One client: a person with a session that outlives every crash.
pub struct Writer {
    number: usize,
    person: Person,
    random: Random,
    /// When something was acknowledged last.
    acknowledged_at: Option<u64>,
}

impl Writer {
    /// Founds an organization and changes it, act by act, until the node is gone, it is over, or it has
    /// done all that it was to do.
    pub fn run(&mut self, address: SocketAddr, cycle: u64, load: &Load) -> Journal {
        let mut client = Client::new(address);
        let mut journal = Journal::default();
        for serial in 0..load.acts.unwrap_or(u64::MAX) {
            if !load.begin() {
                break;
            }
            let word = format!("{cycle}x{}x{serial}", self.number);
            let went_on = match self.random.below(16) {
                0 if journal.slug.is_some() => self.session(&mut client, &mut journal),
                _ => self.act(&mut client, &mut journal, &word),
            };
            let Ok(acknowledged) = went_on else { break };
            if acknowledged {
                let at = now();
                let before = self.acknowledged_at.replace(at).unwrap_or(at);
                load.pause.fetch_max(at - before, Ordering::Relaxed);
            } else {
                load.refused.fetch_add(1, Ordering::Relaxed);
            }
            load.answered();
        }
        journal
    }

    /// Does something; whether it was acknowledged.
    fn act(&mut self, client: &mut Client, journal: &mut Journal, word: &str) -> io::Result<bool> {
        let act = self.choose(&journal.ledger.promised, word);
        let ask = ask(&act, journal.slug.as_deref().unwrap_or_default()).bearer(&self.person.token);
        journal.ledger.doubt = Some(act.clone());
        let Some(answer) = heard(client.send(&ask)?)? else {
            journal.ledger.doubt = None;
            return Ok(false);
        };
        let id = acknowledged(&act, answer);
        match &act {
            Act::Found { .. } => journal.slug = Some(id.clone()),
            Act::Invite { email } => journal.invited.push(email.clone()),
            _ => {}
        }
        journal.ledger.acknowledge(&act, &id);
        Ok(true)
    }

    fn choose(&mut self, holdings: &Holdings, word: &str) -> Act {
        if holdings.name.is_none() {
            return Act::Found { name: format!("Crash {word}") };
        }
        let (projects, invitations): (Vec<_>, Vec<_>) =
            (holdings.projects.keys().cloned().collect(), holdings.invitations.keys().cloned().collect());
        match self.random.below(8) {
            0 => Act::Rename { name: format!("Crash {word}") },
            1 | 2 if !projects.is_empty() => {
                Act::RenameProject { id: self.random.of(&projects).clone(), name: format!("Project {word}") }
            }
            3 if !projects.is_empty() => Act::DeleteProject { id: self.random.of(&projects).clone() },
            4 if !invitations.is_empty() => Act::Revoke { id: self.random.of(&invitations).clone() },
            5 => Act::Invite { email: format!("guest{word}@example.com") },
            _ => Act::CreateProject { name: format!("Project {word}") },
        }
    }

    /// Makes a session, or ends one; whether it was acknowledged.
    fn session(&mut self, client: &mut Client, journal: &mut Journal) -> io::Result<bool> {
        if let Some(token) = journal.sessions.pop() {
            // Taken out already: without an answer it may be alive or not.
            let Some(answer) = heard(client.send(&Ask::delete("/api/v1/session").bearer(&token))?)? else {
                journal.sessions.push(token);
                return Ok(false);
            };
            answer.expect(204);
            journal.ended.push(token);
        } else {
            let Some(answer) = heard(client.send(&sign_in(&self.person.email, PASSWORD))?)? else { return Ok(false) };
            journal.sessions.push(text(&answer.expect(201).json()["token"]));
        }
        Ok(true)
    }

    /// Leaves the session for a new one.
    pub fn renew(&mut self, api: &mut Api) {
        api.renew(&mut self.person);
    }

    /// Compares everything with what is there.
    pub fn judge(&self, node: &Node, folder: &Path, journal: &Journal) -> Result<(), String> {
        let mut api = Api::new(node.address(), folder);
        let own = api.get("/api/v1/session", &self.person.token);
        if own.status() != 200 {
            return Err(format!("the session of {} is gone: {}", self.person.email, own.text()));
        }
        for (tokens, status) in [(&journal.sessions, 200), (&journal.ended, 401)] {
            for token in tokens {
                let answer = api.get("/api/v1/session", token);
                if answer.status() != status {
                    return Err(format!("a session answers {} and not {status}", answer.status()));
                }
            }
        }
        let Some(slug) = journal.slug.clone().or_else(|| self.founded(&mut api, &journal.ledger)) else {
            return Ok(());
        };
        let place = format!("/api/v1/organizations/{slug}");
        let organization = api.get(&place, &self.person.token);
        if organization.status() != 200 {
            return Err(format!("{slug} was acknowledged and is gone: {}", organization.text()));
        }
        let found = Holdings {
            name: Some(text(&organization.json()["name"])),
            projects: listed(&all(&mut api, &format!("{place}/projects"), &self.person), "name"),
            invitations: listed(&all(&mut api, &format!("{place}/invitations"), &self.person), "email"),
        };
        let told = all(&mut api, &format!("{place}/audit-events"), &self.person);
        journal.ledger.judge(&found, &told).map(drop).map_err(|wrong| format!("{slug}: {wrong}"))
    }
}

impl Writer {
    /// The short name of the organization whose founding has no answer, if it is there.
    fn founded(&self, api: &mut Api, ledger: &Ledger) -> Option<String> {
        let Some(Act::Found { name }) = &ledger.doubt else { return None };
        let organizations = all(api, "/api/v1/organizations", &self.person);
        organizations.iter().find(|one| one["name"] == **name).map(|one| text(&one["slug"]))
    }
}

/// An answer, unless it says that nothing was done: a write that kept colliding, or a node that may not write.
///
/// *Errors*: the proxy says that a node died with the request in hand, or the node that nobody knows whether it was done.
fn heard(answer: Answer) -> io::Result<Option<Answer>> {
    match answer.status() {
        502 => Err(ErrorKind::ConnectionAborted.into()),
        503 if ["in-doubt", "timed-out"].contains(&answer.json()["code"].as_str().unwrap_or_default()) => {
            Err(ErrorKind::TimedOut.into())
        }
        503 => Ok(None),
        _ => Ok(Some(answer)),
    }
}

fn ask(act: &Act, slug: &str) -> Ask {
    let place = format!("/api/v1/organizations/{slug}");
    match act {
        Act::Found { name } => Ask::post("/api/v1/organizations").json(&json!({ "name": name })),
        Act::Rename { name } => Ask::new("PATCH", place).json(&json!({ "name": name })),
        Act::CreateProject { name } => Ask::post(format!("{place}/projects")).json(&json!({ "name": name })),
        Act::RenameProject { id, name } => {
            Ask::new("PATCH", format!("{place}/projects/{id}")).json(&json!({ "name": name }))
        }
        Act::DeleteProject { id } => Ask::delete(format!("{place}/projects/{id}")),
        Act::Invite { email } => {
            Ask::post(format!("{place}/invitations")).json(&json!({ "emails": [email], "role": "member" }))
        }
        Act::Revoke { id } => Ask::delete(format!("{place}/invitations/{id}")),
    }
}

/// What an answer named: the short name of an organization, the id of anything else that is new.
fn acknowledged(act: &Act, answer: Answer) -> String {
    match act {
        Act::Found { .. } => text(&answer.expect(201).json()["slug"]),
        Act::CreateProject { .. } => text(&answer.expect(201).json()["id"]),
        Act::Invite { .. } => text(&answer.expect(201).json()["items"][0]["id"]),
        Act::Rename { .. } | Act::RenameProject { .. } => {
            answer.expect(200);
            String::new()
        }
        Act::DeleteProject { .. } | Act::Revoke { .. } => {
            answer.expect(204);
            String::new()
        }
    }
}

/// All items of a list, part by part.
fn all(api: &mut Api, path: &str, person: &Person) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = api.get(&format!("{path}?limit=200{cursor}"), &person.token).expect(200).json();
        items.extend(part["items"].as_array().unwrap().iter().cloned());
        match part["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// New people, one a client; the cycle is in their names.
pub fn sign_up(node: &Node, folder: &Path, cycle: u64) -> Vec<Writer> {
    let sign_up = |number| {
        let person = Api::new(node.address(), folder).person(&format!("kim{cycle}x{number}"));
        let random = Random::new(10 + cycle * 1_000 + number as u64);
        Writer { number, person, random, acknowledged_at: None }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || sign_up(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
