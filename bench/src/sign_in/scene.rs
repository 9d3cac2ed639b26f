//! Owns who is in the databases: people with a password, all of them the same one.

use orgate_core::id::UserId;
use orgate_store::PasswordCredential;

use orgate_app::passwords::Password;

use crate::people::{EVERYBODY, People, START, Scale};
use crate::seed;
use crate::server::{self, NO_MAIL};

/// Everybody's password.
pub const PASSWORD: &str = "velvet otters measure the canal";
/// Nobody's password.
pub const WRONG: &str = "velvet otters measure nothing here";
/// How many of each.
pub const SCALE: Scale = Scale { organizations: 20, users: 1_000, sessions: 10_000 };
/// Rows in one transaction.
const BATCH: usize = 500;

/// Everybody.
///
/// *Errors*: none at this scale.
pub fn people() -> Result<People, String> {
    People::new(SCALE, EVERYBODY)
}

/// Brings the schema up to date and writes everybody.
///
/// *Errors*: a database that holds something else, or fails.
pub async fn fill(database_url: &str) -> Result<(), String> {
    let app = server::start(database_url, NO_MAIL).await?;
    let people = people()?;
    seed::fill(&app, &people).await?;
    let hash = app.passwords.hash(&Password::from_typed(PASSWORD), &*app.entropy).await;
    let hash = hash.map_err(|reason| reason.to_string())?;
    let ids: Vec<UserId> = people.users.iter().map(|one| one.user.id.clone()).collect();
    for batch in ids.chunks(BATCH) {
        let input = (batch.to_vec(), hash.clone());
        let written = app.store.write(input, |tx, (ids, hash)| {
            Box::pin(async move {
                for user_id in ids {
                    let credential = PasswordCredential { user_id: user_id.clone(), hash: hash.clone(), set_at: START };
                    tx.instance().set_password(&credential).await?;
                }
                Ok::<_, orgate_store::StoreError>(())
            })
        });
        written.await.map_err(|reason| format!("the database could not be filled: {reason}"))?;
    }
    Ok(())
}
