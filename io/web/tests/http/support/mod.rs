//! A whole program in a temporary folder, without a socket: requests go straight into its router.

mod ask;
mod sample;

use std::sync::Mutex;

use axum::Router;
use axum::http::{Method, StatusCode};
use orgate_app::App;
use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use orgate_core::proof::Proofs;
use orgate_web::Web;
use orgate_web::router::router_with_empty_route;
use serde_json::json;

use crate::bed::Bed;

pub use crate::bed::PASSWORD;
pub use ask::{Answer, Ask, Exchange, OPERATOR, PUBLIC_URL, Person, text};
pub use sample::{body_of, fields_of, path_of};

/// One test's program.
pub struct Site {
    pub app: App,
    pub bed: Bed,
    /// Everything that was asked and answered, for the search of T-SEC-3.
    pub journal: Mutex<Vec<Exchange>>,
    router: Router,
}

impl Site {
    pub async fn new() -> Self {
        Self::with(&[("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await
    }

    /// With settings beside the usual ones.
    pub async fn with(more: &[(&str, &str)]) -> Self {
        let mut settings = vec![("ORGATE_PUBLIC_URL", PUBLIC_URL)];
        settings.extend_from_slice(more);
        Self::over(Bed::sqlite_with(&settings).await)
    }

    fn over(bed: Bed) -> Self {
        let router = router_with_empty_route(Web::new(bed.app.clone()));
        Self { app: bed.app.clone(), bed, journal: Mutex::default(), router }
    }

    /// The same database under other settings, as after a restart.
    pub async fn reopened(self, more: &[(&str, &str)]) -> Self {
        let mut settings = vec![("ORGATE_PUBLIC_URL", PUBLIC_URL)];
        settings.extend_from_slice(more);
        Self::over(self.bed.reopened(&settings).await)
    }

    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        Ask::new(&self.router, method, path).noted_in(&self.journal)
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Ask<'_> {
        self.ask(Method::POST, path)
    }

    pub fn advance(&self, minutes: u64) {
        self.bed.advance(minutes);
    }

    /// The code of the next mail to this address that holds one.
    pub async fn code(&self, address: &str) -> String {
        loop {
            if let Some(code) = self.mail(address).await.code() {
                return code;
            }
        }
    }

    /// The last part of the next mailed link that contains `piece`.
    pub async fn token(&self, address: &str, piece: &str) -> String {
        loop {
            if let Some(link) = self.mail(address).await.link(piece) {
                return link.rsplit('/').next().unwrap().to_owned();
            }
        }
    }

    pub async fn mail(&self, address: &str) -> orgate_testkit::mailbox::Message {
        self.bed.next_mail(address).await
    }

    /// Somebody who signed up: `sam` is sam@example.com.
    pub async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "password": PASSWORD, "name": name });
        let begun = self.post("/api/v1/sign-ups").json(&body).expect(StatusCode::ACCEPTED).await.json();
        let code = self.code(&email).await;
        let path = format!("/api/v1/sign-ups/{}/verification", begun["id"].as_str().unwrap());
        let session = self.post(&path).json(&json!({ "code": code })).expect(StatusCode::CREATED).await.json();
        Person { id: text(&session["user"]["id"]), email, token: text(&session["token"]) }
    }

    /// An organization of this person; `Acme` is `acme`.
    pub async fn organization(&self, owner: &Person, name: &str) -> String {
        let ask = self.post("/api/v1/organizations").bearer(owner).json(&json!({ "name": name }));
        text(&ask.expect(StatusCode::CREATED).await.json()["slug"])
    }

    /// An active, validated connection of this person's organization, and which organization that is.
    pub async fn connection(&self, owner: &Person, slug: &str) -> OrganizationId {
        let ask = self.get(&format!("/api/v1/organizations/{slug}")).bearer(owner);
        let id = OrganizationId::parse(&text(&ask.expect(StatusCode::OK).await.json()["id"])).unwrap();
        self.bed.connection(&id).await;
        id
    }

    /// The same person in another session, which a fresh sign-in through this organization's SSO made.
    pub async fn by_sso(&self, person: &Person, organization: &OrganizationId) -> Person {
        let proof = self.bed.sso_proof(organization, Some(self.bed.now())).await;
        let token = self.bed.session_token(&UserId::parse(&person.id).unwrap(), Proofs::of(proof)).await;
        Person { token: token.reveal().to_string(), ..person.clone() }
    }

    /// Somebody who came by invitation.
    pub async fn member(&self, owner: &Person, slug: &str, name: &str) -> Person {
        let person = self.person(name).await;
        let body = json!({ "emails": [person.email], "role": "member" });
        let path = format!("/api/v1/organizations/{slug}/invitations");
        self.post(&path).bearer(owner).json(&body).expect(StatusCode::CREATED).await;
        let token = self.token(&person.email, "/invitations/").await;
        let path = format!("/api/v1/invitations/{token}/acceptance");
        self.post(&path).bearer(&person).expect(StatusCode::OK).await;
        person
    }
}
