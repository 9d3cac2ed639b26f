//! Owns the identity provider of the measurement: the demonstration's, in this process, on the cores of the load. Its
//! processor time is not counted. It keeps connections open and signs with RS256, as others do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use orgate_app::clock::Clock;
use orgate_app::entropy::{Entropy as _, SystemEntropy};
use orgate_demo_idp::{Effects, NewApplication, Person, Server, Settings};

/// A running provider.
pub struct Provider {
    server: Server,
    people: usize,
}

/// What a server shows to be known by.
pub struct Client {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: String,
}

impl Provider {
    /// Starts one with so many people, by this clock.
    ///
    /// *Errors*: no port is free.
    pub async fn start(people: usize, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let settings = Settings {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            issuer: None,
            organization: "Measured".to_owned(),
            people: (0..people).map(person).collect(),
            applications: Vec::new(),
            state_file: None,
            thin_id_tokens: true,
        };
        let effects = Effects {
            now: Arc::new(move || clock.now().as_seconds()),
            fill: Arc::new(|buffer| SystemEntropy.fill(buffer)),
        };
        let server = Server::start(settings, effects).await.map_err(|reason| reason.to_string())?;
        Ok(Self { server, people })
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        self.server.issuer()
    }

    /// Host and port, as an operator allows them.
    pub fn place(&self) -> String {
        self.server.address().to_string()
    }

    /// A new client that is answered at this address, with everybody assigned.
    ///
    /// *Errors*: an address that is none.
    pub fn client(&self, redirect_uri: &str) -> Result<Client, String> {
        let new = NewApplication {
            name: "Measured".to_owned(),
            redirect_uris: vec![redirect_uri.to_owned()],
            assigned: (0..self.people).map(subject).collect(),
            ..NewApplication::default()
        };
        let made = self.server.create_application(new).map_err(|reason| reason.to_string())?;
        Ok(Client { id: made.client_id, secret: made.client_secret })
    }

    /// Lets the client be answered there too.
    ///
    /// *Errors*: an address that is none.
    pub fn answer_at(&self, client: &Client, redirect_uri: &str) -> Result<(), String> {
        self.server.add_redirect_uri(&client.id, redirect_uri).map_err(|reason| reason.to_string())
    }

    /// Where a browser is sent once this person has signed in.
    ///
    /// *Errors*: a request that cannot be answered.
    pub fn answer(&self, person: usize, authorization_url: &str) -> Result<String, String> {
        self.server.answer(&subject(person), authorization_url).map_err(|reason| reason.to_string())
    }
}

fn subject(number: usize) -> String {
    format!("00uMeasured{number:05}")
}

fn person(number: usize) -> Person {
    Person {
        subject: subject(number),
        email: format!("measured.{number}@idp.example.com"),
        email_verified: true,
        given_name: "Person".to_owned(),
        family_name: number.to_string(),
        about: String::new(),
    }
}
