//! Any call and any form of the list of routes, by anybody of the organization or nobody, with the other organization's
//! ids in any position of the path and of the body.

use axum::http::Method;
use orgate_web::access::Access;
use orgate_web::route::{Route, Surface};
use orgate_web::router::routes;
use serde_json::{Value, json};

use crate::adversary::Adversary;
use crate::ask;
use crate::dice::Dice;
use crate::kinds::{Kind, filled, parameters};
use crate::sample::body_of;

/// Every route that a person can use, but for these.
fn is_in_reach(route: &Route) -> bool {
    let is_for_people = !matches!(route.access, Access::Operator | Access::Monitor);
    // Guessing a person's password or mailed code is what any stranger can do, and slows that person's strangers down
    // (T-1): no power of an Owner, and tested by itself.
    let is_guess = matches!(route.path, "/sign-in" | "/api/v1/sessions") && route.method == Method::POST;
    is_for_people && !is_guess && route.surface != Surface::Bare && route.surface != Surface::Asset
}

/// One of them.
pub async fn any(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let all: Vec<&Route> = routes().iter().filter(|route| is_in_reach(route)).collect();
    let route = *dice.pick(&all);
    let values: Vec<_> = parameters(route.path).into_iter().map(|kind| adversary.named(kind, dice)).collect();
    let body = body_of(route).map(|body| mixed(body, adversary, dice));
    let actor = dice.pick(&adversary.actors).clone();
    let actor = (!dice.once_in(6)).then_some(actor);
    send(adversary, route, &values, body, actor, dice).await;
}

/// The call that would do the most harm if a look-up forgot its organization: the Owner changes something under the own
/// organization's name, and what is named in it is the other's.
pub async fn reach_across(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let names_more = |route: &&Route| {
        let kinds = parameters(route.path);
        kinds.first() == Some(&Kind::Organization) && kinds.len() > 1
    };
    let changes = |route: &&Route| is_in_reach(route) && route.method != Method::GET && names_more(route);
    let all: Vec<&Route> = routes().iter().filter(changes).collect();
    let route = *dice.pick(&all);
    let own_first = |(index, kind): (usize, Kind)| {
        let place = if index == 0 { &adversary.place } else { adversary.victim };
        place.thing(kind)
    };
    let values: Vec<_> = parameters(route.path).into_iter().enumerate().map(own_first).collect();
    let owner = ("owner", adversary.owner().clone());
    send(adversary, route, &values, body_of(route), Some(owner), dice).await;
}

/// Asks, as somebody or as nobody, and hears the answer.
async fn send(
    adversary: &mut Adversary<'_>,
    route: &Route,
    values: &[String],
    body: Option<Value>,
    actor: Option<(&'static str, ask::Person)>,
    dice: &mut Dice,
) {
    let path = filled(route.path, values);
    let ask = adversary.town.ask(route.method.clone(), &path);
    let (who, ask) = match (&actor, route.surface) {
        (None, _) => ("nobody", ask),
        (Some((role, actor)), Surface::Api) => (*role, ask.bearer(actor)),
        (Some((role, actor)), _) => (*role, ask.cookie(actor)),
    };
    let (answer, said) = match body {
        Some(body) => (ask.json(&body).send().await, body.to_string()),
        None if route.surface == Surface::Page && route.method == Method::POST => {
            let form = form(route.path, adversary, dice);
            let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            (ask.form(&pairs).send().await, format!("{pairs:?}"))
        }
        None => (ask.send().await, String::new()),
    };
    adversary.hear(&format!("{who} {} {path} {said}", route.method), &answer);
}

/// The same body with the other organization's ids and people in some places.
fn mixed(body: Value, adversary: &Adversary<'_>, dice: &mut Dice) -> Value {
    match body {
        Value::Object(members) => {
            let mut mixed: serde_json::Map<String, Value> = members
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    "email" => (name, json!(address(adversary, dice))),
                    "emails" => (name, json!([address(adversary, dice)])),
                    "role" if dice.once_in(2) => (name, json!(dice.pick(&["owner", "member", "admin", "read_write"]))),
                    "name" | "confirmation" | "challenge_id" if dice.once_in(2) => (name, json!(word(adversary, dice))),
                    _ => (name, value),
                })
                .collect();
            if mixed.contains_key("emails") && dice.once_in(2) {
                let project = adversary.named(Kind::Project, dice);
                mixed.insert("projects".to_owned(), json!([{ "project": project, "role": "admin" }]));
            }
            if dice.once_in(5) {
                let (name, kind) = *dice.pick(&[
                    ("organization_id", Kind::Organization),
                    ("user_id", Kind::Member),
                    ("connection_id", Kind::Connection),
                ]);
                mixed.insert(name.to_owned(), json!(adversary.victim.thing(kind)));
            }
            Value::Object(mixed)
        }
        other => other,
    }
}

fn form(path: &str, adversary: &Adversary<'_>, dice: &mut Dice) -> Vec<(&'static str, String)> {
    if path.ends_with("/invitations") {
        let role = (*dice.pick(&["owner", "member"])).to_owned();
        return vec![("emails", address(adversary, dice)), ("role", role)];
    }
    if path.ends_with("/domains") {
        return vec![("name", adversary.victim.domain.clone())];
    }
    let role = if path.contains("/projects/") { "admin" } else { "owner" };
    vec![
        ("name", word(adversary, dice)),
        ("role", role.to_owned()),
        ("email", address(adversary, dice)),
        ("kind", "oidc".to_owned()),
        ("issuer", "https://idp.example.com".to_owned()),
        ("client_id", "a".to_owned()),
        ("client_secret", "b".to_owned()),
        ("confirmation", adversary.place.slug().to_owned()),
        ("mfa_required", "true".to_owned()),
        ("code", "123456".to_owned()),
        ("password", "some long password".to_owned()),
    ]
}

/// An address of the other organization's.
fn address(adversary: &Adversary<'_>, dice: &mut Dice) -> String {
    adversary.somebody(dice).1.email.clone()
}

/// A name, an id or an address of the other organization's.
fn word(adversary: &Adversary<'_>, dice: &mut Dice) -> String {
    match dice.roll(3) {
        0 => adversary.victim.domain.clone(),
        1 => "Victim".to_owned(),
        _ => adversary.victim.thing(*dice.pick(&Kind::NAMING)),
    }
}
