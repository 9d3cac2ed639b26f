//! An application with its router, identity providers beside it, and people whose tokens are known.

use axum::Router;
use axum::http::Method;
use orgate_core::proof::{Proof, Proofs};
use orgate_web::Web;
use orgate_web::router::router;

use crate::ask::{self, Ask, OPERATOR, PUBLIC_URL};
use crate::support::Person;
use crate::world::World;

/// The application and what is around it.
pub struct Town {
    pub world: World,
    router: Router,
}

/// Limits that a seed would meet after some hundred moves are no part of what is asked here.
const SETTINGS: [(&str, &str); 6] = [
    ("ORGATE_PUBLIC_URL", PUBLIC_URL),
    ("ORGATE_OPERATOR_TOKEN", OPERATOR),
    ("ORGATE_LIMIT_MAILS", "100000"),
    ("ORGATE_LIMIT_SIGN_UPS", "100000"),
    ("ORGATE_LIMIT_INVITATIONS", "100000"),
    ("ORGATE_LIMIT_CONNECTION_TESTS", "100000"),
];

impl Town {
    pub async fn sqlite() -> Self {
        Self::around(World::sqlite_with(&SETTINGS).await)
    }

    pub async fn postgres() -> Option<Self> {
        Some(Self::around(World::postgres_with(&SETTINGS).await?))
    }

    fn around(world: World) -> Self {
        let router = router(Web::new(world.bed.app.clone()));
        Self { world, router }
    }

    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        Ask::new(&self.router, method, path)
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Ask<'_> {
        self.ask(Method::POST, path)
    }

    /// The same person in a new session, which their password made a moment ago.
    pub async fn caller(&self, person: &Person) -> ask::Person {
        self.caller_by(person, Proofs::of(Proof::Password { at: self.world.bed.now() })).await
    }

    /// The same with other proofs.
    pub async fn caller_by(&self, person: &Person, proofs: Proofs) -> ask::Person {
        let token = self.world.bed.session_token(&person.id, proofs).await.reveal().to_string();
        ask::Person { id: person.id.to_string(), email: person.email.clone(), token }
    }

    /// What `/check` says of a token for an organization.
    pub async fn check(&self, token: &str, slug: &str) -> String {
        let ask = self.get(&format!("/check?organization={slug}")).header("authorization", &format!("Bearer {token}"));
        let answer = ask.send().await;
        let said = ["x-orgate-code", "x-orgate-user", "x-orgate-role"].map(|name| answer.maybe(name).unwrap_or("-"));
        format!("{} {}", answer.status.as_u16(), said.join(" "))
    }
}
