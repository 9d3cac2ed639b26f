//! What one node's answer promises holds on every node from that moment on (REL-4, I1): enforcement, roles, memberships,
//! sessions.

use serde_json::json;

use crate::api::{Api, PASSWORD, Person, last_part};
use crate::client::Ask;
use crate::cluster::Cluster;
use crate::history::Histories;
use crate::scale::{Random, count, now, report};
use crate::writer::{Seen, watched};

fn readers() -> usize {
    usize::try_from(count("CLIENTS", 6)).unwrap()
}

fn judge(what: &str, began: u64, changes: u64, histories: &Histories<Seen>) {
    let accepted = histories.count(|seen| *seen != Seen::Refused);
    let said = format!("{changes} changes, {} validations, {accepted} of them accepted", histories.reads());
    report(what, began, &said);
    histories.check();
}

#[test]
fn rel_4_no_check_that_began_after_enforcement_was_confirmed_is_accepted_on_any_node() {
    let Some(cluster) = Cluster::start() else { return };
    let mut api = cluster.api(0);
    let (mut sam, kim) = (api.person("sam"), api.person("kim"));
    let slug = cluster.with_sso(&sam, "Acme");
    api.join(&sam, &slug, &kim, "member");
    let enforcement = format!("/api/v1/organizations/{slug}/sso-enforcement");
    let (rounds, mut random, began) = (count("TOGGLES", 30) / 2, Random::new(4), now());
    let histories = watched(&cluster, &slug, readers(), |writer| {
        for round in 0..rounds {
            // A session that saw too many changes cannot be judged any more (R-ENF-10), and the Owner's proofs grow old.
            if round % 10 == 0 {
                sam = api.sign_in(&sam);
            }
            // Made at one of the nodes that are asked about it, or where it is ended.
            let session = cluster.api(usize::try_from(round).unwrap()).sign_in(&kim);
            let register = writer.publish(&session.token, Seen::Member);
            writer.pause(&mut random);
            writer.write(register, Seen::Refused, || {
                let on = json!({ "enabled": true, "confirm": true });
                api.put(&enforcement, &sam.token, &on).expect(200);
            });
            writer.pause(&mut random);
            // It stays ended: the history knows no later value.
            api.put(&enforcement, &sam.token, &json!({ "enabled": false, "confirm": true })).expect(200);
        }
    });
    judge("REL-4 enforcement", began, rounds * 2, &histories);
    assert!(histories.count(|seen| *seen == Seen::Refused) as u64 > rounds, "both happened");
    assert!(histories.count(|seen| *seen == Seen::Member) as u64 > rounds, "both happened");
}

/// Somebody's place or session, which an Owner or they themselves take away.
struct Scene<'c> {
    cluster: &'c Cluster,
    api: Api,
    sam: Person,
    kim: Person,
    slug: String,
}

#[test]
fn rel_4_what_was_taken_from_somebody_is_gone_on_every_node_once_the_call_returned() {
    let Some(cluster) = Cluster::start() else { return };
    let mut api = cluster.api(0);
    let (sam, kim) = (api.person("sam"), api.person("kim"));
    let slug = api.organization(&sam, "Acme");
    api.join(&sam, &slug, &kim, "member");
    let mut scene = Scene { cluster: &cluster, api, sam, kim, slug };
    scene.roles(count("ROLES", 40));
    scene.removals(count("REMOVALS", 12));
    scene.log_outs(count("LOG_OUTS", 8));
    scene.revocations(count("REVOCATIONS", 8));
    scene.password_resets(count("PASSWORD_RESETS", 2));
}

impl Scene<'_> {
    fn member(&self) -> String {
        format!("/api/v1/organizations/{}/members/{}", self.slug, self.kim.id)
    }

    fn roles(&mut self, rounds: u64) {
        let (member, mut random, began) = (self.member(), Random::new(41), now());
        let histories = watched(self.cluster, &self.slug, readers(), |writer| {
            let register = writer.publish(&self.kim.token, Seen::Member);
            for round in 0..rounds {
                let (role, seen) = [("owner", Seen::Owner), ("member", Seen::Member)][usize::from(round % 2 == 1)];
                // Making an Owner asks for proofs of the last 15 minutes.
                if round % 500 == 0 {
                    self.sam = self.api.sign_in(&self.sam);
                }
                writer.write(register, seen, || {
                    self.api.patch(&member, &self.sam.token, &json!({ "role": role })).expect(200);
                });
                writer.pause(&mut random);
            }
        });
        judge("REL-4 roles", began, rounds, &histories);
        self.api.patch(&member, &self.sam.token, &json!({ "role": "member" })).expect(200);
    }

    fn removals(&mut self, rounds: u64) {
        let (member, mut random, began) = (self.member(), Random::new(42), now());
        let histories = watched(self.cluster, &self.slug, readers(), |writer| {
            for _ in 0..rounds {
                // What was shown before somebody came back opens nothing, so it takes a new session.
                let session = self.api.sign_in(&self.kim);
                let register = writer.publish(&session.token, Seen::Member);
                writer.pause(&mut random);
                writer.write(register, Seen::Refused, || {
                    self.api.delete(&member, &self.sam.token).expect(204);
                });
                writer.pause(&mut random);
                // The sessions of before stay refused: their history knows no later value.
                self.api.join(&self.sam, &self.slug, &session, "member");
                writer.pause(&mut random);
            }
        });
        judge("REL-4 removals", began, rounds, &histories);
    }

    /// Sessions of kim's, each of which ends for good by what `end` does.
    fn sessions(&mut self, what: &str, rounds: u64, end: impl Fn(&mut Self, &Person)) {
        let (mut random, began) = (Random::new(43), now());
        let slug = self.slug.clone();
        let histories = watched(self.cluster, &slug, readers(), |writer| {
            for round in 0..rounds {
                let session = self.cluster.api(usize::try_from(round).unwrap()).sign_in(&self.kim);
                let register = writer.publish(&session.token, Seen::Member);
                writer.pause(&mut random);
                writer.write(register, Seen::Refused, || end(self, &session));
                writer.pause(&mut random);
            }
        });
        judge(what, began, rounds, &histories);
    }

    fn log_outs(&mut self, rounds: u64) {
        self.sessions("REL-4 log-outs", rounds, |scene, session| {
            scene.api.delete("/api/v1/session", &session.token).expect(204);
        });
    }

    fn revocations(&mut self, rounds: u64) {
        self.sessions("REL-4 sessions ended from another", rounds, |scene, _| {
            scene.api.delete("/api/v1/account/other-sessions", &scene.kim.token).expect(200);
        });
    }

    /// A reset ends sessions from its completion on; asking for the link and reading the mail are part of the call here,
    /// during which either answer is right.
    fn password_resets(&mut self, rounds: u64) {
        self.sessions("REL-4 password resets", rounds, |scene, session| {
            let ask = Ask::post("/api/v1/password-resets").json(&json!({ "email": session.email }));
            scene.api.client.ask(&ask).expect(202);
            let link = scene.api.mail(&session.email, |mail| mail.link("/password-reset/"));
            let path = format!("/api/v1/password-resets/{}/completion", last_part(&link));
            let ask = Ask::post(path).json(&json!({ "password": PASSWORD }));
            scene.api.client.ask(&ask).expect(204);
        });
    }
}
