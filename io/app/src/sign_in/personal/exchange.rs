//! Owns the conversation with Google and GitHub: where the browser is sent, and what its answer is worth. Whose account
//! that opens is decided elsewhere; no transaction is open here, and nothing is stored.

use orgate_core::personal::{PersonalAssertion, PersonalProvider};
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use orgate_sso::client::Client;
use orgate_sso::exchange::Step;
use orgate_sso::oidc::begin::{Beginning, state_hash};
use orgate_sso::oidc::{self, AuthorizationOptions, AuthorizationSecrets, Callback};
use orgate_sso::personal::github::{self, GitHub};
use orgate_sso::personal::{for_person, google};
use orgate_sso::refusal::{SsoRefusal, SsoRefusalCode};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::{Error, Fault};
use crate::outbound::Peer;
use crate::sign_in::sso::drive;

/// A code and a verifier that no provider has issued or seen.
const IMPOSSIBLE: &str = "orgate-check-this-code-was-never-issued-to-anybody";

/// What must come back with the answer; it is kept sealed, and consumed once.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Pending {
    /// The PKCE verifier.
    pub verifier: String,
    /// SHA-256 of the nonce, which Google repeats.
    pub nonce_hash: [u8; 32],
    /// When it began.
    #[zeroize(skip)]
    pub began_at: Timestamp,
}

/// A sign-in that was begun.
pub struct Begun {
    /// Where to send the browser.
    pub url: String,
    /// What the attempt is found by when the browser comes back.
    pub state_hash: [u8; 32],
    /// What to keep until then.
    pub pending: Pending,
}

/// A sign-in that ended at the provider, or before it.
#[derive(Debug, Clone)]
pub struct PersonalRefusal {
    /// Whose "no" it is, or a "no" about whose answer.
    pub provider: PersonalProvider,
    /// What it was, with particulars for the operator's log.
    pub refusal: SsoRefusal,
}

impl PersonalRefusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.refusal.code.as_str()
    }

    /// For the person: what happened and what to do.
    pub fn for_person(&self) -> String {
        for_person(self.provider, self.refusal.code)
    }
}

