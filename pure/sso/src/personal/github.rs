//! Owns a sign-in through GitHub: authorization code flow with PKCE, then two questions to GitHub's interface, who the
//! person is and which addresses they have. Each state is a value that takes one answer and gives the next [`Step`].
//!
//! The redirect URI is GitHub's own, and the state belongs to an attempt at GitHub, so an answer of another provider finds
//! no attempt here; an `iss` in the callback is not needed for that and not compared.
//!
//! *Source*: R-IN-1, R-LNK-9, T-LNK-11; RFC 6749, RFC 7636, RFC 9700 section 4.4.2.2.

use orgate_core::assertion::Subject;
use orgate_core::email::EmailAddress;
use orgate_core::personal::{PersonalAssertion, PersonalProvider};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use crate::client::Client;
use crate::exchange::{Purpose, Request, Response, TransportFailure};
use crate::json;
use crate::oidc::{AuthorizationSecrets, Callback, token_response};
use crate::personal::github_user::{self, User};
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::{CheckedUrl, UrlRules, check_url};

/// Where GitHub is, unless the operator says otherwise.
pub const URL: &str = "https://github.com";
/// Where its interface is.
pub const API_URL: &str = "https://api.github.com";
/// Reading the profile and all addresses, private ones included; nothing that can be written.
pub const SCOPES: &str = "read:user user:email";

/// Orgate's registration at GitHub. The issuer of the client is the address of GitHub's pages.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// The registration.
    pub client: Client,
    /// Where the interface is.
    pub api_url: String,
}

/// What comes next in a sign-in through GitHub.
#[derive(Debug)]
pub enum Step {
    /// Send `request` without following redirects.
    Fetch {
        /// What to send.
        request: Request,
        /// Takes the response, or the reason why there is none.
        next: AwaitGitHub,
    },
    /// What GitHub says about the person.
    Done(Box<PersonalAssertion>),
    /// There is nothing that holds.
    Refuse(SsoRefusal),
}

impl From<Result<Step, SsoRefusal>> for Step {
    fn from(outcome: Result<Step, SsoRefusal>) -> Self {
        outcome.unwrap_or_else(Self::Refuse)
    }
}

/// Where to send the browser.
///
/// *Errors*: the address may not be contacted.
pub fn begin(
    github: &GitHub,
    redirect_uri: &str,
    secrets: &AuthorizationSecrets,
    rules: &UrlRules,
) -> Result<String, SsoRefusal> {
    let url = endpoint(github.client.issuer(), "/login/oauth/authorize", rules)?;
    let challenge = secrets.challenge();
    let query = [
        ("response_type", "code"),
        ("client_id", github.client.id()),
        ("redirect_uri", redirect_uri),
        ("scope", SCOPES),
        ("state", secrets.state()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
    ];
    Ok(url.with_query(&query).as_str().to_owned())
}

/// One sign-in as it was begun.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The registration that it was begun with.
    pub github: GitHub,
    /// The redirect URI that was called, and whose state it was.
    pub redirect_uri: String,
    /// The PKCE verifier.
    pub verifier: SecretString,
    /// What may be contacted.
    pub rules: UrlRules,
}

/// Finishes a sign-in. Ends in [`Step::Done`] or a refusal.
pub fn resume(attempt: Attempt, callback: &Callback) -> Step {
    Step::from(callback.code_of_any_issuer().and_then(|code| {
        let request = token_request(&attempt, &code)?;
        Ok(Step::Fetch { request, next: AwaitGitHub::new(attempt, Stage::Token { code }) })
    }))
}

fn token_request(attempt: &Attempt, code: &SecretString) -> Result<Request, SsoRefusal> {
    let client = &attempt.github.client;
    let url = endpoint(client.issuer(), "/login/oauth/access_token", &attempt.rules)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("client_id", client.id())
        .append_pair("client_secret", client.secret())
        .append_pair("code", code.expose_secret())
        .append_pair("redirect_uri", &attempt.redirect_uri)
        .append_pair("code_verifier", attempt.verifier.expose_secret());
    Ok(Request::post_form(Purpose::Token, url, form.finish().into()))
}

fn endpoint(base: &str, path: &str, rules: &UrlRules) -> Result<CheckedUrl, SsoRefusal> {
    let text = format!("{}{path}", base.strip_suffix('/').unwrap_or(base));
    check_url(&text, rules).map_err(|refusal| {
        SsoRefusal::new(SsoRefusalCode::AddressRefused).received(format!("{base} {}", refusal.as_str()))
    })
}

