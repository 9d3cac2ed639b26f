//! A local GitHub: pages and interface as a web application meets them, with the refusals that GitHub documents, of which
//! those of the token address come with status 200. It enforces what GitHub enforces and remembers what it was asked.
//!
//! *Source*: GitHub's documentation of OAuth apps, of their errors, and of the addresses `/user` and `/user/emails`.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::ambient::random_name;
use crate::background::Background;
use crate::hostile_idp::Parameters;
use crate::hostile_idp::keys::base64url;
use crate::hostile_idp::wire::{self, Reply, Request};

/// Where the interface is below the server, as at a GitHub Enterprise Server.
const API: &str = "/api/v3";

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The numeric id, which stays.
    pub id: Value,
    /// The login, which can change hands.
    pub login: String,
    /// The name, if they told it.
    pub name: Option<String>,
    /// What `/user/emails` lists.
    pub emails: Value,
}

impl Account {
    /// Somebody whose one address is verified.
    pub fn new(id: u64, login: &str, email: &str) -> Self {
        Self { id: json!(id), login: login.to_owned(), name: None, emails: json!([address(email, true, true)]) }
    }

    /// The same with these addresses.
    pub fn with_emails(mut self, emails: &[Value]) -> Self {
        self.emails = json!(emails);
        self
    }

    /// The same with a name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// One entry of `/user/emails`. A private one has no visibility.
pub fn address(email: &str, primary: bool, verified: bool) -> Value {
    let visibility = if primary { json!("private") } else { Value::Null };
    json!({ "email": email, "primary": primary, "verified": verified, "visibility": visibility })
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Exchanging a code.
    Token,
    /// Who the person is.
    User,
    /// Their addresses.
    Emails,
}

/// One request that the server got.
#[derive(Clone, Debug)]
pub struct Asked {
    /// For what.
    pub place: Place,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The parameters of a form body.
    pub form: Parameters,
}

impl Asked {
    /// A header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A parameter of the form.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }
}

/// A running server; stops when dropped.
pub struct GitHub {
    url: String,
    shared: Arc<Mutex<Shared>>,
    _background: Background,
}

struct Shared {
    client_id: String,
    client_secret: String,
    callback: Option<String>,
    account: Option<Account>,
    overrides: HashMap<Place, (u16, Vec<u8>)>,
    error: Option<(String, String)>,
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, Grant>,
    asked: Vec<Asked>,
}

#[derive(Clone)]
struct Grant {
    account: Account,
    redirect_uri: String,
    challenge: String,
    scopes: String,
}

impl GitHub {
    /// Starts a server on a free port of 127.0.0.1 with one registered app and nobody signed in.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket"));
        let shared = Arc::new(Mutex::new(Shared {
            client_id: "Ov23liTestsOfOrgate00".to_owned(),
            client_secret: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            callback: None,
            account: None,
            overrides: HashMap::new(),
            error: None,
            codes: HashMap::new(),
            tokens: HashMap::new(),
            asked: Vec::new(),
        }));
        let state = Arc::clone(&shared);
        let background = Background::run(move || serve(listener, state));
        Self { url, shared, _background: background }
    }

    /// Where the pages are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the interface is.
    pub fn api_url(&self) -> String {
        format!("{}{API}", self.url)
    }

    /// The id of the registered app.
    pub fn client_id(&self) -> String {
        self.lock().client_id.clone()
    }

    /// Its secret.
    pub fn client_secret(&self) -> String {
        self.lock().client_secret.clone()
    }

    /// Gives the app another secret, as an operator does who revokes the old one.
    pub fn rotate_secret(&self) {
        self.lock().client_secret = random_name();
    }

    /// The one callback that the app registers; any is taken until then.
    pub fn register_callback(&self, callback: &str) {
        self.lock().callback = Some(callback.to_owned());
    }

    /// Signs somebody in; the next authorization request is answered for them.
    pub fn sign_in_as(&self, account: Account) {
        self.lock().account = Some(account);
    }

    /// Answers the next authorization requests with an error: `access_denied`, `application_suspended`.
    pub fn refuse(&self, error: &str, description: &str) {
        self.lock().error = Some((error.to_owned(), description.to_owned()));
    }

    /// Answers this place so from now on, whatever is asked.
    pub fn answer(&self, place: Place, status: u16, body: impl Into<Vec<u8>>) {
        self.lock().overrides.insert(place, (status, body.into()));
    }

    /// Makes the server honest again.
    pub fn behave(&self) {
        let mut shared = self.lock();
        shared.overrides.clear();
        shared.error = None;
    }

    /// Withdraws every token, as a person does who revokes the app.
    pub fn revoke_tokens(&self) {
        self.lock().tokens.clear();
    }

    /// What was asked so far, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// Plays the browser of whoever is signed in, who says yes to everything that is asked for: gives the address that
    /// it is sent back to.
    pub fn authorize(&self, url: &str) -> String {
        let all = url::Url::parse(url).expect("an address").query_pairs().into_owned().collect::<Parameters>();
        let scopes = find(&all, "scope").unwrap_or_default().to_owned();
        self.authorize_with_scopes(url, &scopes)
    }

