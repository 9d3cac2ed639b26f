//! Owns the clients of the soak besides those that write: who checks sessions, who signs in through a provider, who switches
//! enforcement. Each knows what every answer has to be.

use serde_json::json;

use crate::api::{Api, Person, check};
use crate::browser::Browser;
use crate::client::{Ask, Client};
use crate::load::Load;
use crate::provider::Provider;
use crate::scale::{Random, now};

/// Who signs in through the provider.
const SUBJECTS: u64 = 500;
/// Of so many who signed in through it all but one log out; the session of the other ends by its time.
const STAYS: u64 = 8;
/// A session is left for a new one after this time, before its own end. *Units*: nanoseconds.
const RENEWED: u64 = 300_000_000_000;

/// Asks about sessions, as products do with every request.
pub struct Checker {
    client: Client,
    api: Api,
    person: Person,
    renewed_at: u64,
    /// The token of a session that was ended.
    ended: String,
    /// Where the person is a member, and where not.
    own: String,
    other: String,
    random: Random,
}

impl Checker {
    pub fn new(mut api: Api, client: Client, person: &Person, own: &str, other: &str, number: u64) -> Self {
        let mut person = person.clone();
        let ended = api.renew(&mut person);
        let (own, other, random) = (own.to_owned(), other.to_owned(), Random::new(500 + number));
        Self { client, api, person, renewed_at: now(), ended, own, other, random }
    }

    pub fn run(&mut self, load: &Load) {
        while load.begin() {
            if now() > self.renewed_at + RENEWED {
                (self.ended, self.renewed_at) = (self.api.renew(&mut self.person), now());
            }
            let token = &self.person.token;
            let (ask, status) = match self.random.below(20) {
                0..=14 => (check(&self.own, token), 200),
                15..=17 => (Ask::get("/api/v1/session").bearer(token), 200),
                18 => (check(&self.own, &self.ended), 401),
                _ => (check(&self.other, token), 403),
            };
            self.client.ask(&ask).expect(status);
            load.answered();
        }
    }
}

/// Signs in through the provider, is let in, and mostly logs out.
pub struct Visitor<'p> {
    pub provider: &'p Provider,
    pub client: Client,
    pub public_url: String,
    pub api: Api,
    pub slug: String,
    pub random: Random,
}

impl Visitor<'_> {
    pub fn run(&mut self, address: std::net::SocketAddr, load: &Load) {
        while load.begin() {
            let subject = self.random.below(SUBJECTS);
            self.provider.sign_in_as(&format!("00uVisitor{subject}"), &format!("visitor{subject}@acme.example"));
            let mut browser = Browser::new(Client::new(address), &self.public_url);
            let back = browser.through(&self.provider.idp, &format!("/sign-in/{}", self.slug));
            browser.get(&back).expect(303);
            let token = browser.session().unwrap().to_owned();
            self.client.ask(&check(&self.slug, &token)).expect(200);
            if self.random.below(STAYS) > 0 {
                self.api.delete("/api/v1/session", &token).expect(204);
                self.client.ask(&check(&self.slug, &token)).expect(401);
            }
            self.provider.idp.forget_requests();
            load.answered();
        }
    }
}

/// Switches enforcement on and off; what it promises holds from its answer on.
pub struct Switcher {
    pub api: Api,
    pub owner: Person,
    pub member: Person,
    pub slug: String,
}

impl Switcher {
    pub fn run(&mut self, load: &Load) {
        let path = format!("/api/v1/organizations/{}/sso-enforcement", self.slug);
        while load.begin() {
            // An Owner's proofs grow old, and a session that saw too many changes cannot be judged any more (R-ENF-10).
            let owner = self.api.sign_in(&self.owner);
            let member = self.api.sign_in(&self.member);
            self.api.client.ask(&check(&self.slug, &member.token)).expect(200);
            self.api.put(&path, &owner.token, &json!({ "enabled": true, "confirm": true })).expect(200);
            let answer = self.api.client.ask(&check(&self.slug, &member.token));
            assert!(matches!(answer.status(), 401 | 403), "{}{}", answer.0.head, answer.text());
            self.api.put(&path, &owner.token, &json!({ "enabled": false, "confirm": true })).expect(200);
            self.api.delete("/api/v1/session", &owner.token).expect(204);
            load.answered();
        }
    }
}
