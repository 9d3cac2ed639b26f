//! The OpenID Connect addresses that programs ask: discovery, keys, token, UserInfo. *Source*: OpenID Connect Core 1.0.
//! What the browser sees of the authorization request is in `pages::sign_in`; what is decided about it is here.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::Provider;
use crate::application::Application;
use crate::directory::{Directory, Grant, Person, SignedIn, TOKEN_LIFETIME_SECONDS};

/// The parameters of an authorization request, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) response_type: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) prompt: Option<String>,
    pub(crate) max_age: Option<i64>,
    pub(crate) login_hint: Option<String>,
}

/// Why an authorization request cannot even be answered at the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unanswerable {
    UnknownClient,
    UnregisteredUri { received: String, registered: Vec<String> },
}

/// The application that asks and where it is to be answered.
pub(crate) fn resolve(
    request: &AuthorizationRequest,
    directory: &Directory,
) -> Result<(Application, String), Unanswerable> {
    let client_id = request.client_id.as_deref().unwrap_or_default();
    let application = directory.application(client_id).ok_or(Unanswerable::UnknownClient)?;
    let received = request.redirect_uri.clone().unwrap_or_default();
    if !application.redirect_uris.contains(&received) {
        return Err(Unanswerable::UnregisteredUri { received, registered: application.redirect_uris.clone() });
    }
    Ok((application.clone(), received))
}

/// An error that goes back to the application.
pub(crate) type ProtocolError = (&'static str, &'static str);

/// What is wrong with a request, before anybody is asked to sign in.
pub(crate) fn check(request: &AuthorizationRequest) -> Result<(), ProtocolError> {
    if request.response_type.as_deref() != Some("code") {
        return Err(("unsupported_response_type", "The response type is not supported by the authorization server."));
    }
    let asks_who = |scope: &str| scope == "openid" || scope == "read:user";
    if !request.scope.as_deref().is_some_and(|scope| scope.split(' ').any(asks_who)) {
        return Err(("invalid_scope", "The authorization request must have the scope 'openid'."));
    }
    if request.code_challenge.is_none() || request.code_challenge_method.as_deref() != Some("S256") {
        return Err(("invalid_request", "PKCE code challenge is required, with the method 'S256'."));
    }
    Ok(())
}

/// What `prompt=none` answers for the browser's sign-in.
pub(crate) fn silently(
    request: &AuthorizationRequest,
    signed_in: Option<&SignedIn>,
    now: i64,
) -> Result<SignedIn, ProtocolError> {
    let fresh = |signed_in: &&SignedIn| request.max_age.is_none_or(|limit| now - signed_in.authenticated < limit);
    signed_in
        .filter(fresh)
        .cloned()
        .ok_or(("login_required", "The client specified not to prompt, but the user is not logged in."))
}

/// Issues a code for somebody who has signed in, if they are assigned to the application.
pub(crate) fn authorize(
    provider: &Provider,
    application: &Application,
    request: &AuthorizationRequest,
    signed_in: SignedIn,
) -> Result<String, ProtocolError> {
    if !application.assigned.contains(&signed_in.subject) {
        return Err(("access_denied", "User is not assigned to the client application."));
    }
    let code = provider.secret();
    let grant = Grant {
        client_id: application.client_id.clone(),
        signed_in,
        redirect_uri: request.redirect_uri.clone().unwrap_or_default(),
        challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scope.clone().unwrap_or_default(),
    };
    provider.directory().issue_code(code.clone(), grant, provider.now());
    Ok(code)
}

/// The address that answers an authorization request.
pub(crate) fn answer(redirect_uri: &str, state: Option<&str>, outcome: Result<String, ProtocolError>) -> String {
    let mut parameters = match outcome {
        Ok(code) => vec![("code", code)],
        Err((error, description)) => vec![("error", error.to_owned()), ("error_description", description.to_owned())],
    };
    if let Some(state) = state {
        parameters.push(("state", state.to_owned()));
    }
    match url::Url::parse(redirect_uri) {
        Ok(mut location) => {
            location.query_pairs_mut().extend_pairs(parameters);
            location.into()
        }
        // Registered redirect URIs were parsed when they were saved.
        Err(_) => redirect_uri.to_owned(),
    }
}

pub(crate) async fn discovery(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let at = |path: &str| format!("{}/oauth2/v1/{path}", provider.issuer);
    Json(json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("keys"),
        "end_session_endpoint": at("logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": [
            "iss", "sub", "aud", "iat", "exp", "jti", "sid", "auth_time", "amr", "nonce", "at_hash",
            "name", "given_name", "family_name", "preferred_username", "email", "email_verified",
        ],
        "code_challenge_methods_supported": ["S256"],
    }))
}

pub(crate) async fn keys(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({"keys": [provider.key.public()]}))
}

