//! An organization in which there is one of everything that a path can name, and somebody of each kind.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use orgate_app::connection_test;
use orgate_app::sign_in::sso::act::Outcome;
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::OrganizationRole;
use orgate_testkit::{HostileIdp, Person as Subject};
use serde_json::json;

use crate::ask::{self, text};
use crate::kinds::Kind;
use crate::support::Person;
use crate::town::Town;
use crate::world::{Site, asks};

/// One organization.
pub struct Place {
    pub site: Site,
    /// Its proven domain.
    pub domain: String,
    /// Who is in it, by what they are.
    pub people: BTreeMap<&'static str, Person>,
    /// One of everything.
    pub things: BTreeMap<Kind, String>,
}

impl Place {
    /// An organization `Acme` is `acme`, holds `acme.example`, and signs in through `idp`.
    pub async fn founded(town: &Town, name: &str, idp: &HostileIdp) -> Self {
        let site = town.world.site(name, idp).await;
        let domain = format!("{}.example", site.slug());
        let mut place = Self { site, domain, people: BTreeMap::new(), things: BTreeMap::new() };
        place.gather(town, idp).await;
        place.furnish(town, idp).await;
        place
    }

    pub fn slug(&self) -> &str {
        self.site.slug()
    }

    /// What no answer to somebody elsewhere may hold: it is in names that nobody outside is told.
    pub fn canary(&self) -> String {
        format!("canary-of-{}", self.slug())
    }

    /// Everybody in a new session, by the own SSO and, who has one, by their password: enforcement stops nobody.
    pub async fn callers(&self, town: &Town) -> Vec<(&'static str, ask::Person)> {
        let mut callers = Vec::new();
        for (role, person) in &self.people {
            let now = town.world.bed.now();
            let by_sso = Proofs::of(town.world.bed.sso_proof(self.site.id(), Some(now)).await);
            let proofs = if *role == "born" { by_sso } else { by_sso.with(Proof::Password { at: now }) };
            callers.push((*role, town.caller_by(person, proofs).await));
        }
        callers
    }

    /// What a path's parameter of this kind names here.
    pub fn thing(&self, kind: Kind) -> String {
        match kind {
            Kind::LoginAddress => self.things[&Kind::Organization].clone(),
            Kind::Provider => "google".to_owned(),
            // Nobody guesses one, and who was given one may use it.
            Kind::Secret => "A".repeat(43),
            named => self.things[&named].clone(),
        }
    }

    async fn gather(&mut self, town: &Town, idp: &HostileIdp) {
        let (world, site) = (&town.world, &self.site);
        world.hold(site, &self.domain).await;
        let mut people = BTreeMap::from([("owner", site.owner.clone())]);
        for role in ["admin", "member", "keyed"] {
            let name = format!("{}-{role}", site.slug());
            people.insert(role, world.member(site, &name, OrganizationRole::Member).await);
        }
        world.bed.passkey(&people["keyed"].id, 7).await;
        // One who was born by SSO, and one whose address is linked.
        let subjects = [("born", format!("born@{}", self.domain)), ("member", people["member"].email.clone())];
        for (role, email) in subjects {
            idp.sign_in_as(Subject::new(subject(role), &email));
            let visitor = world.bed.stranger();
            let outcome = world.sign_in(&visitor, site, idp).await;
            let entered = world.signed_in(outcome, &visitor);
            people.entry(role).or_insert(entered);
        }
        self.people = people;
    }