/// Waits for an answer of GitHub.
pub struct AwaitGitHub {
    attempt: Box<Attempt>,
    stage: Stage,
}

enum Stage {
    Token { code: SecretString },
    User { access_token: SecretString },
    Addresses { user: User },
}

/// The state carries a client secret, a code or a token, so only its name is printed.
impl std::fmt::Debug for AwaitGitHub {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AwaitGitHub")
    }
}

impl AwaitGitHub {
    fn new(attempt: Attempt, stage: Stage) -> Self {
        Self { attempt: Box::new(attempt), stage }
    }

    /// Takes the response, or why there is none.
    pub fn receive(self, response: Result<Response, TransportFailure>) -> Step {
        let Self { attempt, stage } = self;
        let base = match stage {
            Stage::Token { .. } => attempt.github.client.issuer(),
            Stage::User { .. } | Stage::Addresses { .. } => &attempt.github.api_url,
        };
        let response = match response {
            Ok(response) => response,
            Err(failure) => return Step::Refuse(failure.refusal(base)),
        };
        Step::from(match stage {
            Stage::Token { code } => tokens(*attempt, &code, &response),
            Stage::User { access_token } => user(*attempt, &access_token, &response),
            Stage::Addresses { user } => addresses(user, &response),
        })
    }
}

fn tokens(attempt: Attempt, code: &SecretString, response: &Response) -> Result<Step, SsoRefusal> {
    let secrets = [code.expose_secret(), attempt.verifier.expose_secret(), attempt.github.client.secret()];
    let access_token = access_token(response, &secrets).map_err(|refusal| refusal.without(&secrets))?;
    let request = question(&attempt, "/user", &access_token)?;
    Ok(Step::Fetch { request, next: AwaitGitHub::new(attempt, Stage::User { access_token }) })
}

/// GitHub answers 200 to a request that it refuses, and 404 to one of a client that it does not know.
fn access_token(response: &Response, secrets: &[&str]) -> Result<SecretString, SsoRefusal> {
    if response.body.len() > Purpose::Token.max_bytes() {
        return Err(SsoRefusal::new(SsoRefusalCode::ResponseTooLarge));
    }
    if let Some(error) = token_response::named_error(response, secrets) {
        let code = match error.name.as_str() {
            "incorrect_client_credentials" => SsoRefusalCode::ClientRejected,
            "bad_verification_code" => SsoRefusalCode::CodeRejected,
            "unverified_user_email" => SsoRefusalCode::AddressUnverified,
            _ => SsoRefusalCode::TokenRequestRejected,
        };
        return Err(SsoRefusal::new(code).received(error.shown));
    }
    if response.status == 404 {
        return Err(SsoRefusal::new(SsoRefusalCode::ClientRejected).received("404"));
    }
    github_user::not_rate_limited(response)?;
    response.require_success()?;
    let malformed = |what: String| SsoRefusal::new(SsoRefusalCode::TokenResponseMalformed).received(what);
    let document = json::object(&response.body).map_err(malformed)?;
    token_response::access_token(&document, secrets)
}

/// A question to GitHub's interface.
fn question(attempt: &Attempt, path: &str, access_token: &SecretString) -> Result<Request, SsoRefusal> {
    let url = endpoint(&attempt.github.api_url, path, &attempt.rules)?;
    let request = Request::get(Purpose::UserInfo, url, "application/vnd.github+json");
    Ok(request
        .with_header("x-github-api-version", "2022-11-28")
        .authorized(format!("Bearer {}", access_token.expose_secret()).into()))
}

fn user(attempt: Attempt, access_token: &SecretString, response: &Response) -> Result<Step, SsoRefusal> {
    let user = github_user::user(response)?;
    let request = question(&attempt, "/user/emails?per_page=100", access_token)?;
    Ok(Step::Fetch { request, next: AwaitGitHub::new(attempt, Stage::Addresses { user }) })
}

fn addresses(user: User, response: &Response) -> Result<Step, SsoRefusal> {
    let email = github_user::primary_address(response)?;
    Ok(Step::Done(Box::new(assertion(user.subject, user.name, email))))
}

/// GitHub never answers for an address (R-LNK-9).
fn assertion(subject: Subject, name: Option<String>, email: Option<EmailAddress>) -> PersonalAssertion {
    PersonalAssertion { provider: PersonalProvider::GitHub, subject, email, authoritative: false, name }
}
