//! Owns the settings of the personal ways to sign in: which are offered, and Orgate's registrations at Google and GitHub.
//!
//! *Source*: R-IN-1.

use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;
use orgate_sso::client::{self, Client};
use orgate_sso::personal::{github, google};
use orgate_sso::url_rules::UrlRules;
use secrecy::SecretString;
use url::Url;

use super::source::Reader;
use super::values::is_loopback;

/// The personal methods that the operator offers, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInMethods(Vec<AuthenticationMethod>);

impl SignInMethods {
    /// Whether a person can sign in so. What is not personal is not the operator's to take away.
    pub fn offers(&self, method: AuthenticationMethod) -> bool {
        !method.is_personal() || self.0.contains(&method)
    }

    /// The same as a refusal, for who came without a button.
    ///
    /// *Errors*: [`Refusal::MethodNotOffered`].
    pub fn require(&self, method: AuthenticationMethod) -> Result<(), Refusal> {
        if self.offers(method) { Ok(()) } else { Err(Refusal::MethodNotOffered) }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut methods = Vec::new();
        for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            let known = AuthenticationMethod::ALL.into_iter().find(|method| method.as_str() == word);
            let method = known.filter(|method| method.is_personal() && !methods.contains(method));
            methods.push(method.ok_or_else(|| {
                format!("\"{word}\" is not one of password, google, github and passkey, or is there twice")
            })?);
        }
        if methods.is_empty() { Err("must name at least one method".to_owned()) } else { Ok(Self(methods)) }
    }
}

/// Orgate's registrations at the providers of people's own accounts.
#[derive(Debug, Clone, Default)]
pub struct PersonalProviders {
    /// At Google.
    pub google: Option<Client>,
    /// At GitHub.
    pub github: Option<github::GitHub>,
    /// The addresses among them that the operator wrote down; what is written there is meant.
    written: Vec<Url>,
}

impl PersonalProviders {
    /// What may be contacted of these providers: what tenants may name, and the addresses that the operator wrote down.
    pub fn rules(&self, tenants: &UrlRules) -> UrlRules {
        self.written.iter().fold(tenants.clone(), UrlRules::with_place_of)
    }
}

/// Reads everything about both.
pub(super) fn read(reader: &mut Reader<'_>) -> (PersonalProviders, Option<SignInMethods>) {
    let google = registration(reader, "google_client_id", "google_client_secret");
    let github = registration(reader, "github_client_id", "github_client_secret");
    let issuer = base(reader, "google_issuer", "google_client_id");
    let url = base(reader, "github_url", "github_client_id");
    let api_url = base(reader, "github_api_url", "github_client_id");
    together(reader, "github_url", "github_api_url");
    let methods = methods(reader, google.is_some(), github.is_some());
    let or = |base: &Option<(String, Url)>, usual: &str| {
        base.as_ref().map_or_else(|| usual.to_owned(), |(text, _)| text.clone())
    };
    let client = |issuer: String, (id, secret): (String, SecretString)| Client::new(issuer, id, secret);
    let providers = PersonalProviders {
        google: google.map(|registered| client(or(&issuer, google::ISSUER), registered)),
        github: github.map(|registered| github::GitHub {
            client: client(or(&url, github::URL), registered),
            api_url: or(&api_url, github::API_URL),
        }),
        written: [issuer, url, api_url].into_iter().flatten().map(|(_, url)| url).collect(),
    };
    (providers, methods)
}

fn registration(
    reader: &mut Reader<'_>,
    id_key: &'static str,
    secret_key: &'static str,
) -> Option<(String, SecretString)> {
    let id = reader.optional(id_key, client::parse_id);
    let secret = reader.optional(secret_key, |text| {
        client::parse_secret(text).and_then(|secret| secret.ok_or_else(|| "must not be empty".to_owned()))
    });
    together(reader, id_key, secret_key);
    id.zip(secret)
}

/// Half a setting is a mistake: it would be taken for a whole one.
fn together(reader: &mut Reader<'_>, one: &'static str, other: &'static str) {
    if reader.is_set(one) != reader.is_set(other) {
        reader.contradiction(&[one, other], &format!("{one} and {other} are set together or not at all"));
    }
}

/// An address of a provider, byte for byte, and as a URL.
fn base(reader: &mut Reader<'_>, key: &'static str, id_key: &'static str) -> Option<(String, Url)> {
    if reader.is_set(key) && !reader.is_set(id_key) {
        reader.contradiction(&[key], &format!("serves with {id_key} only, which is not set"));
    }
    reader.optional(key, |text| {
        let url = Url::parse(text).map_err(|_| "is not a URL".to_owned())?;
        let plain = url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        if !plain || !nobody || url.host().is_none() {
            return Err("must be a URL without user name, query and fragment".to_owned());
        }
        match url.scheme() {
            "https" => Ok((text.to_owned(), url)),
            "http" if is_loopback(&url) => Ok((text.to_owned(), url)),
            _ => Err("must start with https://; http is for loopback only".to_owned()),
        }
    })
}

fn methods(reader: &mut Reader<'_>, google: bool, github: bool) -> Option<SignInMethods> {
    use AuthenticationMethod::{GitHub, Google, Passkey, Password};
    let registered = [(Google, google, "google_client_id"), (GitHub, github, "github_client_id")];
    if !reader.is_set("sign_in_methods") {
        let more = registered.into_iter().filter(|(_, there, _)| *there).map(|(method, _, _)| method);
        return Some(SignInMethods([Password].into_iter().chain(more).chain([Passkey]).collect()));
    }
    let methods = reader.optional("sign_in_methods", SignInMethods::parse)?;
    for (method, there, id_key) in registered {
        // A registration that was refused has been told about.
        if methods.0.contains(&method) && !there && !reader.is_set(id_key) {
            let what = format!("names {}, which needs {id_key} and its secret", method.as_str());
            reader.contradiction(&["sign_in_methods"], &what);
        }
    }
    Some(methods)
}
