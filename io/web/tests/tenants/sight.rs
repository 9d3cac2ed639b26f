//! Owns the digest of an organization: everything that its people can see of it and of themselves, as text, so that a
//! difference can be read.

use axum::http::Method;
use orgate_web::access::Access;
use orgate_web::route::{Route, Surface};
use orgate_web::router::routes;
use serde_json::Value;

use crate::ask;
use crate::kinds::{Kind, filled, parameters};
use crate::place::Place;
use crate::town::Town;

/// What people see, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight(Vec<String>);

/// Every call that reads, by the list of routes: one that is added is part of the sight by itself.
pub fn reading_calls() -> impl Iterator<Item = &'static Route> {
    let of_people = |access| !matches!(access, Access::Public | Access::Operator | Access::Monitor);
    routes()
        .iter()
        .filter(move |route| route.surface == Surface::Api && route.method == Method::GET && of_people(route.access))
}

impl Sight {
    /// What these people see of their organization, and what `/check` says of their sessions.
    pub async fn of(town: &Town, place: &Place, callers: &[(&'static str, ask::Person)]) -> Self {
        let mut lines = Vec::new();
        for (role, caller) in callers {
            lines.push(format!("{role}: /check: {}", town.check(&caller.token, place.slug()).await));
            for route in reading_calls() {
                let kinds = parameters(route.path);
                // What is the organization's own is shown to an Owner and to somebody without rights, what is a person's to all.
                if !kinds.is_empty() && !matches!(*role, "owner" | "member") {
                    continue;
                }
                let values: Vec<_> = kinds.into_iter().map(|kind: Kind| place.thing(kind)).collect();
                let path = filled(route.path, &values);
                let answer = town.get(&path).bearer(caller).send().await;
                lines.push(format!("{role}: GET {path}: {}", answer.status.as_u16()));
                if answer.status.is_success() {
                    lines.extend(told(&answer));
                }
            }
        }
        Self(lines)
    }

    pub fn lines(&self) -> usize {
        self.0.len()
    }

    /// What one has and the other has not.
    pub fn difference(&self, other: &Self) -> String {
        let only = |a: &Self, b: &Self, sign: char| {
            let lines = a.0.iter().filter(|line| !b.0.contains(line));
            lines.map(|line| format!("{sign} {line}")).collect::<Vec<_>>().join("\n")
        };
        only(self, other, '-') + "\n" + &only(other, self, '+')
    }
}

/// One line for each item of a list, in parts or as a file, and one for all else.
fn told(answer: &ask::Answer) -> Vec<String> {
    let lines = |items: &[Value]| items.iter().filter(|item| !is_strangers_doing(item)).map(line).collect();
    if answer.header("content-type") == "application/jsonl" {
        let items = answer.text().lines().map(|item| serde_json::from_str(item).unwrap()).collect::<Vec<_>>();
        return lines(&items);
    }
    let answer = answer.json();
    match answer["items"].as_array() {
        Some(items) => lines(items),
        None => vec![line(&answer)],
    }
}

fn line(value: &Value) -> String {
    let mut value = value.clone();
    forget_look(&mut value);
    format!("    {value}")
}

/// What anybody on the Internet can do to an address that is public by nature, and the Owner is told of on purpose (T-LO-2,
/// R-SSO-9): a log-out posted to the connection that its own provider did not sign, and an answer brought to it that belongs
/// to no sign-in, are refused and written down. No membership of another organization is needed for that, and nothing but
/// the line comes of it.
fn is_strangers_doing(item: &Value) -> bool {
    item["action"] == "connection.log-out-refused" || ["log-out", "callback"].iter().any(|one| item["purpose"] == *one)
}

/// Where an event stands in the chain of the log, which counts what strangers did as well.
///
/// How many sessions enforcing would end: it counts those of a member of both organizations that the other one's provider
/// made, too. Whose sessions there are is looked at by each person's own list.
///
/// When a proven domain was last looked at. Whoever claims the same domain and has it looked at makes the holder's be
/// looked at, too (R-LNK-7): what the DNS says about it is the holder's own doing, and what comes of it is not left out.
fn forget_look(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("sessions_to_end");
            members.remove("checked_at");
            members.remove("position");
            members.remove("link");
            members.values_mut().for_each(forget_look);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_look),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
