//! Owns the named checks that are made when settings are saved. They tell an Owner what is wrong before anybody signs in;
//! a failed one prevents nothing, except an address that must not be contacted.
//!
//! *Source*: R-SSO-5.

mod client;
mod provider;
mod report;

pub use report::{Check, CheckName, Report};

use secrecy::ExposeSecret;

use crate::client::Client;
use crate::exchange::{Purpose, Request, Response, TransportFailure};
use crate::oidc::begin::{AuthorizationOptions, AuthorizationSecrets, Beginning};
use crate::oidc::metadata::{self, Endpoint, Metadata};
use crate::oidc::pushed::{self, Pushed};
use crate::oidc::resume::arrived;
use crate::oidc::token_request::{self, Grant};
use crate::refusal::{SsoRefusal, SsoRefusalCode};
use crate::url_rules::{CheckedUrl, UrlRules};

/// A code that no provider has issued.
const IMPOSSIBLE_CODE: &str = "orgate-check-this-code-was-never-issued";

/// What comes next in the checks.
#[derive(Debug)]
pub enum CheckStep {
    /// Send `request` without following redirects, and past every cache.
    Fetch {
        /// What to send.
        request: Request,
        /// Takes the response, or the reason why there is none.
        next: AwaitCheck,
    },
    /// All checks are made, or say why not.
    Done(Report),
}

/// Starts the checks of a registration. The `secrets` are used for this probe alone.
pub fn begin(client: Client, redirect_uri: String, secrets: AuthorizationSecrets, rules: UrlRules) -> CheckStep {
    let options = AuthorizationOptions { prompt_none: true, ..AuthorizationOptions::default() };
    let probe = Beginning { client, redirect_uri, secrets, options, rules };
    let checking = Checking { probe, report: Report::default() };
    match metadata::request(checking.probe.client.issuer(), &checking.probe.rules) {
        Ok(request) => checking.fetch(request, Stage::Discovery),
        Err(refusal) => checking.without_provider(CheckName::Address, &refusal),
    }
}

/// Waits for the response to one of the checks' requests.
pub struct AwaitCheck {
    stage: Stage,
    checking: Box<Checking>,
}

/// The state carries a client secret, so only its name is printed.
impl std::fmt::Debug for AwaitCheck {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AwaitCheck")
    }
}

enum Stage {
    Discovery,
    Keys(Box<Metadata>),
    Pushed(Box<Metadata>),
    /// With what a pushed request was not taken for, if one need not have been.
    Authorization(Box<Metadata>, Option<SsoRefusal>),
    Token(Box<Metadata>),
}

struct Checking {
    probe: Beginning,
    report: Report,
}

impl AwaitCheck {
    /// Takes the response, or why there is none.
    pub fn receive(self, response: Result<Response, TransportFailure>) -> CheckStep {
        let Self { stage, mut checking } = self;
        match stage {
            Stage::Discovery => checking.discovered(response),
            Stage::Keys(metadata) => {
                let check = provider::keys(response, &metadata, &checking.probe.rules);
                checking.report.add(check);
                checking.begin_sign_in(metadata)
            }
            Stage::Pushed(metadata) => checking.pushed(response, metadata),
            Stage::Authorization(metadata, not_taken) => {
                let check = client::client_and_redirect(response, &checking.probe.redirect_uri, &metadata);
                checking.report.add(client::with_push(check, not_taken.as_ref()));
                checking.probe_token(metadata)
            }
            Stage::Token(metadata) => {
                let response = arrived(response, &metadata, Endpoint::Token, &checking.probe.rules);
                let check = client::client_secret(response, checking.probe.client.secret());
                checking.report.add(check);
                CheckStep::Done(checking.report)
            }
        }
    }
}

impl Checking {
    fn fetch(self, request: Request, stage: Stage) -> CheckStep {
        CheckStep::Fetch { request, next: AwaitCheck { stage, checking: Box::new(self) } }
    }

