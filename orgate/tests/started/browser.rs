//! Owns a browser: the cookies it keeps, and its way through single sign-on.

use std::collections::BTreeMap;

use orgate_testkit::HostileIdp;

use crate::client::{Answer, Ask, Client};

const SESSION: &str = "__Host-orgate-session";

/// A browser, whose requests go to one node.
pub struct Browser {
    client: Client,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// One without cookies.
    pub fn new(client: Client, origin: &str) -> Self {
        Self { client, origin: origin.to_owned(), cookies: BTreeMap::new() }
    }

    /// The same cookies at another node.
    pub fn at(&self, client: Client) -> Self {
        Self { client, origin: self.origin.clone(), cookies: self.cookies.clone() }
    }

    /// In this session.
    pub fn in_session(mut self, token: &str) -> Self {
        self.cookies.insert(SESSION.to_owned(), token.to_owned());
        self
    }

    /// The token of the session that it is in.
    pub fn session(&self) -> Option<&str> {
        self.cookies.get(SESSION).map(String::as_str)
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send(Ask::get(path))
    }

    /// Presses a button of a page.
    pub fn press(&mut self, path: &str) -> Answer {
        let ask = Ask::post(path).form(&self.origin);
        self.send(ask)
    }

    /// Presses a button that leads to the identity provider, is signed in there, and stops before what it is sent back to.
    pub fn through(&mut self, idp: &HostileIdp, path: &str) -> String {
        let page = self.press(path).expect(200).text();
        let begins = page.find("href=\"https://").unwrap_or_else(|| panic!("{page}")) + "href=\"".len();
        let address = page[begins..].split('"').next().unwrap();
        let address = address.replace("&#38;", "&").replace("&amp;", "&");
        let back = idp.authorize(&address);
        back.strip_prefix(&self.origin).unwrap_or_else(|| panic!("{back}")).to_owned()
    }

    fn send(&mut self, ask: Ask) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = if cookies.is_empty() { ask } else { ask.header("cookie", cookies.join("; ")) };
        let answer = self.client.ask(&ask);
        for set in answer.0.headers("set-cookie") {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// The reference that a page shows.
#[track_caller]
pub fn reference_of(page: &str) -> String {
    let (_, rest) = page.split_once("Reference <code>").unwrap_or_else(|| panic!("no reference: {page}"));
    rest.split('<').next().unwrap().to_owned()
}
