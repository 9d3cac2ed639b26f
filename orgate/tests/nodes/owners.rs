//! An organization always has an Owner, whatever Owners do to each other at once, on several nodes or on one (REL-6).

use serde_json::{Value, json};

use crate::api::{Api, Person, text};
use crate::client::Ask;
use crate::cluster::Cluster;
use crate::node::{Node, settings};
use crate::scale::{Random, count, now, report};

const PEOPLE: usize = 16;
/// What each Owner tries in a round.
const ACTS: usize = 2;
/// New sessions so often, for making an Owner asks for proofs of the last 15 minutes.
const ROUNDS_A_SESSION: u64 = 100;

/// A run of hours that is stopped has said how far it came.
const ROUNDS_A_REPORT: u64 = 1_000;

struct Organization {
    slug: String,
    people: Vec<Person>,
}

impl Organization {
    fn members(&self) -> String {
        format!("/api/v1/organizations/{}/members", self.slug)
    }

    /// An Owner who can still say so, and everybody's role.
    fn state(&self, api: &mut Api) -> (Person, Vec<(String, String)>) {
        for person in &self.people {
            let answer = api.get(&format!("{}?limit=200", self.members()), &person.token);
            if answer.status() == 200 {
                let (listed, role) = (answer.json(), |item: &Value| (text(&item["user"]["id"]), text(&item["role"])));
                let roles: Vec<_> = listed["items"].as_array().unwrap().iter().map(role).collect();
                if roles.iter().any(|(id, role)| *id == person.id && role == "owner") {
                    return (person.clone(), roles);
                }
            }
        }
        panic!("nobody of {} is an Owner", self.people.len());
    }

    /// Makes so many people Owners, beginning with this one, and everybody else a member at most.
    fn appoint(&mut self, api: &mut Api, first: usize, many: usize) -> Vec<Person> {
        let (by, roles) = self.state(api);
        let role_of = |id: &str| roles.iter().find(|(known, _)| known == id).map(|(_, role)| role.as_str());
        let chosen: Vec<usize> = (0..PEOPLE).cycle().skip(first).take(many).collect();
        for number in &chosen {
            let person = &self.people[*number];
            match role_of(&person.id) {
                Some("owner") => {}
                Some(_) => self.give(api, &by, person, "owner"),
                None => {
                    api.join(&by, &self.slug, person, "owner");
                    // What was shown before somebody came back opens nothing, so it takes a new session.
                    self.people[*number] = api.sign_in(person);
                }
            }
        }
        let owners: Vec<Person> = chosen.iter().map(|number| self.people[*number].clone()).collect();
        for (id, _) in roles.iter().filter(|(id, role)| role == "owner" && owners.iter().all(|owner| owner.id != *id)) {
            let person = self.people.iter().find(|person| person.id == *id).unwrap();
            // By one of the new ones, for whoever appointed them may be among the old.
            self.give(api, &owners[0], person, "member");
        }
        owners
    }

    fn give(&self, api: &mut Api, by: &Person, to: &Person, role: &str) {
        api.patch(&format!("{}/{}", self.members(), to.id), &by.token, &json!({ "role": role })).expect(200);
    }

    /// What one Owner tries: to demote or remove another, to step down, to leave.
    fn act(&self, own: &Person, owners: &[Person], random: &mut Random) -> Ask {
        let target = if random.below(3) == 0 { own } else { random.of(owners) };
        let path = format!("{}/{}", self.members(), target.id);
        if random.below(2) == 0 {
            Ask::delete(path).bearer(&own.token)
        } else {
            Ask::new("PATCH", path).bearer(&own.token).json(&json!({ "role": "member" }))
        }
    }

    /// All of them at once, spread over the nodes; the statuses.
    fn round(&self, nodes: &[Node], owners: &[Person], round: u64) -> Vec<u16> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = owners
                .iter()
                .enumerate()
                .map(|(number, own)| {
                    let mut random = Random::new(round * 1_000 + number as u64);
                    scope.spawn(move || {
                        let mut client = nodes[number % nodes.len()].client();
                        let acts = (0..ACTS).map(|_| client.ask(&self.act(own, owners, &mut random)).status());
                        acts.collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }
}

/// With a session that is the only one: each change of somebody's place judges all that they have, and who came back a hundred times
/// has a hundred.
fn sign_in_anew(api: &mut Api, person: &Person) -> Person {
    let person = api.sign_in(person);
    api.delete("/api/v1/account/other-sessions", &person.token).expect(200);
    person
}

/// Rounds of it on these nodes; `owners_left` counts in the database.
fn play(database: &str, nodes: &[Node], mut api: Api, people: Vec<Person>, owners_left: impl Fn(&str) -> i64) {
    let mut organization = Organization { slug: api.organization(&people[0], "Acme"), people };
    let (rounds, mut random, began) = (count("OWNER_ROUNDS", 8), Random::new(6), now());
    let (mut done, mut refused, mut busy) = (0, 0, 0);
    let query = owners_left_query(&organization.slug);
    for round in 0..rounds {
        if round % ROUNDS_A_SESSION == 0 && round > 0 {
            organization.people = organization.people.iter().map(|person| sign_in_anew(&mut api, person)).collect();
        }
        if round % ROUNDS_A_REPORT == 0 && round > 0 {
            report(&format!("REL-6, {database}, so far"), began, &format!("{round} rounds, {done} acts done"));
        }
        let first = usize::try_from(random.below(PEOPLE as u64)).unwrap();
        let many = usize::try_from(2 + random.below(PEOPLE as u64 - 1)).unwrap();
        let owners = organization.appoint(&mut api, first, many);
        for status in organization.round(nodes, &owners, round) {
            match status {
                200 | 204 => done += 1,
                403 | 404 | 409 => refused += 1,
                // A write that kept colliding says so and did nothing.
                503 => busy += 1,
                other => panic!("round {round}: status {other}"),
            }
        }
        assert!(owners_left(&query) >= 1, "round {round}: {many} Owners left nobody behind");
    }
    let said = format!(
        "{} nodes, {rounds} rounds of 2 to 16 Owners, {done} acts done, {refused} refused, {busy} busy",
        nodes.len()
    );
    report(&format!("REL-6, {database}"), began, &said);
    assert!(done > 0 && refused > 0, "both happened: {done} and {refused}");
}

fn owners_left_query(slug: &str) -> String {
    format!(
        "select count(*) from memberships m join organizations o on o.id = m.organization_id \
         where o.slug = '{slug}' and m.role = 'owner' and m.state = 'active'"
    )
}

#[test]
fn rel_6_owners_who_demote_remove_and_leave_at_random_on_three_nodes_leave_one() {
    let Some(cluster) = Cluster::start() else { return };
    let people = cluster.people("own", PEOPLE);
    play("PostgreSQL", &cluster.nodes, cluster.api(0), people, |query| cluster.number(query));
}

#[test]
fn rel_6_on_sqlite_owners_who_demote_remove_and_leave_at_random_leave_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orgate.db");
    let url = format!("sqlite:{}", file.display());
    let mut node = Node::new(settings(folder.path(), &url, "http://localhost:1"), folder.path().join("node.log"));
    node.start();
    let mut api = Api::new(node.address(), folder.path());
    let people = (0..PEOPLE).map(|number| api.person(&format!("own{number}"))).collect();
    let database = rusqlite::Connection::open(&file).unwrap();
    let owners_left = |query: &str| database.query_row(query, [], |row| row.get(0)).unwrap();
    play("SQLite", std::slice::from_ref(&node), api, people, owners_left);
}
