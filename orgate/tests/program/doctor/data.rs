//! What is wrong with a database, and in its rows.

use super::{mends, says_nothing_to_mend};
use crate::deployment::{Deployment, OTHER_KEY};

#[test]
fn a_database_that_was_never_migrated_is_to_mend_and_is_left_as_it_is() {
    let deployment = Deployment::new();
    for _ in 0..2 {
        let said = deployment.run(&["doctor"]);
        mends(&said, "database: ");
        assert!(said.out.contains("orgate migrate") && said.err.contains("need mending"), "{said:?}");
    }
}

#[test]
fn a_schema_of_a_newer_program_is_to_mend() {
    let deployment = Deployment::migrated();
    let newer = "insert into schema_migrations (version, name, applied_at) values (999, 'future', 0)";
    rusqlite::Connection::open(deployment.database()).unwrap().execute_batch(newer).unwrap();
    mends(&deployment.run(&["doctor"]), "database: the database has schema version 999");
}

/// Their Owners were told; the operator hears of it here and has nothing to mend.
#[test]
fn r_enf_14_an_organization_without_a_way_back_in_is_named() {
    let deployment = Deployment::migrated();
    organizations(&deployment);
    let said = deployment.run(&["doctor"]);
    says_nothing_to_mend(&said);
    assert!(
        said.out.contains("ok    enforcement: no Owner could come in") && said.out.contains(": acme; "),
        "{said:?}"
    );
}

/// Acme, which lost its way back, and beta.
fn organizations(deployment: &Deployment) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(deployment.database()).unwrap();
    let rows = "
        insert into users (id, name, email, email_key, created_at)
            values ('usr_00000000000000000000000000', 'Sam', 'sam@a.example', 'sam@a.example', 1);
        insert into organizations (id, slug, name, created_by, created_at, way_back_lost_at) values
            ('org_00000000000000000000000001', 'acme', 'Acme', 'usr_00000000000000000000000000', 1, 1),
            ('org_00000000000000000000000002', 'beta', 'Beta', 'usr_00000000000000000000000000', 1, null)";
    database.execute_batch(rows).unwrap();
    database
}

#[test]
fn another_key_is_to_mend() {
    let said = Deployment::migrated().with("ORGATE_SECRET_KEY", OTHER_KEY).run(&["doctor"]);
    mends(&said, "secret key: wrong key");
}

#[test]
fn t_sec_5_a_backup_that_is_to_be_served_is_to_mend() {
    let deployment = Deployment::migrated();
    let copy = deployment.folder.path().join("copy.db").display().to_string();
    let said = deployment.run(&["backup", "--to", &copy]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = deployment.run_with(&[("ORGATE_DATABASE_URL", &format!("sqlite:{copy}"))], &["doctor"]);
    mends(&said, "backup: this database is a backup of ");
}

#[test]
fn f4_a_database_that_another_program_holds_is_to_mend() {
    let deployment = Deployment::migrated();
    let other = rusqlite::Connection::open(deployment.database()).unwrap();
    other.execute_batch("begin; select count(*) from users").unwrap();
    mends(&deployment.run(&["doctor"]), "database: another program has the file open, and no node of this deployment");
    other.execute_batch("rollback; begin immediate").unwrap();
    mends(&deployment.run(&["doctor"]), "database: it can be read, and takes no writes: ");
}

/// A node that serves has it open as well, and that is as it should be.
#[test]
fn the_node_itself_may_hold_the_database() {
    let deployment = Deployment::migrated();
    let node = deployment.serve();
    says_nothing_to_mend(&deployment.run(&["doctor"]));
    crate::demo::stop(node);
}

#[test]
fn a_file_that_cannot_be_written_to_and_a_server_that_is_away_are_to_mend() {
    let said = Deployment::new().with("ORGATE_DATABASE_URL", "sqlite:/proc/orgate.db").run(&["doctor"]);
    mends(&said, "database: ");
    let nobody = format!("postgres://u:canary-password@127.0.0.1:{}/d", super::stand_ins::free_port());
    let said = Deployment::new().with("ORGATE_DATABASE_URL", &nobody).run(&["doctor"]);
    mends(&said, "database: the database is not available");
    assert!(said.out.contains("Look whether the server runs") && !said.out.contains("canary"), "{said:?}");
}

/// A server that takes no writes, and a role that may not.
#[test]
fn f4_a_server_that_is_read_only_or_forbids_is_to_mend() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(database) = runtime.block_on(orgate_testkit::postgres::empty()) else {
        eprintln!("skipped: ORGATE_TEST_POSTGRES_URL names no PostgreSQL server");
        return;
    };
    let deployment = Deployment::new().with("ORGATE_DATABASE_URL", database.url());
    assert_eq!(deployment.run(&["migrate"]).code, Some(0));
    let said = deployment.run(&["doctor"]);
    says_nothing_to_mend(&said);
    assert!(said.out.contains("ok    clock: within five seconds of the database's"), "{said:?}");
    let reader = format!("reader_of_{}", database.name());
    let role = format!(
        "create role {reader} login password 'reader'; grant select on all tables in schema public to {reader}"
    );
    runtime.block_on(database.execute(&role));
    let (_, place) = database.url().split_once('@').unwrap();
    let as_reader = [("ORGATE_DATABASE_URL", &*format!("postgres://{reader}:reader@{place}"))];
    let said = deployment.run_with(&as_reader, &["doctor"]);
    mends(&said, "database: the role of ORGATE_DATABASE_URL may not read and write ");
    let read_only = format!("alter database {} set default_transaction_read_only = on", database.name());
    runtime.block_on(database.execute(&read_only));
    mends(&deployment.run(&["doctor"]), "database: transactions of this role are read-only");
}

