//! One person's browser: it keeps cookies, sends forms from our own pages and reads what comes back.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use orgate_app::token::{SecretToken, TokenPurpose};
use orgate_app::visitor::Visitor;
use orgate_app::{organization, session};
use orgate_core::id::UserId;
use orgate_core::proof::Proofs;
use orgate_web::Web;
use tower::ServiceExt as _;

use crate::support::{Bed, PASSWORD, Person};

const SITE: &str = "https://orgate.example.com";
const SESSION: &str = "__Host-orgate-session";

/// The whole program over one bed.
pub struct Console {
    pub bed: Bed,
    router: Router,
}

impl Console {
    pub async fn new() -> Self {
        Self::over(Bed::sqlite().await)
    }

    pub fn over(bed: Bed) -> Self {
        let router = orgate_web::router::router(Web::new(bed.app.clone()));
        Self { bed, router }
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { console: self, cookies: Mutex::default() }
    }

    /// A browser of somebody who just signed up: `sam` is Sam with sam@example.com.
    pub async fn person(&self, name: &str) -> Browser<'_> {
        let browser = self.browser();
        let email = format!("{name}@example.com");
        let answer = browser.post("/sign-up", &[("name", name), ("email", &email), ("password", PASSWORD)]).await;
        let code = self.bed.next_code(&email).await;
        let answer = browser.post(answer.location(), &[("code", &code)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }

    /// A browser of somebody who just signed up and owns an organization of this short name.
    pub async fn owner(&self, name: &str, slug: &str) -> Browser<'_> {
        let browser = self.person(name).await;
        let created = browser.post("/organizations", &[("name", &format!("The {slug}")), ("slug", slug)]).await;
        assert_eq!(created.location(), format!("/organizations/{slug}/projects"));
        browser
    }

    /// A browser of somebody who just signed up and joined by a mailed invitation.
    pub async fn member(&self, owner: &Browser<'_>, slug: &str, name: &str, role: &str) -> Browser<'_> {
        let email = format!("{name}@example.com");
        let path = format!("/organizations/{slug}/invitations");
        assert_eq!(owner.post(&path, &[("emails", &email), ("role", role)]).await.status, StatusCode::OK);
        let link = self.invitation(&email).await;
        let browser = self.person(name).await;
        let accepted = browser.post(&format!("{link}/acceptance"), &[]).await;
        assert_eq!(accepted.location(), format!("/organizations/{slug}/projects"));
        browser
    }

    /// Somebody who has an account joins by a mailed invitation.
    pub async fn member_again(&self, owner: &Browser<'_>, slug: &str, person: &Browser<'_>) {
        let email = session::current(&self.bed.app, &person.visitor()).await.unwrap().email;
        let path = format!("/organizations/{slug}/invitations");
        assert_eq!(owner.post(&path, &[("emails", &email), ("role", "member")]).await.status, StatusCode::OK);
        let link = self.invitation(&email).await;
        person.submit(&format!("{link}/acceptance"), &[]).await;
    }

    /// A browser of somebody whom this organization's SSO brought, with nothing but that proof (R-LNK-4).
    pub async fn born_by_sso(&self, owner: &Browser<'_>, slug: &str, name: &str) -> Browser<'_> {
        let app = &self.bed.app;
        let organization = organization::get(app, &owner.visitor(), slug).await.unwrap();
        let person = self.bed.born_by_sso(&organization, name, &format!("{name}@example.com")).await;
        let proofs = session::current(app, &person.visitor).await.unwrap().proofs;
        self.with_session(&person.id, proofs).await
    }

    /// Another browser of the same person, who just came in through this organization's SSO.
    pub async fn by_sso(&self, owner: &Browser<'_>, slug: &str, person: &Browser<'_>) -> Browser<'_> {
        let organization = organization::get(&self.bed.app, &owner.visitor(), slug).await.unwrap();
        let proof = self.bed.sso_proof(&organization.id, Some(self.bed.now())).await;
        let user = session::current(&self.bed.app, &person.visitor()).await.unwrap().user_id;
        self.with_session(&user, Proofs::of(proof)).await
    }

    /// A browser of this person, in a session that holds these proofs.
    pub async fn with_session(&self, user: &UserId, proofs: Proofs) -> Browser<'_> {
        let token = self.bed.session_token(user, proofs).await;
        let browser = self.browser();
        browser.cookies.lock().unwrap().insert(SESSION.to_owned(), token.reveal().to_string());
        browser
    }

