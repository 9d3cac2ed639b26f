//! The provider behind the wire: what it knows, and how it answers each address, honestly and then spoiled.

use std::collections::HashMap;

use aws_lc_rs::digest;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::authorize::Authorized;
use super::keys::{Algorithm, KeySet, base64url};
use super::mischief::{Endpoint, Mischief, Parameters, TokenChanges};
use super::pushed::{Pushed, PushedRequests};
use super::spoil::spoil;
use super::token::{self, Signer};
use super::wire::{Reply, Request};
use super::{ClientAuthentication, Person, Recorded, Setup, first};
use crate::ambient::random;

/// How long a code is good. *Units*: seconds.
const CODE_LIFETIME_SECONDS: i64 = 60;

/// A provider's state.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) setup: Setup,
    pub(crate) mischief: Mischief,
    /// Who is signed in, and since when in seconds.
    pub(crate) current: Option<(Person, i64)>,
    /// The name of that session.
    pub(crate) sid: String,
    pub(crate) keys: KeySet,
    pub(crate) older: Vec<KeySet>,
    pub(crate) generation: usize,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) codes: HashMap<String, Grant>,
    /// The requests that were pushed and whose browsers did not come yet.
    pub(crate) pushed: HashMap<String, Pushed>,
    access_tokens: HashMap<String, Person>,
}

/// What a code stands for.
pub(crate) struct Grant {
    pub(crate) person: Person,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) authenticated: i64,
    pub(crate) issued: i64,
    pub(crate) sid: String,
}

/// A name for a session.
pub(crate) fn new_sid() -> String {
    base64url(&random(12))
}

impl Provider {
    pub(crate) fn new(issuer: String, setup: Setup) -> Self {
        Self {
            issuer,
            setup,
            mischief: Mischief::none(),
            current: None,
            sid: new_sid(),
            keys: KeySet::generate("1"),
            older: Vec::new(),
            generation: 0,
            recorded: Vec::new(),
            codes: HashMap::new(),
            pushed: HashMap::new(),
            access_tokens: HashMap::new(),
        }
    }

    /// Records a request and answers it.
    pub(crate) fn answer(&mut self, request: Request) -> Reply {
        let request = self.record(request);
        let honest = match (request.endpoint, request.method.as_str()) {
            (Endpoint::Discovery, "GET") => Reply::json(200, &self.discovery()),
            (Endpoint::Keys, "GET") => Reply::json(200, &self.key_set()),
            (Endpoint::Authorize, "GET") => match self.authorize(&request.query) {
                Authorized::Redirect(to) => Reply::redirect(302, &to),
                Authorized::Page(status, text) => Reply::new(status, "text/html", text),
            },
            (Endpoint::Token, "POST") => match self.token(&request) {
                Ok(body) => Reply::json(200, &body),
                Err((status, error, description)) => {
                    Reply::json(status, &json!({"error": error, "error_description": description}))
                }
            },
            (Endpoint::PushedRequest, "POST") if self.setup.pushed_requests != PushedRequests::Unknown => {
                match self.push(&request) {
                    Ok(body) => Reply::json(201, &body),
                    Err((status, error, description)) => {
                        Reply::json(status, &json!({"error": error, "error_description": description}))
                    }
                }
            }
            (Endpoint::UserInfo, "GET" | "POST") => self.user_info(&request),
            (Endpoint::EndSession, "GET") => match self.end_session(&request.query) {
                Ok(to) => Reply::redirect(302, &to),
                Err(text) => Reply::new(400, "text/html", text),
            },
            (Endpoint::Other, _) => Reply::new(404, "text/html", "Not found"),
            _ => Reply::new(405, "text/html", "Method not allowed"),
        };
        let spoiled = self.mischief.wire.iter().filter(|(endpoint, _)| *endpoint == request.endpoint);
        spoiled.fold(honest, |reply, (_, wire)| spoil(reply, wire))
    }

    fn record(&mut self, request: Request) -> Recorded {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let all = [
            Endpoint::Discovery,
            Endpoint::Authorize,
            Endpoint::Token,
            Endpoint::UserInfo,
            Endpoint::Keys,
            Endpoint::EndSession,
            Endpoint::PushedRequest,
        ];
        let below = path.strip_prefix(self.setup.issuer_path.trim_end_matches('/')).unwrap_or(path);
        let recorded = Recorded {
            endpoint: all
                .into_iter()
                .find(|endpoint| self.setup.layout.path(*endpoint) == below)
                .unwrap_or(Endpoint::Other),
            method: request.method,
            path: path.to_owned(),
            query: parameters(query.as_bytes()),
            headers: request.headers,
            form: parameters(&request.body),
        };
        self.recorded.push(recorded.clone());
        recorded
    }

