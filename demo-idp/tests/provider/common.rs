//! A browser and a client without a screen, and the people and application that the tests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use orgate_demo_idp::{Application, Effects, Person, Server, Settings};
use serde_json::Value;

pub const REDIRECT_URI: &str = "https://orgate.example/sso/oidc/con_1/callback";
pub const SIGNED_OUT_URI: &str = "https://orgate.example/sso/oidc/con_1/signed-out";
/// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The provider's clock. *Units*: UTC seconds.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

pub async fn start() -> (Server, Clock) {
    start_with(None, true).await
}

pub async fn start_with(state_file: Option<std::path::PathBuf>, thin_id_tokens: bool) -> (Server, Clock) {
    let clock = Clock(Arc::new(AtomicI64::new(1_768_478_400)));
    let now = clock.clone();
    // Every value differs from every other, which is all that these tests need of randomness.
    let counter = AtomicU8::new(0);
    let fill = move |bytes: &mut [u8]| {
        for byte in bytes {
            *byte = counter.fetch_add(1, Ordering::SeqCst);
        }
    };
    let settings = Settings {
        address: ([127, 0, 0, 1], 0).into(),
        issuer: None,
        organization: "Acme Robotics".to_owned(),
        people: vec![person("dana", "Dana", "Reyes"), person("casey", "Casey", "Unassigned")],
        applications: vec![Application {
            name: "Orgate".to_owned(),
            client_id: "0oademo".to_owned(),
            client_secret: "s3cret/with:signs".to_owned(),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            initiate_login_uri: Some("https://orgate.example/sso/oidc/con_1/initiate".to_owned()),
            post_logout_redirect_uris: vec![SIGNED_OUT_URI.to_owned()],
            backchannel_logout_uri: None,
            assigned: ["00udana".to_owned()].into(),
        }],
        state_file,
        thin_id_tokens,
    };
    let effects = Effects { now: Arc::new(move || now.now()), fill: Arc::new(fill) };
    (Server::start(settings, effects).await.unwrap(), clock)
}

fn person(id: &str, given_name: &str, family_name: &str) -> Person {
    Person {
        subject: format!("00u{id}"),
        email: format!("{}.{}@acme.example", given_name.to_lowercase(), family_name.to_lowercase()),
        email_verified: true,
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        about: "Somebody of the tests".to_owned(),
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub cookie: Option<String>,
    pub policy: Option<String>,
    pub body: String,
}

impl Answer {
    /// A parameter of the address it leads to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = url::Url::parse(self.location.as_deref()?).unwrap();
        location.query_pairs().find(|(existing, _)| existing == name).map(|(_, value)| value.into_owned())
    }

    /// A browser that kept the cookie of this answer.
    pub fn with_cookie(&self, browser: &Browser) -> Browser {
        Browser { cookie: self.cookie.clone(), ..browser.clone() }
    }
}

/// A browser and the client behind it.
#[derive(Clone)]
pub struct Browser {
    authority: String,
    application: Application,
    cookie: Option<String>,
}

impl Browser {
    pub fn new(idp: &Server) -> Self {
        let authority = idp.issuer().split("://").nth(1).unwrap().to_owned();
        Self { authority, application: idp.applications().remove(0), cookie: None }
    }

    pub fn client_id(&self) -> &str {
        &self.application.client_id
    }

    /// The same browser, with another application behind it.
    pub fn of(&self, application: &Application) -> Self {
        Self { application: application.clone(), ..self.clone() }
    }

    pub fn with_secret(&self, secret: &str) -> Self {
        let application = Application { client_secret: secret.to_owned(), ..self.application.clone() };
        Self { application, ..self.clone() }
    }

    /// The path of a right authorization request with changes.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("client_id", self.client_id()),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for change in changes {
            parameters.retain(|(name, _)| *name != change.0);
            parameters.push(*change);
        }
        format!("/oauth2/v1/authorize?{}", serde_urlencoded::to_string(parameters).unwrap())
    }

    /// Opens the request's page and chooses a person on it.
    pub async fn sign_in(&self, subject: &str, request: &str) -> Answer {
        let page = self.get(request).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let query = request.split_once('?').unwrap().1;
        let answer = self.post("/sign-in", &[("subject", subject), ("request", query)], &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer
    }

    /// An authorization request that is answered without a page.
    pub async fn silently(&self, request: &str) -> Answer {
        let answer = self.get(request).await;
        assert_eq!(answer.status, 302, "{}", answer.body);
        answer
    }

    /// Redeems a code as the client, with its credentials in the header.
    pub async fn redeem(&self, code: &str, verifier: &str) -> (u16, Value) {
        let encode = |text: &str| serde_urlencoded::to_string([("", text)]).unwrap()[1..].to_owned();
        let credentials = format!("{}:{}", encode(self.client_id()), encode(&self.application.client_secret));
        let basic = format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()));
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", verifier),
        ];
        let answer = self.post("/oauth2/v1/token", &form, &[("authorization", &basic)]).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    pub async fn user_info(&self, access_token: &str) -> (u16, Value) {
        let bearer = format!("Bearer {access_token}");
        let answer = self.send("GET", "/oauth2/v1/userinfo", String::new(), &[("authorization", &bearer)]).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    pub async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.body).unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, String::new(), &[]).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        self.send("POST", path, serde_urlencoded::to_string(form).unwrap(), headers).await
    }

    /// Sends a request over a connection of its own. `headers` take the place of the usual ones.
    pub async fn send(&self, method: &str, path: &str, body: String, headers: &[(&str, &str)]) -> Answer {
        let stream = tokio::net::TcpStream::connect(&self.authority).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", &self.authority);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie.split(';').next().unwrap());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = sender.send_request(request.body(Full::<axum::body::Bytes>::from(body)).unwrap()).await.unwrap();
        let header =
            |name| response.headers().get(name).map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned());
        let (location, cookie, policy) = (header("location"), header("set-cookie"), header("content-security-policy"));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, location, cookie, policy, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}