/// The parameters of a token request, as they came.
#[derive(Default, Deserialize)]
pub(crate) struct TokenRequest {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

pub(crate) async fn token(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let Ok(request) = serde_urlencoded::from_bytes::<TokenRequest>(&form) else {
        return token_error(StatusCode::BAD_REQUEST, "invalid_request", "The request could not be read.");
    };
    let Some(client_id) = authenticate(&provider.directory(), &headers, &request) else {
        let description = "The client secret supplied for a confidential client is invalid.";
        return token_error(StatusCode::UNAUTHORIZED, "invalid_client", description);
    };
    if request.grant_type.as_deref() != Some("authorization_code") {
        let description = "The authorization grant type is not supported by the authorization server.";
        return token_error(StatusCode::BAD_REQUEST, "unsupported_grant_type", description);
    }
    let now = provider.now();
    let Some(grant) = take(&provider, &client_id, &request) else {
        let description = "The authorization code is invalid or has expired.";
        return token_error(StatusCode::BAD_REQUEST, "invalid_grant", description);
    };
    let access_token = provider.secret();
    let claims = id_token_claims(&provider, &grant, &access_token, now);
    let Ok(id_token) = provider.key.sign(&claims, None) else {
        return token_error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The token could not be signed.");
    };
    let scope = grant.scope.clone();
    provider.directory().issue_access_token(access_token.clone(), grant, now);
    Json(json!({
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME_SECONDS,
        "access_token": access_token,
        "scope": scope,
        "id_token": id_token,
    }))
    .into_response()
}

/// What a token request comes to, for a protocol that says it in its own words.
pub(crate) enum Redeemed {
    /// What the code stood for.
    Grant(Box<Grant>),
    /// Client id and secret do not belong together.
    NoClient,
    /// The code is none, or was used.
    NoCode,
}

/// Takes the code of a client that has shown who it is.
pub(crate) fn redeem(provider: &Provider, headers: &HeaderMap, request: &TokenRequest) -> Redeemed {
    let Some(client_id) = authenticate(&provider.directory(), headers, request) else { return Redeemed::NoClient };
    take(provider, &client_id, request).map_or(Redeemed::NoCode, |grant| Redeemed::Grant(Box::new(grant)))
}

fn take(provider: &Provider, client_id: &str, request: &TokenRequest) -> Option<Grant> {
    let grant = provider.directory().consume_code(request.code.as_deref().unwrap_or_default(), provider.now());
    grant.filter(|grant| grant.client_id == client_id && is_redeemable(grant, request))
}

fn token_error(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": description}))).into_response()
}

/// The client that a request proves to be, by the Authorization header or by the form.
fn authenticate(directory: &Directory, headers: &HeaderMap, request: &TokenRequest) -> Option<String> {
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        Some(basic) => decode_basic(basic.to_str().ok()?.strip_prefix("Basic ")?)?,
        None => (request.client_id.clone()?, request.client_secret.clone()?),
    };
    let application = directory.application(&id)?;
    bool::from(application.client_secret.as_bytes().ct_eq(secret.as_bytes())).then_some(id)
}

/// The id and secret of a Basic header, which are form-encoded first. *Source*: RFC 6749, 2.3.1.
fn decode_basic(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(credentials.as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| {
        let form = format!("part={part}");
        serde_urlencoded::from_str::<Vec<(String, String)>>(&form).ok()?.pop().map(|(_, value)| value)
    };
    Some((decoded(id)?, decoded(secret)?))
}

fn is_redeemable(grant: &Grant, request: &TokenRequest) -> bool {
    let verifier = digest(&SHA256, request.code_verifier.as_deref().unwrap_or_default().as_bytes());
    grant.challenge.as_deref() == Some(BASE64URL_NOPAD.encode(verifier.as_ref()).as_str())
        && request.redirect_uri.as_deref() == Some(grant.redirect_uri.as_str())
}

fn id_token_claims(provider: &Provider, grant: &Grant, access_token: &str, now: i64) -> Value {
    let hash = digest(&SHA256, access_token.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    let mut claims = json!({
        "ver": 1,
        "iss": provider.issuer,
        "sub": grant.signed_in.subject,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + TOKEN_LIFETIME_SECONDS,
        "jti": format!("ID.{}", provider.secret()),
        "amr": ["pwd"],
        "auth_time": grant.signed_in.authenticated,
        "sid": grant.signed_in.sid,
        "at_hash": BASE64URL_NOPAD.encode(half),
    });
    if let Value::Object(members) = &mut claims {
        if let Some(nonce) = &grant.nonce {
            members.insert("nonce".to_owned(), json!(nonce));
        }
        if !provider.thin_id_tokens
            && let Some(person) = provider.directory().person(&grant.signed_in.subject)
            && let Value::Object(profile) = profile(person, &grant.scope)
        {
            members.extend(profile);
        }
    }
    claims
}

/// What the scopes let the application know of a person.
fn profile(person: &Person, scope: &str) -> Value {
    let mut claims = serde_json::Map::new();
    let asked = |name: &str| scope.split(' ').any(|scope| scope == name);
    if asked("email") {
        claims.insert("email".to_owned(), json!(person.email));
        claims.insert("email_verified".to_owned(), json!(person.email_verified));
    }
    if asked("profile") {
        claims.insert("name".to_owned(), json!(person.name()));
        claims.insert("given_name".to_owned(), json!(person.given_name));
        claims.insert("family_name".to_owned(), json!(person.family_name));
        claims.insert("preferred_username".to_owned(), json!(person.email));
    }
    Value::Object(claims)
}

pub(crate) async fn user_info(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let directory = provider.directory();
    let grant = bearer.and_then(|token| directory.access_token(token, provider.now()));
    let Some((grant, person)) = grant.and_then(|grant| Some((grant, directory.person(&grant.signed_in.subject)?)))
    else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    let mut claims = profile(person, &grant.scope);
    if let Value::Object(members) = &mut claims {
        members.insert("sub".to_owned(), json!(person.subject));
    }
    Json(claims).into_response()
}