/// The registration at one of them.
enum Registration<'a> {
    Google(&'a Client),
    GitHub(&'a GitHub),
}

/// Where the provider sends the browser back to: built from the public URL alone, and another for each (R-SSO-2).
pub fn redirect_uri(app: &App, provider: PersonalProvider) -> String {
    app.settings.public_url.link(&format!("/sign-in/with/{}/callback", provider.as_str()))
}

/// Draws an attempt's values and says where to send the browser.
///
/// *Errors*: [`Refusal::MethodNotOffered`]. Inside: why the provider cannot be asked.
pub async fn begin(app: &App, provider: PersonalProvider) -> Result<Result<Begun, PersonalRefusal>, Error> {
    let registration = registration(app, provider)?;
    let secrets = AuthorizationSecrets::new(app.entropy.bytes(), app.entropy.bytes(), app.entropy.bytes());
    let state_hash = secrets.state_hash();
    let pending = Pending {
        verifier: secrets.verifier().expose_secret().to_owned(),
        nonce_hash: secrets.nonce_hash(),
        began_at: app.now(),
    };
    let rules = app.outbound.rules_for(&Peer::Personal(provider));
    let redirect_uri = redirect_uri(app, provider);
    let url = match registration {
        Registration::GitHub(github) => github::begin(github, &redirect_uri, &secrets, rules),
        Registration::Google(client) => {
            let options = AuthorizationOptions { select_account: true, ..AuthorizationOptions::default() };
            let (client, rules) = (client.clone(), rules.clone());
            address_at_google(app, Beginning { client, redirect_uri, secrets, options, rules }).await?
        }
    };
    Ok(url.map(|url| Begun { url, state_hash, pending }).map_err(|refusal| told(provider, refusal)))
}

async fn address_at_google(app: &App, beginning: Beginning) -> Result<Result<String, SsoRefusal>, Error> {
    match drive::to_end(app, PersonalProvider::Google, oidc::begin(beginning)).await? {
        Step::Redirect { url } => Ok(Ok(url)),
        Step::Refuse(refusal) => Ok(Err(refusal)),
        Step::Metadata { .. } | Step::Keys { .. } | Step::Fetch { .. } | Step::Known { .. } | Step::Done(_) => {
            Err(Error::Fault(Fault::Impossible("an exchange that begins with an end")))
        }
    }
}

/// Reads the query that the browser came back with, and gives what its attempt is found by.
///
/// *Errors*: [`Refusal::AttemptOver`]: it names no attempt.
pub fn read_callback(query: &str) -> Result<(Callback, [u8; 32]), Error> {
    let callback = Callback::parse(query).map_err(|_| Refusal::AttemptOver)?;
    let hash = state_hash(callback.state().expose_secret());
    Ok((callback, hash))
}

/// Turns the answer into what the provider says about the person. The attempt has been consumed before: the state in the
/// callback was its own, this browser's and this provider's.
///
/// *Errors*: [`Refusal::MethodNotOffered`]. Inside: why the answer is worth nothing.
pub async fn finish(
    app: &App,
    provider: PersonalProvider,
    pending: &Pending,
    callback: &Callback,
) -> Result<Result<PersonalAssertion, PersonalRefusal>, Error> {
    let rules = app.outbound.rules_for(&Peer::Personal(provider)).clone();
    let redirect_uri = redirect_uri(app, provider);
    let verifier = pending.verifier.clone().into();
    let outcome = match registration(app, provider)? {
        Registration::GitHub(github) => {
            let attempt = github::Attempt { github: github.clone(), redirect_uri, verifier, rules };
            ask_github(app, github::resume(attempt, callback)).await
        }
        Registration::Google(client) => {
            let attempt = oidc::Attempt {
                client: client.clone(),
                redirect_uri,
                nonce_hash: pending.nonce_hash,
                verifier,
                max_age_zero: false,
                begun_at: pending.began_at,
                rules,
            };
            ask_google(app, oidc::resume(attempt, callback)).await?
        }
    };
    Ok(outcome.map_err(|refusal| told(provider, refusal)))
}

/// Whether the provider answers and accepts our client id and secret: it is given a code that cannot be valid, and has to
/// complain about the code and about nothing else. Nobody is signed in by that.
///
/// *Errors*: as [`finish`]. Inside: what is wrong.
pub async fn probe(app: &App, provider: PersonalProvider) -> Result<Result<(), PersonalRefusal>, Error> {
    let pending = Pending { verifier: IMPOSSIBLE.to_owned(), nonce_hash: [0; 32], began_at: app.now() };
    let issuer = match registration(app, provider)? {
        Registration::Google(client) => client.issuer(),
        Registration::GitHub(github) => github.client.issuer(),
    };
    let answer = [("state", "check"), ("code", IMPOSSIBLE), ("iss", issuer)];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    let (callback, _) = read_callback(&query)?;
    Ok(match finish(app, provider, &pending, &callback).await? {
        Err(refusal) if refusal.refusal.code != SsoRefusalCode::CodeRejected => Err(refusal),
        Err(_) | Ok(_) => Ok(()),
    })
}

async fn ask_google(app: &App, first: Step) -> Result<Result<PersonalAssertion, SsoRefusal>, Error> {
    match drive::to_end(app, PersonalProvider::Google, first).await? {
        Step::Done(statement) => Ok(Ok(google::assertion(*statement))),
        Step::Refuse(refusal) => Ok(Err(refusal)),
        Step::Redirect { .. } | Step::Metadata { .. } | Step::Keys { .. } | Step::Fetch { .. } | Step::Known { .. } => {
            Err(Error::Fault(Fault::Impossible("an exchange that ends without an end")))
        }
    }
}

async fn ask_github(app: &App, first: github::Step) -> Result<PersonalAssertion, SsoRefusal> {
    let mut step = first;
    loop {
        step = match step {
            github::Step::Fetch { request, next } => {
                next.receive(app.outbound.send(PersonalProvider::GitHub, &request).await)
            }
            github::Step::Done(assertion) => return Ok(*assertion),
            github::Step::Refuse(refusal) => return Err(refusal),
        };
    }
}

fn registration(app: &App, provider: PersonalProvider) -> Result<Registration<'_>, Error> {
    let settings = &app.settings;
    settings.sign_in_methods.require(provider.method())?;
    let registration = match provider {
        PersonalProvider::Google => settings.personal.google.as_ref().map(Registration::Google),
        PersonalProvider::GitHub => settings.personal.github.as_ref().map(Registration::GitHub),
    };
    Ok(registration.ok_or(Refusal::MethodNotOffered)?)
}

/// The operator reads the particulars in the log; the person is told what to do.
fn told(provider: PersonalProvider, refusal: SsoRefusal) -> PersonalRefusal {
    tracing::warn!(
        provider = provider.as_str(),
        refusal.code = refusal.code.as_str(),
        refusal.expected = refusal.expected.as_deref().unwrap_or_default(),
        refusal.received = refusal.received.as_deref().unwrap_or_default(),
        refusal.mend = refusal.code.mend(),
        "a sign-in through a person's own provider ended"
    );
    PersonalRefusal { provider, refusal }
}
