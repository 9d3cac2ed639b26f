//! T-ORG-5, R-ORG-6, T-WEB-11: on every route, another organization's thing is answered as what does not exist: the same
//! status, the same words. Generated: for each route, each person of another organization and each place where an id
//! stands; a route whose parameters are not named in `kinds.rs` stops the test.

use axum::http::{Method, StatusCode};
use orgate_web::access::Access;
use orgate_web::route::{Route, Surface};
use orgate_web::router::routes;
use serde_json::{Value, json};

use crate::ask::{self, Answer};
use crate::dice::is_deep;
use crate::kinds::{Kind, filled, parameters};
use crate::place::{Place, nothing_like};
use crate::sample::{body_of, fields_of};
use crate::sight::Sight;
use crate::support::Person;
use crate::town::Town;

macro_rules! on_each_town {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::town::Town::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(town) = crate::town::Town::postgres().await {
                    super::$name(town).await;
                }
            })*
        }
    };
}
pub(crate) use on_each_town;

on_each_town! {
    t_org_5_on_every_route_another_organizations_ids_are_answered_as_what_does_not_exist
    t_org_5_in_every_body_and_query_another_organizations_ids_are_answered_as_what_does_not_exist
}

/// Routes whose answer about another organization's thing is that of what exists, each for its reason.
fn is_public(route: &Route) -> bool {
    matches!(route.access, Access::Operator | Access::Monitor)
        // The login address is handed out (R-IN-6): its page, the begin of a sign-in, and the page of a refusal, which has no
        // word that its number's person was not shown (R-SSO-9).
        || parameters(route.path).contains(&Kind::LoginAddress)
        // The tile's address sends a browser to the connection's own provider and does nothing else (R-SSO-8).
        || route.path.ends_with("/initiate")
        // The provider's server is told whether its token counted; without one, that there was none (T-LO-2).
        || route.path.ends_with("/backchannel-logout")
}

/// One request, in a fresh session of this person, as their program or their browser sends it.
async fn sent(town: &Town, route: &Route, path: &str, caller: &ask::Person, body: Option<&Value>) -> Answer {
    let ask = town.ask(route.method.clone(), path);
    let ask = if route.surface == Surface::Api { ask.bearer(caller) } else { ask.cookie(caller) };
    let answer = match body {
        Some(body) => ask.json(body),
        None if route.surface == Surface::Page && route.method == Method::POST => ask.form(&fields_of(route.path)),
        None => ask,
    };
    answer.send().await
}

/// Status, where it leads, and words. What was put in is masked, and so is what every answer has of its own: the number of
/// a failure, the id of what was made, secrets.
fn heard(answer: &Answer, put_in: &[String]) -> String {
    let mut text = format!("{} {:?} {}", answer.status.as_u16(), answer.maybe("location"), answer.text());
    for value in put_in {
        text = text.replace(value.as_str(), "<it>");
        // As a short name is made of it.
        text = text.replace(&value.replace(['_', '@', '.'], "-").to_lowercase(), "<it>");
    }
    masked(&text)
}

fn masked(text: &str) -> String {
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let mut masked = String::new();
    for piece in text.split_inclusive(is_end) {
        let word = piece.trim_end_matches(is_end);
        let is_of_its_own = is_reference(word) || is_id(word) || word.len() >= 40;
        masked.push_str(if is_of_its_own { "<own>" } else { word });
        masked.push_str(&piece[word.len()..]);
    }
    masked
}

/// `K7Q2-M9XB`.
fn is_reference(word: &str) -> bool {
    let plain = |part: &str| part.len() == 4 && part.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    word.split_once('-').is_some_and(|(head, tail)| plain(head) && plain(tail))
}

fn is_id(word: &str) -> bool {
    word.len() == 30 && word.as_bytes()[3] == b'_'
}

/// What stands in a path: all of it another organization's, or one's own up to some parameter and another's from there.
fn fillings(kinds: &[Kind], own: &Place, other: &Place) -> Vec<Vec<(String, bool)>> {
    let mut fillings = Vec::new();
    for foreign_from in 0..kinds.len() {
        let filled = kinds.iter().enumerate().map(|(index, kind)| {
            let is_foreign = index >= foreign_from && Kind::NAMING.contains(kind);
            (if is_foreign { other.thing(*kind) } else { own.thing(*kind) }, is_foreign)
        });
        fillings.push(filled.collect::<Vec<_>>());
    }
    // By id as well as by short name.
    if kinds.first() == Some(&Kind::Organization) {
        let mut by_id = fillings[0].clone();
        by_id[0].0 = other.site.id().to_string();
        fillings.push(by_id);
    }
    fillings.retain(|filled| filled.iter().any(|(_, is_foreign)| *is_foreign));
    fillings
}

