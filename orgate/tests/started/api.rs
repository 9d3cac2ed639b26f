//! Owns what people do over the API: they sign up and in, make organizations, invite and accept.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use orgate_testkit::Mailbox;
use orgate_testkit::mailbox::Message;
use serde_json::{Value, json};

use crate::client::{Answer, Ask, Client};
use crate::scale::now;

pub const PASSWORD: &str = "amber-orbit-violin";
/// A mail is written within a second; a busy machine takes longer.
const MAIL: u64 = 30_000_000_000;

/// Somebody with an account and a session that a password made.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub token: String,
}

/// One client of the API, and the folder that mails come in.
pub struct Api {
    pub client: Client,
    mailbox: Mailbox,
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The last part of an address: the token of a link.
pub fn last_part(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

impl Api {
    pub fn new(address: SocketAddr, folder: &Path) -> Self {
        Self { client: Client::new(address), mailbox: Mailbox::new(folder.join("mail")) }
    }

    #[track_caller]
    pub fn post(&mut self, path: &str, token: &str, body: &Value) -> Answer {
        self.client.ask(&Ask::post(path).bearer(token).json(body))
    }

    #[track_caller]
    pub fn get(&mut self, path: &str, token: &str) -> Answer {
        self.client.ask(&Ask::get(path).bearer(token))
    }

    #[track_caller]
    pub fn patch(&mut self, path: &str, token: &str, body: &Value) -> Answer {
        self.client.ask(&Ask::new("PATCH", path).bearer(token).json(body))
    }

    #[track_caller]
    pub fn put(&mut self, path: &str, token: &str, body: &Value) -> Answer {
        self.client.ask(&Ask::new("PUT", path).bearer(token).json(body))
    }

    #[track_caller]
    pub fn delete(&mut self, path: &str, token: &str) -> Answer {
        self.client.ask(&Ask::delete(path).bearer(token))
    }

    /// Begins to sign up; `sam` is sam@example.com. The number of the attempt, and the code that was mailed.
    pub fn begin_sign_up(&mut self, name: &str) -> (String, String) {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "password": PASSWORD, "name": name });
        let begun = self.client.ask(&Ask::post("/api/v1/sign-ups").json(&body)).expect(202).json();
        (text(&begun["id"]), self.mail(&email, Message::code))
    }

    /// Somebody who signed up.
    pub fn person(&mut self, name: &str) -> Person {
        let (id, code) = self.begin_sign_up(name);
        let path = format!("/api/v1/sign-ups/{id}/verification");
        let session = self.client.ask(&Ask::post(path).json(&json!({ "code": code }))).expect(201).json();
        let (id, email) = (text(&session["user"]["id"]), text(&session["user"]["email"]));
        Person { id, email, token: text(&session["token"]) }
    }

    /// The same person in a new session.
    pub fn sign_in(&mut self, person: &Person) -> Person {
        let answer = self.client.ask(&sign_in(&person.email, PASSWORD)).expect(201).json();
        Person { token: text(&answer["token"]), ..person.clone() }
    }

    /// Gives them a new session and ends the one before, whose token it says.
    pub fn renew(&mut self, person: &mut Person) -> String {
        let renewed = self.sign_in(person);
        let before = std::mem::replace(person, renewed).token;
        self.delete("/api/v1/session", &before).expect(204);
        before
    }

    /// An organization of this person, by its short name.
    pub fn organization(&mut self, owner: &Person, name: &str) -> String {
        let created = self.post("/api/v1/organizations", &owner.token, &json!({ "name": name })).expect(201).json();
        text(&created["slug"])
    }

    /// The token of the copied link of a new invitation.
    pub fn invite(&mut self, owner: &Person, slug: &str, email: &str, role: &str) -> String {
        let body = json!({ "emails": [email], "role": role });
        let path = format!("/api/v1/organizations/{slug}/invitations");
        let invited = self.post(&path, &owner.token, &body).expect(201).json();
        last_part(&text(&invited["items"][0]["link"]))
    }

    /// Invites and accepts.
    pub fn join(&mut self, owner: &Person, slug: &str, person: &Person, role: &str) {
        let token = self.invite(owner, slug, &person.email, role);
        self.post(&format!("/api/v1/invitations/{token}/acceptance"), &person.token, &json!({})).expect(200);
    }

    /// What the next mail to this address has that this finds; others are put aside.
    pub fn mail<T>(&self, address: &str, find: impl Fn(&Message) -> Option<T>) -> T {
        let limit = now() + MAIL;
        while now() < limit {
            match self.mailbox.take(address) {
                Some(mail) => {
                    if let Some(found) = find(&mail) {
                        return found;
                    }
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        panic!("no mail to {address}");
    }
}

/// A sign-in with a password.
pub fn sign_in(email: &str, password: &str) -> Ask {
    Ask::post("/api/v1/sessions").json(&json!({ "method": "password", "email": email, "password": password }))
}

/// Whether a session opens an organization.
pub fn check(slug: &str, token: &str) -> Ask {
    Ask::get(format!("/check?organization={slug}")).bearer(token)
}
