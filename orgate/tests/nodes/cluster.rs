//! Owns three nodes on one PostgreSQL database behind a proxy, with an identity provider that they can reach.

use std::path::Path;

use orgate_testkit::postgres::{self, Database};
use orgate_testkit::{Authority, Dns, HostileIdp, ManualClock, Person as Subject, Setup};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::api::{Api, Person, text};
use crate::browser::Browser;
use crate::client::Client;
use crate::node::{Node, settings};
use crate::proxy::Proxy;
use crate::scale::unix_seconds;

pub const NODES: usize = 3;
const HOST: &str = "acme.idp.test";

/// The nodes and what is around them.
pub struct Cluster {
    pub nodes: Vec<Node>,
    pub proxy: Proxy,
    pub idp: HostileIdp,
    pub public_url: String,
    idp_clock: ManualClock,
    database: Option<Database>,
    runtime: Runtime,
    folder: TempDir,
    _dns: Dns,
}

impl Cluster {
    /// Starts all nodes; none where there is no PostgreSQL.
    pub fn start() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = runtime.block_on(postgres::fresh())?;
        let (folder, proxy) = (tempfile::tempdir().unwrap(), Proxy::start());
        let (authority, dns) = (Authority::new(), Dns::start());
        dns.loopback(HOST);
        let idp_clock = ManualClock::at(unix_seconds() * 1000);
        let idp = HostileIdp::start(Setup::tls(HOST, &authority, &idp_clock));
        let public_url = format!("http://localhost:{}", proxy.address().port());
        let mut shared = settings(folder.path(), database.url(), &public_url);
        for (name, value) in [
            ("ORGATE_IDP_ALLOW", HOST.to_owned()),
            ("ORGATE_EXTRA_CA_FILE", authority.write_pem(folder.path()).display().to_string()),
            ("ORGATE_DNS_SERVERS", dns.address().to_string()),
        ] {
            shared.insert(name.to_owned(), value);
        }
        let log = |number| folder.path().join(format!("node-{number}.log"));
        let mut nodes: Vec<Node> = (0..NODES).map(|number| Node::new(shared.clone(), log(number))).collect();
        for node in &mut nodes {
            node.start();
        }
        let database = Some(database);
        let cluster = Self { nodes, proxy, idp, public_url, idp_clock, database, runtime, folder, _dns: dns };
        cluster.lead();
        Some(cluster)
    }

    /// Tells the proxy where the nodes are now.
    pub fn lead(&self) {
        self.proxy.lead_to(self.nodes.iter().map(Node::address).collect());
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A client of the node that this number falls to.
    pub fn client(&self, number: usize) -> Client {
        self.nodes[number % NODES].client()
    }

    /// The same with the mails.
    pub fn api(&self, number: usize) -> Api {
        Api::new(self.nodes[number % NODES].address(), self.folder())
    }

    pub fn browser(&self, number: usize) -> Browser {
        Browser::new(self.client(number), &self.public_url)
    }

    /// The number that a query of the database gives.
    pub fn number(&self, query: &str) -> i64 {
        self.runtime.block_on(self.database.as_ref().unwrap().number(query))
    }

    /// Signs somebody in at the provider.
    pub fn at_provider(&self, subject: &str, email: &str) {
        self.idp_clock.set(unix_seconds() * 1000);
        self.idp.sign_in_as(Subject::new(subject, email));
    }

    /// Signs up so many people at once: `kim0`, `kim1` and so on.
    pub fn people(&self, name: &str, count: usize) -> Vec<Person> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..count)
                .map(|number| scope.spawn(move || self.api(number).person(&format!("{name}{number}"))))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// An organization with an active connection to the provider, set up step by step as an Owner does.
    pub fn with_sso(&self, owner: &Person, name: &str) -> String {
        let mut api = self.api(0);
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
        self.at_provider("00uTester", "tester@idp.example");
        let mut browser = self.browser(0).in_session(&owner.token);
        let back = browser.through(&self.idp, &format!("/organizations/{slug}/connections/{connection}/tests/{test}"));
        browser.get(&back).expect(303);
        let outcome = api.get(&format!("{tests}/{test}"), &owner.token).expect(200).json();
        assert_eq!(outcome["outcome"], "succeeded", "{outcome}");
        api.post(&format!("{connections}/{connection}/activation"), &owner.token, &json!({})).expect(200);
        slug
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.nodes.clear();
        // A test that failed leaves its database to be looked at.
        if !std::thread::panicking()
            && let Some(database) = self.database.take()
        {
            self.runtime.block_on(database.remove());
        }
    }
}
