//! A fresh PostgreSQL database for each test, where the environment names a server.

use tokio_postgres::{Config, NoTls, Row};

use crate::ambient::random_name;

/// The environment variable that names the server, as a `postgres://` address of a role that may create databases.
pub const VARIABLE: &str = "ORGATE_TEST_POSTGRES_URL";

/// The environment variable that names a database of that server to copy, one that has the schema already: copying takes a
/// part of the time that migrating an empty database takes.
pub const TEMPLATE_VARIABLE: &str = "ORGATE_TEST_POSTGRES_TEMPLATE";

/// A database that belongs to one test.
///
/// It stays behind unless [`Database::remove`] is called: the server of a test run is thrown away as a whole.
#[derive(Debug)]
pub struct Database {
    server: Config,
    name: String,
    url: String,
}

/// A new database with nobody in it, or none where [`VARIABLE`] is not set. It has the schema of the database that
/// [`TEMPLATE_VARIABLE`] names, which may be an older one, or none.
pub async fn fresh() -> Option<Database> {
    create(std::env::var(TEMPLATE_VARIABLE).ok().as_deref()).await
}

/// A new database without a schema, or none where [`VARIABLE`] is not set.
pub async fn empty() -> Option<Database> {
    create(None).await
}

async fn create(template: Option<&str>) -> Option<Database> {
    let server_url = std::env::var(VARIABLE).ok()?;
    let server: Config = server_url.parse().expect("ORGATE_TEST_POSTGRES_URL is the address of a PostgreSQL server");
    let name = format!("orgate_test_{}", random_name());
    let copied = template.map(|template| format!(" template {template}")).unwrap_or_default();
    run(&server, &format!("create database {name}{copied}")).await;
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

    /// The same where others may be in the way.
    ///
    /// *Errors*: what the server said.
    pub async fn try_execute(&self, statements: &str) -> Result<(), String> {
        let mut database = self.server.clone();
        database.dbname(&self.name);
        try_run(&database, statements).await
    }

    /// The number that a query gives, in its first column of its first row: a `count(*)`.
    pub async fn number(&self, query: &str) -> i64 {
        self.row(query).await.get(0)
    }

    /// The same for a text.
    pub async fn text(&self, query: &str) -> String {
        self.row(query).await.get(0)
    }

    async fn row(&self, query: &str) -> Row {
        let mut database = self.server.clone();
        database.dbname(&self.name);
        let (client, connection) = database.connect(NoTls).await.expect("the PostgreSQL server answers");
        let driver = tokio::spawn(connection);
        let row = client.query_one(query, &[]).await.expect("a query of one row");
        drop(client);
        drop(driver.await);
        row
    }

    /// Drops it, with whatever is still connected.
    pub async fn remove(self) {
        run(&self.server, &format!("drop database {} with (force)", self.name)).await;
    }
}

/// Runs one statement on a connection of its own.
async fn run(server: &Config, statement: &str) {
    try_run(server, statement).await.expect("the role may create databases");
}

async fn try_run(server: &Config, statements: &str) -> Result<(), String> {
    let (client, connection) = server.connect(NoTls).await.expect("the PostgreSQL server answers");
    let driver = tokio::spawn(connection);
    let outcome = client.batch_execute(statements).await;
    drop(client);
    drop(driver.await);
    outcome.map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned()))
}
