//! A fresh PostgreSQL database for each test, where the environment names a server.

use tokio_postgres::{Config, NoTls};

use crate::ambient::random_name;

/// The environment variable that names the server, as a `postgres://` address of a role that may create databases.
pub const VARIABLE: &str = "ORGATE_TEST_POSTGRES_URL";

/// A database that belongs to one test.
///
/// It stays behind unless [`Database::remove`] is called: the server of a test run is thrown away as a whole.
#[derive(Debug)]
pub struct Database {
    server: Config,
    name: String,
    url: String,
}

/// A new, empty database, or none where [`VARIABLE`] is not set.
pub async fn fresh() -> Option<Database> {
    let server_url = std::env::var(VARIABLE).ok()?;
    let server: Config = server_url.parse().expect("ORGATE_TEST_POSTGRES_URL is the address of a PostgreSQL server");
    let name = format!("orgate_test_{}", random_name());
    run(&server, &format!("create database {name}")).await;
    let mut url = url::Url::parse(&server_url).expect("ORGATE_TEST_POSTGRES_URL is a URL");
    url.set_path(&name);
    Some(Database { server, name, url: url.into() })
}

impl Database {
    /// The address of this database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs one statement in it, to bring about what no use case can yet.
    pub async fn execute(&self, statement: &str) {
        let mut database = self.server.clone();
        database.dbname(&self.name);
        run(&database, statement).await;
    }

    /// Drops it, with whatever is still connected.
    pub async fn remove(self) {
        run(&self.server, &format!("drop database {} with (force)", self.name)).await;
    }
}

/// Runs one statement on a connection of its own.
async fn run(server: &Config, statement: &str) {
    let (client, connection) = server.connect(NoTls).await.expect("the PostgreSQL server answers");
    let driver = tokio::spawn(connection);
    client.batch_execute(statement).await.expect("the role may create databases");
    drop(client);
    drop(driver.await);
}