    async fn furnish(&mut self, town: &Town, idp: &HostileIdp) {
        let (world, site, canary) = (&town.world, &self.site, self.canary());
        let owner = town.caller(&self.people["owner"]).await;
        let made = async |path: &str, body: serde_json::Value| {
            let path = format!("/api/v1/{path}");
            town.post(&path).bearer(&owner).json(&body).expect(StatusCode::CREATED).await.json()
        };
        let own = format!("organizations/{}", site.slug());
        let project = made(&format!("{own}/projects"), json!({ "name": format!("Falcon {canary}") })).await;
        let project = text(&project["id"]);
        let admin = json!({ "email": self.people["admin"].email, "role": "admin" });
        made(&format!("{own}/projects/{project}/members"), admin).await;
        let invited = json!({
            "emails": [format!("new-{canary}@{}", self.domain)],
            "role": "member",
            "projects": [{ "project": project, "role": "read_write" }],
        });
        let invitation = text(&made(&format!("{own}/invitations"), invited).await["items"][0]["id"]);
        let test = connection_test::create(&world.bed.app, &site.owner.visitor, site.slug(), site.connection.as_str());
        let domains = town.get(&format!("/api/v1/{own}/domains")).bearer(&owner).expect(StatusCode::OK).await.json();
        let member = town.caller(&self.people["member"]).await;
        let sessions = town.get("/api/v1/account/sessions").bearer(&member).expect(StatusCode::OK).await.json();
        let passkeys = world.bed.write(self.people["keyed"].id.clone(), |tx, user| {
            Box::pin(async move { tx.instance().list_passkeys(user).await })
        });
        let change = json!({ "email": format!("other-{canary}@{}", self.domain) });
        let change = town.post("/api/v1/account/email-changes").bearer(&member).json(&change).send().await.json();
        let sign_up = json!({
            "email": format!("fresh-{canary}@{}", self.domain), "password": crate::support::PASSWORD, "name": "Fresh",
        });
        let sign_up = town.post("/api/v1/sign-ups").json(&sign_up).expect(StatusCode::ACCEPTED).await.json();
        let challenge = town.post("/api/v1/passkey-challenges").expect(StatusCode::CREATED).await.json();
        self.things = BTreeMap::from([
            (Kind::Organization, site.slug().to_owned()),
            (Kind::Member, self.people["member"].id.to_string()),
            (Kind::Invitation, invitation),
            (Kind::Project, project),
            (Kind::Connection, site.connection.to_string()),
            (Kind::ConnectionAddress, site.connection.to_string()),
            (Kind::Test, test.await.unwrap().test.id.to_string()),
            (Kind::Domain, text(&domains["items"][0]["id"])),
            (Kind::Session, text(&sessions["items"][0]["id"])),
            (Kind::Passkey, passkeys.await[0].id.to_string()),
            (Kind::EmailChange, text(&change["id"])),
            (Kind::SignUp, text(&sign_up["id"])),
            (Kind::SignIn, self.waiting_sign_in(town, idp).await),
            (Kind::Challenge, text(&challenge["id"])),
            (Kind::Reference, self.refused_sign_in(town, idp).await),
        ]);
    }

    /// A sign-in that waits for somebody's code.
    async fn waiting_sign_in(&self, town: &Town, idp: &HostileIdp) -> String {
        let elsewhere = town.world.person(&format!("{}-elsewhere", self.slug())).await;
        idp.sign_in_as(Subject::new(subject("elsewhere"), &elsewhere.email));
        asks(&town.world.sign_in(&town.world.bed.stranger(), &self.site, idp).await).to_string()
    }

    /// The number of a sign-in that the provider refused.
    async fn refused_sign_in(&self, town: &Town, idp: &HostileIdp) -> String {
        idp.sign_in_as(Subject::new(subject("unassigned"), format!("unassigned@{}", self.domain)).unassigned());
        match town.world.sign_in(&town.world.bed.stranger(), &self.site, idp).await {
            Outcome::Refused(page) => page.reference.to_string(),
            other => panic!("not refused but {other:?}"),
        }
    }
}

/// What every provider here calls somebody.
pub fn subject(role: &str) -> String {
    format!("00u{role}")
}

/// A name of the same form that nothing has: it sorts where the other one does.
pub fn nothing_like(value: &str) -> String {
    let last = value.chars().next_back().unwrap();
    let other = match last {
        'z' | 'Z' => '2',
        _ if value.to_uppercase() == value => 'Z',
        _ => 'z',
    };
    format!("{}{other}", &value[..value.len() - last.len_utf8()])
}
