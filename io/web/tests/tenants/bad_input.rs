//! Z3: every route is sent what no well-meaning client sends, as nobody, as somebody of no organization, as people of one
//! organization and as the operator, by seeds. No answer is a fault of the server, each refusal of the API is a problem document
//! with its code and its number, and nothing is felt in another organization.

use std::collections::BTreeMap;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use orgate_web::access::Access;
use orgate_web::route::{Route, Surface};
use orgate_web::router::routes;

use crate::adversary::Adversary;
use crate::ask::{Answer, Ask, OPERATOR};
use crate::dice::{Dice, is_deep};
use crate::every_route::on_each_town;
use crate::kinds::{filled, parameters};
use crate::malformed;
use crate::place::Place;
use crate::sample::{body_of, fields_of};
use crate::schema::Schema;
use crate::sight::Sight;
use crate::town::Town;

on_each_town! {
    z3_no_malformed_request_is_a_fault_or_is_felt_in_another_organization
}

/// Requests of one run.
const REQUESTS: usize = 15;
/// Runs on each engine.
const RUNS: u64 = 160;
/// The same with `ORGATE_DEEP=1`.
const DEEP_RUNS: u64 = 4000;

/// Who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Nobody,
    Operator,
    /// One of the adversary's people, by their place in the list.
    Person(usize),
}

async fn z3_no_malformed_request_is_a_fault_or_is_felt_in_another_organization(town: Town) {
    let idp = town.world.provider();
    let victim = Place::founded(&town, "Victim", &idp).await;
    let insiders = victim.callers(&town).await;
    let before = Sight::of(&town, &victim, &insiders).await;
    let schema = Schema::read();
    let mut adversary = Adversary::new(&town, &victim, &idp, None).await;
    let mut answers = BTreeMap::new();
    for seed in 0..if is_deep() { DEEP_RUNS } else { RUNS } {
        let mut dice = Dice::new(seed);
        adversary.begin().await;
        for _ in 0..REQUESTS {
            let status = send(&mut adversary, &schema, &mut dice).await;
            *answers.entry(status.as_u16()).or_insert(0) += 1;
        }
        adversary.nothing_opened().await;
        if seed % 40 == 39 {
            let after = Sight::of(&town, &victim, &insiders).await;
            assert!(before == after, "by seed {seed}:\n{}\n{}", before.difference(&after), adversary.told());
        }
    }
    // Most are refused, and refused for what is wrong with them; some get as far as being done.
    let count = |wanted: u16| answers.get(&wanted).copied().unwrap_or_default();
    for wanted in [200, 400, 401, 404, 422] {
        assert!(count(wanted) > 0, "{answers:?}");
    }
    println!("{answers:?}");
}

/// Sends one request and looks at its answer.
async fn send(adversary: &mut Adversary<'_>, schema: &Schema, dice: &mut Dice) -> StatusCode {
    let route = *dice.pick(&routes().iter().collect::<Vec<_>>());
    let sender = sender(route, adversary, dice);
    let path = path(route, sender, adversary, schema, dice);
    let others = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let method = if dice.once_in(15) { dice.pick(&others).clone() } else { route.method.clone() };
    let ask = signed(adversary.town.ask(method.clone(), &path), route, sender, adversary);
    let (ask, body) = with_body(ask, route, schema, dice);
    let ask = if dice.once_in(6) {
        let (name, value) = malformed::header(dice);
        ask.header(name, &value)
    } else {
        ask
    };
    let answer = ask.send().await;
    let what = format!("{sender:?} {method} {} {}", shortened(&path), shortened(&body));
    adversary.hear(&what, &answer);
    if route.path.starts_with("/api/v1/") && answer.status.is_client_error() && method != Method::HEAD {
        is_a_problem(&what, &answer);
    }
    answer.status
}

/// Operators set what they like of any organization: they are tried on the adversary's own and on nothing.
fn sender(route: &Route, adversary: &Adversary<'_>, dice: &mut Dice) -> Sender {
    match route.access {
        Access::Operator | Access::Monitor if !dice.once_in(4) => Sender::Operator,
        _ if dice.once_in(6) => Sender::Nobody,
        _ => Sender::Person(dice.roll(adversary.actors.len())),
    }
}

fn path(route: &Route, sender: Sender, adversary: &Adversary<'_>, schema: &Schema, dice: &mut Dice) -> String {
    let named = parameters(route.path).into_iter().map(|kind| match dice.roll(12) {
        0 => malformed::segment(dice),
        1..=3 if sender != Sender::Operator => adversary.named(kind, dice),
        _ => adversary.place.thing(kind),
    });
    let path = filled(route.path, &named.collect::<Vec<_>>());
    let names = schema.query(&route.method, route.path);
    let asks = if names.is_empty() { dice.once_in(6) } else { !dice.once_in(4) };
    if asks { format!("{path}?{}", malformed::query(&names, dice)) } else { path }
}

fn signed<'a>(ask: Ask<'a>, route: &Route, sender: Sender, adversary: &Adversary<'_>) -> Ask<'a> {
    match sender {
        Sender::Nobody => ask,
        Sender::Operator => ask.header(AUTHORIZATION.as_str(), &format!("Bearer {OPERATOR}")),
        Sender::Person(index) if route.surface == Surface::Api => ask.bearer(&adversary.actors[index].1),
        Sender::Person(index) => ask.cookie(&adversary.actors[index].1),
    }
}

/// A body that fits but for some members, or is damaged, or is said to be what it is not.
fn with_body<'a>(ask: Ask<'a>, route: &Route, schema: &Schema, dice: &mut Dice) -> (Ask<'a>, String) {
    if route.method == Method::GET && !dice.once_in(10) {
        return (ask, String::new());
    }
    let json = malformed::body(body_of(route), &schema.members(&route.method, route.path), dice);
    if route.surface == Surface::Api && !dice.once_in(10) {
        if dice.once_in(4) {
            let bytes = malformed::damaged(&json, dice);
            let said = String::from_utf8_lossy(&bytes).into_owned();
            return (ask.header(CONTENT_TYPE.as_str(), "application/json").bytes(&bytes), said);
        }
        let said = json.to_string();
        return (ask.json(&json), said);
    }
    if dice.once_in(6) {
        let kind = *dice.pick(&[
            "text/plain",
            "application/json; charset=utf-16",
            "multipart/form-data",
            "/;",
            "application/jwt",
        ]);
        let said = format!("{kind} {json}");
        return (ask.header(CONTENT_TYPE.as_str(), kind).bytes(json.to_string().as_bytes()), said);
    }
    let mut fields: Vec<(&str, String)> =
        fields_of(route.path).into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    for _ in 0..=dice.roll(2) {
        let index = dice.roll(fields.len());
        fields[index].1 = malformed::text(dice);
    }
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (ask.form(&pairs), format!("{pairs:?}"))
}

/// A code for programs, words for people, a number for whoever helps them.
fn is_a_problem(what: &str, answer: &Answer) {
    assert_eq!(answer.maybe("content-type"), Some("application/problem+json"), "{what}: {}", answer.status);
    let problem = answer.json();
    for member in ["code", "detail", "reference"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{what}: {problem}");
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