    /// The same for somebody who consents to these scopes only.
    pub fn authorize_with_scopes(&self, url: &str, scopes: &str) -> String {
        let url = url::Url::parse(url).expect("an authorization request");
        assert_eq!(url.path(), "/login/oauth/authorize");
        let query: Parameters = url.query_pairs().into_owned().collect();
        self.lock().authorize(&query, scopes)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(existing, _)| existing == name).map(|(_, value)| value.as_str())
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Mutex<Shared>>) {
    let listener = TcpListener::from_std(listener).expect("a socket");
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Some(request) = wire::read(&mut stream).await {
                let reply = lock(&shared).reply(request);
                drop(wire::write(&mut stream, &reply).await);
            }
        });
    }
}

impl Shared {
    fn authorize(&mut self, query: &Parameters, scopes: &str) -> String {
        let asked = |name: &str| find(query, name).unwrap_or_default().to_owned();
        assert_eq!(asked("client_id"), self.client_id, "GitHub shows a page of its own");
        let registered = self.callback.clone();
        let redirect_uri = asked("redirect_uri");
        let back = registered.clone().unwrap_or_else(|| redirect_uri.clone());
        let mut url = url::Url::parse(&back).expect("a redirect URI");
        let mismatch = registered.is_some_and(|registered| registered != redirect_uri);
        let error = if mismatch {
            let text = "The redirect_uri MUST match the registered callback URL for this application.";
            Some(("redirect_uri_mismatch".to_owned(), text.to_owned()))
        } else {
            self.error.clone()
        };
        if let Some((error, description)) = error {
            url.query_pairs_mut()
                .append_pair("error", &error)
                .append_pair("error_description", &description)
                .append_pair("state", &asked("state"));
            return url.to_string();
        }
        let code = random_name();
        let account = self.account.clone().expect("somebody is signed in at GitHub");
        let challenge = asked("code_challenge");
        assert_eq!(asked("code_challenge_method"), "S256");
        self.codes.insert(code.clone(), Grant { account, redirect_uri, challenge, scopes: scopes.to_owned() });
        url.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked("state"));
        url.to_string()
    }

    fn reply(&mut self, request: Request) -> Reply {
        let (path, _) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let place = match (request.method.as_str(), path.strip_prefix(API).unwrap_or(path)) {
            ("POST", "/login/oauth/access_token") => Place::Token,
            ("GET", "/user") => Place::User,
            ("GET", "/user/emails") => Place::Emails,
            _ => return Reply::json(404, &json!({ "message": "Not Found", "status": "404" })),
        };
        let form = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let asked = Asked { place, headers: request.headers, form };
        self.asked.push(asked.clone());
        if let Some((status, body)) = self.overrides.get(&place) {
            return Reply::new(*status, "application/json; charset=utf-8", body.clone());
        }
        match place {
            Place::Token => self.token(&asked),
            Place::User | Place::Emails => self.interface(place, &asked),
        }
    }

    /// Refusals have status 200, and everything is form-encoded unless JSON is asked for.
    fn token(&mut self, asked: &Asked) -> Reply {
        let answer = self.exchange(asked).unwrap_or_else(|(error, description)| {
            vec![("error", error.to_owned()), ("error_description", description.to_owned())]
        });
        if asked.header("accept") == Some("application/json") {
            let object = answer.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
            return Reply::json(200, &Value::Object(object));
        }
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
        Reply::new(200, "application/x-www-form-urlencoded", form)
    }

    fn exchange(&mut self, asked: &Asked) -> Result<Vec<(&'static str, String)>, (&'static str, &'static str)> {
        let form = |name: &str| asked.parameter(name).unwrap_or_default();
        if form("client_id") != self.client_id || form("client_secret") != self.client_secret {
            let text = "The client_id and/or client_secret passed are incorrect.";
            return Err(("incorrect_client_credentials", text));
        }
        let bad = ("bad_verification_code", "The code passed is incorrect or expired.");
        let grant = self.codes.remove(form("code")).ok_or(bad)?;
        if form("redirect_uri") != grant.redirect_uri {
            let text = "The redirect_uri MUST match the registered callback URL for this application.";
            return Err(("redirect_uri_mismatch", text));
        }
        let challenge = base64url(digest::digest(&digest::SHA256, form("code_verifier").as_bytes()).as_ref());
        if challenge != grant.challenge {
            return Err(bad);
        }
        let token = format!("gho_{}", random_name());
        let scopes = grant.scopes.replace(' ', ",");
        self.tokens.insert(token.clone(), grant);
        Ok(vec![("access_token", token), ("token_type", "bearer".to_owned()), ("scope", scopes)])
    }

    fn interface(&self, place: Place, asked: &Asked) -> Reply {
        if asked.header("user-agent").is_none_or(str::is_empty) {
            return Reply::new(403, "text/plain", "Request forbidden by administrative rules.");
        }
        let token = asked.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        let Some(grant) = token.and_then(|token| self.tokens.get(token)) else {
            return Reply::json(401, &json!({ "message": "Bad credentials", "status": "401" }));
        };
        let account = &grant.account;
        match place {
            Place::User => Reply::json(
                200,
                &json!({
                    "login": account.login, "id": account.id, "node_id": "MDQ6VXNlcjE=", "type": "User",
                    "site_admin": false, "name": account.name, "email": null, "two_factor_authentication": false,
                }),
            ),
            Place::Emails if grant.scopes.split(' ').any(|scope| scope == "user:email") => {
                Reply::json(200, &account.emails)
            }
            Place::Emails | Place::Token => Reply::json(404, &json!({ "message": "Not Found", "status": "404" })),
        }
    }
}
