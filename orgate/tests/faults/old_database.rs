//! Owns the oldest database that can be met: the first step of the schema with rows in it, in the words of either engine.

use std::fmt::Write as _;

const INITIAL: &str = include_str!("../../../io/store/migrations/0001_initial.sql");

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The statements that make it. Rows that later steps of the schema change or copy: people, organizations, memberships,
/// sessions, a reset, events.
pub fn statements(engine: Engine) -> String {
    let (bytes, row_key, without_rowid) = match engine {
        Engine::Sqlite => ("blob", "integer", " without rowid"),
        Engine::Postgres => ("bytea", "bigint", ""),
    };
    let text = |bytes: u32| match engine {
        Engine::Sqlite => format!("x'{bytes:064x}'"),
        Engine::Postgres => format!("'\\x{bytes:064x}'::bytea"),
    };
    let schema =
        INITIAL.replace("{bytes}", bytes).replace("{row_key}", row_key).replace("{without_rowid}", without_rowid);
    let mut rows = String::from(
        "create table schema_migrations (version bigint primary key, name text not null, applied_at bigint not null);
        insert into schema_migrations (version, name, applied_at) values (1, 'initial', 1);",
    );
    for number in 0..20 {
        let (user, organization) = (id("usr", number), id("org", number));
        let hash = text(number);
        let written = write!(
            rows,
            "insert into users (id, name, email, email_key, email_proven_at, created_at)
                values ('{user}', 'Person {number}', 'p{number}@example.com', 'p{number}@example.com', 1, 1);
            insert into organizations (id, slug, name, created_at, created_by)
                values ('{organization}', 'org{number}', 'Organization {number}', 1, '{user}');
            insert into memberships (user_id, organization_id, role, state, origin, joined_at)
                values ('{user}', '{organization}', 'owner', 'active', 'created', 1);
            insert into sessions (token_key, token_hash, id, user_id, created_at, last_used_at, expires_at, proofs, ip, user_agent)
                values ({number}, {hash}, '{}', '{user}', 1, 1, 2, 'password@1', '192.0.2.1', 'test');
            insert into password_resets (id, token_hash, user_id, email_key, created_at, expires_at)
                values ('{}', {hash}, '{user}', 'p{number}@example.com', 1, 2);
            insert into audit_events (id, organization_id, at, action, actor, outcome, data)
                values ('{}', '{organization}', 1, 'organization.created', 'user:{user}', 'success', '{{}}');",
            id("ses", number),
            id("pwr", number),
            id("evt", number),
        );
        written.unwrap();
    }
    schema + &rows
}

fn id(prefix: &str, number: u32) -> String {
    format!("{prefix}_{number:026}")
}

/// What is not the same after every run: moments, and what random bytes seal.
pub fn is_compared(table: &str) -> bool {
    !matches!(table, "schema_migrations" | "instance" | "secret_keys")
}