async fn two(town: &Town) -> (Place, Place) {
    let other_idp = town.world.provider();
    let victim = Place::founded(town, "Victim", &other_idp).await;
    let own = Place::founded(town, "Rogue", &town.world.idp).await;
    (own, victim)
}

/// Who asks: everybody of the other organization, and somebody of none.
async fn askers(town: &Town, own: &Place, stranger: &Person) -> Vec<(&'static str, ask::Person)> {
    let mut askers = vec![("stranger", town.caller(stranger).await)];
    for role in ["owner", "admin", "member"] {
        askers.push((role, town.caller(&own.people[role]).await));
    }
    askers
}

async fn t_org_5_on_every_route_another_organizations_ids_are_answered_as_what_does_not_exist(town: Town) {
    let (own, other) = two(&town).await;
    let insiders = other.callers(&town).await;
    let before = Sight::of(&town, &other, &insiders).await;
    let stranger = town.world.person("stranger").await;
    let (mut judged, mut strange) = (0, Vec::new());
    for route in routes().iter().filter(|route| !is_public(route)) {
        let fillings = fillings(&parameters(route.path), &own, &other);
        let askers = if fillings.is_empty() { Vec::new() } else { askers(&town, &own, &stranger).await };
        for filling in fillings {
            for (role, caller) in &askers {
                let there: Vec<String> = filling.iter().map(|(value, _)| value.clone()).collect();
                let nowhere =
                    filling.iter().map(|(value, foreign)| if *foreign { nothing_like(value) } else { value.clone() });
                let nowhere: Vec<String> = nowhere.collect();
                let body = body_of(route);
                let (path, empty) = (filled(route.path, &there), filled(route.path, &nowhere));
                let real = sent(&town, route, &path, caller, body.as_ref()).await;
                let none = sent(&town, route, &empty, caller, body.as_ref()).await;
                judged += 1;
                if heard(&real, &there) != heard(&none, &nowhere) {
                    strange.push(format!(
                        "{role} {} {path}:\n  {}\n  {}",
                        route.method,
                        heard(&real, &there),
                        heard(&none, &nowhere)
                    ));
                }
                assert!(!real.text().contains(&other.canary()), "{role} {} {path}: {}", route.method, real.text());
                assert!(!real.status.is_server_error(), "{role} {} {path}", route.method);
            }
        }
    }
    assert!(strange.is_empty(), "{} of {judged}:\n{}", strange.len(), strange.join("\n"));
    assert!(judged > 700, "only {judged}");
    let after = Sight::of(&town, &other, &insiders).await;
    assert!(before == after, "{}", before.difference(&after));
    println!("{judged} answers about another organization's things, {} lines of sight", after.lines());
}

/// Members that name nothing: words that are known to one person, and that of one's own organization typed once more.
const NO_NAMES: [&str; 4] = ["password", "current_password", "new_password", "confirmation"];

/// The same value in every place of a body that holds a text, one place after the other.
fn bodies_with(body: &Value, value: &str) -> Vec<Value> {
    let mut bodies = Vec::new();
    if let Value::Object(members) = body {
        for (name, member) in members.iter().filter(|(name, _)| !NO_NAMES.contains(&name.as_str())) {
            let changed = match member {
                Value::String(_) => json!(value),
                Value::Array(items) if items.iter().all(Value::is_string) => json!([value]),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => continue,
            };
            let mut other = members.clone();
            other.insert(name.clone(), changed);
            bodies.push(Value::Object(other));
        }
        // A field that no call has.
        for name in ["organization_id", "user_id", "connection_id", "id"] {
            let mut other = members.clone();
            other.insert(name.to_owned(), json!(value));
            bodies.push(Value::Object(other));
        }
    }
    bodies
}

/// The bodies that grant a project's roles or name its people.
fn further_bodies(route: &Route, value: &str) -> Vec<Value> {
    match route.path.rsplit('/').next() {
        Some("invitations") if route.method == Method::POST => vec![json!({
            "emails": ["a@example.com"], "role": "member", "projects": [{ "project": value, "role": "admin" }],
        })],
        _ => Vec::new(),
    }
}