    /// An active connection of this organization, which was tested.
    pub async fn connection(&self, owner: &Browser<'_>, slug: &str) {
        let organization = organization::get(&self.bed.app, &owner.visitor(), slug).await.unwrap();
        self.bed.connection(&organization.id).await;
    }

    /// Binds the person to a subject at the organization's connection.
    pub async fn linked(&self, person: &Browser<'_>, slug: &str, subject: &str) {
        let organization = organization::get(&self.bed.app, &person.visitor(), slug).await.unwrap();
        let current = session::current(&self.bed.app, &person.visitor()).await.unwrap();
        let visitor = person.visitor();
        let somebody = Person { id: current.user_id, name: current.name, email: current.email, visitor };
        self.bed.link(&somebody, &organization.id, subject).await;
    }

    /// The path of the link in the next mail that invites.
    pub async fn invitation(&self, email: &str) -> String {
        self.mailed_path(email, "/invitations/").await
    }

    /// The path of the first mailed link with this piece in it.
    pub async fn mailed_path(&self, email: &str, piece: &str) -> String {
        loop {
            if let Some(link) = self.bed.next_mail(email).await.link(piece) {
                return link.strip_prefix(SITE).unwrap().to_owned();
            }
        }
    }
}

pub struct Browser<'c> {
    console: &'c Console,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::builder().method(Method::GET).uri(path).body(Body::empty()).unwrap()).await
    }

    /// Opens a page that must be there.
    pub async fn open(&self, path: &str) -> Answer {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(ORIGIN, SITE)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Sends a form that is taken, and opens the page it leads to.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        self.open(answer.location()).await
    }

    /// The id of the person whose browser it is.
    pub async fn user_id(&self) -> String {
        self.open("/account/profile").await.id("usr_")
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn has_session(&self) -> bool {
        self.cookies.lock().unwrap().contains_key(SESSION)
    }

    /// The browser as use cases see it.
    pub fn visitor(&self) -> Visitor {
        let token = SecretToken::parse(&self.cookies.lock().unwrap()[SESSION]).unwrap();
        let mut visitor = self.console.bed.stranger();
        visitor.session = Some(token.hash(TokenPurpose::Session));
        visitor
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.console.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for header in parts.headers.get_all(SET_COOKIE) {
            self.keep(header.to_str().unwrap());
        }
        let header = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        Answer {
            status: parts.status,
            location: header(LOCATION),
            content_type: header(CONTENT_TYPE),
            cache_control: header(CACHE_CONTROL),
            text: String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        }
    }

    fn keep(&self, header: &str) {
        let (name, value) = header.split(';').next().unwrap().split_once('=').unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        if header.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub text: String,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    location: Option<String>,
}

impl Answer {
    #[track_caller]
    pub fn location(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("{} leads nowhere: {}", self.status, self.text))
    }

    /// Asserts that the page says all of this, as text or in its source.
    #[track_caller]
    pub fn says(&self, pieces: &[&str]) -> &Self {
        for piece in pieces {
            assert!(self.text.contains(piece), "no {piece:?} in {}", self.text);
        }
        self
    }

    #[track_caller]
    pub fn says_nothing_of(&self, pieces: &[&str]) -> &Self {
        for piece in pieces {
            assert!(!self.text.contains(piece), "{piece:?} in {}", self.text);
        }
        self
    }

    /// The first id of this kind on the page.
    #[track_caller]
    pub fn id(&self, prefix: &str) -> String {
        let start = self.text.find(prefix).unwrap_or_else(|| panic!("no {prefix} in {}", self.text));
        self.text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    }

    /// Where the first link leads whose address has this piece.
    #[track_caller]
    pub fn address(&self, piece: &str) -> String {
        let mut links = self.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let found = links.find(|address| address.contains(piece));
        found.unwrap_or_else(|| panic!("no link with {piece} in {}", self.text)).replace("&#38;", "&")
    }

    /// The value of the first link to copy on the page, as a path.
    #[track_caller]
    pub fn link_to_copy(&self) -> String {
        let start = self.text.find(&format!("{SITE}/invitations/")).unwrap() + SITE.len();
        self.text[start..].chars().take_while(|c| *c != '"').collect()
    }
}