    fn discovered(mut self, response: Result<Response, TransportFailure>) -> CheckStep {
        let issuer = self.probe.client.issuer();
        let outcome = match response {
            Ok(response) => Metadata::from_response(issuer, &response),
            Err(failure) => Err(failure.refusal(issuer)),
        };
        match outcome {
            Ok(metadata) => {
                self.report.add(Check::passed(CheckName::Address, "The host has an address that may be contacted."));
                self.report.add(Check::passed(CheckName::Discovery, "The discovery document was found and read."));
                self.report.add(Check::passed(CheckName::Issuer, "The identity provider names the same issuer."));
                self.report.add(provider::code_flow(&metadata));
                self.fetch_keys(Box::new(metadata))
            }
            Err(refusal) => self.without_provider(provider::failed_check(refusal.code), &refusal),
        }
    }

    /// Without metadata nothing after the failed check can be made.
    fn without_provider(mut self, failed: CheckName, refusal: &SsoRefusal) -> CheckStep {
        for name in CheckName::ALL.into_iter().take_while(|name| *name != failed) {
            self.report.add(Check::passed(name, "No fault was found."));
        }
        self.report.add(Check::failed(failed, refusal));
        for name in CheckName::ALL.into_iter().skip_while(|name| *name != failed).skip(1) {
            self.report.add(Check::not_made(name, &format!("the check “{}” failed", failed.title())));
        }
        CheckStep::Done(self.report)
    }

    fn fetch_keys(mut self, metadata: Box<Metadata>) -> CheckStep {
        match metadata.endpoint(Endpoint::Keys, &self.probe.rules) {
            Ok(url) => {
                let request = Request::get(Purpose::Keys, url, "application/jwk-set+json, application/json");
                self.fetch(request, Stage::Keys(metadata))
            }
            Err(refusal) => {
                self.report.add(Check::failed(CheckName::Keys, &refusal));
                self.begin_sign_in(metadata)
            }
        }
    }

    fn begin_sign_in(self, metadata: Box<Metadata>) -> CheckStep {
        match pushed::request(&self.probe, &metadata) {
            Ok(Some(request)) => self.fetch(request, Stage::Pushed(metadata)),
            Ok(None) => {
                let url = self.probe.authorization_url(&metadata);
                self.probe_authorization(url, metadata, None)
            }
            Err(refusal) => self.probe_authorization(Err(refusal), metadata, None),
        }
    }

    fn pushed(mut self, response: Result<Response, TransportFailure>, metadata: Box<Metadata>) -> CheckStep {
        match pushed::answered(&self.probe, &metadata, response) {
            Ok(Pushed::Taken(url)) => self.probe_authorization(Ok(url), metadata, None),
            Ok(Pushed::Not(refusal)) => {
                let url = self.probe.authorization_url(&metadata);
                self.probe_authorization(url, metadata, Some(refusal))
            }
            Err(refusal) if refusal.code == SsoRefusalCode::ClientRejected => {
                // The check of the secret says so; of the redirect URI this says nothing.
                let name = CheckName::ClientAndRedirect;
                self.report.add(Check::not_made(name, "client ID and secret were not accepted"));
                self.probe_token(metadata)
            }
            Err(refusal) => self.probe_authorization(Err(refusal), metadata, None),
        }
    }

    fn probe_authorization(
        mut self,
        url: Result<CheckedUrl, SsoRefusal>,
        metadata: Box<Metadata>,
        not_taken: Option<SsoRefusal>,
    ) -> CheckStep {
        match url {
            Ok(url) => {
                let request = Request::get(Purpose::AuthorizationProbe, url, "text/html, application/json");
                self.fetch(request, Stage::Authorization(metadata, not_taken))
            }
            Err(refusal) => {
                self.report.add(Check::failed(CheckName::ClientAndRedirect, &refusal));
                self.probe_token(metadata)
            }
        }
    }

    fn probe_token(mut self, metadata: Box<Metadata>) -> CheckStep {
        let verifier = self.probe.secrets.verifier().clone();
        let grant =
            Grant { code: IMPOSSIBLE_CODE, verifier: verifier.expose_secret(), redirect_uri: &self.probe.redirect_uri };
        match token_request::request(&metadata, &self.probe.client, grant, &self.probe.rules) {
            Ok(request) => self.fetch(request, Stage::Token(metadata)),
            Err(refusal) => {
                self.report.add(Check::failed(CheckName::ClientSecret, &refusal));
                CheckStep::Done(self.report)
            }
        }
    }
}
