//! Requests straight into a router, and what comes back.

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// What the program is reached by.
pub const PUBLIC_URL: &str = "https://id.example.com";
/// The operator's token.
pub const OPERATOR: &str = "operator-token-of-the-tests-0123456789abcdef";

/// Somebody with a session.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub token: String,
}

/// The text of a JSON value.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A request and its answer, as somebody beside the connection sees the two.
pub struct Exchange {
    /// Method, path and query.
    pub asked: String,
    /// Status, headers and body.
    pub answered: Vec<u8>,
}

/// A request that is being put together.
pub struct Ask<'s> {
    router: &'s Router,
    journal: Option<&'s Mutex<Vec<Exchange>>>,
    request: axum::http::request::Builder,
    body: Vec<u8>,
    peer: [u8; 4],
}

impl<'s> Ask<'s> {
    /// From somewhere in the documentation's network.
    pub fn new(router: &'s Router, method: Method, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path);
        Self { router, journal: None, request, body: Vec::new(), peer: [203, 0, 113, 9] }
    }

    /// To be written down with its answer.
    pub fn noted_in(mut self, journal: &'s Mutex<Vec<Exchange>>) -> Self {
        self.journal = Some(journal);
        self
    }

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
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        if let Some(journal) = self.journal {
            let answered = [format!("{} {:?}\n", parts.status, parts.headers).as_bytes(), &body].concat();
            journal.lock().unwrap().push(Exchange { asked, answered });
        }
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
