//! What an Owner does with the own organization, so far as people, names or providers of another come into it.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::adversary::Adversary;
use crate::dice::Dice;
use crate::kinds::Kind;

fn path(adversary: &Adversary<'_>, rest: &str) -> String {
    format!("/api/v1/organizations/{}/{rest}", adversary.place.slug())
}

/// Invites somebody of the other organization, and lets the own people try the copied link.
pub async fn invite(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let email = adversary.somebody(dice).1.email.clone();
    let role = *dice.pick(&["owner", "member"]);
    let path = path(adversary, "invitations");
    let body = json!({ "emails": [email], "role": role });
    let answer = adversary.town.post(&path).bearer(adversary.owner()).json(&body).send().await;
    adversary.hear(&format!("owner POST {path} {body}"), &answer);
    if answer.status != StatusCode::CREATED {
        return;
    }
    let link = answer.json()["items"][0]["link"].as_str().unwrap_or_default().to_owned();
    let token = link.rsplit('/').next().unwrap_or_default().to_owned();
    let (role, actor) = dice.pick(&adversary.actors).clone();
    let (path, body) = (format!("/api/v1/invitations/{token}/acceptance"), json!({ "code": "123456" }));
    let ask = adversary.town.post(&path).bearer(&actor);
    let answer = if dice.once_in(2) { ask.json(&body).send().await } else { ask.send().await };
    adversary.hear(&format!("{role} takes the link that was copied for {email}"), &answer);
    assert_ne!(answer.status, StatusCode::OK, "{}", adversary.told());
}

/// Claims the other organization's domain, or one below it, and has it looked at.
pub async fn claim(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let domain = &adversary.victim.domain;
    let name = if dice.once_in(3) { format!("mail.{domain}") } else { domain.clone() };
    let all = path(adversary, "domains");
    let body = json!({ "name": name });
    let answer = adversary.town.post(&all).bearer(adversary.owner()).json(&body).send().await;
    adversary.hear(&format!("owner POST {all} {body}"), &answer);
    let listed = adversary.town.get(&all).bearer(adversary.owner()).send().await.json();
    let claims = listed["items"].as_array().cloned().unwrap_or_default();
    let Some(claim) = claims.iter().find(|claim| claim["name"] == name.as_str()) else { return };
    let one = format!("{all}/{}", claim["id"].as_str().unwrap());
    let answer = adversary.town.post(&format!("{one}/verification")).bearer(adversary.owner()).send().await;
    adversary.hear(&format!("owner POST {one}/verification"), &answer);
    if dice.once_in(2) {
        let answer = adversary.town.ask(Method::DELETE, &one).bearer(adversary.owner()).send().await;
        adversary.hear(&format!("owner DELETE {one}"), &answer);
    }
}

/// Turns enforcement on or off.
pub async fn enforce(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let path = path(adversary, "sso-enforcement");
    let body = json!({ "enabled": dice.once_in(2), "confirm": true, "accept_operator_recovery": true });
    let answer = adversary.town.ask(Method::PUT, &path).bearer(adversary.owner()).json(&body).send().await;
    adversary.hear(&format!("owner PUT {path} {body}"), &answer);
}

/// Points a connection at the other organization's own provider, with its client id and a secret of one's own.
pub async fn reconnect(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let new = adversary.town.post(&path(adversary, "connections")).bearer(adversary.owner());
    let answer = new.json(&json!({ "kind": "okta-oidc" })).send().await;
    adversary.hear("owner POST connections", &answer);
    if answer.status != StatusCode::CREATED {
        return;
    }
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let one = path(adversary, &format!("connections/{id}"));
    if dice.once_in(3) {
        let settings = json!({
            "okta_domain": adversary.victim_idp.domain(),
            "client_id": adversary.victim_idp.client_id(),
            "client_secret": "not their secret",
        });
        let ask = adversary.town.ask(Method::PUT, &format!("{one}/settings"));
        let answer = ask.bearer(adversary.owner()).json(&settings).send().await;
        adversary.hear(&format!("owner PUT {one}/settings"), &answer);
        let answer = adversary.town.post(&format!("{one}/activation")).bearer(adversary.owner()).send().await;
        adversary.hear(&format!("owner POST {one}/activation"), &answer);
        assert_ne!(answer.status, StatusCode::OK, "{}", adversary.told());
    }
    let answer = adversary.town.ask(Method::DELETE, &one).bearer(adversary.owner()).send().await;
    adversary.hear(&format!("owner DELETE {one}"), &answer);
}

/// Asks for the own organization's deletion and thinks better of it; or changes what a member of both is.
pub async fn delete_and_undo(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    if let Some(bridge) = adversary.bridge.filter(|_| dice.once_in(2)) {
        let one = path(adversary, &format!("members/{}", bridge.id));
        let role = *dice.pick(&["owner", "member"]);
        let ask = adversary.town.ask(Method::PATCH, &one).bearer(adversary.owner());
        let answer = ask.json(&json!({ "role": role })).send().await;
        return adversary.hear(&format!("owner PATCH {one} {role}"), &answer);
    }
    delete(adversary).await;
    let one = path(adversary, "deletion");
    let answer = adversary.town.ask(Method::DELETE, &one).bearer(adversary.owner()).send().await;
    adversary.hear(&format!("owner DELETE {one}"), &answer);
}

pub async fn delete(adversary: &mut Adversary<'_>) {
    let one = path(adversary, "deletion");
    let body = json!({ "confirmation": adversary.place.thing(Kind::Organization) });
    let answer = adversary.town.post(&one).bearer(adversary.owner()).json(&body).send().await;
    adversary.hear(&format!("owner POST {one}"), &answer);
}