/// What stands after `?` on the routes that read.
const QUERIES: [&str; 4] = ["cursor", "actor", "reference", "organization"];

async fn t_org_5_in_every_body_and_query_another_organizations_ids_are_answered_as_what_does_not_exist(town: Town) {
    let (own, other) = two(&town).await;
    let insiders = other.callers(&town).await;
    let before = Sight::of(&town, &other, &insiders).await;
    let usual = [Kind::Organization, Kind::Member, Kind::Project, Kind::Connection];
    let kinds: &[Kind] = if is_deep() { &Kind::NAMING } else { &usual };
    let mut values: Vec<String> = kinds.iter().map(|kind| other.thing(*kind)).collect();
    values.extend([other.people["member"].email.clone(), other.site.id().to_string(), other.domain.clone()]);
    values.dedup();
    let (mut judged, mut strange) = (0, Vec::new());
    for route in routes().iter().filter(|route| !is_public(route) && route.surface == Surface::Api) {
        let path =
            filled(route.path, &parameters(route.path).into_iter().map(|kind| own.thing(kind)).collect::<Vec<_>>());
        for value in &values {
            let nowhere = match value.split_once('@') {
                Some((local, domain)) => format!("{}@{domain}", nothing_like(local)),
                None if *value == other.domain => format!("{}.example", nothing_like(other.slug())),
                None => nothing_like(value),
            };
            let pairs: Vec<(String, Option<Value>, String, Option<Value>)> = if route.method == Method::GET {
                let asked = |value: &str| QUERIES.map(|name: &str| format!("{path}?{name}={value}"));
                asked(value).into_iter().zip(asked(&nowhere)).map(|(a, b)| (a, None, b, None)).collect()
            } else {
                let Some(body) = body_of(route) else { continue };
                let with = |value: &str| [bodies_with(&body, value), further_bodies(route, value)].concat();
                let both = with(value).into_iter().zip(with(&nowhere));
                both.map(|(a, b)| (path.clone(), Some(a), path.clone(), Some(b))).collect()
            };
            let mut caller = town.caller(&own.people["owner"]).await;
            for (there, body, empty, other_body) in pairs {
                let real = sent(&town, route, &there, &caller, body.as_ref()).await;
                // Some calls end the session, or put another in its place.
                if route.method != Method::GET && ["/account", "/session"].iter().any(|own| route.path.contains(own)) {
                    caller = town.caller(&own.people["owner"]).await;
                }
                let none = sent(&town, route, &empty, &caller, other_body.as_ref()).await;
                judged += 1;
                // Either may be there from an earlier request, which called something of one's own so.
                let put_in = [value.clone(), nowhere.clone()];
                let (said, unsaid) = (heard(&real, &put_in), heard(&none, &put_in));
                if said != unsaid && !tells_by_rule(&real, &none) {
                    strange.push(format!("{} {there} {body:?}:\n  {said}\n  {unsaid}", route.method));
                }
                assert!(!real.text().contains(&other.canary()), "{} {there}: {}", route.method, real.text());
                assert!(!real.status.is_server_error(), "{} {there} {body:?}", route.method);
            }
        }
    }
    assert!(strange.is_empty(), "{} of {judged}:\n{}", strange.len(), strange.join("\n"));
    assert!(judged > 500, "only {judged}");
    let after = Sight::of(&town, &other, &insiders).await;
    assert!(before == after, "{}", before.difference(&after));
    println!("{judged} answers to another organization's ids in bodies and queries");
}

/// Short names are one space for all organizations, like the login addresses that they make (R-IN-6): one that is taken is
/// refused where it was chosen, and gets a number where it was made of a name. And what was done by the first of the two
/// requests to the own organization is there for the second: two addresses of one domain are one claim.
fn tells_by_rule(real: &Answer, none: &Answer) -> bool {
    let is_numbered = || real.json()["slug"].as_str().is_some_and(|slug| slug.ends_with("-2"));
    let is_taken =
        real.status == StatusCode::CONFLICT && real.text().contains("slug-taken") && none.status.is_success();
    let is_made = real.status == StatusCode::CREATED && none.status == StatusCode::CREATED && is_numbered();
    let is_own = real.status == StatusCode::CREATED && none.text().contains("domain-exists");
    is_taken || is_made || is_own
}
