//! One suite, run on each engine: every function of the store, what holds under concurrency, and how databases open.
//!
//! SQLite always runs. PostgreSQL runs where `ORGATE_TEST_POSTGRES_URL` names a server on which databases can be
//! created; elsewhere its half says that it is skipped.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_each_engine {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::bed::Bed::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(bed) = crate::bed::Bed::postgres().await {
                    super::$name(bed).await;
                }
            })*
        }
    };
}

/// Runs a body in one write and gives what it returned.
macro_rules! within {
    ($bed:ident, $tx:ident, [$($name:ident),*], $body:expr) => {
        $bed.write(($($name.clone(),)*), |$tx, ($($name,)*)| Box::pin(async move { $body })).await.unwrap()
    };
}

mod accounts;
mod audit_chain;
mod bed;
mod completeness;
mod concurrency;
mod connections;
mod copies;
mod departures;
mod domains;
mod enforcement;
mod identities;
mod invitations;
mod log_outs;
mod members;
mod opening;
mod organizations;
mod outbox;
mod passkeys;
mod people;
mod personal_identities;
mod projects;
mod remembered;
mod remembered_sessions;
mod restores;
mod scans;
mod seam;
mod second_factors;
mod secret_keys;
mod sessions;
mod sign_ins;
mod throttles;
mod upgrades;
