//! Owns one node with an Owner and their organization, and what is asked of it while something is broken: by a program, by
//! a person in a browser, by an operator who reads its log and its measurements.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::api::{Api, Person, check, sign_in, text};
use crate::browser::{Browser, reference_of};
use crate::client::{Answer, Ask};
use crate::node::{Node, Settings, settings};
use crate::scale::now;

pub const ORIGIN: &str = "http://localhost:1";
/// What has not happened by then never will. *Units*: nanoseconds.
const PATIENCE: u64 = 60_000_000_000;
/// No session's token.
const NOBODY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A node in use.
pub struct Scene {
    pub node: Node,
    pub owner: Person,
    pub slug: String,
    folder: TempDir,
}

/// Tries until there is something.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let limit = now() + PATIENCE;
    while now() < limit {
        if let Some(done) = attempt() {
            return done;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} did not happen");
}

impl Scene {
    /// Starts it on this database, with these settings more.
    pub fn new(database_url: &str, folder: TempDir, more: Settings) -> Self {
        let mut settings = settings(folder.path(), database_url, ORIGIN);
        settings.extend(more);
        let mut node = Node::new(settings, folder.path().join("node.log"));
        node.start();
        let mut api = Api::new(node.address(), folder.path());
        let owner = api.person("sam");
        let slug = api.organization(&owner, "Acme");
        Self { node, owner, slug, folder }
    }

    /// The same on SQLite, in a file of the folder.
    pub fn on_sqlite(folder: TempDir, more: Settings) -> Self {
        let url = format!("sqlite:{}", folder.path().canonicalize().unwrap().join("orgate.db").display());
        Self::new(&url, folder, more)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn api(&self) -> Api {
        Api::new(self.node.address(), self.folder.path())
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.node.client(), ORIGIN)
    }

    pub fn ask(&self, ask: &Ask) -> Answer {
        self.node.client().ask(ask)
    }

    /// What `/check` says of the Owner's session.
    pub fn check(&self) -> Answer {
        self.ask(&check(&self.slug, &self.owner.token))
    }

    /// What `/check` says of no session.
    pub fn check_nobody(&self) -> Answer {
        self.ask(&check(&self.slug, NOBODY))
    }

    /// Sessions are judged as ever.
    #[track_caller]
    pub fn checks_are_right(&self) {
        self.check().expect(200);
        self.check_nobody().expect(401);
    }

    /// A project more.
    pub fn create_project(&self, name: &str) -> Answer {
        self.api().post(&self.projects_path(), &self.owner.token, &json!({ "name": name }))
    }

    /// The names of all projects, in their order.
    pub fn projects(&self) -> Vec<String> {
        let path = format!("{}?limit=200", self.projects_path());
        let listed = self.api().get(&path, &self.owner.token).expect(200).json();
        let mut names: Vec<String> = listed["items"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
        names.sort();
        names
    }

    fn projects_path(&self) -> String {
        format!("/api/v1/organizations/{}/projects", self.slug)
    }

    /// A sign-in of the Owner with their password.
    pub fn sign_in(&self) -> Answer {
        self.ask(&sign_in(&self.owner.email, crate::api::PASSWORD))
    }

    /// The page of the organization's projects, as a browser in the Owner's session sees it.
    pub fn page(&self) -> Answer {
        let path = format!("/organizations/{}/projects", self.slug);
        self.browser().in_session(&self.owner.token).get(&path)
    }

    /// A button of a page, pressed in a browser that is in this session: it signs out.
    pub fn sign_out(&self, token: &str) -> Answer {
        self.browser().in_session(token).press("/sign-out")
    }

    /// The log has, or will soon have, a line with these words.
    #[track_caller]
    pub fn is_logged(&self, words: &[&str]) {
        let found = eventually_log(&self.node, words);
        assert!(found, "no line with {words:?} in\n{}", self.node.log());
    }

    /// The value of one series of `/metrics`, named as it is printed there.
    pub fn measured(&self, series: &str) -> f64 {
        let text = self.ask(&Ask::get("/metrics")).expect(200).text();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{series} is not measured:\n{text}")).parse().unwrap()
    }
}

fn eventually_log(node: &Node, words: &[&str]) -> bool {
    // A line is written before the answer that it tells of, or by a job a moment later.
    for _ in 0..900 {
        if node.log().lines().any(|line| words.iter().all(|word| line.contains(word))) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// What a program is told while something is away: a stable code, a reference, and when to try again.
#[track_caller]
pub fn is_unavailable(answer: Answer) -> String {
    let answer = answer.expect(503);
    assert_eq!(answer.0.header("retry-after"), Some("2"), "{}", answer.0.head);
    let problem = answer.json();
    assert_eq!(problem["code"], "unavailable", "{problem}");
    text(&problem["reference"])
}

/// What a person is told then: a page that says so, with the reference that the log has.
#[track_caller]
pub fn is_unavailable_page(answer: Answer) -> String {
    let page = answer.expect(503).text();
    reference_of(&page)
}