    fn discovery(&self) -> Value {
        // The discovery document's own path replaces a slash at the issuer's end; the others are put there likewise.
        let root = self.issuer.trim_end_matches('/');
        let at = |endpoint: Endpoint| format!("{root}{}", self.setup.layout.path(endpoint));
        let mut document = json!({
            "issuer": self.issuer,
            "authorization_endpoint": at(Endpoint::Authorize),
            "token_endpoint": at(Endpoint::Token),
            "userinfo_endpoint": at(Endpoint::UserInfo),
            "jwks_uri": at(Endpoint::Keys),
            "response_types_supported": ["code", "id_token", "code id_token", "code token", "id_token token"],
            "response_modes_supported": ["query", "fragment", "form_post", "okta_post_message"],
            "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "password"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.setup.algorithm.name()],
            "scopes_supported": ["openid", "email", "profile", "address", "phone", "offline_access", "groups"],
            "token_endpoint_auth_methods_supported": match self.setup.client_authentication {
                ClientAuthentication::Basic => json!(["client_secret_basic"]),
                ClientAuthentication::Post => json!(["client_secret_post"]),
                ClientAuthentication::Any => json!(["client_secret_basic", "client_secret_post", "none"]),
            },
            "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "name", "email"],
            "code_challenge_methods_supported": ["S256"],
        });
        if let Value::Object(members) = &mut document {
            if self.setup.log_out {
                members.insert("end_session_endpoint".to_owned(), json!(at(Endpoint::EndSession)));
                members.insert("backchannel_logout_supported".to_owned(), json!(true));
                members.insert("backchannel_logout_session_supported".to_owned(), json!(true));
            }
            if self.setup.pushed_requests != PushedRequests::Unknown {
                members.insert("pushed_authorization_request_endpoint".to_owned(), json!(at(Endpoint::PushedRequest)));
            }
            if self.setup.pushed_requests == PushedRequests::Required {
                members.insert("require_pushed_authorization_requests".to_owned(), json!(true));
            }
            if self.setup.issuer_in_response {
                members.insert("authorization_response_iss_parameter_supported".to_owned(), json!(true));
            }
            self.mischief.discovery.iter().for_each(|edit| edit(members));
        }
        document
    }

    pub(crate) fn key_set(&self) -> Value {
        let mut set = token::key_set(&self.signer(), &self.older);
        if let Value::Object(members) = &mut set {
            self.mischief.keys.iter().for_each(|edit| edit(members));
        }
        set
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer {
            keys: &self.keys,
            algorithm: self.setup.algorithm,
            key_set: self.mischief.key_set,
            client_secret: &self.setup.client_secret,
        }
    }

    fn token(&mut self, request: &Recorded) -> Result<Value, Failure> {
        self.authenticate_client(request)?;
        let form = |name: &str| first(&request.form, name).unwrap_or_default();
        if form("grant_type") != "authorization_code" {
            return Err((400, "unsupported_grant_type", "The grant type is not supported."));
        }
        let invalid = (400, "invalid_grant", "The authorization code is invalid or has expired.");
        let grant = self.codes.remove(form("code")).ok_or(invalid)?;
        let now = self.setup.clock.now_seconds();
        let verifier = base64url(digest::digest(&digest::SHA256, form("code_verifier").as_bytes()).as_ref());
        if now - grant.issued > CODE_LIFETIME_SECONDS
            || form("redirect_uri") != grant.redirect_uri
            || grant.challenge.as_ref().is_some_and(|challenge| *challenge != verifier)
        {
            return Err(invalid);
        }
        let access_token = base64url(&random(24));
        let id_token =
            self.id_token(&grant.person, grant.nonce.as_deref(), grant.authenticated, &access_token, &grant.sid);
        self.access_tokens.insert(access_token.clone(), grant.person);
        let mut response = Map::new();
        response.insert("token_type".to_owned(), json!("Bearer"));
        response.insert("expires_in".to_owned(), json!(3600));
        response.insert("access_token".to_owned(), json!(access_token));
        response.insert("scope".to_owned(), json!("openid email profile"));
        response.insert("id_token".to_owned(), json!(id_token));
        self.mischief.token_response.iter().for_each(|edit| edit(&mut response));
        Ok(Value::Object(response))
    }

