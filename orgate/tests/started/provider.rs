//! Owns what a node needs of the network to let people sign in through their organization's identity provider: names,
//! certificates, providers, and a connection that an Owner sets up step by step.

use std::path::Path;

use orgate_testkit::{Authority, Dns, HostileIdp, ManualClock, Person as Subject, Setup};
use serde_json::json;

use crate::api::{Api, Person, text};
use crate::browser::Browser;
use crate::node::Settings;
use crate::scale::unix_seconds;

/// Name servers and a certificate authority, for all providers of a test.
pub struct Network {
    authority: Authority,
    pub dns: Dns,
}

/// A provider that runs.
pub struct Provider {
    pub idp: HostileIdp,
    clock: ManualClock,
}

impl Network {
    pub fn new() -> Self {
        Self { authority: Authority::new(), dns: Dns::start() }
    }

    /// What nodes are told, so that they find these hosts and believe their certificates.
    pub fn settings(&self, folder: &Path, hosts: &[&str]) -> Settings {
        let settings = [
            ("ORGATE_IDP_ALLOW", hosts.join(",")),
            ("ORGATE_EXTRA_CA_FILE", self.authority.write_pem(folder).display().to_string()),
            ("ORGATE_DNS_SERVERS", self.dns.address().to_string()),
        ];
        settings.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Starts a provider of this host name.
    pub fn provider(&self, host: &str) -> Provider {
        self.dns.loopback(host);
        let clock = ManualClock::at(unix_seconds() * 1000);
        Provider { idp: HostileIdp::start(Setup::tls(host, &self.authority, &clock)), clock }
    }
}

impl Provider {
    /// Signs somebody in at the provider.
    pub fn sign_in_as(&self, subject: &str, email: &str) {
        self.sign_in_ahead(0, subject, email);
    }

    /// The same while the provider's clock is ahead of the true one. *Units*: seconds.
    pub fn sign_in_ahead(&self, seconds: i64, subject: &str, email: &str) {
        self.clock.set((unix_seconds() + seconds) * 1000);
        self.idp.sign_in_as(Subject::new(subject, email));
    }

    /// Founds an organization with an active connection to this provider, as an Owner does.
    pub fn connect(&self, api: &mut Api, browser: Browser, owner: &Person, name: &str) -> String {
        let slug = api.organization(owner, name);
        let connections = format!("/api/v1/organizations/{slug}/connections");
        let created = api.post(&connections, &owner.token, &json!({ "kind": "okta-oidc" })).expect(201).json();
        let connection = text(&created["id"]);
        let body = json!({
            "okta_domain": self.idp.issuer(),
            "client_id": self.idp.client_id(),
            "client_secret": self.idp.client_secret(),
        });
        api.put(&format!("{connections}/{connection}/settings"), &owner.token, &body).expect(200);
        let tests = format!("{connections}/{connection}/tests");
        let test = text(&api.post(&tests, &owner.token, &json!({})).expect(201).json()["id"]);
        self.sign_in_as("00uTester", "tester@idp.example");
        let mut browser = browser.in_session(&owner.token);
        let back = browser.through(&self.idp, &format!("/organizations/{slug}/connections/{connection}/tests/{test}"));
        browser.get(&back).expect(303);
        let outcome = api.get(&format!("{tests}/{test}"), &owner.token).expect(200).json();
        assert_eq!(outcome["outcome"], "succeeded", "{outcome}");
        api.post(&format!("{connections}/{connection}/activation"), &owner.token, &json!({})).expect(200);
        slug
    }
}
