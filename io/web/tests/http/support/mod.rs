//! A whole program in a temporary folder, without a socket: requests go straight into its router.

mod sample;

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use orgate_app::App;
use orgate_core::id::{Identifier as _, OrganizationId, UserId};
use orgate_core::proof::Proofs;
use orgate_web::Web;
use orgate_web::router::router_with_empty_route;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::bed::Bed;

pub use crate::bed::PASSWORD;
pub use sample::{body_of, path_of};

/// What the program is reached by.
pub const PUBLIC_URL: &str = "https://id.example.com";
/// The operator's token.
pub const OPERATOR: &str = "operator-token-of-the-tests-0123456789abcdef";

/// One test's program.
pub struct Site {
    pub app: App,
    pub bed: Bed,
    /// Everything that was asked and answered, for the search of T-SEC-3.
    pub journal: Mutex<Vec<Exchange>>,
    router: Router,
}

/// A request and its answer, as somebody beside the connection sees the two.
pub struct Exchange {
    /// Method, path and query.
    pub asked: String,
    /// Status, headers and body.
    pub answered: Vec<u8>,
}

/// Somebody with a session.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub token: String,
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
        Ask {
            site: self,
            request: Request::builder().method(method).uri(path),
            body: Vec::new(),
            peer: [203, 0, 113, 9],
        }
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

/// The text of a JSON value.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A request that is being put together.
pub struct Ask<'s> {
    site: &'s Site,
    request: axum::http::request::Builder,
    body: Vec<u8>,
    peer: [u8; 4],
}

impl Ask<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn bearer(self, person: &Person) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {}", person.token))
    }

    pub fn operator(self) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {OPERATOR}"))
    }

    /// As the console's own pages send it.
    pub fn cookie(self, person: &Person) -> Self {
        let cookie = format!("__Host-orgate-session={}", person.token);
        self.header(COOKIE.as_str(), &cookie).header("sec-fetch-site", "same-origin").header("origin", PUBLIC_URL)
    }

    pub fn peer(mut self, peer: [u8; 4]) -> Self {
        self.peer = peer;
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.body = serde_json::to_vec(body).unwrap();
        self.header(CONTENT_TYPE.as_str(), "application/json")
    }

    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = serde_urlencoded::to_string(fields).unwrap().into_bytes();
        self.header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")
    }

    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub async fn send(self) -> Answer {
        let mut request = self.request.body(Body::from(self.body)).unwrap();
        let asked = format!("{} {}", request.method(), request.uri());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((self.peer, 40_000))));
        let response = self.site.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answered = [format!("{} {:?}\n", parts.status, parts.headers).as_bytes(), &body].concat();
        self.site.journal.lock().unwrap().push(Exchange { asked, answered });
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends, and holds the status against this one.
    pub async fn expect(self, status: StatusCode) -> Answer {
        let answer = self.send().await;
        assert_eq!(answer.status, status, "{}", answer.text());
        answer
    }

    /// Sends, and holds the problem document against this status and code.
    pub async fn refused(self, status: StatusCode, code: &str) -> Value {
        let answer = self.expect(status).await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// A header that must be there.
    pub fn header(&self, name: &str) -> &str {
        self.maybe(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub fn maybe(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// The value of a cookie that is set; empty for one that is taken back.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        set.filter_map(|cookie| cookie.split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, rest)| rest.split(';').next().unwrap().to_owned())
    }
}