    pub(crate) fn authenticate_client(&self, request: &Recorded) -> Result<(), Failure> {
        let basic =
            request.header("authorization").and_then(|header| header.strip_prefix("Basic ")).and_then(decode_basic);
        let post = first(&request.form, "client_id").zip(first(&request.form, "client_secret"));
        let post = post.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        let presented = match self.setup.client_authentication {
            ClientAuthentication::Basic => basic,
            ClientAuthentication::Post => post,
            ClientAuthentication::Any => basic.or(post),
        };
        let (id, secret) = presented.ok_or((401, "invalid_client", "Client authentication failed."))?;
        if id != self.setup.client_id || secret != self.setup.client_secret {
            return Err((401, "invalid_client", "The client secret supplied for a confidential client is invalid."));
        }
        Ok(())
    }

    /// An ID token for whoever is signed in, bound to no code.
    pub(crate) fn loose_id_token(&self, nonce: &str) -> String {
        let (person, since) = self.current.as_ref().expect("somebody is signed in at the provider");
        self.id_token(person, Some(nonce), *since, "an access token", &self.sid)
    }

    fn id_token(
        &self,
        person: &Person,
        nonce: Option<&str>,
        authenticated: i64,
        access_token: &str,
        sid: &str,
    ) -> String {
        let now = self.setup.clock.now_seconds();
        let at_hash = half_hash(self.setup.algorithm, access_token);
        let mut claims = if self.setup.thin { Map::new() } else { person.claims.clone() };
        let base = [
            ("ver", json!(1)),
            ("iss", json!(self.issuer)),
            ("sub", json!(person.subject)),
            ("aud", json!(self.setup.client_id)),
            ("iat", json!(now)),
            ("exp", json!(now + 3600)),
            ("jti", json!(format!("ID.{}", base64url(&random(16))))),
            ("amr", json!(["pwd"])),
            ("auth_time", json!(authenticated)),
            ("at_hash", json!(at_hash)),
        ];
        claims.extend(base.into_iter().map(|(name, value)| (name.to_owned(), value)));
        if let Some(nonce) = nonce {
            claims.insert("nonce".to_owned(), json!(nonce));
        }
        if self.setup.log_out {
            claims.insert("sid".to_owned(), json!(sid));
        }
        token::write(&self.signer(), claims, &self.mischief.id_token)
    }

    fn user_info(&self, request: &Recorded) -> Reply {
        let bearer = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        let Some(person) = bearer.and_then(|token| self.access_tokens.get(token)) else {
            let mut reply = Reply::new(401, "text/plain", "");
            reply.set_header("www-authenticate", "Bearer error=\"invalid_token\"");
            return reply;
        };
        let mut claims = person.claims.clone();
        claims.insert("sub".to_owned(), json!(person.subject));
        self.mischief.user_info.iter().for_each(|edit| edit(&mut claims));
        match &self.mischief.signed_user_info {
            Some(changes) => Reply::new(200, "application/jwt", self.signed(claims, changes)),
            None => Reply::json(200, &Value::Object(claims)),
        }
    }

    fn signed(&self, mut claims: Map<String, Value>, changes: &TokenChanges) -> String {
        claims.insert("iss".to_owned(), json!(self.issuer));
        claims.insert("aud".to_owned(), json!(self.setup.client_id));
        token::write(&self.signer(), claims, changes)
    }
}

/// The left half of the digest that goes with the algorithm. *Source*: OpenID Connect Core 1.0, 3.1.3.6.
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let digest = match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => &digest::SHA256,
        Algorithm::Rs384 => &digest::SHA384,
        Algorithm::Rs512 | Algorithm::EdDsa => &digest::SHA512,
    };
    let digest = digest::digest(digest, text.as_bytes());
    base64url(digest.as_ref().split_at(digest.as_ref().len() / 2).0)
}

/// Status, error and description of the "no" of an endpoint that a client authenticates at.
pub(crate) type Failure = (u16, &'static str, &'static str);

fn parameters(form: &[u8]) -> Parameters {
    url::form_urlencoded::parse(form).into_owned().collect()
}

/// The id and secret of a Basic header, which are form-encoded first. *Source*: RFC 6749, 2.3.1.
fn decode_basic(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(credentials.as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| parameters(format!("x={part}").as_bytes()).pop().map(|(_, value)| value);
    Some((decoded(id)?, decoded(secret)?))
}