#[test]
fn f3_mail_that_waits_or_was_given_up_is_to_mend() {
    let deployment = Deployment::migrated();
    let database = rusqlite::Connection::open(deployment.database()).unwrap();
    let mail = "insert into mails (id, sealed_content, template, created_at, next_try_at, tries)
        values ('mai_0', x'00', 'sign-up-code', 1, 9999999999999, 3)";
    database.execute_batch(mail).unwrap();
    mends(&deployment.run(&["doctor"]), "outbox: 1 mails have waited for more than ten minutes: look at ORGATE_MAIL");
    let failed = "update mails set failed_at = cast(strftime('%s', 'now') as integer) * 1000";
    database.execute_batch(failed).unwrap();
    mends(&deployment.run(&["doctor"]), "outbox: 1 mails were given up in the last day");
}

#[test]
fn r_lnk_7_domains_that_nobody_looks_at_or_answers_for_are_to_mend() {
    let deployment = Deployment::migrated();
    let database = organizations(&deployment);
    let domain = "insert into domains (organization_id, id, name, token, state, created_by, created_at, verified_at,
            checked_at, tried_at, due_at)
        values ('org_00000000000000000000000001', 'dom_00000000000000000000000001', 'acme.example', 'token', 'verified',
            'usr_00000000000000000000000000', 1, 1, 1, 1, 1)";
    database.execute_batch(domain).unwrap();
    mends(
        &deployment.run(&["doctor"]),
        "domains: nobody has looked for more than a day whether acme.example are still proven",
    );
    database.execute_batch("update domains set due_at = 9999999999999, unanswered_since_at = 2").unwrap();
    mends(&deployment.run(&["doctor"]), "domains: name servers do not answer for acme.example");
}

#[test]
fn r_enf_10_a_connection_whose_settings_do_not_open_is_to_mend() {
    let deployment = Deployment::migrated();
    let database = organizations(&deployment);
    let connection = "
        insert into connections (organization_id, id, kind, name, state, created_by, created_at, active_revision_id)
            values ('org_00000000000000000000000001', 'con_00000000000000000000000001', 'oidc', 'IdP', 'active',
                'usr_00000000000000000000000000', 1, 'rev_00000000000000000000000001');
        insert into connection_revisions (id, connection_id, organization_id, number, state, issuer, client_id,
                public_settings, sealed_settings, checks, created_at, created_by)
            values ('rev_00000000000000000000000001', 'con_00000000000000000000000001', 'org_00000000000000000000000001',
                1, 'active', 'https://idp.example', 'id', '{}', x'0011', '[]', 1, 'usr_00000000000000000000000000');
        update organizations set active_connection_id = 'con_00000000000000000000000001', connection_since_at = 1
            where slug = 'acme'";
    database.execute_batch(connection).unwrap();
    mends(&deployment.run(&["doctor"]), "connections: the settings of acme do not open, and nobody signs in there");
}
