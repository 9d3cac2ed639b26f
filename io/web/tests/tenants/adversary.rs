//! Owns the rogue Owner: an organization, an identity provider that says whatever is wanted, people of their own, and a
//! record of what was done, so that a failure can be read and replayed.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use orgate_core::role::OrganizationRole;
use orgate_testkit::HostileIdp;

use crate::ask::{self, Answer};
use crate::dice::Dice;
use crate::kinds::Kind;
use crate::moves;
use crate::place::{Place, nothing_like};
use crate::support::Person;
use crate::town::Town;

/// Somebody who owns organization A on an instance with B.
pub struct Adversary<'t> {
    pub town: &'t Town,
    pub victim: &'t Place,
    pub victim_idp: &'t HostileIdp,
    /// A member of both organizations, in half of the blocks.
    pub bridge: Option<&'t Person>,
    pub idp: HostileIdp,
    pub place: Place,
    pub actors: Vec<(&'static str, ask::Person)>,
    /// What was done in this run.
    pub steps: Vec<String>,
    /// Every session that came of it in this run, and how.
    pub gained: Vec<(String, String)>,
    founded: usize,
}

impl<'t> Adversary<'t> {
    pub async fn new(
        town: &'t Town,
        victim: &'t Place,
        victim_idp: &'t HostileIdp,
        bridge: Option<&'t Person>,
    ) -> Self {
        let idp = town.world.provider();
        let place = Place::founded(town, "Rogue", &idp).await;
        let actors = place.callers(town).await;
        let mut adversary =
            Self { town, victim, victim_idp, bridge, idp, place, actors, steps: vec![], gained: vec![], founded: 1 };
        adversary.take_bridge_in().await;
        adversary
    }

    /// Who is a member of both is one by own doing: they accepted.
    async fn take_bridge_in(&mut self) {
        if let Some(bridge) = self.bridge {
            self.town.world.join(self.place.site.id(), bridge, OrganizationRole::Member).await;
        }
    }

    /// Begins a run: whoever lost their session by what they did has a new one, and an organization that its Owner cannot
    /// open any more is founded again.
    pub async fn begin(&mut self) {
        self.steps.clear();
        self.gained.clear();
        self.idp.forget_requests();
        self.idp.behave();
        if !self.all_are_signed_in().await {
            self.actors = self.place.callers(self.town).await;
        }
        if !self.is_in_order().await {
            self.founded += 1;
            self.place = Place::founded(self.town, &format!("Rogue{}", self.founded), &self.idp).await;
            self.actors = self.place.callers(self.town).await;
            self.take_bridge_in().await;
        }
    }

    async fn all_are_signed_in(&self) -> bool {
        for (_, actor) in &self.actors {
            if self.town.get("/api/v1/session").bearer(actor).send().await.status != StatusCode::OK {
                return false;
            }
        }
        true
    }

    /// Whether the Owner still is one, and the connection in use, or in use again.
    async fn is_in_order(&self) -> bool {
        let path = format!("/api/v1/organizations/{}/connections/{}", self.place.slug(), self.place.site.connection);
        let answer = self.town.get(&path).bearer(self.owner()).send().await;
        if answer.status != StatusCode::OK || answer.json()["state"] == "active" {
            return answer.status == StatusCode::OK;
        }
        self.town.post(&format!("{path}/activation")).bearer(self.owner()).send().await.status == StatusCode::OK
    }

    pub fn owner(&self) -> &ask::Person {
        &self.actors.iter().find(|(role, _)| *role == "owner").unwrap().1
    }

    /// Does one thing that an Owner can do.
    pub async fn step(&mut self, dice: &mut Dice) {
        match dice.roll(30) {
            0..=9 => moves::call::any(self, dice).await,
            10..=15 => moves::call::reach_across(self, dice).await,
            16..=20 => moves::assertion::sign_in(self, dice).await,
            21 => moves::assertion::test(self, dice).await,
            22 | 23 => moves::organization::invite(self, dice).await,
            24 => moves::organization::claim(self, dice).await,
            25 | 26 => moves::log_out::post(self, dice).await,
            27 => moves::organization::enforce(self, dice).await,
            28 => moves::organization::reconnect(self, dice).await,
            _ => moves::organization::delete_and_undo(self, dice).await,
        }
    }

    /// Asks for the own organization's deletion; what is due after seven days is deleted by a job.
    pub async fn give_up(&mut self) {
        moves::organization::delete(self).await;
    }

    pub fn note(&mut self, step: impl Into<String>) {
        self.steps.push(step.into());
    }

    /// Keeps what an answer gave, and holds it against what nobody elsewhere is told.
    pub fn hear(&mut self, what: &str, answer: &Answer) {
        self.note(format!("{what}: {}", answer.status.as_u16()));
        assert!(!answer.status.is_server_error(), "{}\n{}", self.told(), answer.text());
        assert!(!answer.text().contains(&self.victim.canary()), "{}\n{}", self.told(), answer.text());
        // The answer to HEAD has none of its body.
        let told = answer.maybe("content-type") == Some("application/json") && !answer.body.is_empty();
        let token = told.then(|| answer.json()["token"].as_str().map(str::to_owned)).flatten();
        let cookie = answer.cookie("__Host-orgate-session").filter(|token| !token.is_empty());
        self.gained.extend(token.into_iter().chain(cookie).map(|token| (token, what.to_owned())));
    }

    /// The run so far, as text.
    pub fn told(&self) -> String {
        self.steps.iter().flat_map(|step| ["    ", step, "\n"]).collect()
    }

    /// What a path can name: one's own, the other organization's, or nothing's.
    pub fn named(&self, kind: Kind, dice: &mut Dice) -> String {
        match dice.roll(8) {
            0..=4 => self.victim.thing(kind),
            5 => nothing_like(&self.victim.thing(kind)),
            _ => self.place.thing(kind),
        }
    }

    /// Somebody of the other organization who is in none of the adversary's.
    pub fn somebody<'a>(&'a self, dice: &mut Dice) -> (&'static str, &'a Person) {
        let all: Vec<_> = self.victim.people.iter().collect();
        let (role, person) = *dice.pick(&all);
        (*role, person)
    }

    /// No session that came of this run, and none of the adversary's people, opens the other organization; none is one of
    /// its people's but of the one who is a member of both.
    pub async fn nothing_opened(&self) {
        let known: BTreeSet<&str> = self.victim.people.values().map(|person| person.id.as_str()).collect();
        let own =
            self.actors.iter().map(|(role, actor)| (actor.token.clone(), format!("the session of the own {role}")));
        for (token, how) in self.gained.iter().cloned().chain(own) {
            let said = self.town.check(&token, self.victim.slug()).await;
            assert!(!said.starts_with("200"), "{how} opens the other organization: {said}\n{}", self.told());
            let session =
                self.town.get("/api/v1/session").header("authorization", &format!("Bearer {token}")).send().await;
            if session.status == StatusCode::OK {
                let whose = session.json()["user"]["id"].as_str().unwrap().to_owned();
                assert!(!known.contains(whose.as_str()), "{how} is a session of {whose}\n{}", self.told());
            }
        }
    }
}
