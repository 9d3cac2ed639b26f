//! Owns three nodes on one PostgreSQL database behind a proxy, with an identity provider that they can reach.

use std::path::Path;

use orgate_testkit::postgres::{self, Database};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::api::{Api, Person};
use crate::browser::Browser;
use crate::client::Client;
use crate::node::{Node, settings};
use crate::provider::{Network, Provider};
use crate::proxy::Proxy;
use crate::scale::now;

pub const NODES: usize = 3;
const HOST: &str = "acme.idp.test";

/// The nodes and what is around them.
pub struct Cluster {
    pub nodes: Vec<Node>,
    pub proxy: Proxy,
    pub provider: Provider,
    pub public_url: String,
    database: Option<Database>,
    runtime: Runtime,
    folder: TempDir,
    _network: Network,
}

impl Cluster {
    /// Starts all nodes; none where there is no PostgreSQL.
    pub fn start() -> Option<Self> {
        Self::start_as(None)
    }

    /// The same of another program than the one that was built for the tests, which makes its schema itself.
    pub fn start_as(program: Option<&Path>) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = runtime
            .block_on(async { if program.is_some() { postgres::empty().await } else { postgres::fresh().await } })?;
        let (folder, proxy) = (tempfile::tempdir().unwrap(), Proxy::start());
        let network = Network::new();
        let provider = network.provider(HOST);
        let public_url = format!("http://localhost:{}", proxy.address().port());
        let mut shared = settings(folder.path(), database.url(), &public_url);
        shared.extend(network.settings(folder.path(), &[HOST]));
        let log = |number| folder.path().join(format!("node-{number}.log"));
        let mut nodes: Vec<Node> = (0..NODES).map(|number| Node::new(shared.clone(), log(number))).collect();
        for node in &mut nodes {
            if let Some(program) = program {
                node.become_program(program.to_owned());
            }
            node.start();
        }
        let database = Some(database);
        let cluster = Self { nodes, proxy, provider, public_url, database, runtime, folder, _network: network };
        cluster.lead();
        Some(cluster)
    }

    /// Tells the proxy where the nodes are now.
    pub fn lead(&self) {
        self.proxy.lead_to(self.nodes.iter().map(Node::address).collect());
    }

    /// Stops a node that nobody is led to any more, has something done to it, and starts it again: for how long it was away.
    /// *Units*: nanoseconds.
    pub fn replace(&mut self, number: usize, change: impl FnOnce(&mut Node)) -> u64 {
        let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != number);
        self.proxy.lead_to(others.map(|(_, node)| node.address()).collect());
        let (began, node) = (now(), &mut self.nodes[number]);
        node.stop();
        change(node);
        node.start();
        self.lead();
        now() - began
    }

    /// Has the database do something, again while it gives way to others that write.
    pub fn insist(&self, statements: &str) {
        let limit = now() + 60_000_000_000;
        let database = self.database.as_ref().unwrap();
        while let Err(reason) = self.runtime.block_on(database.try_execute(statements)) {
            assert!(now() < limit, "{reason}");
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the nodes wrote down as errors, to be shown when a test fails.
    pub fn errors(&self) -> String {
        let logs: Vec<String> = self.nodes.iter().map(Node::log).collect();
        let errors: Vec<&str> = logs.iter().flat_map(|log| log.lines()).filter(|line| line.contains("ERROR")).collect();
        errors.join("\n")
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
        self.provider.sign_in_as(subject, email);
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

    /// An organization with an active connection to the provider.
    pub fn with_sso(&self, owner: &Person, name: &str) -> String {
        let (mut api, browser) = (self.api(0), self.browser(0));
        self.provider.connect(&mut api, browser, owner, name)
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
