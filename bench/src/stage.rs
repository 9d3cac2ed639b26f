//! Owns how every measurement begins: it sees how busy the machine is, leaves the measured server's core, and takes the
//! database server along.

use std::path::PathBuf;

use crate::machine;
use crate::process::{self, DatabaseServer};

/// What every measurement is told.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// A folder that gets what is found, for `page`. Without it, it is only printed.
    #[arg(long)]
    pub parts: Option<PathBuf>,
    /// The process id of the PostgreSQL server, if it runs on this machine: it leaves the measured core.
    #[arg(long)]
    pub postgres_process: Option<u32>,
}

/// One filled database of each engine.
#[derive(Debug, clap::Args)]
pub struct Filled {
    /// A filled SQLite database: `sqlite:<file>`.
    #[arg(long)]
    pub sqlite: Option<String>,
    /// A filled PostgreSQL database: `postgres://…`.
    #[arg(long)]
    pub postgres: Option<String>,
}

/// Where things stand.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// How many cores the machine has.
    pub cores: usize,
    /// Whether the server has a core to itself.
    pub pinned: bool,
    /// Which part of all cores something else used just before.
    pub busy_before: Option<f64>,
    /// The PostgreSQL server, whose processor time is counted apart.
    pub database: Option<DatabaseServer>,
}

impl Filled {
    /// Each engine that there is a database of, and where it is.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("SQLite", self.sqlite.as_deref()), ("PostgreSQL", self.postgres.as_deref())];
        all.into_iter().filter_map(|(engine, url)| Some((engine, url?)))
    }
}

impl Common {
    /// Gets everything in place.
    ///
    /// *Errors*: `taskset` is missing or refuses.
    pub fn begin(&self) -> Result<Stage, String> {
        let cores = process::cores();
        let busy_before = machine::busy();
        let pinned = process::leave_server_core(std::process::id(), cores)?;
        let database = self.postgres_process.map(|parent| DatabaseServer { parent });
        if let Some(database) = database {
            database.leave_server_core(cores)?;
        }
        Ok(Stage { cores, pinned, busy_before, database })
    }
}

impl Stage {
    /// The database server behind this engine.
    pub fn database_of(&self, engine: &str) -> Option<DatabaseServer> {
        self.database.filter(|_| engine == "PostgreSQL")
    }

    /// Where the measured server is, as people read it.
    pub const fn core(&self) -> &'static str {
        if self.pinned { "one core that nothing else of the measurement used" } else { "the machine's only core" }
    }
}
